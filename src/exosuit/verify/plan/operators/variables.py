"""Variables put in for an expression, or taken out again: `v = f(x)` right before the one statement that uses it.

Proved where the expression is what that statement evaluates first, so that everything is evaluated in the order in
which it was, and where the variable is a new local that nothing else names.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from exosuit.changes.decisions import merged
from exosuit.verify.plan.claims import Claim, Free
from exosuit.verify.plan.gate import taken_and_left, withdrawn
from exosuit.verify.plan.model import Proof, Ranges
from exosuit.verify.plan.operators.edited import both
from exosuit.verify.plan.python.evaluation import put_first
from exosuit.verify.plan.python.locals import LOOKS_AT_NAMES
from exosuit.verify.plan.python.source import Shape, Source, own_shape
from exosuit.verify.plan.python.toolcomments import deceives
from exosuit.verify.plan.reading import FileReading, Reading
from exosuit.verify.plan.segments import joined, segments

CLAIM = "same evaluations"

FEWEST = 3
"""Places that are worth a decision."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, eq=False, slots=True)
class Variable:
    """A variable that was put in (`is_new`) or taken out: atoms of a file, and the statements on both sides."""

    file: FileReading
    atoms: range
    base: range
    head: range
    is_new: bool


def variables(reading: Reading, free: Free) -> list[Claim]:
    """One claim for all variables that were put in or taken out."""
    held: list[Variable] = []
    for file in reading.files:
        if file.base_source is not None and file.head_source is not None and file.file.runs:
            held += withdrawn(list(_found(file, free)), _holds)
    if len(held) < FEWEST:
        return []
    new = sum(one.is_new for one in held)
    said = [f"{count:,} {what}" for count, what in ((new, "put in"), (len(held) - new, "taken out")) if count]
    atoms = _ranges(held)
    files = len({one.file.file.number for one in held})
    title = f"Variables used once: {' and '.join(said)}" + (f", in {files:,} files" if files > 1 else "")
    again = f"exosuit change materialize {reading.change.id} --group {{group}} --out DIR  # compare evaluations"
    proof = Proof(CLAIM, "extract and inline", atoms)
    return [Claim("variables", "", title, atoms, (proof,), _ranges(held[:1])[0], reproduce=again)]


def _ranges(some: Sequence[Variable]) -> Ranges:
    return tuple(merged((one.file.first + one.atoms.start, one.file.first + one.atoms.stop) for one in some))


def _found(file: FileReading, free: Free) -> Iterator[Variable]:
    """Segments, or up to three neighbours, that put a variable in or take one out; each atom in one only."""
    base, head = both(file)
    parts = [part for part in segments(file, base, head) if _is_open(file, part.atoms, free)]
    end = -1
    for at, part in enumerate(parts):
        for some in (parts[at : at + size] for size in (1, 2, 3)):
            if any(one.atoms.stop != other.atoms.start for one, other in pairwise(some)):
                break
            whole = joined(some)
            old, new = range(*whole.base), range(*whole.head)
            is_new = len(new) == 2
            longer, shorter = ((head, new), (base, old)) if is_new else ((base, old), (head, new))
            fits = part.atoms.start >= end and (len(longer[1]), len(shorter[1])) == (2, 1)
            if fits and _is_variable(*longer, *shorter):
                end = whole.atoms.stop
                yield Variable(file, whole.atoms, old, new, is_new)
                break


def _is_open(file: FileReading, atoms: range, free: Free) -> bool:
    return all(free.has(file.first + atom) for atom in atoms) and not any(
        deceives(line) for atom in atoms for line in (*file.removed(atom), *file.added(atom))
    )


def _is_variable(longer: Source, two: range, shorter: Source, one: range) -> bool:
    """Whether two statements are an assignment and the one that uses it, and one is the latter without it."""
    first, second, alone = longer.statements[two[0]], longer.statements[two[1]], shorter.statements[one[0]]
    node: Any = first.node
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
        return False
    if {(s.depth, s.place) for s in (first, second, alone)} != {
        (alone.depth, alone.place)
    } or first.parent != second.parent:
        return False
    if any(at in longer.attached for at in two) or any(at in shorter.attached for at in one):
        return False
    name = node.targets[0].id
    whole = put_first(own_shape(second.node), name, own_shape(node)[2])
    return whole == own_shape(alone.node) and _is_local(longer, two[0], name, 2) and _is_local(shorter, one[0], name, 0)


def _is_local(source: Source, index: int, name: str, count: int) -> bool:
    """Whether a name is a plain local of the function around a statement, and stands so often in all around it."""
    around = source.enclosing(index)
    if around < 0 or not isinstance(source.statements[around].node, _FUNCTIONS) or name.startswith("__"):
        return False
    top, at = around, around
    while at >= 0:
        top = at if isinstance(source.statements[at].node, _FUNCTIONS) else top
        at = source.enclosing(at)
    mentioned: list[str] = []
    for part in ast.walk(source.statements[top].node):
        for field in ("id", "attr", "name", "arg", "asname", "rest"):
            value = getattr(part, field, None)
            if isinstance(value, str):
                mentioned.append(value)
        if isinstance(part, ast.Global | ast.Nonlocal):
            mentioned += part.names
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            mentioned += part.value.split()
    return mentioned.count(name) == count and LOOKS_AT_NAMES.isdisjoint(mentioned)


def _holds(some: Sequence[Variable]) -> bool:
    """The gate: taken alone they replace just their statements, and taken back they undo just that."""
    file = some[0].file
    base, head = both(file)
    atoms = [atom for one in some for atom in one.atoms]
    ends = taken_and_left(file, atoms)
    if ends is None:
        return False
    taken, left = ends
    forth = _rows(base, [(one.base, head, one.head) for one in some])
    back = _rows(head, [(one.head, base, one.base) for one in some])
    return forth == _rows(taken, []) and back == _rows(left, [])


def _rows(source: Source, instead: list[tuple[range, Source, range]]) -> list[Shape]:
    """All that decides what a file is, some statements replaced by those of another one."""
    starts = {own.start: (own, other, part) for own, other, part in instead}
    rows: list[Shape] = [source.first_lines]
    at = 0
    while at < len(source.statements):
        if at in starts:
            own, other, part = starts[at]
            rows += [_row(other, index) for index in part]
            at = own.stop
        else:
            rows.append(_row(source, at))
            at += 1
    return [*rows, source.attached.get(len(source.statements))]


def _row(source: Source, index: int) -> Shape:
    statement = source.statements[index]
    return statement.depth, statement.place, own_shape(statement.node), source.attached.get(index)
