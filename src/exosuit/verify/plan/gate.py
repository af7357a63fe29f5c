"""The gate that every proof inside a file goes through: the proved atoms alone, materialized, against the base.

What is compared is the whole file, on both sides: the base with these atoms taken must be the base at the proof's
standard, and the head with them taken back must be the head. The second keeps a harmless edit of the base from being
harmless no more in the head (a comment that ends up inside a string). What fails is halved until the culprits are out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from exosuit.verify.plan.python.source import Source, parse
from exosuit.verify.plan.python.standards import Standard, same
from exosuit.verify.plan.reading import FileReading

ATTEMPTS = 24
"""Comparisons spent on one file and standard before the rest loses its proof."""

Candidate = TypeVar("Candidate")


def is_same_program(file: FileReading, atoms: Sequence[int], standard: Standard) -> bool:
    """Whether taking these atoms, or taking them back, leaves the file the same at a standard."""
    base, head = file.base_source, file.head_source
    if base is None or head is None:
        return False
    if len(atoms) == len(file.text_atoms):
        return same(base, head, standard)
    ends = taken_and_left(file, atoms)
    return ends is not None and same(base, ends[0], standard) and same(ends[1], head, standard)


def taken_and_left(file: FileReading, atoms: Sequence[int]) -> tuple[Source, Source] | None:
    """The base with these atoms taken, and the head with them taken back; None where one of them does not parse."""
    thorough = any(side is not None and side.is_whole for side in (file.base_source, file.head_source))
    taken, left = parse(file.with_only(atoms), thorough), parse(file.without(atoms), thorough)
    return (taken, left) if taken is not None and left is not None else None


def withdrawn(
    candidates: Sequence[Candidate], holds: Callable[[Sequence[Candidate]], bool], attempts: int = ATTEMPTS
) -> list[Candidate]:
    """The candidates that hold together, in order: all of them, or what is left when halves that fail are dropped.

    `holds` judges a set as a whole; whatever is returned has been judged by it, as it is returned.
    """
    left = [attempts]

    def kept(part: Sequence[Candidate], before: list[Candidate]) -> list[Candidate]:
        if not part or left[0] <= 0:
            return []
        left[0] -= 1
        if holds([*before, *part]):
            return list(part)
        if len(part) == 1:
            return []
        middle = len(part) // 2
        first = kept(part[:middle], before)
        return first + kept(part[middle:], before + first)

    return kept(candidates, [])
