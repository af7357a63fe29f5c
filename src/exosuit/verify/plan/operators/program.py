"""Edits inside a Python file that leave the program the same: comments, spacing, formatting, names of locals, order.

A segment is a candidate under the narrowest standard at which its statements are the same on both sides. Candidates
become proofs only through the gate, narrowest standard first; a wider one is judged with all that hold already.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from exosuit.verify.plan.claims import Claim, Free, Gathering
from exosuit.verify.plan.gate import is_same_program, withdrawn
from exosuit.verify.plan.operators.candidates import (
    BUT,
    ON_STATEMENTS,
    WIDER,
    Candidate,
    body_around,
    may_be_reordered,
    on_parts,
    on_statements,
    reordered,
    widened,
)
from exosuit.verify.plan.python.annotations import Surroundings, can_be_evaluated, reads_annotations
from exosuit.verify.plan.python.source import Source
from exosuit.verify.plan.python.standards import Aside, Standard
from exosuit.verify.plan.python.toolcomments import deceives
from exosuit.verify.plan.reading import FileReading, Reading
from exosuit.verify.plan.segments import segments

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

FEW, MANY = 100, 3
"""Kinds of edits with fewer lines (or with less than a fiftieth of all) share a decision where they are so many."""


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
    tried = ON_STATEMENTS[:1] if file.file.path.endswith(b".pyi") else ON_STATEMENTS
    found = segments(file, base, head)
    held = _gated(file, [], on_statements(file, base, head, found, tried, setting), setting, free)
    for around, asides in WIDER if len(tried) > 1 else ():
        if around is body_around and not may_be_reordered(base, head):
            continue
        known = set(_atoms(held))
        waiting = [segment for segment in found if not known.issuperset(segment.atoms)]
        wider = on_parts(base, head, widened(base, head, waiting, known, around), asides, setting)
        held = _gated(file, held, wider, setting, free)
    if len(tried) > 1:
        held = _gated(file, held, reordered(file, base, head, set(_atoms(held))), setting, free)
    return held


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
    return bool(aside & {*BUT, Aside.TYPING}), len(aside), sorted(aside)


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
