"""What programs make when they are run: the same lines in the same places, byte for byte.

The tools were run elsewhere (`verify.rerun`); here their output is compared, stretch by stretch. What the author left
as it was where a formatter or a codemod was at work is a missed place; what a generator does not give, an exception.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from exosuit.changes.atoms import Kind, Span
from exosuit.changes.decisions import Range, merged
from exosuit.core.escapes import path_text
from exosuit.verify.plan.claims import Claim, Free
from exosuit.verify.plan.gate import is_same_program, withdrawn
from exosuit.verify.plan.model import Missed, Proof, Ranges
from exosuit.verify.plan.python.standards import Standard
from exosuit.verify.plan.python.toolcomments import deceives
from exosuit.verify.plan.reading import FileReading, Output, Reading

FEWEST = {"formatting": 2, "codemod": 1, "regenerated": 1}
"""Places that make a group."""
MOST_OTHER = 200
"""Lines of generated files that come out otherwise and still are exceptions of one decision."""


def made_by_tools(reading: Reading, free: Free) -> list[Claim]:
    """One claim for each generator, and for the command that made the change."""
    return _claims(reading, free, {"codemod", "regenerated"})


def reran(reading: Reading, free: Free) -> list[Claim]:
    """One claim for each formatter that explains something."""
    return _claims(reading, free, {"formatting"})


def _claims(reading: Reading, free: Free, kinds: set[str]) -> list[Claim]:
    claims = []
    free = Free(bytearray(free.mask))
    for output in (one for one in reading.outputs if one.kind in kinds):
        claim = _claim(reading, free, output)
        if claim is not None:
            free.take(claim.atoms)
            claims.append(claim)
    return claims


@dataclass
class _Found:
    """What a tool explains of a change: ranges of atoms, those that are the same program, and what is left over."""

    same_output: list[Range] = field(default_factory=list)
    same_program: list[Range] = field(default_factory=list)
    others: list[Range] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    files: dict[int, FileReading] = field(default_factory=dict)


def _claim(reading: Reading, free: Free, output: Output) -> Claim | None:
    by_path = {file.file.old_path: file for file in reading.files}
    found = _Found()
    for made in reading.of(output.change).files:
        file = by_path.get(made.file.old_path)
        if file is None or file.file.old_blob != made.file.old_blob:
            if output.kind == "codemod" and made.is_readable:
                found.missed += _left(made, None)
            continue
        _rename(file, made, free, found)
        if file.is_readable and made.is_readable:
            _compare(file, made, free, found)
    if len(found.same_output) < FEWEST[output.kind]:
        return None
    ranges = tuple(merged(found.same_output))
    if output.kind == "regenerated":
        return _regenerated(reading, output, ranges, found)
    proofs = [Proof("same tool output", output.tool, ranges)]
    proofs += [Proof("same program", "formatting", tuple(merged(found.same_program)))] if found.same_program else []
    return Claim(
        output.kind, output.tool, f"Run {output.tool}: {_count(len(found.same_output), 'place')} in {_files(found)}",
        ranges, tuple(proofs), (ranges[0][0], ranges[0][0] + 1), (), tuple(found.missed),
        reproduce=f"{_command(output, list(found.files.values()))}  # in a checkout of the base",
    )  # fmt: skip


def _regenerated(reading: Reading, output: Output, ranges: Ranges, found: _Found) -> Claim:
    """Generated files as one decision: what comes out otherwise is an exception, unless that is most of it."""
    others = tuple(merged(found.others))
    if reading.lines(others) > MOST_OTHER:
        others = ()
    edited = "; the change edits the generator too" if output.tool_edited else ""
    but = f" but for {_count(len(others), 'place')}" if others else ""
    return Claim(
        "regenerated", output.tool, f"Made again by {output.tool}: {_files(found)}{but}{edited}",
        tuple(merged([*ranges, *others])), (Proof("regenerated", output.tool, ranges),),
        (ranges[0][0], ranges[0][0] + 1), others, reproduce=f"{output.command}  # in a checkout of the head",
    )  # fmt: skip


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"


def _files(found: _Found) -> str:
    return _count(len(found.files), "file")


def _command(output: Output, files: Sequence[FileReading]) -> str:
    if output.kind != "formatting":
        return output.command
    paths = [shlex.quote(path_text(file.file.old_path)) for file in files]
    return f"{output.command} {' '.join(paths[:20])}" + (" …" if len(paths) > 20 else "")


def _same_program(file: FileReading, runs: list[Range]) -> list[Range]:
    """Those of the runs that leave a Python program the same, which says more than that a tool made them."""
    if not file.is_python:
        return []

    def holds(some: Sequence[Range]) -> bool:
        return is_same_program(
            file, [atom - file.first for first, end in some for atom in range(first, end)], Standard()
        )

    return withdrawn(runs, holds)


def _rename(file: FileReading, made: FileReading, free: Free, found: _Found) -> None:
    """Add the new name of a file, if a tool gives it the same."""
    if Kind.RENAME in file.file.opaque and made.file.path == file.file.path:
        at = file.first + file.file.opaque.index(Kind.RENAME)
        if free.has(at):
            found.files[file.file.number] = file
            found.same_output.append((at, at + 1))


def _compare(file: FileReading, made: FileReading, free: Free, found: _Found) -> None:
    """Add what of a file a tool gives as well, by whole runs, else line by line, and what it gives besides."""
    given = {
        (run.base_at, run.base_n): made.head_lines[run.head_at : run.head_at + run.head_n] for run in made.file.runs
    }
    lines = {span[:2]: _new(made, span) for run in made.file.runs for span in run.spans() if span.base_n}
    runs: list[Range] = []
    atom = file.first + len(file.file.opaque)
    for run in file.file.runs:
        own = file.head_lines[run.head_at : run.head_at + run.head_n]
        if _is_given(free, atom, run.atoms, own, given.get((run.base_at, run.base_n))):
            runs.append((atom, atom + run.atoms))
        else:
            for at, span in enumerate(run.spans(), atom):
                if _is_given(free, at, 1, _new(file, span), lines.get(span[:2])):
                    runs.append((at, at + 1))
                elif free.has(at):
                    found.others.append((at, at + 1))
        atom += run.atoms
    if runs:
        found.files[file.file.number] = file
        found.same_output += runs
        found.same_program += _same_program(file, runs)
        found.missed += _left(made, file)


def _is_given(free: Free, atom: int, count: int, own: list[bytes], given: list[bytes] | None) -> bool:
    """Whether some atoms that nobody has claimed hold what a tool gives there."""
    return own == given and len(free.among(atom, atom + count)) == count and not deceives(b"".join(own))


def _new(file: FileReading, span: Span) -> list[bytes]:
    return file.head_lines[span.head_at : span.head_at + span.head_n]


def _left(made: FileReading, file: FileReading | None) -> list[Missed]:
    """What a tool gives where the author touched nothing, in files that the base has under that name."""
    if made.file.path != made.file.old_path or not made.file.old_blob or not made.file.new_blob:
        return []
    touched = bytearray(len(made.base_lines) + 1)
    for run in file.file.runs if file else ():
        for span in run.spans():
            end = span.base_at + max(span.base_n, 1)
            touched[span.base_at : end] = b"\1" * (end - span.base_at)
    starts = _starts(made.base_lines)
    found = []
    for run in made.file.runs:
        whole = Span(run.base_at, run.base_n, run.head_at, run.head_n)
        for span in [whole] if not any(touched[run.base_at : run.base_at + max(run.base_n, 1)]) else run.spans():
            if not any(touched[span.base_at : span.base_at + max(span.base_n, 1)]):
                at, end = starts[span.base_at], starts[span.base_at + span.base_n]
                found.append(Missed(made.file.path, at, end - at, b"".join(_new(made, span))))
    return found


def _starts(lines: list[bytes]) -> list[int]:
    """The byte at which each line starts, and the end."""
    found = [0]
    for line in lines:
        found.append(found[-1] + len(line))
    return found
