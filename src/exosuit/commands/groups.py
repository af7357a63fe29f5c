"""The plan as the review screen reads it: columns small enough for thousands of groups, and one group in full."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Literal

from exosuit.apps.code.shown import shown
from exosuit.changes.change import Change
from exosuit.changes.decisions import Range
from exosuit.changes.shadow import Shadow
from exosuit.commands.group_models import (
    Claimed,
    GroupAsk,
    GroupKnown,
    GroupRow,
    Groups,
    GroupsAsk,
    MissedPlace,
)
from exosuit.commands.plan_models import StatsOut
from exosuit.commands.planner import forget, making
from exosuit.commands.registry import command
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.escapes import path_text
from exosuit.core.progress import wait_for
from exosuit.core.registry import Effect
from exosuit.verify.plan.model import CLAIMS, Group, Missed, Plan

PROVED, EXCEPTION, STARTS, PER_GROUP = 1, 2, 4, 8
"""The code of an atom, see `Groups.runs`."""
MOST_MISSED = 200


@command("review.groups", effect=Effect.READ)
def groups(session: Session, ask: GroupsAsk) -> Groups:
    """The groups of a change as columns, with what each atom belongs to; made in the background, so ask until ready."""
    change = session.workspace.change(ask.change)
    made = making(session.workspace, change.id)
    wait_for(made.begun if ask.draft else made.over, ask.wait)
    if made.why:
        forget(session.workspace, change.id)
        return Groups(state="failed", why=made.why, groups=[], runs=[], stats=None)
    found = made.plan or (made.draft if ask.draft else None)
    if found is None:
        return Groups(state="making", why="", groups=[], runs=[], stats=None)
    return _columns(change, found, "draft" if found is made.draft else "ready")


def _columns(change: Change, plan: Plan, state: Literal["draft", "ready"]) -> Groups:
    ordered = in_order(plan)
    codes = _codes(change, ordered)
    found = plan.stats
    return Groups(
        state=state,
        why="",
        groups=[_row(group, codes) for group in ordered],
        runs=_runs(change, codes),
        stats=StatsOut(
            lines=found.lines,
            hunks=found.hunks,
            files=found.files,
            decisions=found.decisions,
            to_read=found.to_read,
            proved=found.proved,
        ),
    )


@command("review.group", effect=Effect.READ)
def group(session: Session, ask: GroupAsk) -> GroupKnown:
    """What is known of one group: what is proved of which edits and how, what was missed, how to see it again."""
    change = session.workspace.change(ask.change)
    chosen = group_of(session, change, ask.group)
    shadow = session.workspace.shadow
    return GroupKnown(
        id=chosen.id,
        kind=chosen.kind,
        title=chosen.title,
        proof=[
            Claimed(claim=one.claim, means=CLAIMS[one.claim], by=one.by, edits=_count(one.atoms))
            for one in chosen.proofs
        ],
        missed=[_missed(shadow, change.base, place) for place in chosen.missed[:MOST_MISSED]],
        missed_more=max(0, len(chosen.missed) - MOST_MISSED),
        reproduce=chosen.reproduce.replace("CHANGE", change.id),
    )


def group_of(session: Session, change: Change, name: str) -> Group:
    """A group of the plan, or of its draft, by its id; waited for. Raises `no-such-group`, `no-plan`."""
    made = making(session.workspace, change.id)
    wait_for(made.begun)
    found = _named(made.draft, name)
    if found is None:
        wait_for(made.over)
        if made.plan is None:
            forget(session.workspace, change.id)
            hint = f"exosuit change plan {change.id}"
            raise ExosuitError("no-plan", f"there is no plan of change {change.id}: {made.why}", hint)
        found = _named(made.plan, name)
    elif made.plan is not None:  # what is known of the same atoms by now
        found = _named(made.plan, name) or found
    if found is not None:
        return found
    hint = f"exosuit change plan {change.id}"
    raise UsageError("no-such-group", f"the plan of change {change.id} has no group {name!r}", hint)


def _named(plan: Plan | None, name: str) -> Group | None:
    return next((group for group in plan.groups if group.id == name), None) if plan else None


def in_order(plan: Plan) -> list[Group]:
    """Groups in the order in which to look at them."""
    by_id = {group.id: group for group in plan.groups}
    return [by_id[name] for name in plan.order]


def _count(atoms: Iterable[Range]) -> int:
    return sum(end - first for first, end in atoms)


def _codes(change: Change, ordered: list[Group]) -> array[int]:
    """The code of every atom of the change."""
    codes = array("L", bytes(array("L").itemsize * change.atoms))

    def add(ranges: Iterable[Range], value: int) -> None:
        for first, end in ranges:
            for atom in range(first, end):
                codes[atom] |= value

    for at, one in enumerate(ordered):
        add(one.atoms, at * PER_GROUP)
        for proof in one.proofs:
            add(proof.atoms, PROVED)
        add(one.exceptions, EXCEPTION)
    for file in change.files:
        offset = change.range_of(file)[0]
        for hunk in range(len(file.hunks)):
            codes[offset + file.hunk_atoms(hunk)[0]] |= STARTS
        if file.atoms:
            codes[offset] |= STARTS
    return codes


def _runs(change: Change, codes: array[int]) -> list[int]:
    """Codes as pairs (count, code)."""
    runs: list[int] = []
    last = -1
    for atom in range(change.atoms):
        code = codes[atom]
        if code & STARTS or code != last:
            runs += (0, code)
        runs[-2] += 1
        last = code & ~STARTS
    return runs


def _row(one: Group, codes: array[int]) -> GroupRow:
    shows = one.exemplar or (one.atoms[0] if one.atoms else (0, 0))
    return (
        one.id,
        one.kind,
        one.title,
        one.lines,
        one.unproved_lines,
        shows[0],
        sum(_places(codes, one.exceptions)),
        len(one.missed),
    )


def _places(codes: array[int], ranges: Iterable[Range]) -> Iterable[bool]:
    """For each atom of some ranges, whether a place starts there: a range, or a hunk in the middle of one."""
    for first, end in ranges:
        for atom in range(first, end):
            yield atom == first or bool(codes[atom] & STARTS)


def _missed(shadow: Shadow, tree: str, place: Missed) -> MissedPlace:
    """The lines around a missed place, as they are and as they would be."""
    entry = shadow.entry(tree, place.path)
    text = shadow.blob(entry[1]) if entry else b""
    end = place.base_start + place.base_len
    first = text.rfind(b"\n", 0, place.base_start) + 1
    stop = text.find(b"\n", max(first, end - 1 if text[end - 1 : end] == b"\n" and end > first else end))
    stop = len(text) if stop < 0 else stop + 1
    before, after = text[first:stop], text[first : place.base_start] + place.new + text[end:stop]
    return MissedPlace(
        path=path_text(place.path),
        line=text.count(b"\n", 0, first) + 1,
        before=[shown(line) for line in before.splitlines()],
        after=[shown(line) for line in after.splitlines()],
    )
