"""Decisions: a pure fold over events. Nothing is overwritten; undo and redo are events too.

State of an atom: `UNDECIDED`, `ACCEPTED`, `REJECTED`, `EDITED`. An edit replaces a run of atoms of one file, and what
lies between them, by a text of its own; deciding part of it again drops the edit, and the rest of it is undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from exosuit.core.ledger import Event

UNDECIDED, ACCEPTED, REJECTED, EDITED = range(4)
NAMES = ("undecided", "accepted", "rejected", "edited")

Range = tuple[int, int]
"""Atoms `first` to before `end`, numbered through the whole change."""

UNDOABLE = frozenset({"accept", "reject", "clear", "edit", "comment", "resolve", "apply"})
_VERDICTS = {"accept": ACCEPTED, "reject": REJECTED, "clear": UNDECIDED}


@dataclass(frozen=True, slots=True)
class Edit:
    """Atoms `first` to before `end` give way to the blob's bytes."""

    first: int
    end: int
    blob: str


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said about some atoms (none: the whole change)."""

    event: int
    at: str
    actor: str
    atoms: tuple[Range, ...]
    text: str


@dataclass
class Decisions:
    """The state of a change after its events. `applied` are the apply events in force, oldest first."""

    states: bytearray
    edits: list[Edit] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    applied: list[Event] = field(default_factory=list)
    resolved: dict[str, str] = field(default_factory=dict)
    undo: Event | None = None
    redo: Event | None = None
    undone: frozenset[int] = frozenset()
    seq: int = 0

    def counts(self) -> dict[str, int]:
        """How many atoms are in each state, by its name."""
        return {name: self.states.count(state) for state, name in enumerate(NAMES)}

    def edits_in(self, first: int, end: int) -> list[Edit]:
        """The edits that touch a range of atoms."""
        return [edit for edit in self.edits if edit.first < end and first < edit.end]


def fold(events: Sequence[Event], atoms: int) -> Decisions:
    """What the events of one change, in order, amount to."""
    undone, undo, redo = _undone(events)
    decisions = Decisions(bytearray(atoms), undo=undo, redo=redo, undone=undone, seq=events[-1].seq if events else 0)
    for event in events:
        if event.seq not in undone:
            _take(decisions, event)
    return decisions


def _undone(events: Sequence[Event]) -> tuple[frozenset[int], Event | None, Event | None]:
    """Which events are taken back, what undo would take back next, and what redo would bring back."""
    done: list[Event] = []
    back: list[Event] = []
    for event in events:
        if event.kind in UNDOABLE:
            done.append(event)
            back.clear()
        elif event.kind == "undo" and done and done[-1].seq == event.data["event"]:
            back.append(done.pop())
        elif event.kind == "redo" and back and back[-1].seq == event.data["event"]:
            done.append(_redone(back.pop(), event))
    alive = {event.seq for event in done}
    undone = frozenset(event.seq for event in events if event.kind in UNDOABLE and event.seq not in alive)
    return undone, done[-1] if done else None, back[-1] if back else None


def _redone(event: Event, redo: Event) -> Event:
    """The event as it is in force again: an apply that was done again has new facts (what was there, what is now)."""
    if "steps" not in redo.data:
        return event
    return Event(
        event.seq, event.at, event.subject, event.kind, event.actor, {**event.data, **redo.data, "event": event.seq}
    )


def _take(decisions: Decisions, event: Event) -> None:
    if event.kind in _VERDICTS:
        _decide(decisions, _VERDICTS[event.kind], ranges(event.data))
    elif event.kind == "edit":
        ((first, end),) = ranges(event.data)
        _decide(decisions, UNDECIDED, [(first, end)])
        decisions.edits.append(Edit(first, end, event.data["blob"]))
        decisions.states[first:end] = bytes([EDITED]) * (end - first)
    elif event.kind == "comment":
        said = tuple(ranges(event.data))
        decisions.comments.append(Comment(event.seq, event.at, event.actor, said, event.data["text"]))
    elif event.kind == "apply":
        decisions.applied.append(event)
    elif event.kind == "resolve":
        decisions.resolved[event.data["path"]] = event.data["take"]
    elif event.kind == "carry":
        _carry(decisions, event.data)


def _carry(decisions: Decisions, data: dict[str, Any]) -> None:
    for verdict, state in (("accepted", ACCEPTED), ("rejected", REJECTED)):
        for first, end in data.get(verdict, ()):
            decisions.states[first:end] = bytes([state]) * (end - first)
    for first, end, blob in data.get("edits", ()):
        decisions.edits.append(Edit(first, end, blob))
        decisions.states[first:end] = bytes([EDITED]) * (end - first)


def _decide(decisions: Decisions, state: int, chosen: Iterable[Range]) -> None:
    for first, end in chosen:
        kept = _settle_edits(decisions, state, first, end)
        decisions.states[first:end] = bytes([state]) * (end - first)
        for edit in kept:
            decisions.states[edit.first : edit.end] = bytes([EDITED]) * (edit.end - edit.first)


def _settle_edits(decisions: Decisions, state: int, first: int, end: int) -> list[Edit]:
    """Drop the edits that a decision on [first, end) overrules; returns those that it includes and so confirms."""
    touched = decisions.edits_in(first, end) if decisions.edits else []
    kept = [edit for edit in touched if state == ACCEPTED and first <= edit.first and edit.end <= end]
    for edit in touched:
        if edit not in kept:
            decisions.edits.remove(edit)
            decisions.states[edit.first : edit.end] = bytes(edit.end - edit.first)
    return kept


def ranges(data: dict[str, Any]) -> list[Range]:
    """The atoms of an event."""
    return [(first, end) for first, end in data.get("atoms", ())]


def run_lengths(states: bytes | bytearray) -> list[tuple[int, int]]:
    """States run-length coded: [(count, state), …]."""
    coded: list[tuple[int, int]] = []
    at = 0
    while at < len(states):
        state = states[at]
        end = at + 1
        while end < len(states) and states[end] == state:
            end += 1
        coded.append((end - at, state))
        at = end
    return coded


def merged(chosen: Iterable[Range]) -> list[Range]:
    """Ranges in order, without overlaps or empty ones."""
    result: list[Range] = []
    for first, end in sorted(chosen):
        if first >= end:
            continue
        if result and first <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((first, end))
    return result
