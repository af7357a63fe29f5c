"""Top-level definitions that went from one Python file to another.

Proved is a move of a whole definition that is the same on both sides (formatting and names of locals aside), whose
names all mean in its new module what they meant in the old one, and that does nothing when it is defined. What else
went is looked at line by line (`relocations`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exosuit.verify.plan.claims import Free
from exosuit.verify.plan.gate import withdrawn
from exosuit.verify.plan.places import is_collected
from exosuit.verify.plan.python.bindings import (
    KNOWS_ITS_PLACE,
    UNCLEAR,
    Origin,
    at_definition,
    bindings,
    futures,
    looked_up,
    origin,
    same_module,
    submodules,
)
from exosuit.verify.plan.python.source import DEFINITIONS, Source, parse
from exosuit.verify.plan.python.standards import Aside, Standard, same_parts
from exosuit.verify.plan.python.toolcomments import deceives
from exosuit.verify.plan.reading import FileReading, Reading

FOUND_BY_NAME = ("__", "pytest_", "setup", "teardown", "setUp", "tearDown", "load_tests")
"""Functions that somebody looks for by name in the module they stand in."""

_SAME = Standard(frozenset({Aside.LOCALS}))


@dataclass(frozen=True, eq=False, slots=True)
class Unit:
    """A top-level definition that is gone from a base, or new in a head, with the atoms that remove or add it."""

    file: FileReading
    source: Source
    index: int
    name: str
    atoms: tuple[int, ...]
    is_whole: bool

    @property
    def part(self) -> tuple[int, int]:
        return self.index, self.source.after(self.index)

    @property
    def text(self) -> bytes:
        """Its lines."""
        statement = self.source.statements[self.index]
        return b"".join(self.source.lines[statement.start : statement.last + 1])


@dataclass(frozen=True, eq=False, slots=True)
class Move:
    """A definition gone from one file and new in another."""

    old: Unit
    new: Unit


def moves(reading: Reading, free: Free) -> list[Move]:
    """The moves of whole definitions that are proved."""
    return _proved(reading, list(_found(reading, free)))


def is_same_text(move: Move) -> bool:
    """Whether not a byte of a definition was changed."""
    return move.old.text == move.new.text


def atoms_of(move: Move) -> list[int]:
    """Both sides of a move, through the change."""
    return sorted([unit.file.first + atom for unit in (move.old, move.new) for atom in unit.atoms])


def _found(reading: Reading, free: Free) -> Iterator[Move]:
    """Definitions of one name that are gone here and new there, the same on both sides."""
    gone: dict[str, list[Unit]] = {}
    for file in reading.files:
        if file.base_source is not None:
            for unit in _units(file, file.base_source, free, new=False):
                gone.setdefault(unit.name, []).append(unit)
    for file in reading.files:
        if file.head_source is None:
            continue
        for unit in _units(file, file.head_source, free, new=True):
            for other in gone.get(unit.name, []):
                if other.file is not file and same_parts(other.source, other.part, unit.source, unit.part, _SAME):
                    gone[unit.name].remove(other)
                    yield Move(other, unit)
                    break


def _units(file: FileReading, source: Source, free: Free, *, new: bool) -> Iterator[Unit]:
    """Top-level definitions all of whose lines are gone (or new), or nearly all."""
    at: dict[int, int] = {}
    paired: set[int] = set()
    for atom in file.text_atoms:
        span = file.span(atom)
        first, count = (span.head_at, span.head_n) if new else (span.base_at, span.base_n)
        other = span.base_n if new else span.head_n
        for line in range(first, first + count):
            at[line] = atom
        if other:
            paired.update(range(first, first + count))
    for index in source.tops:
        statement = source.statements[index]
        if not isinstance(statement.node, DEFINITIONS):
            continue
        lines = range(statement.start, statement.last + 1)
        code = [line for line in lines if source.lines[line].strip()]
        touched = [line for line in code if line in at]
        if len(touched) < len(code) * 0.8 or deceives(b"".join(source.lines[line] for line in lines)):
            continue
        atoms = sorted(
            {at[line] for line in lines if line in at and line not in paired and free.has(file.first + at[line])}
        )
        whole = all(line in at and line not in paired for line in code)
        mine = len(atoms) == len({at[line] for line in lines if line in at})
        if atoms:
            yield Unit(file, source, index, statement.node.name, tuple(atoms), whole and mine)


def _proved(reading: Reading, found: list[Move]) -> list[Move]:
    """The moves whose names mean the same, and that the gate lets through, files by files."""
    open_ = [move for move in found if _is_clear(reading, move)]
    while True:  # a definition that went along counts only while its own move holds
        went = {(move.old.file.file.number, move.new.file.file.number, move.old.name) for move in open_}
        kept = [move for move in open_ if _means_the_same(move, went)]
        if len(kept) == len(open_):
            break
        open_ = kept
    held = withdrawn(open_, _holds, attempts=40)
    went = {(move.old.file.file.number, move.new.file.file.number, move.old.name) for move in held}
    return held if all(_means_the_same(move, went) for move in held) else []


def _is_clear(reading: Reading, move: Move) -> bool:
    """Whether a move is whole and nothing happens when the definition is defined, on either side."""
    old, new = move.old, move.new
    node: Any = new.source.statements[new.index].node
    if old.name.startswith(FOUND_BY_NAME):
        return False
    if not (old.is_whole and new.is_whole) or futures(old.source) != futures(new.source):
        return False
    if looked_up([node]) & KNOWS_ITS_PLACE or any(_tells_place(part) for part in ast.walk(node)):
        return False
    for part in ast.walk(node):
        relative = isinstance(part, ast.ImportFrom) and part.level
        if isinstance(part, ast.Global) or (relative and _folder(old) != _folder(new)):
            return False
    if not all(_is_mark(one) for one in node.decorator_list):
        return False
    quiet = [one for one in at_definition(node) if one not in node.decorator_list]
    if any(isinstance(part, ast.Call | ast.NamedExpr | ast.Await) for one in quiet for part in ast.walk(one)):
        return False
    if isinstance(node, ast.ClassDef) and (node.keywords or any(not isinstance(b, ast.Name) for b in node.bases)):
        return False
    return not old.name.lower().startswith("test") or same_fixtures(reading, old, new)


def _tells_place(part: ast.AST) -> bool:
    return isinstance(part, ast.Attribute) and part.attr in KNOWS_ITS_PLACE


def _folder(unit: Unit) -> bytes:
    return unit.file.file.path.rpartition(b"/")[0]


def _is_mark(node: ast.expr) -> bool:
    """A mark of pytest: it only notes something down on the function."""
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Attribute) and node.attr == "mark":
            return isinstance(node.value, ast.Name) and node.value.id == "pytest"
        node = node.func if isinstance(node, ast.Call) else node.value
    return False


def same_fixtures(reading: Reading, old: Unit, new: Unit) -> bool:
    """Whether a test is still found, and finds the same shared fixtures: the same files of them above both places."""
    if not reading.base_tree or not all(map(is_collected, (old.file.file.old_path, new.file.file.path))):
        return False
    before = _conftests(reading.base_tree, old.file.file.old_path)
    return before == _conftests(reading.head_tree, new.file.file.path)


def _conftests(tree: Any, path: bytes) -> list[tuple[bytes, str]]:
    found = []
    while path:
        path = path.rpartition(b"/")[0]
        name = path + b"/conftest.py" if path else b"conftest.py"
        if name in tree:
            found.append((name, tree[name]))
    return found


Went = set[tuple[int, int, str]]
"""Moves by the numbers of their files and their name."""


def _means_the_same(move: Move, went: Went) -> bool:
    """Whether every name in the definition comes from where it came from, and is there when it is needed."""
    old, new = move.old, move.new
    before, after = bindings(old.source, old.file.file.old_path), bindings(new.source, new.file.file.path)
    if before is None or after is None or UNCLEAR in (before.get(old.name), after.get(new.name)):
        return False
    if not _is_gone(move) or not _is_new(move):
        return False
    node: Any = new.source.statements[new.index].node
    names = looked_up([node]) | _parameters_of_tests(node)
    for name in names - {old.name}:
        if not _same_origin(origin(before, name), origin(after, name), name, move, went):
            return False
        if (submodules(old.source, name) - submodules(new.source, name)) & _attributes(node, name):
            return False
    early = {name for one in at_definition(node) for name in looked_up([one])}
    return all(_is_earlier(new.source, new.index, name) for name in early if name in after)


def _attributes(node: Any, name: str) -> set[str]:
    """What a definition takes from a name."""
    attributes = (part for part in ast.walk(node) if isinstance(part, ast.Attribute))
    return {part.attr for part in attributes if isinstance(part.value, ast.Name) and part.value.id == name}


def _parameters_of_tests(node: Any) -> set[str]:
    """Parameters that a test runner fills in by their names."""
    if not node.name.lower().startswith("test"):
        return set()
    return {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}


def _is_gone(move: Move) -> bool:
    """Whether the old module does not bind the name any more, but for importing it from the new one."""
    head = move.old.file.head_source
    if head is None:
        return move.old.file.file.status == "D"
    left = bindings(head, move.old.file.file.path)
    here = bindings(move.new.source, move.new.file.file.path)
    if left is None or here is None:
        return False
    found = left.get(move.old.name)
    return found is None or (
        found[0] == "import" and found[2] == move.new.name and same_module(found[1], _module(move.new))
    )


def _module(unit: Unit) -> str:
    found = bindings(unit.source, unit.file.file.path) or {}
    return found.get(unit.name, ("", "", ""))[1]


def _is_new(move: Move) -> bool:
    """Whether the new module did not bind the name before, but for importing it from the old one."""
    base = move.new.file.base_source
    if base is None:
        return move.new.file.file.status == "A"
    found = (bindings(base, move.new.file.file.old_path) or {"": UNCLEAR}).get(move.new.name)
    return found is None or (found[0] == "import" and found[2] == move.old.name)


def _same_origin(a: Origin, b: Origin, name: str, move: Move, went: Went) -> bool:
    """Whether a name's origin in the old module is that in the new one, what went along considered."""
    if UNCLEAR in (a, b):
        return False
    if a == b and (not a or a[0] != "here"):
        return True
    numbers = move.old.file.file.number, move.new.file.file.number
    if a and b and a[0] == b[0] == "here":
        return (*numbers, name) in went
    if a and b and a[0] == b[0] == "import":
        return a[2] == b[2] and same_module(a[1], b[1]) and "." in a[1] + b[1]
    if a and b and (a[0], b[0]) == ("here", "import"):
        return (
            b[2] == name and same_module(b[1], a[1]) and (*numbers, name) not in went and _still_there(move.old, name)
        )
    return False


