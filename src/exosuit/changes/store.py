"""Changes on disk: written once, never altered, loaded without unpacking what is not looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import partial

from exosuit.changes.atoms import FileChange, Kind
from exosuit.changes.change import Change, Provenance
from exosuit.changes.packing import PackedRuns, pack_numbers, pack_runs, unpack_numbers
from exosuit.core.database import Database, parsing
from exosuit.core.errors import ExosuitError

SCHEMA = """
CREATE TABLE IF NOT EXISTS changes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT UNIQUE NOT NULL, title TEXT NOT NULL, created TEXT NOT NULL, base TEXT NOT NULL, head TEXT NOT NULL,
  source TEXT NOT NULL, provenance TEXT NOT NULL,
  files INTEGER NOT NULL, atoms INTEGER NOT NULL, hunks INTEGER NOT NULL,
  added INTEGER NOT NULL, removed INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS changes_by_source ON changes(source, seq);
CREATE TABLE IF NOT EXISTS files (
  change TEXT NOT NULL, number INTEGER NOT NULL, path BLOB NOT NULL, old_path BLOB NOT NULL,
  meta TEXT NOT NULL, runs BLOB NOT NULL, hunks BLOB NOT NULL,
  PRIMARY KEY (change, number)
) WITHOUT ROWID;
"""


class Store:
    """The changes of one workspace."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def save(self, change: Change) -> bool:
        """Write a change; False when it is there already."""
        with self.database.transaction():
            if self.database.query("SELECT 1 FROM changes WHERE id = ?", (change.id,)):
                return False
            self.database.execute(
                "INSERT INTO changes(id, title, created, base, head, source, provenance,"
                " files, atoms, hunks, added, removed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    change.id,
                    change.title,
                    change.created,
                    change.base,
                    change.head,
                    change.provenance.key,
                    json.dumps(asdict(change.provenance)),
                    len(change.files),
                    change.atoms,
                    change.hunks,
                    change.added,
                    change.removed,
                ),
            )
            self.database.execute_many(
                "INSERT INTO files(change, number, path, old_path, meta, runs, hunks) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [_row(change.id, file) for file in change.files],
            )
        return True

    def load(self, name: str) -> Change:
        """A change by its full id; raises `no-such-change`."""
        found = self.database.query(
            "SELECT id, title, created, base, head, provenance, files, atoms FROM changes WHERE id = ?", (name,)
        )
        if not found:
            raise no_such_change(name)
        files = self.database.query(
            "SELECT number, path, old_path, meta, runs, hunks FROM files WHERE change = ? ORDER BY number", (name,)
        )
        full, title, created, base, head, provenance, count, atoms = found[0]
        reading = partial(parsing, self.database.path)
        with reading():
            origin = Provenance(**json.loads(provenance))
            change = Change(full, title, created, base, head, origin, tuple(_file(row, reading) for row in files))
            if (len(change.files), change.atoms) != (count, atoms):
                raise ValueError(f"change {full} has {count} files, {len(change.files)} are there")
        return change

    def find(self, name: str) -> str:
        """The full id for an id, a clear beginning of one (4 letters at least), or `last`; raises `no-such-change`."""
        if name == "last":
            rows = self.database.query("SELECT id FROM changes ORDER BY seq DESC LIMIT 1")
        elif len(name) >= 4 and name.isalnum():
            rows = self.database.query("SELECT id FROM changes WHERE substr(id, 1, ?) = ? LIMIT 2", (len(name), name))
        else:
            rows = []
        if len(rows) != 1:
            raise no_such_change(name)
        return str(rows[0][0])

    def ids(self) -> list[str]:
        """All changes, newest first."""
        return [str(row[0]) for row in self.database.query("SELECT id FROM changes ORDER BY seq DESC")]

    def latest_of(self, source: str, other_than: str) -> str | None:
        """The newest other change from the same source."""
        rows = self.database.query(
            "SELECT id FROM changes WHERE source = ? AND id != ? ORDER BY seq DESC LIMIT 1", (source, other_than)
        )
        return str(rows[0][0]) if rows else None

    def summary(self, name: str) -> tuple[str, str, str, str, int, int, int, int, int]:
        """(id, title, source label, created, files, atoms, hunks, added, removed) without loading the files."""
        row = self.database.query(
            "SELECT id, title, provenance, created, files, atoms, hunks, added, removed FROM changes WHERE id = ?",
            (name,),
        )[0]
        with parsing(self.database.path):
            return (row[0], row[1], json.loads(row[2])["source"], *row[3:])


def no_such_change(name: str) -> ExosuitError:
    """The error for an id that names no change, or more than one."""
    return ExosuitError(
        "no-such-change", f"there is no change {name!r} here", "exosuit change list shows what there is"
    )


def _row(change: str, file: FileChange) -> tuple[object, ...]:
    meta = [
        file.status,
        file.content,
        file.old_mode,
        file.new_mode,
        file.old_blob,
        file.new_blob,
        list(file.opaque),
        file.atoms,
        file.added,
        file.removed,
    ]
    return (
        change,
        file.number,
        file.path,
        file.old_path,
        json.dumps(meta),
        pack_runs(file.runs),
        pack_numbers(file.hunks),
    )


def _file(row: tuple[object, ...], reading: Callable[[], AbstractContextManager[None]]) -> FileChange:
    number, path, old_path, meta, runs, hunks = row
    status, content, old_mode, new_mode, old_blob, new_blob, opaque, atoms, added, removed = json.loads(str(meta))
    assert isinstance(number, int) and isinstance(path, bytes) and isinstance(old_path, bytes)
    assert isinstance(runs, bytes) and isinstance(hunks, bytes)
    return FileChange(
        number=number,
        path=path,
        old_path=old_path,
        status=status,
        content=Kind(content) if content else None,
        old_mode=old_mode,
        new_mode=new_mode,
        old_blob=old_blob,
        new_blob=new_blob,
        opaque=tuple(Kind(kind) for kind in opaque),
        runs=PackedRuns(runs, reading),
        hunks=unpack_numbers(hunks),
        atoms=atoms,
        added=added,
        removed=removed,
    )
