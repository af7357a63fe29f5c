"""Statements that were edited in their place, and the gate for operators that say what became of each.

A place is a segment with as many statements on both sides. Its edits are explained when an operator, run on the trees
of its statements in the base, gives those of the head; the gate then looks at whole files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exosuit.changes.decisions import Range, merged
from exosuit.verify.plan.claims import Free
from exosuit.verify.plan.gate import taken_and_left
from exosuit.verify.plan.model import Ranges
from exosuit.verify.plan.python.source import DEFINITIONS, Shape, Source, own_shape
from exosuit.verify.plan.python.toolcomments import deceives
from exosuit.verify.plan.reading import FileReading, Reading
from exosuit.verify.plan.segments import Part, segments


@dataclass(frozen=True, eq=False, slots=True)
class Edited:
    """Atoms of a file (numbered within it) and the statements that they edit, as (base, head)."""

    file: FileReading
    atoms: range
    pairs: tuple[tuple[int, int], ...]

    @property
    def ranges(self) -> list[Range]:
        return [(self.file.first + self.atoms.start, self.file.first + self.atoms.stop)]

    @property
    def lines(self) -> int:
        return sum(self.file.lines(atom) for atom in self.atoms)

    def shapes(self) -> list[tuple[Shape, Shape]]:
        """The edited statements before and after."""
        base, head = both(self.file)
        return [(own_shape(base.statements[i].node), own_shape(head.statements[j].node)) for i, j in self.pairs]


def both(file: FileReading) -> tuple[Source, Source]:
    """Both sides of a file that is known to parse."""
    base, head = file.base_source, file.head_source
    assert base is not None
    assert head is not None
    return base, head


def edited(reading: Reading, free: Free) -> Iterator[Edited]:
    """The free segments of Python files whose statements pair up, by file."""
    for file in reading.files:
        base, head = file.base_source, file.head_source
        if base is None or head is None or not file.file.runs:
            continue
        for segment in segments(file, base, head):
            (low, high), (start, end) = _decorated(base, segment.base, head, segment.head)
            if high - low != end - start or low == high or not _is_open(file, segment.atoms, free):
                continue
            pairs = list(zip(range(low, high), range(start, end), strict=True))
            if all(_stands_alike(base, i, head, j) for i, j in pairs):
                unequal = [(i, j) for i, j in pairs if _shape(base, i) != _shape(head, j)]
                if unequal:
                    yield Edited(file, segment.atoms, tuple(unequal))


def _decorated(base: Source, old: Part, head: Source, new: Part) -> tuple[Part, Part]:
    """Both parts; where only decorators of a definition came or went, it stands on both sides."""
    (low, high), (start, end) = old, new
    if low == high and end == start + 1 and _is_one_name(base, low, head, start):
        return (low, low + 1), new
    if start == end and high == low + 1 and _is_one_name(base, low, head, start):
        return old, (start, start + 1)
    return old, new


def _is_one_name(base: Source, i: int, head: Source, j: int) -> bool:
    if i >= len(base.statements) or j >= len(head.statements):
        return False
    old, new = base.statements[i].node, head.statements[j].node
    return isinstance(old, DEFINITIONS) and isinstance(new, DEFINITIONS) and old.name == new.name


def _shape(source: Source, index: int) -> Shape:
    return own_shape(source.statements[index].node)


def _is_open(file: FileReading, atoms: range, free: Free) -> bool:
    return all(free.has(file.first + atom) for atom in atoms) and not any(
        deceives(line) for atom in atoms for line in (*file.removed(atom), *file.added(atom))
    )


def _stands_alike(base: Source, i: int, head: Source, j: int) -> bool:
    """Whether two statements stand in the same place of theirs, with the same comments for tools."""
    old, new = base.statements[i], head.statements[j]
    return (old.place, old.depth) == (new.place, new.depth) and base.attached.get(i) == head.attached.get(j)


def holds(places: Sequence[Edited]) -> bool:
    """The gate for places of one file: taken alone they edit their statements, and taken back they undo just that."""
    file = places[0].file
    base, head = both(file)
    atoms = [atom for place in places for atom in place.atoms]
    ends = taken_and_left(file, atoms)
    if ends is None:
        return False
    taken, left = ends
    pairs = [pair for place in places for pair in place.pairs]
    forth = {i: _shape(head, j) for i, j in pairs}
    back = {j: _shape(base, i) for i, j in pairs}
    return _rows(base, forth) == _rows(taken, {}) and _rows(head, back) == _rows(left, {})


def _rows(source: Source, instead: dict[int, Shape]) -> list[Shape]:
    """All that decides what a file is, statement by statement, some of them replaced."""
    rows: list[Shape] = [
        (s.depth, s.place, instead.get(at) or own_shape(s.node), source.attached.get(at))
        for at, s in enumerate(source.statements)
    ]
    return [source.first_lines, *rows, source.attached.get(len(source.statements))]


def ranges_of(places: Sequence[Edited]) -> Ranges:
    """The atoms of some places through the change."""
    return tuple(merged(one for place in places for one in place.ranges))
