"""What an outcome in the sandbox says of a check: pure, from exit codes, tests and the words of known tools."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from exosuit.verify.checks.check import Check, Result, SingleTest
from exosuit.verify.sandbox.job import Outcome

TESTS = "tests.jsonl"
SHOWN = 4000
_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
_NO_NETWORK = re.compile(
    r"Temporary failure in name resolution|Name or service not known|Network is unreachable"
    r"|getaddrinfo (?:EAI_AGAIN|ENOTFOUND)"
)
_SUMMARY = re.compile(r"^Found \d|\b(?:errors?|fail(?:ed|ures?)|FAILED|FAIL|Error)\b")
_HITS = {
    "time": "it ran longer than its timeout of {timeout:.0f} s",
    "cpu": "it used more processor time than it may",
    "memory": "it used more memory than it may",
    "processes": "it started more processes than it may",
    "output": "it printed more than it may",
    "disk": "it wrote more than it may",
    "stopped": "it was stopped",
}


def judged(check: Check, outcome: Outcome, is_here: Callable[[str], bool]) -> Result:
    """The result of one run. `is_here` tells whether the snapshot itself has a top-level module of that name."""
    tests = told_tests(outcome.files)
    output = outcome.output.decode("utf-8", "replace")
    shown = output[-SHOWN:]
    if outcome.hit:
        why = _HITS[outcome.hit].format(timeout=check.timeout)
        return Result("cannot-tell", why, outcome.seconds, tests, output=shown)
    if outcome.code == 0:
        return Result("pass", _passed(tests), outcome.seconds, tests, output=shown)
    for name in _NO_MODULE.findall(output):
        if not is_here(name.partition(".")[0]):
            why = f"the snapshot needs the module {name}, which is not installed in the workspace's environment"
            return Result("cannot-tell", why, outcome.seconds, tests, output=shown)
    if outcome.code in {126, 127}:
        return Result(
            "cannot-tell", f"its command could not be run: {_last_line(output)}", outcome.seconds, tests, output=shown
        )
    if outcome.code == 5 and not tests and check.name == "pytest":
        return Result("cannot-tell", "no tests were found", outcome.seconds, tests, output=shown)
    if not check.network and not any(test.failed for test in tests) and _NO_NETWORK.search(output):
        why = "it reached for the network, which it is not allowed: network = true in exosuit.toml allows it"
        return Result("cannot-tell", why, outcome.seconds, tests, output=shown)
    return Result("fail", _failed(tests, outcome, output), outcome.seconds, tests, output=shown)


def settled(first: Result, again: Result) -> Result:
    """What two runs of a failing check say together: only what failed both times counts; what differed is flaky."""
    if again.verdict == "cannot-tell":
        return first
    failed = first.failing
    if not failed:
        if again.verdict == first.verdict:
            return first
        why = "it failed and then passed on the same snapshot: flaky"
        return Result("cannot-tell", why, first.seconds, first.tests, ("*",), first.output)
    later = {test.id: test for test in again.tests}
    differed = [name for name in failed if name in later and not later[name].failed]
    if not differed:
        return first
    flaky = (*first.flaky, *differed)
    steady = [name for name in failed if name not in differed]
    if steady:
        why = f"{_count(len(steady), 'test')} failed every time; {len(flaky)} failed and then passed"
        return Result("fail", why, first.seconds, first.tests, flaky, first.output)
    why = f"{_count(len(flaky), 'test')} failed and then passed on the same snapshot: flaky"
    return Result("cannot-tell", why, first.seconds, first.tests, flaky, first.output)


def told_tests(files: Mapping[str, bytes]) -> tuple[SingleTest, ...]:
    """The tests that the plugin told of; what is not in its form is left out: the check itself may have written it."""
    found: dict[str, SingleTest] = {}
    for line in files.get(TESTS, b"").splitlines():
        try:
            name, outcome, seconds = json.loads(line)
        except (ValueError, TypeError):
            continue
        if isinstance(name, str) and isinstance(outcome, str) and isinstance(seconds, int | float):
            found[name] = SingleTest(name, outcome, float(seconds))
    return tuple(found.values())


def _passed(tests: tuple[SingleTest, ...]) -> str:
    return f"{_count(sum(test.outcome == 'passed' for test in tests), 'test')} passed" if tests else "it exited with 0"


def _failed(tests: tuple[SingleTest, ...], outcome: Outcome, output: str) -> str:
    failed = sum(test.failed for test in tests)
    if failed:
        return f"{failed} of {_count(len(tests), 'test')} failed"
    ended = f"signal {-outcome.code}" if outcome.code < 0 else f"exit code {outcome.code}"
    return f"{ended}: {_last_line(output)}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _last_line(output: str) -> str:
    """The last line that sounds like a summary, else the last one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["it printed nothing"]
    return next((line for line in reversed(lines) if _SUMMARY.search(line)), lines[-1])[:200]
