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

    def slow(self) -> float | None:
        """Its p95 to the first event; None until enough is known."""
        return percentile(self.first, 0.95) if len(self.first) >= ENOUGH else None

    def typical(self) -> float | None:
        """Its p50 to the first event; None if it has never answered."""
        return percentile(self.first, 0.5) if self.first else None


def percentile(values: Sequence[float] | deque[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
