"""Coefficients from cases: a conditional logit in each change, by Newton's steps, without a library.

Of each change it is asked in which line the defect is: the chance of a line is exp(Σ coefficient · feature of its
piece) over the sum of that for all lines (McFadden 1974), so that nothing between changes is learnt. Of the pieces
without the defect at most `OTHERS` are drawn, and count for the ones left out.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from bench.order_pieces import Item

OTHERS = 60
RIDGE = 60.0
"""How strongly coefficients, per standard deviation of their feature, are held to 0."""
STEPS = 12

Row = list[float]


@dataclass(frozen=True)
class Asked:
    """One change: features of its pieces, those with the defect first (`hits` of them), and log of what they weigh."""

    rows: list[Row]
    hits: int
    weights: list[float]


def asked(items: Sequence[Item], names: Sequence[str], seed: str) -> Asked:
    """A change as a question; the same for the same seed."""
    hits = [item for item in items if item.first]
    others = [item for item in items if not item.first]
    drawn = random.Random(seed).sample(others, min(OTHERS, len(others)))
    left_out = log(len(others) / len(drawn)) if drawn else 0.0
    rows = [[item.features.get(name, 0.0) for name in names] for item in (*hits, *drawn)]
    weights = [log(max(1, item.lines)) for item in hits] + [log(max(1, item.lines)) + left_out for item in drawn]
    return Asked(rows, len(hits), weights)


def fitted(questions: Sequence[Asked], names: Sequence[str], ridge: float = RIDGE) -> dict[str, float]:
    """The coefficients that make the defects' lines likeliest, less a penalty on large ones."""
    scale = _scales(questions, len(names))
    scaled = [
        Asked([[a / b for a, b in zip(row, scale, strict=True)] for row in one.rows], one.hits, one.weights)
        for one in questions
    ]
    found = [0.0] * len(names)
    for _ in range(STEPS):
        slope, bend = _slopes(scaled, found, ridge)
        step = _solved(bend, slope)
        largest = max(map(abs, step))
        found = [a + b * min(1.0, 1 / largest) for a, b in zip(found, step, strict=True)]
        if largest < 1e-3:
            break
    return {name: value / unit for name, value, unit in zip(names, found, scale, strict=True)}


def _scales(questions: Sequence[Asked], count: int) -> Row:
    rows = [row for one in questions for row in one.rows]
    found = []
    for at in range(count):
        mean = sum(row[at] for row in rows) / len(rows)
        found.append((sum((row[at] - mean) ** 2 for row in rows) / len(rows)) ** 0.5 + 1e-9)
    return found


def _slopes(questions: Sequence[Asked], now: Row, ridge: float) -> tuple[Row, list[Row]]:
    """Gradient and (negated) Hessian of the penalised likelihood."""
    count = len(now)
    slope = [-ridge * value for value in now]
    bend = [[ridge * (a == b) for b in range(count)] for a in range(count)]
    for one in questions:
        scores = [_dot(row, now) + weight for row, weight in zip(one.rows, one.weights, strict=True)]
        top = max(scores)
        chances = [exp(score - top) for score in scores]
        total = sum(chances)
        chances = [chance / total for chance in chances]
        columns = list(zip(*one.rows, strict=True))
        mean = [_dot(column, chances) for column in columns]
        for at, column in enumerate(columns):
            slope[at] += sum(column[: one.hits]) / one.hits - mean[at]
            weighed = [a * b for a, b in zip(column, chances, strict=True)]
            bent = bend[at]
            for other in range(at + 1):
                bent[other] += _dot(weighed, columns[other]) - mean[at] * mean[other]
    for at in range(count):
        for other in range(at):
            bend[other][at] = bend[at][other]
    return slope, bend


def _dot(some: Sequence[float], others: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(some, others, strict=True))


def _solved(matrix: list[Row], right: Row) -> Row:
    """Gauss's elimination with pivots."""
    count = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at in range(count):
        pivot = max(range(at, count), key=lambda row: abs(rows[row][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for row in range(at + 1, count):
            factor = rows[row][at] / rows[at][at]
            if factor:
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[at], strict=True)]
    found = [0.0] * count
    for at in reversed(range(count)):
        found[at] = (rows[at][count] - _dot(rows[at][at + 1 : count], found[at + 1 :])) / rows[at][at]
    return found
