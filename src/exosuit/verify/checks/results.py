"""Results kept by (tree, check, environment): the same question is not run twice."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from exosuit.core.database import Database
from exosuit.verify.checks.check import Result, SingleTest

_SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    tree TEXT NOT NULL, "check" TEXT NOT NULL, environment TEXT NOT NULL, result TEXT NOT NULL,
    PRIMARY KEY (tree, "check", environment)
) WITHOUT ROWID;
"""


class Results:
    """The results of one workspace, in a file of their own: losing it loses time and nothing else."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _SCHEMA)

    def get(self, tree: str, check: str, environment: str) -> Result | None:
        """What is known, marked as cached."""
        rows = self._database.query(
            'SELECT result FROM results WHERE tree = ? AND "check" = ? AND environment = ?', (tree, check, environment)
        )
        if not rows:
            return None
        told = json.loads(rows[0][0])
        tests = tuple(SingleTest(*row) for row in told.pop("tests"))
        return replace(Result(**told | {"tests": tests, "flaky": tuple(told["flaky"])}), cached=True)

    def put(self, tree: str, check: str, environment: str, result: Result) -> None:
        """Keep a result; a newer one of the same question takes its place."""
        told = asdict(result) | {"tests": [[test.id, test.outcome, test.seconds] for test in result.tests]}
        self._database.execute(
            "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", (tree, check, environment, json.dumps(told))
        )

    def last_seconds(self, check: str) -> float | None:
        """How long a check took at most on any snapshot: what time left is told by."""
        told = [json.loads(row[0])["seconds"] for row in self._database.query(
            'SELECT result FROM results WHERE "check" = ? LIMIT 50', (check,)
        )]  # fmt: skip
        return max(told, default=None)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
