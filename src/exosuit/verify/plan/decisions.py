"""What no operator explains, as decisions of at most `MOST` lines: few, and each about what stands close together.

The free atoms are laid out in one row: code, tests, prose, each by path. The row is cut where it costs least: a
decision costs 1, a cut inside a hunk or a file some of that, and so does holding more than one folder in a decision.
The cheapest cuts are found by dynamic programming (as Knuth and Plass break lines, 1981).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from exosuit.changes.decisions import Range, merged
from exosuit.verify.plan.claims import Free
from exosuit.verify.plan.places import section
from exosuit.verify.plan.reading import FileReading, Reading

MOST = 200
"""Lines without a proof in one decision, at most."""

FINEST, COARSEST = 15, 30
"""Lines from which on a hunk may be cut inside: at blank lines, and anywhere."""

REACH = 400
"""Grains in one decision, at most."""

IN_HUNK, IN_FILE = 0.2, 0.05
"""What it costs to cut inside of a hunk, and between two hunks of a file, as a share of a decision."""

TWO_FILES, TWO_FOLDERS, TWO_SECTIONS = 0.005, 0.03, 1.5
"""What it costs to hold two files of one folder, of two, and of two sections (never) in one decision."""


@dataclass(frozen=True, slots=True)
class Grain:
    """Atoms (through the change) that are not parted, how many lines they are, and where they stand."""

    atoms: tuple[int, ...]
    lines: int
    path: bytes
    hunk: int


def decisions(reading: Reading, free: Free) -> list[list[Range]]:
    """The free atoms, each in one decision."""
    files = sorted(reading.files, key=lambda file: (section(file.file.path), file.file.path))
    row = _thinned([grain for file in files for grain in _grains(file, free)])
    return [merged((atom, atom + 1) for grain in part for atom in grain.atoms) for part in _cut(row)]


def _grains(file: FileReading, free: Free) -> Iterator[Grain]:
    """What is free of a file, hunk by hunk; long hunks in stretches."""
    for hunk in range(len(file.file.hunks)):
        first, end = file.file.hunk_atoms(hunk)
        atoms = free.among(file.first + first, file.first + end)
        for part in _stretches(file, atoms):
            yield Grain(tuple(part), sum(file.lines(atom - file.first) for atom in part), file.file.path, hunk)


def _stretches(file: FileReading, atoms: list[int]) -> Iterator[list[int]]:
    """Atoms of a hunk in stretches: from `FINEST` lines on cut at the next blank line, at the latest at `COARSEST`."""
    held: list[int] = []
    lines = 0
    for atom in atoms:
        size = file.lines(atom - file.first)
        if held and (lines + size > COARSEST or (lines >= FINEST and _is_blank(file, held[-1] - file.first))):
            yield held
            held, lines = [], 0
        held.append(atom)
        lines += size
    if held:
        yield held


def _is_blank(file: FileReading, atom: int) -> bool:
    """Whether an atom only removes or adds blank lines."""
    if atom < len(file.file.opaque):
        return False
    return not b"".join((*file.removed(atom), *file.added(atom))).strip()


def _thinned(row: list[Grain]) -> list[Grain]:
    """The row with neighbours that have no lines as one, folder by folder: what is binary, a link or a mode."""
    found: list[Grain] = []
    for grain in row:
        last = found[-1] if found else None
        if last and not last.lines and not grain.lines and _folder(last) == _folder(grain):
            found[-1] = Grain(last.atoms + grain.atoms, 0, last.path, last.hunk)
        else:
            found.append(grain)
    return found


def _cut(row: list[Grain]) -> list[list[Grain]]:
    """The row in parts of at most `MOST` lines, where cutting it costs least."""
    lines = [0, *accumulate(grain.lines for grain in row)]
    joins = [0.0, *accumulate((_joined(a, b) for a, b in pairwise(row)), initial=0.0)]
    cuts = [0.0, *(_parted(a, b) for a, b in pairwise(row)), 0.0]
    best = [0.0] + [float("inf")] * len(row)
    before = [0] * (len(row) + 1)
    for end in range(1, len(row) + 1):
        for start in range(end - 1, max(-1, end - REACH - 1), -1):
            if lines[end] - lines[start] > MOST and start < end - 1:
                break
            cost = best[start] + 1 + cuts[end] + joins[end] - joins[start + 1]
            if cost < best[end]:
                best[end], before[end] = cost, start
    parts = []
    end = len(row)
    while end:
        parts.append(row[before[end] : end])
        end = before[end]
    return parts[::-1]


def _parted(a: Grain, b: Grain) -> float:
    """What it costs to cut between two neighbours."""
    if a.path != b.path:
        return 0.0
    return IN_HUNK if a.hunk == b.hunk else IN_FILE


def _joined(a: Grain, b: Grain) -> float:
    """What it costs to keep two neighbours together."""
    if a.path == b.path:
        return 0.0
    if section(a.path) != section(b.path):
        return TWO_SECTIONS
    return TWO_FILES if _folder(a) == _folder(b) else TWO_FOLDERS


def _folder(grain: Grain) -> bytes:
    return grain.path.rpartition(b"/")[0]
