"""One move between its two sides, atomically, and never over something that is not what was expected.

A move has a target and a slot, a temporary name beside it. Before the move `was` stands at the target and `then` in the
slot; to cross is to swap the two, and to cross back is the same the other way. What comes out of the target is looked
at afterwards: an edit that somebody made in the last instant is in the slot then, whole, and goes back where it was.

With renameat2 a crossing is one atomic step. On a file system without RENAME_EXCHANGE (NFS, FAT, some FUSE) it is
three: the target to `<slot>.out`, the slot to the target, `.out` to the slot. In between nothing stands at the target
for some microseconds; a file that somebody creates just then is seen and kept. No version is ever overwritten.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from enum import Enum, auto

from exosuit.changes.entries import Obstacle, Print, ancestors
from exosuit.changes.journal import MoveRef
from exosuit.changes.worktree import Worktree

_PATIENCE = 1.0  # seconds that a writer of a just swapped-out file gets to close it


class Side(Enum):
    """Where a move stands, told by what is in its slot."""

    BEFORE = auto()
    AFTER = auto()
    FOREIGN = auto()
    """Crossed, but what came out is not what was expected, or somebody has it open for writing."""
    MISSING = auto()
    """The slot is gone or out of reach."""


class Crossing:
    """Moves across in one working tree. `rescue(path, found_at)` keeps a version that has no place of its own."""

    def __init__(self, tree: Worktree, rescue: Callable[[bytes, bytes], None]) -> None:
        self._tree = tree
        self._rescue = rescue

    def side(self, move: MoveRef) -> Side:
        """Where the move stands. An empty slot says little by itself, as somebody may have removed our temporary files
        after a crash (`git clean`): then the target decides.
        """
        found, quiet = self._tree.fingerprint(move.slot)
        if isinstance(found, Obstacle):
            return Side.FOREIGN if found.at == move.slot else Side.MISSING
        if found is None:
            return self._side_by_target(move)
        was, then = _prints(move)
        if found == then:
            return Side.BEFORE
        return Side.AFTER if found == was and quiet else Side.FOREIGN

    def _side_by_target(self, move: MoveRef) -> Side:
        found, _ = self._tree.fingerprint(move.path)
        nothing = found is None or (isinstance(found, Obstacle) and found.kind == "folder")
        if move.then is None:
            return Side.AFTER if nothing else Side.BEFORE
        if move.was is None:
            return Side.MISSING if nothing else Side.AFTER
        return Side.AFTER if found == move.then.print else Side.MISSING

    def cross(self, move: MoveRef) -> bool:
        """From before to after; False if the target is not as expected (then ask `side` where it stands)."""
        target, quiet = self._tree.fingerprint(move.path)
        was, _ = _prints(move)
        if move.was is None and isinstance(target, Obstacle) and target.kind == "folder" and not target.files:
            self._remove_folders(target)
            target, quiet = self._tree.fingerprint(move.path)
        if target != was or not quiet:
            return False
        try:
            if move.was is None:
                self._make_folders(move.path)
                self._tree.place(move.slot, move.path)
            elif move.then is None:
                self._tree.take(move.path, move.slot)
            elif not self._swap(move):
                return False
        except (FileExistsError, FileNotFoundError, NotADirectoryError):
            return False
        return self.side(move) is Side.AFTER

    def cross_back(self, move: MoveRef) -> bool:
        """From after to before, with whatever came out going back in; False if the target was edited meanwhile,
        in which case the target keeps that edit and the slot what came out.
        """
        try:
            if move.then is None:
                self._tree.place(move.slot, move.path)
                return True
            if move.was is None:
                self._tree.take(move.path, move.slot)
            elif not self._swap(move):
                return False
        except (FileExistsError, NotADirectoryError):
            return False
        except FileNotFoundError:
            return move.was is None or move.then is None  # somebody has removed it: nothing to bring back
        if self._came_out_whole(move):
            return True
        if move.was is None:
            with contextlib.suppress(FileExistsError):
                self._tree.place(move.slot, move.path)
        else:
            self._swap(move)
        return False

    def _came_out_whole(self, move: MoveRef) -> bool:
        """Whether the slot holds `then` again, with nobody writing it; a writer gets a second to finish."""
        _, then = _prints(move)
        until = time.monotonic() + _PATIENCE
        while True:
            found, quiet = self._tree.fingerprint(move.slot)
            if quiet or found != then or time.monotonic() > until:
                return quiet and found == then
            time.sleep(0.002)

    def _swap(self, move: MoveRef) -> bool:
        """Exchange slot and target; False if somebody else's file turned up at the target in the gap."""
        if self._tree.exchange(move.slot, move.path, _out(move)):
            return True
        self._clear_out(move)
        return False

    def _fill_gap(self, move: MoveRef) -> None:
        """Second half of a swap by three renames: `.out` is there, the slot is full, the target should be empty."""
        try:
            self._tree.place(move.slot, move.path)
        except FileExistsError:
            self._clear_out(move)
        else:
            self._tree.take(_out(move), move.slot)

    def _clear_out(self, move: MoveRef) -> None:
        found, quiet = self._tree.fingerprint(_out(move))
        if found not in _prints(move) or not quiet:
            self._rescue(move.path, _out(move))
        self._tree.remove(_out(move))

    def mend(self, move: MoveRef) -> None:
        """Bring a crossing that a crash cut in the middle to one of its two sides (only without renameat2)."""
        tree, out = self._tree, _out(move)
        if tree.is_same_file(move.slot, move.path):
            tree.remove(move.slot)
        if tree.status(out) is None:
            return
        if tree.status(move.slot) is None:
            tree.take(out, move.slot)
        else:
            self._fill_gap(move)

    def _make_folders(self, path: bytes) -> None:
        for folder in reversed(ancestors(path)):
            if not self._tree.is_folder(folder):
                self._tree.make_folder(folder)

    def _remove_folders(self, found: Obstacle) -> None:
        for folder in (*sorted(found.folders, key=len, reverse=True), found.at):
            self._tree.remove_folder(folder)


def _out(move: MoveRef) -> bytes:
    return move.slot + b".out"


def _prints(move: MoveRef) -> tuple[Print | None, Print | None]:
    return move.was.print if move.was else None, move.then.print if move.then else None
