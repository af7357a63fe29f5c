"""Laws of decisions: a fold over events in which undo and redo never take or give more than they say."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exosuit.changes import folding
from exosuit.changes.decisions import NAMES, Decisions, merged, run_lengths
from exosuit.changes.folding import Folding, fold
from exosuit.core.ledger import Event

ATOMS = 24


class Log:
    """A ledger in memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, kind: str, **data: Any) -> Event:
        self.events.append(Event(len(self.events) + 1, "", "c", kind, "t", data))
        return self.events[-1]

    def now(self) -> Decisions:
        return fold(self.events, ATOMS)

    def undo(self) -> bool:
        event = self.now().undo
        if event is not None:
            self.add("undo", event=event.seq)
        return event is not None

    def redo(self) -> bool:
        event = self.now().redo
        if event is not None:
            self.add("redo", event=event.seq)
        return event is not None


SPANS = st.tuples(st.integers(0, ATOMS - 1), st.integers(1, 6)).map(lambda at: (at[0], min(ATOMS, at[0] + at[1])))
RANGES = st.lists(SPANS, min_size=1, max_size=3).map(merged)
ACTS = st.one_of(
    st.tuples(st.sampled_from(["accept", "reject", "clear"]), st.fixed_dictionaries({"atoms": RANGES})),
    st.tuples(st.just("edit"), st.fixed_dictionaries({"atoms": st.lists(SPANS, min_size=1, max_size=1),
                                                      "blob": st.sampled_from(["b1", "b2"])})),
    st.tuples(st.just("comment"), st.fixed_dictionaries({"atoms": RANGES, "text": st.just("said")})),
    st.tuples(st.just("resolve"), st.fixed_dictionaries({"path": st.just("a"), "take": st.sampled_from("xy")})),
    st.tuples(st.just("apply"), st.fixed_dictionaries({"tree": st.sampled_from(["t1", "t2"])})),
)  # fmt: skip
CARRIES = st.tuples(st.just("carry"), st.fixed_dictionaries({"accepted": RANGES}))
STEPS: st.SearchStrategy[list[tuple[str, dict[str, Any]]]] = st.builds(
    lambda carried, steps: carried + steps,
    st.lists(CARRIES, max_size=1),  # only ever in one step with the import
    st.lists(st.one_of(ACTS, ACTS, st.just(("undo", {})), st.just(("redo", {}))), max_size=25),
)


def played(steps: list[tuple[str, dict[str, Any]]]) -> Log:
    log = Log()
    for kind, data in steps:
        if kind == "undo":
            log.undo()
        elif kind == "redo":
            log.redo()
        else:
            log.add(kind, **data)
    return log


def seen(state: Decisions) -> object:
    """All that a person could tell two states apart by, but for what undo would do next."""
    return bytes(state.states), state.edits, state.comments, state.applied, state.resolved


@given(STEPS)
def test_going_back_any_number_of_steps_and_forth_again_changes_nothing(steps: list[Any]) -> None:
    log = played(steps)
    before, depth = log.now(), 0
    while log.undo():
        depth += 1
    for _ in range(depth):
        assert log.redo()
    assert seen(log.now()) == seen(before)
    assert (log.now().undo or None) == before.undo


@given(STEPS, ACTS)
def test_undo_gives_back_exactly_the_state_before(steps: list[Any], act: tuple[str, dict[str, Any]]) -> None:
    log = played(steps)
    before = log.now()
    event = log.add(act[0], **act[1])
    assert log.now().undo == event and log.now().redo is None
    assert log.undo()
    assert seen(log.now()) == seen(before)
    assert log.now().undo == before.undo and log.now().redo == event and event.seq in log.now().undone


@given(STEPS)
def test_taking_everything_back_leaves_only_what_was_carried(steps: list[Any]) -> None:
    log = played(steps)
    while log.undo():
        pass
    carried = [event for event in log.events if event.kind == "carry"]
    assert seen(log.now()) == seen(fold(carried, ATOMS))


