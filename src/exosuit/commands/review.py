"""What the review screen reads."""

from __future__ import annotations

from shlex import quote

from exosuit.apps.code.history import last_touched, log_of
from exosuit.apps.code.rows import FileRows
from exosuit.changes.atoms import FileChange
from exosuit.changes.change import Change
from exosuit.changes.decisions import Decisions, ranges, run_lengths
from exosuit.changes.materialize import sides
from exosuit.changes.review import Review
from exosuit.changes.selection import names, select
from exosuit.changes.sources import again
from exosuit.changes.workspace import Workspace
from exosuit.commands.models import ChangeAsk
from exosuit.commands.present import comments_out, content_kind, described
from exosuit.commands.registry import command
from exosuit.commands.review_models import (
    Commit,
    Context,
    ContextAsk,
    Facts,
    FactsAsk,
    Overview,
    Region,
    RegionAsk,
    Rows,
    RowsAsk,
    Stale,
    States,
    StatesAsk,
)
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.escapes import path_text, shell_word
from exosuit.core.registry import Effect

HISTORY = 12
"""Commits of a file that are told."""


@command("review.overview", effect=Effect.READ)
def overview(session: Session, ask: ChangeAsk) -> Overview:
    """A change as columns: what a map of it needs, and the state of every atom run-length coded."""
    workspace = session.workspace
    change = workspace.change(ask.change)
    state = workspace.decisions(change.id)
    return Overview(
        change=change.id,
        title=change.title,
        source=change.provenance.source,
        created=change.created,
        lines_added=change.added,
        lines_removed=change.removed,
        atoms=change.atoms,
        hunks=change.hunks,
        seq=state.seq,
        paths=[path_text(file.path) for file in change.files],
        old_paths={str(file.number): path_text(file.old_path) for file in change.files if file.is_renamed},
        status="".join(file.status for file in change.files),
        kinds="".join(_letter(file) for file in change.files),
        added=[file.added for file in change.files],
        removed=[file.removed for file in change.files],
        hunk_counts=[len(file.hunks) for file in change.files],
        atom_counts=[file.atoms for file in change.files],
        states=[_runs(change, file, state) for file in change.files],
        comments=comments_out(change, state),
        applied=bool(state.applied),
        can_undo=described(state.undo, change),
        can_redo=described(state.redo, change),
    )


def _letter(file: FileChange) -> str:
    kind = content_kind(file)
    return "l" if kind == "symlink" else kind[0]


def _runs(change: Change, file: FileChange, state: Decisions) -> list[tuple[int, int]]:
    first, end = change.range_of(file)
    return run_lengths(state.states[first:end])


@command("review.states", effect=Effect.READ)
def states(session: Session, ask: StatesAsk) -> States:
    """The states of the files that events after `since` have touched (all of them after an undo)."""
    workspace = session.workspace
    change = workspace.change(ask.change)
    state = workspace.decisions(change.id)
    fresh = [event for event in workspace.events(change.id) if event.seq > ask.since]
    if any(event.kind in ("undo", "redo", "carry", "import") for event in fresh):
        touched = set(range(1, len(change.files) + 1))
    else:
        touched = set()
        for event in fresh:
            for first, end in ranges(event.data):
                touched |= set(range(change.file_of(first).number, change.file_of(end - 1).number + 1))
    return States(
        seq=state.seq,
        files={str(number): _runs(change, change.files[number - 1], state) for number in sorted(touched)},
        comments=comments_out(change, state),
        applied=bool(state.applied),
        can_undo=described(state.undo, change),
        can_redo=described(state.redo, change),
    )


@command("review.rows", effect=Effect.READ)
def rows(session: Session, ask: RowsAsk) -> Rows:
    """A window of one file's rows."""
    layout = _layout(session.workspace, ask.change, ask.file)
    return Rows(
        file=ask.file,
        start=ask.start,
        total=layout.total,
        rows=layout.window(ask.start, ask.count),
        hunks=layout.hunk_rows,
    )


@command("review.context", effect=Effect.READ)
def context(session: Session, ask: ContextAsk) -> Context:
    """Unchanged lines, to open a fold."""
    return Context(rows=_layout(session.workspace, ask.change, ask.file).context(ask.old, ask.new, ask.count))


