"""Definitions that went to another file or class and were edited on the way: what stayed the same, line by line.

A line is proved to have gone along if it is the same but for the indentation of the whole definition, stands in the
same order, and every name in its statement means in the new module what it meant in the old one. Attributes are not
looked at, nor is what a class inherits. All other lines are exceptions.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from exosuit.verify.plan.claims import Free
from exosuit.verify.plan.operators.moves import FOUND_BY_NAME, Move, Unit, Went, same_fixtures
from exosuit.verify.plan.python.bindings import (
    KNOWS_ITS_PLACE,
    UNCLEAR,
    Origin,
    bindings,
    module_of,
    origin,
    same_module,
    submodules,
)
from exosuit.verify.plan.python.scopes import class_names, free_names, local_names, own_parts, parameters
from exosuit.verify.plan.python.source import DEFINITIONS, Source, qualified_name
from exosuit.verify.plan.python.toolcomments import deceives
from exosuit.verify.plan.reading import FileReading, Reading

LEAST_LINES = 3
"""Lines that are not blank and the same, at least."""

LEAST_SHARE = 0.5
"""Share of the lines on the smaller side that are the same, at least."""

MOST_NAMESAKES = 40
"""Definitions of one name on a side, at most; of more, none is looked at."""

_PLAIN_DECORATORS = {
    "property",
    "staticmethod",
    "classmethod",
    "overload",
    "override",
    "abstractmethod",
    "cached_property",
}
_TELLS_CLASS = {"super", "__class__"}

Modules = dict[str, str]
"""New names of modules whose files were renamed."""


@dataclass(frozen=True, eq=False, slots=True)
class Relocation:
    """A definition gone here and new there: its atoms, and those of them (through the change) that only went."""

    old: Unit
    new: Unit
    atoms: tuple[int, ...]
    same: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Pairing:
    """Two definitions and their equal lines, as (line of the base, line of the head)."""

    old: Unit
    new: Unit
    lines: tuple[tuple[int, int], ...]


def relocations(reading: Reading, free: Free, whole: Sequence[Move]) -> list[Relocation]:
    """Definitions that went and were edited. `whole` are the moves that are proved; their atoms are not free."""
    taken = {id(unit.source.statements[unit.index].node) for move in whole for unit in (move.old, move.new)}
    pairings = list(_paired(reading, free, taken))
    went = {(*_numbers(move.old, move.new), move.old.name) for move in whole}
    went |= {(*_numbers(p.old, p.new), p.old.name) for p in pairings if p.old.text == p.new.text}
    modules = {module_of(f.file.old_path): module_of(f.file.path) for f in reading.files if f.file.status == "R"}
    found = [_relocated(reading, pairing, went, modules) for pairing in pairings]
    return [one for one in found if one is not None]


def _numbers(old: Unit, new: Unit) -> tuple[int, int]:
    return old.file.file.number, new.file.file.number


def _paired(reading: Reading, free: Free, taken: set[int]) -> Iterator[Pairing]:
    """Definitions of one name, the largest common part first; each, and what stands in it, in one pairing only."""
    gone, new = _by_name(reading, free, taken, new=False), _by_name(reading, free, taken, new=True)
    found = []
    for name in sorted(gone.keys() & new.keys()):
        if max(len(gone[name]), len(new[name])) <= MOST_NAMESAKES:
            found += [pairing for old in gone[name] for one in new[name] if (pairing := _pairing(old, one))]
    used: dict[int, set[int]] = defaultdict(set)
    for pairing in sorted(found, key=lambda one: -len(one.lines)):
        both = [(id(unit.source), set(range(*unit.part))) for unit in (pairing.old, pairing.new)]
        if not any(used[source] & part for source, part in both):
            for source, part in both:
                used[source] |= part
            yield pairing


def _by_name(reading: Reading, free: Free, taken: set[int], *, new: bool) -> dict[str, list[Unit]]:
    found: dict[str, list[Unit]] = {}
    for file in reading.files:
        source = file.head_source if new else file.base_source
        if source is None or not file.file.runs:
            continue
        for unit in _units(file, source, free, new=new):
            if id(source.statements[source.outermost(unit.index)].node) not in taken:
                found.setdefault(unit.name, []).append(unit)
    return found


def _units(file: FileReading, source: Source, free: Free, *, new: bool) -> Iterator[Unit]:
    """Definitions of modules and classes nearly all of whose lines are gone (or new), with the free atoms of these."""
    at: dict[int, int] = {}
    for atom in file.text_atoms:
        span = file.span(atom)
        first, count = (span.head_at, span.head_n) if new else (span.base_at, span.base_n)
        if free.has(file.first + atom):
            at |= dict.fromkeys(range(first, first + count), atom)
    for index, statement in enumerate(source.statements):
        if not isinstance(statement.node, DEFINITIONS) or not _is_member(source, index):
            continue
        lines = range(statement.start, statement.last + 1)
        code = [line for line in lines if source.lines[line].strip()]
        if sum(line in at for line in code) < len(code) * 0.8 or deceives(b"".join(source.lines[i] for i in lines)):
            continue
        yield Unit(file, source, index, statement.node.name, tuple(sorted({at[i] for i in lines if i in at})), False)


def _is_member(source: Source, index: int) -> bool:
    """Whether a definition stands in the module or in classes, under no condition and in no function."""
    at = source.statements[index].parent
    while at >= 0 and isinstance(source.statements[at].node, ast.ClassDef):
        at = source.statements[at].parent
    return at < 0


def _pairing(old: Unit, new: Unit) -> Pairing | None:
    """Two definitions as one that went, if enough of them is the same; never one that kept its file and its class."""
    names = qualified_name(old.source, old.index), qualified_name(new.source, new.index)
    inside = [name.count(".") > 0 for name in names]
    if inside[0] != inside[1] or (old.file is new.file and names[0].rpartition(".")[0] == names[1].rpartition(".")[0]):
        return None
    a, b = _dedented(old), _dedented(new)
    counts = [sum(map(bool, side)) for side in (a, b)]
    enough = max(LEAST_LINES, LEAST_SHARE * min(counts))
    if (Counter(filter(None, a)) & Counter(filter(None, b))).total() < enough:
        return None
    starts = old.source.statements[old.index].start, new.source.statements[new.index].start
    blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    lines = [(starts[0] + i + k, starts[1] + j + k) for i, j, size in blocks for k in range(size) if a[i + k]]
    return Pairing(old, new, tuple(lines)) if len(lines) >= enough else None


def _dedented(unit: Unit) -> list[bytes]:
    """The lines of a definition without its own indentation; blank ones are empty."""
    statement = unit.source.statements[unit.index]
    lines = unit.source.lines[statement.start : statement.last + 1]
    margin = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    return [line.removeprefix(margin).rstrip(b"\r\n") if line.strip() else b"" for line in lines]


def _relocated(reading: Reading, pairing: Pairing, went: Went, modules: Modules) -> Relocation | None:
    """What is proved of a pairing; None where nothing is, so that it is no decision of its own."""
    old, new = pairing.old, pairing.new
    unclear = _unclear(reading, pairing, went, modules)
    pairs = [pair for pair in pairing.lines if not unclear[0] & {pair[0]} and not unclear[1] & {pair[1]}]
    every = (_atoms(old, new=False), _atoms(new, new=True))
    same = _closed(pairing, every, pairs)
    if sum(len(lines) for lines in same) < LEAST_LINES or not _holds(old.file, new.file, same):
        return None
    atoms = {unit.file.first + atom for unit, own in zip((old, new), every, strict=True) for atom in own}
    proved = {unit.file.first + atom for unit, own in zip((old, new), same, strict=True) for atom in own}
    return Relocation(old, new, tuple(sorted(atoms)), tuple(sorted(proved)))


def _atoms(unit: Unit, *, new: bool) -> set[int]:
    """Atoms that remove (or add) nothing but lines of a definition."""
    statement = unit.source.statements[unit.index]
    found = set()
    for atom in unit.atoms:
        span = unit.file.span(atom)
        first, count = (span.head_at, span.head_n) if new else (span.base_at, span.base_n)
        if first >= statement.start and first + count <= statement.last + 1:
            found.add(atom)
    return found


def _closed(
    pairing: Pairing, every: tuple[set[int], set[int]], pairs: list[tuple[int, int]]
) -> tuple[set[int], set[int]]:
    """The atoms all of whose lines are in pairs whose other line is in such an atom too; blank lines go with them."""
    spans = [
        {atom: (unit.file.span(atom)) for atom in own}
        for unit, own in zip((pairing.old, pairing.new), every, strict=True)
    ]
    kept = every[0], every[1]
    left = pairs
    while True:
        lines = {i for i, _ in left}, {j for _, j in left}
        here = {a for a in kept[0] if _is_covered(pairing.old, spans[0][a].base_at, spans[0][a].base_n, lines[0])}
        there = {a for a in kept[1] if _is_covered(pairing.new, spans[1][a].head_at, spans[1][a].head_n, lines[1])}
        rows = (
            {row for a in here for row in range(spans[0][a].base_at, spans[0][a].base_at + spans[0][a].base_n)},
            {row for a in there for row in range(spans[1][a].head_at, spans[1][a].head_at + spans[1][a].head_n)},
        )
        fewer = [(i, j) for i, j in left if i in rows[0] and j in rows[1]]
        if len(fewer) == len(left) and (here, there) == kept:
            return here, there
        kept, left = (here, there), fewer


def _is_covered(unit: Unit, first: int, count: int, lines: set[int]) -> bool:
    """Whether all lines of an atom are paired or blank."""
    return all(row in lines or not unit.source.lines[row].strip() for row in range(first, first + count))


def _holds(old: FileReading, new: FileReading, same: tuple[set[int], set[int]]) -> bool:
    """The gate: with only these atoms taken, and with only these taken back, the two files hold the same lines."""
    own: dict[int, set[int]] = {}
    files = {old.file.number: old, new.file.number: new}
    for file, atoms in ((old, same[0]), (new, same[1])):
        own.setdefault(file.file.number, set()).update(atoms)
    sides = [
        [(files[n].base, files[n].with_only(atoms)) for n, atoms in own.items()],
        [(files[n].without(atoms), files[n].head) for n, atoms in own.items()],
    ]
    return all(_rows(before for before, _ in side) == _rows(after for _, after in side) for side in sides)


def _rows(texts: Iterator[bytes]) -> Counter[bytes]:
    return Counter(row for text in texts for line in text.split(b"\n") if (row := line.strip()))


def _unclear(reading: Reading, pairing: Pairing, went: Went, modules: Modules) -> tuple[set[int], set[int]]:
    """Lines of both sides with a name that may mean something else there, or that tell where they stand."""
    old, new = pairing.old, pairing.new
    bound = bindings(old.source, old.file.file.old_path), bindings(new.source, new.file.file.path)
    around = class_names(old.source, old.index) | class_names(new.source, new.index)
    is_hook = old.source.statements[old.index].parent < 0 and old.name.startswith(FOUND_BY_NAME)
    is_lost = old.name.lower().startswith("test") and not same_fixtures(reading, old, new)

    def is_clear(unit: Unit, index: int) -> bool:
        parts = list(own_parts(unit.source.statements[index].node))
        names = set(free_names(unit.source.statements[index].node))
        if any(_tells_place(part) for part in parts) or bound[0] is None or bound[1] is None:
            return False
        if index == unit.index:
            if is_hook or is_lost or names & around or not all(map(_is_plain, _decorators(unit))):
                return False
            names |= parameters(unit.source.statements[index].node) if old.name.lower().startswith("test") else set()
        outer = names - local_names(unit.source, index, unit.index)
        return all(
            _is_same(origin(bound[0], name), origin(bound[1], name), name, pairing, went, modules) for name in outer
        )

    found: tuple[set[int], set[int]] = (set(), set())
    for unit, rows in zip((old, new), found, strict=True):
        for index in range(*unit.part):
            if not is_clear(unit, index):
                statement = unit.source.statements[index]
                rows.update(range(statement.start, statement.end + 1))
    return found


def _decorators(unit: Unit) -> list[Any]:
    node: Any = unit.source.statements[unit.index].node
    return list(node.decorator_list)


def _is_plain(node: Any) -> bool:
    """Whether a decorator is one that keeps no list of what it decorates."""
    return getattr(node, "attr", getattr(node, "id", "")) in _PLAIN_DECORATORS


def _tells_place(part: Any) -> bool:
    """Whether a part of a statement depends on the module, the package or the class that it stands in."""
    name = getattr(part, "id", getattr(part, "attr", getattr(part, "arg", ""))) or ""
    if not isinstance(name, str):
        return False
    private = name.startswith("__") and not name.endswith("__")
    outer = isinstance(part, ast.ImportFrom) and bool(part.level)
    return private or outer or name in _TELLS_CLASS or name in KNOWS_ITS_PLACE or isinstance(part, ast.Global)


def _is_same(a: Origin, b: Origin, name: str, pairing: Pairing, went: Went, modules: Modules) -> bool:
    """Whether a name means in the new module what it meant in the old one; `modules` are those that were renamed."""
    if UNCLEAR in (a, b):
        return False
    if a and b and a[0] == b[0] == "import":
        if submodules(pairing.old.source, name) - submodules(pairing.new.source, name):
            return False
        named = modules.get(a[1], a[1])
        return a[2] == b[2] and (a[1] == b[1] or named == b[1] or (same_module(named, b[1]) and "." in named + b[1]))
    if a and b and a[0] == b[0] == "here":
        return (*_numbers(pairing.old, pairing.new), name) in went or (pairing.old.file is pairing.new.file)
    return a == b
