#!/usr/bin/env python3
"""Many processes apply and undo on one workspace at once: every operation must arrive, whole and once.

    python -m bench.crowd [--processes N] [--operations N]

Each process has a line of its own in each of some shared files, and counts there: an apply of `n -> n+1`, every fourth
time undone and applied again. The baseline reads, changes and writes the same files without apply. Exits 1 if a count
is wrong, a file is torn, or something is left over.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bench.crash_cases import FILE, found_in
from bench.crash_trials import FolderVault, in_child
from exosuit.changes.apply import Entry, Site, Step, apply_steps, undo_steps

FILES = 5
Count = Callable[[Path, int, random.Random], None]


def blank(processes: int) -> bytes:
    """A shared file: for each process a line with its count, and one between it and the next."""
    return b"".join(b"count of %d: 0\n--- %d ---\n" % (me, me) for me in range(processes))


def counted(data: bytes, me: int) -> bytes:
    """The text with one more in the line of process `me`."""
    lines = data.split(b"\n")
    word, _, count = lines[2 * me].rpartition(b" ")
    lines[2 * me] = b"%s %d" % (word, int(count) + 1)
    return b"\n".join(lines)


def total(data: bytes, processes: int) -> int:
    """The sum of all counts; -1 if the file is torn."""
    counts = [int(line.rpartition(b" ")[2]) for line in data.split(b"\n")[:-1:2] if line.rpartition(b" ")[2].isdigit()]
    start = blank(processes)
    for me, count in enumerate(counts):
        start = start.replace(b"count of %d: 0\n" % me, b"count of %d: %d\n" % (me, count))
    return sum(counts) if start == data else -1


def by_apply(folder: Path, me: int, dice: random.Random) -> None:
    """Count by applying a change made on what was just read; others' counts meanwhile merge."""
    name = b"f%d" % dice.randrange(FILES)
    before = (folder / "tree" / os.fsdecode(name)).read_bytes()
    site = Site(folder / "tree", folder / "state", FolderVault(folder / "vault"), wait=300)
    step = Step(name, Entry(FILE, before), Entry(FILE, counted(before, me)))
    outcome = apply_steps(site, [step])
    if dice.random() < 0.25 and outcome.done:
        undone = apply_steps(site, undo_steps(outcome.done))
        outcome = apply_steps(site, undo_steps(undone.done))
    if len(outcome.done) != 1:
        raise AssertionError(f"{outcome}")


def in_place(folder: Path, me: int, dice: random.Random) -> None:
    """Count by reading, changing and writing the file, as a script would."""
    path = folder / "tree" / f"f{dice.randrange(FILES)}"
    path.write_bytes(counted(path.read_bytes(), me))


def crowd(count: Count, processes: int, operations: int) -> tuple[int, int, int, float]:
    """Processes that failed and files that are torn, counts that are missing, things left over, seconds."""
    base = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="exosuit-crowd-", dir=base) as name:
        folder, start = Path(name), time.monotonic()
        (folder / "tree").mkdir()
        for number in range(FILES):
            (folder / "tree" / f"f{number}").write_bytes(blank(processes))
        failed = sum(status != 0 for status in _together(folder, count, processes, operations))
        tree, _ = found_in(folder / "tree")
        totals = [total(entry.data, processes) for path, entry in tree.items() if path.startswith(b"f")]
        torn, arrived = totals.count(-1), sum(count for count in totals if count > 0)
        journal = folder / "state" / "journal"
        left = len(tree) - FILES + (len(list(journal.iterdir())) if journal.exists() else 0)
        return failed + torn, processes * operations - arrived, left, time.monotonic() - start


def _together(folder: Path, count: Count, processes: int, operations: int) -> list[int]:
    """Run all processes at once; their wait statuses."""

    def work(me: int) -> None:
        dice = random.Random(me)
        for _ in range(operations):
            count(folder, me, dice)

    def start_all() -> None:
        children = []
        for me in range(processes):
            child = os.fork()
            if child == 0:
                os._exit(_status_of(lambda me=me: work(me), quiet=count is in_place))  # type: ignore[misc]
            children.append(child)
        failed = sum(os.waitpid(child, 0)[1] != 0 for child in children)
        os._exit(min(failed, 100))

    return [1] * os.waitstatus_to_exitcode(in_child(start_all))


def _status_of(work: Callable[[], None], *, quiet: bool) -> int:
    """Run in this forked child; 1 if it raised, as the baseline does on a file that another one has torn."""
    try:
        work()
    except Exception:  # noqa: BLE001  (a forked child must not go on in its parent's code)
        if not quiet:
            traceback.print_exc()
        return 1
    return 0


def main() -> int:
    """Print ours and the baseline."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--operations", type=int, default=1000)
    asked = parser.parse_args()
    print(f"{asked.processes} processes, {asked.operations} operations each")
    print(f"{'':<28}{'counts lost':>12}{'left over':>11}{'failed':>8}{'per second':>12}")
    wrong = {}
    for name, count in (("apply", by_apply), ("baseline: files in place", in_place)):
        failed, lost, left, seconds = crowd(count, asked.processes, asked.operations)
        rate = asked.processes * asked.operations / seconds
        print(f"{name:<28}{lost:>12}{left:>11}{failed:>8}{rate:>12.0f}")
        wrong[name] = failed + abs(lost) + left
    return 1 if wrong["apply"] else 0


if __name__ == "__main__":
    sys.exit(main())
