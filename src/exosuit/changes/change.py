"""A change: two trees, the files between them taken apart, and where it came from. Immutable."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from exosuit.changes.atoms import FileChange


@dataclass(frozen=True)
class Provenance:
    """Who proposed it, and how.

    `generator` is who or what made it, as told, or else the kind of source; `source` is what a person calls the source;
    `key` starts with the kind of source and is what decisions are carried along; the names are those of the revisions,
    where there are any; `prompt` where one was told, `command` where a program is said to have made it. What was told
    is a claim: shown, never trusted, and a command is run in the sandbox only.
    """

    generator: str
    source: str
    key: str
    base_name: str = ""
    head_name: str = ""
    prompt: str = ""
    command: str = ""

    @property
    def kind(self) -> str:
        """`revisions`, `worktree`, `patch`, `dirs` or `edit`."""
        return self.key.partition(" ")[0]


@dataclass(frozen=True)
class Claim:
    """What whoever brings a change in says of it; empty where nothing was said."""

    title: str = ""
    generator: str = ""
    prompt: str = ""
    command: str = ""


@dataclass(frozen=True, eq=False)
class Change:
    """Base snapshot, head snapshot, files in reading order, provenance. Atoms are numbered through all files from 0."""

    id: str
    title: str
    created: str
    base: str
    head: str
    provenance: Provenance
    files: Sequence[FileChange] = field(repr=False)

    @cached_property
    def firsts(self) -> list[int]:
        """For each file the number of its first atom; one more at the end for the total."""
        return [0, *accumulate(file.atoms for file in self.files)]

    @property
    def atoms(self) -> int:
        return self.firsts[-1]

    @property
    def hunks(self) -> int:
        return sum(len(file.hunks) for file in self.files)

    @property
    def added(self) -> int:
        return sum(file.added for file in self.files)

    @property
    def removed(self) -> int:
        return sum(file.removed for file in self.files)

    def file_of(self, atom: int) -> FileChange:
        """The file that holds an atom."""
        return self.files[bisect_right(self.firsts, atom) - 1]

    def range_of(self, file: FileChange) -> tuple[int, int]:
        """First and one-past-last atom of a file."""
        return self.firsts[file.number - 1], self.firsts[file.number]

    def name(self, atom: int) -> str:
        """An atom's id: `3.14` is the 14th atom of the 3rd file."""
        file = self.file_of(atom)
        return f"{file.number}.{atom - self.firsts[file.number - 1] + 1}"


def change_id(base: str, head: str, key: str) -> str:
    """The id of the change between two trees from one source: the same import is the same change."""
    return hashlib.sha256(f"{base} {head} {key}".encode("utf-8", "backslashreplace")).hexdigest()[:12]
