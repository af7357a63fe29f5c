"""Whether parts of a change stand on their own: what passes on both of its ends, run on the tree of a part."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from exosuit.changes.change import Change
from exosuit.changes.decisions import ACCEPTED, Range
from exosuit.changes.materialize import materialize
from exosuit.core.errors import ExosuitError
from exosuit.verify.checks.check import Check, Result
from exosuit.verify.checks.checker import Checker
from exosuit.verify.increments.learn import Question
from exosuit.verify.increments.model import Edge
from exosuit.verify.increments.refuted import refuted, test_files
from exosuit.verify.nearness import nearness
from exosuit.verify.plan.reading import Reading


@dataclass(frozen=True)
class Demand:
    """A check, and what of it must go on passing: these tests, or where it tells no tests, the whole of it."""

    check: Check
    tests: frozenset[str]


@dataclass
class Standing:
    """Runs the demands of a change on trees of parts of it. `tell` is called before each run of a check."""

    checker: Checker
    change: Change
    demands: tuple[Demand, ...]
    stop: threading.Event = field(default_factory=threading.Event)
    tell: Callable[[], None] = lambda: None

    @property
    def tests(self) -> int:
        """How many tests must go on passing."""
        return sum(len(demand.tests) for demand in self.demands)

    def green(self, atoms: Iterable[Range]) -> bool | None:
        """Whether every demand is met with these atoms taken; None where that cannot be told."""
        if self.stop.is_set():
            return None
        tree = self._tree(atoms)
        known: list[bool | None] = []
        for demand in self.demands:
            self.tell()
            known.append(is_met(demand, self.checker.check(tree, demand.check, self.stop)))
            if known[-1] is False:
                return False
        return True if all(known) else None

    def refuted(self, reading: Reading, edges: Sequence[Edge]) -> list[Edge]:
        """The ties between tests and code that do not hold, by one run of the head's tests and one of the base's."""
        tests = test_files(reading)
        if not tests or not any(edge.kind == "test" for edge in edges):
            return []
        rest = [(end, first) for (_, end), (first, _) in pairwise([(0, 0), *tests, (self.change.atoms, 0)])]
        return refuted(reading, edges, self._passed(tests), self._passed(rest))

    def _passed(self, atoms: Iterable[Range]) -> dict[str, bool]:
        """Every test that ran with these atoms taken, and whether it passed for sure."""
        found: dict[str, bool] = {}
        tree = self._tree(atoms)
        for demand in self.demands:
            self.tell()
            result = self.checker.check(tree, demand.check, self.stop)
            passed = _passed(result)
            for test in result.tests:
                found[test.id] = found.get(test.id, True) and test.id in passed
        return found

    def _tree(self, atoms: Iterable[Range]) -> str:
        states = bytearray(self.change.atoms)
        for first, end in atoms:
            states[first:end] = bytes([ACCEPTED]) * (end - first)
        return materialize(self.change, states, [], self.checker.workspace.shadow)

    def focused(self, red: list[Range]) -> Question:
        """The question of what fails with these atoms taken: one test by itself, or a check that tells no tests.

        Far from a test is what it does not run on either end of the change.
        """
        tree = self._tree(red)
        for demand in self.demands:
            result = self.checker.check(tree, demand.check, self.stop)
            if is_met(demand, result) is False:
                narrowed = self._narrowed(demand, result)
                return Question(replace(self, demands=(narrowed,)).green, self._far(narrowed.check))
        return Question(self.green)

    def _far(self, check: Check) -> bytes:
        traces = []
        for tree in (self.change.base, self.change.head):
            self.tell()
            traces.append(self.checker.traced(tree, check, self.stop))
        return nearness(Reading(self.change, self.checker.workspace.shadow.blob), traces[0], traces[1])

    def _narrowed(self, demand: Demand, result: Result) -> Demand:
        lost = sorted(demand.tests - _passed(result) - set(result.flaky))[:1]
        return Demand(self.checker.narrowed(demand.check, lost), frozenset(lost)) if lost else demand


def is_met(demand: Demand, result: Result) -> bool | None:
    """Whether a result meets a demand; what is flaky says nothing, and neither does a run that could not be judged."""
    if not demand.tests:
        return {"pass": True, "fail": False}.get(result.verdict)
    passed = {test.id for test in result.tests if test.outcome == "passed"}
    if demand.tests <= passed | set(result.flaky):
        return True
    return None if result.verdict == "cannot-tell" else False


def demanded(
    checker: Checker, change: Change, checks: Iterable[Check], stop: threading.Event
) -> tuple[tuple[Demand, ...], tuple[str, ...]]:
    """What passes on both ends of a change, and in words why other checks are left out.

    Raises `nothing-passes` where nothing does: then nothing can be said of what lies between.
    """
    found, left_out = [], []
    for check in checks:
        ends = [checker.check(tree, check, stop) for tree in (change.base, change.head)]
        tests = frozenset.intersection(*(_passed(end) for end in ends))
        if tests or all(end.verdict == "pass" and not end.tests for end in ends):
            found.append(Demand(check, tests))
        else:
            left_out.append(f"{check.name}: {next(end.why for end in ends if end.verdict != 'pass' or end.tests)}")
    if not found:
        why = "; ".join(left_out) or "no checks were found"
        raise ExosuitError(
            "nothing-passes", f"no check passes on both ends of change {change.id} ({why})", "exosuit check CHANGE"
        )
    return tuple(found), tuple(left_out)


def _passed(result: Result) -> frozenset[str]:
    return frozenset(test.id for test in result.tests if test.outcome == "passed") - frozenset(result.flaky)
