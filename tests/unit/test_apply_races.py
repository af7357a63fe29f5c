"""Somebody else writes while apply runs: no edit of theirs is lost, and processes never interleave."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exosuit.changes.apply import Outcome, Step
from exosuit.changes.disk import Disk
from exosuit.changes.entries import Entry
from tests.applying import FILE, FolderVault, Workplace, in_memory, numbered, text


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with in_memory(tmp_path) as found:
        yield found


class Meddling(Disk):
    """Lets somebody act once, right before the n-th operation."""

    def __init__(self, at: int, act: Callable[[], object], *, renameat2: bool = True) -> None:
        super().__init__(renameat2=renameat2)
        self.count, self._at, self._act = 0, at, act

    def step(self, operation: str) -> None:
        if self.count == self._at:
            self._act()
        self.count += 1


def append(path: Path, line: bytes) -> None:
    with open(path, "ab") as file:
        file.write(line)


def replace_by_rename(path: Path, data: bytes) -> None:
    path.with_name("editor~").write_bytes(data)
    path.with_name("editor~").replace(path)


ACTS: dict[str, Callable[[Path], object]] = {
    "in place": lambda tree: append(tree / "f", b"typed\n"),
    "by rename": lambda tree: (
        replace_by_rename(tree / "f", (tree / "f").read_bytes() + b"typed\n")
        if (tree / "f").exists()
        else append(tree / "f", b"typed\n")
    ),
}


@pytest.mark.parametrize("renameat2", [True, False], ids=["exchange", "three renames"])
@pytest.mark.parametrize("act", ACTS)
def test_an_edit_at_any_instant_of_an_apply_survives(place: Workplace, act: str, *, renameat2: bool) -> None:
    total, at = 1, 0
    while at < total:
        place.write("f", numbered().data)
        place.write("g", numbered().data)
        disk = Meddling(at, lambda: ACTS[act](place.tree), renameat2=renameat2)
        outcome = place.apply(
            Step(b"f", numbered(), numbered(replaced={3})), Step(b"g", numbered(), numbered(replaced={9})), disk=disk
        )
        assert place.left_over() == []
        assert place.read("g") == numbered(replaced={9}).data
        if at < disk.count:
            assert place.read("f").count(b"typed\n") == 1, f"lost before operation {at}"
        if not outcome.conflicts and act == "in place":
            assert b"new 3\n" in place.read("f") or place.read("f") == b"typed\n"
        total, at = max(total, disk.count), at + 1
    assert total > 80


@pytest.mark.parametrize("renameat2", [True, False], ids=["exchange", "three renames"])
def test_an_edit_at_any_instant_of_a_delete_or_rename_survives(place: Workplace, *, renameat2: bool) -> None:
    total, at = 1, 0
    while at < total:
        for name in ("gone", "old", "new"):
            (place.tree / name).unlink(missing_ok=True)
        place.write("gone", numbered().data)
        place.write("old", numbered().data)

        def act() -> None:
            for name in ("gone", "old"):
                if (place.tree / name).exists():
                    append(place.tree / name, b"typed %s\n" % name.encode())

        disk = Meddling(at, act, renameat2=renameat2)
        there: list[str] = []
        disk._act = lambda act=act, there=there: (  # type: ignore[misc]
            there.extend(name for name in ("gone", "old") if (place.tree / name).exists()),
            act(),
        )
        place.apply(
            Step(b"gone", numbered(), None), Step(b"new", numbered(), numbered(replaced={3}), source=b"old"), disk=disk
        )
        assert place.left_over() == []
        everything = b"".join(entry.data for entry in place.entries().values())
        for name in there:
            assert everything.count(b"typed %s\n" % name.encode()) == 1, f"lost before operation {at}"
        total, at = max(total, disk.count), at + 1
    assert total > 80


def test_a_file_that_a_program_keeps_open_for_writing_is_a_conflict(place: Workplace) -> None:
    place.write("f", b"1\n")
    with open(place.tree / "f", "ab") as file:
        outcome = place.apply(Step(b"f", text(b"1"), text(b"2")), Step(b"g", None, text(b"g")))
        file.write(b"more\n")
    assert [conflict.why for conflict in outcome.conflicts] == ["Another program is writing this file."]
    assert place.entries() == {b"f": text(b"1", b"more"), b"g": text(b"g")}


def test_a_save_that_takes_a_while_is_waited_for(place: Workplace) -> None:
    place.write("f", numbered().data)
    saved = numbered(replaced={1}, word=b"mine").data
    opened = threading.Event()

    def save() -> None:
        with open(place.tree / "f", "wb") as file:  # empty for a while, as an editor leaves it that saves in place
            opened.set()
            time.sleep(0.2)
            file.write(saved)

    thread = threading.Thread(target=save)
    thread.start()
    opened.wait()
    outcome = place.apply(Step(b"f", numbered(), numbered(replaced={9})))
    thread.join()
    assert not outcome.conflicts
    assert place.read("f") == saved.replace(b"line 9\n", b"new 9\n")


def test_a_busy_writer_loses_no_edit_while_changes_come_and_go(place: Workplace) -> None:
    """Appends to several files at random moments, against apply and undo without pause."""
    names, typed, stop = [f"f{number}" for number in range(8)], [], threading.Event()
    for name in names:
        place.write(name, numbered(40).data)
    kept: list[bytes] = []

    def write() -> None:
        dice, number = random.Random(1), 0
        while not stop.is_set():
            line = b"typed %d\n" % number
            append(place.tree / dice.choice(names), line)
            typed.append(line)
            number += 1
            time.sleep(dice.random() * 0.002)

    thread = threading.Thread(target=write)
    thread.start()
    until, rounds, vault = time.monotonic() + 2, 0, FolderVault(place.folder / "vault")
    try:
        while time.monotonic() < until:
            outcome = place.apply(*(Step(n.encode(), numbered(40), numbered(40, replaced={5, 9})) for n in names))
            kept += rescued(outcome, vault)
            kept += rescued(place.undo(outcome), vault)
            rounds += 1
    finally:
        stop.set()
        thread.join()
    everything = b"".join(entry.data for entry in place.entries().values()) + b"".join(kept)
    lost = [line for line in typed if line not in everything]
    assert lost == []
    assert rounds > 5
    assert len(typed) > 100
    assert place.left_over() == []


def rescued(outcome: Outcome, vault: FolderVault) -> list[bytes]:
    return [vault.get(kept.ref.key) for kept in outcome.kept]


WORKER = """
import sys, random
from pathlib import Path
from tests.applying import Workplace, numbered
from exosuit.changes.apply import Step, apply_steps
from exosuit.changes.entries import Entry
place, me, count = Workplace(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
dice = random.Random(me)
for turn in range(count):
    path = b"f%d" % dice.randrange(3)
    def bumped(data):
        lines = data.split(b"\\n")
        lines[me] = b"%d" % (int(lines[me]) + 1)
        return b"\\n".join(lines)
    while True:
        before = place.read(path)
        outcome = apply_steps(place.site(), [Step(path, Entry(0o100644, before), Entry(0o100644, bumped(before)))])
        if outcome.done:
            break
"""


def test_processes_on_one_workspace_never_interleave(place: Workplace) -> None:
    """Each process counts in its own line of three files; every count must arrive, whole."""
    processes, turns = 4, 15
    for number in range(3):
        place.write(f"f{number}", b"\n".join([b"0"] * (2 * processes)) + b"\n")
    root = Path(__file__).parents[2]
    children = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(place.folder), str(2 * me), str(turns)], cwd=root)
        for me in range(processes)
    ]
    assert [child.wait(timeout=120) for child in children] == [0] * processes
    totals = [0] * processes
    for number in range(3):
        lines = place.read(f"f{number}").split(b"\n")
        for me in range(processes):
            totals[me] += int(lines[2 * me])
    assert totals == [turns] * processes
    assert place.left_over() == []


def test_a_thousand_files_land_and_go(place: Workplace) -> None:
    paths = [b"d%d/f%d" % (number % 50, number) for number in range(1000)]
    for path in paths:
        place.write(path, numbered().data)
    before = place.entries()
    outcome = place.apply(*(Step(path, numbered(), numbered(replaced={3})) for path in paths))
    assert len(outcome.done) == 1000
    assert set(place.entries().values()) == {numbered(replaced={3})}
    place.undo(outcome)
    assert place.entries() == before


LARGE = """
import json, resource, sys
from pathlib import Path
from tests.applying import Workplace
from exosuit.changes.apply import Step
from exosuit.changes.entries import Entry
place = Workplace(Path(sys.argv[1]))
line = b"x" * 99
size = 20_000_000
base = b"".join(b"%08d%s\\n" % (n, line[:91]) for n in range(size // 100))
place.write("f", base.replace(b"00000007", b"mine0007"))
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
theirs = base.replace(b"00150000", b"new50000").replace(b"00100000", b"new00000")
outcome = place.apply(Step(b"f", Entry(0o100644, base), Entry(0o100644, theirs)))
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) * 1024
print(json.dumps({"conflicts": len(outcome.conflicts), "copies": grown / size}))
"""


def test_a_large_file_takes_a_few_copies_of_memory(place: Workplace) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", LARGE, str(place.folder)], cwd=root, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    data = place.read("f")
    assert found["conflicts"] == 0
    assert found["copies"] < 12
    assert b"mine0007" in data
    assert b"new50000" in data
    assert os.stat(place.tree / "f").st_size == 20_000_000


def test_nothing_left_open(place: Workplace) -> None:
    """No descriptor leaks, whatever happens."""
    place.write("f", b"mine\n")
    place.apply(Step(b"g", None, text(b"1")))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        place.apply(Step(b"f", text(b"1"), text(b"2")), Step(b"g", text(b"1"), Entry(FILE, b"\0")))
        place.apply(Step(b"g", Entry(FILE, b"\0"), text(b"1")))
    assert len(os.listdir("/proc/self/fd")) == before
