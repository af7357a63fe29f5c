"""Where a change comes from: five sources, each giving a base tree and a head tree."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from exosuit.changes.atoms import EXECUTABLE, REGULAR
from exosuit.changes.patch import patched, subject
from exosuit.changes.repository import Repository
from exosuit.changes.safepath import check_path
from exosuit.changes.shadow import EMPTY_TREE, Shadow
from exosuit.changes.snapshot import snapshot_folder, snapshot_worktree
from exosuit.core.errors import ExosuitError
from exosuit.core.escapes import path_text


@dataclass(frozen=True)
class Ground:
    """What sources stand on: the workspace's folder, its repository if it has one, the shadow."""

    root: Path
    repository: Repository | None
    shadow: Shadow

    def git(self) -> Repository:
        """The repository; raises `not-a-repository` for a plain folder."""
        if self.repository is None:
            raise ExosuitError(
                "not-a-repository",
                f"{self.root} is not in a git repository",
                "use --patch FILE or --dirs OLD NEW here, or run git init",
            )
        return self.repository

    def now(self) -> str:
        """The tree of the workspace as it is now."""
        if self.repository is None:
            return snapshot_folder(self.shadow, self.root)
        return snapshot_worktree(self.shadow, self.repository)


@dataclass(frozen=True)
class Pair:
    """Two trees and where they come from. `origin` names the revisions, for provenance and file history."""

    base: str
    head: str
    base_name: str
    head_name: str
    title: str


class Source(Protocol):
    """Something that can be imported, and imported again when it has moved on."""

    @property
    def key(self) -> str:
        """The same for every import of the same source: decisions are carried along it."""

    @property
    def label(self) -> str:
        """What a person calls it."""

    def pair(self, ground: Ground) -> Pair:
        """Take both snapshots."""


@dataclass(frozen=True)
class Revisions:
    """Two revisions of the repository; with `fork`, from their merge base (`a...b`).

    What comes before the first commit (`HEAD^..HEAD` there) is the empty tree.
    """

    old: str
    new: str
    fork: bool = False

    @classmethod
    def parse(cls, text: str) -> Revisions:
        """`a..b`, `a...b`, `a..` (to HEAD), or one revision against its first parent; raises `bad-range`."""
        for dots, fork in (("...", True), ("..", False)):
            old, found, new = text.partition(dots)
            if found:
                if ".." in new:
                    break
                return cls(old or "HEAD", new or "HEAD", fork)
        if ".." in text or not text:
            raise ExosuitError("bad-range", f"{text!r} is not a range of revisions", "write it as main..feature")
        return cls(f"{text}^", text)

    @property
    def key(self) -> str:
        return _told(f"revisions {self.label}")

    @property
    def label(self) -> str:
        return _told(f"{self.old}{'...' if self.fork else '..'}{self.new}")

    def pair(self, ground: Ground) -> Pair:
        repository = ground.git()
        old = repository.merge_base(self.old, self.new) if self.fork else self.old
        try:
            base, head = repository.trees(old, self.new)
        except ExosuitError:
            if old != f"{self.new}^" or not repository.is_first(self.new):
                raise
            return Pair(EMPTY_TREE, repository.tree(self.new), "", self.new, _told(f"{self.new}, the first commit"))
        return Pair(base, head, old, self.new, _told(f"{self.old} → {self.new}"))


@dataclass(frozen=True)
class WorkingTree:
    """The working tree as it is now, against a revision."""

    against: str = "HEAD"

    @property
    def key(self) -> str:
        return _told(f"worktree {self.against}")

    @property
    def label(self) -> str:
        return _told(f"working tree against {self.against}")

    def pair(self, ground: Ground) -> Pair:
        repository = ground.git()
        fresh = self.against == "HEAD" and not repository.has_commits()
        base = EMPTY_TREE if fresh else repository.tree(self.against)
        return Pair(base, ground.now(), "" if fresh else self.against, "", _told(f"Working tree since {self.against}"))


@dataclass(frozen=True)
class Patch:
    """A patch in git's format, placed on the workspace as it is now."""

    data: bytes
    name: str

    @property
    def key(self) -> str:
        return f"patch {hashlib.sha256(self.data).hexdigest()[:16]}"

    @property
    def label(self) -> str:
        return _told(f"patch {self.name}")

    def pair(self, ground: Ground) -> Pair:
        base = ground.now()
        head = patched(ground.shadow, base, self.data)
        return Pair(
            base,
            head,
            "HEAD" if ground.repository and ground.repository.has_commits() else "",
            "",
            _told(subject(self.data) or f"Patch {self.name}"),
        )


@dataclass(frozen=True)
class Folders:
    """Two plain folders."""

    old: Path
    new: Path

    @property
    def key(self) -> str:
        return f"dirs {json.dumps([str(self.old.absolute()), str(self.new.absolute())])}"

    @property
    def label(self) -> str:
        return _told(f"{self.old} → {self.new}")

    def pair(self, ground: Ground) -> Pair:
        base = snapshot_folder(ground.shadow, self.old)
        head = snapshot_folder(ground.shadow, self.new)
        return Pair(base, head, "", "", _told(f"{self.old.name or self.old} → {self.new.name or self.new}"))


@dataclass(frozen=True)
class Edit:
    """A person's own edit of one file: blob `opened` when they opened it (empty: not there) shall be `data`.

    `times` tells it from the same edit made before.
    """

    path: bytes
    data: bytes
    opened: str
    times: int = 0

    @property
    def key(self) -> str:
        return f"edit {path_text(self.path)}" + (f" {self.times}" if self.times else "")

    @property
    def label(self) -> str:
        return f"edited by hand: {path_text(self.path)}"

    def pair(self, ground: Ground) -> Pair:
        check_path(self.path)
        if self.opened:
            ground.shadow.size(self.opened)
        now = ground.now()
        there = ground.shadow.entry(now, self.path)
        mode = there[0] if there else REGULAR
        if mode not in (REGULAR, EXECUTABLE):
            raise ExosuitError("not-a-file", f"{path_text(self.path)} is not a regular file", "open a file")
        base = ground.shadow.replace(now, {self.path: (mode, self.opened) if self.opened else None})
        head = ground.shadow.replace(now, {self.path: (mode, ground.shadow.put(self.data))})
        return Pair(
            base,
            head,
            "HEAD" if ground.repository and ground.repository.has_commits() else "",
            "",
            f"Edit {path_text(self.path)} by hand",
        )


def again(key: str) -> Source | None:
    """The source that a key stands for, to be read again; None for one that cannot be (a patch, an edit by hand)."""
    kind, _, rest = key.partition(" ")
    if kind == "revisions":
        return Revisions.parse(rest)
    if kind == "worktree":
        return WorkingTree(rest)
    if kind == "dirs":
        old, new = json.loads(rest)
        return Folders(Path(old), Path(new))
    return None


def _told(text: str) -> str:
    """A name that came in bytes that are no UTF-8, as text that can be stored and shown."""
    return os.fsencode(text).decode("utf-8", "backslashreplace")
