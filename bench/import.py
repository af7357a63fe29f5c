#!/usr/bin/env python3
"""What an import costs beside `git diff` on the same trees: time in process and by command line, our own part, memory.

    python -m bench.import [--lines N …] [--repository DIR --range A..B] [--rounds N] [--seed N] [--folder DIR]

The baseline is `git diff` with git's own defaults and renames on, its output read and thrown away; the best of some
rounds on either side. `own` is the processor time of our process alone, without git's. `CPU` is the ratio of processor
time, git's included: on a machine that others use too, wall time says more of them than of us, so a ratio of wall time
counts as missed only where that of processor time is as well. Peaks of memory are of our process, and of it or its
largest child. To be reached: ratio ≤ 3 in process, ≤ 300 ms of our own at 10,000 lines, ≤ 1 GB at 1,000,000; else
exits 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = "alpha beta gamma delta value result index return assert import yield await self other name path line".split()
WIDTHS = (14, 8, 11, 11, 10, 9, 7, 7, 9, 9, 7, 9, 9)
MEASURED = """
import json, resource, sys, time
from pathlib import Path
from exosuit.changes.sources import Revisions
from exosuit.changes.workspace import Workspace
opened = Workspace.open(Path(sys.argv[1]))
opened.database, opened.shadow
def used():
    told = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return [one.ru_utime + one.ru_stime for one in told], [one.ru_maxrss / 1024 for one in told]
before, started = used()[0], time.perf_counter()
change, _, _ = opened.bring_in(Revisions(sys.argv[2], sys.argv[3]), "bench")
took, (after, peak) = time.perf_counter() - started, used()
own, theirs = after[0] - before[0], after[1] - before[1]
lines = change.added + change.removed
print(json.dumps([took, own, theirs, peak[0], max(peak), len(change.files), lines, change.atoms]))
"""


def generate(folder: Path, lines: int, seed: int) -> None:
    """Two commits with about `lines` changed lines between them: edits, moves, new and deleted files, renames."""
    dice = random.Random(seed)
    folder.mkdir(parents=True)
    run(folder, "git", "init", "-q", "-b", "main")
    files = max(4, lines // 100)
    base = {f"src/p{i % 37}/m{i}.py": [statement(dice) for _ in range(300)] for i in range(files)}
    commit(folder, base)
    head: dict[str, list[str]] = {}
    for i, (path, text) in enumerate(base.items()):
        fate = i % 20
        if fate == 0:
            continue
        changed = edited(text, dice, 35)
        head[f"src/moved/m{i}.py" if fate == 1 else path] = changed
        if fate == 2:
            head[f"src/new/n{i}.py"] = [statement(dice) for _ in range(300)]
    commit(folder, head)
    run(folder, "git", "gc", "-q")


def statement(dice: random.Random) -> str:
    """A line that looks like code."""
    indent, name, call = "    " * dice.randrange(3), dice.choice(WORDS), dice.choice(WORDS)
    return f"{indent}{name}_{dice.randrange(10**6)} = {call}({dice.randrange(999)})\n"


def edited(text: list[str], dice: random.Random, changes: int) -> list[str]:
    """Lines edited inside, replaced, added and removed."""
    result = list(text)
    for _ in range(changes):
        at, kind = dice.randrange(len(result) - 2), dice.randrange(4)
        if kind == 0:
            result[at : at + 2] = [line.replace("_", "_new_") for line in result[at : at + 2]]
        elif kind == 1:
            result[at : at + 1] = [statement(dice)]
        elif kind == 2:
            result[at:at] = [statement(dice), statement(dice)]
        else:
            del result[at]
    return result


def commit(folder: Path, files: dict[str, list[str]]) -> None:
    """Make the folder hold these files and commit them."""
    shutil.rmtree(folder / "src", ignore_errors=True)
    for name, lines in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("".join(lines))
    run(folder, "git", "add", "-A")
    who = (
        "-c",
        "gc.auto=0",
        "-c",
        "user.name=Bench",
        "-c",
        "user.email=bench@example.invalid",
        "-c",
        "commit.gpgSign=false",
    )
    run(folder, "git", *who, "commit", "-q", "-m", "state")


def run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True)


def timed(folder: Path, command: list[str]) -> tuple[float, float]:
    """Seconds, and seconds of processor time, of a command whose output is read and thrown away."""
    before, started = children(), time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        while os.read(process.stdout.fileno(), 1 << 20):
            pass
    if process.returncode:
        raise SystemExit(f"error: {' '.join(command[:4])} … ended with {process.returncode}")
    return time.perf_counter() - started, children() - before


def children() -> float:
    """Seconds of processor time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def fresh_state(scratch: Path) -> None:
    """Every import starts with nothing stored."""
    shutil.rmtree(scratch / "state", ignore_errors=True)
    os.environ["EXOSUIT_STATE"] = str(scratch / "state")


