"""The ledger: the append-only record of what was decided, applied and undone. Nothing in it is ever changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from exosuit.core.database import Database, parsing

SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  data TEXT NOT NULL,
  key TEXT UNIQUE
);
CREATE INDEX IF NOT EXISTS events_by_subject ON events(subject, seq);
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the ledger: `seq` orders all, `subject` is what it is about (a change id), `data` is JSON."""

    seq: int
    at: str
    subject: str
    kind: str
    actor: str
    data: dict[str, Any]


class Ledger:
    """Events of one workspace, in a database that processes share."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def append(self, subject: str, kind: str, actor: str, data: dict[str, Any], *, key: str | None = None) -> int:
        """Write one event and return its seq. The same `key` is written once only; its first seq comes back."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self.database.transaction():
            if key is not None and (found := self.has(key)):
                return found
            return self.database.execute(
                "INSERT INTO events(at, subject, kind, actor, data, key) VALUES (?, ?, ?, ?, ?, ?)",
                (at, subject, kind, actor, json.dumps(data, separators=(",", ":")), key),
            )

    def has(self, key: str) -> int | None:
        """The seq of the event with a key, if it is written."""
        found = self.database.query("SELECT seq FROM events WHERE key = ?", (key,))
        return int(found[0][0]) if found else None

    def events(self, subject: str, after: int = 0) -> list[Event]:
        """The events of one subject, oldest first, from beyond seq `after`."""
        rows = self.database.query(
            "SELECT seq, at, subject, kind, actor, data FROM events WHERE subject = ? AND seq > ? ORDER BY seq",
            (subject, after),
        )
        with parsing(self.database.path):
            return [Event(seq, at, about, kind, actor, _data(told)) for seq, at, about, kind, actor, told in rows]

    def newest(self, subject: str | None = None) -> int:
        """The seq of the newest event (of a subject); 0 if there is none."""
        rows = self.database.query(
            "SELECT coalesce(max(seq), 0) FROM events WHERE ?1 IS NULL OR subject = ?1", (subject,)
        )
        return int(rows[0][0])

    def subjects(self, after: int) -> list[tuple[str, int]]:
        """Subjects with news beyond seq `after`, with their newest seq: what a watcher sends on."""
        rows = self.database.query("SELECT subject, max(seq) FROM events WHERE seq > ? GROUP BY subject", (after,))
        return [(str(subject), int(seq)) for subject, seq in rows]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Read and append as one step that no other process can come between."""
        with self.database.transaction():
            yield


def _data(told: str) -> dict[str, Any]:
    data = json.loads(told)
    if not isinstance(data, dict):
        raise TypeError("an event that is no object")
    return data
