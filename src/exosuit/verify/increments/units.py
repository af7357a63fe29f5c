"""Units: atoms that are tied already, with what they say on each side. Everything is indexed once per change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from exosuit.verify.increments.facts import Facts, Names
from exosuit.verify.increments.ties import Ties
from exosuit.verify.plan.reading import FileReading

_TEST = re.compile(
    rb"(?:^|/)(?:(?:tests?|__tests__|specs?)/|test_[^/]*$|[^/]*_test\.py$|conftest\.py$|[^/]*\.(?:test|spec)\.[^/.]+$)"
)
_WORDS = re.compile(rb"[A-Za-z_]\w*")


@dataclass(slots=True)
class Unit:
    """`atom` stands for all that are tied to it, `told` is the first of these that touches a statement.

    `old` is what its statements say in the base, `new` in the head.
    """

    atom: int
    file: FileReading
    is_test: bool
    told: int
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
    def words(self) -> set[str]:
        """All that either side says."""
        return {word for side in (self.old, self.new) for said in (side.says, side.uses, side.calls) for word in said}

    @property
    def is_quiet(self) -> bool:
        """Whether what it does stays the same, as far as its statements tell: annotations, docstrings, comments."""
        return bool(self.old.does) and self.old.does == self.new.does

    @property
    def subjects(self) -> set[str]:
        """The definitions that it changes."""
        return self.old.subjects | self.new.subjects


class Said(Protocol):
    """The statements of one side of a file, with what they say."""

    def touched(self, at: int, count: int) -> Sequence[int]:
        """The statements on `count` lines from line `at`."""

    def of(self, number: int) -> Facts:
        """The facts of a statement."""


Sides = tuple[Said | None, Said | None]
"""What base and head of a file say; None for a side that cannot be read."""


def everywhere(_one: FileReading, _other: FileReading) -> bool:
    """Any file may mean any other's words."""
    return True


class Index:
    """All units of some files of a change, of one family of languages, and the words of these files on either side.

    `sees` tells whether a word in one file may mean what another binds.
    """

    def __init__(
        self,
        files: Iterable[tuple[FileReading, Sides]],
        ties: Ties,
        sees: Callable[[FileReading, FileReading], bool] = everywhere,
    ) -> None:
        self.sees = sees
        self.units: list[Unit] = []
        self.base_words: set[str] = set()
        self.head_words: set[str] = set()
        self.of_file: dict[int, list[Unit]] = {}
        for file, sides in files:
            self.base_words |= words(file.base)
            self.head_words |= words(file.head)
            own = list(_units(file, sides, ties))
            self.of_file[file.file.number] = own
            self.units += own


def python_sides(file: FileReading) -> Sides:
    """What both sides of a Python file say."""
    base, head, number = file.base_source, file.head_source, file.file.number
    old, new = file.file.old_path, file.file.path
    return Names(base, old, number) if base else None, Names(head, new, number) if head else None


def is_test(path: bytes) -> bool:
    """Whether a file holds tests, or what only tests use, by its name and folders."""
    return bool(_TEST.search(path))


def words(data: bytes) -> set[str]:
    """Every word of a text, wherever it stands."""
    return {word.decode() for word in set(_WORDS.findall(data))}


def _units(file: FileReading, sides: Sides, ties: Ties) -> Iterable[Unit]:
    """The units of one file, with the facts of the statements that their atoms touch."""
    found: dict[int, Unit] = {}
    for side, said in enumerate(sides):
        seen: set[tuple[int, int]] = set()
        for atom in file.text_atoms:
            unit = ties.unit(file.first + atom)
            if unit not in found:
                found[unit] = Unit(unit, file, is_test(file.file.path), atom + file.first)
            if said is None:
                continue
            at, count = file.span(atom)[2 * side : 2 * side + 2]
            for number in said.touched(at, count) if count else ():
                if (unit, number) not in seen:
                    if not (found[unit].has_old or found[unit].has_new):
                        found[unit].told = file.first + atom
                    seen.add((unit, number))
                    _tell(found[unit], side, said.of(number))
    return found.values()


def _tell(unit: Unit, side: int, facts: Facts) -> None:
    if side:
        unit.new.add(facts)
        unit.has_new = True
    else:
        unit.old.add(facts)
        unit.has_old = True
