"""What the review screen reads: columns and windows, small enough to be asked for at every jump."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from exosuit.commands.models import ChangeAsk, CommentOut, Hidden, Model, Prose, TreePath

Runs = list[tuple[int, int]]
"""States of a file's atoms in order, run-length coded: [(count, state), …].

0 undecided, 1 accepted, 2 rejected, 3 edited.
"""

Row = tuple[str, int, int, int, str, list[int]]
"""(kind, old line, new line, atom, text, marks); line and atom numbers from 1, 0 where there is none.

kind: ` ` context · `-` removed · `+` added · `~` the text of an edit in place of atoms · `@` the head of a hunk (text:
the enclosing definition or the block's title; atom: the hunk's number) · `#` a fold of unchanged lines (old, new: the
first one hidden; atom: how many) · `!` a note (no newline at the end, binary, renamed, mode…; atom: the opaque
atom it stands for, if any). marks: flat pairs start, end of characters of `text` that changed inside the line.
"""


class Overview(Model):
    """A change as columns: one entry a file, in reading order."""

    change: str
    title: str
    source: str
    created: str
    lines_added: int
    lines_removed: int
    atoms: int
    hunks: int
    seq: int = Field(description="The newest event of the change; states are as of it.")
    paths: list[str]
    old_paths: dict[str, str] = Field(description="Old path by file number (a string), where it was renamed.")
    status: str = Field(description="One letter a file: A D M R T.")
    kinds: str = Field(description="One letter a file: t text, b binary, l symlink, s submodule, e empty, u unchanged.")
    added: list[int]
    removed: list[int]
    hunk_counts: list[int]
    atom_counts: list[int]
    states: list[Runs]
    comments: list[CommentOut]
    applied: bool
    can_undo: str = Field(description="What undo would take back, in words; empty if nothing.")
    can_redo: str


class StatesAsk(ChangeAsk):
    """What changed since an event."""

    since: int = Field(0, description="The seq of the newest event that is known.")


class States(Model):
    """States of the files touched since then."""

    seq: int
    files: dict[str, Runs] = Field(description="By file number.")
    comments: list[CommentOut]
    applied: bool
    can_undo: str
    can_redo: str


class RowsAsk(ChangeAsk):
    """A window of one file's rows."""

    file: Annotated[int, Hidden] = Field(ge=1, description="The file's number in the change.")
    start: int = Field(0, ge=0, description="The first row, from 0.")
    count: int = Field(200, ge=1, le=2000, description="At most so many rows.")


class Rows(Model):
    """`rows` from `start` on; `total` with all folds closed; `hunks`: the row at which each hunk starts."""

    file: int
    start: int
    total: int
    rows: list[Row]
    hunks: list[int]


class ContextAsk(ChangeAsk):
    """Unchanged lines of a fold, to open it."""

    file: Annotated[int, Hidden] = Field(ge=1, description="The file's number in the change.")
    old: int = Field(ge=1, description="First line, in the old file.")
    new: int = Field(ge=1, description="The same line in the new file.")
    count: int = Field(ge=1, le=2000, description="How many lines.")


class Context(Model):
    """The lines as context rows."""

    rows: list[Row]


class RegionAsk(ChangeAsk):
    """The text of a hunk for the editor."""

    atoms: str = Field(description="A hunk (3h2), an atom or a range of one file.")


class Region(Model):
    """Old and new text of the region that `atoms` spans (and the lines between them): what `change.edit` replaces."""

    path: str
    atoms: str
    old: str
    new: str
    current: str = Field(description="The text as decided now: an edit if there is one, else `new`.")
    line: int


class FactsAsk(ChangeAsk):
    """What is known about a file of a change, or about a hunk of it."""

    file: Annotated[int, Hidden] = Field(ge=1, description="The file's number in the change.")
    atoms: str | None = Field(None, description="A hunk (3h2), an atom or a range; the whole file if not given.")


class Commit(Model):
    """One commit that touched the file."""

    id: str
    at: str
    author: str
    subject: str


class Facts(Model):
    """Provenance, the file's history at the base, and who last touched the lines that the hunk changes."""

    path: str
    generator: str
    source: str
    prompt: str
    created: str
    base: str
    head: str
    history: list[Commit]
    history_cut: bool
    touched: list[Commit] = Field(description="Commits that last wrote the removed lines, most lines first.")
    reproduce: str = Field(description="The command that shows the same.")


class Stale(Model):
    """Whether the source of a change has moved on since it was imported."""

    stale: bool
    why: str = Field(description="One plain sentence; empty if it is as it was.")
    refreshable: bool = Field(description="Whether `change.refresh` can place it again.")


class FileListAsk(Model):
    """Files of the working tree."""

    query: Prose = Field("", description="Letters of the path in order (fuzzy); all if empty.")
    limit: int = Field(200, ge=1, le=10_000, description="At most so many paths.")


class Files(Model):
    """Paths, best match first."""

    paths: list[str]
    more: bool


class FileReadAsk(Model):
    """One file of the working tree."""

    path: TreePath = Field(description="From the root of the workspace.")


class FileText(Model):
    """A file's text and the id of these bytes, to be sent back on save."""

    path: str
    text: str
    id: str
    encoding: Literal["utf-8", "base64"]


class FileSaveAsk(Model):
    """A person's own edit: becomes a change like any other, accepted by its author and applied."""

    path: TreePath = Field(description="From the root of the workspace.")
    text: str = Field(description="The whole new text.")
    id: str = Field(description="The id that `file.read` gave; empty for a new file.")


class FileSaved(Model):
    """The change that the save became; `conflicts` when the file had changed meanwhile in the same lines."""

    change: str | None = Field(description="Null when nothing differs.")
    path: str
    id: str
    conflicts: list[str]

    @property
    def is_failure(self) -> bool:
        """Whether nothing was written, because of a conflict."""
        return bool(self.conflicts)


class WorkspaceShown(Model):
    """The workspace: where it is, what git says of it, and where its state is kept."""

    root: str
    name: str
    git: bool
    branch: str
    revision: str
    changes: int
    state: str
    version: str
