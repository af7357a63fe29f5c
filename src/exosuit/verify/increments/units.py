"""Units: atoms that are tied already, with what they say on each side. Everything is indexed once per change."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from exosuit.verify.increments.facts import Facts, Names
from exosuit.verify.increments.ties import Ties
from exosuit.verify.plan.python.source import Source
from exosuit.verify.plan.reading import FileReading

_TEST = re.compile(rb"(?:^|/)(?:tests?/|test_[^/]*$|[^/]*_test\.py$|conftest\.py$)")
_WORDS = re.compile(rb"[A-Za-z_]\w*")


@dataclass(slots=True)
class Unit:
    """`atom` stands for all that are tied to it. `old` is what its statements say in the base, `new` in the head."""

    atom: int
    file: FileReading
    is_test: bool
    old: Facts = field(default_factory=Facts)
    new: Facts = field(default_factory=Facts)
    has_old: bool = False
    has_new: bool = False

    def gained(self, what: str) -> set[str]:
        """Words that only the head's form has; `what` is a field of `Facts`."""
        found: set[str] = getattr(self.new, what) - getattr(self.old, what)
        return found

    def lost(self, what: str) -> set[str]:
        found: set[str] = getattr(self.old, what) - getattr(self.new, what)
        return found

    @property
    def subjects(self) -> set[str]:
        """The definitions that it changes."""
        return self.old.subjects | self.new.subjects


class Index:
    """All units of the Python files of a change, and the words of these files on either side."""

    def __init__(self, files: Iterable[FileReading], ties: Ties) -> None:
        self.units: list[Unit] = []
        self.base_words: set[str] = set()
        self.head_words: set[str] = set()
        self.of_file: dict[int, list[Unit]] = {}
        for file in files:
            if not file.is_python:
                continue
            self.base_words |= words(file.base)
            self.head_words |= words(file.head)
            own = list(_units(file, ties))
            self.of_file[file.file.number] = own
            self.units += own


def words(data: bytes) -> set[str]:
    """Every word of a text, wherever it stands."""
    return {word.decode() for word in set(_WORDS.findall(data))}


def _units(file: FileReading, ties: Ties) -> Iterable[Unit]:
    """The units of one file, with the facts of the statements that their atoms touch."""
    found: dict[int, Unit] = {}
    sides = [(file.base_source, file.file.old_path, 0), (file.head_source, file.file.path, 1)]
    is_test = bool(_TEST.search(file.file.path))
    for source, path, side in sides:
        names = Names(source, path) if source else None
        seen: set[tuple[int, int]] = set()
        for atom in file.text_atoms:
            unit = ties.unit(file.first + atom)
            if unit not in found:
                found[unit] = Unit(unit, file, is_test)
            if source is None or names is None:
                continue
            at, count = file.span(atom)[2 * side : 2 * side + 2]
            for number in _touched(source, at, count):
                if (unit, number) not in seen:
                    seen.add((unit, number))
                    _tell(found[unit], side, names.of(number))
    return found.values()


def _touched(source: Source, at: int, count: int) -> range:
    return range(*source.touched(at, count)) if count else range(0)


def _tell(unit: Unit, side: int, facts: Facts) -> None:
    if side:
        unit.new.add(facts)
        unit.has_new = True
    else:
        unit.old.add(facts)
        unit.has_old = True
