"""`exosuit review --terminal` in a real pseudo-terminal: what is typed, what is on the screen, what is in the files."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from exosuit.faces.terminal.deciding import SEEN
from tests.repository import Repository
from tests.wire.screen import Program, exosuit

pytestmark = pytest.mark.alone

BEFORE = "".join(f"line {i}\n" for i in range(1, 41))
AFTER = BEFORE.replace("line 3\n", "line three\n").replace("line 20\n", "").replace("line 38\n", "line 38\nline 38 b\n")
ENTER, ESCAPE, CONTROL_C, CONTROL_R, CONTROL_Z = "\r", "\x1b", "\x03", "\x12", "\x1a"


@pytest.fixture
def revisions(workspace: Repository) -> str:
    """A change of three hunks in `a.txt`, one in `b.py` and a new file, with the working tree at its base."""
    base = workspace.commit("base", {"a.txt": BEFORE, "b.py": "def f(x):\n\treturn x  # 日本語 e\u0301\n"})
    head = workspace.commit(
        "head", {"a.txt": AFTER, "b.py": "def f(x):\n\treturn x + 1  # 日本語 e\u0301\n", "c.md": "# New\n\ntext\n"}
    )
    workspace.git("checkout", "--quiet", "--detach", base)
    return f"{base}..{head}"


@pytest.fixture
def review(workspace: Repository, revisions: str) -> Iterator[Program]:
    """The review of that change, open."""
    with Program([*exosuit(workspace.path, "review", revisions), "--terminal"]) as program:
        program.until("a.txt", "hunk 1 of 3", "? shows every key")
        yield program


def decide(review: Program, key: str, *words: str, gone: tuple[str, ...] = ()) -> str:
    """Press a deciding key after the group has been in sight long enough."""
    review.settled()
    time.sleep(SEEN)
    review.press(key)
    return review.until(*words, gone=gone)


def test_the_whole_loop_decide_edit_undo_apply_and_undo_the_apply(
    workspace: Repository, revisions: str, tmp_path: Path
) -> None:
    editor = tmp_path / "an editor.sh"
    editor.write_text('#!/bin/sh\nsed "s/three/III/" "$1" > "$1.new" && mv "$1.new" "$1"\n')
    editor.chmod(0o755)
    before = workspace.files()
    command = [*exosuit(workspace.path, "review", revisions), "--terminal"]
    with Program(command, EDITOR=f"'{editor}'", VISUAL="") as review:
        review.until("hunk 1 of 3", "? shows")
        review.press("e")
        review.until("Your text stands for", "~ line III")
        decide(review, "N", "hunk 2 of 3")
        decide(review, "x", "Rejected hunk 2 of a.txt", "✗1")
        decide(review, "u", "Taken back: reject", "✗0")
        review.press(CONTROL_R)
        review.until("Done again: reject", "✗1")
        decide(review, "N", "hunk 3 of 3")
        decide(review, "y", "Accepted hunk 3", "def f(x):")
        decide(review, "Y", "Accepted b.py", "# New")
        decide(review, "x", "Nothing is left to decide", "100%")
        review.press("A")
        review.until("would write 2 files", "a.txt", "b.py", "A applies")
        assert workspace.files() == before, "asking what apply would do wrote something"
        review.press("A")
        review.until("wrote 2 files", "Written: 2 files")
        expected = BEFORE.replace("line 3\n", "line III\n").replace("line 38\n", "line 38\nline 38 b\n")
        applied = {"a.txt": expected.encode(), "b.py": "def f(x):\n\treturn x + 1  # 日本語 e\u0301\n".encode()}
        assert workspace.files() == before | applied
        review.press("u")
        review.until("Taken back: apply, 2 files written")
        assert workspace.files() == before
        review.press("q")
        assert review.ended() == 0


def test_one_line_is_accepted_and_cleared_again(review: Program) -> None:
    decide(review, " ", "Accepted 1.1", "✓1")
    decide(review, " ", "Undecided again", "✓0")


def test_the_same_part_is_not_decided_before_it_could_be_read(review: Program) -> None:
    decide(review, "y", "Accepted hunk 1", "hunk 2 of 3")
    review.press("y")
    time.sleep(0.15)
    review.press("x")
    text = review.until("Nothing decided: this was on screen for only")
    assert "✗0" in text


def test_a_reason_and_a_comment_are_kept(review: Program, workspace: Repository) -> None:
    review.press("c")
    review.until("comment:")
    review.press("why thréé?", ENTER)
    review.until("terminal: why thréé?")
    review.press("r")
    review.until("reject because:")
    review.press("wrongX\x7f", ENTER)
    review.until("Rejected hunk 1", "hunk 2 of 3")
    shown = subprocess.run(
        [*exosuit(workspace.path, "change", "show", "last"), "--json"], capture_output=True, text=True
    )
    assert '"why":"wrong"' in re.sub(r'": "', '":"', shown.stdout)
    assert "why thr\\u00e9\\u00e9?" in shown.stdout


def test_search_goes_from_hit_to_hit_and_back(review: Program) -> None:
    review.press("/", "x", " ", "+", ENTER)
    review.until("hit 1 of 1 for 'x +'", "b.py", "return x + 1")
    review.press(ESCAPE)
    review.until("hunk 1 of 3", gone=("hit 1 of 1",))
    review.press("/", "line 38", ENTER)
    review.until("hit 1 of 1 for 'line 38'")
    review.press("/", "nowhere", ENTER)
    review.until("Nothing found for 'nowhere'.")


def test_a_file_is_found_by_letters(review: Program) -> None:
    review.press("t", "c", "m")
    review.until("go to: cm", "1 file")
    review.press(ENTER)
    review.until("# New", "file 3/3")


def test_folds_open_and_close(review: Program) -> None:
    review.press("k", "k", "k", "k", "k")
    review.settled()
    review.press("\x1b[F", "\x1b[H")
    review.until("unchanged lines from 7", gone=("line 12",))
    review.press("j", "j", "j", "j", "j", "j", "j", "j", ENTER)
    review.until("line 12")
    review.press(ENTER)
    review.until("unchanged lines from 7", gone=("line 12",))


def test_two_terminals_stay_in_step(review: Program, workspace: Repository) -> None:
    with Program([*exosuit(workspace.path, "review", "last"), "--terminal"], (80, 24)) as other:
        other.until("hunk 1 of 3", "0%")
        decide(review, "y", "Accepted hunk 1", "✓1")
        other.until("✓1")
        decide(other, "x", "Rejected")
        review.until("✗1")


def test_a_conflict_is_shown_and_decided(review: Program, workspace: Repository) -> None:
    workspace.write({"a.txt": BEFORE.replace("line 3\n", "line drei\n")})
    decide(review, "y", "Accepted hunk 1")
    review.press("A")
    review.until("would write 0 files", "conflict", "line drei", "x keeps mine")
    review.press("y")
    review.until("would write 1 file", gone=("x keeps mine",))
    review.press("A")
    review.until("wrote 1 file")
    assert b"line three\n" in workspace.read("a.txt")


def test_every_size_shows_something_and_survives_resizing(review: Program) -> None:
    for size in [(20, 6), (200, 60), (12, 4), (1, 1), (33, 9), (100, 30)]:
        review.resize(*size)
        assert review.settled(0.2).strip()
        review.press("i", "m", "j", "n")
        review.settled(0.1)
        review.press("i", "?", ESCAPE, "t", ESCAPE, "p")
    review.until("hunk 1 of 3")


def test_an_interrupt_restores_the_terminal(workspace: Repository, revisions: str) -> None:
    with Program([*exosuit(workspace.path, "review", revisions), "--terminal"]) as review:
        modes = termios.tcgetattr(review.master)
        review.until("hunk 1 of 3", "? shows")
        assert review.screen.on_alternate and termios.tcgetattr(review.master) != modes
        review.press(CONTROL_C)
        assert review.ended() == 130
        assert not review.screen.on_alternate
        assert "stopped" in review.screen.text


def test_the_review_is_stopped_and_goes_on(workspace: Repository, revisions: str) -> None:
    words = " ".join(f"'{word}'" for word in [*exosuit(workspace.path, "review", revisions), "--terminal"])
    with Program(["sh", "-m", "-c", f"{words}; echo stopped with $?; sleep 0.3; fg >/dev/null; echo over"]) as review:
        review.until("hunk 1 of 3", "? shows")
        review.press(CONTROL_Z)
        review.until("stopped with", gone=("hunk 1 of 3",))
        assert not review.screen.on_alternate
        review.until("hunk 1 of 3", "a.txt")
        review.press("j", "q")
        review.until("over")
        assert not review.screen.on_alternate


def test_a_refusal_is_told_in_two_lines_and_the_review_goes_on(review: Program) -> None:
    review.press("u")
    review.until("error: nothing to undo")
    decide(review, "y", "Accepted hunk 1", gone=("error:",))


def test_a_damaged_store_is_told_and_the_terminal_is_restored(review: Program, state: Path) -> None:
    for database in state.rglob("*.db*"):
        database.write_bytes(b"no database\n" * 512)
    review.settled()
    time.sleep(SEEN)
    review.press("y")
    review.until("error:", "hint:")
    review.press("q")
    review.ended()
    assert not review.screen.on_alternate


def test_an_editor_that_fails_changes_nothing(workspace: Repository, revisions: str) -> None:
    with Program([*exosuit(workspace.path, "review", revisions), "--terminal"], VISUAL="false") as review:
        review.until("hunk 1 of 3", "? shows")
        review.press("e")
        review.until("error: false ended with 1", "hint:", "0%")
        review.press("j")
        review.until("hunk 1 of 3", gone=("error:",))


def test_colour_says_added_or_removed_and_nothing_else(workspace: Repository, revisions: str) -> None:
    command = [*exosuit(workspace.path, "review", revisions), "--terminal"]
    seen = {}
    for terminal, colour in [("xterm-256color", ""), ("xterm", ""), ("xterm-256color", "1"), ("vt100", "")]:
        with Program(command, TERM=terminal, NO_COLOR=colour) as review:
            text = review.until("+ line three", "- line 3").splitlines()
            line = next(i for i, words in enumerate(text) if "+ line three" in words)
            seen[terminal, colour] = review.screen.styles(line, "three")
    assert seen["xterm-256color", ""] == {1, 4, 38029}
    assert seen["xterm", ""] == {1, 4, 32}
    assert seen["xterm-256color", "1"] == seen["vt100", ""] == {1, 4}


def test_a_locale_without_unicode_shows_signs_of_its_own(workspace: Repository, revisions: str) -> None:
    with Program([*exosuit(workspace.path, "review", revisions), "--terminal"], LC_ALL="C") as review:
        review.until(".M a.txt", "? shows", ": 10 unchanged lines")
        review.press("]")
        review.until("return x + 1  # ?????? e")
        assert review.raw.replace(b"\xc2\xb7", b"").isascii()


@pytest.mark.parametrize(("terminal", "words"), [("dumb", "'dumb' cannot show"), ("no-such-terminal", "cannot show")])
def test_a_terminal_that_cannot_show_a_screen_is_refused(
    workspace: Repository, revisions: str, terminal: str, words: str
) -> None:
    with Program([*exosuit(workspace.path, "review", revisions), "--terminal"], TERM=terminal) as review:
        assert review.ended() == 1
        assert f"error: the terminal type {words}" in review.screen.text.replace("'no-such-terminal' ", "")
        assert "hint: set TERM" in review.screen.text


def test_without_a_terminal_it_says_what_to_do(workspace: Repository, revisions: str) -> None:
    command = [sys.executable, "-m", "exosuit", "-C", str(workspace.path), "review", revisions, "--terminal"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r"error: .*not a terminal\nhint: in a terminal type: exosuit review --terminal \w+\n", done.stderr
    )


def test_a_hangup_ends_it(review: Program) -> None:
    os.kill(review.pid, signal.SIGHUP)
    assert review.ended() != 0
