"""The plan of a change: groups that are one decision each, what is proved of them, and the order to look at them."""

from __future__ import annotations

from exosuit.changes.change import Change
from exosuit.changes.selection import names
from exosuit.commands.ordering import kept_places
from exosuit.commands.plan_models import (
    GroupOut,
    IncrementOut,
    MissedOut,
    PlanAsk,
    Planned,
    ProofOut,
    StatsOut,
)
from exosuit.commands.plans import kept_increments, kept_plan
from exosuit.commands.present import text_or_base64
from exosuit.commands.registry import command
from exosuit.commands.session import Session
from exosuit.core.escapes import path_text
from exosuit.core.registry import Effect
from exosuit.verify.plan.model import Group, Missed


@command("change.plan", effect=Effect.READ)
def plan(session: Session, ask: PlanAsk) -> Planned:
    """Group a change into few decisions, and order it into increments that stand on their own.

    What one operator explains is one group, with what of it is proved; an increment comes after all that it needs.
    """
    change = session.workspace.change(ask.change)
    found = kept_plan(session.workspace, change)
    reasons = {place.group: place.reason for place in kept_places(session.workspace, change, found)}
    increments = kept_increments(session.workspace, change) if ask.increments else ()
    return Planned(
        change=change.id,
        increments=[
            IncrementOut(id=one.id, atoms=names(change, one.atoms), after=list(one.after)) for one in increments
        ],
        groups=[_group(change, group, reasons[group.id]) for group in found.groups],
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


def _group(change: Change, group: Group, reason: str) -> GroupOut:
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
        reason=reason,
    )


def _missed(place: Missed) -> MissedOut:
    new, encoding = text_or_base64(place.new)
    return MissedOut(
        path=path_text(place.path), base_start=place.base_start, base_len=place.base_len, new=new, encoding=encoding
    )
