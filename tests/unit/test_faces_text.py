"""Words for people: nothing that was shown can steer a terminal, columns line up, results read well."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exosuit.commands import models as m
from exosuit.commands import review_models as r
from exosuit.faces.human import render
from exosuit.faces.progress import clock, line
from exosuit.faces.text import BIDI, columns, shown, width


@given(st.text())
def test_nothing_that_is_shown_steers_a_terminal(text: str) -> None:
    seen = shown(text)
    assert not [c for c in seen if ord(c) < 32 or 127 <= ord(c) < 160 or c in BIDI]
    assert "\n" not in seen


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\nb", "a\\nb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202etxt", "\\u202etxt"),
        ("é 漢", "é 漢"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_would_steer_it_is_spelled_out(text: str, seen: str) -> None:
    assert shown(text) == seen


def test_lines_stay_lines_where_they_are_wanted() -> None:
    assert shown("a\n\tb\x1b\r", lines=True) == "a\n\tb\\x1b\\r"


def test_columns_line_up_whatever_is_in_them() -> None:
    rows = columns([("a", "1", "x"), ("漢字", "200", "y")], right=frozenset({1}))
    assert ["".join(row) for row in rows] == ["a       1  x", "漢字  200  y"]
    assert [width(text) for text in ("ab", "漢字", "e\u0301")] == [2, 4, 1]


def test_a_list_of_changes_is_a_table() -> None:
    item = m.Summary(
        change="abc", title="A\x1b[2J title", source="s", created="t", files=1200, atoms=4, hunks=2, lines_added=10,
        lines_removed=3, undecided=1, accepted=3, rejected=0, edited=0, applied=False,
    )  # fmt: skip
    table = render(m.Changes(changes=[item]), colour=False).decode().splitlines()
    assert table == [
        "change  files  hunks   lines  decided  title",
        "abc     1,200      2  +10 -3      3/4  A\\x1b[2J title",
    ]
    assert b"No changes yet" in render(m.Changes(changes=[]), colour=False)


def test_a_decision_is_one_line_in_colour_only_where_wanted() -> None:
    out = m.Decided(change="abc", event=3, undecided=0, accepted=2, rejected=1, edited=0, also=[])
    assert render(out, colour=False) == "abc  2 accepted · 1 rejected\n".encode()
    assert render(out, colour=True) == "abc  \x1b[32m2 accepted\x1b[0m · \x1b[31m1 rejected\x1b[0m\n".encode()


def test_a_patch_and_a_file_are_printed_byte_for_byte() -> None:
    text = m.Exported(change="a", files=1, patch="--- a\r\n", encoding="utf-8")
    assert render(text, colour=True) == b"--- a\r\n"
    assert render(text.model_copy(update={"patch": "/wA=", "encoding": "base64"}), colour=True) == b"\xff\x00"
    file = r.FileText(path="p", text="é\x1b\n", id="", encoding="utf-8")
    assert render(file, colour=True) == "é\x1b\n".encode()
    assert render(file, colour=True, terminal=True) == "é\\x1b\n".encode()


def test_an_apply_says_what_it_wrote_and_what_to_do_about_the_rest() -> None:
    conflict = m.ConflictOut(path="c d", why="you edited it", atoms=["1.1"], mine="", theirs="")
    out = m.Applied(change="abc", event=1, applied=["a", "b"], unchanged=[], conflicts=[conflict], skipped=[])
    assert render(out, colour=False).decode().splitlines() == [
        "abc  wrote 2 files",
        "  a",
        "  b",
        "conflict  c d: you edited it",
        "  exosuit change resolve abc 'c d' --take mine (or theirs)",
    ]
    undone = m.Undone(change="abc", event=1, kind="apply", undecided=0, accepted=1, rejected=0, edited=0, tree=out)
    said = render(undone, colour=False).decode()
    assert "resolve" not in said  # that decides what the next apply does, not what an undo does
    assert "put your lines there aside" in said


@pytest.mark.parametrize(
    ("done", "total", "seconds", "seen"),
    [
        (1, 2, 4.0, "files  [############------------]  50 %  0:04 left"),
        (0, 5, 2.0, "files  [------------------------]   0 %  "),
        (7, 5, 2.0, "files  [########################] 100 %  0:00 left"),
        (3, 0, 61.0, "files  3  1:01"),
    ],
)
def test_progress_is_a_share_and_the_time_that_is_left(done: int, total: int, seconds: float, seen: str) -> None:
    assert line(done, total, "files", seconds) == seen


def test_progress_cannot_steer_a_terminal_either() -> None:
    assert "\x1b" not in line(1, 2, "\x1b[2J" * 99, 1.0)
    assert len(line(1, 2, "x" * 999, 1.0)) < 100
    assert clock(3599.6) == "60:00"
