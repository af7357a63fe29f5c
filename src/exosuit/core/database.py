"""One SQLite file per workspace, shared by processes: WAL, full durability, bounded waits, errors with hints."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import weakref
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from exosuit.core.errors import ExosuitError

BUSY_SECONDS = 60.0


class Database:
    """A connection that threads may share; every statement takes the lock, `transaction` holds it.

    `synchronous=FULL` with WAL: what `transaction` returned from survives a power cut (sqlite.org/wal.html).
    Raises `damaged-store`, `disk-full`, `read-only` or `busy` instead of SQLite's own errors.
    """

    def __init__(self, path: Path, schema: str, lock: threading.RLock | None = None) -> None:
        """`lock` is for an owner that has one: taken in two orders, two locks would wait for each other."""
        self.path = path
        self._lock = lock or threading.RLock()
        self._depth = 0
        with self._translated():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
            )
            # Dropped without being closed, it is closed all the same; at the end of the process there is no need.
            weakref.finalize(self, self._connection.close).atexit = False
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.executescript(schema)
            path.chmod(0o600)

    def query(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a read."""
        with self._lock, self._translated():
            return self._connection.execute(sql, values).fetchall()

    def execute(self, sql: str, values: tuple[Any, ...] = ()) -> int:
        """One write; returns the id of the row it inserted, or -1 where it inserted none."""
        with self._lock, self._translated():
            cursor = self._connection.execute(sql, values)
            return int(cursor.lastrowid or 0) if cursor.rowcount else -1

    def execute_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        """The same write for each row."""
        with self._lock, self._translated():
            self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, alone among writers of every process; nests (the outermost commits)."""
        with self._lock:
            if not self._depth:
                with self._translated():
                    self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    with self._translated():
                        self._connection.execute("COMMIT")
            except BaseException:  # a commit that failed on a full disk leaves the transaction open
                if self._depth == 1 and self._connection.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            raise _kind(error, self.path) from error


def _kind(error: sqlite3.DatabaseError | OSError, path: Path) -> ExosuitError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return ExosuitError("busy", f"another process holds {path} ({text})", "try again in a moment", retryable=True)
    if "full" in text:
        return ExosuitError(
            "disk-full", f"no space left to write {path}", "free some space, then repeat; nothing was changed"
        )
    if "readonly" in text or "unable to open" in text or isinstance(error, OSError):
        return ExosuitError(
            "read-only", f"cannot write {path} ({text})", "check the folder's permissions, or set EXOSUIT_STATE"
        )
    return damaged(path, text)


@contextmanager
def parsing(path: Path) -> Iterator[None]:
    """Around the parsing of what a store gave: what cannot be parsed was damaged, since we wrote it ourselves."""
    try:
        yield
    except (ValueError, TypeError, KeyError, zlib.error) as error:
        raise damaged(path, error) from error


def damaged(path: Path, why: object) -> ExosuitError:
    """The error for a store that does not hold what was written into it."""
    return ExosuitError(
        "damaged-store",
        f"{path} cannot be read as a store ({why})",
        f"move {path.parent} away to start afresh; your working tree is not affected",
    )
