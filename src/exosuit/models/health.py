"""What is known of a supply: how fast it has been, whether it may be asked, and when it was last well."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from exosuit.models.breaker import Breaker
from exosuit.models.limits import Limits

KEPT = 200
ENOUGH = 20
"""Answers after which times are learned rather than taken from the configuration."""
MOST_HEDGED = 0.055
BURST = 2
APART = 1.5


@dataclass
class Health:
    """One supply's, in this process; times in seconds."""

    breaker: Breaker = field(default_factory=Breaker)
    limits: Limits = field(default_factory=Limits)
    first: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    """Times to the first event."""
    gaps: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    """The longest silence of each answer."""
    calls: int = 0
    answers: int = 0
    hedges: int = 0

    def answered(self, first: float, gap: float) -> None:
        """A whole answer came: `first` to its first event, `gap` its longest silence after that."""
        self.answers += 1
        self.first.append(first)
        self.gaps.append(gap)

    def patience(self, configured: float) -> float:
        """How long it may be silent: what is configured, or its own p99 where that is known and longer."""
        if len(self.first) < ENOUGH:
            return configured
        return max(configured, percentile(self.first, 0.99), percentile(self.gaps, 0.99))

    def outrun(self, seconds: float) -> None:
        """Another was faster: it would have taken `seconds` or more. Left out, the slow would be missing here."""
        self.first.append(seconds)

    def slow(self) -> float | None:
        """How long to wait for the first event before another is asked beside; None until enough is known.

        The p95, or one and a half times the median where that is sooner: if one in twenty is slow, the p95 is one of
        the slow itself. Some 6 % of its calls are hedged at most: were all slow, asking twice would only make it worse
        (Dean and Barroso, "The Tail at Scale", 2013).
        """
        if len(self.first) < ENOUGH or self.hedges >= BURST + self.calls * MOST_HEDGED:
            return None
        return min(percentile(self.first, 0.95), APART * percentile(self.first, 0.5))

    def typical(self) -> float | None:
        """Its p50 to the first event; None if it has never answered."""
        return percentile(self.first, 0.5) if self.first else None


def percentile(values: Sequence[float] | deque[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
