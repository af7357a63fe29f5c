"""The rows of a file as lines of the screen: gutters, signs, marks, wrapped text, opened folds, comments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from exosuit.commands.models import CommentOut
from exosuit.commands.review_models import Row
from exosuit.faces.terminal.board import ACCEPTED, EDITED, MIXED, REJECTED, UNDECIDED
from exosuit.faces.terminal.cells import Line, fit, flat, paragraph, width, wrap
from exosuit.faces.terminal.groups import CHANGED, LOOKED_AT, Group, hunk_atoms, row, unit_at
from exosuit.faces.terminal.state import State

MARKS = {UNDECIDED: "⬚", ACCEPTED: "✓", REJECTED: "✗", EDITED: "~", MIXED: "✓"}
"""Undecided is a dashed square, decided a tick, rejected a cross, a text of your own the sign of its rows."""

STYLES = {"+": "add", "-": "del", "~": "own", "!": "dim", "#": "dim", "@": "bold", " ": ""}


@dataclass(frozen=True)
class Look:
    """What drawing needs besides the state: columns, digits of line numbers, the group under decision."""

    columns: int
    digits: int
    group: Group | None


def unit_lines(state: State, number: int, look: Look) -> list[Line]:
    """The lines of the unit that begins with row `number`; comments on what ends there stand below it."""
    unit = unit_at(state, number)
    kind = row(state, unit[0])[0]
    if kind == "#":
        lines = _fold(state, number, look)
    elif kind in "@!":
        lines = _headline(state, number, look)
    elif state.split and kind in " -+":
        lines = _both_sides(state, unit, look)
    else:
        lines = _one(state, number, look)
    if state.comments and any(row(state, i)[0] in CHANGED for i in unit):
        lines += _comments(state, unit, look)
    return lines


def _bar(state: State, rows: tuple[int, ...], look: Look) -> tuple[str, str]:
    if state.row in rows:
        return ">", "cursor"
    group = look.group
    inside = group is not None and group.start <= rows[0] < group.end
    return ("│" if inside else " "), ""


def _mark(state: State, found: Row) -> str:
    if found[0] in CHANGED or (found[0] == "!" and found[3]):
        return MARKS[state.board.files[state.file - 1].of(found[3])]
    return " "


def _one(state: State, number: int, look: Look) -> list[Line]:
    """A row over the whole width."""
    found = row(state, number)
    bar, style = _bar(state, (number,), look)
    kind, old, new = found[0], str(found[1] or ""), str(found[2] or "")
    if look.columns >= 60:
        numbers = f" {old:>{look.digits}} {new:>{look.digits}} "
    elif look.columns >= 30:
        numbers = f" {new or old:>{look.digits}} "
    else:
        numbers = ""
    head = [(bar, style or "dim"), (_mark(state, found) + numbers, style or "dim")]
    return _wrapped(state, found, head, kind, look.columns)


def _wrapped(state: State, found: Row, head: Line, sign: str, columns: int) -> list[Line]:
    """The text of a row behind its head and its sign; further lines keep the bar only."""
    kind, _, _, atom, text, _ = found
    style = STYLES[kind]
    if kind in "+-" and state.board.files[state.file - 1].of(atom) == REJECTED:
        style += " dim"
    room = max(2, columns - sum(width(part) for part, _ in head) - 2)
    stretches = _stretches(state, found)
    lines: list[Line] = []
    for start, end in wrap(text, room):
        if lines:
            blank = " " * (sum(width(part) for part, _ in head) - 1)
            line = [(" " if head[0][0] == ">" else head[0][0], "dim"), (blank, ""), ("  ", "")]
        else:
            line = [*head, (f"{sign} ", style)]
        lines.append([*line, *_spans(text, start, end, style, stretches)])
    return lines


def _stretches(state: State, found: Row) -> list[tuple[int, int, str]]:
    """Stretches of a row's text with their style: what changed inside the line, and what was searched for."""
    marks = found[5]
    stretches = [(marks[i], marks[i + 1], "mark") for i in range(0, len(marks), 2)]
    if state.search is not None:
        side, line = ("old", found[1]) if found[0] == "-" else ("new", found[2])
        for i, hit in enumerate(state.search.hits):
            if hit.line == line and hit.side == side and hit.file == str(state.file) and found[0] in "+-":
                stretches.append((hit.start, hit.end, "hit now" if i == state.search.at else "hit"))
    return stretches


def _spans(text: str, start: int, end: int, style: str, stretches: list[tuple[int, int, str]]) -> Line:
    """Characters `start` to `end` with the styles of the stretches that they are in."""
    edges = sorted({start, end, *(min(max(e, start), end) for a, b, _ in stretches for e in (a, b))})
    spans: Line = []
    at = 0
    for a, b in pairwise(edges):
        words = " ".join(word for low, high, word in stretches if low <= a and b <= high)
        part = flat(text[a:b], at)
        at += width(part)
        spans.append((part, f"{style} {words}".strip()))
    return spans


