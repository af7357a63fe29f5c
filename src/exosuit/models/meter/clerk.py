"""The clerk: writes the ledger for all callers of a process; where several come at once, many entries a transaction.

A reservation is in the file before its call goes out, where it outlives the process, kill −9 too. The disk itself is
waited for a second later, once for all that was written meanwhile: a power cut can take that second with it, and no
call waits for a platter. Calls for which there is no room yet stand in line here: first come, first served among those
who wait for the same sum.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from exosuit.core.database import BUSY_SECONDS
from exosuit.core.errors import ExosuitError
from exosuit.models.meter.ledger import Blocked, CallLedger

POLL_SECONDS = 0.02
"""How often those in line look whether another process has given something back."""
FUNERAL_SECONDS = 0.5
"""How often they look whether one that holds something has died."""

SYNC_SECONDS = 1.0
"""How long an entry may be in the file before the disk is asked to hold it through a power cut."""

GIVEN_UP = ExosuitError("given-up", "whoever asked for it does not wait any more")

Work = Callable[[], ExosuitError | Blocked | None]


@dataclass
class Job:
    """One entry to write.

    `scopes` are the sums that a reservation counts in (endings have none), `until` the monotonic time up to which it
    waits; `given_up` is set by whoever does not want it any more.
    """

    work: Work
    scopes: frozenset[str] = frozenset()
    until: float = 0.0
    done: Future[None] = field(default_factory=Future)
    given_up: bool = False
    blocked: Blocked | None = None


Result = tuple[Job, Exception | Blocked | None]


class Clerk:
    """Writes what is submitted; `bury` marks the calls of the dead, inside a transaction too."""

    def __init__(self, ledger: CallLedger, bury: Callable[[], int]) -> None:
        self._ledger = ledger
        self._bury = bury
        self._pid = os.getpid()
        self._inbox: deque[Job] = deque()
        self._line: list[Job] = []
        self._bell = threading.Condition()
        self._desk = threading.Lock()
        self._closing = False
        self._seen = -1
        self._looked = 0.0
        self._unsynced = math.inf
        self._thread = threading.Thread(target=self._run, name="exosuit meter", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> Future[None]:
        """Have an entry written; the future is done once it is on the disk, or refused."""
        if os.getpid() != self._pid:
            raise ExosuitError("forked-meter", "a meter does not survive a fork", "open one in each process")
        if self._desk.acquire(blocking=False):
            try:
                if not self._inbox and not self._line and not self._closing and self._is_done_at_once(job):
                    return job.done
            finally:
                self._desk.release()
        with self._bell:
            if self._closing:
                raise ExosuitError("closed-meter", "the meter is closed", "open another one")
            self._inbox.append(job)
            self._bell.notify()
        return job.done

    def _is_done_at_once(self, job: Job) -> bool:
        """Write it in the caller's thread, if nobody else is writing and there is room: waking another takes longer.

        Nothing is waited for here: whoever has an event loop to run would stop with it.
        """
        database = self._ledger.database
        try:
            database.query("PRAGMA busy_timeout=0")
            try:
                with database.transaction():
                    outcome = job.work()
            finally:
                database.query(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        except ExosuitError as error:
            if error.code == "busy":
                return False
            outcome = error
        if isinstance(outcome, Blocked):
            return False
        if math.isinf(self._unsynced):
            self._unsynced = time.monotonic()
            with self._bell:
                self._bell.notify()
        if outcome is None:
            job.done.set_result(None)
        else:
            job.done.set_exception(outcome)
        return True

    def close(self) -> None:
        """Write what is there, refuse who still waits, and end."""
        with self._bell:
            self._closing = True
            self._bell.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._bell:
                if not self._inbox and not self._closing:
                    self._bell.wait(self._rest())
                fresh, closing = list(self._inbox), self._closing
                self._inbox.clear()
            with self._desk:
                self._round(fresh)
                self._sync()
            if closing:
                for job in self._line:
                    job.done.set_exception(ExosuitError("closed-meter", "the meter was closed", "open another one"))
                return

    def _rest(self) -> float | None:
        """Seconds until something is to be done though nobody rings; None if nothing is."""
        if self._line:
            return POLL_SECONDS
        return None if math.isinf(self._unsynced) else max(0.0, self._unsynced + SYNC_SECONDS - time.monotonic())

    def _sync(self) -> None:
        """Have the disk hold what is a second old (sqlite.org/pragma.html#pragma_wal_checkpoint)."""
        if time.monotonic() < self._unsynced + SYNC_SECONDS:
            return
        self._unsynced = math.inf
        with suppress(ExosuitError):  # a full disk: the entries are in the log that stands beside the file
            self._ledger.database.query("PRAGMA wal_checkpoint(PASSIVE)")

    def _round(self, fresh: list[Job]) -> None:
        """Write what came in, then look again at the line; whatever goes wrong, each who waits is told."""
        line, self._line = self._line, []
        try:
            results = self._write(line, fresh)
        except Exception as error:  # noqa: BLE001 - whoever waits for an entry gets the error
            results = [(job, error) for job in line + fresh]
        now = time.monotonic()
        for job, outcome in results:
            if isinstance(outcome, Blocked) and job.until > now and not job.given_up:
                self._line.append(job)
            elif outcome is None:
                job.done.set_result(None)
            else:
                job.done.set_exception(outcome.why if isinstance(outcome, Blocked) else outcome)

    def _write(self, line: list[Job], fresh: list[Job]) -> list[Result]:
        """One transaction; none if nothing is new for those in line."""
        now = time.monotonic()
        mourn = bool(line) and now - self._looked > FUNERAL_SECONDS
        self._looked = now if mourn else self._looked
        news = fresh or mourn or self._others_wrote()
        if not news and all(job.until > now and not job.given_up for job in line):
            return [(job, job.blocked) for job in line]
        self._unsynced = min(self._unsynced, now)
        with self._ledger.database.transaction():
            if mourn:
                self._bury()
            endings: list[Result] = [(job, job.work()) for job in fresh if not job.scopes]
            return endings + self._pass(line + [job for job in fresh if job.scopes])

    def _pass(self, waiting: list[Job]) -> list[Result]:
        """Try each in its turn; nobody overtakes one who waits for a sum that both count in."""
        results: list[Result] = []
        full: dict[str, Blocked] = {}
        for job in waiting:
            ahead = next((full[scope] for scope in job.scopes if scope in full), None)
            outcome = ahead or (GIVEN_UP if job.given_up else job.work())
            if isinstance(outcome, Blocked):
                job.blocked = full[outcome.scope] = outcome
            results.append((job, outcome))
        return results

    def _others_wrote(self) -> bool:
        before, self._seen = self._seen, self._ledger.version()
        return before != self._seen
