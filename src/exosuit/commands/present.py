"""The engine's data as the wire's models."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Literal

from exosuit.changes.atoms import FileChange, Kind, line_offsets, split_lines
from exosuit.changes.change import Change
from exosuit.changes.decisions import UNDOABLE, Decisions, ranges
from exosuit.changes.materialize import sides
from exosuit.changes.review import Review
from exosuit.changes.selection import names
from exosuit.changes.shadow import EMPTY_BLOB, Shadow
from exosuit.commands.models import AtomOut, CommentOut, Decided, EventOut, FileOut, HunkOut, State
from exosuit.core.escapes import path_text
from exosuit.core.ledger import Event

Encoding = Literal["utf-8", "base64"]

STATUS: dict[str, Literal["added", "deleted", "modified", "renamed", "type-changed"]] = {
    "A": "added",
    "D": "deleted",
    "M": "modified",
    "R": "renamed",
    "T": "type-changed",
}

BIGGEST_BINARY = 1 << 20
"""Opaque content larger than this is named by its blob id instead of being sent."""


def text_or_base64(data: bytes) -> tuple[str, Encoding]:
    """Bytes for JSON: as they are where they are UTF-8, else base64."""
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(data).decode("ascii"), "base64"


def state_name(state: int) -> State:
    """The word for a state."""
    words: tuple[State, ...] = ("undecided", "accepted", "rejected", "edited")
    return words[state]


def file_out(file: FileChange) -> FileOut:
    """A file of a change."""
    return FileOut(
        id=str(file.number),
        path=path_text(file.path),
        old_path=path_text(file.old_path) if file.is_renamed else None,
        status=STATUS[file.status],
        kind=content_kind(file),
        old_mode=f"{file.old_mode:o}" if file.old_mode else "",
        new_mode=f"{file.new_mode:o}" if file.new_mode else "",
        lines_added=file.added,
        lines_removed=file.removed,
        atoms=file.atoms,
        hunks=len(file.hunks),
    )


def content_kind(file: FileChange) -> Literal["text", "binary", "symlink", "submodule", "empty", "unchanged"]:
    """What a file holds, for people; `unchanged` where only its name or mode differ."""
    if file.content is Kind.TEXT:
        return "text"
    if file.content is Kind.SYMLINK:
        return "symlink"
    if file.content is Kind.SUBMODULE:
        return "submodule"
    if file.content is Kind.BINARY:
        return "binary"
    return "empty" if EMPTY_BLOB in (file.old_blob, file.new_blob) else "unchanged"


def hunks_out(change: Change, file: FileChange, titles: list[str]) -> Iterator[HunkOut]:
    """The hunks of a file."""
    offset = change.range_of(file)[0]
    for i, title in enumerate(titles):
        first, end = file.hunk_atoms(i)
        yield HunkOut(
            id=f"{file.number}h{i + 1}",
            path=path_text(file.path),
            first=change.name(offset + first),
            last=change.name(offset + end - 1),
            title=title,
        )


def atoms_out(change: Change, file: FileChange, decisions: Decisions, shadow: Shadow) -> Iterator[AtomOut]:
    """The atoms of a file, in bytes of its base."""
    base, head = sides(file, shadow)
    first = change.range_of(file)[0]
    path = path_text(file.path)
    for i, kind in enumerate(file.opaque):
        new, encoding = _opaque_content(file, kind, head)
        state = state_name(decisions.states[first + i])
        yield AtomOut(
            id=f"{file.number}.{i + 1}",
            path=path,
            kind=kind.value,
            base_start=0,
            base_len=0 if kind in (Kind.RENAME, Kind.MODE) else len(base),
            new=new,
            encoding=encoding,
            state=state,
        )
    old_at, new_at = line_offsets(split_lines(base)), line_offsets(split_lines(head))
    for i, span in enumerate(file.spans if file.is_text else (), len(file.opaque)):
        start = old_at[span.base_at]
        new, encoding = text_or_base64(head[new_at[span.head_at] : new_at[span.head_at + span.head_n]])
        yield AtomOut(
            id=f"{file.number}.{i + 1}",
            path=path,
            kind="text",
            base_start=start,
            base_len=old_at[span.base_at + span.base_n] - start,
            new=new,
            encoding=encoding,
            state=state_name(decisions.states[first + i]),
        )


def _opaque_content(file: FileChange, kind: Kind, head: bytes) -> tuple[str, Encoding]:
    if kind is Kind.RENAME:
        return path_text(file.path), "utf-8"
    if kind is Kind.MODE:
        return f"{file.new_mode:o}", "utf-8"
    return text_or_base64(head) if len(head) <= BIGGEST_BINARY else (f"blob {file.new_blob}", "utf-8")


def events_out(change: Change, events: list[Event], decisions: Decisions) -> list[EventOut]:
    """The history of a change."""
    return [
        EventOut(
            id=event.seq,
            at=event.at,
            actor=event.actor,
            kind=event.kind,
            atoms=names(change, ranges(event.data)),
            why=str(event.data.get("why", "")),
            undone=event.seq in decisions.undone,
        )
        for event in events
    ]


def comments_out(change: Change, decisions: Decisions) -> list[CommentOut]:
    """What was said about a change."""
    return [
        CommentOut(
            id=c.event,
            at=c.at,
            actor=c.actor,
            atoms=names(change, c.atoms),
            text=c.text,
            path=path_text(change.file_of(c.atoms[0][0]).path) if c.atoms else None,
        )
        for c in decisions.comments
    ]


def decided(review: Review, event: int, also: list[tuple[int, int]] | None = None) -> Decided:
    """The counts after a decision."""
    return Decided(
        change=review.change.id, event=event, also=names(review.change, also or []), **review.decisions.counts()
    )


def described(event: Event | None, change: Change) -> str:
    """An event in words, for the undo and redo labels; empty for none."""
    if event is None or event.kind not in UNDOABLE:
        return ""
    atoms = sum(end - first for first, end in ranges(event.data))
    what = names(change, ranges(event.data)[:1])
    where = f" {what[0]}" if what and len(ranges(event.data)) == 1 else f" {atoms:,} atoms" if atoms else ""
    return f"{event.kind}{where}"
