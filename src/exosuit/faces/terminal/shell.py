"""The thin shell: curses draws the view, keys and answers go into the machine, its effects are carried out."""

from __future__ import annotations

import codecs
import curses
import locale
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from exosuit.commands.catalogue import load
from exosuit.commands.review_models import Overview, Rows
from exosuit.core.errors import ExosuitError
from exosuit.faces.terminal.cells import Line
from exosuit.faces.terminal.colours import Palette
from exosuit.faces.terminal.deciding import looked
from exosuit.faces.terminal.editor import edit_text
from exosuit.faces.terminal.machine import advance, begin, wants_facts, with_rows
from exosuit.faces.terminal.pages import WINDOW
from exosuit.faces.terminal.plain import plain
from exosuit.faces.terminal.state import (
    Answered,
    Call,
    Edit,
    Edited,
    Effect,
    Event,
    Failed,
    Key,
    Message,
    Quit,
    Redraw,
    Reread,
    Resized,
    State,
    Tick,
    opening,
)  # fmt: skip
from exosuit.faces.terminal.view import screen

POLL = 1.0
"""Seconds between two looks at what other processes have decided."""

REST = 0.15
"""Seconds that the cursor rests before the facts are read."""

NAMES = {
    curses.KEY_DOWN: "ArrowDown", curses.KEY_UP: "ArrowUp", curses.KEY_LEFT: "ArrowLeft",
    curses.KEY_RIGHT: "ArrowRight",
    curses.KEY_NPAGE: "PageDown", curses.KEY_PPAGE: "PageUp", curses.KEY_HOME: "Home", curses.KEY_END: "End",
    curses.KEY_BACKSPACE: "Backspace", curses.KEY_DC: "Delete", curses.KEY_ENTER: "Enter",
}  # fmt: skip
LETTERS = {
    "\n": "Enter",
    "\r": "Enter",
    "\x1b": "Escape",
    "\x7f": "Backspace",
    "\b": "Backspace",
    " ": "Space",
    "\t": "Tab",
}


def run(session: Any, change: str) -> int:
    """Review until the person quits; returns 0. The terminal is restored whatever happens. Raises `no-terminal`."""
    _check_terminal(change)
    locale.setlocale(locale.LC_ALL, "")
    overview = cast("Overview", load().dispatch("review.overview", session, {"change": change}))
    with tempfile.TemporaryDirectory(prefix="exosuit-") as folder:
        return _full_screen(lambda window: Shell(window, session, Path(folder)).review(overview))


def _full_screen(work: Callable[[curses.window], int]) -> int:
    """`work` with the whole screen; the terminal is given back however it ends.

    Not `curses.wrapper`: that turns colours on, black behind everything, even where none are wanted.
    """
    window = curses.initscr()
    try:
        curses.set_escdelay(25)
        curses.noecho()
        curses.cbreak()
        window.keypad(True)
        return work(window)
    finally:
        window.keypad(False)
        curses.nocbreak()
        curses.echo()
        curses.endwin()


def _check_terminal(change: str) -> None:
    """Raises `no-terminal` where a full screen cannot be drawn, before anything is drawn."""
    hint = f"in a terminal type: exosuit review --terminal {change}"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ExosuitError("no-terminal", "standard input and output are not a terminal", hint)
    try:
        curses.setupterm()
        able = curses.tigetstr("cup") is not None
    except curses.error:
        able = False
    if not able:
        name = os.environ.get("TERM", "")
        raise ExosuitError(
            "no-terminal", f"the terminal type {name!r} cannot show a full screen", "set TERM, for example to xterm"
        )


