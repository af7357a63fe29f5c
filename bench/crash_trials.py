"""One trial of the crash bench: a real process, killed at one operation; recovery in new ones; what is left, judged."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import random
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.crash_cases import MEANWHILE, Case, Tree, build, folders_of, found_in
from exosuit.changes.apply import Entry, Record, Site, apply_steps, recover
from exosuit.changes.disk import Disk
from exosuit.changes.threeway import together
from exosuit.core.errors import ExosuitError

MARK = b"typed between crash and recovery\n"
WRITING = {"create", "write", "fsync", "symlink", "mkdir", "link"}
CHANGING = WRITING | {"rmdir", "unlink", "rename", "move", "exchange", "chmod"}
FAILS_ON = {
    errno.ENOSPC: WRITING - {"fsync"},
    errno.EROFS: CHANGING,
    errno.EIO: CHANGING | {"read", "open-file", "stat"},
}
FAILS_ON[errno.EACCES] = CHANGING - {"write", "fsync"} | {"open-file", "open-folder"}


class BrittleDisk(Disk):
    """Counts operations; kills the process at one (a write half done, if `torn`), fails at one or from one on."""

    def __init__(self, *, renameat2: bool = True) -> None:
        super().__init__(renameat2=renameat2)
        self.count = 0
        self.kill_at = self.fail_at = self.fail_again_at = -1
        self.torn = self.lasting = False
        self.error = errno.EIO
        self.seen: list[str] = []

    def step(self, operation: str) -> None:
        number, self.count = self.count, self.count + 1
        self.seen.append(operation)
        if number == self.kill_at and not (self.torn and operation == "write"):
            os.kill(os.getpid(), signal.SIGKILL)
        due = number in (self.fail_at, self.fail_again_at) or (self.lasting and number >= self.fail_at >= 0)
        if due and operation in FAILS_ON[self.error]:
            raise OSError(self.error, os.strerror(self.error))

    def write(self, file: int, data: memoryview) -> int:
        if self.torn and self.count == self.kill_at:
            os.write(file, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return super().write(file, data)


class FolderVault:
    """Contents as files named by their hash; whole or not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        key = hashlib.sha256(data).hexdigest()
        if not (self._folder / key).exists():
            fresh = self._folder / f"{key}.{os.getpid()}"
            fresh.write_bytes(data)
            fresh.replace(self._folder / key)
        return key

    def get(self, key: str) -> bytes:
        return (self._folder / key).read_bytes()


@dataclass(frozen=True)
class Place:
    """Where a trial happens: `tree` is the workspace."""

    folder: Path

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @property
    def records(self) -> list[str]:
        file = self.folder / "ledger"
        return file.read_text().split() if file.exists() else []

    def site(self, disk: Disk) -> Site:
        def commit(record: Record) -> None:
            disk.step("record")
            if record.id not in self.records:
                with open(self.folder / "ledger", "a") as file:
                    file.write(record.id + "\n")

        return Site(self.tree, self.folder / "state", FolderVault(self.folder / "vault"), commit, disk)

    def reset(self, tree: Tree) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.tree.mkdir(parents=True)
        build(self.tree, tree)


