"""Deciding: accept, reject, edit, comment, undo, redo; and putting what is accepted into the working tree."""

from __future__ import annotations

from collections.abc import Callable

from exosuit.changes.decisions import Range, merged
from exosuit.changes.delivery import Delivery, apply_change, redo_apply, undo_apply
from exosuit.changes.review import Review
from exosuit.changes.selection import names, select
from exosuit.commands.change import read_named
from exosuit.commands.models import (
    Applied,
    ApplyAsk,
    ChangeAsk,
    CommentAsk,
    ConflictOut,
    Decided,
    EditAsk,
    ResolveAsk,
    SelectAsk,
    SkippedOut,
    Undone,
)
from exosuit.commands.plans import fallen, group_atoms, standing
from exosuit.commands.present import decided
from exosuit.commands.registry import command
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.escapes import named, path_text, spelled_out
from exosuit.core.ledger import Event
from exosuit.core.registry import Effect


@command("change.accept", effect=Effect.PROPOSE)
def accept(session: Session, ask: SelectAsk) -> Decided:
    """Accept atoms. Nothing is written into your files until you apply."""
    return _decide(session, ask, "accept")


@command("change.reject", effect=Effect.PROPOSE)
def reject(session: Session, ask: SelectAsk) -> Decided:
    """Reject atoms; a reason given with it is kept for whoever proposed them."""
    return _decide(session, ask, "reject")


@command("change.clear", effect=Effect.PROPOSE)
def clear(session: Session, ask: SelectAsk) -> Decided:
    """Make atoms undecided again."""
    return _decide(session, ask, "clear")


def _decide(session: Session, ask: SelectAsk, verdict: str) -> Decided:
    review = Review(session.workspace, ask.change, session.actor)
    event, also = review.decide(verdict, _chosen(session, review, ask, verdict), ask.why)
    return decided(review, event, also)


def _chosen(session: Session, review: Review, ask: SelectAsk, verdict: str) -> list[Range]:
    """The atoms that are named one by one, by path, by group, by increment, or all of them."""
    planned: list[Range] = []
    if ask.group is not None:
        planned += group_atoms(session.workspace, review.change, ask.group)
    if ask.increment is not None:
        with_it = standing if verdict == "accept" else fallen
        planned += with_it(session.workspace, review.change, [ask.increment])[1]
    if planned and not (ask.atoms or ask.path is not None or ask.all):
        return merged(planned)
    return merged([*planned, *select(review.change, ask.atoms, path=ask.path, everything=ask.all)])


@command("change.edit", effect=Effect.PROPOSE)
def edit(session: Session, ask: EditAsk) -> Decided:
    """Accept an atom (or a run of atoms of one file) with a text of your own instead."""
    if (ask.with_file is None) == (ask.text is None):
        raise UsageError("no-text", "the new text is missing", "give it with --with FILE (- reads standard input)")
    data = (
        read_named(session, ask.with_file)
        if ask.with_file is not None
        else str(ask.text).encode("utf-8", "surrogateescape")
    )
    review = Review(session.workspace, ask.change, session.actor)
    return decided(review, review.edit(select(review.change, [ask.atom]), data, ask.why))


@command("change.comment", effect=Effect.PROPOSE)
def comment(session: Session, ask: CommentAsk) -> Decided:
    """Say something about some atoms, or about the change as a whole."""
    review = Review(session.workspace, ask.change, session.actor)
    if not ask.text.strip():
        raise UsageError("no-text", "the comment is empty", "write what you want to say")
    chosen = select(review.change, ask.atoms) if ask.atoms else []
    return decided(review, review.comment(chosen, ask.text))


@command("change.apply", effect=Effect.APPLY)
def apply(session: Session, ask: ApplyAsk) -> Applied:
    """Put what is accepted into the working tree as it is now, all files or none.

    What you edited meanwhile is kept. A file in which you edited the same lines is left alone, and said.
    """
    review = Review(session.workspace, ask.change, session.actor)
    return applied(review, apply_change(review, dry_run=ask.dry_run), dry_run=ask.dry_run)


@command("change.resolve", effect=Effect.PROPOSE)
def resolve(session: Session, ask: ResolveAsk) -> Decided:
    """Decide a conflict that apply reported on a path: `mine` rejects the atoms, `theirs` wins at the next apply."""
    review = Review(session.workspace, ask.change, session.actor)
    found = (c for c in apply_change(review, dry_run=True).conflicts if c.path in named(ask.path))
    conflict = next(found, None)
    if conflict is None:
        raise ExosuitError(
            "no-conflict",
            f"there is no conflict at '{spelled_out(ask.path)}'",
            f"exosuit change apply {review.change.id} --dry-run shows conflicts; undo takes an earlier resolve back",
        )
    if ask.take == "mine":
        whole = [review.change.range_of(file) for file in review.change.files if file.path == conflict.path]
        event, also = review.decide("reject", conflict.atoms or whole, f"kept mine in {path_text(conflict.path)}")
        return decided(review, event, also)
    return decided(review, review.resolve(conflict.path, "theirs"))


@command("change.undo", effect=Effect.APPLY)
def undo(session: Session, ask: ChangeAsk) -> Undone:
    """Take back the last event of a change: a decision, or an apply (then your files are as they were before it)."""
    return _step(session, ask, lambda review: review.next_undo(), undo_apply, lambda review: review.undo())


@command("change.redo", effect=Effect.APPLY)
def redo(session: Session, ask: ChangeAsk) -> Undone:
    """Do again what undo took back."""
    return _step(session, ask, lambda review: review.next_redo(), redo_apply, lambda review: review.redo())


def _step(
    session: Session,
    ask: ChangeAsk,
    following: Callable[[Review], Event],
    on_tree: Callable[[Review, Event], Delivery],
    on_ledger: Callable[[Review], Event],
) -> Undone:
    review = Review(session.workspace, ask.change, session.actor)
    event = following(review)
    tree = None
    if event.kind == "apply":
        tree = applied(review, on_tree(review, event))
    else:
        event = on_ledger(review)
    return Undone(change=review.change.id, event=event.seq, kind=event.kind, tree=tree, **review.decisions.counts())


def applied(review: Review, delivery: Delivery, *, dry_run: bool = False) -> Applied:
    """What happened to the working tree."""
    return Applied(
        change=review.change.id,
        event=delivery.event,
        dry_run=dry_run,
        applied=[path_text(path) for path in delivery.applied],
        unchanged=[path_text(path) for path in delivery.unchanged],
        conflicts=[
            ConflictOut(
                path=path_text(c.path),
                why=c.why,
                atoms=names(review.change, c.atoms),
                mine=_shown(c.mine),
                theirs=_shown(c.theirs),
            )
            for c in delivery.conflicts
        ],
        skipped=[SkippedOut(path=path_text(path), why=why) for path, why in delivery.skipped],
    )


def _shown(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
