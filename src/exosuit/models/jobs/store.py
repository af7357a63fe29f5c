"""The file of jobs: each is in one state, and goes from one to the next in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Literal

from exosuit.core.database import Database

State = Literal["waiting", "running", "done", "failed", "cancelled", "unknown"]
"""`unknown`: it was on its way when its process died, and was not to be asked twice."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  key TEXT UNIQUE,
  route TEXT NOT NULL,
  app TEXT NOT NULL,
  run TEXT NOT NULL,
  change TEXT NOT NULL,
  messages BLOB NOT NULL,
  settings TEXT NOT NULL,
  repeat INTEGER NOT NULL,
  state TEXT NOT NULL,
  owner TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  after INTEGER NOT NULL DEFAULT 0,
  unwanted INTEGER NOT NULL DEFAULT 0,
  answer BLOB,
  error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs(state, after, seq);
CREATE INDEX IF NOT EXISTS jobs_by_owner ON jobs(owner) WHERE state = 'running';
"""
MOST_ATTEMPTS = 5
"""Times that a job is asked before it is given up; one that kills its process would do so for ever."""
KEPT_DYING = '{"code": "job-died", "message": "its process died each time", "hint": "", "retryable": false}'


@dataclass(frozen=True, slots=True)
class Row:
    """A job as it is written; `messages` and `answer` are JSON, `after` is in milliseconds since 1970."""

    id: str
    key: str | None
    route: str
    app: str
    run: str
    change: str
    messages: bytes
    settings: str
    repeat: bool
    state: State
    attempts: int
    after: int
    unwanted: bool
    answer: bytes | None
    error: str


COLUMNS = ", ".join(field.name for field in fields(Row))


class Store:
    """The rows of one file, which processes share."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, row: Row) -> str:
        """Write a job down; where there is one with its key, that one's id comes back."""
        with self.database.transaction():
            if row.key is not None and (found := self.database.query("SELECT id FROM jobs WHERE key = ?", (row.key,))):
                return str(found[0][0])
            self.database.execute(
                f"INSERT INTO jobs({COLUMNS}) VALUES ({', '.join('?' * len(fields(Row)))})",  # noqa: S608 - ours
                tuple(getattr(row, field.name) for field in fields(Row)),
            )
        return row.id

    def get(self, name: str) -> Row | None:
        """A job by its id."""
        rows = self._rows("WHERE id = ?", name)
        return rows[0] if rows else None

    def counts(self) -> dict[str, int]:
        """How many there are in each state that occurs."""
        return dict(self.database.query("SELECT state, count(*) FROM jobs GROUP BY state ORDER BY state"))

    def claim(self, owner: str, most: int, now: int) -> list[Row]:
        """Take up to so many that wait, oldest first; they are the owner's until they end."""
        with self.database.transaction():
            rows = self._rows("WHERE state = 'waiting' AND after <= ? ORDER BY seq LIMIT ?", now, most)
            for row in rows:
                self.database.execute(
                    "UPDATE jobs SET state = 'running', owner = ?, attempts = attempts + 1 WHERE id = ?",
                    (owner, row.id),
                )
        return rows

    def end(self, name: str, owner: str, state: State, answer: bytes | None = None, error: str = "") -> bool:
        """How a job ended, or that it is over without an end; false if it is not the owner's any more."""
        return self._leave(name, owner, state, 0, answer, error)

    def again(self, name: str, owner: str, after: int, error: str = "") -> bool:
        """Let it wait until `after`; `error` is why."""
        return self._leave(name, owner, "waiting", after, None, error)

    def cancel(self, name: str) -> bool:
        """It is not wanted any more: at once if it waits, else its worker is told; false if it has ended."""
        with self.database.transaction():
            row = self.get(name)
            if row is None or row.state not in ("waiting", "running"):
                return False
            change = "state = 'cancelled'" if row.state == "waiting" else "unwanted = 1"
            self.database.execute(f"UPDATE jobs SET {change} WHERE id = ?", (name,))  # noqa: S608 - one of two
        return True

    def unwanted(self, owner: str) -> list[str]:
        """The owner's jobs that somebody cancelled."""
        found = self.database.query(
            "SELECT id FROM jobs WHERE owner = ? AND state = 'running' AND unwanted = 1", (owner,)
        )
        return [str(name) for (name,) in found]

    def forget(self, name: str) -> bool:
        """Take a job that has ended out of the file; false if it has not, or is not there."""
        with self.database.transaction():
            row = self.get(name)
            if row is None or row.state in ("waiting", "running"):
                return False
            self.database.execute("DELETE FROM jobs WHERE id = ?", (name,))
        return True

    def bury(self, is_dead: Callable[[str], bool]) -> None:
        """What the dead were at waits again, unless it is not to be asked twice or has been too often."""
        found = self.database.query("SELECT DISTINCT owner FROM jobs WHERE state = 'running'")
        dead = [owner for (owner,) in found if is_dead(owner)]
        for owner in dead:
            self.database.execute(
                "UPDATE jobs SET owner = '', after = 0,"
                " error = CASE WHEN repeat AND attempts >= ? THEN ? ELSE error END,"
                " state = CASE WHEN unwanted THEN 'cancelled' WHEN NOT repeat THEN 'unknown'"
                " WHEN attempts >= ? THEN 'failed' ELSE 'waiting' END"
                " WHERE owner = ? AND state = 'running'",
                (MOST_ATTEMPTS, KEPT_DYING, MOST_ATTEMPTS, owner),
            )

    def _leave(self, name: str, owner: str, state: State, after: int, answer: bytes | None, error: str) -> bool:
        with self.database.transaction():
            self.database.execute(
                "UPDATE jobs SET state = ?, after = ?, answer = ?, error = ?, owner = ''"
                " WHERE id = ? AND owner = ? AND state = 'running'",
                (state, after, answer, error, name, owner),
            )
            return bool(self.database.query("SELECT changes()")[0][0])

    def _rows(self, where: str, *values: object) -> list[Row]:
        found = self.database.query(f"SELECT {COLUMNS} FROM jobs {where}", values)  # noqa: S608 - ours
        return [Row(*row) for row in found]
