"""The plan of a change: groups that are one decision each, what is proved of them, and the order to look at them."""

from __future__ import annotations

import threading
from collections import OrderedDict

from exosuit.apps.code.shown import path_text
from exosuit.changes.change import Change
from exosuit.changes.decisions import Range
from exosuit.changes.selection import names
from exosuit.changes.workspace import Workspace
from exosuit.commands.plan_models import (
    GroupOut,
    IncrementOut,
    MissedOut,
    PlanAsk,
    Planned,
    ProofOut,
    StatsOut,
)
from exosuit.commands.present import text_or_base64
from exosuit.commands.registry import command
from exosuit.commands.session import Session
from exosuit.core.errors import UsageError
from exosuit.core.registry import Effect
from exosuit.verify.plan.listing import regular_files
from exosuit.verify.plan.model import Group, Missed, Plan
from exosuit.verify.plan.planning import plan as plan_of

KEPT = 8
"""Plans kept in memory per process; a change is immutable, so its plan is too."""

_plans: OrderedDict[str, Plan] = OrderedDict()
_lock = threading.Lock()


@command("change.plan", effect=Effect.READ)
def plan(session: Session, ask: PlanAsk) -> Planned:
    """Group a change into few decisions: what one operator explains is one, with what of it is proved."""
    change = session.workspace.change(ask.change)
    found = kept_plan(session.workspace, change)
    return Planned(
        change=change.id,
        increments=[
            IncrementOut(id=one.id, atoms=names(change, one.atoms), after=list(one.after)) for one in found.increments
        ],
        groups=[_group(change, group) for group in found.groups],
        order=list(found.order),
        stats=StatsOut(
            lines=found.stats.lines,
            hunks=found.stats.hunks,
            files=found.stats.files,
            decisions=found.stats.decisions,
            to_read=found.stats.to_read,
            proved=found.stats.proved,
        ),
    )


def kept_plan(workspace: Workspace, change: Change) -> Plan:
    """The plan of a change, made once per process; two who ask at once wait for one plan."""
    with _lock:
        if change.id in _plans:
            _plans.move_to_end(change.id)
            return _plans[change.id]
        shadow = workspace.shadow
        made = _plans[change.id] = plan_of(change, shadow.blob, lambda tree: regular_files(shadow, tree))
        while len(_plans) > KEPT:
            _plans.popitem(last=False)
        return made


def group_atoms(workspace: Workspace, change: Change, name: str) -> tuple[Range, ...]:
    """The atoms of a group by its id; raises `no-such-group`."""
    for group in kept_plan(workspace, change).groups:
        if group.id == name:
            return group.atoms
    raise UsageError(
        "no-such-group", f"the plan of change {change.id} has no group {name!r}", f"exosuit change plan {change.id}"
    )


def _group(change: Change, group: Group) -> GroupOut:
    return GroupOut(
        id=group.id,
        kind=group.kind,
        title=group.title,
        atoms=names(change, group.atoms),
        exemplar=names(change, [group.exemplar] if group.exemplar else []),
        exceptions=names(change, group.exceptions),
        missed=[_missed(place) for place in group.missed],
        proof=[ProofOut(claim=one.claim, by=one.by, atoms=names(change, one.atoms)) for one in group.proofs],
        lines=group.lines,
        unproved_lines=group.unproved_lines,
        reproduce=group.reproduce.replace("CHANGE", change.id),
    )


def _missed(place: Missed) -> MissedOut:
    new, encoding = text_or_base64(place.new)
    return MissedOut(
        path=path_text(place.path), base_start=place.base_start, base_len=place.base_len, new=new, encoding=encoding
    )
