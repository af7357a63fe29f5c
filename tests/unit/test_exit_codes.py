"""How a command line ends: 1 wherever something is left for a person to do, also where nothing went wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exosuit.faces.cli import main
from tests.repository import Repository

BASE = "".join(f"line {i}\n" for i in range(1, 41))


class Shell:
    """Command lines on a repository, in this process: the exit code, and the answer as JSON."""

    def __init__(self, repository: Repository, capture: pytest.CaptureFixture[bytes]) -> None:
        self.repository = repository
        self.capture = capture

    def __call__(self, *words: str) -> tuple[int, dict[str, Any]]:
        code = main(["-C", str(self.repository.path), *words, "--json"])
        told = self.capture.readouterr()
        return code, json.loads(told.out or told.err)


@pytest.fixture
def shell(workspace: Repository, capfdbinary: pytest.CaptureFixture[bytes]) -> Shell:
    workspace.commit("base", {"a.txt": BASE, "b.txt": "one\n"})
    workspace.git("checkout", "--quiet", "-b", "work")
    workspace.commit("work", {"a.txt": BASE.replace("line 5\n", "line five\n"), "b.txt": "two\n"})
    workspace.git("checkout", "--quiet", "main")
    made = Shell(workspace, capfdbinary)
    assert made("change", "import", "main..work")[0] == 0
    assert made("change", "accept", "last", "--all")[0] == 0
    return made


def test_an_apply_that_leaves_nothing_to_decide_exits_0(shell: Shell) -> None:
    assert shell("change", "apply", "last", "--dry-run")[0] == 0
    code, done = shell("change", "apply", "last")
    assert (code, done["applied"], done["conflicts"]) == (0, ["a.txt", "b.txt"], [])
    assert shell("change", "apply", "last")[0] == 0


@pytest.mark.parametrize("dry", [["--dry-run"], []])
def test_an_apply_that_leaves_a_conflict_exits_1_and_still_answers(shell: Shell, dry: list[str]) -> None:
    shell.repository.write({"a.txt": BASE.replace("line 5\n", "line V\n")})
    code, done = shell("change", "apply", "last", *dry)
    assert (code, done["applied"]) == (1, ["b.txt"])
    assert [conflict["path"] for conflict in done["conflicts"]] == ["a.txt"]
    assert shell.repository.read("b.txt") == (b"one\n" if dry else b"two\n")


def test_an_undo_that_cannot_take_all_back_exits_1(shell: Shell) -> None:
    shell("change", "apply", "last")
    shell.repository.write({"a.txt": BASE.replace("line 5\n", "line FIVE\n")})
    code, done = shell("change", "undo", "last")
    assert (code, done["kind"], [one["path"] for one in done["tree"]["conflicts"]]) == (1, "apply", ["a.txt"])


def test_a_save_onto_lines_that_others_wrote_exits_1_and_writes_nothing(shell: Shell) -> None:
    opened = shell("file", "read", "--path", "b.txt")[1]["id"]
    shell.repository.write({"b.txt": "three\n"})
    code, done = shell("file", "save", "--path", "b.txt", "--text", "mine\n", "--id", opened)
    assert (code, len(done["conflicts"]), shell.repository.read("b.txt")) == (1, 1, b"three\n")