@command("review.region", effect=Effect.READ)
def region(session: Session, ask: RegionAsk) -> Region:
    """The text of a hunk before and after, for an editor."""
    review = Review(session.workspace, ask.change, session.actor)
    chosen = select(review.change, [ask.atoms])
    old, new, current, line = review.region(chosen)
    texts = [part.decode("utf-8", "surrogateescape") for part in (old, new, current)]
    if any("\udc80" <= c <= "\udcff" for text in texts for c in text):
        raise UsageError("not-editable", "this text is not UTF-8", "edit it with exosuit change edit … --with FILE")
    return Region(
        path=path_text(review.change.file_of(chosen[0][0]).path),
        atoms=names(review.change, chosen)[0],
        old=texts[0],
        new=texts[1],
        current=texts[2],
        line=line,
    )


@command("review.facts", effect=Effect.READ)
def facts(session: Session, ask: FactsAsk) -> Facts:
    """What is known of a file, or of a hunk of it: who proposed it, the file's history, who last touched the lines."""
    workspace = session.workspace
    change = workspace.change(ask.change)
    file = _file(change, ask.file)
    origin = change.provenance
    history = log_of(workspace, origin.base_name, file, HISTORY + 1)
    spans = _spans(change, file, ask.atoms)
    touched = last_touched(workspace, origin.base_name, file, spans)
    path = path_text(file.path)
    return Facts(
        path=path,
        generator=origin.generator,
        source=origin.source,
        prompt=origin.prompt,
        created=change.created,
        base=change.base,
        head=change.head,
        history=[Commit(**vars(c)) for c in history[:HISTORY]],
        history_cut=len(history) > HISTORY,
        touched=[Commit(**vars(c)) for c in touched],
        reproduce=f"git log --follow -- {shell_word(file.path)}"
        if history
        else f"exosuit change show {change.id} --path {quote(path)}",
    )


@command("review.stale", effect=Effect.READ)
def stale(session: Session, ask: ChangeAsk) -> Stale:
    """Whether what a change was made from is another by now, so that it should be placed again with change.refresh."""
    workspace = session.workspace
    change = workspace.change(ask.change)
    source = again(change.provenance.key)
    if source is None:
        return Stale(stale=False, why="", refreshable=False)
    try:
        now = source.pair(workspace.ground)
    except ExosuitError as error:
        return Stale(stale=True, why=f"{source.label} cannot be read any more: {error.message}", refreshable=False)
    moved = [name for name, same in (("base", now.base == change.base), ("head", now.head == change.head)) if not same]
    why = f"The {' and the '.join(moved)} of {source.label} changed after this import." if moved else ""
    return Stale(stale=bool(moved), why=why, refreshable=True)


def _spans(change: Change, file: FileChange, atoms: str | None) -> list[tuple[int, int]]:
    """(first line from 0, count) of the removed lines that a question is about."""
    first, end = select(change, [atoms])[0] if atoms else change.range_of(file)
    offset = change.range_of(file)[0] + len(file.opaque)
    chosen = file.spans[max(0, first - offset) : max(0, end - offset)]
    return [(span.base_at, span.base_n) for span in chosen if span.base_n]


def _file(change: Change, number: int) -> FileChange:
    if number > len(change.files):
        raise UsageError("no-such-file", f"change {change.id} has {len(change.files)} files", "count from 1")
    return change.files[number - 1]


def _layout(workspace: Workspace, name: str, number: int) -> FileRows:
    """A file laid out with the edits on it; kept while neither file nor edits change."""
    change = workspace.change(name)
    file = _file(change, number)
    first, end = change.range_of(file)
    edits = workspace.decisions(change.id).edits_in(first, end)
    key = (change.id, number, tuple(edits))
    kept = _kept.get(key)
    if kept is None:
        shadow = workspace.shadow
        own = [(edit.first - first, edit.end - first, shadow.blob(edit.blob)) for edit in edits]
        kept = _kept[key] = FileRows(file, *sides(file, shadow), own)
        while len(_kept) > KEPT:
            _kept.pop(next(iter(_kept)))
    return kept


KEPT = 24
"""Files kept laid out per process."""

_kept: dict[tuple[str, int, tuple[object, ...]], FileRows] = {}
