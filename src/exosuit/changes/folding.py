"""The fold of events into decisions, event by event: a new event costs what it touches, not what came before.

Each event in force remembers what it altered, so taking the last one back is quick too; only the last `REMEMBERED` do,
and going back further folds once from the start.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exosuit.changes.decisions import (
    ACCEPTED,
    EDITED,
    REJECTED,
    UNDECIDED,
    UNDOABLE,
    Comment,
    Decisions,
    Edit,
    Range,
    ranges,
)
from exosuit.core.ledger import Event

REMEMBERED = 256
"""Events whose effect can be taken back without folding from the start."""

SMALL = 4096
"""Longer stretches of states are remembered deflated."""

_VERDICTS = {"accept": ACCEPTED, "reject": REJECTED, "clear": UNDECIDED}
_LASTING = UNDOABLE | {"carry"}


def fold(events: Sequence[Event], atoms: int) -> Decisions:
    """What the events of one change, in order, amount to."""
    folding = Folding(atoms)
    folding.take(events)
    return folding.decisions()


@dataclass(frozen=True, slots=True)
class _Rest:
    """All of the state but the atoms'."""

    edits: tuple[Edit, ...] = ()
    comments: tuple[Comment, ...] = ()
    applied: tuple[Event, ...] = ()
    resolved: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Before:
    """What stood before an event: the states from atom `first` on, and the rest."""

    first: int
    count: int
    states: bytes
    rest: _Rest


class Folding:
    """The decisions of one change as its events come in.

    In force are the events in the order in which they came into force; an undo takes one out (the last one, unless
    another process came between), a redo puts it at the end. An undo or redo of anything else says nothing.
    """

    def __init__(self, atoms: int) -> None:
        self._states = bytearray(atoms)
        self._rest = _Rest()
        self._in_force: list[Event] = []
        self._before: deque[_Before] = deque(maxlen=REMEMBERED)
        self._known: dict[int, Event] = {}
        self._undone: set[int] = set()
        self._back: list[Event] = []
        self.seq = 0

    def take(self, events: Iterable[Event]) -> None:
        """Further events, in order."""
        for event in events:
            self.seq = event.seq
            if event.kind in _LASTING:
                if event.kind in UNDOABLE:
                    self._known[event.seq] = event
                    self._back.clear()
                self._enforce(event)
            elif event.kind == "undo":
                self._undo(event.data["event"])
            elif event.kind == "redo":
                self._redo(event)

    def decisions(self) -> Decisions:
        """The state now, for keeps: what comes later does not alter it."""
        last = next((event for event in reversed(self._in_force) if event.kind in UNDOABLE), None)
        return Decisions(
            bytearray(self._states), list(self._rest.edits), list(self._rest.comments), list(self._rest.applied),
            dict(self._rest.resolved), last, self._back[-1] if self._back else None, frozenset(self._undone), self.seq,
        )  # fmt: skip

    def _undo(self, seq: int) -> None:
        if seq not in self._known or seq in self._undone:
            return
        at = next(i for i in range(len(self._in_force) - 1, -1, -1) if self._in_force[i].seq == seq)
        self._back.append(self._in_force.pop(at))
        self._undone.add(seq)
        if at == len(self._in_force) and self._before:
            before = self._before.pop()
            states = before.states if before.count <= SMALL else zlib.decompress(before.states)
            self._states[before.first : before.first + before.count] = states
            self._rest = before.rest
        else:
            self._start_over()

    def _redo(self, redo: Event) -> None:
        seq = redo.data["event"]
        if seq not in self._undone:
            return
        self._back = [event for event in self._back if event.seq != seq]
        self._undone.discard(seq)
        self._enforce(_redone(self._known[seq], redo))

    def _start_over(self) -> None:
        self._states = bytearray(len(self._states))
        self._rest = _Rest()
        self._before.clear()
        events, self._in_force = self._in_force, []
        for event in events:
            self._enforce(event)

    def _enforce(self, event: Event) -> None:
        first, end = self._reach(event)
        states = bytes(self._states[first:end])
        packed = states if len(states) <= SMALL else zlib.compress(states, 1)
        self._before.append(_Before(first, end - first, packed, self._rest))
        self._in_force.append(event)
        self._rest = _take(self._states, self._rest, event)

    def _reach(self, event: Event) -> Range:
        """The stretch of atoms whose states an event may alter: its own, and those of edits that it touches."""
        if event.kind not in _VERDICTS and event.kind not in ("edit", "carry"):
            return 0, 0
        touched = [(e[0], e[1]) for e in event.data.get("edits", ())] + ranges(event.data)
        touched += [tuple(r) for verdict in ("accepted", "rejected") for r in event.data.get(verdict, ())]
        touched += [
            (edit.first, edit.end)
            for edit in self._rest.edits
            if any(edit.first < end and first < edit.end for first, end in touched)
        ]
        return (min(r[0] for r in touched), max(r[1] for r in touched)) if touched else (0, 0)


