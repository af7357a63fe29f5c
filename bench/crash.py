#!/usr/bin/env python3
"""Kills apply and undo at every operation, and fails every operation: nothing may be lost, mixed or left over.

    python -m bench.crash [--points N] [--faults N] [--seed N] [--folder DIR]

Each kill is a real SIGKILL of a real process at one operation of the file-system seam (a write is killed half done
too); then recovery runs in new processes, half of which are killed as well. The baseline writes the same files in
place. Exits 1 on any failure.
"""

from __future__ import annotations

import argparse
import errno
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bench.crash_cases import Case, apply_case, undo_case
from bench.crash_trials import (
    FAILS_ON,
    BrittleDisk,
    Place,
    Verdict,
    fault_trial,
    kill_trial,
    naive_trial,
    write_in_place,
)
from exosuit.changes.apply import apply_steps

T = TypeVar("T")
ROWS = (
    "apply",
    "apply, user edits before recovery",
    "undo",
    "undo, user edits before recovery",
    "failing and taking back",
    "without RENAME_EXCHANGE",
)
NAIVE = "baseline: files written in place"


@dataclass
class Tally:
    """Counts of one row: trials, kills, sides, kinds of failure; and the first failures in words."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict, *also: str) -> None:
        self.counts.update(("trials", verdict.side or "mixed", *also))
        if verdict.wrong:
            self.counts["wrong"] += 1
            self.examples.append(verdict.wrong)


def cases(place: Place, seed: int, row: str) -> tuple[Case, int, list[str]]:
    """The case of a seed for a row, how many operations it takes without trouble, and which."""
    case = apply_case(seed)
    if row.startswith("undo"):
        place.reset(case.start)
        case = undo_case(seed, apply_steps(place.site(BrittleDisk()), case.steps).done)
    place.reset(case.start)
    disk = BrittleDisk(renameat2="without" not in row)
    if row == NAIVE:
        write_in_place(place.tree, case, disk)
    else:
        apply_steps(place.site(disk), case.steps)
    return case, disk.count, disk.seen


def points(count: int, seen: list[str]) -> Iterator[tuple[int, bool]]:
    """Every operation, and every write a second time: half done."""
    for number in range(count):
        yield number, False
        if seen[number] == "write":
            yield number, True


def shuffled(found: Iterable[T], seed: int) -> list[T]:
    """In an order of its own, so that a short run sees all parts of an apply."""
    every = list(found)
    random.Random(seed).shuffle(every)
    return every


def landing(seen: list[str]) -> list[int]:
    """What a read-only disk refuses between the first file that is put in place and the record of it."""
    end = seen.index("record") if "record" in seen else len(seen)
    start = next((n for n, name in enumerate(seen[:end]) if name in ("move", "exchange")), end - 1)
    return [n for n in range(start, end) if seen[n] in FAILS_ON[errno.EROFS]] or [end - 1]


def kill_row(folder: Path, row: str, wanted: int, seed: int) -> Tally:
    """Kill at every point of one case after the other until there were `wanted` kills."""
    tally, place = Tally(), Place(folder)
    while tally.counts["kills"] < wanted:
        case, count, seen = cases(place, seed, row)
        for number, torn in shuffled(points(count, seen), seed):
            disk = BrittleDisk(renameat2="without" not in row)
            disk.kill_at, disk.torn = number, torn
            dice = random.Random(f"{seed} {number} {torn}")
            if row == "failing and taking back":
                disk.error = errno.EROFS
                disk.fail_at = dice.choice(landing(seen))
                disk.kill_at = disk.fail_at + 1 + dice.randrange(count // 2)
            if row == NAIVE:
                verdict, killed = naive_trial(place, case, disk)
            else:
                verdict, killed = kill_trial(place, case, disk, dice, edit="edits" in row)
            tally.add(note(verdict, row, seed, number, case), *(["kills"] if killed else []))
            if tally.counts["kills"] >= wanted:
                break
        seed += 1000
    return tally


def fault_row(folder: Path, row: str, wanted: int, seed: int) -> Tally:
    """Fail at every operation of one case after the other, once, twice or from then on, until `wanted` trials."""
    tally, place = Tally(), Place(folder)
    error = {"full": errno.ENOSPC, "read-only": errno.EROFS, "I/O": errno.EIO, "permission": errno.EACCES}[
        row.replace(",", " ").split()[0]
    ]
    while tally.counts["trials"] < wanted:
        case, count, seen = cases(place, seed, "undo" if seed % 2 else "apply")
        may_fail = [number for number in range(count) if seen[number] in FAILS_ON[error]]
        for number in shuffled(may_fail, seed):
            disk = BrittleDisk()
            disk.error, disk.fail_at, disk.lasting = error, number, "lasting" in row
            if "twice" in row:
                disk.fail_again_at = number + random.Random(f"{seed} {number}").randrange(1, 80)
            verdict, said = fault_trial(place, case, disk)
            tally.add(note(verdict, row, seed, number, case), said)
            if tally.counts["trials"] >= wanted:
                break
        seed += 1000
    return tally


def note(verdict: Verdict, row: str, seed: int, number: int, case: Case) -> Verdict:
    """The verdict with enough beside a failure to repeat it."""
    if not verdict.wrong:
        return verdict
    where = f"{row}, seed {seed}, operation {number}, {'+'.join(case.kinds)}"
    return Verdict(verdict.side, f"{where}: {verdict.wrong}")


FAULTS = tuple(f"{what}, {how}" for what in ("full disk", "read-only", "I/O error", "permission") for how in ("once",))
FAULTS += ("full disk, lasting", "read-only, lasting", "I/O error, twice")


def work(job: tuple[str, str, int, int, str]) -> tuple[str, str, Counter[str], list[str]]:
    """One share of one row, in a process of its own."""
    kind, row, wanted, seed, base = job
    folder = Path(tempfile.mkdtemp(prefix="exosuit-crash-", dir=base))
    try:
        tally = (kill_row if kind == "kill" else fault_row)(folder / "trial", row, wanted, seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return kind, row, tally.counts, tally.examples


def main() -> int:
    """Run all rows on all cores, print the tables, say whether anything failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--points", type=int, default=12000, help="kills in all (default 12000)")
    parser.add_argument("--faults", type=int, default=6000, help="failing operations in all (default 6000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", default="/dev/shm" if os.path.isdir("/dev/shm") else None)
    parser.add_argument("--json", action="store_true", help="print counts as JSON instead of the tables")
    asked = parser.parse_args()
    start, cores = time.monotonic(), len(os.sched_getaffinity(0))
    jobs = []
    for share in range(cores):
        seed = asked.seed + share * 7
        for number, row in enumerate((*ROWS, NAIVE)):
            jobs.append(("kill", row, _share(asked.points, len(ROWS), cores), seed + number, asked.folder))
        for number, row in enumerate(FAULTS):
            jobs.append(("fault", row, _share(asked.faults, len(FAULTS), cores), seed + number, asked.folder))
    tallies = {("kill", row): Tally() for row in (*ROWS, NAIVE)} | {("fault", row): Tally() for row in FAULTS}
    with multiprocessing.get_context("fork").Pool(cores) as pool:
        for kind, row, counts, examples in pool.imap_unordered(work, jobs):
            tallies[kind, row].counts.update(counts)
            tallies[kind, row].examples += examples
    return report(tallies, asked.json, time.monotonic() - start)


