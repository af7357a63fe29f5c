"""Claims and leftovers made into a plan: groups that partition the atoms, an order to look at them, and the figures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from exosuit.changes.decisions import Range, merged
from exosuit.verify.plan.claims import Claim, Free
from exosuit.verify.plan.decisions import decisions
from exosuit.verify.plan.model import Group, Plan, Ranges, Stats
from exosuit.verify.plan.places import is_test, section
from exosuit.verify.plan.reading import Reading
from exosuit.verify.plan.titles import title


def assembled(reading: Reading, claims: list[Claim], free: Free) -> Plan:
    """The plan of a change from what operators claim and what is free."""
    groups = [_group(reading, claim) for claim in claims]
    for ranges in decisions(reading, free):
        left = Claim(_kind(reading, ranges), "", title(reading, ranges), tuple(ranges))
        groups.append(_group(reading, left))
    apart = {_id(claim) for claim in claims if claim.apart}
    order = sorted(groups, key=lambda group: _rank(reading, group, group.id in apart))
    change = reading.change
    to_read = sum(_to_read(reading, group) for group in groups)
    proved = sum(group.lines - group.unproved_lines for group in groups)
    stats = Stats(change.added + change.removed, change.hunks, len(change.files), len(groups), to_read, proved)
    return Plan(tuple(groups), tuple(group.id for group in order), stats)


PLAIN = ("edit", "new tests", "removal")
"""Kinds of groups that no operator explains; the last two are told by their lines alone."""


def _kind(reading: Reading, ranges: list[Range]) -> str:
    """The word for a decision that no operator explains: only new lines of tests, only removed lines, or anything."""
    atoms = [(reading.file_of(atom), atom) for atom in reading.atoms_of(ranges)]
    if any(atom - file.first < len(file.file.opaque) for file, atom in atoms):
        return "edit"
    spans = [file.span(atom - file.first) for file, atom in atoms]
    if not any(span.base_n for span in spans) and all(is_test(file.file.path) for file, _atom in atoms):
        return "new tests"
    return "edit" if any(span.head_n for span in spans) else "removal"


def _group(reading: Reading, claim: Claim) -> Group:
    name = _id(claim)
    lines = reading.lines(claim.atoms)
    proved = reading.lines(merged(part for proof in claim.proofs for part in proof.atoms))
    exemplar = claim.exemplar or (claim.atoms[0][0], claim.atoms[0][0] + 1)
    return Group(
        id=name, kind=claim.kind, title=claim.title, atoms=claim.atoms,
        exemplar=exemplar if claim.kind not in PLAIN else None,
        exceptions=claim.exceptions, missed=claim.missed, proofs=claim.proofs, lines=lines,
        unproved_lines=lines - proved, reproduce=claim.reproduce.replace("{group}", name),
    )  # fmt: skip


def _id(claim: Claim) -> str:
    """The same for the same operator on the same atoms, whatever else the plan holds."""
    return "g" + hashlib.sha256(repr((claim.kind, claim.key, claim.atoms)).encode()).hexdigest()[:8]


def _to_read(reading: Reading, group: Group) -> int:
    """Lines of a group that no proof covers, and its exemplar where a proof does."""
    proved = set(reading.atoms_of(part for proof in group.proofs for part in proof.atoms))
    exemplar = [atom for atom in range(*group.exemplar) if atom in proved] if group.exemplar else []
    return group.unproved_lines + reading.lines(merged((atom, atom + 1) for atom in exemplar))


def _rank(reading: Reading, group: Group, apart: bool) -> tuple[int, int, int]:
    """Unknown code, then tests, then prose; then what is stated apart; what is proved comes last."""
    first = group.atoms[0][0]
    if not group.unproved_lines and group.proofs:
        return 5, 0, first
    if apart:
        return 4, 0, first
    where = section(reading.file_of(first).file.path)
    return where, 0 if group.kind in PLAIN else 1, first


def uncovered(ranges: Iterable[Range], free: Free) -> Ranges:
    """The part of some ranges that is still free."""
    return tuple(merged((atom, atom + 1) for first, end in ranges for atom in free.among(first, end)))
