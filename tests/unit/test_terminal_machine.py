"""The machine of the terminal review and its view, over the real commands, without a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from exosuit.commands.catalogue import load
from exosuit.commands.models import Imported
from exosuit.commands.review_models import Overview, Rows
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError
from exosuit.faces.terminal.cells import width
from exosuit.faces.terminal.deciding import looked
from exosuit.faces.terminal.keys import ACTIONS, BINDINGS
from exosuit.faces.terminal.machine import advance, begin, with_rows
from exosuit.faces.terminal.pages import WINDOW
from exosuit.faces.terminal.state import (
    Answered,
    Call,
    Edit,
    Edited,
    Event,
    Failed,
    Key,
    Quit,
    Redraw,
    Reread,
    Resized,
    Tick,
    opening,
)  # fmt: skip
from exosuit.faces.terminal.view import screen
from tests.repository import Repository

BEFORE = "".join(f"line {i}\n" for i in range(1, 61))
AFTER = BEFORE.replace("line 3\n", "line three\n").replace("line 5\n", "line five\n").replace("line 40\n", "forty\n")


class Desk:
    """A review without a terminal: keys in, screen out; a second passes between two keys."""

    def __init__(self, folder: Path, change: str, size: tuple[int, int] = (100, 30), actor: str = "terminal") -> None:
        self.session, self.change, self.now = Session(folder, actor), change, 1.0
        self.calls: list[Call] = []
        self.ended = False
        self.editor: Callable[[str], str] = lambda text: text
        overview = cast("Overview", load().dispatch("review.overview", self.session, {"change": change}))
        state = opening(overview, size)
        self.state = with_rows(state, lambda known: looked(begin(known), 0.0), self.read)[1]
        self.folder = folder

    def read(self, file: int, window: int) -> Rows:
        fields = {"change": self.change, "file": file, "start": window * WINDOW, "count": WINDOW}
        return cast("Rows", load().dispatch("review.rows", self.session, fields))

    def press(self, *keys: str, seconds: float = 1.0) -> Desk:
        for key in keys:
            self.now += seconds
            self.take(Key(key, self.now))
        return self

    def tick(self) -> Desk:
        self.now += 1
        return self.take(Tick(self.now))

    def take(self, event: Event) -> Desk:
        waiting = [event]
        while waiting:
            self.state, effects = advance(self.state, waiting.pop(0), self.read)
            for effect in effects:
                if isinstance(effect, Call):
                    waiting.append(self.call(effect))
                elif isinstance(effect, Reread):
                    waiting.append(effect)
                elif isinstance(effect, Edit):
                    file = self.folder.parent / "edited"
                    file.write_text(self.editor(effect.text))
                    waiting.append(Edited(effect, str(file)))
                elif isinstance(effect, Quit):
                    self.ended = True
                else:
                    assert isinstance(effect, Redraw)
        self.state = with_rows(self.state, lambda known: looked(known, self.now), self.read)[1]
        return self

    def call(self, call: Call) -> Answered | Failed:
        self.calls.append(call)
        try:
            output = load().dispatch(call.name, self.session, dict(call.fields))
        except ExosuitError as error:
            return Failed(call, error)
        self.change = output.change if isinstance(output, Overview) else self.change
        return Answered(call, output)

    @property
    def lines(self) -> list[str]:
        self.state, shown = with_rows(self.state, screen, self.read)
        columns, lines = self.state.size
        assert len(shown.lines) == lines
        texts = ["".join(text for text, _ in line) for line in shown.lines]
        assert [width(text) for text in texts] == [columns] * lines
        assert 0 <= shown.cursor[0] < max(1, columns) and 0 <= shown.cursor[1] < max(1, lines)
        return texts

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines)

    @property
    def cursor(self) -> str:
        """The line of the diff that the cursor is on, without the list of files."""
        self.state, shown = with_rows(self.state, screen, self.read)
        return self.lines[shown.cursor[1]][shown.cursor[0] :].rstrip()


def import_(workspace: Repository, base: str, head: str) -> str:
    source = {"revisions": f"{base}..{head}", "title": "A change"}
    return cast("Imported", load().dispatch("change.import", Session(workspace.path, "cli"), source)).change


@pytest.fixture
def desk(workspace: Repository) -> Desk:
    base = workspace.commit("base", {"a.txt": BEFORE, "b.txt": "one\n", "gone.txt": "x\n"})
    head = workspace.commit("head", {"a.txt": AFTER, "b.txt": "two\n", "gone.txt": None, "blob": b"\0\1"})
    workspace.git("checkout", "--quiet", "--detach", base)
    return Desk(workspace.path, import_(workspace, base, head))


def test_it_opens_on_the_first_thing_to_decide(desk: Desk) -> None:
    assert desk.cursor == ">⬚   3     - line 3"
    assert "0/6 decided 0%" in desk.text and "hunk 1 of 2" in desk.text


def test_keys_move_by_line_hunk_and_file_over_their_borders(desk: Desk) -> None:
    assert desk.press("j").cursor == ">⬚       3 + line three"
    assert desk.press("k", "n").cursor == ">⬚  40     - line 40"
    assert desk.press("n").state.path == "b.txt"
    assert desk.press("p").cursor == ">⬚  40     - line 40"
    assert desk.press("]", "]").state.path == "blob"
    assert desk.press("[", "[").state.path == "a.txt"
    assert "This is the first file." in desk.press("[").text


def test_a_decision_goes_on_and_undo_comes_back_to_where_it_was_made(desk: Desk) -> None:
    assert desk.press("y").cursor == ">⬚  40     - line 40"
    assert desk.press("x").state.path == "b.txt"
    assert desk.state.board.files[0].tally == (0, 2, 1, 0)
    assert desk.press("u").cursor == ">⬚  40     - line 40"
    assert desk.press("u").cursor == ">⬚   3     - line 3"
    assert desk.press("Ctrl+R").state.board.tally[1] == 2


def test_a_line_a_block_a_hunk_and_a_file_are_decided_each_by_its_key(desk: Desk) -> None:
    assert desk.press("Space").state.board.files[0].runs == ((1, 1), (2, 0))
    assert desk.press("Space").state.board.files[0].tally[0] == 3
    desk.press("j", "j", "j")
    assert desk.press("a").state.board.files[0].runs == ((1, 0), (1, 1), (1, 0))
    assert desk.press("0").state.board.files[0].tally[0] == 3
    assert desk.press("Y").state.board.files[0].tally == (0, 3, 0, 0)
    assert desk.press("X", "X", "X", "X").state.board.tally == (0, 3, 3, 0)
    assert "Nothing is left to decide: 3 accepted, 0 edited, 3 rejected. A applies." in desk.text


def test_a_split_hunk_is_decided_block_by_block_and_joined_again(desk: Desk) -> None:
    desk.press("s", "y")
    assert desk.state.board.files[0].runs == ((1, 1), (2, 0))
    assert desk.cursor == ">⬚   5     - line 5"
    assert desk.press("p").cursor == ">✓   3     - line 3"
    desk.press("s", "x")
    assert desk.state.board.files[0].runs == ((2, 2), (1, 0))


def test_a_key_held_down_or_pressed_before_one_could_read_decides_nothing(desk: Desk) -> None:
    desk.press("y")
    for _ in range(20):
        desk.press("y", seconds=0.03)
    assert desk.state.board.tally[1] == 2
    desk.press("x")
    assert desk.state.board.tally[2] == 1
    assert "Nothing decided: this was on screen for only 200 ms." in desk.press("y", seconds=0.2).text
    assert desk.state.board.tally == (3, 2, 1, 0)


def test_an_edit_stands_below_what_it_replaces_and_the_cursor_stays_in_its_hunk(desk: Desk) -> None:
    desk.editor = lambda text: text.upper()
    desk.press("e")
    assert re.search(r"~ +~ LINE THREE", desk.text)
    assert desk.state.board.files[0].tally == (1, 0, 0, 2)
    assert desk.press("n").cursor == ">⬚  40     - line 40"
    assert desk.press("u").state.board.files[0].tally == (3, 0, 0, 0)
    assert "LINE THREE" not in desk.text


def test_what_another_process_decides_appears_at_the_next_tick(desk: Desk, workspace: Repository) -> None:
    other = Desk(workspace.path, desk.change, actor="gui")
    other.editor = lambda text: text + "more\n"
    desk.press("n")
    here = desk.cursor
    other.press("e", "c", "h", "i", "Enter")
    assert "more" not in desk.text
    desk.tick()
    assert desk.state.board == other.state.board and desk.cursor == here
    assert "gui: hi" in desk.press("p").text


def test_a_source_that_went_on_is_read_again_and_decisions_come_along(workspace: Repository) -> None:
    workspace.commit("base", {"a.txt": BEFORE})
    workspace.write({"a.txt": AFTER})
    first = cast("Imported", load().dispatch("change.import", Session(workspace.path, "cli"), {"worktree": True}))
    desk = Desk(workspace.path, first.change).press("y")
    assert "The source is as it was." in desk.press("R").text
    workspace.write({"a.txt": AFTER.replace("line 55\n", "line 55 b\n")})
    assert "Read again: 2 decided edits came along" in desk.press("R").text
    assert desk.state.board.tally == (2, 2, 0, 0) and desk.state.change != first.change
    assert desk.cursor == ">⬚  40     - line 40"
    assert desk.press("y").state.board.tally == (1, 3, 0, 0)


def test_a_refusal_is_an_error_with_a_hint_and_a_key_clears_it(desk: Desk) -> None:
    desk.press("/", "x", "Enter")
    assert "Nothing found" in desk.press("/", *"no-such", "Enter").text
    assert "error: nothing to undo" in desk.press("u").text
    assert "error:" not in desk.press("j").text


def test_opened_folds_show_what_was_hidden_and_scroll_like_rows(desk: Desk) -> None:
    desk.press("n", "k", "k", "k", "k", "k")
    assert ">  ⋯ 28 unchanged lines from 9, Enter opens" in desk.cursor
    assert " 20  20   line 20" in desk.press("Enter").text
    assert " 20  20   line 20" not in desk.press("Enter").text
    assert desk.press("n").cursor == ">⬚  40     - line 40"


def test_every_size_from_nothing_to_large_is_filled_exactly(desk: Desk) -> None:
    desk.press("c", *"日本語 and a long comment that has to be broken somewhere", "Enter", "Space")
    for columns in (1, 7, 20, 21, 30, 59, 60, 80, 99, 100, 139, 140, 200):
        for lines in (1, 5, 6, 7, 15, 16, 24, 60):
            desk.take(Resized(columns, lines))
            assert len(desk.lines) == lines
            for keys in (
                ["?"],
                ["Escape", "t", "a"],
                ["Escape", "A"],
                ["Escape", "i"],
                ["i", "m", "n"],
                ["m", "/", "o"],
                ["Escape"],
            ):
                assert len(desk.press(*keys).lines) == lines
            assert desk.state.panel is None and desk.state.prompt is None


def test_the_cursor_is_always_in_sight_wherever_one_walks(workspace: Repository) -> None:
    base = workspace.commit("base", {"w.txt": "".join(f"{i} {'wide ' * (i % 90)}\n" for i in range(300))})
    head = workspace.commit("head", {"w.txt": "".join(f"{i} {'WIDE ' * (i % 90)}\n" for i in range(300) if i % 7)})
    desk = Desk(workspace.path, import_(workspace, base, head), (60, 12))
    keys = (
        ["j"] * 40
        + ["PageDown"] * 9
        + ["k"] * 30
        + ["m", "n", "p", "End", "PageUp", "PageUp", "p", "Home", "m"]
        + ["PageDown", "j"] * 20
    )
    rows = set()
    for key in keys:
        desk.press(key)
        assert re.match(r">|.*│>", desk.cursor), (key, desk.text)
        rows.add(desk.state.row)
    assert len(rows) > 60


def test_going_down_and_up_again_ends_where_it_began_in_both_views(desk: Desk) -> None:
    desk.take(Resized(120, 20))
    for view in ("unified", "split"):
        desk.press("Home")
        seen = [desk.state.row, *(desk.press("j").state.row for _ in range(40))]
        assert len(set(seen)) > 12, view
        back = [desk.press("k").state.row for _ in range(40)]
        assert back[-1] == 0 and set(back) <= set(seen), view
        desk.press("m")


def test_the_split_view_sets_old_and_new_side_by_side(desk: Desk) -> None:
    desk.take(Resized(120, 20)).press("m")
    line = next(line for line in desk.lines if "- line 3 " in line)
    assert "+ line three" in line
    assert "needs a wider terminal" in desk.press("m").take(Resized(60, 20)).press("m").text


def test_quitting_asks_for_the_end(desk: Desk) -> None:
    assert not desk.press("Escape").ended
    assert desk.press("q").ended


def test_every_key_does_what_the_help_says_and_no_key_means_two_things(desk: Desk) -> None:
    assert len(ACTIONS) == sum(len(binding.keys) for binding in BINDINGS)
    desk.take(Resized(100, 70)).press("?")
    assert all(binding.title in desk.text for binding in BINDINGS)
    assert "1/6" not in desk.press("y").text


BROWSER = Path(__file__).resolve().parents[2] / "web/src/commands.ts"
ONLY_BROWSER = {
    "indent": "indentation is left on the lines",
    "line.reject": "a terminal cannot tell Shift+Space from Space",
    "exception": "groups are shown in the browser",
    "map": "groups are shown in the browser",
    "refine": "groups are shown in the browser",
    "missed": "exosuit change missed",
    "checks": "exosuit check",
    "checks.run": "exosuit check",
    "checks.stop": "Ctrl-C ends exosuit check",
    "open": "files are opened with your own editor",
    "link": "a terminal has no address",
    "conflicts": "A shows them before anything is written",
    "export": "exosuit change export",
    "changes": "exosuit change list",
    "review": "there is one screen",
    "palette": "? shows every key",
    "region": "there is one region",
    "theme": "the terminal has its own",
    "keys": "there is nothing else to type into",
}
ONLY_HERE = {"first", "last", "redraw", "quit"}


def test_keys_are_those_of_the_browser() -> None:
    found = re.findall(r"\{ id: '([\w.]+)', title: .*?, keys: \[((?:'[^']*'(?:, )?)*)\]", BROWSER.read_text("utf-8"))
    browser = {name: tuple(re.findall(r"'([^']+)'", keys)) for name, keys in found}
    here = {binding.action: binding.keys for binding in BINDINGS if binding.action not in ONLY_HERE}
    assert len(browser) > 30
    assert here == {name: keys for name, keys in browser.items() if name not in ONLY_BROWSER}
