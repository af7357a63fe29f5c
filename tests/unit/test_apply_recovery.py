"""Recovery where the journal's phases decide: stopped at every operation of taking back, or temporary files gone."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from exosuit.changes.apply import Outcome, recover, steps_of
from exosuit.changes.disk import Disk
from exosuit.changes.entries import Entry
from exosuit.changes.threeway import Step
from exosuit.core.errors import ExosuitError
from tests.applying import FolderVault, Workplace, in_memory, numbered, text


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with in_memory(tmp_path) as found:
        yield found


class Stopped(BaseException):
    """Stands for a kill: nothing of ours runs after it, because every later operation raises it again."""


class Stopping(Disk):
    """Fails with EIO at one operation, and stops dead at a later one."""

    def __init__(self, fail_at: int, stop_at: int) -> None:
        super().__init__()
        self.count, self._fail_at, self._stop_at = 0, fail_at, stop_at
        self.seen: list[str] = []

    def step(self, operation: str) -> None:
        number, self.count = self.count, self.count + 1
        self.seen.append(operation)
        if number >= self._stop_at >= 0:
            raise Stopped
        if number == self._fail_at:
            raise OSError(errno.EIO, "broken")


def fill(place: Workplace) -> dict[bytes, Entry]:
    place.write("f", numbered().data)
    place.write("gone", b"gone\n")
    place.write("turn/deep/inside", b"inside\n")
    place.write("old", numbered().data)
    return place.entries()


STEPS = (
    Step(b"f", numbered(), numbered(replaced={3})),
    Step(b"gone", text(b"gone"), None),
    Step(b"turn", None, text(b"a file now")),
    Step(b"turn/deep/inside", text(b"inside"), None),
    Step(b"new/name", numbered(), numbered(replaced={5}), source=b"old"),
    Step(b"made/new", None, text(b"new")),
)


def last_exchange(seen: list[str]) -> int:
    return len(seen) - 1 - seen[::-1].index("exchange")


def test_a_kill_at_any_operation_of_taking_back_loses_nothing(place: Workplace) -> None:
    """The apply fails late; from the failure on it is stopped at each operation in turn, then recovered."""
    before = fill(place)
    disk = Stopping(-1, -1)
    outcome = place.apply(*STEPS, disk=disk)
    after, fail_at = place.entries(), last_exchange(disk.seen)
    place.undo(outcome)
    stop_at, over, taken_back = fail_at + 1, False, 0
    while not over:
        place.records.clear()
        try:
            with pytest.raises(ExosuitError):
                place.apply(*STEPS, disk=Stopping(fail_at, stop_at))
            over = True
        except Stopped:
            recover(place.site())
        assert place.entries() == (after if place.records else before), f"stopped at {stop_at}"
        assert place.left_over() == []
        if place.records:  # the stop came before the journal said that it goes back
            place.undo(Outcome(done=steps_of(place.records[0].done, FolderVault(place.folder / "vault"))))
        else:
            taken_back += 1
        assert not (place.tree / "made").exists()
        stop_at += 1
    assert taken_back > 60


@pytest.mark.parametrize("fails", [False, True], ids=["going on", "taking back"])
def test_removing_our_temporary_files_after_a_crash_loses_nothing(place: Workplace, *, fails: bool) -> None:
    """`git clean` may take them before the next start, at whatever operation the apply was stopped."""
    before = fill(place)
    disk = Stopping(-1, -1)
    outcome = place.apply(*STEPS, disk=disk)
    after, fail_at = place.entries(), last_exchange(disk.seen)
    place.undo(outcome)
    for stop_at in range(fail_at + 1 if fails else 0, disk.count + 100 * fails, 3):
        place.records.clear()
        try:
            outcome = place.apply(*STEPS, disk=Stopping(fail_at if fails else -1, stop_at))
        except ExosuitError:
            pass
        except Stopped:
            remove_temporary_files(place)
            recover(place.site())
        assert place.entries() == (after if place.records else before), f"stopped at {stop_at}"
        if place.records:
            place.undo(Outcome(done=STEPS))


def remove_temporary_files(place: Workplace) -> None:
    for path in place.entries():
        if b".exosuit-" in path:
            os.unlink(os.path.join(os.fsencode(place.tree), path))
