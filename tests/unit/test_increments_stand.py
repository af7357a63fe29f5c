"""Increments put to the test by the workspace's own checks, for real: what they teach is kept and heeded."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.verify.checks.check import Check, Result, SingleTest
from exosuit.verify.standing import Demand, is_met
from tests.repository import Repository

TEST = """
from pack import pages, told

def test_told_is_understood(): assert pages.understood(told.told(["a", "b"])) == ["a", "b"]
def test_counted(): assert told.count() == 2
"""
PAGES = "def understood(text): return text.split({0!r})\n"
TOLD = "def told(words): return {0!r}.join(words)\n\n\ndef count():\n    return {1}\n"


@pytest.fixture
def project(workspace: Repository) -> Repository:
    """Two modules that agree on a sign that neither names; the change gives them another, and adds to a function."""
    workspace.equip()
    files: dict[str, str | bytes | None] = {
        ".gitignore": ".venv\n__pycache__\n",
        "pack/__init__.py": "",
        "tests/test_it.py": TEST,
    }
    workspace.commit("old", files | {"pack/pages.py": PAGES.format(";"), "pack/told.py": TOLD.format(";", "1 + 1")})
    workspace.commit("new", {"pack/pages.py": PAGES.format(","), "pack/told.py": TOLD.format(",", "2")})
    call(workspace, "change.import", revisions="HEAD~1..HEAD")
    return workspace


def call(project: Repository, name: str, **fields: Any) -> Any:
    return load().dispatch(name, Session(project.path), fields)


def test_what_the_text_does_not_tell_is_learned_from_the_tests_and_heeded_by_the_plan(project: Repository) -> None:
    assert [one.after for one in call(project, "change.plan", change="last").increments] == [[], [], []]
    stood = call(project, "check.increments", change="last")
    assert (stood.checks, stood.tests, stood.spent, stood.still_red) == (["pytest"], 2, False, 0)
    places = {"pack/pages.py:understood", "pack/told.py:told"}
    assert {(one.place, one.needs) for one in stood.learned} == {(a, b) for a in places for b in places if a != b}
    increments = call(project, "change.plan", change="last").increments
    assert [one.atoms for one in increments] == [["1", "2.1"], ["2.2"]]
    again = call(project, "check.increments", change="last")
    assert again.learned == [] and again.runs <= stood.runs


def test_a_test_that_passes_on_both_ends_of_the_code_in_either_form_is_not_tied_to_it(project: Repository) -> None:
    old = "from pack import told\n\ndef test_loose(): assert told.count() {0}\n"
    old += "def test_close(): assert told.count() == {1}\n"
    project.commit("tests", {"tests/test_more.py": old.format("> 0", 2)})
    counted = TOLD.format(",", "2").replace("return 2", "return {0}")
    project.commit(
        "changed",
        {
            "tests/test_more.py": old.format(">= 1", 4),
            "pack/told.py": counted.format("2 + 2"),
            "tests/test_it.py": TEST.replace("== 2", "> 1"),
        },
    )
    change = call(project, "change.import", revisions="HEAD~1..HEAD").change
    code, others, loose, close = "1", "2", "3.1", "3.2"
    assert [one.atoms for one in call(project, "change.plan", change=change).increments] == [[code, others, "3"]]
    assert call(project, "check.increments", change=change, prefixes=1, subsets=0).learned == []
    freed = {*map(tuple, (one.atoms for one in call(project, "change.plan", change=change).increments))}
    assert freed == {(others,), (loose,), (code, close)}


def test_where_nothing_passes_on_both_ends_nothing_is_said(project: Repository) -> None:
    project.commit("broken", {"pack/pages.py": "def understood(text): return 1\n", "pack/told.py": "\n"})
    call(project, "change.import", revisions="HEAD~1..HEAD")
    with pytest.raises(ExosuitError, match="no check passes on both ends") as raised:
        call(project, "check.increments", change="last")
    assert raised.value.code == "nothing-passes"


def test_a_check_that_is_not_there_is_said(project: Repository) -> None:
    with pytest.raises(UsageError, match="no check typos"):
        call(project, "check.increments", change="last", only=["typos"])


def test_it_is_stopped_like_any_run_of_checks_and_keeps_nothing_that_was_not_seen(project: Repository) -> None:
    slow = f"import time\n{TEST}\ndef test_slow(): time.sleep(1)\n"
    project.commit("slow", {"tests/test_it.py": slow})
    project.commit("more", {"pack/told.py": TOLD.format(",", "1 + 1"), "pack/pages.py": PAGES.format(",") + "\n"})
    call(project, "change.import", revisions="HEAD~1..HEAD")
    found: list[Any] = []

    def ask() -> None:
        try:
            found.append(call(project, "check.increments", change="last", runs=200))
        except ExosuitError as error:
            found.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not call(project, "check.stop").stopped:
        thread.join(0.05)
    thread.join()
    assert isinstance(found[0], ExosuitError) or found[0].learned == []
    assert not list(Path(str(project.path)).rglob("lessons.json"))


def test_what_is_flaky_or_could_not_be_run_is_no_evidence() -> None:
    demand = Demand(Check("pytest", ("pytest",)), frozenset({"a", "b"}))

    def result(verdict: Any, passed: str, flaky: str = "") -> Result:
        return Result(verdict, "", tests=tuple(SingleTest(name, "passed", 0) for name in passed), flaky=tuple(flaky))

    assert is_met(demand, result("pass", "ab")) is True
    assert is_met(demand, result("fail", "abc")) is True
    assert is_met(demand, result("fail", "a")) is False
    assert is_met(demand, result("pass", "a")) is False
    assert is_met(demand, result("cannot-tell", "a", "b")) is True
    assert is_met(demand, result("cannot-tell", "")) is None
    whole = Demand(Check("lint", ("lint",)), frozenset())
    assert [is_met(whole, result(verdict, "")) for verdict in ("pass", "fail", "cannot-tell")] == [True, False, None]
