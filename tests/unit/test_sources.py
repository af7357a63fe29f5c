"""Where changes come from: revisions, the working tree, folders, a person's own edit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exosuit.changes.atoms import REGULAR
from exosuit.changes.change import Change
from exosuit.changes.shadow import EMPTY_TREE
from exosuit.changes.sources import Edit, Folders, Revisions, Source, WorkingTree, again
from exosuit.changes.workspace import Workspace
from exosuit.core.errors import ExosuitError
from tests.repository import Repository


def imported(folder: Path, source: Source) -> Change:
    opened = Workspace.open(folder)
    change, _, _ = opened.bring_in(source, "test")
    return Workspace.open(folder).change(change.id)


def refusal(folder: Path, source: Source) -> str:
    with pytest.raises(ExosuitError) as error:
        imported(folder, source)
    assert error.value.hint
    return error.value.code


def paths(change: Change) -> list[tuple[str, bytes]]:
    return [(file.status, file.path) for file in change.files]


@pytest.fixture
def forked(workspace: Repository) -> Repository:
    """A branch `side` with a commit of its own, and one on `main` since it parted."""
    workspace.git("checkout", "-q", "-b", "side")
    workspace.commit("side", {"side": "x\n"})
    workspace.git("checkout", "-q", "main")
    workspace.commit("main", {"main": "y\n"})
    return workspace


def test_two_dots_compare_two_revisions_and_three_start_where_they_parted(forked: Repository) -> None:
    assert paths(imported(forked.path, Revisions.parse("main..side"))) == [("D", b"main"), ("A", b"side")]
    assert paths(imported(forked.path, Revisions.parse("main...side"))) == [("A", b"side")]
    assert paths(imported(forked.path, Revisions.parse("side.."))) == [("A", b"main"), ("D", b"side")]
    assert paths(imported(forked.path, Revisions.parse("side"))) == [("A", b"side")]


def test_a_commit_without_a_parent_is_all_new_and_can_be_read_again(workspace: Repository) -> None:
    change = imported(workspace.path, Revisions.parse("HEAD"))
    assert (paths(change), change.base, change.title) == ([("A", b"README.md")], EMPTY_TREE, "HEAD, the first commit")
    read_again = again(change.provenance.key)
    assert read_again is not None
    assert imported(workspace.path, read_again).id == change.id


def test_a_revision_that_is_not_there_is_refused_alone_as_in_a_range(workspace: Repository) -> None:
    for text in ("nowhere", "nowhere..HEAD", "HEAD^^", "HEAD^..main~1", "HEAD^...HEAD"):
        assert refusal(workspace.path, Revisions.parse(text)) == "no-such-revision"


def test_a_clone_without_the_parent_says_how_to_fetch_it(workspace: Repository, tmp_path: Path) -> None:
    workspace.commit("more", {"a": "1\n"})
    workspace.git("clone", "--quiet", "--depth=1", f"file://{workspace.path}", tmp_path / "shallow")
    with pytest.raises(ExosuitError, match="was cloned without what came before") as error:
        imported(tmp_path / "shallow", Revisions.parse("HEAD"))
    assert (error.value.code, error.value.hint) == ("shallow-history", "git fetch --deepen=1 brings its parent")


def test_a_branch_may_have_any_name_that_git_allows(forked: Repository) -> None:
    odd = os.fsdecode(b"odd\xff name;$(x)".replace(b" ", b"-"))
    forked.git("branch", odd, "side")
    change = imported(forked.path, Revisions("main", odd))
    assert paths(change) == [("D", b"main"), ("A", b"side")]
    assert "odd\\xff" in change.title and change.provenance.head_name == odd


def test_the_working_tree_is_compared_with_any_revision(forked: Repository) -> None:
    forked.write({"new": "z\n", "main": None})
    assert paths(imported(forked.path, WorkingTree())) == [("D", b"main"), ("A", b"new")]
    assert paths(imported(forked.path, WorkingTree("main~1"))) == [("A", b"new")]


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    Repository(tmp_path).git("init", "-q")
    (tmp_path / "a").write_text("x\n")
    assert paths(imported(tmp_path, WorkingTree())) == [("A", b"a")]


def test_a_replaced_or_grafted_commit_is_read_as_it_was_made(forked: Repository) -> None:
    tree = forked.git("rev-parse", "side^{tree}")
    forked.git("replace", "side", "main")
    assert imported(forked.path, Revisions("main", "side")).head == tree


def test_two_folders_of_any_name_are_compared_whole(workspace: Repository, tmp_path: Path) -> None:
    old, new = tmp_path / "old one", Path(os.fsdecode(os.fsencode(tmp_path) + b"/new\xff\n"))
    for folder, text in ((old, "1\n"), (new, "2\n")):
        (folder / "sub").mkdir(parents=True)
        (folder / "sub" / "f").write_text(text)
        (folder / ".gitignore").write_text("*\n")
    change = imported(workspace.path, Folders(old, new))
    assert paths(change) == [("M", b"sub/f")] and change.title == "old one → new\\xff\n"


def test_importing_folders_leaves_them_alone(workspace: Repository, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text(name)
    files = [path for name in ("one", "two") for path in (tmp_path / name, tmp_path / name / "f")]
    before = [(path.stat().st_mode, path.stat().st_mtime_ns, path.stat().st_ctime_ns) for path in files]
    imported(workspace.path, Folders(tmp_path / "one", tmp_path / "two"))
    assert [(path.stat().st_mode, path.stat().st_mtime_ns, path.stat().st_ctime_ns) for path in files] == before


def test_an_edit_by_hand_is_against_what_was_opened_and_touches_no_other_file(workspace: Repository) -> None:
    opened = Workspace.open(workspace.path)
    before = opened.shadow.put(workspace.read("README.md"))
    workspace.write({"other": "not yet committed\n"})
    change = imported(workspace.path, Edit(b"README.md", b"# Mine\n", before))
    assert paths(change) == [("M", b"README.md")] and change.provenance.generator == "person"
    assert workspace.read("README.md") == b"# A workspace\n"
    new = imported(workspace.path, Edit(b"deep/new", b"x\n", ""))
    assert paths(new) == [("A", b"deep/new")] and new.files[0].new_mode == REGULAR


@pytest.mark.parametrize("path", [b".git/config", b"../out", b"/etc/passwd", b"a/../../b", b"", b".GIT/x", b"x\0y"])
def test_an_edit_never_names_what_a_change_may_not_write(workspace: Repository, path: bytes) -> None:
    assert refusal(workspace.path, Edit(path, b"x\n", "")) == "unsafe-path"


def test_an_edit_of_what_is_no_file_or_of_an_unknown_text_is_refused(workspace: Repository) -> None:
    (workspace.path / "link").symlink_to("README.md")
    assert refusal(workspace.path, Edit(b"link", b"x\n", "")) == "not-a-file"
    assert refusal(workspace.path, Edit(b"README.md", b"x\n", "1" * 40)) == "lost-object"
    assert refusal(workspace.path, Edit(b"README.md", b"x\n", "no id at all")) == "lost-object"


def test_a_big_file_comes_in_whole_and_its_atoms_are_few(workspace: Repository) -> None:
    line = b"0123456789abcdef" * 64 + b"\n"
    workspace.write({"big.txt": line * 20_000, "big.bin": b"\0" + line * 20_000})
    workspace.commit("big")
    workspace.write({"big.txt": line * 10_000 + b"edited\n" + line * 9_999, "big.bin": b"\0" + line * 19_999})
    change = imported(workspace.path, WorkingTree())
    assert {file.path: file.atoms for file in change.files}[b"big.bin"] == 1
    assert {file.path: (file.added, file.removed) for file in change.files}[b"big.txt"] == (1, 1)
