"""Where in a Python file edits may leave the program the same: statements, functions, imports and bodies, by standard.

What is said here is a guess that the gate has to confirm.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from exosuit.verify.plan.python.annotations import Surroundings
from exosuit.verify.plan.python.source import DEFINITIONS, Source, qualified_name
from exosuit.verify.plan.python.standards import Aside, Standard, same_parts
from exosuit.verify.plan.reading import FileReading
from exosuit.verify.plan.segments import Part, Segment, joined

BUT = (Aside.DOCSTRINGS, Aside.ANNOTATIONS)

TYPING = frozenset({Aside.TYPING})


def _sets(*asides: Aside, least: int = 0) -> tuple[frozenset[Aside], ...]:
    """All sets of these, the small ones first."""
    sizes = range(least, len(asides) + 1)
    return tuple(frozenset(some) for size in sizes for some in combinations(asides, size))


ON_STATEMENTS = (*_sets(*BUT), TYPING, TYPING | {Aside.DOCSTRINGS})

_ON_FUNCTIONS = tuple(some | {Aside.LOCALS} for some in ON_STATEMENTS)

_ON_IMPORTS = (frozenset({Aside.IMPORTS}),)

_ON_BODIES = (frozenset({Aside.ORDER}), frozenset({Aside.ORDER, Aside.LOCALS, *BUT}))

_REACH = 12
"""How many neighbouring segments of a run are joined in search of equal statements."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Atoms of one file that are said to make no difference at a standard."""

    atoms: tuple[int, ...]
    aside: frozenset[Aside]


def may_be_reordered(base: Source, head: Source) -> bool:
    """Whether both sides bind the same names at the top and in classes, and not in the same order."""
    old, new = ([_named(source, index) for index in _members(source)] for source in (base, head))
    return old != new and sorted(old) == sorted(new)


def _members(source: Source) -> Iterator[int]:
    """Statements of the module and of its classes."""
    for index, statement in enumerate(source.statements):
        if statement.parent < 0 or isinstance(source.statements[statement.parent].node, ast.ClassDef):
            yield index


def _named(source: Source, index: int) -> str:
    """The name that a statement binds, if it is one that may be put in another order."""
    node: Any = source.statements[index].node
    if isinstance(node, ast.Assign):
        return getattr(node.targets[0], "id", "")
    return node.name if isinstance(node, DEFINITIONS) else ""


def reordered(file: FileReading, base: Source, head: Source, known: set[int]) -> Iterator[Candidate]:
    """Definitions that are gone from one place of a file and new in another, the same, each by itself."""
    removed: dict[int, int] = {}
    added: dict[int, int] = {}
    for atom in file.text_atoms:
        span = file.span(atom)
        if atom not in known:
            removed |= dict.fromkeys(range(span.base_at, span.base_at + span.base_n), atom) if not span.head_n else {}
            added |= dict.fromkeys(range(span.head_at, span.head_at + span.head_n), atom) if not span.base_n else {}
    gone = {qualified_name(base, index): (index, atoms) for index, atoms in _whole_units(base, removed)}
    for index, atoms in _whole_units(head, added):
        here, before = gone.get(qualified_name(head, index), (-1, ()))
        if here >= 0 and same_parts(base, (here, base.after(here)), head, (index, head.after(index)), Standard()):
            yield Candidate(tuple(sorted({*before, *atoms})), frozenset({Aside.ORDER}))


