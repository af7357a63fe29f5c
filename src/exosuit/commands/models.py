"""What goes into the commands of the loop and what comes out: the wire contract of every face.

Atoms are addressed by strings: `3.14` is the 14th atom of the 3rd file, `3.14-3.20` a range within one file,
`3` the whole file, `3h2` its 2nd hunk. Counting starts at 1. Content that is not UTF-8 travels as base64, and
the field beside it says so. Paths are in the notation of `core.escapes`, in and out.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from exosuit.core.escapes import path_bytes, spelled_out
from exosuit.core.registry import Argument

Positional = Argument(positional=True)
Hidden = Argument(hidden=True)
File = Argument(metavar="FILE", file=True)


def _without_nul(name: str) -> str:
    if "\0" in name:
        raise ValueError("no path holds a NUL byte")
    return name


FilePath = Annotated[str, AfterValidator(_without_nul)]
"""The name of a file or folder of the caller, as it stands."""


Prose = Annotated[str, AfterValidator(spelled_out)]
r"""What a person says; bytes of a command line that are no text are kept as `\xff`."""


def _names_a_file(path: str) -> str:
    _without_nul(path_bytes(path).decode("latin-1"))
    return path


TreePath = Annotated[str, AfterValidator(_names_a_file)]
"""A path in the workspace, as answers write it (`core.escapes`)."""

ChangeId = Annotated[str, Argument(positional=True, metavar="CHANGE")]
State = Literal["undecided", "accepted", "rejected", "edited"]


class Model(BaseModel):
    """Strict about unknown fields, so that a typo is an error and never ignored."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Model):
    """No input."""


class SourceAsk(Model):
    """Where a change comes from: exactly one of the five."""

    revisions: Annotated[str | None, Argument(positional=True, metavar="REV..REV")] = Field(
        None,
        description="Two git revisions, `main..feature`; `main...feature` starts at their merge base; `REV` alone is "
        "that commit against its first parent, or all of it where it has none.",
    )
    worktree: bool = Field(False, description="The working tree, untracked files too, against a revision.")
    against: str = Field("HEAD", description="With --worktree: the revision it is compared with.")
    patch: Annotated[FilePath | None, File] = Field(
        None, description="A patch file in git's format; `-` on the command line is standard input."
    )
    patch_text: Annotated[str | None, Hidden] = Field(None, description="The patch itself instead of a file.")
    dirs: Annotated[tuple[FilePath, FilePath] | None, Argument(metavar="OLD NEW", file=True)] = Field(
        None, description="Two plain folders: OLD and NEW."
    )
    title: Prose | None = Field(None, description="What to call the change; made from its source if not given.")
    by: Prose | None = Field(None, description="Who or what made it (an agent, a codemod); kept as a claim.")
    prompt: Prose | None = Field(None, description="What it was asked for with; kept and shown.")
    command: Prose | None = Field(
        None,
        description="The command that made it, a codemod; the plan runs it on the base again, in the sandbox, to tell "
        "what it did from what somebody edited.",
    )


class Imported(Model):
    """A change that is now in the store."""

    change: str
    title: str
    files: int
    atoms: int
    hunks: int
    lines_added: int
    lines_removed: int
    carried: int = Field(0, description="Decisions (atoms) carried over from the last import of the same source.")
    asked_again: int = Field(0, description="Decided atoms of the last import whose bytes no longer match.")
    already: bool = Field(False, description="The same change was there before; nothing new was stored.")


def _apart(words: object) -> object:
    """`["A,B", "C"]` as `["A", "B", "C"]`."""
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return words
    return [part for word in words for part in word.split(",") if part]


Listed = Annotated[list[str], BeforeValidator(_apart)]
"""Several names, separated by commas or given one at a time."""


class ChangeAsk(Model):
    """One change, by its id or an unambiguous beginning of it; `last` is the newest."""

    change: ChangeId = Field(description="Its id, the beginning of it, or `last`.")


class Summary(Model):
    """A change in one line of a list."""

    change: str
    title: str
    source: str
    created: str
    files: int
    atoms: int
    hunks: int
    lines_added: int
    lines_removed: int
    undecided: int
    accepted: int
    rejected: int
    edited: int
    applied: bool


