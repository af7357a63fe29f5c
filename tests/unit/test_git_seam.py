"""The seam to git: what it may see, and that a git that ends badly is never taken for one that said all."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from exosuit.changes import git as seam
from exosuit.changes.atoms import REGULAR
from exosuit.changes.diff import diff_trees
from exosuit.changes.git import attempt, git, scrubbed, stream
from exosuit.changes.shadow import Shadow
from exosuit.core.errors import ExosuitError
from tests.property.nasty import store, taken_apart


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A script in the place of git, to be written by the test."""
    path = tmp_path / "git"
    monkeypatch.setenv("EXOSUIT_GIT", str(path))
    seam._program.cache_clear()
    monkeypatch.setattr(seam, "_program", lambda: str(path))
    return path


def written(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_git_sees_none_of_the_caller_s_git_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "/bin/false")
    kept = scrubbed({"GIT_DIR": "/here"})
    assert kept["GIT_DIR"] == "/here" and "GIT_EXTERNAL_DIFF" not in kept and kept["GIT_CONFIG_NOSYSTEM"] == "1"


def test_a_git_that_was_killed_half_way_is_an_error_and_not_an_end(program: Path) -> None:
    written(program, "printf 'half of it'; kill -9 $$")
    with pytest.raises(ExosuitError, match="signal 9") as error:
        list(stream(["anything"]))
    assert error.value.code == "git-failed"


def test_a_diff_cut_off_by_the_death_of_git_is_no_change(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    shadow = Shadow(tmp_path / "shadow.git")
    base, head = (
        store(shadow, {b"a": (REGULAR, data), b"b": (REGULAR, data)}) for data in (b"one\n" * 9, b"two\n" * 9)
    )
    whole = git(["diff-tree", "-r", "-p", "--raw", "-U0", base, head], env={"GIT_DIR": str(shadow.git_dir)})
    (tmp_path / "said").write_bytes(whole[: len(whole) - 40])
    written(program, f"cat {tmp_path}/said; kill -9 $$")
    monkeypatch.setattr(seam, "_program", lambda: str(program))
    with pytest.raises(ExosuitError):
        diff_trees(shadow.git_dir, base, head)


def test_a_stream_that_is_left_early_ends_git_and_raises_nothing(program: Path) -> None:
    written(program, "yes")
    chunks = stream(["anything"])
    assert isinstance(chunks, Generator)
    assert next(chunks)
    chunks.close()
    assert list(chunks) == []


def test_git_s_last_words_are_the_error(program: Path) -> None:
    written(program, "echo 'warning: first' >&2; echo 'fatal: last' >&2; exit 128")
    for call in (lambda: git(["x"]), lambda: list(stream(["x"]))):
        with pytest.raises(ExosuitError, match=r"^last$"):
            call()


def test_a_machine_without_git_is_told_so(program: Path) -> None:
    for call in (lambda: git(["x"]), lambda: list(stream(["x"])), lambda: attempt(["x"])):
        with pytest.raises(ExosuitError) as error:
            call()
        assert error.value.code == "no-git" and error.value.hint


def test_a_folder_that_went_away_is_not_a_missing_git(tmp_path: Path) -> None:
    with pytest.raises(ExosuitError) as error:
        git(["status"], cwd=tmp_path / "gone")
    assert error.value.code == "no-such-folder"


def test_trees_that_are_gone_are_an_error(tmp_path: Path) -> None:
    shadow = Shadow(tmp_path / "shadow.git")
    taken = taken_apart(shadow, {b"a": (REGULAR, b"x\n")}, {b"a": (REGULAR, b"y\n")})
    with pytest.raises(ExosuitError) as error:
        diff_trees(shadow.git_dir, taken.change.base, "2" * 40)
    assert error.value.code == "git-failed"
