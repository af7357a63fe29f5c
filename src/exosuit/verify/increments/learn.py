"""Edges learned from runs: where a closed subset is red though both ends are green, an edge is missing; it is found."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from exosuit.changes.decisions import Range
from exosuit.verify.increments.cdd import minimal
from exosuit.verify.increments.closure import Closure
from exosuit.verify.increments.model import Edge, Increment
from exosuit.verify.increments.order import condensed

Green = Callable[[list[Range]], bool | None]
"""Whether the checks pass with these atoms taken; None where that cannot be told (it is never used as evidence)."""


@dataclass(frozen=True, slots=True)
class Question:
    """One that is quicker to ask, such as one test of many; `far` tells how little each atom has to do with it."""

    green: Green
    far: Sequence[int] = ()


Focus = Callable[[list[Range]], Question]
"""For atoms that are red: a question that is red there too."""


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

    def __init__(
        self, green: Green, budget: _Budget, known: Mapping[tuple[Range, ...], bool | None] | None = None
    ) -> None:
        self._green, self._budget = green, budget
        self._known = dict(known or {})

    def result(self, atoms: list[Range]) -> bool | None:
        key = tuple(atoms)
        if key not in self._known:
            self._budget.take()
            self._known[key] = self._green(atoms)
        return self._known[key]

    def focused(self, focus: Focus | None, red: list[Range]) -> tuple[_Runs, Sequence[int]]:
        """The same by a quicker question, if there is one that is red where it should be; and what is far from it."""
        if focus is None:
            return self, ()
        question = focus(red)
        # What all passes on is passed on by a part of it: the two ends are not asked again.
        known = {atoms: True for atoms, told in self._known.items() if told}
        quicker = _Runs(question.green, self._budget, known)
        return (quicker, question.far) if quicker.result(red) is False else (self, ())


def learn(
    green: Green,
    atoms: int,
    edges: Sequence[Edge],
    runs: int = 200,
    prefixes: int | None = None,
    subsets: int = 0,
    focus: Focus | None = None,
) -> Learned:
    """Look at closed sets, and add an edge for each that is red, until they are green or `runs` are spent.

    `atoms` is how many the change has; `prefixes` of its order are looked at (evenly spread; all if None), and then
    random closed sets, until `subsets` of them in a row teach nothing. Nothing is learned unless both ends are green: a
    red end says that the checks fail for reasons of their own. What is missing is searched for with `focus`, if given.
    """
    search = _Search(green, atoms, edges, runs, focus)
    try:
        if search.is_green([]) and search.is_green(range(len(search.order))):
            search.prefixes(prefixes)
            search.subsets(subsets)
    except _SpentError:
        pass
    return Learned(tuple(search.found), search.order, search.budget.spent, tuple(sorted(search.still_red.values())))


class _Search:
    """The order as it is known so far, and the edges that were found; sets are numbers of increments in the order."""

    def __init__(
        self, green: Green, atoms: int, edges: Sequence[Edge], runs: int, focus: Focus | None
    ) -> None:  # fmt: skip
        self.budget = _Budget(runs)
        self.order = condensed(atoms, edges)
        self.found: list[Edge] = []
        self.still_red: dict[tuple[Range, ...], int] = {}
        self._asked = _Runs(green, self.budget)
        self._atoms, self._edges, self._focus = atoms, edges, focus

    def is_green(self, chosen: Iterable[int]) -> bool:
        return self._asked.result(Closure(self.order).atoms(chosen)) is True

    def prefixes(self, wanted: int | None) -> None:
        """Look at prefixes of the order, the shortest first, and of the order that this makes, until nothing is new."""
        taught = True
        while taught:
            stand_for = [one.atoms[0][0] for one in self.order]
            taught = sum(self._look(stand_for[:length]) for length in _lengths(len(stand_for), wanted)) > 0

    def subsets(self, quiet: int) -> None:
        """Look at random closed sets until `quiet` of them in a row teach nothing: the same ones for the same order."""
        dice = random.Random(len(self.order))  # noqa: S311 - drawn to be looked at, not to be secret
        left = quiet
        while left:
            chance = dice.random()
            taught = self._look([one.atoms[0][0] for one in self.order if dice.random() < chance])
            left = quiet if taught else left - 1

    def _look(self, chosen: Iterable[int]) -> bool:
        """Look at the increments that hold some atoms until their closure is green; whether that taught anything."""
        chosen, before = list(chosen), len(self.found)
        while True:
            closure = Closure(self.order)
            holds = {
                atom: at for at, one in enumerate(self.order) for first, end in one.atoms for atom in range(first, end)
            }
            red = sorted(closure.of(holds[atom] for atom in chosen))
            atoms = closure.atoms(red)
            if tuple(atoms) in self.still_red or self._asked.result(atoms) is not False:
                return len(self.found) > before
            asked, far = self._asked.focused(self._focus, atoms)
            news = [edge for edge in _missing(asked, closure, red, far) if edge not in self.found]
            if not news:
                self.still_red[tuple(atoms)] = len(red)
                return len(self.found) > before
            self.found += news
            self.order = condensed(self._atoms, [*self._edges, *self.found])


def _lengths(count: int, prefixes: int | None) -> Iterable[int]:
    if prefixes is None or prefixes >= count - 1:
        return range(1, count)
    return sorted({1 + at * (count - 2) // max(1, prefixes - 1) for at in range(prefixes)})


def _missing(asked: _Runs, closure: Closure, red: list[int], far: Sequence[int]) -> list[Edge]:
    """The edges that keep a red closed set from coming up again: from what breaks to the least that mends it.

    First the least part of the set that is red by itself; of it only the last in the order is held back, since the
    others may be fine without it. Then the least of all other increments that makes it green.
    """
    increments = closure.increments

    def distance(at: int) -> int:
        return min((far[atom] for first, end in increments[at].atoms for atom in range(first, end)), default=0)

    near = distance if far else None
    culprits = minimal(red, lambda part: asked.result(closure.atoms(closure.of(part))) is False, near)
    broken = closure.of(culprits)
    others = [at for at in range(len(increments)) if at not in broken]
    remedy = minimal(others, lambda part: asked.result(closure.atoms(broken | closure.of(part))) is True, near)
    if not culprits:
        return []
    last = increments[max(culprits)].atoms[0][0]
    return [Edge(last, increments[at].atoms[0][0], "learned") for at in remedy]