class Changes(Model):
    """All changes of the workspace, newest first."""

    changes: list[Summary]


class ShowAsk(ChangeAsk):
    """Which part of a change to show."""

    path: str | None = Field(None, description="Only files whose path matches this glob.")
    no_atoms: bool = Field(False, description="Leave the atoms out (files, hunks and decisions only).")


class FileOut(Model):
    """A file of a change. Modes are git's, in octal; empty where the file is absent."""

    id: str
    path: str
    old_path: str | None
    status: Literal["added", "deleted", "modified", "renamed", "type-changed"]
    kind: Literal["text", "binary", "symlink", "submodule", "empty", "unchanged"]
    old_mode: str
    new_mode: str
    lines_added: int
    lines_removed: int
    atoms: int
    hunks: int


class HunkOut(Model):
    """Neighbouring atoms shown together: `first` to `last`, both ids of atoms."""

    id: str
    path: str
    first: str
    last: str
    title: str


class AtomOut(Model):
    """The smallest edit that can be decided, in bytes of the base file.

    `kind` `text`: `base_len` bytes at `base_start` of the base file give way to `new`. Any other kind is opaque and
    whole: `binary`, `symlink`, `mode`, `submodule`, `rename`, `create`, `delete`.
    """

    id: str
    path: str
    kind: Literal["text", "binary", "symlink", "mode", "submodule", "rename", "create", "delete"]
    base_start: int
    base_len: int
    new: str
    encoding: Literal["utf-8", "base64"]
    state: State


class EventOut(Model):
    """One event of a change's history: nothing is ever overwritten, undo is another event."""

    id: int
    at: str
    actor: str
    kind: str
    atoms: list[str]
    why: str
    undone: bool


class CommentOut(Model):
    """What somebody said about some atoms, or about the change as a whole."""

    id: int
    at: str
    actor: str
    atoms: list[str]
    path: str | None
    text: str


class Shown(Model):
    """A change, taken apart."""

    change: str
    title: str
    source: str
    created: str
    base: str
    head: str
    files: list[FileOut]
    hunks: list[HunkOut]
    atoms: list[AtomOut]
    decisions: list[EventOut]
    comments: list[CommentOut]


class SelectAsk(ChangeAsk):
    """Atoms of a change: by id, by path, or all."""

    atoms: Annotated[list[str], Argument(positional=True, metavar="ATOM…")] = Field(
        default_factory=list, description="Atoms: 3.14, 3.14-3.20, 3 (a file), 3h2 (a hunk)."
    )
    path: str | None = Field(None, description="Every atom of the files whose path matches this glob.")
    all: bool = Field(False, description="Every atom of the change.")
    group: str | None = Field(None, description="Every atom of a group of the plan, by its id.")
    increment: str | None = Field(
        None, description="An increment of the plan by its id, with those that it needs (rejecting: that need it)."
    )
    why: Prose = Field("", description="The reason, kept with the decision.")


class Decided(Model):
    """The state of a change after a decision, in atoms."""

    change: str
    event: int
    undecided: int
    accepted: int
    rejected: int
    edited: int
    also: list[str] = Field(
        default_factory=list, description="Atoms decided too, because the ones named can't stand without them."
    )


class EditAsk(ChangeAsk):
    """Replace what one atom (or a run of atoms of one file) puts there by your own text."""

    atom: Annotated[str, Argument(positional=True, metavar="ATOM")] = Field(
        description="An atom, or a range of atoms of one file."
    )
    with_file: Annotated[FilePath | None, File] = Field(
        None, alias="with", description="The file that holds the new text; `-` on the command line is standard input."
    )
    text: Annotated[str | None, Hidden] = Field(None, description="The new text itself instead of a file.")
    why: Prose = Field("", description="The reason, kept with the decision.")

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class CommentAsk(ChangeAsk):
    """Say something about atoms, or about the change."""

    text: Annotated[Prose, Argument(positional=True, metavar="TEXT")] = Field(description="What you want to say.")
    atoms: list[str] = Field(default_factory=list, description="What it is about; the whole change if not given.")


