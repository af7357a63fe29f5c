"""How the screen is parted: which lines and columns the list, the diff, the facts and the messages get."""

from __future__ import annotations

from dataclasses import dataclass

from exosuit.faces.terminal.cells import paragraph
from exosuit.faces.terminal.state import State

SMALLEST = (20, 6)
"""Columns and lines below which nothing is drawn but a word about it."""

WIDE = 100
"""Columns from which the list of files stands beside the diff; below, a few lines of it stand above."""

FACTS_BESIDE = 140
SPLITTABLE = 80
"""Columns of the diff from which the split view is offered."""


@dataclass(frozen=True)
class Area:
    """Columns and lines of a part of the screen; x and y are its first."""

    x: int
    y: int
    columns: int
    lines: int


@dataclass(frozen=True)
class Frame:
    """The parts. The diff's first line is its heading. An absent part is None."""

    files: Area | None
    diff: Area
    facts: Area | None
    message: tuple[str, ...]
    facts_over: bool


def too_small(state: State) -> bool:
    """Whether the screen holds no review."""
    return state.size[0] < SMALLEST[0] or state.size[1] < SMALLEST[1]


def frame(state: State) -> Frame:
    """The parts of a screen of this size."""
    columns, lines = state.size
    message = said(state)
    height = lines - 2 - len(message)
    if columns >= WIDE:
        left = min(52, max(30, columns // 4))
        right = min(48, columns // 4) if state.facts and columns >= FACTS_BESIDE else 0
        diff = Area(left + 1, 1, columns - left - 1 - (right + 1 if right else 0), height)
        facts = Area(columns - right, 1, right, height) if right else None
        return Frame(Area(0, 1, left, height), diff, facts, message, facts_over=state.facts and not right)
    above = min(state.files, lines // 6) if lines >= 16 else 0
    files = Area(0, 1, columns, above) if above else None
    return Frame(files, Area(0, 1 + above, columns, height - above), None, message, facts_over=state.facts)


def said(state: State) -> tuple[str, ...]:
    """The lines of the message: an error with its hint has as many as they need, up to a third of the screen."""
    columns, lines = state.size
    message = state.message
    if state.prompt is not None or not message.is_error:
        return (message.text,)
    both = [f"error: {message.text}", *([f"hint: {message.hint}"] if message.hint else [])]
    told = [line for part in both for line in paragraph(part, columns)]
    return tuple(told[: max(1, lines // 3)])


def diff_lines(state: State) -> int:
    """Lines of the diff without its heading."""
    return max(1, frame(state).diff.lines - 1)


def is_split(state: State) -> bool:
    """Whether two sides fit."""
    return frame(state).diff.columns >= SPLITTABLE
