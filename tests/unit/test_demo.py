"""The demo workspace: made the same everywhere, in a folder of its own, or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from exosuit.apps.code.demo import build, find
from exosuit.core.errors import ExosuitError
from tests.repository import Repository, git

MAIN = "0079e6f3aa50b5f60d7f99a2e76a25f41326375f"
AGENT = "c9509c510cbe304909e3ecba0223f86128362a94"


def ids(folder: Path) -> list[str]:
    """The commits that the demo's two branches name."""
    return git(folder, "rev-parse", "main", "agent/rate-cards").decode().split()


def everything(folder: Path) -> dict[str, bytes | None]:
    """All paths below a folder, with the bytes of the files."""
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in sorted(folder.rglob("*"))}


def hostile_home(folder: Path) -> None:
    """A home whose git settings would change every commit, every file and every command that heeds them."""
    hooks = folder / "template" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("applypatch-msg", "pre-applypatch", "post-checkout", "post-applypatch"):
        (hooks / name).write_text("#!/bin/sh\necho ran >> ../hooks-ran\nexit 1\n")
        (hooks / name).chmod(0o755)
    (folder / ".gitconfig").write_text(
        f"[core]\nautocrlf = true\nhooksPath = {hooks}\n[commit]\ngpgSign = true\n[user]\nname = Somebody Else\n"
        f"[init]\ntemplateDir = {folder}/template\ndefaultBranch = trunk\n[am]\nthreeWay = true\nkeepcr = true\n"
    )
    own = folder / ".config" / "git"
    own.mkdir(parents=True)
    (own / "attributes").write_text("* text eol=crlf ident working-tree-encoding=UTF-16\n")
    (own / "ignore").write_text("*.py\n*.md\n")


def test_is_a_clean_checkout_of_main_with_the_change_on_a_branch(tmp_path: Path) -> None:
    demo = build(tmp_path / "demo")
    assert (demo.root, demo.base, demo.head) == (tmp_path / "demo", "main", "agent/rate-cards")
    assert git(demo.root, "status", "--porcelain", "--branch") == b"## main\n"
    assert git(demo.root, "rev-list", "--count", "main..agent/rate-cards") == b"1\n"
    assert git(demo.root, "fsck", "--strict") == b""
    assert not (demo.root / ".git" / "hooks").exists()
    assert git(demo.root, "log", "-1", "--format=%s|%an|%ae", demo.head).decode().strip() == (
        f"{demo.title}|Demo Agent|agent@demo.invalid"
    )


def test_has_the_same_commit_ids_every_time(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("one", "deep/er/two", "empty"):
        assert ids(build(tmp_path / name).root) == [MAIN, AGENT]


def test_heeds_no_settings_of_the_person_who_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, other = tmp_path / "home", Repository.make(tmp_path / "other")
    hostile_home(home)
    before = everything(other.path)
    for name in ("GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL"):
        monkeypatch.delenv(name)
    settings = {
        "HOME": home, "TZ": "Asia/Kathmandu", "GIT_DIR": other.path / ".git", "GIT_WORK_TREE": other.path,
        "GIT_INDEX_FILE": other.path / "index", "GIT_COMMITTER_NAME": "Somebody Else", "GIT_AUTHOR_DATE": "1 +0000",
        "GIT_TEMPLATE_DIR": home / "template", "GIT_DEFAULT_HASH": "sha256",
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(other.path)
    demo = build(tmp_path / "made" / "demo")
    assert ids(demo.root) == [MAIN, AGENT]
    assert everything(other.path) == before
    assert not list(tmp_path.rglob("hooks-ran"))
    assert b"\r" not in (demo.root / "README.md").read_bytes()
    assert os.listdir(tmp_path / "made") == ["demo"]


@pytest.mark.parametrize("taken", ["a file in it", "a file of that name", "a dangling link", "a demo"])
def test_refuses_a_folder_that_is_not_empty(tmp_path: Path, taken: str) -> None:
    folder = tmp_path / "folder"
    if taken == "a file in it":
        folder.mkdir()
        (folder / "mine.txt").write_text("mine")
    elif taken == "a file of that name":
        folder.write_text("mine")
    elif taken == "a dangling link":
        folder.symlink_to(tmp_path / "nowhere")
    else:
        build(folder)
    before = everything(tmp_path)
    with pytest.raises(ExosuitError) as refused:
        build(folder)
    assert refused.value.code == "not-empty"
    assert everything(tmp_path) == before


def test_says_where_no_folder_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExosuitError) as refused:
        build(tmp_path / "file" / "demo")
    assert refused.value.code == "no-folder"


@pytest.mark.parametrize("exists", [True, False], ids=["an empty folder", "no folder"])
@pytest.mark.parametrize("fails", ["init", "am", "checkout", "config"])
def test_leaves_nothing_behind_when_git_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str, exists: bool
) -> None:
    real = shutil.which("git")
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nfor a; do [ "$a" = {fails} ] && echo no >&2 && exit 1; done\nexec {real} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    place = tmp_path / "place"
    (place / "demo" if exists else place).mkdir(parents=True)
    with pytest.raises(ExosuitError, match="no"):
        build(place / "demo")
    assert everything(place) == ({"demo": None} if exists else {})


def test_finds_what_it_made_even_after_work_in_it(tmp_path: Path) -> None:
    demo = build(tmp_path / "demo")
    (demo.root / "README.md").write_text("edited\n")
    git(demo.root, "commit", "--quiet", "--all", "--message", "mine")
    assert find(demo.root) == demo


def test_takes_no_other_folder_for_a_demo(tmp_path: Path, workspace: Repository) -> None:
    workspace.git("branch", "agent/rate-cards")
    demo = build(workspace.path / "inside")
    (demo.root / "below" / ".git").mkdir(parents=True)
    for folder in (workspace.path, tmp_path, tmp_path / "absent", demo.root / "below"):
        assert find(folder) is None
