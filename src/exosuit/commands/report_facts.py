"""A change with all that is known of it, gathered once for every form of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exosuit.apps.code.shown import shown
from exosuit.changes.atoms import FileChange
from exosuit.changes.change import Change
from exosuit.commands.evidence import evidence_of
from exosuit.commands.order import told_of
from exosuit.commands.ordering import kept_places
from exosuit.commands.plans import kept_plan
from exosuit.commands.session import Session
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.verdict import WORDS, Verdict, Word, verdict
from exosuit.verify.order.placing import Place
from exosuit.verify.plan.model import Group, Stats
from exosuit.verify.plan.reading import Reading

ROWS = 80
"""Lines of one group that a report shows, at most."""
ALL_ROWS = 4_000
"""Lines that a report shows in all; later groups are named without theirs."""


@dataclass(frozen=True, slots=True)
class Row:
    """One changed line: `sign` is `+` or `-`, `line` counts from 1 on that side, `text` is safe to show."""

    path: bytes
    sign: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """A group with its place in the order, its verdict, its evidence, and its first lines (`left` are not shown)."""

    group: Group
    place: Place
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    paths: tuple[bytes, ...]
    rows: tuple[Row, ...]
    left: int


@dataclass(frozen=True, slots=True)
class Report:
    """A change, its groups in the order in which to look at them, all evidence, and changed lines by verdict."""

    change: Change
    stats: Stats
    told: tuple[Told, ...]
    evidence: tuple[Evidence, ...]
    tally: dict[Word, int]

    @property
    def worst(self) -> Word | None:
        """The worst verdict of any group; None for a change without groups."""
        return next((word for word in WORDS if any(one.verdict.word == word for one in self.told)), None)


def report_of(session: Session, name: str) -> Report:
    """All that is known of a change. What has been found out before is used; nothing is run."""
    workspace = session.workspace
    change = workspace.change(name)
    plan = kept_plan(workspace, change)
    groups = {group.id: group for group in plan.groups}
    evidence = evidence_of(session, change)
    reading = Reading(change, workspace.shadow.blob)
    told = []
    left = ALL_ROWS
    for place in kept_places(workspace, change, plan):
        group = groups[place.group]
        about = told_of(change, group, evidence)
        rows = _rows(reading, group, min(left, ROWS))
        left -= len(rows)
        paths = tuple(dict.fromkeys(file.path for file in _files(change, group)))
        found = verdict(group.atoms, about)
        told.append(Told(group, place, found, tuple(about), paths, rows, group.lines - len(rows)))
    tally = {word: sum(one.group.lines for one in told if one.verdict.word == word) for word in WORDS}
    return Report(change, plan.stats, tuple(told), tuple(evidence), tally)


def _files(change: Change, group: Group) -> Iterator[FileChange]:
    for first, end in group.atoms:
        at = first
        while at < end:
            file = change.file_of(at)
            yield file
            at = change.range_of(file)[1]


def _rows(reading: Reading, group: Group, most: int) -> tuple[Row, ...]:
    """The first changed lines of a group."""
    found: list[Row] = []
    for atom in reading.atoms_of(group.atoms):
        if len(found) >= most:
            break
        file = reading.file_of(atom)
        at = atom - file.first
        if at < len(file.file.opaque):
            continue
        span = file.span(at)
        found += _side(file.file.old_path, "-", span.base_at, file.removed(at))
        found += _side(file.file.path, "+", span.head_at, file.added(at))
    return tuple(found[:most])


def _side(path: bytes, sign: str, at: int, lines: Sequence[bytes]) -> Iterator[Row]:
    for number, line in enumerate(lines, at + 1):
        yield Row(path, sign, number, shown(line))
