"""Laws of the three-way merge."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exosuit.changes.merge import merge3

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n", b"a\r\n", b"\0\xff\n", b"\r\n"]), max_size=12)
TEXTS = st.builds(lambda lines, end: b"".join(lines) + end, LINES, st.sampled_from([b"", b"a", b"end", b"\r"]))


@given(TEXTS, TEXTS)
def test_a_side_that_changed_nothing_takes_the_other(base: bytes, side: bytes) -> None:
    assert merge3(base, base, side).data == side
    assert merge3(base, side, base).data == side


@given(TEXTS, TEXTS)
def test_the_same_edit_on_both_sides_is_no_conflict(base: bytes, side: bytes) -> None:
    assert merge3(base, side, side).data == side


@given(TEXTS, TEXTS, TEXTS)
def test_swapping_the_sides_swaps_only_the_sides(base: bytes, mine: bytes, theirs: bytes) -> None:
    one, other = merge3(base, mine, theirs), merge3(base, theirs, mine)
    assert one.data == other.data
    assert [(r.base, r.mine, r.theirs) for r in one.conflicts] == [(r.base, r.theirs, r.mine) for r in other.conflicts]


@given(TEXTS, TEXTS, TEXTS)
def test_conflicting_regions_are_ordered_apart_and_inside_their_texts(base: bytes, mine: bytes, theirs: bytes) -> None:
    merged = merge3(base, mine, theirs)
    assert (merged.data is None) == bool(merged.conflicts)
    for name, text in (("base", base), ("mine", mine), ("theirs", theirs)):
        end = -1
        for region in merged.conflicts:
            start, stop = getattr(region, name)
            assert end <= start <= stop <= len(lines_of(text))
            end = stop


@st.composite
def separate_edits(draw: st.DrawFn) -> tuple[bytes, bytes, bytes, bytes]:
    """A base of distinct lines, two edits with an untouched line between them, and both edits made."""
    count = draw(st.integers(3, 30))
    lines = [b"line %d\n" % number for number in range(count)]
    if draw(st.booleans()):
        lines[-1] = lines[-1].rstrip(b"\n")
    cuts = sorted(draw(st.lists(st.integers(0, count), min_size=4, max_size=4)))
    assume(cuts[2] > cuts[1])
    one, other = draw(st.sampled_from([[], [b"x\n"], [b"x\n", b"\0y\n"]])), draw(st.sampled_from([[], [b"p\n"] * 3]))
    mine = lines[: cuts[0]] + one + lines[cuts[1] :]
    theirs = lines[: cuts[2]] + other + lines[cuts[3] :]
    both = lines[: cuts[0]] + one + lines[cuts[1] : cuts[2]] + other + lines[cuts[3] :]
    assume(cuts[3] < count or lines[-1].endswith(b"\n"))
    return b"".join(lines), b"".join(mine), b"".join(theirs), b"".join(both)


@given(separate_edits())
def test_edits_that_do_not_touch_both_land(texts: tuple[bytes, bytes, bytes, bytes]) -> None:
    base, mine, theirs, both = texts
    assert merge3(base, mine, theirs).data == both


@given(TEXTS, TEXTS, TEXTS)
def test_what_merges_is_what_git_merges(
    tmp_path_factory: pytest.TempPathFactory, base: bytes, mine: bytes, theirs: bytes
) -> None:
    """Where both merge, the bytes agree, unless git and we lined up repeated lines differently."""
    merged = merge3(base, mine, theirs)
    code, text = git_merge(tmp_path_factory.mktemp("merge"), base, mine, theirs)
    if merged.data is None or code != 0 or b"\0" in base + mine + theirs:
        return
    assert sorted(lines_of(merged.data)) == sorted(lines_of(text))


def git_merge(folder: Path, base: bytes, mine: bytes, theirs: bytes) -> tuple[int, bytes]:
    for name, data in (("base", base), ("mine", mine), ("theirs", theirs)):
        (folder / name).write_bytes(data)
    done = subprocess.run(["git", "merge-file", "-p", "mine", "base", "theirs"], cwd=folder, capture_output=True)
    return done.returncode, done.stdout


def lines_of(text: bytes) -> list[bytes]:
    """Lines as git counts them: they end at a newline and nowhere else."""
    lines = text.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
