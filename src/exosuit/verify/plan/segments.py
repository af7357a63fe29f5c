"""The atoms of a Python file cut into the smallest stretches that hold whole statements on both sides.

The cuts follow the change's own alignment of lines and nothing else; which stretch is the same on both sides is decided
by comparing statements, and decided again by the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exosuit.verify.plan.python.source import Source
from exosuit.verify.plan.reading import FileReading

Part = tuple[int, int]
"""Statements from, to (exclusive)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Neighbouring atoms of a file (numbered within it) and the statements that they touch on each side."""

    atoms: range
    base: Part
    head: Part


def segments(file: FileReading, base: Source, head: Source) -> list[Segment]:
    """All text atoms, in order; two atoms that touch the same statement are in one segment."""
    found: list[Segment] = []
    for atom in file.text_atoms:
        span = file.span(atom)
        old, new = base.touched(span.base_at, span.base_n), head.touched(span.head_at, span.head_n)
        here = Segment(range(atom, atom + 1), old, new)
        if found and (_meet(found[-1].base, old) or _meet(found[-1].head, new)):
            here = joined([found.pop(), here])
            while len(found) > 0 and (_meet(found[-1].base, here.base) or _meet(found[-1].head, here.head)):
                here = joined([found.pop(), here])
        found.append(here)
    return found


def _meet(a: Part, b: Part) -> bool:
    return b[0] < a[1] and a[0] < a[1] and b[0] < b[1]


def joined(parts: Sequence[Segment]) -> Segment:
    """Neighbouring segments as one."""
    bases, heads = [part.base for part in parts], [part.head for part in parts]
    return Segment(range(parts[0].atoms.start, parts[-1].atoms.stop), _hull(bases), _hull(heads))


def _hull(parts: list[Part]) -> Part:
    return min(part[0] for part in parts), max(part[1] for part in parts)
