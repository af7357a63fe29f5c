"""Changes: brought in, listed, shown, written out."""

from __future__ import annotations

from pathlib import Path

from exosuit.apps.code.rows import FileRows
from exosuit.apps.code.search import search as search_change
from exosuit.changes.atoms import FileChange
from exosuit.changes.change import Claim
from exosuit.changes.materialize import sides
from exosuit.changes.patch import diff_as_patch, files_between
from exosuit.changes.review import Review
from exosuit.changes.selection import files_at, select
from exosuit.changes.sources import Folders, Patch, Revisions, Source, WorkingTree, again
from exosuit.changes.workspace import NOTHING_SAID, Workspace
from exosuit.commands.models import (
    AtomOut,
    ChangeAsk,
    Changes,
    ExportAsk,
    Exported,
    Found,
    Hit,
    HunkOut,
    Imported,
    MaterializeAsk,
    Materialized,
    Nothing,
    SearchAsk,
    ShowAsk,
    Shown,
    SourceAsk,
    Summary,
)
from exosuit.commands.plans import group_atoms, standing
from exosuit.commands.present import atoms_out, comments_out, events_out, file_out, hunks_out, text_or_base64
from exosuit.commands.registry import command
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.escapes import folder_text
from exosuit.core.registry import Effect


@command("change.import", effect=Effect.PROPOSE)
def import_(session: Session, ask: SourceAsk) -> Imported:
    """Bring a change in: two revisions, the working tree, a patch or two folders, taken apart into atoms.

    The same source twice is the same change. Where the source has moved on, decisions are carried over wherever the
    bytes still match; the others are asked again.
    """
    claim = Claim(ask.title or "", ask.by or "", ask.prompt or "", ask.command or "")
    return bring_in(session, source_of(session, ask), claim)


def bring_in(session: Session, source: Source, claim: Claim = NOTHING_SAID) -> Imported:
    """Import a source and say what came in."""
    change, new, carried = session.workspace.bring_in(
        source, session.actor, claim=claim, progress=lambda done, total: session.progress(done, total, "files")
    )
    return Imported(
        change=change.id,
        title=change.title,
        files=len(change.files),
        atoms=change.atoms,
        hunks=change.hunks,
        lines_added=change.added,
        lines_removed=change.removed,
        carried=carried.atoms,
        asked_again=carried.asked_again,
        already=not new,
    )


def source_of(session: Session, ask: SourceAsk) -> Source:
    """The one source that was named; raises `bad-source` for none or several."""
    given = [ask.revisions, ask.worktree or None, ask.patch, ask.patch_text, ask.dirs]
    if sum(item is not None for item in given) != 1:
        raise UsageError(
            "bad-source", "name exactly one source", "REV..REV, --worktree, --patch FILE, or --dirs OLD NEW"
        )
    if ask.revisions is not None:
        return Revisions.parse(ask.revisions)
    if ask.worktree:
        return WorkingTree(ask.against)
    if ask.dirs is not None:
        root = session.workspace.root
        return Folders(root / ask.dirs[0], root / ask.dirs[1])
    if ask.patch_text is not None:
        return Patch(ask.patch_text.encode("utf-8", "surrogateescape"), "given as text")
    return Patch(read_named(session, str(ask.patch)), Path(str(ask.patch)).name)


def read_named(session: Session, name: str) -> bytes:
    """A file that the caller names; a relative name starts at the workspace."""
    path = session.workspace.root / name
    try:
        if path.is_char_device() or path.is_block_device():
            raise ExosuitError("no-such-file", f"{name} is a device, not a file", "- reads standard input")
        return path.read_bytes()
    except OSError as error:
        raise ExosuitError(
            "no-such-file", f"cannot read {name} ({error.strerror})", "name a file that you can read"
        ) from error


@command("change.refresh", effect=Effect.PROPOSE)
def refresh(session: Session, ask: ChangeAsk) -> Imported:
    """Import the source of a change again, as it is now; decisions come along where the bytes still match."""
    key = session.workspace.change(ask.change).provenance.key
    source = again(key)
    if source is None:
        kind = key.partition(" ")[0]
        raise ExosuitError("cannot-refresh", f"a change from {kind} cannot be read again", "exosuit change import …")
    return bring_in(session, source)


@command("change.list", effect=Effect.READ)
def list_(session: Session, _ask: Nothing) -> Changes:
    """All changes of this workspace, newest first, with how far each is decided."""
    return Changes(changes=[summary(session.workspace, name) for name in session.workspace.store.ids()])


