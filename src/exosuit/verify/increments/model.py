"""Increments as data. Atoms are numbered through the whole change from 0, as in `changes`; ranges are half open."""

from __future__ import annotations

from dataclasses import dataclass

from exosuit.changes.decisions import Range


@dataclass(frozen=True, slots=True)
class Edge:
    """Atom `atom` cannot be taken without atom `needs`; `kind` says why (`statement`, `parse`, `def-use`…)."""

    atom: int
    needs: int
    kind: str


@dataclass(frozen=True, slots=True)
class Increment:
    """Atoms that can only be taken together; `after` names the increments that must come with them."""

    id: str
    atoms: tuple[Range, ...]
    after: tuple[str, ...]
