"""Keeps what the cursor is on in sight: the cursor and the first line shown. Only rows nearby are looked at."""

from __future__ import annotations

from dataclasses import replace

from exosuit.faces.terminal.diff import Look, unit_lines
from exosuit.faces.terminal.frame import diff_lines, frame
from exosuit.faces.terminal.groups import row, unit_after, unit_at, unit_before
from exosuit.faces.terminal.state import Anchor, State

MARGIN = 3
"""Lines that stay in sight above and below the cursor, where there are any."""


def look(state: State) -> Look:
    """Columns and digits for drawing, without a group."""
    return Look(frame(state).diff.columns, digits(state), None)


def digits(state: State) -> int:
    """Digits of the line numbers near the first line shown, 3 or more, so that columns seldom move."""
    total = state.pages.total(state.file)
    last = min(total - 1, state.top[0] + state.size[1])
    numbers = [n for i in range(max(0, last - 8), last + 1) for n in row(state, i)[1:3]]
    return max(3, len(str(max(numbers, default=0))))


def height(state: State, unit: int) -> int:
    """Lines of a unit."""
    if row(state, unit)[0] == "@":
        return 1
    return len(unit_lines(state, unit, look(state)))


def in_sight(state: State) -> State:
    """The first line shown moved as little as possible, so that the unit of the cursor is in sight."""
    total = state.pages.total(state.file)
    if not total:
        return replace(state, row=0, top=(0, 0))
    state = replace(state, row=min(state.row, total - 1))
    state = replace(state, top=_unit_anchor(state, state.top, total))
    unit, lines = unit_at(state, state.row)[0], diff_lines(state)
    size = height(state, unit)
    if size >= lines:
        return _tall(state, unit, size, lines)
    margin = min(MARGIN, (lines - size) // 2)
    above = back(state, (unit, 0), margin)
    if state.top > above:
        return replace(state, top=above)
    bottom = forward(state, (unit, 0), size - 1 + margin)
    first = back(state, bottom, lines - 1)
    return replace(state, top=first) if state.top < first else state


def _unit_anchor(state: State, top: Anchor, total: int) -> Anchor:
    unit = unit_at(state, min(top[0], total - 1))[0]
    return (unit, min(top[1], height(state, unit) - 1) if unit == top[0] else 0)


def _tall(state: State, unit: int, size: int, lines: int) -> State:
    """A unit that is taller than the screen: some of it is in sight."""
    if state.top[0] == unit:
        return replace(state, top=(unit, min(state.top[1], size - lines)))
    return replace(state, top=(unit, 0 if state.top < (unit, 0) else size - lines))


def forward(state: State, anchor: Anchor, lines: int) -> Anchor:
    """The line `lines` below, or the last of the file."""
    unit, at = anchor
    while True:
        size = height(state, unit)
        if at + lines < size:
            return unit, at + lines
        following = unit_after(state, unit)
        if following is None:
            return unit, size - 1
        lines -= size - at
        unit, at = following, 0


def back(state: State, anchor: Anchor, lines: int) -> Anchor:
    """The line `lines` above, or the first of the file."""
    unit, at = anchor
    while lines > at:
        before = unit_before(state, unit)
        if before is None:
            return unit, 0
        lines -= at + 1
        unit, at = before, height(state, before) - 1
    return unit, at - lines


def moved(state: State, by: int) -> State:
    """The cursor one unit down (1) or up (-1); within a unit taller than the screen, a screenful further first."""
    if not state.pages.total(state.file):
        return state
    unit, lines = unit_at(state, state.row)[0], diff_lines(state)
    size = height(state, unit)
    if size > lines and state.top[0] == unit:
        further = min(max(state.top[1] + by * (lines - 1), 0), size - lines)
        if further != state.top[1]:
            return replace(state, top=(unit, further))
    following = unit_after(state, unit) if by > 0 else unit_before(state, unit)
    return state if following is None else in_sight(replace(state, row=following))


def paged(state: State, by: int) -> State:
    """A screenful down (1) or up (-1), the cursor with it."""
    if not state.pages.total(state.file):
        return state
    lines = max(1, diff_lines(state) - 1)
    if by < 0:
        top = back(state, state.top, lines)
        return in_sight(replace(state, top=top, row=top[0] if top != state.top else 0))
    end = forward(state, state.top, diff_lines(state) - 1)
    last = forward(state, end, 1) == end
    top = state.top if last else back(state, forward(state, end, lines), diff_lines(state) - 1)
    row_ = end[0] if last else forward(state, top, min(MARGIN, lines // 2))[0]
    return in_sight(replace(state, top=top, row=row_))


def shown_from(state: State, start: int, end: int, cursor: int) -> State:
    """The cursor on a row; nothing scrolls if rows `start` to before `end` are in sight, else `start` comes on top."""
    state = replace(state, row=cursor)
    lines = diff_lines(state)
    first = (unit_at(state, start)[0], 0)
    if first >= state.top:
        bottom = forward(state, state.top, lines - 1)
        if (unit_at(state, max(start, end - 1))[0], 0) <= bottom and back(state, bottom, lines - 1) >= state.top:
            return in_sight(state)
    return in_sight(replace(state, top=(0, 0) if _fits(state, lines) else first))


def _fits(state: State, lines: int) -> bool:
    """Whether the whole file fits on the screen."""
    last = forward(state, (0, 0), lines - 1)
    return forward(state, last, 1) == last
