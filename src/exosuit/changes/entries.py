"""What can stand at a path of a working tree: an entry, nothing, or an obstacle."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field

from exosuit.changes.atoms import EXECUTABLE, REGULAR


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at a path: a git mode and the bytes (of a link: its text; of a submodule: the hex commit id).

    `permissions` are the chmod bits of a file that was read; they do not count when entries are compared.
    """

    mode: int
    data: bytes
    permissions: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that a change can neither read nor replace.

    `kind` is `folder`, `link` (in a parent's place), `file` (in a parent's place), `special`, `busy` (being written),
    `spelling` (another spelling of the name stands there), `owner` (somebody else's) or `name` (refused by the file
    system). `at` is where it stands. Of a folder, `files` and `folders` are all that is in it.
    """

    kind: str
    at: bytes
    files: frozenset[bytes] = frozenset()
    folders: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Print:
    """An entry's fingerprint: its git mode and the SHA-256 of its bytes."""

    mode: int
    digest: str
    permissions: int | None = field(default=None, compare=False)


Standing = Entry | Obstacle | None


def digest_of(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def parent_of(path: bytes) -> bytes:
    """The folder part of a path; empty for the workspace itself."""
    return path.rpartition(b"/")[0]


def ancestors(path: bytes) -> list[bytes]:
    """All folders above a path but the workspace itself, nearest first."""
    found = []
    while path := parent_of(path):
        found.append(path)
    return found


def git_mode(found: os.stat_result) -> int:
    """The mode that git would record for a regular file: only its owner's execute bit counts."""
    return EXECUTABLE if found.st_mode & stat.S_IXUSR else REGULAR


def permissions_for(found: os.stat_result, mode: int) -> int:
    """A file's permissions with the execute bits that `mode` asks for: where one may read, one may execute."""
    permissions = stat.S_IMODE(found.st_mode)
    if git_mode(found) == mode:
        return permissions
    if mode == EXECUTABLE:
        return permissions | (permissions & 0o444) >> 2
    return permissions & ~0o111
