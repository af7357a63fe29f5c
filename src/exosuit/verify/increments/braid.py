"""Both sides of a file as one sequence of lines, and the intervals of it that no subset may split.

The *braid* is the order in which `materialize` puts lines: lines that both sides have, with the removed and the added
ones between them; two lines that are paired share a place. Any subset of atoms is a subsequence of the braid, so what
must stay together in the result (a statement, say) is an interval of it, and all atoms inside the interval are taken
together.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from exosuit.changes.atoms import FileChange


class Interval(NamedTuple):
    """Places of the braid, both ends included."""

    first: int
    last: int

    def hull(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        return Interval(min(self.first, other.first), max(self.last, other.last))

    def meets(self, other: Interval) -> bool:
        """Whether they share a place."""
        return self.first <= other.last and other.first <= self.last


class Braid:
    """Places of the lines of both sides, and of the text atoms (numbered within the file)."""

    def __init__(self, file: FileChange, base_lines: int, head_lines: int) -> None:
        self.first_atom = len(file.opaque)
        self.base: list[int] = []
        self.head: list[int] = []
        self._atoms: list[int] = []
        place = 0
        for run in file.runs:
            place = self._shared(place, run.base_at - len(self.base))
            for span in run.spans():
                self._atoms.append(place)
                self.base += [place] * span.base_n
                self.head += [place] * span.head_n
                place += 1
        place = self._shared(place, base_lines - len(self.base))
        if len(self.head) != head_lines:
            raise ValueError("the runs do not lead from the base to the head")
        self.whole = Interval(0, max(0, place - 1))

    def _shared(self, place: int, count: int) -> int:
        """Lines that both sides have."""
        self.base += range(place, place + count)
        self.head += range(place, place + count)
        return place + count

    def of_base(self, first: int, last: int) -> Interval:
        """The places of base lines `first` to `last`, both included."""
        return Interval(self.base[first], self.base[last])

    def of_head(self, first: int, last: int) -> Interval:
        return Interval(self.head[first], self.head[last])

    def atoms(self, where: Interval) -> range:
        """The atoms inside an interval."""
        low, high = bisect_left(self._atoms, where.first), bisect_right(self._atoms, where.last)
        return range(self.first_atom + low, self.first_atom + high)


def separate(intervals: Iterable[tuple[Interval, int, int]]) -> list[tuple[Interval, list[int], list[int]]]:
    """Intervals (with side 0 or 1, and a number) joined where they meet: hull, numbers of side 0, of side 1."""
    found: list[tuple[Interval, list[int], list[int]]] = []
    for where, side, number in sorted(intervals):
        if found and found[-1][0].meets(where):
            hull, olds, news = found.pop()
            hull = hull.hull(where)
        else:
            hull, olds, news = where, [], []
        (news if side else olds).append(number)
        found.append((hull, olds, news))
    return found
