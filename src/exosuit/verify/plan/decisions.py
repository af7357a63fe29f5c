"""What no operator explains, as decisions of at most `MOST` lines: by folder, then file, then definition.

Whatever fits into one decision stays together. Larger files are cut between hunks, larger hunks between atoms; what is
left over in a folder is put together, code with code, tests with tests, prose with prose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exosuit.changes.decisions import Range, merged
from exosuit.verify.plan.claims import Free
from exosuit.verify.plan.places import section
from exosuit.verify.plan.reading import FileReading, Reading

MOST = 200
"""Lines without a proof in one decision, at most."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Atoms (through the change) that stay together, and how many lines they are."""

    atoms: tuple[int, ...]
    lines: int
    path: bytes


def decisions(reading: Reading, free: Free) -> list[list[Range]]:
    """The free atoms, each in one decision."""
    pieces = [piece for file in reading.files for piece in _pieces(file, free)]
    found = []
    for kind in range(3):
        found += _gathered([piece for piece in pieces if section(piece.path) == kind], 0)
    return [merged((atom, atom + 1) for piece in group for atom in piece.atoms) for group in found]


def _pieces(file: FileReading, free: Free) -> Iterator[Piece]:
    """What is free of a file: whole if it fits, else hunk by hunk, those that are too long in stretches."""
    here = free.among(file.first, file.first + file.file.atoms)
    total = sum(file.lines(atom - file.first) for atom in here)
    if not here:
        return
    if total <= MOST:
        yield Piece(tuple(here), total, file.file.path)
        return
    held: list[int] = []
    lines = 0
    for atoms in _hunks(file, free):
        size = sum(file.lines(atom - file.first) for atom in atoms)
        if held and lines + size > MOST:
            yield Piece(tuple(held), lines, file.file.path)
            held, lines = [], 0
        for atom in atoms:
            if held and lines + file.lines(atom - file.first) > MOST:
                yield Piece(tuple(held), lines, file.file.path)
                held, lines = [], 0
            held.append(atom)
            lines += file.lines(atom - file.first)
    yield Piece(tuple(held), lines, file.file.path)


def _hunks(file: FileReading, free: Free) -> Iterator[list[int]]:
    for hunk in range(len(file.file.hunks)):
        first, end = file.file.hunk_atoms(hunk)
        if atoms := free.among(file.first + first, file.first + end):
            yield atoms


def _gathered(pieces: list[Piece], depth: int) -> list[list[Piece]]:
    """Pieces put together: a folder that fits is one; of one that does not, the small leftovers are, in order."""
    if not pieces or sum(piece.lines for piece in pieces) <= MOST:
        return [pieces] if pieces else []
    if len(pieces) == 1:
        return [pieces]
    inside: dict[bytes, list[Piece]] = {}
    for piece in pieces:
        steps = piece.path.split(b"/")
        inside.setdefault(b"/".join(steps[: depth + 1]), []).append(piece)
    parts = [[piece] for piece in pieces] if _is_one_file(pieces) else [
        group for part in inside.values() for group in _gathered(part, depth + 1)
    ]  # fmt: skip
    return _packed(parts)


def _is_one_file(pieces: list[Piece]) -> bool:
    return len({piece.path for piece in pieces}) == 1


def _packed(parts: list[list[Piece]]) -> list[list[Piece]]:
    """Neighbouring parts put together as long as they fit."""
    packed: list[list[Piece]] = []
    size = 0
    for part in parts:
        lines = sum(piece.lines for piece in part)
        if packed and size + lines <= MOST:
            packed[-1] = packed[-1] + part
            size += lines
        else:
            packed.append(part)
            size = lines
    return packed
