"""The evidence on a change that can be read from its two sides."""

from __future__ import annotations

from collections.abc import Sequence

from exosuit.changes.change import Change
from exosuit.changes.selection import names
from exosuit.commands.check import snapshots_of
from exosuit.commands.evidence_models import EvidenceAsk, Evidenced, EvidenceOut, LinesOut
from exosuit.commands.registry import command
from exosuit.commands.session import Session
from exosuit.core.errors import UsageError
from exosuit.core.escapes import path_text
from exosuit.core.progress import stop_if_asked
from exosuit.core.registry import Effect
from exosuit.verify.checks.checker import Checker
from exosuit.verify.evidence.gathering import DETECTORS, gathered
from exosuit.verify.evidence.licences import Installed
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.plan.listing import regular_files
from exosuit.verify.plan.reading import Reading


@command("change.evidence", effect=Effect.READ)
def evidence(session: Session, ask: EvidenceAsk) -> Evidenced:
    """What can be read from both sides of a change: weakened tests, secrets, breaks of an interface, new abilities…

    Nothing is run. Each piece is one sentence about some atoms, with its strength; docs/evidence.md has the kinds.
    """
    if unknown := sorted(set(ask.only) - DETECTORS.keys()):
        raise UsageError(
            "no-such-kind", f"there is no kind of evidence {', '.join(unknown)}", f"one of {', '.join(DETECTORS)}"
        )
    change = session.workspace.change(ask.change)
    found = evidence_of(session, change, ask.only)
    return Evidenced(change=change.id, evidence=[evidence_out(change, one) for one in found])


def evidence_of(session: Session, change: Change, only: Sequence[str] = ()) -> list[Evidence]:
    """The evidence that can be read from both sides of a change, of the kinds `only` or of all."""
    workspace = session.workspace
    _snapshots, trusted = snapshots_of(workspace, change.id)
    environment = Checker(workspace, trusted).environment
    reading = Reading(change, workspace.shadow.blob, lambda tree: regular_files(workspace.shadow, tree))
    told = []
    for one in gathered(reading, only, Installed(environment.site if environment else ())):
        stop_if_asked()
        told.append(one)
    return told


def evidence_out(change: Change, one: Evidence) -> EvidenceOut:
    """A piece of evidence for the wire."""
    return EvidenceOut(
        id=one.id, kind=one.kind, strength=one.strength, title=one.title, detail=one.detail,
        atoms=names(change, one.atoms),
        lines=[LinesOut(path=path_text(at.path), side=at.side, first=at.first, last=at.last) for at in one.lines],
        settled_by=list(one.settled_by), reproduce=one.reproduce, snapshots=list(one.snapshots),
        seconds=round(one.seconds, 4),
    )  # fmt: skip
