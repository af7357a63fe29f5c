"""Edges learned from runs: where a closed subset is red though both ends are green, an edge is missing; it is found."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from exosuit.changes.decisions import Range
from exosuit.verify.increments.cdd import minimal
from exosuit.verify.increments.closure import Closure
from exosuit.verify.increments.model import Edge, Increment
from exosuit.verify.increments.order import condensed

Green = Callable[[list[Range]], bool | None]
"""Whether the checks pass with these atoms taken; None where that cannot be told (it is never used as evidence)."""


Focus = Callable[[list[Range]], Green]
"""For atoms that are red: a question that is quicker to ask and red there too, such as one test of many."""


class _SpentError(Exception):
    """No runs are left."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What runs have shown. `still_red` are sets (by their number of increments) that are red and unexplained."""

    edges: tuple[Edge, ...]
    increments: tuple[Increment, ...]
    runs: int
    still_red: tuple[int, ...]


class _Budget:
    """How many runs are allowed, and how many were made."""

    def __init__(self, allowed: int) -> None:
        self.allowed, self.spent = allowed, 0

    def take(self) -> None:
        if self.spent >= self.allowed:
            raise _SpentError
        self.spent += 1


class _Runs:
    """Runs of the checks, none twice for the same atoms, and no more than are allowed."""

    def __init__(self, green: Green, budget: _Budget) -> None:
        self._green, self._budget = green, budget
        self._known: dict[tuple[Range, ...], bool | None] = {}

    def result(self, atoms: list[Range]) -> bool | None:
        key = tuple(atoms)
        if key not in self._known:
            self._budget.take()
            self._known[key] = self._green(atoms)
        return self._known[key]

    def focused(self, focus: Focus | None, red: list[Range]) -> _Runs:
        """The same by a quicker question, if there is one that is red where it should be."""
        quicker = _Runs(focus(red), self._budget) if focus else self
        return quicker if quicker.result(red) is False else self


def learn(
    green: Green,
    atoms: int,
    edges: Sequence[Edge],
    runs: int = 200,
    prefixes: int | None = None,
    subsets: int = 0,
    focus: Focus | None = None,
) -> Learned:
    """Look at closed sets, and add an edge for each that is red, until all are green or `runs` are spent.

    `atoms` is how many the change has; `prefixes` of its order are looked at (evenly spread; all if None), and then
    `subsets` random closed sets. Nothing is learned unless both ends are green: a red end says that the checks fail for
    reasons of their own. What is missing is searched for with `focus`, where it is given.
    """
    budget = _Budget(runs)
    asked = _Runs(green, budget)
    found: list[Edge] = []
    order = condensed(atoms, edges)
    skipped: set[frozenset[int]] = set()
    try:
        if asked.result([]) is True and asked.result(Closure(order).atoms(range(len(order)))) is True:
            while (red := _first_red(asked, order, (prefixes, subsets), skipped)) is not None:
                closure = Closure(order)
                news = [e for e in _missing(asked.focused(focus, closure.atoms(red)), closure, red) if e not in found]
                if not news:
                    skipped.add(frozenset(order[at].atoms[0][0] for at in red))
                found += news
                order = condensed(atoms, [*edges, *found])
    except _SpentError:
        pass
    return Learned(tuple(found), order, budget.spent, tuple(sorted(len(one) for one in skipped)))


def _first_red(
    asked: _Runs, order: Sequence[Increment], wanted: tuple[int | None, int], skipped: set[frozenset[int]]
) -> list[int] | None:
    """The first of the sets looked at that is red and not skipped: prefixes, the shortest first, then subsets."""
    closure = Closure(order)
    for chosen in _looked_at(closure, *wanted):
        known = frozenset(order[at].atoms[0][0] for at in chosen) in skipped
        if not known and asked.result(closure.atoms(chosen)) is False:
            return chosen
    return None


def _looked_at(closure: Closure, prefixes: int | None, subsets: int) -> Iterator[list[int]]:
    """Prefixes of the order, then random closed sets: the same ones for the same order."""
    count = len(closure.increments)
    for length in _lengths(count, prefixes):
        yield list(range(length))
    dice = random.Random(count)  # noqa: S311 - drawn to be looked at, not to be secret
    for _ in range(subsets):
        chance = dice.random()
        yield sorted(closure.of(at for at in range(count) if dice.random() < chance))


def _lengths(count: int, prefixes: int | None) -> Iterable[int]:
    if prefixes is None or prefixes >= count - 1:
        return range(1, count)
    return sorted({1 + at * (count - 2) // max(1, prefixes - 1) for at in range(prefixes)})


def _missing(asked: _Runs, closure: Closure, red: list[int]) -> list[Edge]:
    """The edges that keep a red closed set from coming up again: from what breaks to the least that mends it.

    First the least part of the set that is red by itself; of it only the last in the order is held back, since the
    others may be fine without it. Then the least of all other increments that makes it green.
    """
    culprits = minimal(red, lambda part: asked.result(closure.atoms(closure.of(part))) is False)
    broken = closure.of(culprits)
    others = [at for at in range(len(closure.increments)) if at not in broken]
    remedy = minimal(others, lambda part: asked.result(closure.atoms(broken | closure.of(part))) is True)
    if not culprits:
        return []
    last = closure.increments[max(culprits)].atoms[0][0]
    return [Edge(last, closure.increments[at].atoms[0][0], "learned") for at in remedy]