def in_child(work: Callable[[], object]) -> int:
    """Run in a forked process; its wait status, 0 if it ended well."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001  (a forked child must not go on in its parent's code)
            traceback.print_exc()
            os._exit(3)
    return os.waitpid(child, 0)[1]


def was_killed(status: int) -> bool:
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@dataclass(frozen=True)
class Verdict:
    """How a trial ended: `before` or `after` for the tree; what is wrong with it, or nothing."""

    side: str
    wrong: str = ""


def judge(place: Place, case: Case, apart: frozenset[bytes] = frozenset()) -> Verdict:
    """Which of the two trees stands there, leaving out the paths `apart`; anything else is wrong."""
    tree, folders = found_in(place.tree)
    left = [path for path in (*tree, *folders) if b".exosuit-" in path]
    journal = place.folder / "state" / "journal"
    open_journals = list(journal.iterdir()) if journal.exists() else []
    if left or open_journals:
        return Verdict("", f"left over: {left} {open_journals}")
    for side, wanted in (("after", case.goal), ("before", case.start)):
        if _without(tree, apart) != _without(wanted, apart):
            continue
        if not apart and folders != folders_of(wanted):
            return Verdict(side, f"folders: {sorted(folders ^ folders_of(wanted))}")
        records = len(place.records)
        if case.start != case.goal and records != (side == "after") and not apart:
            return Verdict(side, f"{records} records of a tree that is as {side}")
        return Verdict(side)
    odd = sorted(p for p in tree.keys() | case.goal.keys() if tree.get(p) not in (case.goal.get(p), case.start.get(p)))
    return Verdict("", f"neither of the two trees; in none of them: {odd}")


def _without(tree: Tree, apart: frozenset[bytes]) -> Tree:
    return {path: entry for path, entry in tree.items() if path not in apart}


def kill_trial(place: Place, case: Case, disk: BrittleDisk, dice: random.Random, *, edit: bool) -> tuple[Verdict, bool]:
    """Apply, killed as `disk` says; maybe the user edits; recover, maybe killed too; judge. Whether a kill happened."""
    place.reset(case.start)

    def work() -> None:
        with contextlib.suppress(ExosuitError):
            apply_steps(place.site(disk), case.steps)

    status = in_child(work)
    killed = was_killed(status)
    if not killed and status != 0:
        return Verdict("", "apply raised something else than an ExosuitError"), killed
    typed = _type_something(place, case, dice) if edit and killed else None
    while dice.random() < 0.5:
        again = BrittleDisk(renameat2=disk._renameat2)
        again.kill_at = dice.randrange(120)
        status = in_child(lambda again=again: recover(place.site(again)))  # type: ignore[misc]
        if status != 0 and not was_killed(status):
            return Verdict("", "a recovery that was to be killed raised"), killed
    if in_child(lambda: recover(place.site(Disk()))) != 0:
        return Verdict("", "the recovery raised"), killed
    if typed is None:
        return judge(place, case), killed
    path, apart, content = typed
    wrong = _is_lost(place, case, path, apart, content)
    return (Verdict("", wrong) if wrong else judge(place, case, apart)), killed


Typed = tuple[bytes, frozenset[bytes], bytes | None]


def _type_something(place: Place, case: Case, dice: random.Random) -> Typed | None:
    """The user edits, deletes or creates one file of the change; its path, all paths bound to it, the new content."""
    group = dice.choice(together(case.steps))
    paths = sorted({path for step in group for path in (step.path, step.origin)})
    path = dice.choice(paths)
    full = os.path.join(os.fsencode(place.tree), path)
    apart = frozenset(paths)
    if os.path.isdir(full) or _lies_below_a_file(place, path):
        return None
    content = MARK
    if os.path.isfile(full) and not os.path.islink(full):
        with open(full, "rb") as file:
            lines = file.read().splitlines(keepends=True)
        if len(lines) == 20 and dice.random() < 0.7:
            lines[MEANWHILE] = MARK
            content = b"".join(lines)
        elif dice.random() < 0.3:
            os.unlink(full)
            return path, apart, None
    if os.path.islink(full):
        os.unlink(full)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    if dice.random() < 0.5:
        with open(full, "wb") as file:
            file.write(content)
    else:
        with open(full + b"~", "wb") as file:
            file.write(content)
        os.replace(full + b"~", full)
    return path, apart, content


def _lies_below_a_file(place: Place, path: bytes) -> bool:
    parts = path.split(b"/")
    above = (os.path.join(os.fsencode(place.tree), *parts[:end]) for end in range(1, len(parts)))
    return any(os.path.lexists(folder) and not os.path.isdir(folder) for folder in above)


def _is_lost(place: Place, case: Case, path: bytes, apart: frozenset[bytes], content: bytes | None) -> str:
    """What is wrong with the user's edit: it must stand as typed, or as if typed on the other side's text."""
    tree, _ = found_in(place.tree)
    if content is None:
        is_back = path in tree and len(apart) == 1 and path in case.start
        return "a file that the user deleted is back" if is_back else ""
    allowed = {content}
    for side in (case.start, case.goal):
        for one in apart & side.keys():
            lines = side[one].data.splitlines(keepends=True)
            if len(lines) == 20:
                allowed.add(b"".join([*lines[:MEANWHILE], MARK, *lines[MEANWHILE + 1 :]]))
    holding = [one for one in apart if one in tree and MARK in tree[one].data]
    if len(holding) != 1:
        return f"the user's edit of {path!r} stands in {len(holding)} files"
    return "" if tree[holding[0]].data in allowed else f"the user's edit of {path!r} is garbled"


def fault_trial(place: Place, case: Case, disk: BrittleDisk) -> tuple[Verdict, str]:
    """Apply on a disk that fails; judge at once, or after recovery on a repaired one if the failure lasted."""
    place.reset(case.start)
    try:
        outcome = apply_steps(place.site(disk), case.steps)
        said = "warned" if outcome.warnings else "went through"
    except ExosuitError as error:
        said = "half applied" if error.code == "half-applied" else "reported"
        if not error.hint:
            return Verdict("", f"no hint: {error.message}"), said
    except OSError as error:
        return Verdict("", f"a bare OSError: {error}"), "raised"
    may_differ = said == "half applied" or disk.lasting or disk.fail_again_at >= 0
    if said == "reported" and not may_differ:
        tree, _ = found_in(place.tree)
        stray = {one for one in tree if b".exosuit-" in one}
        if {one: entry for one, entry in tree.items() if one not in stray} != case.start:
            return Verdict("", "reported as failed, but the tree is not as before"), said
    recover(place.site(Disk()))
    verdict = judge(place, case)
    if not verdict.wrong and said == "reported" and verdict.side == "after" and case.start != case.goal:
        return Verdict("after", "" if may_differ else "reported as failed, but it is there"), said
    return verdict, said


def naive_trial(place: Place, case: Case, disk: BrittleDisk) -> tuple[Verdict, bool]:
    """The baseline: each file written in place, one after the other, as a plain patch tool does; no recovery."""
    place.reset(case.start)
    status = in_child(lambda: write_in_place(place.tree, case, disk))
    tree, _ = found_in(place.tree)
    side = "after" if tree == case.goal else "before" if tree == case.start else ""
    return Verdict(side, "" if side else "neither of the two trees"), was_killed(status)


def write_in_place(root: Path, case: Case, disk: BrittleDisk) -> None:
    """Turn the start into the goal file by file through the same seam."""
    with disk.root(root) as top:
        for path in sorted(case.start.keys() - case.goal.keys()):
            with disk.folder(top, path.rpartition(b"/")[0]) as folder:
                disk.remove(folder, path.rpartition(b"/")[2])
        for path, entry in sorted(case.goal.items()):
            if case.start.get(path) != entry:
                _write_one(root, path, entry, path in case.start, disk)


def _write_one(root: Path, path: bytes, entry: Entry, there: bool, disk: BrittleDisk) -> None:
    full = os.path.join(os.fsencode(root), path)
    parts = os.path.dirname(path).split(b"/")
    for end in range(1, len(parts) + 1):
        above = os.path.join(os.fsencode(root), *parts[:end])
        if not os.path.isdir(above):
            disk.step("mkdir")
            os.mkdir(above)
    if os.path.isdir(full):
        disk.step("rmdir")
        shutil.rmtree(full)
    if there and (os.path.islink(full) or entry.mode == 0o120000):
        disk.step("unlink")
        os.unlink(full)
    if entry.mode == 0o120000:
        disk.step("symlink")
        os.symlink(entry.data, full)
        return
    disk.step("create")
    file = os.open(full, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    disk.write(file, memoryview(entry.data))
    disk.step("chmod")
    os.fchmod(file, 0o755 if entry.mode == 0o100755 else 0o644)
    os.close(file)