def _share(total: int, rows: int, cores: int) -> int:
    return max(1, -(-total // (rows * cores)))


def report(tallies: dict[tuple[str, str], Tally], as_json: bool, seconds: float) -> int:
    """Print what was counted; 1 if any of ours is wrong, or the baseline never is (then the bench sees nothing)."""
    failed = sum(tally.counts["wrong"] for (_, row), tally in tallies.items() if row != NAIVE)
    blind = tallies["kill", NAIVE].counts["wrong"] == 0
    if as_json:
        print(json.dumps({f"{kind}: {row}": tally.counts for (kind, row), tally in tallies.items()}))
    else:
        print_tables(tallies)
        kills = sum(tally.counts["kills"] for (kind, row), tally in tallies.items() if kind == "kill" and row != NAIVE)
        faults = sum(tally.counts["trials"] for (kind, _), tally in tallies.items() if kind == "fault")
        print(f"\n{kills} kills, {faults} failing operations, {failed} wrong, {seconds:.0f} s")
    for (_, row), tally in tallies.items():
        for example in tally.examples[:5] if row != NAIVE else []:
            print(example, file=sys.stderr)
    if blind:
        print("error: the baseline never ends mixed, so this bench would not notice it in ours", file=sys.stderr)
    return 1 if failed or blind else 0


def print_tables(tallies: dict[tuple[str, str], Tally]) -> None:
    """Kills, then failing operations."""
    print(f"{'killed during':<40}{'kills':>8}{'as before':>11}{'as after':>10}{'mixed, lost or left over':>26}")
    for (kind, row), tally in tallies.items():
        if kind == "kill":
            c = tally.counts
            print(f"{row:<40}{c['kills']:>8}{c['before']:>11}{c['after']:>10}{c['wrong']:>26}")
    print(
        f"\n{'operation fails':<28}{'trials':>8}{'reported':>10}{'half applied':>14}{'warned':>8}"
        f"{'went through':>14}{'wrong':>7}"
    )
    for (kind, row), tally in tallies.items():
        if kind == "fault":
            c = tally.counts
            print(
                f"{row:<28}{c['trials']:>8}{c['reported']:>10}{c['half applied']:>14}{c['warned']:>8}"
                f"{c['went through']:>14}{c['wrong']:>7}"
            )


if __name__ == "__main__":
    sys.exit(main())
