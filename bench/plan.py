"""How long a plan takes as a change grows, on code made from this project's own: seconds, and seconds per n log n.

    python -m bench.plan [LINES…]

Lines are edited, commented or take part in a replacement; a third of the files change, each in about every tenth line.
The baseline is `git diff` of the same two trees. "first" is the draft that is on screen before the plan is made; "cpu"
is processor time, which a busy machine does not stretch.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import exosuit
from exosuit.changes.atoms import REGULAR
from exosuit.changes.change import Change, Provenance
from exosuit.changes.diff import diff_trees
from exosuit.changes.shadow import EMPTY_TREE, Shadow
from exosuit.verify.plan.listing import regular_files
from exosuit.verify.plan.planning import draft, plan

ROOT = Path(exosuit.__file__).parent
SOURCES = [path.read_text("utf-8") for path in sorted(ROOT.rglob("*.py")) if path.stat().st_size > 2000]


def edited(text: str, number: int) -> tuple[str, int]:
    """A file with about every sixth line changed, and how many lines that removes and adds."""
    lines = text.splitlines(keepends=True)
    changed = 0
    for at in range(number % 6, len(lines), 6):
        line = lines[at]
        if line.lstrip().startswith("return ") and line.count("(") == line.count(")"):
            lines[at] = line.replace("return ", f"return None or {number}, ", 1)
        elif " == " in line:
            lines[at] = line.replace(" == ", " != ", 1)
        elif "self." in line:
            lines[at] = line.replace("self.", "this.")
        elif line.strip() and line.rstrip().endswith((")", "]")) and '"""' not in line:
            lines[at] = line.rstrip("\n") + "  # seen\n"
        changed += 2 * (lines[at] != line)
    return "".join(lines), changed


def trees(shadow: Shadow, wanted: int) -> tuple[str, str]:
    """A base and a head whose diff has about `wanted` lines."""
    base: dict[bytes, tuple[int, str] | None] = {}
    head = {}
    number = total = 0
    while total < wanted:
        path = b"p%d/m%d.py" % (number // 50, number)
        text = SOURCES[number % len(SOURCES)].replace("exosuit", f"exosuit{number}")
        base[path] = head[path] = (REGULAR, shadow.put(text.encode()))
        if number % 3 == 0:
            made, changed = edited(text, number)
            head[path] = (REGULAR, shadow.put(made.encode()))
            total += changed
        number += 1
    return shadow.replace(EMPTY_TREE, base), shadow.replace(EMPTY_TREE, dict(head))


def main(arguments: list[str]) -> int:
    print("lines     files  git diff s  first s  plan s  plan cpu s  cpu / (n log n), µs  decisions  to read")
    for wanted in [int(one) for one in arguments] or [1_000, 10_000, 100_000]:
        with tempfile.TemporaryDirectory(prefix="exosuit-plan-") as folder:
            shadow = Shadow(Path(folder) / "shadow.git")
            pair = trees(shadow, wanted)
            start = time.perf_counter()
            subprocess.run(["git", "--git-dir", str(shadow.git_dir), "diff", "--quiet", *pair], check=False)
            subprocess.run(["git", "--git-dir", str(shadow.git_dir), "diff", *pair], check=True, capture_output=True)
            diffed = time.perf_counter() - start
            files = tuple(diff_trees(shadow.git_dir, *pair))
            change = Change("bench", "", "", *pair, Provenance("dirs", "", ""), files)
            start = time.perf_counter()
            draft(change, shadow.blob)
            first = time.perf_counter() - start
            start, used = time.perf_counter(), time.process_time()
            made = plan(change, shadow.blob, lambda tree, shadow=shadow: regular_files(shadow, tree))  # type: ignore[misc]
            seconds, used = time.perf_counter() - start, time.process_time() - used
            lines = made.stats.lines
            rate = used * 1e6 / (lines * math.log2(lines))
            times = f"{diffed:>10.2f} {first:>8.2f} {seconds:>7.2f} {used:>11.2f} {rate:>20.2f}"
            figures = f"{times} {made.stats.decisions:>10} {made.stats.to_read:>8}"
            print(f"{lines:<8} {len(files):>6} {figures}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
