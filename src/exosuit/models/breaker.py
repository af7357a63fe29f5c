"""A circuit breaker for each supply: what fails is left alone, and tried with one call before it is trusted again.

The idea is Michael Nygard's ("Release It!", 2007): closed, open, half open.
"""

from __future__ import annotations

from dataclasses import dataclass

TROUBLES = 3
"""Failures in a row that open it."""
COOL = 5.0
"""Seconds that it stays open the first time; each probe that fails doubles them."""
LONGEST = 300.0
LASTING_COOL = 60.0
"""Seconds for what does not mend by itself: a wrong key, a model that is not there."""


@dataclass
class Breaker:
    """Times are of a monotonic clock, in seconds, given by the caller; not for several threads."""

    troubles: int = 0
    open_until: float = 0.0
    cool: float = COOL
    is_open: bool = False
    probing: bool = False

    def allows(self, now: float) -> bool:
        """Whether the supply may be asked now; half open, one call at a time may."""
        return not self.is_open or (now >= self.open_until and not self.probing)

    def begin(self) -> None:
        """A call starts; while the breaker is not closed it is the probe."""
        self.probing = self.is_open

    def succeed(self) -> None:
        """A whole answer: closed, and all is forgotten."""
        self.troubles, self.cool, self.is_open, self.probing = 0, COOL, False, False

    def fail(self, now: float, *, lasting: bool = False) -> None:
        """A failure of the supply."""
        self.troubles += 1
        if self.is_open:
            self.cool = min(LONGEST, self.cool * 2)
        elif lasting:
            self.cool = LASTING_COOL
        if self.is_open or lasting or self.troubles >= TROUBLES:
            self.is_open, self.open_until = True, now + self.cool
        self.probing = False

    def release(self) -> None:
        """A call ended that says nothing about the supply: it was cancelled, or the request was at fault."""
        self.probing = False

    def seconds_left(self, now: float) -> float:
        """Until a probe may be sent; 0 if it is closed."""
        return max(0.0, self.open_until - now) if self.is_open else 0.0
