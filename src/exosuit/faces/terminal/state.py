"""The whole state of a terminal review, as one immutable value; what happens to it, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from exosuit.commands.models import Applied, CommentOut, Hit
from exosuit.commands.review_models import Facts, Overview, Row
from exosuit.core.errors import ExosuitError
from exosuit.faces.terminal.board import Board
from exosuit.faces.terminal.pages import Pages

Anchor = tuple[int, int]
"""A row of a file and a line of the screen within it: the first of the diff that is shown."""

Place = tuple[int, int, Anchor]
"""File, row of the cursor, first line shown."""


@dataclass(frozen=True)
class Message:
    """What the last line says; an error has a hint, and takes two."""

    text: str = ""
    hint: str = ""
    is_error: bool = False


@dataclass(frozen=True)
class Prompt:
    """A line that is being written: for what, on which atoms, the text so far and the cursor in it."""

    what: Literal["search", "reason", "comment"]
    text: str = ""
    at: int = 0
    atoms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Search:
    """What was looked for, the hits, which one the cursor is on, and where it was before."""

    query: str
    hits: tuple[Hit, ...]
    more: bool
    at: int
    came_from: Place


@dataclass(frozen=True)
class Panel:
    """What lies over the diff: the keys, the list of files with the letters typed, or what apply does."""

    what: Literal["help", "files", "apply"]
    at: int = 0
    query: str = ""
    outcome: Applied | None = None


@dataclass(frozen=True)
class State:
    """The review as it stands; `size` is (columns, lines) of the screen."""

    overview: Overview
    board: Board
    size: tuple[int, int]
    seq: int
    comments: tuple[CommentOut, ...] = ()
    applied: bool = False
    can_undo: str = ""
    can_redo: str = ""
    file: int = 1
    row: int = 0
    top: Anchor = (0, 0)
    pages: Pages = field(default_factory=Pages)
    opened: Mapping[tuple[int, int], tuple[Row, ...]] = field(default_factory=dict)
    """Lines of folds that are open, by file and row of the fold."""
    parted: frozenset[tuple[int, int]] = frozenset()
    """Hunks (file, number) whose blocks are decided one by one."""
    split: bool = False
    facts: bool = False
    known: Facts | None = None
    known_of: str = ""
    """The atoms that `known` is about."""
    prompt: Prompt | None = None
    search: Search | None = None
    panel: Panel | None = None
    message: Message = Message()
    places: Mapping[int, Place] = field(default_factory=dict)
    """Where the cursor was when an event was made here."""
    looked_at: str = ""
    """The atoms under decision, and since when (seconds) they have been on screen."""
    since: float = 0.0
    last_decided: tuple[str, float] = ("", -1.0)
    """The last key that decided something, and when it last came."""

    @property
    def change(self) -> str:
        return self.overview.change

    @property
    def path(self) -> str:
        return self.overview.paths[self.file - 1]

    @property
    def place(self) -> Place:
        return self.file, self.row, self.top

    @property
    def files(self) -> int:
        return len(self.overview.paths)


@dataclass(frozen=True)
class Key:
    """A key was pressed `at` so many seconds; its name as in `keys.py`."""

    name: str
    at: float


@dataclass(frozen=True)
class Resized:
    """The screen has another size."""

    columns: int
    lines: int


@dataclass(frozen=True)
class Tick:
    """A second has passed."""

    at: float


@dataclass(frozen=True)
class Call:
    """Asks for a command of the registry; `then` says what its answer is for."""

    name: str
    fields: Mapping[str, Any]
    then: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class Answered:
    """A command came back."""

    call: Call
    output: BaseModel


@dataclass(frozen=True)
class Failed:
    """A command was refused."""

    call: Call
    error: ExosuitError


@dataclass(frozen=True)
class Edit:
    """Asks for the person's editor on a text; `atoms` of the change, or (empty) the file itself, read as `id`."""

    path: str
    text: str
    line: int
    atoms: str


@dataclass(frozen=True)
class Edited:
    """The editor was left; `file` holds the new text, empty if nothing was changed."""

    edit: Edit
    file: str
    error: Message | None = None


@dataclass(frozen=True)
class Quit:
    """Asks for the end."""


@dataclass(frozen=True)
class Redraw:
    """Asks for the whole screen to be drawn anew."""


@dataclass(frozen=True)
class Reread:
    """Rows were forgotten, because edits changed them: they are read anew, and the cursor goes back into its hunk.

    `hunk` and how many rows below its start; then to the next undecided, if `onward`. It is a step of its own, since
    one that forgets rows and wants them would be repeated for ever.
    """

    hunk: int
    offset: int
    onward: bool


Event = Key | Resized | Tick | Answered | Failed | Edited | Reread
Effect = Call | Edit | Quit | Redraw | Reread


def opening(overview: Overview, size: tuple[int, int]) -> State:
    """The state that a review begins in."""
    return State(
        overview=overview, board=Board.of(overview.states), size=size, seq=overview.seq,
        comments=tuple(overview.comments), applied=overview.applied, can_undo=overview.can_undo,
        can_redo=overview.can_redo,
    )  # fmt: skip
