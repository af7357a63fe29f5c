"""Groups of a change taken apart into pieces: what each hunk has in them, with what is known of its file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exosuit.changes.decisions import Range
from exosuit.core.progress import stop_if_asked
from exosuit.verify.order.features import Piece
from exosuit.verify.order.history import History, Past
from exosuit.verify.plan.reading import FileReading, Reading


@dataclass(frozen=True, slots=True)
class Seen:
    """A piece with its atoms, numbered through the whole change."""

    atoms: range
    piece: Piece


def pieces(reading: Reading, groups: Iterable[Sequence[Range]], history: History) -> list[list[Seen]]:
    """For each group its pieces, in the order of the change; linear in the lines of its files."""
    sizes: dict[int, int] = {}
    return [
        [_seen(reading, atoms, history, sizes) for first, end in ranges for atoms in _cut(reading, first, end)]
        for ranges in groups
    ]


def _cut(reading: Reading, first: int, end: int) -> Iterator[range]:
    """A range of atoms cut where hunks begin."""
    while first < end:
        file = reading.file_of(first)
        hunk = bisect_right(file.file.hunks, first - file.first) - 1
        stop = min(end, file.first + file.file.hunk_atoms(hunk)[1]) if hunk >= 0 else end
        yield range(first, stop)
        first = stop


def _seen(reading: Reading, atoms: range, history: History, sizes: dict[int, int]) -> Seen:
    stop_if_asked()
    file = reading.file_of(atoms[0])
    removed, added = _lines(file, atoms)
    change = file.file
    if change.number not in sizes:
        sizes[change.number] = (file.head or file.base).count(b"\n") if change.is_text else 0
    past: Past | None = history.get(change.old_path) or history.get(change.path)
    churn = change.added + change.removed
    return Seen(
        atoms, Piece(change.path, change.status, removed, added, churn, len(change.hunks), sizes[change.number], past)
    )


def _lines(file: FileReading, atoms: range) -> tuple[list[bytes], list[bytes]]:
    """The lines that some atoms of a file remove and add."""
    removed: list[bytes] = []
    added: list[bytes] = []
    for atom in atoms:
        at = atom - file.first
        if at >= len(file.file.opaque):
            removed += file.removed(at)
            added += file.added(at)
    return removed, added
