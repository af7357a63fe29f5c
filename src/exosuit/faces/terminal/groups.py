"""What a decision is about: the hunk, the block or the line under the cursor, by rows and by atoms."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import chain

from exosuit.commands.review_models import Row
from exosuit.faces.terminal.state import State

CHANGED = "-+~"
LOOKED_AT = 1024
"""Rows at the start and at the end of a hunk that are searched for atoms; commands name it by number all the same."""

PAIRED = 512
"""Rows of a block up to which removed and added lines stand side by side in the split view."""


@dataclass(frozen=True)
class Group:
    """Rows `start` to before `end` of a hunk (0: the file has none), and its name for commands."""

    hunk: int
    start: int
    end: int
    selector: str


def row(state: State, number: int) -> Row:
    """A row of the file that is open."""
    return state.pages.row(state.file, number)


def has_atom(found: Row) -> bool:
    """Whether something is to be decided on this row."""
    return found[0] in CHANGED or (found[0] == "!" and found[3] > 0)


def hunk_at(state: State, number: int) -> int:
    """The number of the hunk of a row, from 1; rows before the first belong to it; 0 if there is no hunk."""
    hunks = state.pages.hunks(state.file)
    return max(1, bisect_right(hunks, number)) if hunks else 0


def hunk_rows(state: State, hunk: int) -> tuple[int, int]:
    """The rows of a hunk: first, and the one behind the last; the fold at its end is left out."""
    hunks, total = state.pages.hunks(state.file), state.pages.total(state.file)
    start = hunks[hunk - 1]
    end = hunks[hunk] if hunk < len(hunks) else total
    return start, end - 1 if end - 1 > start and row(state, end - 1)[0] == "#" else end


def group_at(state: State, number: int) -> Group:
    """What `y` decides on a row: its hunk, or its block where the hunk was split."""
    hunk = hunk_at(state, number)
    if not hunk:
        total = state.pages.total(state.file)
        return Group(0, 0, total, str(state.file))
    start, end = hunk_rows(state, hunk)
    if (state.file, hunk) in state.parted:
        return block_group(state, number, hunk)
    return Group(hunk, start, end, f"{state.file}h{hunk}")


def hunk_atoms(state: State, hunk: int) -> tuple[int, int]:
    """The first and the last atom of a hunk."""
    return atoms_in(state, *hunk_rows(state, hunk))


def atoms_in(state: State, start: int, end: int) -> tuple[int, int]:
    """The first and the last atom of rows, (0, 0) if none; of very many rows only the two ends are looked at."""
    numbers = range(start, end)
    many = len(numbers) > 2 * LOOKED_AT
    seen = chain(numbers[:LOOKED_AT], numbers[-LOOKED_AT:]) if many else numbers
    atoms = [found[3] for found in (row(state, i) for i in seen) if has_atom(found)]
    return (min(atoms), max(atoms)) if atoms else (0, 0)


def block(state: State, number: int, limit: int) -> tuple[int, int]:
    """Rows of the changed lines that touch each other around a changed row, at most `limit` to each side."""
    total = state.pages.total(state.file)
    start, end = number, number + 1
    while start > 0 and number - start < limit and row(state, start - 1)[0] in CHANGED:
        start -= 1
    while end < total and end - number < limit and row(state, end)[0] in CHANGED:
        end += 1
    return start, end


def block_group(state: State, number: int, hunk: int) -> Group:
    """The block of a hunk that a row is in, else the next one below it, else the last one above."""
    start, end = hunk_rows(state, hunk)
    number = min(max(number, start), end - 1)
    below = next((i for i in range(number, min(end, number + LOOKED_AT)) if has_atom(row(state, i))), None)
    if below is None:
        below = next((i for i in range(number, start - 1, -1) if has_atom(row(state, i))), number)
    low, high = block(state, below, LOOKED_AT)
    low, high = max(low, start), min(high, end)
    first, last = atoms_in(state, low, high)
    return Group(hunk, low, high, selector(state.file, first, last))


def selector(file: int, first: int, last: int) -> str:
    """Atoms of a file as the commands take them."""
    return f"{file}.{first}" if first == last else f"{file}.{first}-{file}.{last}"


def unit_at(state: State, number: int) -> tuple[int, ...]:
    """The rows that are drawn on one line with a row: itself, or in the split view a removed and an added one."""
    kind = row(state, number)[0]
    if not state.split or kind not in "-+":
        return (number,)
    start, middle, end = _sides(state, number)
    if end - start > PAIRED:
        return (number,)
    k = number - (start if number < middle else middle)
    return tuple(i for i, stop in ((start + k, middle), (middle + k, end)) if i < stop)


def _sides(state: State, number: int) -> tuple[int, int, int]:
    """(first removed row, first added row, end) of the run around a row; beyond the limit, more than the limit."""
    total = state.pages.total(state.file)
    start, end = number, number
    if row(state, number)[0] == "+":
        while start > 0 and number - start <= PAIRED and row(state, start - 1)[0] == "+":
            start -= 1
    while start > 0 and number - start <= PAIRED and row(state, start - 1)[0] == "-":
        start -= 1
    while end < total and end - number <= PAIRED and row(state, end)[0] == "-":
        end += 1
    middle = end
    while end < total and end - number <= PAIRED and row(state, end)[0] == "+":
        end += 1
    if row(state, number)[0] == "+":
        middle = next((i for i in range(start, number) if row(state, i)[0] == "+"), number)
    return start, middle, end


def unit_after(state: State, number: int) -> int | None:
    """The first row of the unit below the one that begins with `number`; None at the end."""
    following = number + 1
    if state.split and row(state, number)[0] in "-+":
        start, middle, end = _sides(state, number)
        if end - start <= PAIRED:
            k = number - (start if number < middle else middle) + 1
            following = start + k if start + k < middle else middle + k if middle + k < end else end
    return following if following < state.pages.total(state.file) else None


def unit_before(state: State, number: int) -> int | None:
    """The first row of the unit above the one that begins with `number`; None at the top."""
    if number == 0:
        return None
    if not state.split:
        return number - 1
    before = number - 1
    if row(state, number)[0] == "+":
        start, middle, end = _sides(state, number)
        if end - start <= PAIRED:
            k = number - middle - 1
            return unit_at(state, start + k if start + k < middle else middle + k)[0] if k >= 0 else start - 1
    if row(state, before)[0] == "+":
        start, middle, end = _sides(state, before)
        if end - start <= PAIRED:
            k = max(middle - start, end - middle) - 1
            return start + k if start + k < middle else middle + k
    return unit_at(state, before)[0]