def measure(folder: Path, old: str, new: str, scratch: Path, rounds: int) -> dict[str, float]:
    """The best of some rounds, git and ours by turns."""
    best: dict[str, float] = {}

    def keep(name: str, value: float) -> None:
        best[name] = min(value, best.get(name, value))

    for _ in range(rounds):
        wall, processor = timed(folder, ["git", "diff", "-M", old, new])
        keep("git", wall)
        keep("git CPU", processor)
        fresh_state(scratch)
        told = subprocess.run([sys.executable, "-c", MEASURED, str(folder), old, new], capture_output=True, check=True)
        took, own, theirs, *facts = json.loads(told.stdout)
        keep("ours", took)
        keep("own", own)
        keep("CPU", own + theirs)
        fresh_state(scratch)
        command = [sys.executable, "-m", "exosuit", "-C", str(folder), "change", "import", f"{old}..{new}"]
        keep("cli", timed(folder, command)[0])
        best |= dict(zip(("peak", "peak all", "files", "lines", "atoms"), facts, strict=True))
    return best


def row(label: str, m: dict[str, float]) -> list[str]:
    """Print a line of the table; what was not reached."""
    own, ratio, processor = m["own"] * 1000, m["ours"] / m["git"], m["CPU"] / max(m["git CPU"], 0.001)
    print(
        f"{label:>14}{m['files']:>8,.0f}{m['lines']:>11,.0f}{m['atoms']:>11,.0f}{m['git'] * 1000:>10,.0f}"
        f"{m['ours'] * 1000:>9,.0f}{ratio:>7.2f}{processor:>7.2f}{own:>9,.0f}{m['cli'] * 1000:>9,.0f}"
        f"{m['cli'] / m['git']:>7.2f}{m['peak']:>9,.0f}{m['peak all']:>9,.0f}",
        flush=True,
    )
    missed = []
    if min(ratio, processor) > 3:
        missed.append(f"{label}: {ratio:.2f} times git diff, not 3")
    if own > 300 and m["lines"] <= 15_000:
        missed.append(f"{label}: {own:.0f} ms of our own, not 300")
    if m["peak all"] > 1024:
        missed.append(f"{label}: {m['peak all']:.0f} MB, not 1024")
    return missed


def main() -> int:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, nargs="*", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--repository", type=Path, help="a real one to measure as well")
    parser.add_argument("--range", help="with --repository: A..B")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to work (a new temporary folder)")
    asked = parser.parse_args()
    os.environ |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    scratch = asked.folder or Path(tempfile.mkdtemp(prefix="exosuit-import-"))
    for heads in (
        ("", "", "changed", "", "git diff", "ours", "", "CPU", "own", "CLI", "", "peak", "+ git"),
        ("", "files", "lines", "atoms", "ms", "ms", "ratio", "ratio", "ms", "ms", "ratio", "MB", "MB"),
    ):
        print("".join(f"{head:>{width}}" for head, width in zip(heads, WIDTHS, strict=True)))
    missed: list[str] = []
    for lines in asked.lines:
        folder = scratch / f"r{lines}"
        if not folder.exists():
            generate(folder, lines, asked.seed)
        missed += row(f"{lines:,}", measure(folder, "main~1", "main", scratch, asked.rounds))
    if asked.repository:
        old, _, new = asked.range.partition("..")
        missed += row(asked.repository.name[:13], measure(asked.repository, old, new, scratch, asked.rounds))
    for what in missed:
        print(f"error: {what}", file=sys.stderr)
    if not asked.folder:
        shutil.rmtree(scratch)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
