"""Real changes: decisions and lines to read per 10,000 lines, beside hunks, same-edit clusters and files.

    python -m bench.decisions REPOSITORY=REV..REV…

Repositories are clones; nothing is written into them. A same-edit cluster is all hunks whose removed and added lines
are equal but for indentation. "code" are those of the lines to read that are neither prose nor stated apart (lock
files, vendored, generated, data of tests). "most" is the largest number of lines without a proof in one plain decision,
"folds" the same among groups that an operator explains; "apart" and "prose" are shares of the lines.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from exosuit.changes.sources import Revisions
from exosuit.changes.workspace import Workspace
from exosuit.verify.plan.assembly import PLAIN
from exosuit.verify.plan.listing import regular_files
from exosuit.verify.plan.model import Plan
from exosuit.verify.plan.places import is_prose
from exosuit.verify.plan.planning import plan
from exosuit.verify.plan.reading import Reading

APART = ("lock files", "vendored", "generated", "test data")
HEADING = (
    f"{'change':<34}  lines   hunks clusters files | "
    "decisions  to read   code  proved   most  folds   apart   prose  seconds"
)


def clusters(reading: Reading) -> int:
    """How many different edits the hunks make."""
    seen = set()
    for file in reading.files:
        for hunk in range(len(file.file.hunks)):
            first, end = file.file.hunk_atoms(hunk)
            if first < len(file.file.opaque) or not file.is_readable:
                seen.add((file.file.number, hunk))
                continue
            old = tuple(line.strip() for atom in range(first, end) for line in file.removed(atom))
            new = tuple(line.strip() for atom in range(first, end) for line in file.added(atom))
            seen.add((old, new))  # type: ignore[arg-type]
    return len(seen)


def code_to_read(reading: Reading, made: Plan) -> int:
    """Lines to read that are neither prose nor stated apart."""
    left = made.stats.to_read
    for group in made.groups:
        proved = {atom for proof in group.proofs for atom in reading.atoms_of(proof.atoms)}
        for atom in reading.atoms_of(group.atoms):
            file = reading.file_of(atom)
            if atom not in proved and (group.kind in APART or is_prose(file.file.path)):
                left -= file.lines(atom - file.first)
    return left


def row(name: str, reading: Reading, made: Plan, same: int, seconds: float) -> str:
    """One change; all counts per 10,000 lines."""
    change = reading.change
    lines = max(1, made.stats.lines)
    per = 10_000 / lines
    most = max((g.unproved_lines for g in made.groups if g.kind in PLAIN), default=0)
    folds = max((g.unproved_lines for g in made.groups if g.kind not in (*PLAIN, *APART)), default=0)
    apart = sum(g.lines for g in made.groups if g.kind in APART) / lines
    prose = sum(file.added + file.removed for file in change.files if is_prose(file.path)) / lines
    code = code_to_read(reading, made) * per
    counts = f"{change.hunks * per:>7.0f} {same * per:>8.0f} {len(change.files) * per:>5.0f}"
    ours = f"{made.stats.decisions * per:>9.0f} {made.stats.to_read * per:>8.0f} {code:>6.0f}"
    ours += f" {made.stats.proved / lines:>7.3f}"
    return f"{name:<34}{lines:>7} {counts} | {ours} {most:>6} {folds:>6} {apart:>7.3f} {prose:>7.3f} {seconds:>8.1f}"


def main(arguments: list[str]) -> int:
    if not arguments:
        print(__doc__)
        return 2
    worst = 0
    print(HEADING)
    with tempfile.TemporaryDirectory(prefix="exosuit-decisions-") as state:
        os.environ["EXOSUIT_STATE"] = state
        for argument in arguments:
            folder, _equals, revisions = argument.partition("=")
            workspace = Workspace.open(Path(folder))
            change, _new, _carried = workspace.bring_in(Revisions.parse(revisions), "bench")
            shadow = workspace.shadow
            start = time.perf_counter()
            made = plan(change, shadow.blob, lambda tree, shadow=shadow: regular_files(shadow, tree))  # type: ignore[misc]
            seconds = time.perf_counter() - start
            reading = Reading(change, shadow.blob)
            name = f"{Path(folder).name} {revisions}"
            print(row(name, reading, made, clusters(reading), seconds), flush=True)
            worst = max(worst, *(g.unproved_lines for g in made.groups if g.kind in PLAIN))
            workspace.close()
    return 1 if worst > 200 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
