"""A review: deciding the atoms of one change, every decision an event, with undo and redo without limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exosuit.changes.atoms import split_lines
from exosuit.changes.change import Change
from exosuit.changes.decisions import ACCEPTED, EDITED, REJECTED, Decisions, Range, merged
from exosuit.changes.materialize import materialize
from exosuit.changes.selection import also
from exosuit.changes.workspace import Workspace
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.escapes import path_text
from exosuit.core.ledger import Event

_KEPT_IN_PLACE = bytes([ACCEPTED, ACCEPTED, REJECTED, EDITED]) + bytes(range(4, 256))
"""What nobody has decided stays where its author put it."""


class Review:
    """One change of a workspace under decision; `actor` is written into every event."""

    def __init__(self, workspace: Workspace, name: str, actor: str) -> None:
        self.workspace = workspace
        self.change: Change = workspace.change(name)
        self.actor = actor

    @property
    def decisions(self) -> Decisions:
        """The state now."""
        return self.workspace.decisions(self.change.id)

    def decide(self, verdict: str, chosen: Sequence[Range], why: str = "") -> tuple[int, list[Range]]:
        """`accept`, `reject` or `clear` atoms; returns the event, and what had to be decided along with them."""
        extra = also(self.change, chosen, accepting=verdict == "accept")
        whole = merged([*chosen, *extra])
        return self._append(verdict, {"atoms": whole, "why": why, "also": extra}), extra

    def edit(self, chosen: Sequence[Range], data: bytes, why: str = "") -> int:
        """Let atoms of one file, and what lies between them, give way to `data`; raises `not-editable`."""
        if len(chosen) != 1:
            raise UsageError(
                "not-editable", "an edit takes one run of atoms", "name one atom, a range (3.14-3.20) or a hunk (3h2)"
            )
        first, end = chosen[0]
        file = self.change.file_of(first)
        start, stop = self.change.range_of(file)
        if end > stop or first - start < len(file.opaque):
            raise UsageError(
                "not-editable", "only text of one file can be edited", "accept or reject the others as they are"
            )
        return self._append("edit", {"atoms": [(first, end)], "blob": self.workspace.shadow.put(data), "why": why})

    def comment(self, chosen: Sequence[Range], text: str) -> int:
        """Say something about some atoms, or (none) about the change."""
        return self._append("comment", {"atoms": list(chosen), "text": text})

    def resolve(self, path: bytes, take: str) -> int:
        """Decide a conflict on a path: whose lines win at the next apply."""
        return self._append("resolve", {"path": path_text(path), "take": take})

    def undo(self) -> Event:
        """Take back the last decision still in force; raises `nothing-to-undo`. An apply is undone by `delivery`."""
        with self.workspace.ledger.transaction():
            event = _decision(self.next_undo())
            self._append("undo", {"event": event.seq})
        return event

    def redo(self) -> Event:
        """Bring the last decision that was taken back into force again; raises `nothing-to-redo`."""
        with self.workspace.ledger.transaction():
            event = _decision(self.next_redo())
            self._append("redo", {"event": event.seq})
        return event

    def next_undo(self) -> Event:
        """What undo would take back."""
        event = self.decisions.undo
        if event is None:
            raise ExosuitError("nothing-to-undo", f"nothing to undo in change {self.change.id}", self._history())
        return event

    def next_redo(self) -> Event:
        """What redo would do again."""
        event = self.decisions.redo
        if event is None:
            raise ExosuitError("nothing-to-redo", f"nothing to redo in change {self.change.id}", self._history())
        return event

    def accepted_tree(self) -> str:
        """The tree that the decisions so far give."""
        state = self.decisions
        return materialize(self.change, state.states, state.edits, self.workspace.shadow)

    def is_in_place(self) -> bool:
        """Whether the change was made in the working tree itself, so that applying it means taking the rejected out."""
        return self.change.provenance.kind == "worktree"

    def wanted_tree(self, state: Decisions) -> str:
        """The tree that an apply aims at: what is accepted; of a change made in place, all that is not rejected."""
        kept = state.states.translate(_KEPT_IN_PLACE) if self.is_in_place() else state.states
        return materialize(self.change, kept, state.edits, self.workspace.shadow)

    def tree_of(self, chosen: Sequence[Range]) -> str:
        """The tree that exactly these atoms give."""
        states = bytearray(self.change.atoms)
        for first, end in chosen:
            states[first:end] = b"\x01" * (end - first)
        return materialize(self.change, states, [], self.workspace.shadow)

    def region(self, chosen: Sequence[Range]) -> tuple[bytes, bytes, bytes, int]:
        """(old, new, as decided now, first line from 1) of the stretch that atoms of one file span."""
        (first, end), file = chosen[0], self.change.file_of(chosen[0][0])
        offset = self.change.range_of(file)[0] + len(file.opaque)
        spans = file.spans[first - offset : end - offset]
        if not spans:
            raise UsageError("not-editable", "only text can be edited", "accept or reject it as it is")
        shadow = self.workspace.shadow
        old, new = split_lines(shadow.blob(file.old_blob)), split_lines(shadow.blob(file.new_blob))
        before = old[spans[0].base_at : spans[-1].base_at + spans[-1].base_n]
        after = new[spans[0].head_at : spans[-1].head_at + spans[-1].head_n]
        current = b"".join(after)
        for edit in self.decisions.edits_in(first, end):
            if (edit.first, edit.end) == (first, end):
                current = shadow.blob(edit.blob)
        return b"".join(before), b"".join(after), current, spans[0].head_at + 1

    def _history(self) -> str:
        return f"exosuit change show {self.change.id} --no-atoms tells what was decided"

    def _append(self, kind: str, data: dict[str, Any]) -> int:
        return self.workspace.ledger.append(self.change.id, kind, self.actor, data)


def _decision(event: Event) -> Event:
    """An event that only the ledger knows; raises `overtaken` for an apply, which is in the working tree as well."""
    if event.kind == "apply":
        raise ExosuitError(
            "overtaken", "the last event is an apply by now", "look at it again, then repeat", retryable=True
        )
    return event
