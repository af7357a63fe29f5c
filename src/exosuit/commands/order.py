"""Why a group stands where it does in the order of looking, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exosuit.changes.change import Change
from exosuit.changes.selection import names
from exosuit.commands.evidence import evidence_of, evidence_out
from exosuit.commands.order_models import PartOut, VerdictOut, Why, WhyAsk
from exosuit.commands.ordering import kept_places
from exosuit.commands.plans import kept_plan
from exosuit.commands.registry import command
from exosuit.commands.session import Session
from exosuit.core.errors import UsageError
from exosuit.core.registry import Effect
from exosuit.verify.evidence.model import Evidence, about, proved
from exosuit.verify.evidence.verdict import Verdict, verdict
from exosuit.verify.plan.model import Group

STRONGEST = 8
"""Contributions that are told."""


@command("change.why", effect=Effect.READ)
def why(session: Session, ask: WhyAsk) -> Why:
    """Where a group stands in the order of looking and why, its evidence and verdict, and what would settle the rest.

    The order is by expected defects per line of reading: docs/order.md. Nothing is run.
    """
    change = session.workspace.change(ask.change)
    plan = kept_plan(session.workspace, change)
    group = next((one for one in plan.groups if one.id == ask.group), None)
    if group is None:
        hint = f"exosuit change plan {change.id}"
        raise UsageError("no-such-group", f"the plan of change {change.id} has no group {ask.group!r}", hint)
    standing = kept_places(session.workspace, change, plan)
    at, place = next((at, place) for at, place in enumerate(standing) if place.group == group.id)
    told = told_of(change, group, evidence_of(session, change))
    found = verdict(group.atoms, told)
    return Why(
        change=change.id, group=group.id, kind=group.kind, title=group.title, atoms=names(change, group.atoms),
        lines=group.lines, unproved_lines=group.unproved_lines, place=at + 1, of=len(standing),
        times=round(place.times, 3), reason=place.reason,
        parts=[PartOut(what=words, effect=round(part, 3)) for words, part in place.parts[:STRONGEST]],
        verdict=verdict_out(found), evidence=[evidence_out(change, one) for one in told],
        settle=settling(change, found, told),
    )  # fmt: skip


def told_of(change: Change, group: Group, evidence: Iterable[Evidence]) -> list[Evidence]:
    """The evidence about a group: the proofs of the plan, and of the rest what speaks of one of its atoms."""
    seen_again = group.reproduce.replace("CHANGE", change.id)
    proofs = [proved(one, (change.base, change.head), seen_again) for one in group.proofs]
    return [*proofs, *about(group.atoms, evidence)]


def verdict_out(found: Verdict) -> VerdictOut:
    """A verdict for the wire."""
    return VerdictOut(word=found.word, why=found.why, ids=list(found.ids))


def settling(change: Change, found: Verdict, told: Sequence[Evidence]) -> list[str]:
    """What would settle a group, in words: kinds of evidence that answer its unknowns, a person, or a run of checks."""
    good = {one.kind for one in told if one.strength in ("supports", "proof")}
    kinds = sorted({kind for one in told if one.strength == "unknown" for kind in one.settled_by} - good)
    said = [f"Evidence of the kind {kind!r} would answer what is unknown here." for kind in kinds]
    if found.word in ("against", "differs"):
        said.append(
            "Somebody has to say that this is meant: read the lines named above, then accept or reject the group."
        )
    if found.word == "unknown":
        said.append(f"Checks on both sides tell whether tests notice: exosuit check run {change.id}")
    return said
