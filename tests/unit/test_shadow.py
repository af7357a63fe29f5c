"""The shadow repository: what it keeps, what it says when something is gone, and that it never writes elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exosuit.changes.atoms import REGULAR
from exosuit.changes.shadow import EMPTY_TREE, Shadow
from exosuit.changes.workspace import Workspace
from exosuit.core.errors import ExosuitError
from tests.repository import Repository

GONE = "1" * 40


@pytest.fixture
def shadow(tmp_path: Path) -> Shadow:
    return Shadow(tmp_path / "shadow.git")


def objects(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_put_in_comes_out(shadow: Shadow) -> None:
    for data in (b"", b"text\n", b"\0\xff" * 70_000):
        assert shadow.blob(shadow.put(data)) == data
        assert shadow.size(shadow.put(data)) == len(data)
    assert shadow.blob("") == b""


def test_what_is_gone_is_said_to_be_gone(shadow: Shadow) -> None:
    tree = shadow.replace(EMPTY_TREE, {b"a": (REGULAR, shadow.put(b"x"))})
    for ask in (
        lambda: shadow.blob(GONE),
        lambda: shadow.size(GONE),
        lambda: shadow.blob(tree),
        lambda: shadow.entry(GONE, b"a"),
        lambda: shadow.replace(GONE, {b"a": None}),
    ):
        with pytest.raises(ExosuitError) as error:
            ask()
        assert error.value.code == "lost-object" and error.value.hint
    assert shadow.entry(tree, b"b") is None


def test_an_object_that_cannot_be_read_is_lost_and_not_something_else(shadow: Shadow) -> None:
    name = shadow.put(b"x" * 1000)
    path = shadow.git_dir / "objects" / name[:2] / name[2:]
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    with pytest.raises(ExosuitError) as error:
        Shadow(shadow.git_dir).blob(name)
    assert error.value.code == "lost-object"


def test_paths_are_bytes(shadow: Shadow) -> None:
    blob = shadow.put(b"x")
    paths = [b"\xff/\xfe", b"new\nline", b"back\\slash", "é".encode(), "e\u0301".encode(), b"-dash", b" "]
    tree = shadow.replace(EMPTY_TREE, dict.fromkeys(paths, (REGULAR, blob)))
    assert all(shadow.entry(tree, path) == (REGULAR, blob) for path in paths)
    assert shadow.replace(tree, dict.fromkeys(paths)) == EMPTY_TREE


def test_what_the_user_s_repository_forgets_is_still_here_when_it_was_put_in(workspace: Repository) -> None:
    name = workspace.git("hash-object", "-w", "--stdin", given=b"overwritten by an apply\n")
    opened = Workspace.open(workspace.path)
    assert opened.shadow.put(b"overwritten by an apply\n") == name
    (workspace.path / ".git" / "objects" / name[:2] / name[2:]).unlink()
    assert Workspace.open(workspace.path).shadow.blob(name) == b"overwritten by an apply\n"


def test_packs_of_the_user_s_repository_survive_their_repacking(workspace: Repository) -> None:
    workspace.git("gc", "-q")
    opened = Workspace.open(workspace.path)
    tree = workspace.git("rev-parse", "HEAD^{tree}")
    assert opened.shadow.entry(tree, b"README.md") is not None
    for path in (workspace.path / ".git" / "objects" / "pack").iterdir():
        path.unlink()
    assert Workspace.open(workspace.path).shadow.entry(tree, b"README.md") is not None


def test_a_repository_that_moved_is_borrowed_from_at_its_new_place(shadow: Shadow, make_workspace: object) -> None:
    assert callable(make_workspace)
    one, other = make_workspace("one"), make_workspace("other")
    other.commit("more", {"x": "only in the other\n"})
    shadow.borrow(one.path / ".git" / "objects")
    shadow.borrow(other.path / ".git" / "objects")
    assert shadow.blob(other.git("rev-parse", "HEAD:x")) == b"only in the other\n"


def test_nothing_is_written_into_the_repository_that_it_borrows_from(workspace: Repository) -> None:
    before = objects(workspace.path / ".git")
    opened = Workspace.open(workspace.path)
    tree = workspace.git("rev-parse", "HEAD^{tree}")
    opened.shadow.replace(tree, {b"new": (REGULAR, opened.shadow.put(b"new\n"))})
    assert objects(workspace.path / ".git") == before


def test_a_tree_is_checked_out_only_into_an_empty_folder(shadow: Shadow, tmp_path: Path) -> None:
    tree = shadow.replace(EMPTY_TREE, {b"d/a": (0o100755, shadow.put(b"x\r\n")), b"l": (0o120000, shadow.put(b"d/a"))})
    shadow.check_out(tree, tmp_path / "out")
    assert (tmp_path / "out/d/a").read_bytes() == b"x\r\n" and os.access(tmp_path / "out/d/a", os.X_OK)
    assert os.readlink(tmp_path / "out/l") == "d/a"
    with pytest.raises(ExosuitError) as error:
        shadow.check_out(tree, tmp_path / "out")
    assert error.value.code == "not-empty"
    (tmp_path / "file").write_text("")
    with pytest.raises(ExosuitError):
        shadow.check_out(tree, tmp_path / "file" / "below")
