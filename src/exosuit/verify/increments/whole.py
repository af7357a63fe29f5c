"""Edges of what is decided whole, of modules as files, of data files with those who name them, and of places in the
tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from exosuit.changes.atoms import Kind
from exosuit.changes.selection import requirements
from exosuit.verify.increments.facts import module_keys
from exosuit.verify.increments.scripts import ENDINGS, module_key
from exosuit.verify.increments.ties import Ties
from exosuit.verify.increments.units import Index, Unit
from exosuit.verify.plan.reading import FileReading, Reading


class Family(NamedTuple):
    """Files of languages that import each other: how their names end, and by which keys imports tell one."""

    endings: tuple[bytes, ...]
    keys: Callable[[bytes], set[str]]


PYTHON = Family((b".py", b".pyi", b".so", b".pyd"), module_keys)
SCRIPTS = Family((*ENDINGS, b".vue", b".svelte"), lambda path: {module_key(path)})


def tie_whole(reading: Reading, indexes: Iterable[tuple[Family, Index]], ties: Ties) -> None:
    """All edges between files as files."""
    for family, index in indexes:
        _modules(reading, family, index, ties)
        _data(reading, family, index, ties)
    for number, others in requirements(reading.change).items():
        file = reading.files[number - 1]
        for other in others:
            needed = list(_all(reading.files[other - 1]))
            for atom in _all(file):
                ties.need(atom, needed, "place")


def _all(file: FileReading) -> range:
    return range(file.first, file.first + file.file.atoms)


def _modules(reading: Reading, family: Family, index: Index, ties: Ties) -> None:
    """Imports of modules whose files come, go or are renamed."""
    late = ties.late()
    come: dict[str, list[FileReading]] = {}
    go: dict[str, list[FileReading]] = {}
    for file in reading.files:
        if file.file.path.endswith(family.endings):
            if file.file.status in "AR":
                for key in family.keys(file.file.path):
                    come.setdefault(key, []).append(file)
            if file.file.status in "DR":
                for key in family.keys(file.file.old_path):
                    go.setdefault(key, []).append(file)
            if file.file.is_renamed:
                _moved(file, index, ties)
    for unit in index.units:
        for module in unit.gained("modules") & come.keys():
            for file in come[module]:
                ties.need(unit.atom, _existence(file, index, late), "import")
        for module in unit.lost("modules") & go.keys():
            for file in go[module]:
                for atom in _existence(file, index, late):
                    ties.need(atom, [unit.atom], "import")


def _moved(file: FileReading, index: Index, ties: Ties) -> None:
    """Imports that change in a file that changes folders: the relative ones are right in one of the two only."""
    if file.file.path.rpartition(b"/")[0] == file.file.old_path.rpartition(b"/")[0]:
        return
    rename = file.first + file.file.opaque.index(Kind.RENAME)
    for unit in index.of_file.get(file.file.number, []):
        if unit.old.modules or unit.new.modules:
            ties.tie([rename, unit.atom], "import")


def _existence(file: FileReading, index: Index, late: set[int]) -> Iterator[int]:
    """The atoms that make a file stand at its new path: its name, or what of it is run when it is imported."""
    if file.file.is_renamed:
        yield file.first + file.file.opaque.index(Kind.RENAME)
    else:
        for number in range(len(file.file.opaque)):
            yield file.first + number
        for unit in index.of_file.get(file.file.number, []):
            if (unit.has_old or unit.has_new) and unit.atom not in late:
                yield unit.atom


def _data(reading: Reading, family: Family, index: Index, ties: Ties) -> None:
    """Files of other kinds, with the units that come to name them, or cease to."""
    by_name: dict[str, list[FileReading]] = {}
    for file in reading.files:
        if not file.file.path.endswith(family.endings):
            for path in {file.file.path, file.file.old_path}:
                by_name.setdefault(path.rpartition(b"/")[2].decode("utf-8", "replace"), []).append(file)
    for unit in index.units:
        for said, gained in (*((s, True) for s in unit.new.strings), *((s, False) for s in unit.old.strings)):
            for file in by_name.get(said.rpartition("/")[2], []):
                _read(unit, file, ties, gained=gained)


def _read(unit: Unit, file: FileReading, ties: Ties, *, gained: bool) -> None:
    if gained and file.file.status != "D":
        ties.need(unit.atom, _all(file), "data file")
    elif not gained and file.file.status != "A":
        for atom in _all(file):
            ties.need(atom, [unit.atom], "data file")
