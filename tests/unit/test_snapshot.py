"""Snapshots of working trees as git's users really have them: byte for byte, and nothing of theirs is altered."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from exosuit.changes.atoms import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK
from exosuit.changes.git import git as quiet_git
from exosuit.changes.snapshot import snapshot_folder, snapshot_worktree
from exosuit.changes.workspace import Workspace
from tests.property.nasty import ATTRIBUTES, PATHS, Tree
from tests.repository import Repository

Snap = Callable[[], Tree]


def listed(workspace: Workspace, tree: str) -> Tree:
    """A tree as git itself lists it: mode and bytes by path."""
    lines = quiet_git(["ls-tree", "-r", "-z", tree], env={"GIT_DIR": str(workspace.shadow.git_dir)}).split(b"\0")
    found: Tree = {}
    for line in filter(None, lines):
        (mode, _, name), path = line.partition(b"\t")[0].split(b" "), line.partition(b"\t")[2]
        data = name if int(mode, 8) == SUBMODULE else workspace.shadow.blob(name.decode())
        found[path] = (int(mode, 8), data)
    return found


def now(root: Path) -> Tree:
    workspace = Workspace.open(root)
    assert workspace.repository is not None
    return listed(workspace, snapshot_worktree(workspace.shadow, workspace.repository))


def git_folder(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below `.git` with its permissions and bytes."""
    return {
        str(path.relative_to(root)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted((root / ".git").rglob("*"))
    }


def texts(tree: Tree) -> dict[bytes, bytes]:
    return {path: data for path, (mode, data) in tree.items() if mode == REGULAR}


def test_bytes_modes_and_links_are_as_on_the_disk_whatever_attributes_say(workspace: Repository) -> None:
    workspace.write({".gitattributes": ATTRIBUTES, "crlf": b"a\r\nb\n", "run": b"#!\n", "id": b"$Id$\n", "nul": b"\0"})
    (workspace.path / "run").chmod(0o755)
    (workspace.path / "link").symlink_to("crlf")
    assert now(workspace.path) == {
        b".gitattributes": (REGULAR, ATTRIBUTES),
        b"README.md": (REGULAR, b"# A workspace\n"),
        b"crlf": (REGULAR, b"a\r\nb\n"),
        b"id": (REGULAR, b"$Id$\n"),
        b"link": (SYMLINK, b"crlf"),
        b"nul": (REGULAR, b"\0"),
        b"run": (EXECUTABLE, b"#!\n"),
    }


def test_any_name_that_the_disk_can_hold_is_there(workspace: Repository) -> None:
    wanted = {path: path + b"\n" for path in PATHS if not any(other.startswith(path + b"/") for other in PATHS)}
    for path, data in wanted.items():
        target = os.path.join(os.fsencode(workspace.path), path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(os.fsdecode(target)).write_bytes(data)
    assert texts(now(workspace.path)) == wanted | {b"README.md": b"# A workspace\n"}


def test_what_is_ignored_stays_out_and_what_is_tracked_stays_in(workspace: Repository, tmp_path: Path) -> None:
    workspace.write({"kept.log": "tracked\n", ".gitignore": "*.log\nbuild/\n"})
    workspace.git("add", "--force", "kept.log")
    (workspace.path / ".git/info/exclude").write_text("private\r\n")
    workspace.write({"other.log": "", "build/x": "", "private": "", "seen": ""})
    assert set(now(workspace.path)) == {b".gitignore", b"README.md", b"kept.log", b"seen"}


def test_the_working_tree_counts_and_not_what_is_staged(workspace: Repository) -> None:
    workspace.commit("more", {"a": "one\n", "b": "two\n"})
    workspace.write({"a": "staged\n"})
    workspace.git("add", "a")
    workspace.write({"a": "on the disk\n", "new": "to be added\n", "b": None})
    workspace.git("add", "--intent-to-add", "new")
    readme = {b"README.md": b"# A workspace\n"}
    assert texts(now(workspace.path)) == readme | {b"a": b"on the disk\n", b"new": b"to be added\n"}


def test_a_merge_conflict_in_the_index_is_no_obstacle(workspace: Repository) -> None:
    workspace.commit("base", {"a": "base\n"})
    workspace.git("checkout", "-q", "-b", "side")
    workspace.commit("theirs", {"a": "theirs\n"})
    workspace.git("checkout", "-q", "main")
    workspace.commit("ours", {"a": "ours\n"})
    with pytest.raises(Exception, match="returned non-zero"):
        workspace.git("merge", "side")
    before = git_folder(workspace.path)
    assert b"<<<<<<<" in texts(now(workspace.path))[b"a"]
    assert git_folder(workspace.path) == before


def test_nothing_below_the_git_folder_changes(workspace: Repository) -> None:
    workspace.commit("more", {"a": "one\n", "b": "two\n"})
    workspace.write({"a": "stashed\n"})
    workspace.git("stash")
    workspace.write({"a": "staged\n"})
    workspace.git("add", "a")
    workspace.write({"a": "edited\n", "new": "untracked\n"})
    before = git_folder(workspace.path)
    assert texts(now(workspace.path))[b"a"] == b"edited\n"
    assert git_folder(workspace.path) == before


@pytest.mark.parametrize("cone", ["--cone", "--no-cone"])
@pytest.mark.parametrize("sparse_index", ["--sparse-index", "--no-sparse-index"])
def test_files_that_a_sparse_checkout_leaves_out_are_not_taken_for_deleted(
    workspace: Repository, cone: str, sparse_index: str
) -> None:
    if (cone, sparse_index) == ("--no-cone", "--sparse-index"):
        sparse_index = "--no-sparse-index"
    workspace.commit("more", {"in/a": "in\n", "out/b": "out\n", "out/c": "out\n"})
    workspace.git("sparse-checkout", "init", cone, sparse_index)
    workspace.git("sparse-checkout", "set", "in" if cone == "--cone" else "/in/")
    assert not (workspace.path / "out").exists()
    assert texts(now(workspace.path))[b"out/b"] == b"out\n"
    workspace.write({"out/b": "written all the same\n"})
    tree = texts(now(workspace.path))
    assert (tree[b"out/b"], tree[b"out/c"]) == (b"written all the same\n", b"out\n")


def test_an_index_in_parts_is_read(workspace: Repository) -> None:
    workspace.commit("more", {"a": "one\n", "b": "two\n", ".gitignore": "*.log\n"})
    workspace.git("update-index", "--split-index")
    workspace.write({"forced.log": "tracked though ignored\n"})
    workspace.git("add", "--force", "forced.log")
    workspace.git("update-index", "--split-index")
    workspace.write({"a": "edited\n", "b": None})
    before = git_folder(workspace.path)
    assert set(now(workspace.path)) == {b".gitignore", b"README.md", b"a", b"forced.log"}
    assert git_folder(workspace.path) == before


def test_a_sparse_checkout_with_an_index_in_parts_loses_nothing(workspace: Repository) -> None:
    workspace.commit("more", {"in/a": "in\n", "out/b": "out\n"})
    workspace.git("sparse-checkout", "set", "--cone", "in")
    workspace.git("update-index", "--split-index")
    assert set(now(workspace.path)) == {b"README.md", b"in/a", b"out/b"}


def test_a_damaged_index_gives_way_to_the_last_commit(workspace: Repository) -> None:
    workspace.commit("more", {"a": "one\n"})
    (workspace.path / ".git/index").write_bytes(b"DIRC garbage")
    workspace.write({"a": "edited\n", "new": "x\n"})
    assert texts(now(workspace.path)) == {b"README.md": b"# A workspace\n", b"a": b"edited\n", b"new": b"x\n"}


def test_a_linked_worktree_is_a_workspace_of_its_own(workspace: Repository, tmp_path: Path) -> None:
    workspace.git("worktree", "add", "-q", "-b", "side", tmp_path / "linked")
    (tmp_path / "linked" / "new").write_text("only here\n")
    assert set(now(tmp_path / "linked")) == {b"README.md", b"new"}
    assert set(now(workspace.path)) == {b"README.md"}


def test_submodules_and_embedded_repositories_are_commits_and_never_entered(
    workspace: Repository, make_workspace: Callable[[str], Repository]
) -> None:
    inner = make_workspace("inner")
    workspace.git("submodule", "--quiet", "add", inner.path, "sub")
    workspace.commit("with a submodule")
    embedded = Repository.make(workspace.path / "embedded")
    (workspace.path / "empty").mkdir()
    Repository(workspace.path / "empty").git("init", "-q")
    (workspace.path / "sub" / "README.md").write_text("edited inside\n")
    tree = now(workspace.path)
    assert tree[b"sub"] == (SUBMODULE, inner.head.encode())
    assert tree[b"embedded"] == (SUBMODULE, embedded.head.encode())
    assert set(tree) == {b".gitmodules", b"README.md", b"embedded", b"sub"}


def test_a_repository_without_commits_and_one_without_a_branch_can_be_read(
    workspace: Repository, tmp_path: Path
) -> None:
    (tmp_path / "unborn").mkdir()
    unborn = Repository(tmp_path / "unborn")
    unborn.git("init", "-q")
    unborn.write({"a": "x\n"})
    assert set(now(unborn.path)) == {b"a"}
    workspace.git("checkout", "-q", "--detach")
    assert set(now(workspace.path)) == {b"README.md"}


def test_a_shallow_clone_can_be_read(workspace: Repository, tmp_path: Path) -> None:
    workspace.commit("more", {"a": "one\n"})
    workspace.git("clone", "-q", "--depth=1", f"file://{workspace.path}", tmp_path / "shallow")
    assert set(now(tmp_path / "shallow")) == {b"README.md", b"a"}


@pytest.mark.parametrize("name", [b"with space", b"new\nline", b"co:lon", b"caf\xe9", b'"quoted"', b"-dash", b"#hash"])
def test_a_repository_may_have_any_path(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))
    repository = Repository.make(path)
    repository.write({"new": "x\n"})
    workspace = Workspace.open(path / ".git" / "..")
    assert workspace.root.name == path.name
    assert set(now(path)) == {b"README.md", b"new"}


def test_settings_of_the_user_alter_nothing_and_start_nothing(workspace: Repository, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\nexit 1\n")
    trap.chmod(0o755)
    (tmp_path / "attributes").write_text("* -diff filter=trap text eol=crlf\n")
    for name, value in {
        "diff.noprefix": "true", "diff.mnemonicPrefix": "true", "color.ui": "always", "diff.external": str(trap),
        "core.attributesFile": str(tmp_path / "attributes"), "diff.algorithm": "patience", "diff.renames": "copies",
        "core.autocrlf": "true", "core.fsmonitor": str(trap), "filter.trap.clean": str(trap), "core.quotePath": "true",
        "filter.trap.smudge": str(trap), "filter.trap.process": str(trap), "filter.trap.required": "true",
        "diff.orderFile": str(tmp_path / "order"), "core.hooksPath": str(tmp_path), "core.pager": str(trap),
        "core.untrackedCache": "true", "status.showUntrackedFiles": "no", "add.ignoreErrors": "true",
        "core.safecrlf": "true", "core.bigFileThreshold": "1", "diff.wsErrorHighlight": "all", "index.version": "4",
    }.items():  # fmt: skip
        quiet_git(["config", name, value], cwd=workspace.path)
    (tmp_path / "order").write_text("z\n")
    workspace.write({"a": "x\r\ny\n", ".gitattributes": "* filter=trap diff=trap\n"})
    assert texts(now(workspace.path))[b"a"] == b"x\r\ny\n"
    assert not (tmp_path / "sprung").exists()


def test_a_tree_whose_modes_mean_nothing_keeps_those_of_the_index(workspace: Repository) -> None:
    workspace.write({"run": "#!\n"})
    (workspace.path / "run").chmod(0o755)
    workspace.commit("a program")
    workspace.git("config", "core.fileMode", "false")
    (workspace.path / "run").chmod(0o644)
    workspace.write({"run": "#! edited\n"})
    assert now(workspace.path)[b"run"] == (EXECUTABLE, b"#! edited\n")


def test_what_an_apply_left_behind_is_no_part_of_it(workspace: Repository, tmp_path: Path) -> None:
    left = ".exosuit-0123456789ab-7"
    workspace.write({left: "", f"deep/{left}.out": "", ".gitignore": "!*\n"})
    assert set(now(workspace.path)) == {b".gitignore", b"README.md"}
    opened = Workspace.open(workspace.path)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / left).write_text("")
    (tmp_path / "plain" / "file").write_text("x")
    assert set(listed(opened, snapshot_folder(opened.shadow, tmp_path / "plain"))) == {b"file"}


def test_state_that_lies_inside_the_workspace_is_no_part_of_it(
    workspace: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXOSUIT_STATE", str(workspace.path / "state"))
    assert set(now(workspace.path)) == {b"README.md"}
    opened = Workspace.open(workspace.path)
    assert set(listed(opened, snapshot_folder(opened.shadow, workspace.path))) == {b"README.md"}


def test_a_plain_folder_is_taken_whole_ignored_files_too(workspace: Repository, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    for name, text in {".gitignore": "*.log\n", "x.log": "kept\n", "sub/y": "deep\n"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    os.mkfifo(folder / "pipe")
    opened = Workspace.open(workspace.path)
    assert set(listed(opened, snapshot_folder(opened.shadow, folder))) == {b".gitignore", b"sub/y", b"x.log"}


def test_snapshots_of_folder_and_working_tree_at_once_do_not_mix_their_rules(
    workspace: Repository, tmp_path: Path
) -> None:
    workspace.commit("rules", {".gitignore": "", "a": "x\n"})
    (workspace.path / ".git/info/exclude").write_text("private\n")
    workspace.write({"private": "not to be seen\n"})
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "private").write_text("of the folder\n")
    opened = Workspace.open(workspace.path)
    assert opened.repository is not None
    seen: set[frozenset[bytes]] = set()

    def folders() -> None:
        for _ in range(8):
            seen.add(frozenset(listed(opened, snapshot_folder(opened.shadow, tmp_path / "plain"))))

    other = threading.Thread(target=folders)
    other.start()
    for _ in range(8):
        seen.add(frozenset(listed(opened, snapshot_worktree(opened.shadow, opened.repository))))
    other.join()
    assert seen == {frozenset({b"private"}), frozenset({b".gitignore", b"README.md", b"a"})}
