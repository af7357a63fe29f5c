"""Blank lines and comments, which nothing needs: they go with the code that they are written for."""

from __future__ import annotations

from exosuit.changes.atoms import Span
from exosuit.verify.increments.outline import Outline
from exosuit.verify.increments.ties import Ties
from exosuit.verify.plan.reading import FileReading


def tie_spacing(file: FileReading, base: Outline, head: Outline, ties: Ties) -> None:
    """Tie blank and comment lines of each run, old and new apart, to the code below them, at its end to that above."""
    atom = len(file.file.opaque)
    for run in file.file.runs:
        atoms = range(atom, atom + run.atoms)
        quiet = {own for own in atoms if _is_quiet(file.span(own), base, head)}
        for side in (_comes, _goes):
            _tie(file, [own for own in atoms if side(file, own)], quiet, ties)
        atom = atoms.stop


def _comes(file: FileReading, atom: int) -> bool:
    return file.span(atom).head_n > 0


def _goes(file: FileReading, atom: int) -> bool:
    return file.span(atom).base_n > 0


def _is_quiet(span: Span, base: Outline, head: Outline) -> bool:
    removed, added = range(span.base_at, span.base_at + span.base_n), range(span.head_at, span.head_at + span.head_n)
    return all(map(base.is_quiet, removed)) and all(map(head.is_quiet, added))


def _tie(file: FileReading, atoms: list[int], quiet: set[int], ties: Ties) -> None:
    held: list[int] = []
    above: list[int] = []
    for atom in atoms:
        held.append(atom)
        if atom not in quiet:
            ties.tie([file.first + own for own in held], "spacing")
            above, held = [atom], []
    ties.tie([file.first + own for own in (*above, *held)], "spacing")
