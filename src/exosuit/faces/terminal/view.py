"""The state as lines of the screen. Pure: what curses is given, and what the tests read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from exosuit.faces.terminal.board import UNDECIDED
from exosuit.faces.terminal.cells import Line, cut, fit, flat, padded, width
from exosuit.faces.terminal.deciding import counted
from exosuit.faces.terminal.diff import MARKS, unit_lines
from exosuit.faces.terminal.facts import facts_lines
from exosuit.faces.terminal.frame import Area, Frame, frame, too_small
from exosuit.faces.terminal.groups import group_at, unit_after, unit_at
from exosuit.faces.terminal.panels import panel_lines
from exosuit.faces.terminal.prompts import ASKS
from exosuit.faces.terminal.scroll import look
from exosuit.faces.terminal.state import State

KEYS = (
    "y accept", "x reject", "n p hunk", "] [ file", "? keys", "q quit", "space line", "e edit", "u undo", "A apply",
    "/ search", "t go to", "r reason", "c comment", "m split view", "i facts",
)  # fmt: skip
"""What the last line tells, the most needed first: as many as fit."""


@dataclass(frozen=True)
class Screen:
    """Lines from the top, each as wide as the screen; the cursor (column, line), and whether it is to be seen."""

    lines: list[Line]
    cursor: tuple[int, int]
    writing: bool


def screen(state: State) -> Screen:
    """The whole screen. Raises `MissingError` where rows must be read first."""
    columns, lines = state.size
    if too_small(state):
        told = fit([("Too small: 20 columns and 6 lines are needed.", "")], columns)
        return Screen([told, *([[(" " * columns, "")]] * (lines - 1))][:lines], (0, 0), writing=False)
    parts = frame(state)
    middle = _blank(columns, parts.diff.y + parts.diff.lines - 1)
    if parts.files is not None:
        _put(middle, _file_list(state, parts.files), parts.files, columns)
    body, at = _body(state, parts)
    _put(middle, body, parts.diff, columns)
    if parts.facts is not None:
        _put(middle, facts_lines(state, parts.facts.columns), parts.facts, columns)
    message, cursor = _message(state, parts)
    drawn = [_top(state), *middle, *message, _keys(state)]
    place = cursor or (parts.diff.x, parts.diff.y + at)
    return Screen([fit(line, columns) for line in drawn], place, writing=state.prompt is not None)


def _blank(columns: int, lines: int) -> list[Line]:
    return [[(" " * columns, "")] for _ in range(lines)]


def _put(lines: list[Line], part: list[Line], area: Area, columns: int) -> None:
    """Write a part over its area; parts that stand side by side are written from left to right, a rule between them."""
    for i in range(area.lines):
        line = fit(part[i] if i < len(part) else [], area.columns)
        if area.x:
            lines[area.y - 1 + i] = [*fit(lines[area.y - 1 + i], area.x - 1), ("│", "dim"), *line]
        else:
            lines[area.y - 1 + i] = fit(line, columns)


def _top(state: State) -> Line:
    """Title, then how far it is."""
    undecided, accepted, rejected, edited = state.board.tally
    total = undecided + accepted + rejected + edited
    share = f"{100 * (total - undecided) // total}%" if total else "empty"
    counts = f"{total - undecided:,}/{total:,} decided {share}"
    told = [counts, f"✓{accepted + edited:,} ✗{rejected:,}"]
    told += [f"+{state.overview.lines_added:,} -{state.overview.lines_removed:,}", counted(state.files, "file")]
    if state.applied:
        told.insert(1, "applied")
    columns = state.size[0]
    while len(told) > 1 and width("  ".join(told)) > columns // 2 + 4:
        told.pop()
    right = "  ".join(told) + " "
    if width(right) > columns - 8:
        right = f"{share} "
    title = padded(" " + flat(state.overview.title.replace("\n", " ")), columns - width(right))
    return [(title, "top bold"), (right, "top")]


def _file_list(state: State, area: Area) -> list[Line]:
    """The files around the one that is open."""
    first = max(0, min(state.file - 1 - area.lines // 2, state.files - area.lines))
    return [_file_line(state, number, area) for number in range(first + 1, min(state.files, first + area.lines) + 1)]


def _file_line(state: State, number: int, area: Area) -> Line:
    overview, standing = state.overview, state.board.files[number - 1]
    atoms = sum(standing.tally)
    counts = f"{atoms - standing.tally[UNDECIDED]}/{atoms}"
    if area.columns >= 60:
        counts = f"+{overview.added[number - 1]:,} -{overview.removed[number - 1]:,}".rjust(14) + counts.rjust(10)
    here = number == state.file
    path = flat(overview.paths[number - 1])
    room = area.columns - 4 - len(counts) - 2
    head = f"{'>' if here else ' '}{MARKS[standing.state]}{overview.status[number - 1]} "
    style = "cursor" if here else "" if standing.tally[UNDECIDED] else "dim"
    return [(head, "bold" if here else ""), (padded(path, room, tail=True), style), (f" {counts} ", "dim")]


def _body(state: State, parts: Frame) -> tuple[list[Line], int]:
    """The diff with its heading, or what lies over it; and the line of the cursor in it."""
    if state.panel is not None:
        return panel_lines(state, state.panel), 0
    if parts.facts_over:
        return facts_lines(state, parts.diff.columns), 0
    if not state.files:
        return [[("This change is empty: there is nothing to decide.", "")]], 0
    head = _heading(state, parts.diff.columns)
    if not state.pages.total(state.file):
        return [head, [("  nothing to show", "dim")]], 0
    lines, at = _diff(state, parts.diff.lines - 1)
    return [head, *lines], at + 1


def _heading(state: State, columns: int) -> Line:
    overview, number = state.overview, state.file
    old = overview.old_paths.get(str(number))
    path = flat(overview.paths[number - 1]) + (f" (was {flat(old)})" if old else "")
    right = f" +{overview.added[number - 1]:,} -{overview.removed[number - 1]:,} file {number:,}/{state.files:,}"
    if width(right) > columns // 2:
        right = f" {number}/{state.files}"
    room = columns - width(right) - 1
    return [(" ", ""), (padded(path, room, tail=True), "bold"), (right, "dim")]


def _diff(state: State, lines: int) -> tuple[list[Line], int]:
    """The lines of the diff from the first shown, and on which of them the cursor is."""
    how = replace(look(state), group=group_at(state, state.row))
    here = unit_at(state, state.row)[0]
    unit: int | None = state.top[0]
    skip, at, drawn = state.top[1], 0, list[Line]()
    while unit is not None and len(drawn) < lines:
        if unit == here:
            at = len(drawn)
        drawn += unit_lines(state, unit, how)[skip:]
        skip = 0
        unit = unit_after(state, unit)
    return drawn[:lines], min(at, lines - 1)


def _message(state: State, parts: Frame) -> tuple[list[Line], tuple[int, int] | None]:
    """The message, or the line that is being written and the cursor in it."""
    columns, lines = state.size
    prompt = state.prompt
    if prompt is None:
        style = "bold" if state.message.is_error else ""
        return [[(cut(flat(line), columns), style)] for line in parts.message], None
    asks = ASKS[prompt.what]
    before, room = flat(prompt.text[: prompt.at]), columns - len(asks) - 1
    while width(before) > room:
        before = before[1:]
    text = before + flat(prompt.text[prompt.at :])
    told: Line = [(asks, "bold"), (text, "")]
    return [told], (len(asks) + width(before), lines - 2)


def _keys(state: State) -> Line:
    columns = state.size[0]
    if state.prompt is not None:
        keys: tuple[str, ...] = ("Enter done", "Esc back")
    elif state.panel is not None:
        keys = ("Enter go", "Esc back") if state.panel.what == "files" else ("Esc back",)
    elif state.search is not None:
        keys = ("n next", "p previous", "Enter stay", "Esc back")
    else:
        keys = KEYS
    told = ""
    for key in keys:
        if width(told) + width(key) + 3 > columns:
            break
        told += f" {key} " + " "
    return [(padded(told, columns), "top")]