def _still_there(unit: Unit, name: str) -> bool:
    """Whether the old module's head binds a name itself, unchanged."""
    head = unit.file.head_source
    if head is None:
        return False
    places = [
        [at for at in source.tops if getattr(source.statements[at].node, "name", "") == name]
        for source in (unit.source, head)
    ]
    if [len(found) for found in places] != [1, 1]:
        return False
    (i,), (j,) = places
    return same_parts(unit.source, (i, unit.source.after(i)), head, (j, head.after(j)), Standard())


def _is_earlier(source: Source, index: int, name: str) -> bool:
    """Whether a module binds a name before a definition needs it."""
    for at in source.tops:
        if at >= index:
            return False
        node = source.statements[at].node
        if isinstance(node, ast.Import | ast.ImportFrom):
            if any((one.asname or one.name.partition(".")[0]) == name for one in node.names):
                return True
        elif getattr(node, "name", "") == name or (
            isinstance(node, ast.Assign) and name in looked_up(list(node.targets))
        ):
            return True
    return False


def _holds(some: Sequence[Move]) -> bool:
    """The gate: with only these moves made, and with only these taken back, each file is the same but for them."""
    atoms: dict[int, list[int]] = {}
    units: dict[int, list[Unit]] = {}
    for unit in (unit for move in some for unit in (move.old, move.new)):
        atoms.setdefault(unit.file.file.number, []).extend(unit.atoms)
        units.setdefault(unit.file.file.number, []).append(unit)
    went = {id(unit): move for move in some for unit in (move.old, move.new)}
    for number, own in units.items():
        file = own[0].file
        gone = [unit for unit in own if went[id(unit)].old is unit]
        new = [unit for unit in own if went[id(unit)].new is unit]
        for before, after in ((file.base, file.with_only(atoms[number])), (file.without(atoms[number]), file.head)):
            if not _differ_by(parse(before), parse(after), gone, new):
                return False
    return True


def _differ_by(before: Source | None, after: Source | None, gone: list[Unit], new: list[Unit]) -> bool:
    """Whether two sources are the same but for definitions only in the first and others only in the second."""
    if before is None or after is None or before.first_lines != after.first_lines:
        return False
    a = [at for at in before.tops if not any(_is_unit(before, at, unit) for unit in gone)]
    b = [at for at in after.tops if not any(_is_unit(after, at, unit) for unit in new)]
    if (len(before.tops) - len(a), len(after.tops) - len(b)) != (len(gone), len(new)) or len(a) != len(b):
        return False
    ends = before.attached.get(len(before.statements)), after.attached.get(len(after.statements))
    return ends[0] == ends[1] and all(
        same_parts(before, (i, before.after(i)), after, (j, after.after(j)), Standard())
        for i, j in zip(a, b, strict=True)
    )


def _is_unit(source: Source, index: int, unit: Unit) -> bool:
    if getattr(source.statements[index].node, "name", "") != unit.name:
        return False
    return same_parts(source, (index, source.after(index)), unit.source, unit.part, Standard())
