"""How far a command is, and whether it shall stop: one `Watch` for each call, told and asked from any depth.

A face begins a watch around a command (`watched`), reads how far it is or is told so, and cancels it when nobody waits
for the answer any more. Whatever works for long calls `tell` or `stop_if_asked` between two steps; outside of a
watch both do nothing. The watch is a context variable, so it follows a call into the thread that runs it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from exosuit.core.errors import ExosuitError

Progress = Callable[[int, int, str], None]
"""Called with (done, total, what); total 0 means unknown."""

TICK_SECONDS = 0.1
"""How long something that blocks may go without asking whether it shall stop."""


class CancelledError(ExosuitError):
    """Nobody waits for the answer any more."""

    def __init__(self) -> None:
        hint = "nothing was changed; call it again to have it done"
        super().__init__("cancelled", "it was stopped before it was done", hint, retryable=True)


class Watch:
    """One command on its way. `latest` is what it told last: (done, total, what); `began` is by the monotonic clock."""

    def __init__(self, told: Progress | None = None) -> None:
        self.began = time.monotonic()
        self.latest: tuple[int, int, str] | None = None
        self._told = told
        self._stop = threading.Event()

    def cancel(self) -> None:
        """Ask it to stop: it does at its next step."""
        self._stop.set()

    @property
    def is_cancelled(self) -> bool:
        return self._stop.is_set()

    def tell(self, done: int, total: int, what: str) -> None:
        """Keep how far it is, and pass it on."""
        self.latest = (done, total, what)
        if self._told is not None:
            self._told(done, total, what)


_current: ContextVar[Watch | None] = ContextVar("watch", default=None)
_going_through: ContextVar[bool] = ContextVar("going_through", default=False)


def current() -> Watch | None:
    """The watch of the call that goes on."""
    return _current.get()


@contextmanager
def watched(watch: Watch) -> Iterator[Watch]:
    """Within the block, what is told is told to this watch, and it can stop what goes on."""
    before = _current.set(watch)
    try:
        yield watch
    finally:
        _current.reset(before)


def tell(done: int, total: int, what: str) -> None:
    """Say how far the command is; raises CancelledError where it shall stop."""
    watch = _current.get()
    if watch is not None:
        stop_if_asked()
        watch.tell(done, total, what)


def stop_if_asked() -> None:
    """Raise CancelledError where the command shall stop."""
    watch = _current.get()
    if watch is not None and watch.is_cancelled and not _going_through.get():
        raise CancelledError


@contextmanager
def to_the_end() -> Iterator[None]:
    """Within the block nothing stops the command: what has begun to take effect is brought to its end."""
    before = _going_through.set(True)
    try:
        yield
    finally:
        _going_through.reset(before)


def wait_for(event: threading.Event, seconds: float | None = None) -> bool:
    """Wait for an event, for ever without `seconds`, unless the command shall stop; whether it is set."""
    until = None if seconds is None else time.monotonic() + seconds
    while not event.is_set():
        stop_if_asked()
        left = TICK_SECONDS if until is None else min(TICK_SECONDS, until - time.monotonic())
        if left <= 0:
            return False
        event.wait(left)
    return True
