"""Going about: hunks, files, the next thing to decide, hits of a search, folds."""

from __future__ import annotations

from dataclasses import replace

from exosuit.commands.models import Hit
from exosuit.commands.review_models import Context
from exosuit.faces.terminal.groups import LOOKED_AT, atoms_in, block_group, group_at, has_atom, hunk_at, hunk_rows, row
from exosuit.faces.terminal.scroll import in_sight, moved, paged, shown_from
from exosuit.faces.terminal.state import Call, Effect, Message, Place, State

FOLD = 200
"""Lines of a fold that are opened at a time."""


def move(state: State, action: str) -> State | None:
    """The state after a key that moves the cursor; None if the action is no such thing."""
    match action:
        case "line.next" | "line.prev":
            return moved(state, 1 if action == "line.next" else -1)
        case "page.next" | "page.prev":
            return paged(state, 1 if action == "page.next" else -1)
        case "hunk.next" | "hunk.prev":
            return to_hunk(state, 1 if action == "hunk.next" else -1)
        case "file.next" | "file.prev":
            return to_file(state, state.file + (1 if action == "file.next" else -1))
        case "first":
            return in_sight(replace(state, row=0, top=(0, 0)))
        case "last":
            return in_sight(replace(state, row=max(0, state.pages.total(state.file) - 1)))
        case "undecided":
            return onward(state)
    return None


def at(state: State, place: Place) -> State:
    """The state at a place where one was before."""
    file, number, top = place
    return in_sight(replace(state, file=file, row=number, top=top))


def to_file(state: State, file: int, *, last: bool = False) -> State:
    """At the first (or the last) hunk of a file; says so where there is no such file."""
    if not 1 <= file <= state.files:
        return replace(state, message=Message("This is the last file." if file > 1 else "This is the first file."))
    state = replace(state, file=file, row=0, top=(0, 0))
    hunks = state.pages.hunks(file)
    return show_hunk(state, len(hunks) if last else 1) if hunks else in_sight(state)


def show_hunk(state: State, hunk: int) -> State:
    """The cursor on the first changed line of a hunk, the whole of it in sight where it fits."""
    start, end = hunk_rows(state, hunk)
    near = range(start, min(end, start + LOOKED_AT))
    return shown_from(state, start, end, next((i for i in near if has_atom(row(state, i))), start))


def to_hunk(state: State, by: int) -> State:
    """At the next or the previous hunk, or block of a split one, over the borders of files."""
    hunk = hunk_at(state, state.row)
    if hunk and (state.file, hunk) in state.parted:
        here = block_group(state, state.row, hunk)
        start, end = hunk_rows(state, hunk)
        beyond = range(here.end, end) if by > 0 else range(here.start - 1, start - 1, -1)
        following = next((i for i in beyond if has_atom(row(state, i))), None)
        if following is not None:
            near = block_group(state, following, hunk)
            return shown_from(state, near.start, near.end, near.start)
    hunks = len(state.pages.hunks(state.file))
    if 1 <= hunk + by <= hunks:
        return show_hunk(state, hunk + by)
    return to_file(state, state.file + by, last=by < 0)


def onward(state: State) -> State:
    """At the next undecided atom behind the cursor, from the start again at the end; says so if none is left."""
    after = 0
    if state.pages.total(state.file):
        found = row(state, state.row)
        after = found[3] if has_atom(found) else max(0, _group_atoms(state)[0] - 1)
    following = state.board.next_undecided(state.file, after)
    if following is None:
        _, accepted, rejected, edited = state.board.tally
        told = f"Nothing is left to decide: {accepted:,} accepted, {edited:,} edited, {rejected:,} rejected. A applies."
        return replace(state, message=Message(told))
    return to_atom(state, *following)


def _group_atoms(state: State) -> tuple[int, int]:
    group = group_at(state, state.row)
    return atoms_in(state, group.start, group.end)


def to_atom(state: State, file: int, atom: int) -> State:
    """The cursor on the first row of an atom."""
    if file != state.file:
        state = replace(state, file=file, row=0, top=(0, 0))
    hunks = state.pages.hunks(file)
    if not hunks:
        return in_sight(replace(state, row=0))
    low, high = 1, len(hunks)
    while low < high:
        middle = (low + high + 1) // 2
        if _first_seen(state, middle) <= atom:
            low = middle
        else:
            high = middle - 1
    for hunk in (low, *([low + 1] if low < len(hunks) else [])):
        start, end = hunk_rows(state, hunk)
        for i in range(start, min(end, start + 2 * LOOKED_AT)):
            found = row(state, i)
            if has_atom(found) and found[3] == atom:
                return shown_from(state, start, end, i)
    return show_hunk(state, low)