@dataclass
class Shell:
    """A window of curses, a session, and the state between two events."""

    window: curses.window
    session: Any
    folder: Path
    edits: int = 0
    quit: bool = False
    codec: str = field(default_factory=lambda: codecs.lookup(locale.nl_langinfo(locale.CODESET) or "ascii").name)

    def review(self, overview: Overview) -> int:
        """Until the person quits."""
        self.palette = Palette(os.environ)
        self.window.encoding = self.codec
        self._cursor(seen=False)
        self.change = overview.change
        state = opening(overview, self._size())
        state = with_rows(state, begin, self._read)[1]
        polled = time.monotonic()
        while not self.quit:
            state = self._draw(state)
            wait = REST if wants_facts(state) else max(0.01, POLL - (time.monotonic() - polled))
            event = self._event(wait)
            if isinstance(event, Tick):
                polled = event.at
            state = self._settle(state, event)
        return 0

    def _settle(self, state: State, event: Event) -> State:
        """The event, then what its effects bring, until nothing is left. What cannot be read leaves all as it was."""
        waiting: deque[Event] = deque([event])
        while waiting:
            try:
                state, effects = advance(state, waiting.popleft(), self._read)
            except ExosuitError as error:
                return replace(state, message=Message(error.message, error.hint, is_error=True))
            for effect in effects:
                answer = self._carry_out(effect)
                if answer is not None:
                    waiting.append(answer)
        return state

    def _carry_out(self, effect: Effect) -> Event | None:
        match effect:
            case Call():
                return self._call(effect)
            case Edit():
                return self._edit(effect)
            case Quit():
                self.quit = True
            case Reread():
                return effect
            case Redraw():
                self.window.redrawwin()
        return None

    def _call(self, call: Call) -> Answered | Failed:
        try:
            output = self._dispatch(call.name, dict(call.fields))
        except ExosuitError as error:
            return Failed(call, error)
        if isinstance(output, Overview):
            self.change = output.change
        return Answered(call, output)

    def _read(self, file: int, window: int) -> Rows:
        fields = {"change": self.change, "file": file, "start": window * WINDOW, "count": WINDOW}
        return cast("Rows", self._dispatch("review.rows", fields))

    def _dispatch(self, name: str, fields: dict[str, Any]) -> BaseModel:
        """A command's result. A defect is told like any other error: the review goes on."""
        try:
            return load().dispatch(name, self.session, fields)
        except ExosuitError:
            raise
        except Exception as error:
            raise ExosuitError("internal", f"{type(error).__name__} in {name}: {error}", "please report it") from error

    def _edit(self, edit: Edit) -> Edited:
        """Leave the screen to the editor, then take it back."""
        self.edits += 1
        curses.def_prog_mode()
        curses.endwin()
        try:
            return Edited(edit, edit_text(edit.text, edit.path, self.folder, self.edits))
        except ExosuitError as error:
            return Edited(edit, "", Message(error.message, error.hint, is_error=True))
        finally:
            curses.reset_prog_mode()
            self.window.clear()
            self._cursor(seen=False)

    def _event(self, seconds: float) -> Event:
        """The next key or change of size, or a tick after so many seconds."""
        self.window.timeout(max(1, round(seconds * 1000)))
        try:
            key = self.window.get_wch()
        except curses.error:
            return Tick(time.monotonic())
        if key == curses.KEY_RESIZE:
            curses.update_lines_cols()
            self.window.clear()  # what the terminal made of the old lines is its own affair
            return Resized(*self._size())
        return Key(name_of(key), time.monotonic())

    def _size(self) -> tuple[int, int]:
        lines, columns = self.window.getmaxyx()
        return columns, lines

    def _draw(self, state: State) -> State:
        state, shown = with_rows(state, screen, self._read)
        for y, line in enumerate(shown.lines):
            self._line(y, line)
        self._cursor(seen=shown.writing)
        columns, lines = self._size()
        self.window.move(min(shown.cursor[1], lines - 1), min(shown.cursor[0], columns - 1))
        self.window.refresh()
        return with_rows(state, lambda known: looked(known, time.monotonic()), self._read)[1]

    def _line(self, y: int, line: Line) -> None:
        x = 0
        for text, style in line:
            told, size = plain(text, self.codec)
            with suppress(curses.error):  # the last cell of the screen is written, but the cursor cannot go behind it
                self.window.addstr(y, x, told, self.palette.attribute(style))
            x += size

    def _cursor(self, *, seen: bool) -> None:
        with suppress(curses.error):  # not every terminal can hide it
            curses.curs_set(1 if seen else 0)


def name_of(key: int | str) -> str:
    """The name of a key that curses tells: `j`, `Y`, `Space`, `Ctrl+R`, `ArrowDown`, `Escape`; empty if unknown."""
    if isinstance(key, int):
        return NAMES.get(key, "")
    if key in LETTERS:
        return LETTERS[key]
    return f"Ctrl+{chr(ord(key) + 64)}" if key < " " else key