class ApplyAsk(ChangeAsk):
    """Put what is accepted into the working tree."""

    dry_run: bool = Field(False, description="Say what would happen, write nothing.")


class ConflictOut(Model):
    """A file that was left alone, because you edited the same lines (or it is not what the change starts from)."""

    path: str
    why: str
    atoms: list[str]
    mine: str = Field("", description="Your text at the first place in conflict, for showing.")
    theirs: str = Field("", description="The change's text there.")


class SkippedOut(Model):
    """Something accepted that can't be put into a working tree, and why."""

    path: str
    why: str


class Applied(Model):
    """What an apply (or its undo or redo) did to the working tree."""

    change: str
    event: int | None = Field(description="The event to undo; null after a dry run or if there was nothing to do.")
    applied: list[str]
    unchanged: list[str]
    conflicts: list[ConflictOut]
    skipped: list[SkippedOut]
    dry_run: bool = False

    @property
    def is_failure(self) -> bool:
        """Whether a conflict is left to be decided; what is skipped is beyond deciding."""
        return bool(self.conflicts)


class ResolveAsk(ChangeAsk):
    """Decide a conflict that apply reported on one path."""

    path: Annotated[TreePath, Argument(positional=True, metavar="PATH")] = Field(description="The file in conflict.")
    take: Literal["mine", "theirs"] = Field(
        description="`mine` rejects the atoms in conflict; `theirs` lets the change's text win on the next apply."
    )


class Undone(Model):
    """The event that was taken back (or done again), and the state after it."""

    change: str
    event: int
    kind: str
    undecided: int
    accepted: int
    rejected: int
    edited: int
    tree: Applied | None = Field(None, description="What happened to the working tree, if the event was an apply.")

    @property
    def is_failure(self) -> bool:
        """Whether a file was left as it is, because the lines were edited since."""
        return self.tree is not None and self.tree.is_failure


class MaterializeAsk(ChangeAsk):
    """Write the tree that a subset of the change gives into a new folder."""

    out: Annotated[FilePath, Argument(metavar="DIR", file=True)] = Field(
        description="The folder to make; must be absent or empty."
    )
    all: bool = Field(False, description="The whole change.")
    none: bool = Field(False, description="None of it: the tree it starts from.")
    accepted: bool = Field(False, description="What is accepted, with your edits.")
    atoms: list[str] = Field(default_factory=list, description="Exactly these atoms.")
    group: str | None = Field(None, description="Exactly the atoms of a group of the plan, by its id.")
    increments: Listed = Field(
        default_factory=list, description="Increments of the plan, with those that they need: A,B or one at a time."
    )


class Materialized(Model):
    """A tree on disk, and its git tree id."""

    change: str
    tree: str
    out: str
    increments: list[str] = Field(
        default_factory=list, description="Where increments were asked for: those in it, with what they need."
    )


class ExportAsk(ChangeAsk):
    """The change as a patch that `git apply` takes."""

    all: bool = Field(False, description="The whole change rather than the accepted part.")
    out: Annotated[FilePath | None, File] = Field(None, description="Write it to this file instead of standard output.")


class Exported(Model):
    """A patch; base64 where it is not UTF-8."""

    change: str
    files: int
    patch: str
    encoding: Literal["utf-8", "base64"]
    out: str | None = None


class SearchAsk(ChangeAsk):
    """Find text in the whole change: removed, added and (with `context`) unchanged lines around them."""

    query: Annotated[Prose, Argument(positional=True, metavar="TEXT")] = Field(description="What to look for.")
    regex: bool = Field(False, description="It is a regular expression.")
    case: bool = Field(False, description="Upper and lower case are different.")
    limit: int = Field(200, ge=1, le=10_000, description="At most so many hits.")


class Hit(Model):
    """One place: the line as row `row` of file `file` shows it; `start` to `end` are characters of `text`."""

    file: str
    path: str
    atom: str
    side: Literal["old", "new"]
    line: int
    start: int
    end: int
    text: str
    row: int


class Found(Model):
    """Hits in reading order; `more` when the limit cut them."""

    hits: list[Hit]
    more: bool
