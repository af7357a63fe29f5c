"""Which diff algorithm an import uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from exosuit.changes import algorithm
from exosuit.changes.diff import diff_trees
from tests.repository import Repository


def _trees(repository: Repository) -> tuple[str, str]:
    lines = [f"line {i}\n" for i in range(400)]
    old = repository.commit("old", {"long.txt": "".join(lines)})
    lines[7::20] = [f"other {i}\n" for i in range(len(lines[7::20]))]
    new = repository.commit("new", {"long.txt": "".join(lines)})
    return repository.git("rev-parse", f"{old}^{{tree}}"), repository.git("rev-parse", f"{new}^{{tree}}")


def test_a_file_that_is_long_on_both_sides_is_not_left_to_histogram(
    workspace: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    git_dir: Path = workspace.path / ".git"
    old, new = _trees(workspace)
    assert algorithm.algorithm(git_dir, old, new) == algorithm.HISTOGRAM
    read_well = diff_trees(git_dir, old, new)
    monkeypatch.setattr(algorithm, "LONG", 1000)
    assert algorithm.algorithm(git_dir, old, new) == algorithm.PATIENCE
    assert [list(file.runs) for file in diff_trees(git_dir, old, new)] == [list(file.runs) for file in read_well]


def test_a_long_new_file_is_no_reason(workspace: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algorithm, "LONG", 1000)
    start = workspace.git("rev-parse", "HEAD^{tree}")
    workspace.commit("new", {"new.txt": "line\n" * 1000})
    tree = workspace.git("rev-parse", "HEAD^{tree}")
    assert algorithm.algorithm(workspace.path / ".git", start, tree) == algorithm.HISTOGRAM
