"""The pieces of a case, hunk by hunk or as the plan groups them, with their features and where the defect is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pygit2

from bench.order_pairs import Case
from exosuit.changes.atoms import EXECUTABLE, REGULAR
from exosuit.changes.change import Change, Provenance
from exosuit.changes.diff import diff_trees
from exosuit.verify.order.features import features
from exosuit.verify.order.history import log_of, past
from exosuit.verify.order.model import Model
from exosuit.verify.order.pieces import Seen, pieces
from exosuit.verify.order.placing import places
from exosuit.verify.plan.planning import plan
from exosuit.verify.plan.reading import Reading


class _Trees:
    """Blobs and trees of a repository that is only read."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self._repository = repository

    def blob(self, name: str) -> bytes:
        """The bytes of a blob; none where the clone lacks it, as clones do whose largest files were left out."""
        found = self._repository.get(name)
        return bytes(found.peel(pygit2.Blob).data) if found is not None else b""

    def listing(self, tree: str) -> dict[bytes, str]:
        found: dict[bytes, str] = {}
        waiting = [(b"", self._repository[tree].peel(pygit2.Tree))]
        while waiting:
            above, here = waiting.pop()
            for entry in here:
                path = above + (entry.raw_name or b"")
                if isinstance(entry, pygit2.Tree):
                    waiting.append((path + b"/", entry))
                elif int(entry.filemode) in (REGULAR, EXECUTABLE):
                    found[path] = str(entry.id)
        return found


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
    reading = Reading(change, _Trees(repository).blob)
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


def groups_of(case: Case, model: Model) -> dict[str, list[Item]]:
    """The pieces of a case as they are read group by group, each group from top to bottom, by the name of the order."""
    change, repository = change_of(case)
    trees = _Trees(repository)
    made = plan(change, trees.blob, trees.listing)
    reading = Reading(change, trees.blob)
    history = past(log_of(case.git_dir, case.base))
    parted = pieces(reading, [group.atoms for group in made.groups], history)
    items = {
        group.id: [_item(reading, case, one, place) for place, one in enumerate(found)]
        for group, found in zip(made.groups, parted, strict=True)
    }
    orders = {
        "groups: ours": [place.group for place in places(reading, made.groups, history, model=model)],
        "groups: code, tests, prose by path": list(made.order),
        "groups: smallest first": [group.id for group in sorted(made.groups, key=lambda group: group.lines)],
    }
    return {name: [item for group in order for item in items[group]] for name, order in orders.items()}
