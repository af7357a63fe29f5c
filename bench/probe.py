"""How often a probe a day says falsely that a model has become worse, and how soon it says so truly: by simulation.

    python -m bench.probe [--trials N] [--each N]

Months of one probe a day of seven skills with so many questions each, after the probes from which the record is made.
False alarms are months in which anything is said though nothing changed, for models of many rates of right answers;
the baseline says that a model is worse where a day is two standard errors below the record.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
from collections.abc import Callable, Sequence

from exosuit.models.probe.drift import LEARNED, drift

RATES = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
MONTH = 30
MOST = 90
Says = Callable[[Sequence[tuple[int, int]]], bool]


def ours(probes: Sequence[tuple[int, int]]) -> bool:
    return drift(probes).is_worse


def naive(probes: Sequence[tuple[int, int]]) -> bool:
    """The last day is two standard errors below the first ones."""
    right, asked = (sum(column) for column in zip(*probes[:LEARNED], strict=True))
    record, (well, of) = right / asked, probes[-1]
    return bool(well / of < record - 2 * math.sqrt(max(record * (1 - record), 1e-9) / of))


def day(dice: random.Random, rate: float, asked: int) -> tuple[int, int]:
    return sum(dice.random() < rate for _ in range(asked)), asked


def first_alarm(says: Says, dice: random.Random, before: float, after: float, asked: int, days: int) -> int | None:
    """The day on which it is said, counted from 1; None if it is not."""
    probes = [day(dice, before, asked) for _ in range(LEARNED)]
    for number in range(1, days + 1):
        probes.append(day(dice, after, asked))
        if says(probes):
            return number
    return None


def worse(rate: float) -> float:
    """Odds a third as good."""
    odds = rate / (1 - rate) / 3
    return odds / (1 + odds)


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--trials", type=int, default=2000)
    options.add_argument("--each", type=int, default=4)
    told = options.parse_args()
    asked, dice, most = 7 * told.each, random.Random(1), 0.0
    print(f"{told.trials} months of {MONTH} probes of {asked} questions")
    for rate in RATES:
        shares = []
        for says in (ours, naive):
            alarms = sum(first_alarm(says, dice, rate, rate, asked, MONTH) is not None for _ in range(told.trials))
            shares.append(alarms / told.trials)
        delays = [first_alarm(ours, dice, rate, worse(rate), asked, MOST) or MOST for _ in range(told.trials // 10)]
        most = max(most, shares[0])
        print(f"  right {rate:4.0%}: false alarms {shares[0]:6.2%} (baseline {shares[1]:6.1%}); ", end="")
        print(f"at {worse(rate):4.0%} it is said after {statistics.median(delays):.0f} probes (95 %: ", end="")
        print(f"{statistics.quantiles(delays, n=20)[18]:.0f})", flush=True)
    if most > 0.01:
        print(f"error: {most:.2%} of months have a false alarm", file=sys.stderr)
    return 1 if most > 0.01 else 0


if __name__ == "__main__":
    sys.exit(main())
