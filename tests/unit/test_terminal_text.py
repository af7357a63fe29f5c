"""Text as cells, states as a board, one line being written: the small pure parts of the terminal review."""

from __future__ import annotations

from itertools import pairwise

import pytest

from exosuit.faces.terminal.board import ACCEPTED, EDITED, MIXED, REJECTED, UNDECIDED, Board, Standing
from exosuit.faces.terminal.cells import cut, fit, flat, padded, paragraph, width, wrap
from exosuit.faces.terminal.colours import GREEN, RED
from exosuit.faces.terminal.plain import SIGNS, plain
from exosuit.faces.terminal.prompts import matching, typed
from exosuit.faces.terminal.state import Prompt

SAMPLES = [
    "",
    "plain",
    "日本語テキスト",
    "e\u0301a\u0300 combining",
    "a\tb\t\tc",
    "👍 mixed 日\t本",
    "\u1100\u1161\u11a8",
    "x" * 50,
]


@pytest.mark.parametrize("text", SAMPLES)
@pytest.mark.parametrize("columns", [2, 3, 7, 40])
def test_wrapped_lines_hold_the_whole_text_and_none_is_wider_than_asked(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert [lines[0][0], lines[-1][1]] == [0, len(text)]
    assert all(end == start for (_, end), (start, _) in pairwise(lines))
    tab_fits = columns >= 4 or "\t" not in text
    assert all(width(flat(text[start:end])) <= columns for start, end in lines) or not tab_fits


def test_a_character_stays_with_those_that_combine_with_it() -> None:
    assert wrap("ae\u0301", 2) == [(0, 3)]
    assert wrap("aae\u0301", 2) == [(0, 2), (2, 4)]


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    assert [width(text) for text in ("ab", "日本", "e\u0301", "👍", "⬚✓✗│⋯")] == [2, 4, 1, 2, 5]


@pytest.mark.parametrize("hidden", ["\x1b[31m", "a\x07", "\u202eabc", "\x9b0m"])
def test_what_would_steer_the_terminal_is_written_out(hidden: str) -> None:
    assert flat(hidden).isprintable() and "\u202e" not in flat(hidden)
    assert flat(hidden + "\t").rstrip().isprintable()


def test_tabs_reach_the_next_stop_from_the_column_they_are_in() -> None:
    assert flat("\tx") == "    x"
    assert flat("\tx", 3) == " x"
    assert flat("日\tx") == "日  x"


def test_what_is_cut_says_so_and_what_is_short_is_filled() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("src/long/name.py", 8, tail=True) == "…name.py"
    assert padded("日本語", 4) == "日… "
    assert "".join(text for text, _ in fit([("日本", "a"), ("語x", "b")], 5)) == "日本 "


def test_prose_breaks_between_words_and_long_words_break_anywhere() -> None:
    assert paragraph("one two three", 7) == ["one two", "three"]
    assert paragraph("abcdefgh i", 3) == ["abc", "def", "gh", "i"]
    assert paragraph("a\nb", 5) == ["a", "b"]


def test_signs_that_a_locale_lacks_have_stand_ins_of_the_same_width() -> None:
    assert plain("✓ é 日", "utf-8") == ("✓ é 日", 6)
    assert plain("✓ é 日", "iso8859-1") == ("v é ??", 6)
    assert plain("✓ é 日", "ascii") == ("v ? ??", 6)
    assert all(width(sign) == width(other) == 1 for sign, other in SIGNS.items())


def test_a_board_knows_the_state_of_atoms_ranges_and_files() -> None:
    file = Standing(((2, UNDECIDED), (3, ACCEPTED), (1, EDITED), (4, REJECTED)))
    assert [file.of(atom) for atom in (1, 2, 3, 5, 6, 7, 10, 11)] == [0, 0, 1, 1, 3, 2, 2, 0]
    assert [file.of_range(*ends) for ends in ((1, 4), (3, 5), (5, 6), (7, 10), (2, 3))] == [0, 1, MIXED, 2, 0]
    assert file.tally == (2, 3, 4, 1)
    assert [file.next_undecided(after) for after in (0, 1, 2)] == [1, 2, 0]
    assert Standing(((5, REJECTED),)).state == REJECTED


def test_the_next_undecided_is_sought_to_the_end_and_from_the_start_again() -> None:
    board = Board.of([[(1, 1), (2, 0)], [(3, 1)], [(1, 0), (1, 2)]])
    assert board.next_undecided(1, 0) == (1, 2)
    assert board.next_undecided(1, 3) == (3, 1)
    assert board.next_undecided(3, 1) == (1, 2)
    assert board.updated({1: [(3, 1)], 3: [(2, 2)]}).next_undecided(2, 0) is None
    assert board.tally == (3, 4, 1, 0)
    assert Board.of([]).next_undecided(1, 0) is None and Board.of([]).tally == (0, 0, 0, 0)


def test_a_line_is_written_and_mended() -> None:
    prompt = Prompt("search")
    for key in ["a", "b", "Space", "日", "c", "ArrowLeft", "Backspace", "Home", "x", "End", "z", "F5", "Ctrl+B"]:
        prompt = typed(prompt, key)
    assert (prompt.text, prompt.at) == ("xab cz", 6)
    assert typed(prompt, "Ctrl+W").text == "xab "
    assert typed(prompt, "Ctrl+U").text == ""
    assert typed(typed(prompt, "Home"), "Delete").text == "ab cz"


def test_paths_match_by_letters_in_order_the_closest_together_first() -> None:
    paths = ["src/app.py", "docs/apples.md", "src/a/p/p.txt", "other"]
    assert matching(paths, "app") == [1, 2, 3]
    assert matching(paths, "APPM") == [2]
    assert matching(paths, "") == [1, 2, 3, 4]
    assert matching(paths, "zz") == []


def test_both_colours_can_be_read_on_black_and_on_white() -> None:
    for number in (GREEN, RED):
        light = luminance(number)
        assert min(1.05 / (light + 0.05), (light + 0.05) / 0.05) >= 4.5


def luminance(number: int) -> float:
    """Relative luminance (WCAG 2) of one of the 216 colours of the cube."""
    steps = (0, 95, 135, 175, 215, 255)
    cube = number - 16
    parts = [steps[cube // 36] / 255, steps[cube // 6 % 6] / 255, steps[cube % 6] / 255]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
