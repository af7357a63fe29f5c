"""Files by hand: list, open, save. A save is a change like any other."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from exosuit.changes.delivery import apply_change, read_now, standing
from exosuit.changes.git import git
from exosuit.changes.review import Review
from exosuit.changes.sources import Edit
from exosuit.changes.workspace import Workspace
from exosuit.commands.present import text_or_base64
from exosuit.commands.registry import command
from exosuit.commands.review_models import FileListAsk, FileReadAsk, Files, FileSaveAsk, FileSaved, FileText
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.escapes import folder_text, named, path_text
from exosuit.core.registry import Effect

_BLOB = re.compile("[0-9a-f]{40}")

PLAIN_LIMIT = 100_000
"""Files of a plain folder that are listed at most."""


@command("file.list", effect=Effect.READ)
def list_(session: Session, ask: FileListAsk) -> Files:
    """Files of the working tree, ignored ones left out, those that fit the query best first."""
    paths = [path for path in _paths(session.workspace) if _fits(path.lower(), ask.query.lower())]
    if ask.query:
        paths.sort(key=lambda path: (ask.query.lower() not in path.lower().rpartition("/")[2], len(path), path))
    return Files(paths=paths[: ask.limit], more=len(paths) > ask.limit)


def _paths(workspace: Workspace) -> list[str]:
    if workspace.repository is not None:
        listed = git(
            ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"], cwd=workspace.root
        )
        return [path_text(path) for path in listed.split(b"\0") if path]
    found: list[str] = []
    for folder, folders, names in os.walk(workspace.root):
        folders[:] = sorted(name for name in folders if name != ".git")
        below = Path(folder).relative_to(workspace.root)
        found += [path_text(os.fsencode(below / name)) for name in sorted(names)]
        if len(found) > PLAIN_LIMIT:
            break
    return found


def _fits(path: str, query: str) -> bool:
    """Whether the letters of the query stand in the path in this order."""
    at = 0
    for letter in query:
        at = path.find(letter, at) + 1
        if not at:
            return False
    return True


@command("file.read", effect=Effect.READ)
def read(session: Session, ask: FileReadAsk) -> FileText:
    """One file of the working tree; its id goes back with the save, so that nobody's edit is overwritten."""
    workspace = session.workspace
    path = _meant(workspace, ask.path)
    data = read_now(workspace, path)
    if data is None:
        raise ExosuitError(
            "no-such-file",
            f"there is no file '{path_text(path)}' in {folder_text(workspace.root)}",
            "exosuit file list shows what there is",
        )
    text, encoding = text_or_base64(data)
    return FileText(path=path_text(path), text=text, id=workspace.shadow.put(data), encoding=encoding)


def _meant(workspace: Workspace, name: str) -> bytes:
    """The path that a name stands for, as it is written out or, where only that is there, as it stands."""
    written, *raw = named(name)
    return next((path for path in (written, *raw) if standing(workspace, path) is not None), written)


@command("file.save", effect=Effect.APPLY)
def save(session: Session, ask: FileSaveAsk) -> FileSaved:
    """Save a file that you edited: becomes a change of yours, accepted and applied at once, and undone like any other.

    What others wrote into the file meanwhile is merged; if it is in the same lines, nothing is written.
    """
    workspace = session.workspace
    if ask.id and not _BLOB.fullmatch(ask.id):
        raise UsageError("bad-id", f"{ask.id!r} is not the id of an opened file", "send the id that file.read gave")
    data = ask.text.encode("utf-8", "surrogateescape")
    saved = workspace.shadow.put(data)
    path = _meant(workspace, ask.path)
    if saved == ask.id:
        return FileSaved(change=None, path=path_text(path), id=ask.id, conflicts=[])
    review = _taken(workspace, Edit(path, data, ask.id), session.actor)
    change = review.change
    review.decide("accept", [(0, change.atoms)], "saved by hand")
    delivery = apply_change(review)
    now = read_now(workspace, path)
    return FileSaved(
        change=change.id,
        path=path_text(path),
        id=workspace.shadow.put(now) if now is not None else "",
        conflicts=[conflict.why for conflict in delivery.conflicts],
    )


def _taken(workspace: Workspace, edit: Edit, actor: str) -> Review:
    """The review of an edit; where the same one was applied before and not undone, of another, to be written anew."""
    while True:
        change, new, _carried = workspace.bring_in(edit, actor)
        review = Review(workspace, change.id, actor)
        if new or not review.decisions.applied:
            return review
        edit = replace(edit, times=edit.times + 1)
