"""Functions that were extracted, or put back in the place of their calls: with its calls, each is one decision.

A new function is put in the place of its calls in the head (`python.inlining`); where that gives the statements of the
base, all that its callers and the function itself changed is explained. A function that went is the same the other way
round. Callers that were edited besides are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from exosuit.changes.decisions import merged
from exosuit.verify.plan.claims import Claim, Free
from exosuit.verify.plan.gate import taken_and_left
from exosuit.verify.plan.model import Proof, Ranges
from exosuit.verify.plan.python.inlining import Extracted, Row, extracted, without
from exosuit.verify.plan.python.source import DEFINITIONS, Source, own_shape, qualified_name
from exosuit.verify.plan.python.toolcomments import deceives
from exosuit.verify.plan.reading import FileReading, Reading

CLAIM = "same evaluations in a function of their own"


@dataclass(frozen=True, eq=False, slots=True)
class _Found:
    """A function of one side (`side` 1: the head), with atoms (numbered within the file) that bring it or take it."""

    file: FileReading
    one: Extracted
    side: int
    atoms: tuple[int, ...]
    callers: tuple[str, ...]
    calls: int


def functions(reading: Reading, free: Free) -> list[Claim]:
    """One claim for each function that was extracted or inlined."""
    free = Free(bytearray(free.mask))
    claims = []
    for file in reading.files:
        base, head = (file.base_source, file.head_source) if file.is_python and file.file.runs else (None, None)
        if base is None or head is None:
            continue
        for side, one in _candidates(base, head):
            found = _explained(file, side, one, free)
            if found is not None and (side or _is_only_here(reading, file, one.name)):
                claims.append(_claim(reading, found))
                free.take(claims[-1].atoms)
    return claims


def _candidates(base: Source, head: Source) -> Iterator[tuple[int, Extracted]]:
    """Functions of one side whose names the other side does not have as a word."""
    for side, own, other in ((1, head, base), (0, base, head)):
        for index, statement in enumerate(own.statements):
            name = getattr(statement.node, "name", "")
            if isinstance(statement.node, DEFINITIONS) and name.encode() not in other.words:
                one = extracted(own, index)
                if one is not None:
                    yield side, one


def _is_only_here(reading: Reading, file: FileReading, name: str) -> bool:
    """Whether no other file says the name of a function that goes."""
    word = name.encode()
    others = (blob for path, blob in reading.base_tree.items() if path != file.file.old_path)
    return bool(reading.base_tree) and not any(word in reading.blob(blob) for blob in others)


def _explained(file: FileReading, side: int, one: Extracted, free: Free) -> _Found | None:
    """A function with its callers, if it explains all that is changed in them, and the gate agrees."""
    other = file.base_source if side else file.head_source
    assert other is not None
    callers = _callers(one)
    told = without(one.source, one, callers) if callers else None
    if told is None or not told[1]:
        return None
    names = tuple(sorted({qualified_name(one.source, index) for index in callers}))
    if not all(_definition(other, name) is not None for name in names):
        return None
    atoms = _atoms(file, side, one, names, free)
    if not atoms:
        return None
    found = _Found(file, one, side, atoms, names, told[1])
    return found if _holds(found) else None


def _callers(one: Extracted) -> list[int]:
    """The functions of a module, or methods of its classes, that say the name of another."""
    word, source = one.name.encode(), one.source
    found = []
    for index, statement in enumerate(source.statements):
        above = source.statements[statement.parent].node if statement.parent >= 0 else None
        is_member = statement.parent < 0 or (
            isinstance(above, DEFINITIONS)
            and hasattr(above, "bases")
            and source.statements[statement.parent].parent < 0
        )
        if index != one.index and is_member and hasattr(statement.node, "args"):
            lines = source.lines[statement.start : statement.last + 1]
            found += [index] if any(word in line for line in lines) else []
    return found


def _definition(source: Source, name: str) -> int | None:
    found = [
        index
        for index, statement in enumerate(source.statements)
        if isinstance(statement.node, DEFINITIONS) and qualified_name(source, index) == name
    ]
    return found[0] if len(found) == 1 else None


def _atoms(file: FileReading, side: int, one: Extracted, callers: tuple[str, ...], free: Free) -> tuple[int, ...]:
    """The free atoms in the lines of the function and of its callers; none if others have their hand in there."""
    sources = (file.base_source, file.head_source)
    lines: tuple[set[int], set[int]] = (set(), set())
    for at, source in enumerate(sources):
        assert source is not None
        places = [index for name in callers if (index := _definition(source, name)) is not None]
        for index in [*places, *([one.index] if at == side else [])]:
            statement = source.statements[index]
            lines[at].update(range(statement.start, statement.last + 1))
    found = []
    for atom in file.text_atoms:
        span = file.span(atom)
        touched = [*range(span.base_at, span.base_at + span.base_n)], [*range(span.head_at, span.head_at + span.head_n)]
        if any(set(own) & wanted for own, wanted in zip(touched, lines, strict=True)):
            texts = (*file.removed(atom), *file.added(atom))
            if not free.has(file.first + atom) or any(map(deceives, texts)):
                return ()
            found.append(atom)
    return tuple(found + _blank_beside(file, found, free))


def _blank_beside(file: FileReading, atoms: list[int], free: Free) -> list[int]:
    """Atoms right beside these that only add or remove blank lines."""
    own, extra = set(atoms), []
    for step in (1, -1):
        for atom in atoms:
            at = atom + step
            while at in file.text_atoms and at not in own and free.has(file.first + at):
                if b"".join((*file.removed(at), *file.added(at))).strip() or not _is_beside(file, at - step, at):
                    break
                own.add(at)
                extra.append(at)
                at += step
    return extra


def _is_beside(file: FileReading, one: int, other: int) -> bool:
    first, second = file.span(min(one, other)), file.span(max(one, other))
    return first.base_at + first.base_n == second.base_at and first.head_at + first.head_n == second.head_at


def _holds(found: _Found) -> bool:
    """The gate: the base with these atoms, and the head without them, differ by the function only."""
    ends = taken_and_left(found.file, sorted(found.atoms))
    base, head = found.file.base_source, found.file.head_source
    if ends is None or base is None or head is None:
        return False
    (taken, left), own = ends, _own_rows(found.one)
    pairs = ((taken, base), (head, left)) if found.side else ((base, taken), (left, head))
    for having, lacking in pairs:
        at = _definition(having, qualified_name(found.one.source, found.one.index))
        again = extracted(having, at) if at is not None else None
        if again is None or _own_rows(again) != own:
            return False
        callers = [index for name in found.callers if (index := _definition(having, name)) is not None]
        told = without(having, again, callers)
        if told is None or told[1] != found.calls or having.first_lines != lacking.first_lines:
            return False
        if told[0] != _all_rows(lacking) or found.one.name.encode() in lacking.words:
            return False
    return True


def _own_rows(one: Extracted) -> list[tuple[int, str, Any]]:
    statements = one.source.statements[one.index : one.source.after(one.index)]
    return [(s.depth, s.place, own_shape(s.node)) for s in statements]


def _all_rows(source: Source) -> list[Row]:
    return [(s.depth, s.place, own_shape(s.node), source.attached.get(at)) for at, s in enumerate(source.statements)]


def _claim(reading: Reading, found: _Found) -> Claim:
    atoms: Ranges = tuple(merged((found.file.first + a, found.file.first + a + 1) for a in found.atoms))
    name = qualified_name(found.one.source, found.one.index)
    calls = f"{found.calls:,} call{'s' if found.calls != 1 else ''}"
    what = f"Extract {name}: {calls}" if found.side else f"Put {name} back in the place of {calls}"
    again = f"exosuit change materialize {reading.change.id} --group {{group}} --out DIR  # compare evaluations"
    kind = "extract" if found.side else "inline"
    first = (atoms[0][0], atoms[0][0] + 1)
    return Claim(
        kind, f"{found.file.file.number} {name}", what, atoms, (Proof(CLAIM, kind, atoms),), first, reproduce=again
    )
