#!/usr/bin/env python3
"""Eight processes at work on one workspace: every operation is whole, and ledger and tree agree at the end.

    python -m bench.many [--processes N] [--operations N] [--seed N] [--folder DIR]

Each process accepts, rejects, edits, comments, undoes, redoes, applies and looks, at random. Afterwards: SQLite's
integrity check, the fold against a replay from nothing, the working tree against what the ledger says, git fsck.
Exits 1 on any failure. The baseline is one process doing as many operations alone.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench import many_processes as many


def run(folder: Path, processes: int, operations: int, seed: int) -> tuple[float, Counter[str], list[str]]:
    """Seconds, counts, faults."""
    name = many.make(folder, seed)
    started = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        tallies = pool.starmap(many.work, [(folder, name, operations, seed + i) for i in range(processes)])
    took = time.perf_counter() - started
    tally: Counter[str] = sum(tallies, Counter())
    failed = [f"{what} ({count} times)" for what, count in tally.items() if what.startswith("failed")]
    return took, tally, failed + many.faults(folder, name)


def main() -> int:
    """Run the baseline and the many; print both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--operations", type=int, default=1000, help="of each process")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to work (a new temporary folder)")
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="exosuit-many-"))
    os.environ["EXOSUIT_STATE"] = str(folder / "state")
    os.environ |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    print(f"{'':24}{'operations':>12}{'refused':>10}{'seconds':>10}{'ops/s':>8}  faults")
    wrong: list[str] = []
    for label, processes, operations in (
        ("one process (baseline)", 1, asked.operations),
        (f"{asked.processes} processes", asked.processes, asked.operations),
    ):
        took, tally, faults = run(folder / f"w{processes}", processes, operations, asked.seed)
        refused = sum(count for what, count in tally.items() if " " in what)
        total = processes * operations
        print(f"{label:24}{total:>12,}{refused:>10,}{took:>10.1f}{total / took:>8.0f}  {len(faults)}", flush=True)
        print("    " + ", ".join(f"{what} {count:,}" for what, count in sorted(tally.items()) if count))
        wrong += [f"{label}: {fault}" for fault in faults]
    for fault in wrong:
        print(f"error: {fault}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
