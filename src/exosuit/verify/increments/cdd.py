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
"""The chance that an element of a short list is needed, before anything is known."""
EXPECTED = 2
"""How many elements of a long one are."""


def minimal(items: Sequence[T], does: Callable[[list[T]], bool], far: Callable[[T], int] | None = None) -> list[T]:
    """A part of `items`, in their order, that still `does`, and of which no single one can be left out.

    `does(items)` must hold; it is asked of lists in the same order, and never twice of the same part within a round.
    `far` tells how unlikely an element is to be needed: the least likely are left out all at once, if that may be.
    """
    kept = _nearest(list(items), does, far) if far else list(items)
    counter, first = 0, min(FIRST, EXPECTED / max(1, len(kept)))
    while True:
        size = min(part_size(counter, first), max(1, len(kept)))
        before = len(kept)
        kept = _without_parts(kept, size, does)
        if size == 1 and len(kept) == before:
            return kept
        counter += 1


def _nearest(items: list[T], does: Callable[[list[T]], bool], far: Callable[[T], int]) -> list[T]:
    """The elements up to the least distance that suffices."""
    for limit in sorted({far(item) for item in items})[:-1]:
        near = [item for item in items if far(item) <= limit]
        if does(near):
            return near
    return items


def part_size(counter: int, first: float = FIRST) -> int:
    """How many elements to leave out at once in a round; `first` is the chance that one is needed before the first."""
    chance = first / (1 - 1 / math.e) ** counter
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
