"""Evidence that is read from base and head: its time, how many lines it flags, and what it finds of planted faults.

    python -m bench.evidence_static [--pairs N] [--cache DIR] [--show KIND] [--seeds] [PACKAGE…]

Changes are consecutive releases of well-known packages, clean as far as anybody knows. "against" and "flagged" are
shares of the changed lines that evidence of that strength, or any but support, names. "cpu" is processor time of all
detectors for 10,000 changed lines, files and parsing included; the baseline `git diff` prints the same change.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.laws_releases import PAIRS, cache, release
from exosuit.changes.change import Change
from exosuit.changes.shadow import Shadow
from exosuit.changes.sources import Folders
from exosuit.changes.workspace import Workspace
from exosuit.verify.evidence.gathering import gathered
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.plan.listing import regular_files
from exosuit.verify.plan.reading import Reading

MORE = (
    ("boltons", "21.0.0", "23.0.0"), ("cachetools", "5.3.3", "5.4.0"), ("h11", "0.13.0", "0.14.0"),
    ("humanize", "4.6.0", "4.7.0"), ("itsdangerous", "2.1.2", "2.2.0"), ("markdown", "3.4.1", "3.4.2"),
    ("markdown", "3.4.4", "3.5"), ("marshmallow", "3.19.0", "3.20.0"), ("mistune", "2.0.5", "3.0.0"),
    ("parso", "0.8.2", "0.8.3"), ("pathspec", "0.10.3", "0.11.0"), ("pluggy", "1.0.0", "1.2.0"),
    ("pyflakes", "3.0.1", "3.1.0"), ("pyparsing", "3.0.9", "3.1.0"), ("sqlparse", "0.4.4", "0.5.0"),
    ("tabulate", "0.8.10", "0.9.0"), ("tinydb", "4.7.1", "4.8.0"), ("tomlkit", "0.11.6", "0.12.0"),
    ("toolz", "0.11.2", "0.12.0"), ("voluptuous", "0.13.1", "0.14.0"), ("wcwidth", "0.2.6", "0.2.9"),
    ("wsproto", "1.1.0", "1.2.0"),
)  # fmt: skip
"""Smaller packages, so that no one house is all that is looked at."""


def changes(pairs: list[tuple[str, str, str]], folder: Path, state: Path) -> Iterator[tuple[str, Change, Shadow]]:
    """Each pair of releases as a change."""
    os.environ["EXOSUIT_STATE"] = str(state)
    for package, old, new in pairs:
        workspace = Workspace.open(release(folder, package, new))
        change, _new, _carried = workspace.bring_in(
            Folders(release(folder, package, old), release(folder, package, new)), "bench"
        )
        yield f"{package} {old}..{new}", change, workspace.shadow
        workspace.close()


def read(change: Change, shadow: Shadow) -> Reading:
    return Reading(change, shadow.blob, lambda tree: regular_files(shadow, tree))


def lines_of(reading: Reading, evidence: list[Evidence], *strengths: str) -> int:
    """Changed lines that evidence of some strengths is about."""
    atoms = {atom for one in evidence if one.strength in strengths for atom in reading.atoms_of(one.atoms)}
    return sum(reading.file_of(atom).lines(atom - reading.file_of(atom).first) for atom in atoms)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--cache", type=Path, default=cache())
    parser.add_argument("--show", default="", help="print the evidence of this kind; `all` for every kind")
    options = parser.parse_args()
    pairs = [one for one in (*PAIRS, *MORE) if not options.packages or one[0] in options.packages][: options.pairs]
    print(f"load {os.getloadavg()[0]:.1f}")
    print("change                          lines  git s  cpu s  /10,000  first s  against  flagged  pieces by kind")
    with tempfile.TemporaryDirectory(prefix="exosuit-evidence-") as state:
        for name, change, shadow in changes(pairs, options.cache, Path(state)):
            row(name, change, shadow, options.show)
    return 0


def row(name: str, change: Change, shadow: Shadow, show: str) -> None:
    """One change: print its figures, and what was found where that is wanted."""
    began = time.perf_counter()
    subprocess.run(
        ["git", "--git-dir", str(shadow.git_dir), "diff", change.base, change.head], check=True, capture_output=True
    )
    by_git = time.perf_counter() - began
    reading = read(change, shadow)
    began, used = time.perf_counter(), time.process_time()
    first = 0.0
    found: list[Evidence] = []
    for one in gathered(reading):
        first = first or time.perf_counter() - began
        found.append(one)
    used = time.process_time() - used
    lines = max(1, change.added + change.removed)
    against = lines_of(reading, found, "against") / lines
    flagged = lines_of(reading, found, "against", "differs", "unknown") / lines
    kinds = Counter((one.kind, one.strength) for one in found)
    told = ", ".join(f"{kind} {strength} {count}" for (kind, strength), count in sorted(kinds.items()))
    print(
        f"{name:<30}{lines:>7} {by_git:>6.2f} {used:>6.2f} {used / lines * 10_000:>8.2f} {first:>8.2f}"
        f" {against:>8.3f} {flagged:>8.3f}  {told}", flush=True,
    )  # fmt: skip
    for one in found:
        if show and show in (one.kind, "all"):
            print(f"    {lines_of(reading, [one], one.strength):>5} {one.strength:<8} {one.kind}: {one.title}")


if __name__ == "__main__":
    sys.exit(main())
