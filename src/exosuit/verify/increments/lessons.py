"""Learned edges that outlive the change they were learned from: kept by the definitions they join, per workspace.

Atoms are numbered per change, so a lesson names places: a file and the definitions around a line of it.
In a later change that touches both places the first needs the second again.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from exosuit.core.errors import ExosuitError
from exosuit.verify.increments.model import Edge
from exosuit.verify.plan.python.source import Source
from exosuit.verify.plan.reading import FileReading, Reading

FILE = "lessons.json"


class Place(NamedTuple):
    """A path, and the names of the definitions around a line, joined by dots; empty at the top level."""

    path: str
    name: str


class Lesson(NamedTuple):
    """What changes at `place` cannot be taken without what changes at `needs`; or, in one change, can be."""

    place: Place
    needs: Place
    refuted_for: str = ""


def lessons(reading: Reading, learned: Iterable[Edge]) -> list[Lesson]:
    """Learned edges of a change as lessons."""
    return [Lesson(place(reading, edge.atom), place(reading, edge.needs)) for edge in learned]


def unlearned(reading: Reading, refuted: Iterable[Edge]) -> list[Lesson]:
    """Edges that do not hold in a change, as lessons for this change only."""
    change = reading.change.id
    return [Lesson(place(reading, edge.atom), place(reading, edge.needs), change) for edge in refuted]


def heeded(reading: Reading, edges: Iterable[Edge], known: Iterable[Lesson]) -> list[Edge]:
    """The edges of a change as lessons make them: without what was refuted, with what was learned."""
    known = tuple(known)
    out = {lesson[:2] for lesson in known if lesson.refuted_for == reading.change.id}
    kept = [
        edge
        for edge in edges
        if not (out and edge.kind == "test" and (place(reading, edge.atom), place(reading, edge.needs)) in out)
    ]
    return kept + _recalled(reading, [lesson for lesson in known if not lesson.refuted_for])


def _recalled(reading: Reading, known: Sequence[Lesson]) -> list[Edge]:
    """The edges that lessons give in a change, between all atoms at the two places."""
    wanted = {one for lesson in known for one in lesson[:2]}
    if not wanted:
        return []
    paths = {one.path for one in wanted}
    at: dict[Place, list[int]] = {}
    for file in reading.files:
        if _shown(file) in paths:
            for atom in range(file.first, file.first + file.file.atoms):
                at.setdefault(place(reading, atom), []).append(atom)
    return [
        Edge(atom, needed, "learned")
        for lesson in known
        for atom in at.get(lesson.place, ())
        for needed in at.get(lesson.needs, ())
        if atom != needed
    ]


def place(reading: Reading, atom: int) -> Place:
    """Where an atom is."""
    file = reading.file_of(atom)
    own = atom - file.first
    if own < len(file.file.opaque):
        return Place(_shown(file), "")
    span = file.span(own)
    if span.head_n:
        return Place(_shown(file), _definition(file.head_source, span.head_at, span.head_n))
    return Place(_shown(file), _definition(file.base_source, span.base_at, span.base_n))


def _shown(file: FileReading) -> str:
    return file.file.path.decode("utf-8", "surrogateescape")


def _definition(source: Source | None, at: int, count: int) -> str:
    if source is None:
        return ""
    number = source.touched(at, count)[0]
    if number >= len(source.statements) or source.statements[number].start >= at + count:
        return ""
    names: list[str] = []
    while number >= 0:
        name = getattr(source.statements[number].node, "name", None)
        if isinstance(name, str) and hasattr(source.statements[number].node, "decorator_list"):
            names.append(name)
        number = source.statements[number].parent
    return ".".join(reversed(names))


def read_lessons(state: Path) -> list[Lesson]:
    """What a workspace has learned; `state` is its state folder. Raises `bad-lessons`."""
    try:
        told = json.loads((state / FILE).read_text("utf-8"))
        return [Lesson(Place(*one), Place(*other), *rest) for one, other, *rest in told]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise ExosuitError(
            "bad-lessons", f"cannot read {state / FILE} ({error})", "remove it: what was learned is learned again"
        ) from error


def write_lessons(state: Path, known: Iterable[Lesson]) -> None:
    """Add to what a workspace has learned. All of the file is written or none of it."""
    together = sorted({*read_lessons(state), *known})
    handle, name = tempfile.mkstemp(dir=state, prefix=FILE)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(together, out)
        Path(name).replace(state / FILE)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
