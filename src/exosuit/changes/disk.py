"""The one seam to the file system: every operation that apply, undo and recovery use, one method each.

All work on a directory's file descriptor and a single name in it, so that nothing is looked up through a path that
somebody can swap meanwhile. `Disk.step` runs before each operation: a bench or a test that overrides it can kill the
process, fail, or let somebody else act at the n-th one.

Linux is what is tested. On macOS renameatx_np stands in for renameat2; there are no leases there.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import sys
from collections.abc import Iterator

_LIBC = ctypes.CDLL(None, use_errno=True)
_OPENAT2 = 437  # the same number on every architecture that is newer than Linux 5.6's table
_NO_MAGIC_LINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_LINUX, _MAC = sys.platform == "linux", sys.platform == "darwin"
_RENAME = getattr(_LIBC, "renameat2", None) if _LINUX else getattr(_LIBC, "renameatx_np", None)
_KEEP, _SWAP = (1, 2) if _LINUX else (4, 2)  # RENAME_NOREPLACE, RENAME_EXCHANGE; on macOS RENAME_EXCL, RENAME_SWAP
_ABSENT_CALL = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


class UnsupportedError(Exception):
    """This kernel or file system lacks the operation; the caller has another way."""


class Disk:
    """File-system operations relative to directory file descriptors; every one may raise OSError.

    `openat2` and `renameat2` say whether to try these calls at all; without them the slower ways are used.
    """

    def __init__(self, *, openat2: bool = _LINUX, renameat2: bool = _LINUX or _MAC) -> None:
        self._openat2 = openat2
        self._renameat2 = renameat2 and _RENAME is not None

    def step(self, operation: str) -> None:
        """Runs before each operation, with its name; does nothing here."""

    @contextlib.contextmanager
    def root(self, path: str | os.PathLike[str]) -> Iterator[int]:
        """The folder that all else is relative to; it may itself be named through links."""
        self.step("open-root")
        descriptor = os.open(path, _FOLDER)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def folder(self, root: int, path: bytes) -> Iterator[int]:
        """A folder below `root` (empty path: `root` itself); a link on the way is not one (NotADirectoryError)."""
        self.step("open-folder")
        descriptor = self._beneath(root, path) if path else os.open(".", _FOLDER, dir_fd=root)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _beneath(self, root: int, path: bytes) -> int:
        if self._openat2:
            how = _OpenHow(_FOLDER, 0, _BENEATH | _NO_SYMLINKS | _NO_MAGIC_LINKS)
            for _ in range(8):  # EAGAIN: something was renamed during the look-up
                found = int(_LIBC.syscall(_OPENAT2, root, path, ctypes.byref(how), ctypes.sizeof(how)))
                if found >= 0:
                    return found
                if ctypes.get_errno() != errno.EAGAIN:
                    break
            problem = errno.ENOTDIR if ctypes.get_errno() == errno.ELOOP else ctypes.get_errno()
            if problem not in (errno.ENOSYS, errno.EPERM):
                raise OSError(problem, os.strerror(problem), os.fsdecode(path))
            self._openat2 = False  # an old kernel, or a sandbox that filters the call
        return _component_wise(root, path)

    def open_file(self, folder: int, name: bytes) -> int:
        """A file for reading; a link is not followed (ELOOP), a pipe does not block."""
        self.step("open-file")
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)

    def create(self, folder: int, name: bytes, permissions: int) -> int:
        """A new file for writing, with permissions under the umask; FileExistsError if anything stands there."""
        self.step("create")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(name, flags, permissions, dir_fd=folder)

    def read(self, file: int, size: int) -> bytes:
        self.step("read")
        return os.read(file, size)

    def write(self, file: int, data: memoryview) -> int:
        """Write some of `data`; returns how many bytes."""
        self.step("write")
        return os.write(file, data)

    def sync(self, descriptor: int) -> None:
        """Fsync of a file or folder."""
        self.step("fsync")
        os.fsync(descriptor)

    def lstat(self, folder: int, name: bytes) -> os.stat_result:
        self.step("stat")
        return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def read_link(self, folder: int, name: bytes) -> bytes:
        self.step("readlink")
        return os.readlink(name, dir_fd=folder)

    def make_link(self, text: bytes, folder: int, name: bytes) -> None:
        self.step("symlink")
        os.symlink(text, name, dir_fd=folder)

    def names(self, folder: int) -> list[bytes]:
        self.step("list")
        return [os.fsencode(name) for name in os.listdir(folder)]

    def make_folder(self, folder: int, name: bytes, permissions: int = 0o777) -> None:
        self.step("mkdir")
        os.mkdir(name, permissions, dir_fd=folder)

    def remove_folder(self, folder: int, name: bytes) -> None:
        self.step("rmdir")
        os.rmdir(name, dir_fd=folder)

    def remove(self, folder: int, name: bytes) -> None:
        self.step("unlink")
        os.unlink(name, dir_fd=folder)

    def replace(self, source: int, old: bytes, target: int, new: bytes) -> None:
        """Rename over whatever file stands at `new`."""
        self.step("rename")
        os.replace(old, new, src_dir_fd=source, dst_dir_fd=target)

    def link(self, source: int, old: bytes, target: int, new: bytes) -> None:
        """A second name for a file, or for a link itself; FileExistsError if `new` is taken."""
        self.step("link")
        os.link(old, new, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)

    def move(self, source: int, old: bytes, target: int, new: bytes) -> None:
        """Rename unless `new` is taken (FileExistsError); raises UnsupportedError."""
        self.step("move")
        self._rename(source, old, target, new, _KEEP)

    def exchange(self, source: int, old: bytes, target: int, new: bytes) -> None:
        """Swap what stands at two names in one atomic step; raises UnsupportedError."""
        self.step("exchange")
        self._rename(source, old, target, new, _SWAP)

    def _rename(self, source: int, old: bytes, target: int, new: bytes, flag: int) -> None:
        if not self._renameat2 or _RENAME is None:
            raise UnsupportedError
        if _RENAME(source, old, target, new, flag) != 0:
            problem = ctypes.get_errno()
            if problem in _ABSENT_CALL:
                raise UnsupportedError
            raise OSError(problem, os.strerror(problem), os.fsdecode(old), None, os.fsdecode(new))

    def dress(self, file: int, like: os.stat_result | None, permissions: int) -> None:
        """Give a file these permissions, and the owner of another one; PermissionError where that is not allowed."""
        self.step("chmod")
        now = os.fstat(file)
        if like is not None and (now.st_uid, now.st_gid) != (like.st_uid, like.st_gid):
            os.fchown(file, like.st_uid, like.st_gid)
        os.fchmod(file, permissions)

    def copy_attributes(self, source: int, target: int) -> None:
        """Carry user attributes and access lists over, as far as the file system has them."""
        self.step("xattr")
        if not hasattr(os, "listxattr"):
            return
        with contextlib.suppress(OSError):
            for name in os.listxattr(source):
                if name.startswith("user.") or name == "system.posix_acl_access":
                    os.setxattr(target, name, os.getxattr(source, name))

    def is_quiet(self, file: int) -> bool | None:
        """Whether nobody has the file open for writing (or mapped so); None where that cannot be asked.

        A read lease is granted only then (fcntl(2), F_SETLEASE). It is given back at once; SIGURG, which nobody
        minds, is named as its signal because SIGIO, the default, would end the process.
        """
        self.step("lease")
        if not _LINUX:
            return None
        try:
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            return False if error.errno == errno.EAGAIN else None
        with contextlib.suppress(OSError):
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return True


def _component_wise(root: int, path: bytes) -> int:
    """Open a folder step by step; O_NOFOLLOW at each makes a link an error wherever it stands."""
    current = os.open(".", _FOLDER, dir_fd=root)
    try:
        for component in path.split(b"/"):
            deeper = os.open(component, _FOLDER | os.O_NOFOLLOW, dir_fd=current)
            os.close(current)
            current = deeper
    except OSError:
        os.close(current)
        raise
    return current