def _redone(event: Event, redo: Event) -> Event:
    """The event as it is in force again: an apply that was done again has new facts (what was there, what is now)."""
    if "steps" not in redo.data:
        return event
    return replace(event, data={**event.data, **redo.data, "event": event.seq})


def _take(states: bytearray, rest: _Rest, event: Event) -> _Rest:
    """Let an event come into force: alters the states, returns the rest."""
    data = event.data
    if event.kind in _VERDICTS:
        return replace(rest, edits=_decided(states, rest.edits, _VERDICTS[event.kind], ranges(data)))
    if event.kind == "edit":
        ((first, end),) = ranges(data)
        edits = _decided(states, rest.edits, UNDECIDED, [(first, end)])
        states[first:end] = bytes([EDITED]) * (end - first)
        return replace(rest, edits=(*edits, Edit(first, end, data["blob"])))
    if event.kind == "comment":
        said = Comment(event.seq, event.at, event.actor, tuple(ranges(data)), data["text"])
        return replace(rest, comments=(*rest.comments, said))
    if event.kind == "apply":
        return replace(rest, applied=(*rest.applied, event))
    if event.kind == "resolve":
        return replace(rest, resolved=(*rest.resolved, (data["path"], data["take"])))
    return replace(rest, edits=_carried(states, rest.edits, data))


def _carried(states: bytearray, edits: tuple[Edit, ...], data: dict[str, Any]) -> tuple[Edit, ...]:
    for verdict, state in (("accepted", ACCEPTED), ("rejected", REJECTED)):
        for first, end in data.get(verdict, ()):
            states[first:end] = bytes([state]) * (end - first)
    brought = tuple(Edit(first, end, blob) for first, end, blob in data.get("edits", ()))
    for edit in brought:
        states[edit.first : edit.end] = bytes([EDITED]) * (edit.end - edit.first)
    return edits + brought


def _decided(states: bytearray, edits: tuple[Edit, ...], verdict: int, chosen: Sequence[Range]) -> tuple[Edit, ...]:
    """Decide ranges of atoms; returns the edits that remain.

    An edit that a decision cuts through is dropped, and the rest of it is undecided once more; one that an accept
    includes whole is confirmed and stays.
    """
    for first, end in chosen:
        kept: list[Edit] = []
        touched = [edit for edit in edits if edit.first < end and first < edit.end]
        for edit in touched:
            if verdict == ACCEPTED and first <= edit.first and edit.end <= end:
                kept.append(edit)
            else:
                states[edit.first : edit.end] = bytes(edit.end - edit.first)
        states[first:end] = bytes([verdict]) * (end - first)
        for edit in kept:
            states[edit.first : edit.end] = bytes([EDITED]) * (edit.end - edit.first)
        if touched:
            edits = tuple(edit for edit in edits if edit not in touched or edit in kept)
    return edits
