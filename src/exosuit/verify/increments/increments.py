"""Increments: a partial order of small pieces of a change, each of which stands on its own with those that it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exosuit.changes.change import Change
from exosuit.verify.increments.blocks import Blocks
from exosuit.verify.increments.braid import Braid
from exosuit.verify.increments.grammar import Growth, planted, stands_mixed
from exosuit.verify.increments.lessons import Lesson, heeded
from exosuit.verify.increments.members import Classes
from exosuit.verify.increments.model import Edge, Increment
from exosuit.verify.increments.names import tie_names
from exosuit.verify.increments.order import condensed
from exosuit.verify.increments.outline import Outline
from exosuit.verify.increments.plain import close_text
from exosuit.verify.increments.scripts import ENDINGS, Links, script_sides
from exosuit.verify.increments.shape import Shape
from exosuit.verify.increments.spacing import tie_spacing
from exosuit.verify.increments.ties import Ties
from exosuit.verify.increments.trials import tie_tests
from exosuit.verify.increments.units import Index, python_sides
from exosuit.verify.increments.whole import PYTHON, SCRIPTS, tie_whole
from exosuit.verify.plan.python.source import Source, parse
from exosuit.verify.plan.reading import Blobs, FileReading, Reading


def increments(change: Change, blobs: Blobs, known: Iterable[Lesson] = ()) -> tuple[Increment, ...]:
    """The increments of a change, in an order whose every prefix is closed. Pure.

    `blobs` gives the bytes of a blob; `known` is what runs of the project's checks have taught (`learn`, `lessons`).
    """
    reading = Reading(change, blobs)
    return condensed(change.atoms, heeded(reading, edges(reading), known))


def edges(reading: Reading) -> list[Edge]:
    """Every edge between the atoms of a change that can be seen in its text."""
    ties = Ties(reading.change.atoms)
    sides = {file.file.number: _sides(file) for file in reading.files if file.is_python and file.file.is_text}
    ends = [Classes(both[end] for both in sides.values() if both) for end in (0, 1)]
    trees = {
        file.file.number: found
        for file in reading.files
        if (found := _close(file, sides.get(file.file.number), ends, ties))
    }
    python = Index(((file, python_sides(file)) for file in reading.files if file.is_python), ties)
    readable = dict(_scripts(reading, trees))
    said = ((file, script_sides(file, *trees[number])) for number, file in readable.items())
    scripts = Index(said, ties, Links(readable.values()))
    tie_names(python, ties, ends[1])
    tie_names(scripts, ties)
    for index in (python, scripts):
        tie_tests(index, ties)
    tie_whole(reading, ((PYTHON, python), (SCRIPTS, scripts)), ties)
    return ties.edges


Trees = tuple[Growth, Growth]
Sides = tuple[Source, Source]


def _scripts(reading: Reading, trees: dict[int, Trees]) -> Iterator[tuple[int, FileReading]]:
    """The files of JavaScript and TypeScript, by number, whose ends both parse."""
    for file in reading.files:
        if file.file.number in trees and file.file.path.endswith(ENDINGS):
            yield file.file.number, file


def _close(file: FileReading, sides: Sides | None, ends: Sequence[Classes], ties: Ties) -> Trees | None:
    """Tie what a file could not be taken apart at without breaking its syntax; the trees of one that has some."""
    if not file.file.is_text:
        return None
    if file.is_python:
        if sides is None:
            ties.tie([file.first + atom for atom in file.text_atoms], "parse")
        else:
            _close_blocks(file, Shape(sides[0], ends[0]), Shape(sides[1], ends[1]), ties)
        return None
    trees = planted(file)
    if trees is None:
        close_text(file, ties)
        return None
    _close_blocks(file, *trees, ties)
    if not stands_mixed(file, trees[0].grammar, ties):
        ties.tie([file.first + atom for atom in file.text_atoms], "parse")
    return trees


def _close_blocks(file: FileReading, base: Outline, head: Outline, ties: Ties) -> None:
    braid = Braid(file.file, len(file.base_lines), len(file.head_lines))
    Blocks(braid, base, head, ties, file.first).close()
    tie_spacing(file, base, head, ties)


_NOTHING = parse(b"")


def _sides(file: FileReading) -> Sides | None:
    """Both sides parsed; None where one of them is no Python that we can read."""
    base = file.base_source if file.file.old_blob else _NOTHING
    head = file.head_source if file.file.new_blob else _NOTHING
    return (base, head) if base is not None and head is not None else None


@dataclass(frozen=True, slots=True)
class Price:
    """What being closed costs: `lines` added and removed, `largest` of them in the largest increment."""

    lines: int
    increments: int
    largest: int

    @property
    def share(self) -> float:
        """The largest set as a share of all lines."""
        return self.largest / self.lines if self.lines else 0.0


def price(reading: Reading, found: Iterable[Increment]) -> Price:
    """The price of some increments of a change."""
    sizes = [reading.lines(increment.atoms) for increment in found]
    return Price(reading.change.added + reading.change.removed, len(sizes), max(sizes, default=0))