def summary(workspace: Workspace, name: str) -> Summary:
    """A change in one line."""
    change, title, source, created, files, atoms, hunks, added, removed = workspace.store.summary(name)
    state = workspace.decisions(name)
    return Summary(
        change=change,
        title=title,
        source=source,
        created=created,
        files=files,
        atoms=atoms,
        hunks=hunks,
        lines_added=added,
        lines_removed=removed,
        applied=bool(state.applied),
        **state.counts(),
    )


def rows_of(workspace: Workspace, file: FileChange) -> FileRows:
    """A file laid out, without decisions."""
    return FileRows(file, *sides(file, workspace.shadow))


@command("change.show", effect=Effect.READ)
def show(session: Session, ask: ShowAsk) -> Shown:
    """A change taken apart: its files, hunks, atoms, decisions and comments."""
    workspace = session.workspace
    change = workspace.change(ask.change)
    state = workspace.decisions(change.id)
    files = list(change.files) if ask.path is None else files_at(change, ask.path)
    hunks: list[HunkOut] = []
    atoms: list[AtomOut] = []
    for done, file in enumerate(files):
        session.progress(done, len(files), "files")
        layout = rows_of(workspace, file)
        hunks += hunks_out(change, file, [layout.hunk_title(i) for i in range(len(file.hunks))])
        if not ask.no_atoms:
            atoms += atoms_out(change, file, state, workspace.shadow)
    return Shown(
        change=change.id,
        title=change.title,
        source=change.provenance.source,
        created=change.created,
        base=change.base,
        head=change.head,
        files=[file_out(file) for file in files],
        hunks=hunks,
        atoms=atoms,
        decisions=events_out(change, workspace.events(change.id), state),
        comments=comments_out(change, state),
    )


@command("change.materialize", effect=Effect.EXTERNAL)
def materialize(session: Session, ask: MaterializeAsk) -> Materialized:
    """Write the tree that a subset of a change gives into a new folder: all, none, the accepted, or some atoms."""
    review = Review(session.workspace, ask.change, session.actor)
    named = (ask.all, ask.none, ask.accepted, bool(ask.atoms), ask.group is not None, bool(ask.increments))
    if sum(named) != 1:
        hint = "--all, --none, --accepted, --group ID, --increments A,B, or --atoms 3.14 …"
        raise UsageError("bad-subset", "name exactly one subset", hint)
    increments: list[str] = []
    if ask.accepted:
        tree = review.accepted_tree()
    elif ask.atoms:
        tree = review.tree_of(select(review.change, ask.atoms))
    elif ask.group is not None:
        tree = review.tree_of(group_atoms(session.workspace, review.change, ask.group))
    elif ask.increments:
        increments, atoms = standing(session.workspace, review.change, ask.increments)
        tree = review.tree_of(atoms)
    else:
        tree = review.change.head if ask.all else review.change.base
    out = session.workspace.root / ask.out
    session.workspace.shadow.check_out(tree, out)
    return Materialized(change=review.change.id, tree=tree, out=folder_text(out), increments=increments)


@command("change.export", effect=Effect.EXTERNAL)
def export(session: Session, ask: ExportAsk) -> Exported:
    """The accepted part of a change (or all of it) as a patch that `git apply` takes."""
    review = Review(session.workspace, ask.change, session.actor)
    tree = review.change.head if ask.all else review.accepted_tree()
    data = diff_as_patch(session.workspace.shadow, review.change.base, tree)
    patch, encoding = text_or_base64(data)
    out = None if ask.out is None else session.workspace.root / ask.out
    if out is not None:
        try:
            out.write_bytes(data)
        except OSError as error:
            raise ExosuitError("cannot-write", f"cannot write {out} ({error.strerror})", "name another file") from error
    count = files_between(session.workspace.shadow, review.change.base, tree)
    named = None if out is None else folder_text(out)
    return Exported(change=review.change.id, files=count, patch=patch, encoding=encoding, out=named)


@command("change.search", effect=Effect.READ)
def search(session: Session, ask: SearchAsk) -> Found:
    """Find text in the removed and added lines of a whole change."""
    workspace = session.workspace
    hits = search_change(
        workspace.change(ask.change), workspace.shadow, ask.query, regex=ask.regex, case=ask.case, limit=ask.limit + 1
    )
    found = [
        Hit(
            file=str(h.file),
            path=h.path,
            atom=f"{h.file}.{h.atom}",
            side=h.side,
            line=h.line,
            start=h.start,
            end=h.end,
            text=h.text,
            row=h.row,
        )
        for h in hits
    ]
    return Found(hits=found[: ask.limit], more=len(found) > ask.limit)