def _first_seen(state: State, hunk: int) -> int:
    """The atom of the first changed row of a hunk."""
    start, end = hunk_rows(state, hunk)
    return next((row(state, i)[3] for i in range(start, end) if has_atom(row(state, i))), 0)


def to_hit(state: State, hit: Hit) -> State:
    """The cursor on the line that a search found; `hit.row` is where its atom begins in the file without edits."""
    file = int(hit.file)
    if file != state.file:
        state = replace(state, file=file, row=0, top=(0, 0))
    kind, column = ("-", 1) if hit.side == "old" else ("+", 2)
    total = state.pages.total(file)
    first = min(hit.row, max(0, total - 1))
    for i in range(first, min(total, first + 4 * LOOKED_AT)):
        found = row(state, i)
        if found[0] == kind and found[column] == hit.line:
            return shown_from(state, i, i + 1, i)
    return shown_from(state, first, first + 1, first)


def step_hit(state: State, by: int) -> State:
    """At the next or the previous hit, round and round."""
    search = state.search
    if search is None or not search.hits:
        return state
    search = replace(search, at=(search.at + by) % len(search.hits))
    return told_hit(to_hit(replace(state, search=search), search.hits[search.at]))


def told_hit(state: State) -> State:
    """Says which hit the cursor is on."""
    search = state.search
    if search is None:
        return state
    many = f"{len(search.hits):,}{' or more' if search.more else ''}"
    told = f"hit {search.at + 1:,} of {many} for {search.query!r}: n p go on, Enter stays, Esc goes back"
    return replace(state, message=Message(told))


def first_hit(state: State, hits: tuple[Hit, ...]) -> int:
    """The first hit at or behind the cursor, else the first of all."""
    here = (state.file, state.row)
    return next((i for i, hit in enumerate(hits) if (int(hit.file), hit.row) >= here), 0)


def fold(state: State) -> tuple[State, list[Effect]]:
    """Open (some more of) the fold under the cursor, or close it when all of it is open."""
    if not state.pages.total(state.file) or row(state, state.row)[0] != "#":
        return replace(state, message=Message("There is no fold on this line.")), []
    _, old, new, hidden, _, _ = row(state, state.row)
    key = (state.file, state.row)
    done = len(state.opened.get(key, ()))
    if done >= hidden:
        opened = {other: rows for other, rows in state.opened.items() if other != key}
        return in_sight(replace(state, opened=opened)), []
    count = min(FOLD, hidden - done)
    fields = {"change": state.change, "file": state.file, "old": old + done, "new": new + done, "count": count}
    return state, [Call("review.context", fields, "fold", state.place)]


def unfolded(state: State, call: Call, context: Context) -> State:
    """With the lines of a fold that were asked for."""
    if call.place is None:
        return state
    key = call.place[:2]
    opened = {**state.opened, key: (*state.opened.get(key, ()), *context.rows)}
    return in_sight(replace(state, opened=opened))


def with_rows_anew(state: State, files: set[int]) -> State:
    """Without what is known of the rows of files whose edits changed."""
    if not files:
        return state
    opened = {key: rows for key, rows in state.opened.items() if key[0] not in files}
    return replace(state, pages=state.pages.without(files), opened=opened)


def hunk_place(state: State) -> tuple[int, int]:
    """The hunk of the cursor and how many rows below its start it is."""
    hunk = hunk_at(state, state.row)
    return (hunk, state.row - hunk_rows(state, hunk)[0]) if hunk else (0, state.row)


def in_hunk(state: State, hunk: int, offset: int) -> State:
    """The cursor back in a hunk after its rows were read anew; on what is changed if it was."""
    hunks = state.pages.hunks(state.file)
    if not hunks or not hunk:
        return in_sight(state)
    start, end = hunk_rows(state, min(hunk, len(hunks)))
    return in_sight(replace(state, row=min(max(start + offset, 0), end - 1)))
