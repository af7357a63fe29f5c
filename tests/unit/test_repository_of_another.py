"""A repository that belongs to another user: refused as git refuses it, until its user says that it is safe."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from exosuit.changes import git as seam
from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError
from tests.repository import Repository

SOMEBODY = 65534


@pytest.fixture
def theirs(workspace: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository of another user with an edit; this user's home is an empty one."""
    workspace.commit("base", {"a.txt": "one\n"})
    workspace.write({"a.txt": "two\n"})
    monkeypatch.setattr(seam, "_program", _given_to_somebody(workspace.path, tmp_path))
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    monkeypatch.setattr(seam, "_trusted", [])
    return workspace


def _given_to_somebody(folder: Path, scratch: Path) -> Callable[[], str]:
    """Give a folder away; who may not give gets a git that takes it for given, by the switch of git's own tests."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)
        return lambda: "git"
    wrapper = scratch / "git"
    wrapper.write_text('#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec git "$@"\n')
    wrapper.chmod(0o755)
    return lambda: str(wrapper)


def refusal(folder: Path) -> ExosuitError:
    with pytest.raises(ExosuitError) as error:
        load().dispatch("change.import", Session(folder, actor="test"), {"worktree": True})
    assert error.value.code == "foreign-repository"
    return error.value


def test_it_is_refused_and_the_hint_is_the_line_that_git_itself_asks_for(theirs: Repository) -> None:
    error = refusal(theirs.path)
    assert "belongs to another user" in error.message
    assert error.hint.startswith(f"if you trust it: git config --global --add safe.directory {theirs.path}")


def test_the_line_that_the_hint_names_lets_it_in_for_all_that_git_does_there(theirs: Repository) -> None:
    line = refusal(theirs.path).hint.partition(": ")[2]
    subprocess.run(shlex.split(line), check=True, cwd="/", env={k: v for k, v in os.environ.items() if k[:4] != "GIT_"})
    session = Session(theirs.path, actor="test")
    imported = load().dispatch("change.import", session, {"worktree": True})
    assert imported.model_dump()["files"] == 1
    for name, fields in (
        ("change.import", {"revisions": "HEAD^..HEAD"}),
        ("review.facts", {"change": "last", "file": 1}),
        ("file.list", {}),
        ("workspace.show", {}),
        ("check.list", {}),
    ):
        load().dispatch(name, session, fields)
    assert load().dispatch("workspace.show", session, {}).model_dump()["branch"] == "main"


@pytest.mark.parametrize(("safe", "is_let_in"), [("*", True), ("{0}", True), ("/elsewhere", False), ("{0}/sub", False)])
def test_what_git_takes_for_safe_is_what_we_take(
    theirs: Repository, tmp_path: Path, safe: str, is_let_in: bool
) -> None:
    settings = tmp_path / "home" / ".gitconfig"
    settings.write_text(f"[safe]\n\tdirectory = {safe.format(theirs.path)}\n")
    if is_let_in:
        load().dispatch("change.import", Session(theirs.path, actor="test"), {"worktree": True})
    else:
        refusal(theirs.path)


def test_a_list_that_was_emptied_again_lets_nothing_in(theirs: Repository, tmp_path: Path) -> None:
    (tmp_path / "home" / ".gitconfig").write_text("[safe]\n\tdirectory = *\n\tdirectory =\n")
    refusal(theirs.path)


def test_a_repository_cannot_call_itself_safe(theirs: Repository) -> None:
    with (theirs.path / ".git" / "config").open("a") as settings:
        settings.write("[safe]\n\tdirectory = *\n")
    refusal(theirs.path)


def test_a_folder_of_ones_own_below_somebody_elses_repository_is_refused_too(theirs: Repository) -> None:
    mine = theirs.path / "mine"
    mine.mkdir()
    assert str(theirs.path) in refusal(mine).hint


def test_its_files_can_be_compared_without_its_git(theirs: Repository, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("zero\n")
    session = Session(tmp_path / "mine", actor="test")
    ask = {"dirs": [str(tmp_path / "mine"), str(theirs.path)]}
    assert load().dispatch("change.import", session, ask).model_dump()["files"] >= 1
