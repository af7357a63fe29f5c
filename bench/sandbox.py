#!/usr/bin/env python3
"""What holding a command in costs: each back end beside a plain subprocess, and beside its tools by hand, in one run.

    python -m bench.sandbox [--runs N] [--files N]

Every round runs `true` once each way on the same tree, so that what else the machine does falls on all alike. The
tree has --files files, a hundred a folder. `over` is the median of the differences to the plain subprocess of the same
round; the goal is 30 ms.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from exosuit.verify.sandbox.job import Job
from exosuit.verify.sandbox.run import Backend, candidates, run, trouble

BY_HAND = (
    "bwrap --unshare-all --die-with-parent --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 "
    "--symlink usr/bin /bin --dev /dev --proc /proc --tmpfs /tmp --chdir /tmp true"
)


def ways(tree: Path) -> dict[str, Callable[[], object]]:
    """Each way to run a command that does nothing, by name."""
    found: dict[str, Callable[[], object]] = {"plain subprocess": lambda: subprocess.run(["true"], check=True)}
    for backend in candidates():
        if why := trouble(backend):
            print(f"{backend.name}: left out ({why})")
            continue
        found[backend.name] = one(tree, backend)
    if any(backend.bwrap for backend in candidates()):
        found["bwrap by hand, no limits, no tree"] = lambda: subprocess.run(BY_HAND.split(), check=True)
    return found


def one(tree: Path, backend: Backend) -> Callable[[], object]:
    """A run of ours, which has to succeed."""

    def held() -> None:
        assert run(Job(("true",), tree), backend).ok

    return held


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--runs", type=int, default=1000)
    options.add_argument("--files", type=int, default=1000)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="exosuit-bench-") as folder:
        os.environ["EXOSUIT_STATE"] = f"{folder}/state"
        tree = Path(folder) / "tree"
        for number in range(asked.files):
            path = tree / str(number // 100) / f"{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"number = {number}\n")
        taken = measure(ways(tree), asked.runs)
    base = taken["plain subprocess"]
    machine = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    print(f"{asked.runs} rounds, a tree of {asked.files} files, {machine}")
    print(f"{'':36}{'median':>10}{'p10':>8}{'p95':>8}{'over':>8}   ms")
    for name, times in taken.items():
        over = statistics.median(mine - plain for mine, plain in zip(times, base, strict=True))
        cuts = statistics.quantiles(times, n=20)
        print(f"{name:36}{statistics.median(times):>10.1f}{cuts[1]:>8.1f}{cuts[18]:>8.1f}{over:>8.1f}")
    return 0


def measure(tried: dict[str, Callable[[], object]], runs: int) -> dict[str, list[float]]:
    """Milliseconds of each way in each round, after one round that is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in tried}
    for number in range(runs + 1):
        for name, way in tried.items():
            began = time.perf_counter()
            way()
            if number:
                taken[name].append((time.perf_counter() - began) * 1000)
    return taken


if __name__ == "__main__":
    sys.exit(main())
