"""What stands in a working tree, and the few safe ways in which apply changes it.

Paths are relative to the workspace. No operation follows a link below its root: a link where a folder should be is an
`Obstacle`, never a way out of the workspace.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator

from exosuit.changes.atoms import EXECUTABLE, SYMLINK
from exosuit.changes.disk import Disk, UnsupportedError
from exosuit.changes.entries import (
    Entry,
    Obstacle,
    Print,
    Standing,
    ancestors,
    git_mode,
    parent_of,
    permissions_for,
)

_BLOCK = 1 << 20
_SETTLE = 2.0  # seconds that another program gets to finish writing a file


class Worktree:
    """A workspace's files through one open root descriptor."""

    def __init__(self, disk: Disk, root: int) -> None:
        self.disk = disk
        self._root = root

    @contextlib.contextmanager
    def _at(self, path: bytes) -> Iterator[tuple[int, bytes]]:
        folder, _, name = path.rpartition(b"/")
        try:
            with self.disk.folder(self._root, folder) as descriptor:
                yield descriptor, name
        except OSError as error:
            if error.filename == name:  # a name in a folder that is open here tells nobody which folder
                error.filename = path
            raise

    def read(self, path: bytes, *, settle: float = _SETTLE) -> Standing:
        """What stands at `path`. A file that is being written is waited for, `settle` seconds at most."""
        until = time.monotonic() + settle
        while True:
            parts: list[bytes] = []
            found, quiet = self._look(path, parts.append)
            if isinstance(found, Print) and quiet is False:
                if time.monotonic() > until:
                    return Obstacle("busy", path)
                time.sleep(0.005)
                continue
            return Entry(found.mode, b"".join(parts), found.permissions) if isinstance(found, Print) else found

    def fingerprint(self, path: bytes) -> tuple[Print | Obstacle | None, bool]:
        """The fingerprint of what stands at `path`, and whether nobody is writing it as far as can be asked."""
        found, quiet = self._look(path, lambda _part: None)
        return found, quiet is not False

    def _look(self, path: bytes, take: Callable[[bytes], None]) -> tuple[Print | Obstacle | None, bool | None]:
        """Feed the bytes at `path` to `take`; the fingerprint and whether the file held still meanwhile."""
        try:
            with self._at(path) as (folder, name):
                found = self.disk.lstat(folder, name)
                if stat.S_ISLNK(found.st_mode):
                    text = self.disk.read_link(folder, name)
                    take(text)
                    return Print(SYMLINK, hashlib.sha256(text).hexdigest()), True
                if stat.S_ISREG(found.st_mode):
                    return self._look_in(folder, name, take)
        except OSError as error:
            return self._absent(path, error), True
        if stat.S_ISDIR(found.st_mode):
            return self._folder_obstacle(path), True
        return Obstacle("special", path), True

    def _look_in(self, folder: int, name: bytes, take: Callable[[bytes], None]) -> tuple[Print, bool | None]:
        file = self.disk.open_file(folder, name)
        try:
            before = os.fstat(file)
            if not stat.S_ISREG(before.st_mode):
                raise OSError(errno.EAGAIN, "it was replaced just now", os.fsdecode(name))
            digest = hashlib.sha256()
            quiet = self.disk.is_quiet(file)
            while block := self.disk.read(file, _BLOCK):
                digest.update(block)
                take(block)
            # Quiet before and after, and unchanged in between: what was read is one state of the file.
            same = _state(before) == _state(os.fstat(file))
            still = False if quiet is False or not same else self.disk.is_quiet(file)
            return Print(git_mode(before), digest.hexdigest(), stat.S_IMODE(before.st_mode)), still
        finally:
            os.close(file)

    def _absent(self, path: bytes, error: OSError) -> Obstacle | None:
        """What a failed look-up means: nothing there, or something in the way; other errors are raised again."""
        if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ):
            return Obstacle("name", path)
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise error
        for above in reversed(ancestors(path)):
            found = self.status(above)
            if found is None:
                return None
            if stat.S_ISLNK(found.st_mode):
                return Obstacle("link", above)
            if not stat.S_ISDIR(found.st_mode):
                return Obstacle("file", above)
        return None

    def _folder_obstacle(self, path: bytes) -> Obstacle:
        files, folders, todo = set(), set(), [path]
        while todo:
            above = todo.pop()
            for name in self.names(above):
                inside = above + b"/" + name
                found = self.status(inside)
                if found is not None and stat.S_ISDIR(found.st_mode):
                    folders.add(inside)
                    todo.append(inside)
                else:
                    files.add(inside)
        return Obstacle("folder", path, frozenset(files), frozenset(folders))

    def status(self, path: bytes) -> os.stat_result | None:
        """lstat, or None where nothing can be found at that path."""
        try:
            with self._at(path) as (folder, name):
                return self.disk.lstat(folder, name)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            raise

    def is_folder(self, path: bytes) -> bool:
        """Whether a folder, not a link to one, stands there; the workspace itself is one."""
        if not path:
            return True
        found = self.status(path)
        return found is not None and stat.S_ISDIR(found.st_mode)

    def is_free(self, path: bytes) -> bool:
        """Whether nothing stands at `path` and its parent is a folder."""
        return self.status(path) is None and self.is_folder(parent_of(path))

    def names(self, folder: bytes) -> list[bytes]:
        """The names in a folder; none if it is not there."""
        try:
            with self.disk.folder(self._root, folder) as descriptor:
                return self.disk.names(descriptor)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def stage(self, path: bytes, entry: Entry, like: bytes | None) -> None:
        """Write `entry` as a new file or link at `path`, not yet synced.

        It gets the owner, permissions, user attributes and access list of the file at `like`, if there is one; only
        the execute bits follow the entry's mode. Without one, the entry's own permissions count, if it has some.
        Raises PermissionError where the owner cannot be kept.
        """
        with self._at(path) as (folder, name):
            if entry.mode == SYMLINK:
                self.disk.make_link(entry.data, folder, name)
                return
            file = self.disk.create(folder, name, 0o777 if entry.mode == EXECUTABLE else 0o666)
            try:
                rest = memoryview(entry.data)
                while rest:
                    rest = rest[self.disk.write(file, rest) :]
                if like is not None:
                    self._dress(file, like, entry.mode)
                elif entry.permissions is not None:
                    self.disk.dress(file, None, entry.permissions)
            finally:
                os.close(file)

    def _dress(self, file: int, like: bytes, mode: int) -> None:
        with self._at(like) as (folder, name):
            model = self.disk.open_file(folder, name)
            try:
                status = os.fstat(model)
                self.disk.copy_attributes(model, file)
                self.disk.dress(file, status, permissions_for(status, mode))
            finally:
                os.close(model)

    def sync_file(self, path: bytes) -> None:
        """Sync a file; a link needs none, its folder's sync covers it."""
        with self._at(path) as (folder, name):
            if not stat.S_ISREG(self.disk.lstat(folder, name).st_mode):
                return
            file = self.disk.open_file(folder, name)
            try:
                self.disk.sync(file)
            finally:
                os.close(file)

    def sync_folder(self, path: bytes) -> None:
        """Sync a folder, if it is still there."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), self.disk.folder(self._root, path) as folder:
            self.disk.sync(folder)

    def take(self, path: bytes, own: bytes) -> None:
        """Move what stands at `path` to a name of our own, whatever it is by now."""
        with self._at(path) as (source, name), self._at(own) as (target, goal):
            self.disk.replace(source, name, target, goal)

    def place(self, own: bytes, path: bytes) -> None:
        """Move what stands at a name of our own to `path`, unless that is taken (FileExistsError).

        Without renameat2: a second link, then the first is removed; a kill in between leaves both names on one file,
        which `is_same_file` recognizes. Where links do not exist either (FAT), the name is looked up first: a file
        that appears in the microseconds between look-up and rename is replaced. That is the one window left.
        """
        with self._at(own) as (source, name), self._at(path) as (target, goal):
            self._place(source, name, target, goal)

    def _place(self, source: int, name: bytes, target: int, goal: bytes) -> None:
        try:
            self.disk.move(source, name, target, goal)
            return
        except UnsupportedError:
            pass
        try:
            self.disk.link(source, name, target, goal)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
                raise
            self._move_by_look(source, name, target, goal)
        else:
            self.disk.remove(source, name)

    def _move_by_look(self, source: int, name: bytes, target: int, goal: bytes) -> None:
        try:
            self.disk.lstat(target, goal)
        except FileNotFoundError:
            self.disk.replace(source, name, target, goal)
            return
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fsdecode(goal))

    def exchange(self, old: bytes, new: bytes, spare: bytes) -> bool:
        """Swap two names; in one atomic step if the file system can, else in three by way of `spare`, beside `old`.

        False if a file of somebody else's turned up at `new` between the steps: then what stood there is at `spare`.
        The folders stay open throughout, so that one that is moved meanwhile takes both names along.
        """
        with self._at(old) as (source, name), self._at(new) as (target, goal):
            try:
                self.disk.exchange(source, name, target, goal)
                return True
            except UnsupportedError:
                pass
            third = spare.rpartition(b"/")[2]
            self.disk.replace(target, goal, source, third)
            try:
                self._place(source, name, target, goal)
            except FileExistsError:
                return False
            self.disk.replace(source, third, source, name)
            return True

    def is_same_file(self, old: bytes, new: bytes) -> bool:
        """Whether two names are links to one file."""
        one, other = self.status(old), self.status(new)
        return one is not None and other is not None and os.path.samestat(one, other)

    def remove(self, path: bytes) -> None:
        """Remove a file or link; nothing there is fine, and a folder is left alone."""
        expected = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
        with contextlib.suppress(*expected), self._at(path) as (folder, name):
            self.disk.remove(folder, name)

    def make_folder(self, path: bytes) -> None:
        """Make one folder; one that is there already is fine."""
        with contextlib.suppress(FileExistsError), self._at(path) as (folder, name):
            self.disk.make_folder(folder, name)

    def remove_folder(self, path: bytes) -> bool:
        """Remove a folder if it is empty; whether it is gone."""
        try:
            with self._at(path) as (folder, name):
                self.disk.remove_folder(folder, name)
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EBUSY, errno.EINVAL):
                return False
            raise
        return True


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_mode
