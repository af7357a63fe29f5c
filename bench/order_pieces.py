"""The pieces of a case, hunk by hunk or as the plan groups them, with their features and where the defect is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pygit2

from bench.order_pairs import Case
from exosuit.changes.change import Change, Provenance
from exosuit.changes.diff import diff_trees
from exosuit.verify.order.features import features
from exosuit.verify.order.history import log_of, past
from exosuit.verify.order.pieces import Seen, pieces
from exosuit.verify.plan.reading import Reading


@dataclass(frozen=True, slots=True)
class Item:
    """One piece: its file, its place in git's order, what it looks like, how many lines, and which hold the defect.

    `first` counts the lines read up to and with the first defect line of the piece; 0 where there is none.
    """

    path: str
    place: int
    features: dict[str, float]
    lines: int
    first: int
    commits: int


def change_of(case: Case) -> tuple[Change, pygit2.Repository]:
    """The change between the two commits of a case, and the repository that has its blobs."""
    repository = pygit2.Repository(case.git_dir)
    trees = [str(repository[name].peel(pygit2.Tree).id) for name in (case.base, case.head)]
    files = tuple(diff_trees(Path(case.git_dir), trees[0], trees[1]))
    return Change("bench", "", "", trees[0], trees[1], Provenance("revisions", "", ""), files), repository


def hunks_of(case: Case) -> list[Item]:
    """Every hunk of a case as a piece."""
    change, repository = change_of(case)
    reading = Reading(change, lambda name: bytes(repository[name].data))  # type: ignore[attr-defined]
    history = past(log_of(case.git_dir, case.base))
    whole = [((0, change.atoms),)]
    found = pieces(reading, whole, history)[0]
    return [_item(reading, case, one, place) for place, one in enumerate(found)]


def _item(reading: Reading, case: Case, seen: Seen, place: int) -> Item:
    file = reading.file_of(seen.atoms[0])
    path = file.file.path.decode("utf-8", "surrogateescape")
    bad = set(case.defect.get(path, ()))
    read = first = 0
    for atom in seen.atoms:
        at = atom - file.first
        if at < len(file.file.opaque):
            continue
        span = file.span(at)
        if not first and bad & set(range(span.head_at, span.head_at + span.head_n)):
            first = read + span.base_n + 1
        read += span.base_n + span.head_n
    commits = seen.piece.past.commits if seen.piece.past else 0
    return Item(path, place, features(seen.piece), seen.piece.lines, first, commits)
