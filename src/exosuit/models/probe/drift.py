"""Whether a supply has become worse than its own record, looked at after each probe without crying wolf.

A cumulative sum of log likelihood ratios (Page, "Continuous Inspection Schemes", 1954) of what is right, day by day:
what the record says against odds half as good. The record is that of the first probes, held cautiously, since
it is an estimate itself. The threshold is from the simulation in bench/probe: over all rates of right answers
at most 1 % of months with a probe a day have a false alarm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEARNED = 10
"""Probes from which the record is made before anything is watched."""
WORSE = 0.5
"""How much worse the odds of a right answer are that is looked for."""
CAUTION = 1.0
"""Standard errors that the record is held below what was seen."""
THRESHOLD = 8.0


@dataclass(frozen=True, slots=True)
class Drift:
    """`record` is the share that was right, `sum` stands for how much speaks for worse, from 0 to the threshold."""

    record: float | None
    sum: float
    is_worse: bool


def drift(probes: Sequence[tuple[int, int]]) -> Drift:
    """After all probes so far, oldest first, each as (right, asked); it stays worse until it has recovered."""
    if len(probes) < LEARNED:
        return Drift(None, 0.0, is_worse=False)
    right, asked = (sum(column) for column in zip(*probes[:LEARNED], strict=True))
    record = (right + 0.5) / (asked + 1)
    held = min(0.995, max(0.05, record - CAUTION * math.sqrt(record * (1 - record) / asked)))
    odds = WORSE * held / (1 - held)
    worse = odds / (1 + odds)
    gain, loss = math.log(worse / held), math.log((1 - worse) / (1 - held))
    total = 0.0
    for well, of in probes[LEARNED:]:
        total = min(2 * THRESHOLD, max(0.0, total + well * gain + (of - well) * loss))
    return Drift(record, total, is_worse=total >= THRESHOLD)