def _both_sides(state: State, unit: tuple[int, ...], look: Look) -> list[Line]:
    """The old side at the left, the new one at the right; a context row stands on both."""
    left_columns = (look.columns - 1) // 2
    right_columns = look.columns - 1 - left_columns
    left = next((i for i in unit if row(state, i)[0] in " -"), None)
    right = next((i for i in reversed(unit) if row(state, i)[0] in " +"), None)
    group = look.group
    inside = group is not None and group.start <= unit[0] < group.end
    sides = [
        _side(state, left, 1, left_columns, look) if left is not None else [[("│" if inside else " ", "dim")]],
        _side(state, right, 2, right_columns, replace(look, group=None)) if right is not None else [],
    ]
    blank: Line = []
    lines = []
    for i in range(max(map(len, sides))):
        pair = [side[i] if i < len(side) else blank for side in sides]
        lines.append([*fit(pair[0], left_columns), ("│", "dim"), *fit(pair[1], right_columns)])
    return lines


def _side(state: State, number: int, column: int, columns: int, look: Look) -> list[Line]:
    """One side of a row: `column` of it is the line number that is shown."""
    found = row(state, number)
    bar, style = _bar(state, (number,), look)
    line = found[column]
    head = [(bar, style or "dim"), (f"{_mark(state, found)} {line or '':>{look.digits}} ", style or "dim")]
    return _wrapped(state, found, head, found[0], columns)


def _headline(state: State, number: int, look: Look) -> list[Line]:
    """The head of a hunk, or a note."""
    found = row(state, number)
    bar, style = _bar(state, (number,), look)
    if found[0] == "!":
        return _wrapped(state, found, [(bar, style or "dim"), (_mark(state, found), style or "dim")], "!", look.columns)
    hunks = len(state.pages.hunks(state.file))
    first, last = hunk_atoms(state, found[3]) if found[3] <= hunks else (0, 0)
    mark = MARKS[state.board.files[state.file - 1].of_range(first, last)] if first else " "
    where = f"hunk {found[3]:,} of {hunks:,}" + (", split" if (state.file, found[3]) in state.parted else "")
    title = flat(found[4].strip())
    head: Line = [(bar, style or "dim"), (mark, style or "dim"), (f" {where}", "bold"), (f"  {title}", "dim")]
    return [fit(head, look.columns)]


def _fold(state: State, number: int, look: Look) -> list[Line]:
    """Unchanged lines that are hidden, or those of them that were opened."""
    _, _, new, hidden, _, _ = row(state, number)
    bar, style = _bar(state, (number,), look)
    shown = state.opened.get((state.file, number), ())
    lines: list[Line] = []
    for context in shown:
        numbers = f" {context[1]:>{look.digits}} {context[2]:>{look.digits}} " if look.columns >= 60 else ""
        if look.columns < 60 and look.columns >= 30:
            numbers = f" {context[2]:>{look.digits}} "
        head = [(bar, style or "dim"), (" " + numbers, "dim")]
        lines += _wrapped(state, context, head, " ", look.columns)
        bar, style = " ", ""
    left = hidden - len(shown)
    if left:
        words = f"{left:,} unchanged line{'s' if left > 1 else ''} from {new + len(shown):,}"
        lines.append([(bar, style or "dim"), (f"  ⋯ {words}, Enter opens", "dim")])
    return lines


def _comments(state: State, unit: tuple[int, ...], look: Look) -> list[Line]:
    """What was said about the atoms whose last row this is."""
    told: list[Line] = []
    for comment in state.comments:
        atom = comment_atom(comment, state.file)
        if atom and any(
            row(state, i)[3] == atom and _ends(state, i, atom) for i in unit if row(state, i)[0] in CHANGED
        ):
            lines = paragraph(f"{comment.actor}: {comment.text}", max(8, look.columns - 6))
            told += [[("    ", ""), ("│ " if i else "» ", "dim"), (line, "italic")] for i, line in enumerate(lines)]
    return told


def comment_atom(comment: CommentOut, file: int) -> int:
    """The last atom of a file that a comment is about; 0 if it is about none of this file, or about all of it."""
    name = comment.atoms[-1].rpartition("-")[2] if comment.atoms else ""
    number, _, atom = name.partition(".")
    return int(atom) if number == str(file) and atom.isdigit() else 0


def _ends(state: State, number: int, atom: int) -> bool:
    """Whether no row below belongs to the same atom."""
    total = state.pages.total(state.file)
    for i in range(number + 1, min(total, number + LOOKED_AT)):
        found = row(state, i)
        if found[0] not in CHANGED:
            return True
        if found[3] == atom:
            return False
    return True