def _whole_units(source: Source, lines: dict[int, int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Definitions all of whose code stands on some lines, with the atoms of these; none inside another one of them."""
    end = 0
    for index, statement in enumerate(source.statements):
        if index < end or not isinstance(statement.node, DEFINITIONS) or statement.start not in lines:
            continue
        whole = range(statement.start, statement.last + 1)
        if all(line in lines or not source.lines[line].strip() for line in whole):
            end = source.after(index)
            yield index, tuple(sorted({lines[line] for line in whole if line in lines}))


def on_statements(
    file: FileReading,
    base: Source,
    head: Source,
    found: list[Segment],
    tried: Sequence[frozenset[Aside]],
    setting: Surroundings,
) -> Iterator[Candidate]:
    """Stretches whose statements are the same on both sides, each atom in at most one."""
    for run in _by_run(file, found):
        at = 0
        while at < len(run):
            end, aside = _same_until(file, run, at, base, head, tried, setting)
            if end:
                yield Candidate(tuple(a for segment in run[at:end] for a in segment.atoms), aside)
            at = end or at + 1


def on_parts(
    base: Source,
    head: Source,
    parts: Iterable[tuple[Segment, list[int]]],
    asides: Sequence[frozenset[Aside]],
    setting: Surroundings,
) -> Iterator[Candidate]:
    """Whole parts that are the same on both sides."""
    for whole, atoms in parts:
        if not same_parts(base, whole.base, head, whole.head, Standard(asides[-1], setting)):
            continue
        for aside in asides:
            if same_parts(base, whole.base, head, whole.head, Standard(aside, setting)):
                yield Candidate(tuple(atoms), aside)
                break


def _by_run(file: FileReading, found: list[Segment]) -> Iterator[list[Segment]]:
    """Segments that touch without an unchanged line between them."""
    group: list[Segment] = []
    for segment in found:
        if group:
            last, here = file.span(group[-1].atoms.stop - 1), file.span(segment.atoms.start)
            if last.base_at + last.base_n != here.base_at or last.head_at + last.head_n != here.head_at:
                yield group
                group = []
        group.append(segment)
    if group:
        yield group


def _same_until(
    file: FileReading,
    run: list[Segment],
    at: int,
    base: Source,
    head: Source,
    tried: Sequence[frozenset[Aside]],
    setting: Surroundings,
) -> tuple[int, frozenset[Aside]]:
    """The first end up to which segments from `at` on are the same, and what is left aside for it; 0 for none."""
    for end in range(at + 1, min(len(run), at + _REACH) + 1):
        whole = joined(run[at:end])
        if whole.base[0] == whole.base[1] and whole.head[0] == whole.head[1] and not _is_code_free(file, whole.atoms):
            continue  # an `else:` or a closing bracket belongs to no statement, yet it is code
        if not same_parts(base, whole.base, head, whole.head, Standard(tried[-1], setting)):
            continue  # the widest comes last: where it fails, all do
        for aside in tried:
            if same_parts(base, whole.base, head, whole.head, Standard(aside, setting)):
                return end, aside
    return 0, frozenset()


def _is_code_free(file: FileReading, atoms: range) -> bool:
    """Whether all lines of some atoms are blank or comments."""
    lines = (line.strip() for atom in atoms for line in (*file.removed(atom), *file.added(atom)))
    return all(not line or line.startswith(b"#") for line in lines)


Around = Callable[[Source, Part], Part | None]


def widened(
    base: Source, head: Source, waiting: list[Segment], known: set[int], around: Around
) -> Iterator[tuple[Segment, list[int]]]:
    """Segments widened to what is compared as a whole, those that meet joined; with the atoms not `known`."""
    found: list[tuple[Segment, list[int]]] = []
    for segment in waiting:
        old, new = around(base, segment.base), around(head, segment.head)
        if old is None or new is None:
            continue
        here, atoms = Segment(segment.atoms, old, new), [atom for atom in segment.atoms if atom not in known]
        while found and (_overlap(found[-1][0].base, old) or _overlap(found[-1][0].head, new)):
            last, before = found.pop()
            here, atoms = joined([last, here]), before + atoms
        found.append((here, atoms))
    yield from found


def _overlap(a: Part, b: Part) -> bool:
    return b[0] < a[1] and a[0] < b[1]


def _function(source: Source, part: Part) -> Part | None:
    """The one function that holds all of a part and stands in no other, from its header on."""
    at = part[0] if part[0] < len(source.statements) else part[0] - 1
    outer = -1
    while at >= 0:
        if isinstance(source.statements[at].node, ast.FunctionDef | ast.AsyncFunctionDef):
            outer = at
        at = source.statements[at].parent
    if outer < 0 or source.after(outer) < part[1]:
        return None
    return outer, source.after(outer)


def _imports(source: Source, part: Part) -> Part | None:
    """The imports side by side that hold a part."""
    low, high = part
    if not all(_is_import(source, at) for at in range(low, high)):
        return None
    while low and _is_import(source, low - 1):
        low -= 1
    while high < len(source.statements) and _is_import(source, high):
        high += 1
    return (low, high) if low < high else None


def _is_import(source: Source, at: int) -> bool:
    return isinstance(source.statements[at].node, ast.Import | ast.ImportFrom)


def body_around(source: Source, part: Part) -> Part | None:
    """The whole body that holds a part: of the top-level class around it, else of the module."""
    if not source.statements:
        return None
    outer = source.outermost(min(part[0], len(source.statements) - 1))
    if isinstance(source.statements[outer].node, ast.ClassDef) and outer < part[0] and part[1] <= source.after(outer):
        return outer, source.after(outer)
    return 0, len(source.statements)


WIDER = ((_function, _ON_FUNCTIONS), (_imports, _ON_IMPORTS), (body_around, _ON_BODIES))
