"""A progress bar on a terminal, for whatever takes longer than a second; nothing anywhere else."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

PATIENCE = 1.0
"""Seconds before anything is drawn."""
BETWEEN = 0.1
"""Seconds between two drawings."""
WIDTH = 24


class Bar:
    """Call it as a `Progress`; use it as a context, so that its line is gone before the answer is printed."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._live = self._stream.isatty()
        self._began = time.monotonic()
        self._drawn = 0.0
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()

    def __call__(self, done: int, total: int, what: str) -> None:
        """Draw that `done` of `total` is done (total 0: unknown), at most ten times a second."""
        now = time.monotonic()
        if not self._live or now - self._began < PATIENCE or now - self._drawn < BETWEEN:
            return
        self._drawn, self._shown = now, True
        self._stream.write("\r\x1b[2K" + line(done, total, what, now - self._began))
        self._stream.flush()


def line(done: int, total: int, what: str, seconds: float) -> str:
    """The bar in words: `reading files  [######------]  50 %  0:03 left`."""
    label = "".join(c if c.isprintable() else "?" for c in what)[:32]
    if total <= 0:
        return f"{label}  {done}  {clock(seconds)}"
    share = min(max(done / total, 0.0), 1.0)
    filled = round(share * WIDTH)
    left = f"{clock(seconds * (1 - share) / share)} left" if share > 0 else ""
    return f"{label}  [{'#' * filled}{'-' * (WIDTH - filled)}] {share * 100:3.0f} %  {left}"


def clock(seconds: float) -> str:
    """Minutes and seconds: `1:05`."""
    whole = int(seconds + 0.5)
    return f"{whole // 60}:{whole % 60:02d}"
