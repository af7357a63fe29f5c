"""Subsets of a change whose parts stand in each other's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from exosuit.changes.atoms import REGULAR, SUBMODULE, Kind
from exosuit.changes.decisions import ACCEPTED, Decisions
from exosuit.changes.materialize import materialize, sides
from exosuit.changes.selection import also
from exosuit.changes.shadow import Shadow
from exosuit.commands.present import atoms_out
from tests.property.nasty import Taken, Tree, taken_apart

ONE, OTHER = b"one text\nof two lines\n", b"another text\nthat is unlike it\n"


@pytest.fixture
def shadow(tmp_path: Path) -> Shadow:
    return Shadow(tmp_path / "shadow.git")


def files_of(shadow: Shadow, tree: str, paths: list[bytes]) -> dict[bytes, bytes]:
    found = {path: shadow.entry(tree, path) for path in paths}
    return {path: shadow.blob(entry[1]) for path, entry in found.items() if entry and entry[0] == REGULAR}


def only(taken: Taken, path: bytes) -> bytearray:
    """The states that accept all atoms of the file at a path, and nothing else."""
    states = bytearray(taken.change.atoms)
    file = next(file for file in taken.change.files if file.path == path)
    first, end = taken.change.range_of(file)
    states[first:end] = bytes([ACCEPTED]) * (end - first)
    return states


def test_a_file_that_cannot_move_below_one_that_stays_stays_where_it_was(shadow: Shadow) -> None:
    base: Tree = {b"a": (REGULAR, ONE), b"c": (REGULAR, OTHER)}
    taken = taken_apart(shadow, base, {b"a/x": (REGULAR, OTHER)})
    tree = materialize(taken.change, only(taken, b"a/x"), [], shadow)
    assert files_of(shadow, tree, [b"a", b"c", b"a/x"]) == {b"a": ONE, b"c": OTHER}


def test_one_half_of_a_swap_of_file_and_folder_loses_nothing(shadow: Shadow) -> None:
    base: Tree = {b"a": (REGULAR, ONE), b"b/x": (REGULAR, OTHER)}
    taken = taken_apart(shadow, base, {b"b": (REGULAR, ONE), b"a/x": (REGULAR, OTHER)})
    assert [file.opaque for file in taken.change.files] == [(Kind.RENAME,), (Kind.RENAME,)]
    for path in (b"b", b"a/x"):
        tree = materialize(taken.change, only(taken, path), [], shadow)
        assert files_of(shadow, tree, [b"a", b"b", b"b/x", b"a/x"]) == {b"a": ONE, b"b/x": OTHER}


def test_a_file_that_stays_because_of_another_may_keep_a_third_from_arriving(shadow: Shadow) -> None:
    base: Tree = {b"a": (REGULAR, ONE), b"c": (REGULAR, OTHER), b"d": (REGULAR, b"third\ntext\nhere\n")}
    head: Tree = {b"a/x": (REGULAR, OTHER), b"c/y": (REGULAR, b"third\ntext\nhere\n")}
    taken = taken_apart(shadow, base, head)
    both = bytes(a | b for a, b in zip(only(taken, b"a/x"), only(taken, b"c/y"), strict=True))
    assert materialize(taken.change, both, [], shadow) == taken.change.base


def test_what_needs_a_path_to_be_free_is_decided_along_with_what_frees_it(shadow: Shadow) -> None:
    base: Tree = {b"a": (REGULAR, ONE), b"c": (REGULAR, OTHER)}
    taken = taken_apart(shadow, base, {b"a/x": (REGULAR, OTHER)})
    deleted, moved = (taken.change.range_of(file) for file in taken.change.files)
    assert also(taken.change, [moved], accepting=True) == [deleted]
    assert also(taken.change, [(deleted[0], deleted[0] + 1)], accepting=False) == [moved]
    assert also(taken.change, [deleted], accepting=True) == [] == also(taken.change, [moved], accepting=False)


def test_what_is_decided_along_may_need_a_third(shadow: Shadow) -> None:
    base: Tree = {b"a": (REGULAR, ONE), b"c": (REGULAR, OTHER)}
    taken = taken_apart(shadow, base, {b"a/x": (REGULAR, OTHER), b"c/y": (REGULAR, b"third\ntext\nhere\n")})
    deleted, moved, new = (taken.change.range_of(file) for file in taken.change.files)
    assert also(taken.change, [new], accepting=True) == [(deleted[0], moved[1])]
    assert also(taken.change, [deleted], accepting=False) == [(moved[0], new[1])]


def test_what_stood_where_a_submodule_stands_now_is_shown_by_its_own_bytes(shadow: Shadow) -> None:
    commit = b"1" * 40
    base: Tree = {b"file": (REGULAR, ONE), b"old": (SUBMODULE, commit)}
    taken = taken_apart(shadow, base, {b"file": (SUBMODULE, commit), b"new": (SUBMODULE, commit)})
    by_path = {file.path: file for file in taken.change.files}
    assert by_path[b"file"].status == "T" and by_path[b"new"].opaque == (Kind.RENAME,)
    assert sides(by_path[b"file"], shadow) == (ONE, commit)
    assert sides(by_path[b"new"], shadow) == (commit, commit)
    states = Decisions(bytearray(taken.change.atoms))
    shown = {atom.kind: atom for file in taken.change.files for atom in atoms_out(taken.change, file, states, shadow)}
    assert (shown["submodule"].base_len, shown["submodule"].new) == (len(ONE), commit.decode())
    assert (shown["rename"].base_len, shown["rename"].new) == (0, "new")
