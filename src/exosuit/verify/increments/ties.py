"""What is found of a change's atoms: those that go together, those that need others, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exosuit.verify.increments.model import Edge


class Ties:
    """Edges as they are found, by atoms numbered through the change, and the sets of atoms that are tied."""

    def __init__(self, atoms: int) -> None:
        self.edges: list[Edge] = []
        self._root = list(range(atoms))
        self._late: list[tuple[int, int]] = []

    def tie(self, atoms: Sequence[int], kind: str) -> None:
        """Atoms that only go together: each needs the next, the last needs the first."""
        if len(atoms) < 2:
            return
        first = self.unit(atoms[0])
        previous = atoms[0]
        for atom in atoms[1:]:
            root = self.unit(atom)
            if root == first:
                continue
            self.edges += (Edge(previous, atom, kind), Edge(atom, previous, kind))
            low, high = (first, root) if first < root else (root, first)
            self._root[high] = first = low
            previous = atom

    def need(self, atom: int, needed: Iterable[int], kind: str) -> None:
        """`atom` cannot be taken without any of `needed`."""
        own = self.unit(atom)
        self.edges += [Edge(atom, other, kind) for other in needed if self.unit(other) != own]

    def part(self, whole: int, atom: int, kind: str, *, comes: bool) -> None:
        """`atom` may come after the `whole` that it is part of, or go before it."""
        if comes:
            self.need(atom, [whole], kind)
            self._late.append((whole, atom))
        else:
            self.need(whole, [atom], kind)

    def late(self) -> set[int]:
        """The units that come after the whole that they are part of, if nothing has tied them to it since."""
        return {self.unit(atom) for whole, atom in self._late if self.unit(atom) != self.unit(whole)}

    def unit(self, atom: int) -> int:
        """The first atom of the set that an atom is tied into."""
        root = self._root
        while root[atom] != atom:
            root[atom] = root[root[atom]]
            atom = root[atom]
        return atom
