"""Three-way merge, by example; its laws are in tests/property."""

from __future__ import annotations

import pytest

from exosuit.changes.merge import Region, is_binary, merge3

BASE = b"1\n2\n3\n4\n5\n"


def test_edits_of_different_lines_both_land() -> None:
    assert merge3(BASE, b"1\nmine\n3\n4\n5\n", b"1\n2\n3\n4\ntheirs\n").data == b"1\nmine\n3\n4\ntheirs\n"


@pytest.mark.parametrize(
    ("mine", "theirs", "region"),
    [
        (b"1\nM\n3\n4\n5\n", b"1\nT\n3\n4\n5\n", Region((1, 2), (1, 2), (1, 2))),
        (b"1\nM\n3\n4\n5\n", b"1\n2\nT\n4\n5\n", Region((1, 3), (1, 3), (1, 3))),
        (b"1\nM\n2\n3\n4\n5\n", b"1\nT\nT\n2\n3\n4\n5\n", Region((1, 1), (1, 2), (1, 3))),
        (b"1\n3\n4\n5\n", b"1\nT\n3\n4\n5\n", Region((1, 2), (1, 1), (1, 2))),
        (b"0\n" + BASE, b"T\n" + BASE, Region((0, 0), (0, 1), (0, 1))),
    ],
    ids=["same line", "touching lines", "both insert", "delete and edit", "both prepend"],
)
def test_edits_that_overlap_or_touch_are_a_conflict_with_its_lines(mine: bytes, theirs: bytes, region: Region) -> None:
    merged = merge3(BASE, mine, theirs)
    assert merged.data is None
    assert merged.conflicts == (region,)


def test_one_conflict_does_not_hide_another_nor_a_clean_edit_between() -> None:
    base = b"".join(b"%d\n" % number for number in range(9))
    mine = base.replace(b"1\n", b"M\n").replace(b"7\n", b"M\n")
    theirs = base.replace(b"1\n", b"T\n").replace(b"4\n", b"t\nt\n").replace(b"7\n", b"T\n")
    assert merge3(base, mine, theirs).conflicts == (
        Region((1, 2), (1, 2), (1, 2)),
        Region((7, 8), (7, 8), (8, 9)),
    )


def test_the_same_edit_on_both_sides_converges_beside_other_edits() -> None:
    assert merge3(BASE, b"S\n2\n3\n4\nM\n", b"S\n2\nT\n4\n5\n").data == b"S\n2\nT\n4\nM\n"


def test_a_missing_newline_at_the_end_is_an_edit_of_the_last_line() -> None:
    assert merge3(b"a\nb\nc\n", b"a\nb\nc", b"A\nb\nc\n").data == b"A\nb\nc"
    assert merge3(b"a\nb\nc", b"a\nb\nc\n", b"A\nb\nc").data == b"A\nb\nc\n"
    assert merge3(b"a\nb\nc", b"a\nb\nC", b"a\nb\nc\nd\n").data is None


def test_carriage_returns_and_late_nul_bytes_are_bytes_like_others() -> None:
    base = b"x\r\n" * 4000 + b"a\0b\r\nc\rd\r\ne\r\n"
    mine, theirs = base.replace(b"a\0b", b"a\0\0b"), base.replace(b"e\r\n", b"e\n")
    assert not is_binary(base)
    assert merge3(base, mine, theirs).data == mine.replace(b"e\r\n", b"e\n")


def test_everything_may_be_deleted_or_added() -> None:
    assert merge3(b"", b"a\n", b"a\n").data == b"a\n"
    assert merge3(b"", b"a\n", b"b\n").data is None
    assert merge3(b"a\n", b"", b"a\n").data == b""


def test_a_nul_among_the_first_bytes_is_binary_as_git_has_it() -> None:
    assert is_binary(b"a" * 7999 + b"\0")
    assert not is_binary(b"a" * 8000 + b"\0")
