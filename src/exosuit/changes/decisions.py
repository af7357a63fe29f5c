"""Decisions: what the events of a change amount to (see `folding`). Nothing is overwritten; undo and redo are events.

State of an atom: `UNDECIDED`, `ACCEPTED`, `REJECTED`, `EDITED`. An edit replaces a run of atoms of one file, and what
lies between them, by a text of its own; deciding part of it again drops the edit, and the rest of it is undecided.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from exosuit.core.ledger import Event

UNDECIDED, ACCEPTED, REJECTED, EDITED = range(4)
NAMES = ("undecided", "accepted", "rejected", "edited")

Range = tuple[int, int]
"""Atoms `first` to before `end`, numbered through the whole change."""

UNDOABLE = frozenset({"accept", "reject", "clear", "edit", "comment", "resolve", "apply"})


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
