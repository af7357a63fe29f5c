"""Blank lines and comments, which nothing needs: they go with the code that they are written for."""

from __future__ import annotations

from exosuit.verify.increments.ties import Ties
from exosuit.verify.plan.reading import FileReading


def tie_spacing(file: FileReading, ties: Ties) -> None:
    """Tie blank and comment lines of each run, old and new apart, to the code below them, at its end to that above."""
    atom = len(file.file.opaque)
    for run in file.file.runs:
        atoms = range(atom, atom + run.atoms)
        for side in (_comes, _goes):
            _tie(file, [own for own in atoms if side(file, own)], ties)
        atom = atoms.stop


def _comes(file: FileReading, atom: int) -> bool:
    return file.span(atom).head_n > 0


def _goes(file: FileReading, atom: int) -> bool:
    return file.span(atom).base_n > 0


def _tie(file: FileReading, atoms: list[int], ties: Ties) -> None:
    held: list[int] = []
    above: list[int] = []
    for atom in atoms:
        held.append(atom)
        if not _is_spacing(file, atom):
            ties.tie([file.first + own for own in held], "spacing")
            above, held = [atom], []
    ties.tie([file.first + own for own in (*above, *held)], "spacing")


def _is_spacing(file: FileReading, atom: int) -> bool:
    return all(not line.strip() or line.lstrip().startswith(b"#") for line in (*file.removed(atom), *file.added(atom)))
