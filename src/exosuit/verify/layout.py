"""Snapshots laid out as folders, many and cheaply: hard links into a store of contents, made once each.

Nothing that runs ever sees a laid-out tree itself: the sandbox shows a copy-on-write view of it, for a write through a
hard link would reach every other tree. Should something else on the machine write there, it shows by the file's time,
which is the same for all that is intact; such a tree is made anew.

All of it is a cache, and lives no longer than the machine runs: what a power cut leaves half written is never used.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from exosuit.changes.atoms import EXECUTABLE, SUBMODULE, SYMLINK
from exosuit.changes.shadow import Shadow
from exosuit.core.errors import ExosuitError

STAMP = 1_000_000_000
"""The modification time of every file laid out (2001-09-09): the same tree is the same in every respect."""
MOST_BYTES = 4 << 30
MOST_TREES = 200
EVICT_EVERY = 16
"""Trees made between two looks at how much there is."""
FRESH_SECONDS = 60.0
"""A content of no tree that is newer may be about to be linked."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")

Entries = list[tuple[bytes, int, str]]


class Layouts:
    """The laid-out trees of one workspace, below `folder`; safe to share between threads and processes."""

    def __init__(self, folder: Path, shadow: Shadow, *, most_bytes: int = MOST_BYTES, most_trees: int = MOST_TREES):
        boot = _BOOT.read_text().strip() if _BOOT.exists() else "unknown"
        self.folder = folder / boot
        self.shadow = shadow
        self.most_bytes = most_bytes
        self.most_trees = most_trees
        self._lock = threading.Lock()
        self._made = 0
        for name in ("contents", "trees", "drafts"):
            (self.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        for other in folder.iterdir():
            if other.name != boot:
                shutil.rmtree(other, ignore_errors=True)

    @contextlib.contextmanager
    def laid_out(self, tree: str) -> Iterator[Path]:
        """The folder of a tree, for reading; it is there, and as the snapshot is, until the block is left.

        Raises `lost-object`, `unsafe-path` for a tree that no git would have made, `disk-full`.
        """
        entries = self.shadow.listing(tree)
        held = self._held(tree, entries)
        try:
            yield self.folder / "trees" / tree
        finally:
            os.close(held)

    def _held(self, tree: str, entries: Entries) -> int:
        path = self.folder / "trees" / tree
        fresh = False
        while True:
            with self._lock:
                held = _hold(path)
                if held is not None and (fresh or intact(path, entries)):
                    os.utime(path)  # used last
                    return held
                if held is not None:
                    os.close(held)
                    self._discard(path)
                self._make(path, entries)
                fresh = True

    def _make(self, path: Path, entries: Entries) -> None:
        """Lay out a tree aside, then give it its name; another process may have been faster."""
        draft = Path(tempfile.mkdtemp(dir=self.folder / "drafts"))
        try:
            self._fill(draft / "tree", entries)
            if not intact(draft / "tree", entries):  # a content was damaged: look at each
                self._fill(draft / "again", entries, careful=True)
                (draft / "tree").rename(draft / "damaged")
                (draft / "again").rename(draft / "tree")
            (draft / "tree").rename(path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise ExosuitError(
                    "disk-full", f"cannot lay out a snapshot in {self.folder} ({error.strerror})", "free some space"
                ) from error
        finally:
            shutil.rmtree(draft)
        self._made += 1
        if self._made % EVICT_EVERY == 1:
            self.evict()

    def _fill(self, draft: Path, entries: Entries, *, careful: bool = False) -> None:
        draft.mkdir(0o755)
        top, contents = os.fsencode(draft), os.fsencode(self.folder / "contents")
        made = {b""}
        for path, mode, name in entries:
            _check(path)
            folder = path.rpartition(b"/")[0]
            if folder not in made:
                _make_folders(top, folder, made)
            target = top + b"/" + path
            if mode == SUBMODULE:
                os.mkdir(target)
            elif mode == SYMLINK:
                os.symlink(self.shadow.blob(name), target)
            else:
                self._link(contents, _key(mode, name), target, careful=careful)

    def _link(self, contents: bytes, key: bytes, target: bytes, *, careful: bool) -> None:
        source = b"%s/%s/%s" % (contents, key[:2], key[2:])
        if careful:
            self._store(source, key, over=True)
        try:
            os.link(source, target)
        except FileNotFoundError:
            self._store(source, key, over=False)
            os.link(source, target)

    def _store(self, target: bytes, key: bytes, *, over: bool) -> None:
        """Write a content whole, then give it its name; `over` a damaged one, else not over one that is there.

        Somebody else may be linking the one that is there, and link(2) fails on a file that lost its last name.
        """
        os.makedirs(os.path.dirname(target), 0o700, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=os.fsencode(self.folder / "drafts"))
        with open(descriptor, "wb") as file:
            file.write(self.shadow.blob(key[:40].decode()))
            os.fchmod(descriptor, 0o755 if key.endswith(b"x") else 0o644)
        os.utime(draft, (STAMP, STAMP))
        if over:
            os.rename(draft, target)
            return
        with contextlib.suppress(FileExistsError):
            os.link(draft, target)
        os.unlink(draft)

    def evict(self) -> None:
        """Remove trees that nobody holds, unused for longest first, down to the limits; and contents of no tree."""
        trees = sorted((self.folder / "trees").iterdir(), key=lambda path: path.stat().st_mtime)
        used = self._used()
        while trees and (len(trees) > self.most_trees or used > self.most_bytes):
            self._discard(trees.pop(0))
            used = self._used()

    def _used(self) -> int:
        """Bytes of all contents, those of no tree removed on the way."""
        total = 0
        for folder in (self.folder / "contents").iterdir():
            for entry in os.scandir(folder):
                with contextlib.suppress(FileNotFoundError):
                    about = entry.stat(follow_symlinks=False)
                    if about.st_nlink > 1:
                        total += about.st_size
                    elif time.time() - about.st_ctime > FRESH_SECONDS:
                        os.unlink(entry.path)
        return total

    def _discard(self, path: Path) -> None:
        """Move a tree out of the way and remove it, unless somebody holds it."""
        held = _hold(path, alone=True)
        if held is None:
            return
        grave = Path(tempfile.mkdtemp(dir=self.folder / "drafts"))
        with contextlib.suppress(OSError):
            path.rename(grave / "tree")
        os.close(held)
        shutil.rmtree(grave)


def intact(path: Path, entries: Entries) -> bool:
    """Whether a laid-out tree holds what it should, as far as names, kinds, modes and times tell."""
    top, count = os.fsencode(path), 0
    for name, mode, _ in entries:
        try:
            found = os.lstat(top + b"/" + name)
        except OSError:
            return False
        if mode not in (SUBMODULE, SYMLINK):
            permissions = 0o755 if mode == EXECUTABLE else 0o644
            if found.st_mtime != STAMP or found.st_mode != 0o100000 | permissions:
                return False
    for above, folders, files in os.walk(top):
        count += len(files) + sum(os.path.islink(os.path.join(above, folder)) for folder in folders)
    return count == sum(mode != SUBMODULE for _, mode, _ in entries)


def _hold(path: Path, *, alone: bool = False) -> int | None:
    """An open lock on a folder that is still at that path; None if there is none, or others hold what is to be ours."""
    try:
        held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(held, (fcntl.LOCK_EX | fcntl.LOCK_NB) if alone else fcntl.LOCK_SH)
        if os.path.samestat(os.fstat(held), os.lstat(path)):
            return held
    except OSError:
        pass
    os.close(held)
    return None


def _key(mode: int, name: str) -> bytes:
    return name.encode() + (b"x" if mode == EXECUTABLE else b"")


def _make_folders(top: bytes, folder: bytes, made: set[bytes]) -> None:
    above = folder.rpartition(b"/")[0]
    if above not in made:
        _make_folders(top, above, made)
    os.mkdir(top + b"/" + folder)
    made.add(folder)


def _check(path: bytes) -> None:
    if b"\0" in path or any(part in (b"", b".", b"..") for part in path.split(b"/")):
        raise ExosuitError(
            "unsafe-path", f"{path!r} is no path that can be laid out", "this snapshot is not one that git makes"
        )
