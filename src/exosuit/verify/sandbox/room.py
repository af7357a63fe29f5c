"""The room of a run: a private copy of its tree, /tmp, and a folder for results, bounded in bytes and files.

Where the machine lets us mount, the copy is an overlay whose upper layer is a tmpfs of limited size: made in a
millisecond whatever the size of the tree, and gone with the last process. Elsewhere it is a copy on disk.
"""

from __future__ import annotations

import os
import stat

from exosuit.verify.sandbox import kernel

FOLDERS = ("upper", "work", "tree", "tmp", "shm", "out", "lower")
SOME_FILES = 16
"""Files that are ours in the room and are not counted."""


class Room:
    """Folders of this run by name, under `base`; `mounted` says whether base is a tmpfs in a namespace of ours."""

    def __init__(self, base: str, mounted: bool) -> None:
        self.base = base
        self.mounted = mounted

    def __getitem__(self, name: str) -> str:
        return f"{self.base}/{name}"

    def full(self, disk: int, files: int) -> bool:
        """Whether the run has used up what it may write."""
        if self.mounted:
            found = os.statvfs(self.base)
            return found.f_bavail == 0 or found.f_favail == 0
        used, count = usage(self.base)
        return used > disk or count > files


def furnish(scratch: str, tree: str, disk: int, files: int, *, apart: bool) -> Room:
    """Make the room in the empty folder `scratch`: mounted if a mount namespace sets us `apart`, else plain folders."""
    room = Room(scratch, apart and _mounted(scratch, disk, files))
    for name in FOLDERS:
        os.mkdir(room[name], 0o700)
    if not (room.mounted and _overlaid(scratch, tree)):
        os.rmdir(room["tree"])
        copy(tree, room["tree"])
    return room


def _mounted(scratch: str, disk: int, files: int) -> bool:
    size = f"size={disk},nr_inodes={files + SOME_FILES},mode=0700"
    try:
        kernel.mount("none", "/", "none", kernel.MS_REC | kernel.MS_PRIVATE)
        kernel.mount("exosuit", scratch, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, size)
    except OSError:
        return False
    return True


def _overlaid(scratch: str, tree: str) -> bool:
    os.chdir(scratch)  # relative names below: a path may hold a comma or a colon, which part layers and options
    os.chmod("upper", stat.S_IMODE(os.stat(tree).st_mode) | 0o700)
    layers = "lowerdir=lower,upperdir=upper,workdir=work,userxattr"
    try:
        kernel.mount(tree, "lower", "none", kernel.MS_BIND)
        kernel.mount("exosuit", "tree", "overlay", kernel.MS_NOSUID | kernel.MS_NODEV, layers)
    except OSError:
        return False
    return True


def copy(source: str, target: str) -> None:
    """A copy of a tree that shares nothing with it but, where the file system can, blocks until they are written."""
    import shutil

    os.mkdir(target, stat.S_IMODE(os.stat(source).st_mode) | 0o700)
    for entry in os.scandir(source):
        to = f"{target}/{entry.name}"
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), to)
        elif entry.is_dir():
            copy(entry.path, to)
        else:
            shutil.copy2(entry.path, to)


def usage(folder: str) -> tuple[int, int]:
    """Bytes on disk and number of entries below a folder; links are counted, never followed."""
    total, count = 0, 0
    waiting = [folder]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        count += len(entries)
        for entry in entries:
            try:
                total += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
            except OSError:
                continue
    return total, count


def bring_back(folder: str, most: int) -> tuple[dict[str, bytes], list[str]]:
    """The regular files that stand directly in a folder, and the names of what was left: links, folders, the too large.

    Nothing is followed and nothing that could block is opened: what stands there was made by the run, which may have
    put something else in the place of the folder, too.
    """
    found: dict[str, bytes] = {}
    dropped = []
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return found, ["."]
    try:
        for name in sorted(os.listdir(opened)):
            data = _regular(opened, name, most)
            if data is None:
                dropped.append(name)
            else:
                found[name] = data
                most -= len(data)
    finally:
        os.close(opened)
    return found, dropped


def _regular(folder: int, name: str, most: int) -> bytes | None:
    try:
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None
    try:
        about = os.fstat(opened)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink > 1 or about.st_size > most:
            return None
        return b"".join(iter(lambda: os.read(opened, 1 << 20), b""))[:most]
    finally:
        os.close(opened)
