"""What runs now in this process, as others may see and stop it, with the time left; and what it could not tell."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path

from exosuit.commands.session import Session
from exosuit.core.progress import current, to_the_end
from exosuit.verify.checks.check import Result

TICK_SECONDS = 0.2


@dataclass
class Running:
    """Runs of checks on their way: `left` holds what each of them is expected to take, in seconds."""

    root: Path
    what: str
    left: list[float]
    check: str = ""
    done: int = 0
    began: float = field(default_factory=time.monotonic)
    stop: threading.Event = field(default_factory=threading.Event)

    def begin(self, check: str, done: int) -> None:
        """The run of this number starts now."""
        self.check, self.done, self.began = check, min(done, len(self.left)), time.monotonic()

    @property
    def seconds_left(self) -> float:
        """What the runs to come are expected to take, and of the one on its way what it has not used up yet."""
        now = max(0.0, self.left[self.done] - (time.monotonic() - self.began)) if self.done < len(self.left) else 0.0
        return now + sum(self.left[self.done + 1 :])


_running: list[Running] = []
_untold: dict[tuple[Path, str, str], Result] = {}
MOST_UNTOLD = 200


def untold(root: Path, tree: str, check: str) -> Result | None:
    """How a check went on a tree of a workspace when it was last run here, if that could not be told."""
    return _untold.get((root, tree, check))


def remember(root: Path, tree: str, check: str, result: Result) -> None:
    """Keep what the cache of results does not: a verdict that says nothing of the tree, only of the run."""
    _untold.pop((root, tree, check), None)
    if result.verdict == "cannot-tell":
        _untold[root, tree, check] = result
        if len(_untold) > MOST_UNTOLD:
            del _untold[next(iter(_untold))]


def running_on(root: Path) -> list[Running]:
    """What this process runs on a workspace."""
    return [one for one in _running if one.root == root]


@contextmanager
def shown(session: Session, running: Running) -> Iterator[Running]:
    """Tell progress in hundredths of seconds while the block runs, and let others see the run and stop it.

    It stops, too, when nobody waits for its answer, unless a page asked: that may be loaded again, and go on watching.
    """
    over = threading.Event()
    total = sum(running.left)
    watch = None if session.actor == "gui" else current()

    def tell() -> None:
        while not over.wait(TICK_SECONDS):
            done = int((total - running.seconds_left) * 100)
            session.progress(done, int(total * 100), running.check)
            if watch is not None and watch.is_cancelled:
                running.stop.set()

    with to_the_end():
        ticker = threading.Thread(target=copy_context().run, args=(tell,), daemon=True, name="check progress")
        _running.append(running)
        ticker.start()
        try:
            yield running
        finally:
            over.set()
            ticker.join()
            _running.remove(running)
