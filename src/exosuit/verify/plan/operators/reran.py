"""What the project's own formatters do to the base: the same lines in the same places, byte for byte.

The tools were run elsewhere (`verify.rerun`); here their output is compared, stretch by stretch. What the author left
as it was in files where the tool was at work is a missed place.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from exosuit.changes.atoms import Run
from exosuit.changes.decisions import Range, merged
from exosuit.verify.plan.claims import Claim, Free
from exosuit.verify.plan.gate import is_same_program, withdrawn
from exosuit.verify.plan.model import Missed, Proof
from exosuit.verify.plan.python.standards import Standard
from exosuit.verify.plan.python.toolcomments import deceives
from exosuit.verify.plan.reading import FileReading, Output, Reading

FEWEST = 2
"""Places that make a group."""


def reran(reading: Reading, free: Free) -> list[Claim]:
    """One claim for each tool that explains something."""
    claims = []
    free = Free(bytearray(free.mask))
    for output in reading.outputs:
        claim = _claim(reading, free, output)
        if claim is not None:
            free.take(claim.atoms)
            claims.append(claim)
    return claims


def _claim(reading: Reading, free: Free, output: Output) -> Claim | None:
    by_path = {file.file.old_path: file for file in reading.files if file.is_readable}
    found: list[Range] = []
    same: list[Range] = []
    missed: list[Missed] = []
    paths: list[str] = []
    for made in reading.of(output.change).files:
        file = by_path.get(made.file.path)
        if file is None or file.file.old_blob != made.file.old_blob:
            continue
        runs, left = _compared(file, made, free)
        if runs:
            found += runs
            same += _same_program(file, runs)
            missed += left
            paths.append(shlex.quote(file.file.old_path.decode("utf-8", "backslashreplace")))
    if len(found) < FEWEST:
        return None
    ranges = tuple(merged(found))
    proofs = [Proof("same tool output", output.tool, ranges)]
    proofs += [Proof("same program", "formatting", tuple(merged(same)))] if same else []
    named = " ".join(paths[:20]) + (" …" if len(paths) > 20 else "")
    return Claim(
        "formatting", output.tool,
        f"Run {output.tool}: {len(found):,} places in {len(paths):,} file{'s' if len(paths) != 1 else ''}",
        ranges, tuple(proofs), (ranges[0][0], ranges[0][0] + 1), (), tuple(missed),
        reproduce=f"{output.command} {named}  # in a checkout of the base",
    )  # fmt: skip


def _same_program(file: FileReading, runs: list[Range]) -> list[Range]:
    """Those of the runs that leave a Python program the same, which says more than that a tool made them."""
    if not file.is_python:
        return []

    def holds(some: Sequence[Range]) -> bool:
        return is_same_program(
            file, [atom - file.first for first, end in some for atom in range(first, end)], Standard()
        )

    return withdrawn(runs, holds)


def _compared(file: FileReading, made: FileReading, free: Free) -> tuple[list[Range], list[Missed]]:
    """The runs of a file that a tool gives as well, and what it gives where nothing was changed."""
    given = {
        (run.base_at, run.base_n): made.head_lines[run.head_at : run.head_at + run.head_n] for run in made.file.runs
    }
    found: list[Range] = []
    touched: list[Range] = []
    atom = file.first + len(file.file.opaque)
    for run in file.file.runs:
        touched.append((run.base_at, run.base_at + max(run.base_n, 1)))
        lines = file.head_lines[run.head_at : run.head_at + run.head_n]
        is_free = len(free.among(atom, atom + run.atoms)) == run.atoms
        if is_free and given.get((run.base_at, run.base_n)) == lines and not deceives(b"".join(lines)):
            found.append((atom, atom + run.atoms))
        atom += run.atoms
    starts = _starts(file.base_lines)
    missed = [
        Missed(
            file.file.path,
            starts[run.base_at],
            starts[run.base_at + run.base_n] - starts[run.base_at],
            _text(made, run),
        )
        for run in made.file.runs
        if not any(first < run.base_at + max(run.base_n, 1) and run.base_at < end for first, end in touched)
    ]
    return found, missed


def _text(made: FileReading, run: Run) -> bytes:
    return b"".join(made.head_lines[run.head_at : run.head_at + run.head_n])


def _starts(lines: list[bytes]) -> list[int]:
    """The byte at which each line starts, and the end."""
    found = [0]
    for line in lines:
        found.append(found[-1] + len(line))
    return found