@given(RANGES, st.sampled_from(["accept", "reject", "clear"]), STEPS)
def test_deciding_a_range_is_deciding_its_atoms_one_by_one(ranges: list[Any], verdict: str, steps: list[Any]) -> None:
    log = played([step for step in steps if step[0] != "edit"])
    one_by_one = Log()
    one_by_one.events = list(log.events)
    log.add(verdict, atoms=ranges)
    for first, end in ranges:
        for atom in range(first, end):
            one_by_one.add(verdict, atoms=[(atom, atom + 1)])
    assert log.now().states == one_by_one.now().states


@settings(max_examples=60)
@given(STEPS, st.integers(1, 5), st.sampled_from([1, 3, 256]))
def test_events_taken_in_pieces_give_what_they_give_at_once(steps: list[Any], piece: int, remembered: int) -> None:
    log = played(steps)
    kept, folding.REMEMBERED = folding.REMEMBERED, remembered
    try:
        going = Folding(ATOMS)
        earlier: list[tuple[Decisions, object]] = []
        for start in range(0, len(log.events), piece):
            going.take(log.events[start : start + piece])
            earlier.append((going.decisions(), seen(fold(log.events[: start + piece], ATOMS))))
    finally:
        folding.REMEMBERED = kept
    assert going.decisions() == log.now()
    assert all(seen(state) == then for state, then in earlier)


@given(STEPS)
def test_an_edit_holds_its_atoms_and_no_two_edits_overlap(steps: list[Any]) -> None:
    state = played(steps).now()
    held: set[int] = set()
    for edit in state.edits:
        atoms = set(range(edit.first, edit.end))
        assert not atoms & held
        held |= atoms
    assert held == {atom for atom, value in enumerate(state.states) if NAMES[value] == "edited"}


@given(STEPS, st.integers(0, 30))
def test_undo_and_redo_of_what_is_not_there_say_nothing(steps: list[Any], wrong: int) -> None:
    log = played(steps)
    before = log.now()
    in_force = {event.seq for event in log.events if event.seq not in before.undone}
    undoable = {event.seq for event in log.events if event.kind in ("accept", "reject", "clear", "edit", "comment",
                                                                   "resolve", "apply")}  # fmt: skip
    if wrong not in in_force & undoable:
        log.add("undo", event=wrong)
    if wrong not in before.undone:
        log.add("redo", event=wrong)
    assert seen(log.now()) == seen(before)


def test_an_apply_that_another_process_s_decision_follows_can_still_be_taken_back() -> None:
    log = Log()
    applied = log.add("apply", tree="t")
    accepted = log.add("accept", atoms=[(0, 2)])
    log.add("undo", event=applied.seq)
    assert (log.now().applied, log.now().undo, log.now().redo) == ([], accepted, applied)
    log.add("redo", event=applied.seq, steps=["new facts"])
    again = log.now().applied
    assert [event.seq for event in again] == [applied.seq] and again[0].data["steps"] == ["new facts"]
    assert log.now().states[:3] == b"\1\1\0"


def test_a_long_history_goes_back_further_than_is_remembered() -> None:
    log = Log()
    states = []
    for i in range(3 * folding.REMEMBERED):
        states.append(bytes(log.now().states)) if i % 97 == 0 else None
        log.add(("accept", "reject")[i % 2], atoms=[(i % ATOMS, i % ATOMS + 1)])
    going = Folding(ATOMS)
    going.take(log.events)
    for i in reversed(range(len(log.events))):
        going.take([replace(log.events[0], seq=10_000 - i, kind="undo", data={"event": i + 1})])
        if i % 97 == 0:
            assert going.decisions().states == states[i // 97]
    assert going.decisions().undo is None


@given(st.lists(st.integers(0, 3)))
def test_run_lengths_say_the_states(states: list[int]) -> None:
    coded = run_lengths(bytes(states))
    assert [state for count, state in coded for _ in range(count)] == states
    assert all(one[1] != other[1] for one, other in pairwise(coded))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))))
def test_merged_ranges_hold_the_same_atoms_in_order_and_apart(ranges: list[tuple[int, int]]) -> None:
    result = merged(ranges)
    assert {i for a, b in result for i in range(a, b)} == {i for a, b in ranges for i in range(a, b)}
    assert all(one[1] < other[0] for one, other in pairwise(result))
