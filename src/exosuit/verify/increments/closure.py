"""Closed sets of increments: what comes along, in numbers of the order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exosuit.changes.decisions import Range, merged
from exosuit.verify.increments.model import Increment


class Closure:
    """The partial order of some increments; they are named by their place in it, from 0."""

    def __init__(self, increments: Sequence[Increment]) -> None:
        self.increments = increments
        place = {increment.id: at for at, increment in enumerate(increments)}
        self._needs = [[place[name] for name in increment.after] for increment in increments]
        self._needed: list[list[int]] = [[] for _ in increments]
        for at, others in enumerate(self._needs):
            for other in others:
                self._needed[other].append(at)

    def of(self, chosen: Iterable[int]) -> frozenset[int]:
        """The chosen with all that must come with them: what to accept."""
        return _reached(chosen, self._needs)

    def above(self, chosen: Iterable[int]) -> frozenset[int]:
        """The chosen with all that cannot be there without them: what to reject."""
        return _reached(chosen, self._needed)

    def atoms(self, chosen: Iterable[int]) -> list[Range]:
        """The atoms of some increments."""
        return merged(part for at in chosen for part in self.increments[at].atoms)


def _reached(chosen: Iterable[int], needs: list[list[int]]) -> frozenset[int]:
    found = set(chosen)
    waiting = list(found)
    while waiting:
        for other in needs[waiting.pop()]:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return frozenset(found)
