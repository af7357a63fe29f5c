"""Deciding: which command a key means, on which atoms; and what is said when it comes back."""

from __future__ import annotations

from dataclasses import replace

from exosuit.commands.models import Applied, ConflictOut, Decided, SkippedOut, Undone
from exosuit.commands.review_models import Region, States
from exosuit.faces.terminal.board import ACCEPTED, EDITED
from exosuit.faces.terminal.groups import Group, block_group, group_at, has_atom, row, selector, unit_at
from exosuit.faces.terminal.moving import at, hunk_place, in_hunk, onward, with_rows_anew
from exosuit.faces.terminal.state import Call, Edit, Edited, Effect, Message, Panel, Place, Reread, State

SEEN = 0.3
"""Seconds that a group must have been on screen before a key decides it."""

HELD = 0.12
"""Seconds within which the same deciding key is one held down, and does nothing: a terminal tells of no release."""

PLACES = 200
"""Events whose place is remembered for undo."""

Step = tuple[State, list[Effect]]

VERBS = {
    "accept": "change.accept",
    "reject": "change.reject",
    "file.accept": "change.accept",
    "file.reject": "change.reject",
}


def decide(state: State, action: str, key: str, now: float) -> Step | None:
    """The state and the commands after a key that decides; None if the action is no such thing."""
    if action not in DECIDING:
        return None
    previous, when = state.last_decided
    state = replace(state, last_decided=(key, now))
    if key == previous and now - when < HELD:
        return state, []
    if not state.pages.total(state.file):
        return replace(state, message=Message("There is nothing to decide here.")), []
    group = group_at(state, state.row)
    since = state.since if group.selector == state.looked_at else now
    if action in SEEN_FIRST and now - since < SEEN:
        shown = max(0, round((now - since) * 1000))
        return replace(state, message=Message(f"Nothing decided: this was on screen for only {shown} ms.")), []
    return DECIDING[action](state, action, group)


def _group(state: State, action: str, group: Group) -> Step:
    return state, [_call(state, VERBS[action], group.selector, "onward")]


def _file(state: State, action: str, _group: Group) -> Step:
    return state, [_call(state, VERBS[action], str(state.file), "onward")]


def _line(state: State, _action: str, _group: Group) -> Step:
    """The atoms of the line; back to undecided if they were accepted."""
    atoms = [found[3] for found in (row(state, i) for i in unit_at(state, state.row)) if has_atom(found)]
    if not atoms:
        return replace(state, message=Message("This line is unchanged: there is nothing to decide.")), []
    first, last = min(atoms), max(atoms)
    accepted = state.board.files[state.file - 1].of(first) in (ACCEPTED, EDITED)
    return state, [
        _call(state, "change.clear" if accepted else "change.accept", selector(state.file, first, last), "decide")
    ]


def _part(state: State, _action: str, group: Group) -> Step:
    if not group.hunk:
        return _file(state, "file.accept", group)
    part = block_group(state, state.row, group.hunk)
    return state, [_call(state, "change.accept", part.selector, "decide")]


def _clear(state: State, _action: str, group: Group) -> Step:
    return state, [_call(state, "change.clear", group.selector, "decide")]


def _edit(state: State, _action: str, group: Group) -> Step:
    return state, [Call("review.region", {"change": state.change, "atoms": group.selector}, "edit", state.place)]


DECIDING = {
    "accept": _group, "reject": _group, "file.accept": _file, "file.reject": _file, "line.accept": _line, "part": _part,
    "clear": _clear, "edit": _edit,
}  # fmt: skip
SEEN_FIRST = frozenset({"accept", "reject", "file.accept", "file.reject", "part"})


def _call(state: State, name: str, atoms: str, then: str, why: str = "") -> Call:
    fields = {"change": state.change, "atoms": [atoms], **({"why": why} if why else {})}
    return Call(name, fields, then, state.place)


def rejected_because(state: State, atoms: tuple[str, ...], why: str) -> Step:
    """Reject with a reason, and go on."""
    return state, [_call(state, "change.reject", atoms[0], "onward", why)]


def commented(state: State, atoms: tuple[str, ...], text: str) -> Step:
    """Say something about atoms."""
    fields = {"change": state.change, "text": text, "atoms": list(atoms)}
    return state, [Call("change.comment", fields, "comment", state.place)]


def comment_on(state: State) -> tuple[str, ...]:
    """The atoms that a comment written here is about: those of the line, else of the hunk."""
    if not state.pages.total(state.file):
        return (str(state.file),)
    found = row(state, state.row)
    if has_atom(found):
        return (selector(state.file, found[3], found[3]),)
    return (group_at(state, state.row).selector,)


def undo(state: State, verb: str) -> Step:
    """Take back the last event of the change, or do it again: decisions, comments, applies."""
    return state, [Call(f"change.{verb}", {"change": state.change}, verb, state.place)]


def sync(state: State, then: str = "") -> Call:
    """Asks what has been decided since, here or elsewhere."""
    return Call("review.states", {"change": state.change, "since": state.seq}, f"sync {then}".strip())


