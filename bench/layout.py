#!/usr/bin/env python3
"""Laying out a snapshot of 1,000 files that differs in ten from one laid out before, beside git and cp.

    python -m bench.layout [--trees N] [--files N]

The baselines: `git read-tree` and `checkout-index` from the same repository into an empty folder; `cp -al`, which links
all files of an earlier tree, none of them changed yet. Each round does each once. The goal is 50 ms.
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

from exosuit.changes.atoms import REGULAR
from exosuit.changes.shadow import EMPTY_TREE, Shadow
from exosuit.verify.layout import Layouts


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--trees", type=int, default=50)
    options.add_argument("--files", type=int, default=1000)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="exosuit-bench-") as folder:
        taken = measure(Path(folder), asked.trees, asked.files)
    machine = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    print(f"{asked.trees} trees of {asked.files} files, each ten files off the first; {machine}")
    print(f"{'':44}{'median':>8}{'p10':>8}{'p95':>8}   ms")
    for name, times in taken.items():
        cuts = statistics.quantiles(times, n=20)
        print(f"{name:44}{statistics.median(times):>8.1f}{cuts[1]:>8.1f}{cuts[18]:>8.1f}")
    return 0


def measure(folder: Path, trees: int, files: int) -> dict[str, list[float]]:
    """Milliseconds of each way for each tree."""
    shadow = Shadow(folder / "shadow.git")
    layouts = Layouts(folder / "layouts", shadow)
    paths = [b"package/part%d/module%d.py" % (number // 40, number) for number in range(files)]
    first = shadow.replace(
        EMPTY_TREE, {path: (REGULAR, shadow.put(b"# %d\n" % n * 100)) for n, path in enumerate(paths)}
    )
    with layouts.laid_out(first) as base:
        ways: dict[str, Callable[[str, Path], object]] = {
            "laid out": lambda tree, _to: lay(layouts, tree),
            "laid out before, looked at again": lambda tree, _to: lay(layouts, tree),
            "git read-tree, checkout-index": shadow.check_out,
            "cp -al of the first (no file differs)": lambda _tree, to: subprocess.run(
                ["cp", "-al", base, to], check=True
            ),
        }
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(trees):
            changed = paths[number % 7 :: files // 10][:10]
            tree = shadow.replace(first, {path: (REGULAR, shadow.put(b"%d %s" % (number, path))) for path in changed})
            for place, (name, way) in enumerate(ways.items()):
                began = time.perf_counter()
                way(tree, folder / f"{number}-{place}")
                taken[name].append((time.perf_counter() - began) * 1000)
    return taken


def lay(layouts: Layouts, tree: str) -> None:
    """Lay out and let go."""
    with layouts.laid_out(tree):
        pass


if __name__ == "__main__":
    sys.exit(main())
