"""The machine: (state, event) to (state, effects). Pure; `advance` repeats a step that needs rows not read yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from exosuit.commands.models import Applied, Decided, Found, Imported, Undone
from exosuit.commands.review_models import Context, Facts, Overview, Region, States
from exosuit.faces.terminal import deciding
from exosuit.faces.terminal.deciding import Step
from exosuit.faces.terminal.frame import is_split
from exosuit.faces.terminal.groups import group_at
from exosuit.faces.terminal.keys import ACTIONS
from exosuit.faces.terminal.moving import (
    at,
    first_hit,
    fold,
    move,
    step_hit,
    to_atom,
    to_file,
    to_hit,
    told_hit,
    unfolded,
)
from exosuit.faces.terminal.pages import MissingError, Reader
from exosuit.faces.terminal.panels import panel_key
from exosuit.faces.terminal.prompts import typed
from exosuit.faces.terminal.scroll import in_sight
from exosuit.faces.terminal.state import (
    Answered,
    Call,
    Edited,
    Effect,
    Event,
    Failed,
    Key,
    Message,
    Panel,
    Prompt,
    Quit,
    Redraw,
    Reread,
    Resized,
    Search,
    State,
    Tick,
    opening,
)  # fmt: skip

HITS = 1000
"""Hits of a search that are asked for."""

T = TypeVar("T")


def with_rows(state: State, work: Callable[[State], T], read: Reader) -> tuple[State, T]:
    """`work(state)`, with rows read as it asks for them; and the state with these rows."""
    asked = set()
    while True:
        try:
            return state, work(state)
        except MissingError as missing:
            window = (missing.file, missing.window)
            assert window not in asked, f"{window} is forgotten and asked for in the same step"
            asked.add(window)
            state = replace(state, pages=state.pages.read(read(missing.file, missing.window)))


def advance(state: State, event: Event, read: Reader) -> Step:
    """One step, with the rows that it needs."""
    return with_rows(state, lambda known: step(known, event), read)[1]


def step(state: State, event: Event) -> Step:
    """What an event makes of a state. Raises `MissingError` where rows must be read first."""
    match event:
        case Key():
            return _key(replace(state, message=Message()), event)
        case Tick():
            return _ticked(state)
        case Resized():
            after = replace(state, size=(event.columns, event.lines))
            return in_sight(_split_if_room(after)), []
        case Answered():
            return _answered(state, event)
        case Failed():
            return _failed(state, event)
        case Reread():
            return deciding.reread(state, event), []
        case Edited():
            return deciding.edited(state, event)


def _ticked(state: State) -> Step:
    """Asks what others have decided meanwhile, and for the facts on the group that the cursor rests on."""
    effects: list[Effect] = [deciding.sync(state, "quietly")]
    if wants_facts(state):
        fields = {"change": state.change, "file": state.file, "atoms": state.looked_at}
        effects.append(Call("review.facts", fields, "facts"))
    return replace(state, known_of=state.looked_at), effects


def wants_facts(state: State) -> bool:
    """Whether facts are shown, but of something else than what the cursor is on."""
    return state.facts and state.known_of != state.looked_at


def _split_if_room(state: State) -> State:
    return replace(state, split=state.split and is_split(state))


def _key(state: State, key: Key) -> Step:
    if state.prompt is not None:
        return _prompt_key(state, state.prompt, key)
    if state.panel is not None:
        return panel_key(state, state.panel, key.name)
    action = ACTIONS.get(key.name)
    if state.search is not None:
        if action in ("hunk.next", "hunk.prev"):
            return step_hit(state, 1 if action == "hunk.next" else -1), []
        if action == "close":
            return replace(at(state, state.search.came_from), search=None), []
        state = replace(state, search=None)
        if action == "fold":
            return state, []
    if action is None:
        return state, []
    gone = move(state, action)
    if gone is not None:
        return gone, []
    return deciding.decide(state, action, key.name, key.at) or _other(state, action)


def _other(state: State, action: str) -> Step:
    match action:
        case "fold":
            return fold(state)
        case "reason":
            return replace(state, prompt=Prompt("reason", atoms=(group_at(state, state.row).selector,))), []
        case "comment":
            return replace(state, prompt=Prompt("comment", atoms=deciding.comment_on(state))), []
        case "search":
            return replace(state, prompt=Prompt("search")), []
        case "goto":
            return replace(state, panel=Panel("files", at=state.file - 1)), []
        case "help":
            return replace(state, panel=Panel("help")), []
        case "split":
            return deciding.split_hunk(state), []
        case "view":
            return _view(state), []
        case "facts":
            return in_sight(replace(state, facts=not state.facts, known_of="")), []
        case "undo" | "redo":
            return deciding.undo(state, action)
        case "apply":
            return deciding.apply_asked(state, dry_run=True)
        case "refresh":
            return state, [Call("change.refresh", {"change": state.change}, "refresh", state.place)]
        case "redraw":
            return state, [Redraw()]
        case "quit":
            return state, [Quit()]
        case _:
            return replace(state, facts=False) if state.facts else state, []


def _view(state: State) -> State:
    if not state.split and not is_split(state):
        return replace(state, message=Message("The split view needs a wider terminal."))
    return in_sight(replace(state, split=not state.split))


def _prompt_key(state: State, prompt: Prompt, key: Key) -> Step:
    if key.name == "Escape":
        return replace(state, prompt=None), []
    if key.name != "Enter":
        return replace(state, prompt=typed(prompt, key.name)), []
    state = replace(state, prompt=None)
    if prompt.what == "reason":
        return deciding.rejected_because(state, prompt.atoms, prompt.text.strip())
    if not prompt.text.strip():
        return state, []
    if prompt.what == "comment":
        return deciding.commented(state, prompt.atoms, prompt.text)
    fields = {"change": state.change, "query": prompt.text, "limit": HITS}
    return state, [Call("change.search", fields, "search", state.place)]


def _answered(state: State, event: Answered) -> Step:
    call, output = event.call, event.output
    match output:
        case States():
            return deciding.synced(state, call, output)
        case Applied():
            return deciding.applied(state, call, output)
        case Undone():
            return deciding.undone(state, call, output)
        case Decided():
            return _decided(state, call, output)
        case Region():
            return deciding.edit_asked(state, output)
        case Context():
            return unfolded(state, call, output), []
        case Facts():
            return replace(state, known=output), []
        case Imported():
            return _refreshed(state, output)
        case Overview():
            return _reopened(state, output), [Reread(0, 0, onward=True)]
        case Found():
            return _found(state, call, output), []
    return state, []


def _refreshed(state: State, output: Imported) -> Step:
    """After the source was read again: its change is opened where it is another one now."""
    if output.change == state.change:
        return replace(state, message=Message("The source is as it was.")), []
    told = f"Read again: {output.carried:,} decided edits came along, {output.asked_again:,} are asked again."
    return replace(state, message=Message(told)), [Call("review.overview", {"change": output.change}, "reopen")]


def _reopened(state: State, overview: Overview) -> State:
    """Another change in the place of this one, looked at in the same way."""
    return replace(opening(overview, state.size), split=state.split, facts=state.facts, message=state.message)


def _decided(state: State, call: Call, output: Decided) -> Step:
    state, effects = deciding.decided(state, call, output)
    if call.name == "change.resolve":
        asked = deciding.apply_asked(state, dry_run=True)[1]
        return replace(state, message=Message(f"{call.fields['path']}: {call.fields['take']} stays.")), [
            *effects,
            *asked,
        ]
    return state, effects


def _found(state: State, call: Call, output: Found) -> State:
    query = str(call.fields["query"])
    if not output.hits:
        return replace(state, message=Message(f"Nothing found for {query!r}."))
    hits = tuple(output.hits)
    search = Search(query, hits, output.more, first_hit(state, hits), state.place)
    return told_hit(to_hit(replace(state, search=search), hits[search.at]))


def _failed(state: State, event: Failed) -> Step:
    error = event.error
    message = Message(error.message, error.hint, is_error=True)
    effects: list[Effect] = [] if event.call.then.startswith("sync") else [deciding.sync(state)]
    return in_sight(replace(state, message=message)) if state.files else replace(state, message=message), effects


def begin(state: State) -> State:
    """At the first undecided atom, or at the first hunk when all is decided."""
    if not state.files:
        return state
    following = state.board.next_undecided(1, 0)
    state = to_atom(state, *following) if following is not None else to_file(state, 1)
    return replace(state, message=Message("? shows every key"))
