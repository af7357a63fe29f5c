"""How near the atoms of a change are to what a test runs: where to look first for what makes it fail."""

from __future__ import annotations

from exosuit.verify.checks.trace import Trace
from exosuit.verify.increments.facts import FUNCTIONS
from exosuit.verify.plan.python.source import Source
from exosuit.verify.plan.reading import FileReading, Reading

RUN, BESIDE, FAR = range(3)
"""In code that it runs or a file that it opens; in a file of which it runs something; anywhere else."""


def nearness(reading: Reading, base: Trace, head: Trace) -> bytes:
    """For each atom of a change how near it is to what was run on the base and on the head: one of the above."""
    found = bytearray([FAR]) * reading.change.atoms
    touched = [trace.files | {path for path, _line in trace.functions} for trace in (base, head)]
    for file in reading.files:
        sides = (
            (file.base_source, file.file.old_path, base, 0),
            (file.head_source, file.file.path, head, 1),
        )
        for source, path, trace, side in sides:
            name = path.decode("utf-8", "surrogateescape")
            if name in touched[side]:
                _mark(found, file, _run_lines(source, name, trace), side)
    return bytes(found)


def _mark(found: bytearray, file: FileReading, run: list[bool] | None, side: int) -> None:
    """Set what is known of one side of a file; `run` tells which of its lines are run, None where only all is known."""
    for atom in range(file.file.atoms):
        at = file.first + atom
        if run is None or atom not in file.text_atoms:
            found[at] = RUN
            continue
        start, count = file.span(atom)[2 * side : 2 * side + 2]
        found[at] = min(found[at], RUN if any(run[start : start + count]) else BESIDE)


def _run_lines(source: Source | None, name: str, trace: Trace) -> list[bool] | None:
    """Which lines are in bodies of functions that were entered, but not in functions within them that were not."""
    if source is None:
        return None
    begun = {line for path, line in trace.functions if path == name}
    run: list[bool] = []
    for statement in source.statements:  # outer ones come first
        if isinstance(statement.node, FUNCTIONS):
            end = statement.last + 1
            run += [False] * (end - len(run))
            run[statement.start : end] = [statement.start + 1 in begun] * (end - statement.start)
    return run
