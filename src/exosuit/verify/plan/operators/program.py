"""Edits inside a Python file that leave the program the same: comments, spacing, formatting, names of locals, order.

A segment is a candidate under the narrowest standard at which its statements are the same on both sides. Candidates
become proofs only through the gate, narrowest standard first; a wider one is judged with all that hold already.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePosixPath
from typing import Any

from exosuit.verify.plan.claims import Claim, Free, Gathering
from exosuit.verify.plan.gate import is_same_program, withdrawn
from exosuit.verify.plan.python.annotations import Surroundings, can_be_evaluated, reads_annotations
from exosuit.verify.plan.python.source import DEFINITIONS, Source, qualified_name
from exosuit.verify.plan.python.standards import Aside, Standard, same_parts
from exosuit.verify.plan.python.toolcomments import deceives
from exosuit.verify.plan.reading import FileReading, Reading
from exosuit.verify.plan.segments import Part, Segment, joined, segments

TITLES = {
    "comments": "Comments only",
    "whitespace": "Spaces and blank lines only",
    "formatting": "Formatting only: the syntax tree is the same",
    "imports": "Imports of the standard library in another order",
    "locals": "Local variables renamed",
    "order": "Definitions in another order",
    "docstrings": "Docstrings only",
    "annotations": "Annotations of plain functions only",
    "typing": "Annotations of functions, and imports for them, only; they are evaluated where they stand",
    "composed": "Formatting, names of locals, docstrings or annotations at once",
}

_SHORT = {
    "imports": "order of imports", "locals": "names of locals", "order": "order of definitions",
    "composed": "several of these at once", "typing": "evaluated annotations",
}  # fmt: skip
"""Words for kinds that share a decision, where they differ from the kind."""

_KINDS = {
    Aside.LOCALS: "locals",
    Aside.IMPORTS: "imports",
    Aside.ORDER: "order",
    Aside.DOCSTRINGS: "docstrings",
    Aside.ANNOTATIONS: "annotations",
    Aside.TYPING: "typing",
}
_BUT = (Aside.DOCSTRINGS, Aside.ANNOTATIONS)
_TYPING = frozenset({Aside.TYPING})


def _sets(*asides: Aside, least: int = 0) -> tuple[frozenset[Aside], ...]:
    """All sets of these, the small ones first."""
    sizes = range(least, len(asides) + 1)
    return tuple(frozenset(some) for size in sizes for some in combinations(asides, size))


_ON_STATEMENTS = (*_sets(*_BUT), _TYPING, _TYPING | {Aside.DOCSTRINGS})
_ON_FUNCTIONS = tuple(some | {Aside.LOCALS} for some in _ON_STATEMENTS)
_ON_IMPORTS = (frozenset({Aside.IMPORTS}),)
_ON_BODIES = (frozenset({Aside.ORDER}), frozenset({Aside.ORDER, Aside.LOCALS, *_BUT}))
FEW, MANY = 100, 3
"""Kinds of edits with fewer lines (or with less than a fiftieth of all) share a decision where they are so many."""

_REACH = 12
"""How many neighbouring segments of a run are joined in search of equal statements."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Atoms of one file that are said to make no difference at a standard."""

    atoms: tuple[int, ...]
    aside: frozenset[Aside]


def program(reading: Reading, free: Free) -> list[Claim]:
    """Claims for all that leaves the programs of the change the same, one for each kind of edit."""
    kinds: dict[str, Gathering] = {}
    setting = _surroundings(reading)
    for file in reading.files:
        base, head = file.base_source, file.head_source
        if base is None or head is None or not file.file.runs:
            continue
        confirmed = _confirmed(file, base, head, setting, free)
        for candidate in confirmed:
            for kind, atoms in _kinds(file, candidate):
                claim, by = _claim(candidate.aside), _by(kind, candidate.aside)
                kinds.setdefault(kind, Gathering()).add(file.globally(atoms), claim, by)
    return [_claimed(reading, names, found) for names, found in _pooled(reading, kinds)]


