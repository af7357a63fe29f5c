"""What a test runs, told by a real run of it, and how near the atoms of a change are to that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from exosuit.changes.sources import Revisions
from exosuit.changes.workspace import Workspace
from exosuit.verify.checks.checker import Checker
from exosuit.verify.checks.trace import Trace, told_trace
from exosuit.verify.nearness import BESIDE, FAR, RUN, nearness
from exosuit.verify.plan.reading import Reading
from tests.repository import Repository

MODULE = """
LIMIT = {0}

def used(x):
    return inner(x) + {0}

def inner(x):
    def never():
        return {0}
    return x + {0}

def unused():
    return {0}

class Kept:
    size = {0}
    @property
    def read(self):
        return open("data.txt").read() + "{0}"
"""
OTHER = "def far():\n    return {0}\n"
TEST = "from pack import module\n\ndef test_it():\n    assert module.used(1)\n    assert module.Kept().read\n"


@pytest.fixture
def project(workspace: Repository) -> Repository:
    workspace.equip()
    workspace.write({".gitignore": ".venv\n__pycache__\n"})
    for number in (1, 2):
        files = {"pack/__init__.py": "", "pack/module.py": MODULE.format(number), "pack/other.py": OTHER.format(number)}
        more = {"tests/test_it.py": TEST, "data.txt": f"{number}\n", "notes.txt": f"{number}\n"}
        workspace.commit(str(number), {**files, **more})
    return workspace


def test_a_run_tells_the_functions_it_enters_and_the_files_it_opens(project: Repository) -> None:
    workspace = Workspace.open(project.path)
    change, _, _ = workspace.bring_in(Revisions("HEAD~1", "HEAD"), "test")
    checker = Checker(workspace, change.base)
    check = next(check for check in checker.checks(change.head) if check.name == "pytest")
    test = checker.narrowed(check, ["tests/test_it.py::test_it"])
    base, head = (checker.traced(tree, test) for tree in (change.base, change.head))
    assert base == head
    module = {line for path, line in head.functions if path == "pack/module.py"}
    assert module == {4, 7, 17} and {"pack/module.py", "data.txt"} <= head.files
    assert {"pack/other.py", "notes.txt"}.isdisjoint(head.files)
    reading = Reading(change, workspace.shadow.blob)
    near = nearness(reading, base, head)
    told: dict[str, list[int]] = {}
    for file in reading.files:
        told[file.file.path.decode()] = [near[file.first + atom] for atom in range(file.file.atoms)]
    assert told == {
        "data.txt": [RUN],
        "notes.txt": [FAR],
        "pack/module.py": [BESIDE, RUN, BESIDE, RUN, BESIDE, BESIDE, RUN],
        "pack/other.py": [FAR],
    }


def test_the_plugin_stands_alone_and_leaves_the_suite_as_it_is(tmp_path: Path) -> None:
    injected = Path(sys.modules["exosuit.verify.checks"].__path__[0]) / "injected"
    (tmp_path / "test_it.py").write_text("def f():\n    return 1\n\ndef test_it():\n    assert f()\n")
    (tmp_path / "out").mkdir()
    env = {"PYTHONPATH": str(injected), "EXOSUIT_OUT": str(tmp_path / "out"), "EXOSUIT_TREE": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "exosuit_trace", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    told = told_trace({path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()})
    assert {("test_it.py", 1), ("test_it.py", 4)} <= told.functions


def test_what_is_not_in_the_form_of_a_trace_is_left_out() -> None:
    files = {"trace-1.json": b"[", "trace-2.json": b'{"functions": 3}', "other": b'{"functions": [["a", 1]]}'}
    assert told_trace(files) == Trace()
    assert told_trace({"trace-3.json": b'{"functions": [["a", 1]], "files": ["b"]}'}) == Trace(
        frozenset({("a", 1)}), frozenset({"b"})
    )
