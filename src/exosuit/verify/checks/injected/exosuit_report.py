# mypy: allow-untyped-defs, allow-untyped-calls
"""Tells Exosuit how each test went: a plugin for pytest 6 or newer on Python 3.9 or newer, loaded into the user's run.

Writes one line of JSON a test into the folder that EXOSUIT_OUT names: [node id, outcome, seconds]. Depends on nothing,
changes nothing, and does nothing in the workers of pytest-xdist, whose reports arrive at the controller.
"""

from __future__ import annotations

import json
import os

_RANK = {"passed": 0, "xpassed": 1, "skipped": 2, "xfailed": 2, "failed": 3, "error": 4}


class Reporter:
    """Gathers the phases of each test and writes the test when its last one is over."""

    def __init__(self, path):
        self._path = path
        self._open = {}

    def pytest_runtest_logreport(self, report):
        outcome, seconds = self._open.get(report.nodeid, ("passed", 0.0))
        told = _outcome(report)
        if _RANK[told] > _RANK[outcome]:
            outcome = told
        self._open[report.nodeid] = (outcome, seconds + report.duration)
        if report.when == "teardown":
            self._write(report.nodeid, *self._open.pop(report.nodeid))

    def pytest_collectreport(self, report):
        if report.failed:
            self._write(report.nodeid, "error", 0.0)

    def pytest_sessionfinish(self):
        for nodeid, (outcome, seconds) in self._open.items():
            self._write(nodeid, outcome, seconds)

    def _write(self, nodeid, outcome, seconds):
        with open(self._path, "a", encoding="ascii") as file:
            file.write(json.dumps([nodeid, outcome, round(seconds, 4)]) + "\n")


def _outcome(report):
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    if report.failed:
        return "failed" if report.when == "call" else "error"
    return report.outcome


def pytest_configure(config):
    """Start reporting, where there is somebody to report to."""
    folder = os.environ.get("EXOSUIT_OUT")
    if folder and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Reporter(os.path.join(folder, "tests.jsonl")), "exosuit-report")