def decided(state: State, call: Call, output: Decided) -> Step:
    """After a decision: remember where it was made, say it, read the states."""
    state = _remembered(state, output.event, call.place)
    also = f" Decided too, because the others need them: {', '.join(output.also)}." if output.also else ""
    verb = call.name.partition(".")[2]
    what = {"accept": "Accepted", "reject": "Rejected", "clear": "Undecided again:", "edit": "Your text stands for"}
    atoms = call.fields.get("atoms") or [call.fields.get("atom", "")]
    told = f"{what.get(verb, 'Said on')} {_named(state, str(atoms[0]) if atoms else '')}.{also}"
    return replace(state, message=Message(told)), [sync(state, "onward" if call.then == "onward" else "")]


def _named(state: State, atoms: str) -> str:
    """Atoms in words: the hunk or the file where it is a whole one."""
    file, _, hunk = atoms.partition("h")
    if hunk and file.isdigit():
        return f"hunk {hunk} of {state.overview.paths[int(file) - 1]}"
    if atoms.isdigit():
        return state.overview.paths[int(atoms) - 1]
    return atoms or "the change"


def _remembered(state: State, event: int | None, place: Place | None) -> State:
    if event is None or place is None:
        return state
    kept = dict(list(state.places.items())[1 - PLACES :])
    return replace(state, places={**kept, event: place})


def undone(state: State, call: Call, output: Undone) -> Step:
    """After an undo or redo: say it, go to where the event was made."""
    told = f"{'Taken back' if call.then == 'undo' else 'Done again'}: {output.kind}"
    if output.tree is not None:
        told += f", {counted(len(output.tree.applied), 'file')} written"
        left: list[ConflictOut | SkippedOut] = [*output.tree.conflicts, *output.tree.skipped]
        told += "".join(f"; left alone: {item.path} ({item.why})" for item in left[:2])
    place = state.places.get(output.event)
    if place is not None:
        state = at(state, place)
    return replace(state, message=Message(f"{told}.")), [sync(state)]


def synced(state: State, call: Call, output: States) -> Step:
    """With what has been decided since; the rows of files with edits are read anew."""
    news = {int(file): runs for file, runs in output.files.items()}
    board = state.board.updated(news)
    edited = {file for file in news if state.board.files[file - 1].tally[EDITED] or board.files[file - 1].tally[EDITED]}
    here = hunk_place(state) if state.file in edited and state.pages.total(state.file) else None
    state = replace(
        state, board=board, seq=output.seq, comments=tuple(output.comments), applied=output.applied,
        can_undo=output.can_undo, can_redo=output.can_redo,
    )  # fmt: skip
    state, onwards = with_rows_anew(state, edited), call.then == "sync onward"
    if here is not None:
        return state, [Reread(*here, onwards)]
    return (onward_kept(state) if onwards else state), []


def reread(state: State, event: Reread) -> State:
    """The cursor where it was before rows were forgotten."""
    state = in_hunk(state, event.hunk, event.offset)
    return onward_kept(state) if event.onward else state


def onward_kept(state: State) -> State:
    """At the next undecided; what was said about the decision stays, unless nothing is left."""
    told = state.message
    gone = onward(replace(state, message=Message()))
    return gone if gone.message.text else replace(gone, message=told)


def edit_asked(state: State, region: Region) -> Step:
    """Open the editor on a hunk."""
    return state, [Edit(region.path, region.current, region.line, region.atoms)]


def edited(state: State, event: Edited) -> Step:
    """After the editor: the text becomes an edit."""
    if event.error is not None:
        return replace(state, message=event.error), []
    if not event.file:
        return replace(state, message=Message("Nothing was changed in the editor: nothing is decided.")), []
    fields = {"change": state.change, "atom": event.edit.atoms, "with": event.file}
    return state, [Call("change.edit", fields, "decide", state.place)]


def apply_asked(state: State, *, dry_run: bool) -> Step:
    """Ask what apply would do, or do it."""
    fields = {"change": state.change, "dry_run": dry_run}
    return state, [Call("change.apply", fields, "apply", state.place)]


def applied(state: State, call: Call, output: Applied) -> Step:
    """Show what apply did or would do."""
    state = _remembered(state, output.event, call.place)
    panel = Panel("apply", outcome=output)
    told = "" if output.dry_run else f"Written: {counted(len(output.applied), 'file')}. u takes it back."
    return replace(state, panel=panel, message=Message(told)), [] if output.dry_run else [sync(state)]


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def split_hunk(state: State) -> State:
    """Split the hunk into its blocks, or join it again."""
    if not state.pages.total(state.file):
        return state
    hunk = group_at(state, state.row).hunk
    key = (state.file, hunk)
    if key in state.parted:
        return replace(state, parted=state.parted - {key}, message=Message("Joined: the hunk is one decision."))
    return replace(state, parted=state.parted | {key}, message=Message("Split: each block is its own decision."))


def looked(state: State, now: float) -> State:
    """Notes that what the cursor is on has been drawn: since when it is on screen is what `decide` asks."""
    if not state.pages.total(state.file):
        return state
    name = group_at(state, state.row).selector
    return state if name == state.looked_at else replace(state, looked_at=name, since=now)