def _pooled(reading: Reading, kinds: dict[str, Gathering]) -> Iterator[tuple[list[str], Gathering]]:
    """Kinds of edits that are a decision each; those of few lines are one together, each with its own proofs."""
    sizes = {kind: reading.lines(found.ranges) for kind, found in sorted(kinds.items())}
    few = max(FEW, (reading.change.added + reading.change.removed) // 50)
    small = [kind for kind, size in sizes.items() if size < few]
    for kind in sizes:
        if kind not in small or len(small) < MANY:
            yield [kind], kinds[kind]
    if len(small) >= MANY:
        pool = Gathering()
        for kind in sorted(small, key=lambda kind: -sizes[kind]):
            for (claim, by), ranges in kinds[kind].proved.items():
                pool.add(ranges, claim, by)
        yield sorted(small, key=lambda kind: -sizes[kind]), pool


def _claimed(reading: Reading, names: list[str], found: Gathering) -> Claim:
    return Claim(
        names[0] if len(names) == 1 else "same program", "", _title(reading, names, found), found.ranges, found.proofs,
        _first(found),
        reproduce=f"exosuit change materialize {reading.change.id} --group {{group}} --out DIR  # compare syntax trees",
    )  # fmt: skip


def _title(reading: Reading, names: list[str], found: Gathering) -> str:
    files = len({reading.change.file_of(first).number for first, _end in found.ranges})
    words = [_SHORT.get(name, name) for name in names]
    what = TITLES[names[0]] if len(names) == 1 else f"Only {', '.join(words[:-1])} and {words[-1]}"
    return what + (f", in {files:,} files" if files > 1 else "")


def _first(found: Gathering) -> tuple[int, int]:
    first = found.ranges[0][0]
    return first, first + 1


def _surroundings(reading: Reading) -> Surroundings:
    """Names of modules and packages in the workspace, and whether its code reads annotations; nothing where unknown."""
    if not reading.base_tree or not reading.head_tree:
        return Surroundings()
    names: set[str] = set()
    blobs: set[str] = set()
    for path, blob in (*reading.base_tree.items(), *reading.head_tree.items()):
        if path.endswith((b".py", b".pyi", b".so", b".pyx")):
            parts = PurePosixPath(path.decode("utf-8", "replace"))
            names.update((*parts.parts[:-1], parts.name.partition(".")[0]))
            blobs.update([blob] if path.endswith(b".py") else [])
    return Surroundings(frozenset(names), any(reads_annotations(reading.blob(blob)) for blob in sorted(blobs)))


def _confirmed(file: FileReading, base: Source, head: Source, setting: Surroundings, free: Free) -> list[Candidate]:
    """The candidates of a file that the gate lets through: single statements first, then functions, imports, bodies."""
    tried = _ON_STATEMENTS[:1] if file.file.path.endswith(b".pyi") else _ON_STATEMENTS
    found = segments(file, base, head)
    held = _gated(file, [], _on_statements(file, base, head, found, tried, setting), setting, free)
    for around, asides in _WIDER if len(tried) > 1 else ():
        if around is _body and not _may_be_reordered(base, head):
            continue
        known = set(_atoms(held))
        waiting = [segment for segment in found if not known.issuperset(segment.atoms)]
        wider = _on_parts(base, head, _widened(base, head, waiting, known, around), asides, setting)
        held = _gated(file, held, wider, setting, free)
    if len(tried) > 1:
        held = _gated(file, held, _reordered(file, base, head, set(_atoms(held))), setting, free)
    return held


def _may_be_reordered(base: Source, head: Source) -> bool:
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


def _reordered(file: FileReading, base: Source, head: Source, known: set[int]) -> Iterator[Candidate]:
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


def _gated(
    file: FileReading,
    held: list[Candidate],
    candidates: Iterable[Candidate],
    setting: Surroundings,
    free: Free,
) -> list[Candidate]:
    """What holds already and the candidates that hold by themselves and together with it, narrowest standard first."""
    found = [one for one in candidates if _is_open(file, one, free)]
    held = list(held)
    for aside in sorted({one.aside for one in found}, key=_narrowest_first):
        union = Standard(aside.union(*(one.aside for one in held)), setting)
        some = [one for one in found if one.aside == aside]
        some = withdrawn(some, _judge(file, [], Standard(aside, setting)))
        if held and some:
            some = withdrawn(some, _judge(file, list(held), union))
        held += some
    return held


def _judge(file: FileReading, before: Sequence[Candidate], standard: Standard) -> Callable[[Sequence[Candidate]], bool]:
    """Whether candidates hold, together with those before them."""
    return lambda some: is_same_program(file, _atoms([*before, *some]), standard)


def _is_open(file: FileReading, one: Candidate, free: Free) -> bool:
    """Whether nobody has claimed any of it yet, and all its characters show."""
    if Aside.TYPING in one.aside and not _can_be_evaluated(file, one):
        return False
    lines = (line for atom in one.atoms for line in (*file.removed(atom), *file.added(atom)))
    return all(free.has(file.first + atom) for atom in one.atoms) and not deceives(b"".join(lines))


def _can_be_evaluated(file: FileReading, one: Candidate) -> bool:
    """Whether the names in all annotations that a candidate brings are bound where they are evaluated."""
    head = file.head_source
    spans = (file.span(atom) for atom in one.atoms)
    touched = (head.touched(span.head_at, span.head_n) for span in spans if head is not None)
    return head is not None and all(can_be_evaluated(head, index) for part in touched for index in range(*part))


def _atoms(candidates: Sequence[Candidate]) -> list[int]:
    return sorted({atom for one in candidates for atom in one.atoms})


def _narrowest_first(aside: frozenset[Aside]) -> tuple[bool, int, list[str]]:
    return bool(aside & {*_BUT, Aside.TYPING}), len(aside), sorted(aside)


def _on_statements(
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


def _on_parts(
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


def _widened(
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


def _body(source: Source, part: Part) -> Part | None:
    """The whole body that holds a part: of the top-level class around it, else of the module."""
    if not source.statements:
        return None
    outer = source.outermost(min(part[0], len(source.statements) - 1))
    if isinstance(source.statements[outer].node, ast.ClassDef) and outer < part[0] and part[1] <= source.after(outer):
        return outer, source.after(outer)
    return 0, len(source.statements)


_WIDER = ((_function, _ON_FUNCTIONS), (_imports, _ON_IMPORTS), (_body, _ON_BODIES))


def _claim(aside: frozenset[Aside]) -> str:
    if Aside.TYPING in aside:
        return "same program but for evaluated annotations"
    if Aside.ANNOTATIONS in aside:
        return "same program but for annotations"
    return "same program but for docstrings" if Aside.DOCSTRINGS in aside else "same program"


def _by(kind: str, aside: frozenset[Aside]) -> str:
    return " and ".join(_KINDS[one] for one in sorted(aside)) or kind


def _kinds(file: FileReading, candidate: Candidate) -> Iterator[tuple[str, list[int]]]:
    """The word for what a candidate edits; plain ones by what their lines show."""
    if candidate.aside:
        yield (_KINDS[next(iter(candidate.aside))] if len(candidate.aside) == 1 else "composed"), list(candidate.atoms)
        return
    removed = b"".join(line for atom in candidate.atoms for line in file.removed(atom))
    added = b"".join(line for atom in candidate.atoms for line in file.added(atom))
    if b"".join(removed.split()) == b"".join(added.split()):
        yield "whitespace", list(candidate.atoms)
    elif _without_comments(removed) == _without_comments(added):
        yield "comments", list(candidate.atoms)
    else:
        yield "formatting", list(candidate.atoms)


_COMMENT = re.compile(rb"#[^\n]*")


def _without_comments(text: bytes) -> bytes:
    return b"".join(_COMMENT.sub(b"", text).split())
