"""Laws of taking apart and putting together: all is the head, none is the base, and any subset is one tree only."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exosuit.changes.atoms import FileChange
from exosuit.changes.change import Change
from exosuit.changes.decisions import ACCEPTED, REJECTED, UNDECIDED, Decisions, Edit, merged
from exosuit.changes.materialize import materialize, materialize_file, sides
from exosuit.changes.selection import also
from exosuit.changes.shadow import Shadow
from exosuit.commands.models import AtomOut
from exosuit.commands.present import atoms_out
from tests.property.nasty import Taken, Tree, pairs, store, taken_apart

STATES = st.sampled_from([UNDECIDED, ACCEPTED, ACCEPTED, REJECTED])


@pytest.fixture(scope="module")
def shadow(tmp_path_factory: pytest.TempPathFactory) -> Shadow:
    return Shadow(tmp_path_factory.mktemp("laws") / "shadow.git")


def by_hand(taken: Taken, states: bytes, shadow: Shadow) -> Tree:
    """The tree that a subset gives, put together file by file."""
    tree, placed = dict(taken.base), []
    for file in taken.change.files:
        first, end = taken.change.range_of(file)
        placed.append((file, materialize_file(file, *sides(file, shadow), states[first:end])))
    for file, _ in placed:
        tree.pop(file.old_path, None)
    for _, at in placed:
        if at.data is not None:
            tree[at.path] = (at.mode, at.data)
    return tree


def closed(change: Change, states: bytes) -> bytes:
    """The states with what must be accepted along with the accepted."""
    chosen = merged((i, i + 1) for i, state in enumerate(states) if state == ACCEPTED)
    whole = bytearray(states)
    for first, end in also(change, chosen, accepting=True):
        whole[first:end] = bytes([ACCEPTED]) * (end - first)
    return bytes(whole)


@settings(max_examples=70)
@given(pair=pairs())
def test_all_atoms_are_the_head_and_none_are_the_base(shadow: Shadow, pair: tuple[Tree, Tree]) -> None:
    taken = taken_apart(shadow, *pair)
    count = taken.change.atoms
    assert by_hand(taken, bytes([ACCEPTED]) * count, shadow) == taken.head
    for nothing in (UNDECIDED, REJECTED):
        assert by_hand(taken, bytes([nothing]) * count, shadow) == taken.base
        assert materialize(taken.change, bytes([nothing]) * count, [], shadow) == taken.change.base
    assert materialize(taken.change, bytes([ACCEPTED]) * count, [], shadow) == taken.change.head


@settings(max_examples=60)
@given(pair=pairs(), data=st.data())
def test_a_subset_is_the_same_tree_in_whatever_order_it_was_decided(
    shadow: Shadow, pair: tuple[Tree, Tree], data: st.DataObject
) -> None:
    taken = taken_apart(shadow, *pair)
    count = taken.change.atoms
    states = closed(taken.change, bytes(data.draw(st.lists(STATES, min_size=count, max_size=count))))
    tree = materialize(taken.change, states, [], shadow)
    assert tree == store(shadow, by_hand(taken, states, shadow))
    order = list(range(count))
    random.Random(data.draw(st.integers())).shuffle(order)
    decided = bytearray(count)
    for atom in order:
        decided[atom] = states[atom]
    assert materialize(taken.change, decided, [], shadow) == tree


@settings(max_examples=50)
@given(pair=pairs(), data=st.data())
def test_a_subset_that_no_tree_can_hold_still_loses_no_file_of_the_base(
    shadow: Shadow, pair: tuple[Tree, Tree], data: st.DataObject
) -> None:
    taken = taken_apart(shadow, *pair)
    count = taken.change.atoms
    states = bytes(data.draw(st.lists(STATES, min_size=count, max_size=count)))
    tree = materialize(taken.change, states, [], shadow)
    left = {file.old_path for file in taken.change.files if file.status in "DR"}
    for path in taken.base:
        assert path in left or shadow.entry(tree, path) is not None
    for file in taken.change.files:
        first, end = taken.change.range_of(file)
        if file.status == "D" and ACCEPTED not in states[first:end]:
            assert shadow.entry(tree, file.old_path) is not None
        if file.status == "R":
            assert shadow.entry(tree, file.old_path) or shadow.entry(tree, file.path)


@settings(max_examples=50)
@given(pair=pairs(), data=st.data())
def test_splicing_the_atoms_as_shown_gives_what_materialize_gives(
    shadow: Shadow, pair: tuple[Tree, Tree], data: st.DataObject
) -> None:
    taken = taken_apart(shadow, *pair)
    for file in taken.change.files:
        if not file.is_text:
            continue
        states = bytes(data.draw(st.lists(STATES, min_size=file.atoms, max_size=file.atoms)))
        base, head = sides(file, shadow)
        shown = [
            (atom.base_start, atom.base_len, new_bytes(atom.new, atom.encoding))
            for atom, state in zip(atoms_of(taken, file, shadow), states, strict=True)
            if state == ACCEPTED and atom.kind == "text"
        ]
        got = materialize_file(file, base, head, states).data
        assert spliced(base, shown) == (got or b"")


def atoms_of(taken: Taken, file: FileChange, shadow: Shadow) -> Iterator[AtomOut]:
    return atoms_out(taken.change, file, Decisions(bytearray(taken.change.atoms)), shadow)


def new_bytes(text: str, encoding: str) -> bytes:
    return base64.b64decode(text) if encoding == "base64" else text.encode()


def spliced(base: bytes, atoms: list[tuple[int, int, bytes]]) -> bytes:
    """What a program makes of the atoms of `change show`: sorted by where they start, each put in its place."""
    out, at = [], 0
    for start, length, new in sorted(atoms, key=lambda atom: atom[0]):
        assert start >= at
        out += [base[at:start], new]
        at = start + length
    return b"".join([*out, base[at:]])


@settings(max_examples=50)
@given(pair=pairs())
def test_atoms_rise_in_the_base_without_overlap_and_hunks_part_them(shadow: Shadow, pair: tuple[Tree, Tree]) -> None:
    taken = taken_apart(shadow, *pair)
    for file in taken.change.files:
        shown = list(atoms_of(taken, file, shadow))
        assert [atom.id for atom in shown] == [f"{file.number}.{i}" for i in range(1, file.atoms + 1)]
        end = 0
        for atom in shown[len(file.opaque) :]:
            assert atom.base_start >= end
            assert atom.base_len or atom.new
            end = atom.base_start + atom.base_len
        assert end <= len(sides(file, shadow)[0])
        bounds = [file.hunk_atoms(i) for i in range(len(file.hunks))]
        assert [first for first, _ in bounds] == [0, *(end for _, end in bounds[:-1])]
        assert all(first < end for first, end in bounds) and bounds[-1][1] == file.atoms


@settings(max_examples=50)
@given(pair=pairs(), data=st.data())
def test_an_edit_stands_where_its_atoms_stood_and_nothing_else_moves(
    shadow: Shadow, pair: tuple[Tree, Tree], data: st.DataObject
) -> None:
    taken = taken_apart(shadow, *pair)
    texts = [file for file in taken.change.files if file.is_text]
    if not texts:
        return
    file = data.draw(st.sampled_from(texts))
    base, head = sides(file, shadow)
    first = data.draw(st.integers(len(file.opaque), file.atoms - 1))
    end = data.draw(st.integers(first + 1, file.atoms))
    mine = data.draw(st.sampled_from([b"", b"mine\n", b"mine\nand yours\n", b"\0"]))
    states = bytearray(data.draw(st.lists(STATES, min_size=file.atoms, max_size=file.atoms)))
    for i in range(first, end):
        states[i] = 3
    got = materialize_file(file, base, head, states, [(first, end, mine)]).data
    shown = [
        (atom.base_start, atom.base_len, new_bytes(atom.new, atom.encoding)) for atom in atoms_of(taken, file, shadow)
    ]
    start, stop = shown[first][0], shown[end - 1][0] + shown[end - 1][1]
    chosen = [atom for i, atom in enumerate(shown) if states[i] == ACCEPTED and i >= len(file.opaque)]
    before = [atom for i, atom in enumerate(shown[:first]) if states[i] == ACCEPTED and i >= len(file.opaque)]
    chosen = [*before, (start, stop - start, mine), *chosen[len(before) :]]
    assert got == spliced(base, chosen)
    offset = taken.change.range_of(file)[0]
    whole = bytearray(taken.change.atoms)
    whole[offset : offset + file.atoms] = states
    tree = materialize(taken.change, whole, [Edit(offset + first, offset + end, shadow.put(mine))], shadow)
    at = next((entry for path in (file.path, file.old_path) if (entry := shadow.entry(tree, path))), None)
    assert at is not None and shadow.blob(at[1]) == got
