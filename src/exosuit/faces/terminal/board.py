"""Where each atom of a change stands: the states that the commands send, made quick to ask."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from exosuit.commands.review_models import Runs

UNDECIDED, ACCEPTED, REJECTED, EDITED = range(4)
MIXED = 4
"""Of several atoms: all decided, and not all alike."""

Tally = tuple[int, int, int, int]
"""How many atoms are undecided, accepted, rejected, edited."""


@dataclass(frozen=True)
class Standing:
    """The states of one file's atoms, which are numbered from 1."""

    runs: tuple[tuple[int, int], ...]

    @cached_property
    def ends(self) -> list[int]:
        return list(accumulate(count for count, _ in self.runs))

    @cached_property
    def tally(self) -> Tally:
        sums = [0, 0, 0, 0]
        for count, state in self.runs:
            sums[state] += count
        return sums[0], sums[1], sums[2], sums[3]

    def of(self, atom: int) -> int:
        """The state of an atom; undecided if there is none of that number."""
        at = bisect_left(self.ends, atom)
        return self.runs[at][1] if at < len(self.runs) else UNDECIDED

    def of_range(self, first: int, last: int) -> int:
        """The state of atoms `first` to `last`: undecided if any of them is, MIXED if they differ otherwise."""
        low, high = bisect_left(self.ends, first), bisect_left(self.ends, last)
        found = {state for _, state in self.runs[low : high + 1]}
        return summed(found)

    def next_undecided(self, after: int = 0) -> int:
        """The first undecided atom behind `after`; 0 if there is none."""
        for i in range(bisect_left(self.ends, after + 1), len(self.runs)):
            count, state = self.runs[i]
            if state == UNDECIDED:
                return max(after + 1, self.ends[i] - count + 1)
        return 0

    @property
    def state(self) -> int:
        """The state of the file as a whole."""
        return summed({state for state, count in enumerate(self.tally) if count})


def summed(found: set[int]) -> int:
    """Several states as one."""
    if UNDECIDED in found or not found:
        return UNDECIDED
    return found.pop() if len(found) == 1 else MIXED


@dataclass(frozen=True)
class Board:
    """The standing of every file, in order; files are numbered from 1."""

    files: tuple[Standing, ...]

    @classmethod
    def of(cls, states: Sequence[Runs]) -> Board:
        return cls(tuple(Standing(tuple(runs)) for runs in states))

    @cached_property
    def tally(self) -> Tally:
        sums = [sum(counts) for counts in zip(*(file.tally for file in self.files), strict=True)] or [0, 0, 0, 0]
        return sums[0], sums[1], sums[2], sums[3]

    def updated(self, news: Mapping[int, Runs]) -> Board:
        """The board with some files as they are now."""
        if not news:
            return self
        files = list(self.files)
        for number, runs in news.items():
            files[number - 1] = Standing(tuple(runs))
        return Board(tuple(files))

    def next_undecided(self, file: int, after: int) -> tuple[int, int] | None:
        """(file, atom) of the first undecided atom behind atom `after` of `file`, from the start again at the end."""
        if not self.tally[UNDECIDED]:
            return None
        order = [*range(file, len(self.files) + 1), *range(1, file + 1)]
        for place, number in enumerate(order):
            atom = self.files[number - 1].next_undecided(after if place == 0 else 0)
            if atom:
                return number, atom
        return None
