"""The project's own formatters, run for real on the base, and what of a change they explain."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from exosuit.changes.sources import Revisions
from exosuit.changes.workspace import Workspace
from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.verify.checks.checker import Checker
from exosuit.verify.rerun.outputs import outputs
from tests.repository import Repository

MESSY = '''import os
import json

TEXT = 'a'
def one( x ):
    """Say
       one."""
    return {  'a' : x ,
      'b':2 }
{two}

def three(x):
    return json.dumps( x )+os.sep
'''
RUFF = {
    "pyproject.toml": "[tool.ruff]\nline-length = 100\n",
    ".gitignore": ".venv\n__pycache__\n",
}
TWO = "def two( x ):\n    return  x"


@pytest.fixture
def project(workspace: Repository) -> Repository:
    workspace.equip()
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    assert ruff is not None
    shutil.copy(ruff, workspace.path / ".venv" / "bin" / "ruff")
    messy = MESSY.replace("{two}", TWO)
    workspace.commit("messy", {**RUFF, "a.py": messy, "b.py": messy, "notes.md": "- a\n"})
    return workspace


def plan(project: Repository) -> Any:
    session = Session(project.path)
    load().dispatch("change.import", session, {"revisions": "HEAD~1..HEAD"})
    return load().dispatch("change.plan", session, {"change": "last"})


def formatted(project: Repository) -> dict[str, str]:
    """What the workspace's ruff makes of the files."""
    workspace = Workspace.open(project.path)
    project.commit("touch", {name: project.read(name) + b"\n# touched\n" for name in ("a.py", "b.py")})
    change, _, _ = workspace.bring_in(Revisions("HEAD~1", "HEAD"), "test")
    project.git("reset", "--quiet", "--hard", "HEAD~1")
    told = {one.tool: one.change for one in outputs(Checker(workspace, change.base), change)}
    assert set(told) == {"ruff format", "ruff check --select I"}
    chosen = told["ruff format"]
    return {file.path.decode(): workspace.shadow.blob(file.new_blob).decode() for file in chosen.files}


def test_what_the_formatter_does_is_one_decision_and_what_a_person_did_is_not(project: Repository) -> None:
    made = formatted(project)
    made["a.py"] = made["a.py"].replace("return x\n", "return x + 1\n")
    project.commit("formatted", dict(made))
    told = plan(project)
    (group,) = [group for group in told.groups if group.title.startswith("Run ruff format: ")]
    assert group.reproduce.startswith("python -m ruff format --no-cache a.py b.py ") and not group.unproved_lines
    claims = {proof.claim for proof in group.proof}
    assert claims == {"same tool output", "same program"}
    assert told.stats.to_read <= group.lines / 2 and any(one.unproved_lines for one in told.groups)


def test_what_only_the_tool_explains_is_proved_to_be_its_output_and_no_more(project: Repository) -> None:
    made = formatted(project)  # it writes docstrings anew as well
    project.commit("formatted", dict(made))
    (group,) = [group for group in plan(project).groups if group.title.startswith("Run ruff format: ")]
    output, same = (
        {tuple(proof.atoms) for proof in group.proof if proof.claim == claim}
        for claim in ("same tool output", "same program")
    )
    assert output and same and output != same


def test_what_was_left_unformatted_is_a_missed_place(project: Repository) -> None:
    made = formatted(project)
    half = made["a.py"].replace(
        "def three(x):\n    return json.dumps(x) + os.sep\n", "def three(x):\n    return json.dumps( x )+os.sep\n"
    )
    assert half != made["a.py"]
    project.commit("half", {"a.py": half, "b.py": made["b.py"]})
    told = plan(project)
    missed = [one for group in told.groups for one in group.missed]
    assert [one.new for one in missed] == ["    return json.dumps(x) + os.sep\n"]


def test_a_project_without_settings_is_not_formatted(project: Repository) -> None:
    project.commit("none", {"pyproject.toml": "[tool.other]\n"})
    project.commit("touch", {"a.py": "x = 1\n"})
    workspace = Workspace.open(project.path)
    change, _, _ = workspace.bring_in(Revisions("HEAD~1", "HEAD"), "test")
    assert outputs(Checker(workspace, change.base), change) == ()


def test_a_tool_that_fails_or_hangs_has_no_say(project: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exosuit.verify.rerun.formatters.SECONDS", 0.01)
    project.commit("touch", {"a.py": "x = 1\n"})
    workspace = Workspace.open(project.path)
    change, _, _ = workspace.bring_in(Revisions("HEAD~1", "HEAD"), "test")
    assert outputs(Checker(workspace, change.base), change) == ()
