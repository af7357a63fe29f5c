"""Edges of what is decided whole, of modules as files, of data files with those who name them, and of places in the
tree.
"""

from __future__ import annotations

from collections.abc import Iterator

from exosuit.changes.atoms import Kind
from exosuit.changes.selection import requirements
from exosuit.verify.increments.facts import module_keys
from exosuit.verify.increments.ties import Ties
from exosuit.verify.increments.units import Index, Unit
from exosuit.verify.plan.reading import FileReading, Reading


def tie_whole(reading: Reading, index: Index, ties: Ties) -> None:
    """All edges between files as files."""
    _modules(reading, index, ties)
    _data(reading, index, ties)
    for number, others in requirements(reading.change).items():
        file = reading.files[number - 1]
        for other in others:
            needed = list(_all(reading.files[other - 1]))
            for atom in _all(file):
                ties.need(atom, needed, "place")


def _all(file: FileReading) -> range:
    return range(file.first, file.first + file.file.atoms)


def _modules(reading: Reading, index: Index, ties: Ties) -> None:
    """Imports of modules whose files come, go or are renamed."""
    come: dict[str, list[FileReading]] = {}
    go: dict[str, list[FileReading]] = {}
    for file in reading.files:
        if file.file.path.endswith((b".py", b".pyi", b".so", b".pyd")):
            if file.file.status in "AR":
                for key in module_keys(file.file.path):
                    come.setdefault(key, []).append(file)
            if file.file.status in "DR":
                for key in module_keys(file.file.old_path):
                    go.setdefault(key, []).append(file)
            if file.file.is_renamed:
                _moved(file, index, ties)
    for unit in index.units:
        for module in unit.gained("modules") & come.keys():
            for file in come[module]:
                ties.need(unit.atom, _existence(file, index), "import")
        for module in unit.lost("modules") & go.keys():
            for file in go[module]:
                for atom in _existence(file, index):
                    ties.need(atom, [unit.atom], "import")


def _moved(file: FileReading, index: Index, ties: Ties) -> None:
    """Imports that change in a file that changes folders: the relative ones are right in one of the two only."""
    if file.file.path.rpartition(b"/")[0] == file.file.old_path.rpartition(b"/")[0]:
        return
    rename = file.first + file.file.opaque.index(Kind.RENAME)
    for unit in index.of_file.get(file.file.number, []):
        if unit.old.modules or unit.new.modules:
            ties.tie([rename, unit.atom], "import")


def _existence(file: FileReading, index: Index) -> Iterator[int]:
    """The atoms that make a file stand at its new path: its name, or what of it is run when it is imported."""
    if file.file.is_renamed:
        yield file.first + file.file.opaque.index(Kind.RENAME)
    else:
        for number in range(len(file.file.opaque)):
            yield file.first + number
        for unit in index.of_file.get(file.file.number, []):
            if unit.has_old or unit.has_new:
                yield unit.atom


def _data(reading: Reading, index: Index, ties: Ties) -> None:
    """Files that are not Python, with the units that come to name them, or cease to."""
    by_name: dict[str, list[FileReading]] = {}
    for file in reading.files:
        if not file.file.path.endswith((b".py", b".pyi")):
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
