"""Counter-based delta debugging: a minimal part of a list that still does something.

Instead of a probability for each element (ProbDD, Wang et al. 2021) a counter of rounds decides how large the next
parts to leave out are, since those probabilities are all but equal (Zhang et al., *Toward a Better Understanding of
Probabilistic Delta Debugging*, 2025): after each round the size shrinks by the factor 1 − 1/e.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

FIRST = 0.1
"""The chance that an element is needed, before anything is known."""


def minimal(items: Sequence[T], does: Callable[[list[T]], bool]) -> list[T]:
    """A part of `items`, in their order, that still `does`, and of which no single one can be left out.

    `does(items)` must hold; it is asked of lists in the same order, and never twice of the same part within a round.
    """
    kept = list(items)
    counter = 0
    while True:
        size = min(part_size(counter), max(1, len(kept)))
        before = len(kept)
        kept = _without_parts(kept, size, does)
        if size == 1 and len(kept) == before:
            return kept
        counter += 1


def part_size(counter: int) -> int:
    """How many elements to leave out at once in a round."""
    chance = FIRST / (1 - 1 / math.e) ** counter
    return 1 if chance >= 1 else max(1, round(-1 / math.log(1 - chance)))


def _without_parts(kept: list[T], size: int, does: Callable[[list[T]], bool]) -> list[T]:
    """One round: each part in turn is left out for good if it is not needed. The last come first."""
    end = len(kept)
    while end > 0:
        start = max(0, end - size)
        rest = kept[:start] + kept[end:]
        if does(rest):
            kept = rest
        end = start
    return kept
