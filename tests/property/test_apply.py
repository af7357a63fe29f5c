"""Laws of apply and undo, over random trees, changes and edits of the user's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from exosuit.changes.disk import Disk
from exosuit.changes.entries import Entry
from exosuit.changes.threeway import Step
from tests.applying import FILE, LINK, PROGRAM, Workplace, in_memory

NAMES = st.sampled_from([b"a", b"b", b"c", b"d e", b"\xff\n", b"-x"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(b"/".join)
CONTENTS = st.lists(st.sampled_from([b"1\n", b"2\n", b"\0\n", b"\r\n", b"end"]), max_size=6).map(b"".join)
ENTRIES = st.one_of(
    st.builds(Entry, st.sampled_from([FILE, PROGRAM]), CONTENTS),
    st.builds(Entry, st.just(LINK), st.sampled_from([b"a", b"../..", b"/nowhere"])),
)


def without_clashes(tree: dict[bytes, Entry]) -> dict[bytes, Entry]:
    """A tree in which no file is another one's folder."""
    return {path: entry for path, entry in tree.items() if not any(other.startswith(path + b"/") for other in tree)}


TREES = st.dictionaries(PATHS, ENTRIES, max_size=7).map(without_clashes)
DISKS = st.sampled_from([{}, {"openat2": False}, {"renameat2": False}])


def steps_between(old: dict[bytes, Entry], new: dict[bytes, Entry]) -> list[Step]:
    """What changes from one tree to another; a vanished file whose entry appears elsewhere is a rename."""
    gone = {path: entry for path, entry in old.items() if path not in new}
    steps = []
    for path, entry in new.items():
        source = next((one for one, other in gone.items() if other == entry), None) if path not in old else None
        if source is not None:
            del gone[source]
            steps.append(Step(path, entry, entry, source))
        elif old.get(path) != entry:
            steps.append(Step(path, old.get(path), entry))
    return steps + [Step(path, entry, None) for path, entry in gone.items()]


def workplace(tree: dict[bytes, Entry]) -> Iterator[Workplace]:
    with TemporaryDirectory() as folder, in_memory(Path(folder)) as place:
        for path, entry in tree.items():
            place.write(path, entry.data, entry.mode)
        yield place


@settings(max_examples=150)
@given(TREES, TREES, DISKS)
def test_apply_gives_the_other_tree_and_undo_gives_it_back(
    old: dict[bytes, Entry], new: dict[bytes, Entry], ways: dict[str, bool]
) -> None:
    for place in workplace(old):
        outcome = place.apply(*steps_between(old, new), disk=Disk(**ways))
        assert not outcome.conflicts
        assert place.entries() == new
        assert place.left_over() == []
        again = place.apply(*steps_between(old, new), disk=Disk(**ways))
        assert (again.done, again.conflicts) == ((), ())
        undone = place.undo(outcome, Disk(**ways))
        assert not undone.conflicts
        assert place.entries() == old
        assert len(place.records) == 2 * bool(outcome.done)


@settings(max_examples=150)
@given(TREES, TREES, TREES)
def test_what_the_user_has_is_there_after_apply_and_undo_or_was_never_touched(
    base: dict[bytes, Entry], new: dict[bytes, Entry], mine: dict[bytes, Entry]
) -> None:
    """A change made for `base` on a tree that is `mine`: what it did not do is left alone, undo gives `mine` back."""
    for place in workplace(mine):
        outcome = place.apply(*steps_between(base, new))
        blocked = {conflict.path for conflict in outcome.conflicts}
        touched = {path for step in outcome.done for path in (step.path, step.origin)}
        assert not {step.path for step in outcome.done} & blocked
        now = place.entries()
        for path, entry in mine.items():
            assert path in touched or now[path] == entry
        undone = place.undo(outcome)
        assert not undone.conflicts
        assert place.entries() == mine
        assert place.left_over() == []
