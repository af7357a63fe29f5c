"""A program in a real pseudo-terminal, and a small terminal that draws what it writes.

The terminal knows what curses sends to an xterm: cursor moves, erasing, inserting and deleting, scroll regions and
attributes. An unknown sequence is an error, so that a test never looks at a screen that was drawn wrongly.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 20.0
Cell = tuple[str, frozenset[int]]
BLANK: Cell = (" ", frozenset())
SEQUENCE = re.compile(r"\x1b(?:\[([?>]?)([\d;]*)([@-~])|[()].|[78=>MDE]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
IGNORED = "hltncq"
OFF = {22: frozenset({1, 2}), 23: frozenset({3}), 24: frozenset({4}), 27: frozenset({7})}


@dataclass
class Terminal:
    """A grid of characters with their attributes (numbers of SGR)."""

    columns: int
    lines: int
    grid: list[list[Cell]] = field(default_factory=list)
    x: int = 0
    y: int = 0
    style: frozenset[int] = frozenset()
    on_alternate: bool = False
    last: str = " "
    waiting: str = ""

    def __post_init__(self) -> None:
        self.resize(self.columns, self.lines)

    def resize(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.grid = [[BLANK] * columns for _ in range(lines)]
        self.top, self.bottom = 0, lines - 1
        self.x = self.y = 0

    @property
    def text(self) -> str:
        return "\n".join("".join(character for character, _ in line).rstrip() for line in self.grid)

    def styles(self, line: int, word: str) -> set[int]:
        """The attributes of the first place where `word` stands on a line; those that all its characters have."""
        at = "".join(character[:1] or " " for character, _ in self.grid[line]).index(word)
        return set.intersection(*(set(style) for _, style in self.grid[line][at : at + len(word)]))

    def feed(self, data: str) -> None:
        data, self.waiting = self.waiting + data, ""
        i = 0
        while i < len(data):
            if data[i] == "\x1b":
                found = SEQUENCE.match(data, i)
                if not found:
                    self.waiting = data[i:]
                    assert len(self.waiting) < 64, f"unknown sequence {self.waiting!r}"
                    return
                self._sequence(found)
                i = found.end()
            else:
                self._character(data[i])
                i += 1

    def _character(self, character: str) -> None:
        if character == "\r":
            self.x = 0
        elif character == "\n":
            self._down()
        elif character == "\b":
            self.x = max(0, self.x - 1)
        elif character == "\t":
            self.x = min(self.columns - 1, self.x // 8 * 8 + 8)
        elif character not in "\x07\x0e\x0f\x00":
            assert character >= " ", f"a control character {character!r} on the screen"
            self._write(character)

    def _write(self, character: str) -> None:
        if unicodedata.combining(character):
            before, style = self.grid[self.y][self.x - 1]
            self.grid[self.y][self.x - 1] = (before + character, style)
            return
        size = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if self.x + size > self.columns:
            self.x = 0
            self._down()
        self.grid[self.y][self.x] = (character, self.style)
        if size == 2:
            self.grid[self.y][self.x + 1] = ("", self.style)
        self.x += size
        self.last = character

    def _down(self) -> None:
        if self.y == self.bottom:
            self._scroll(1)
        else:
            self.y = min(self.lines - 1, self.y + 1)

    def _scroll(self, by: int, top: int | None = None) -> None:
        top = self.top if top is None else top
        for _ in range(abs(by)):
            if by > 0:
                self.grid.insert(self.bottom, self.grid.pop(top)[:0] + [BLANK] * self.columns)
            else:
                self.grid.insert(top, self.grid.pop(self.bottom)[:0] + [BLANK] * self.columns)

    def _sequence(self, found: re.Match[str]) -> None:
        if found[3] is None:
            if found[0] == "\x1bM":
                self.y -= 1
            return
        numbers = [int(number or 0) for number in found[2].split(";")]
        if found[1]:
            assert found[3] in IGNORED, f"unknown sequence {found[0]!r}"
            if 1049 in numbers:
                self.on_alternate = found[3] == "h"
                self.resize(self.columns, self.lines)
            return
        self._control(found[3], numbers, found[0])

    def _control(self, final: str, numbers: list[int], told: str) -> None:
        n = max(1, numbers[0])
        line = self.grid[self.y]
        match final:
            case "H" | "f":
                self.y = min(n, self.lines) - 1
                self.x = min(max(1, numbers[1] if len(numbers) > 1 else 1), self.columns) - 1
            case "A" | "B":
                self.y = min(max(0, self.y + (n if final == "B" else -n)), self.lines - 1)
            case "C" | "D":
                self.x = min(max(0, self.x + (n if final == "C" else -n)), self.columns - 1)
            case "G":
                self.x = min(n, self.columns) - 1
            case "d":
                self.y = min(n, self.lines) - 1
            case "J" | "K":
                self._erase(final, numbers[0])
            case "X":
                line[self.x : self.x + n] = [BLANK] * min(n, self.columns - self.x)
            case "P":
                line[self.x :] = line[self.x + n :] + [BLANK] * min(n, self.columns - self.x)
            case "@":
                line[self.x :] = ([BLANK] * n + line[self.x :])[: self.columns - self.x]
            case "L" | "M":
                self._scroll(n if final == "M" else -n, self.y)
            case "S" | "T":
                self._scroll(n if final == "S" else -n)
            case "b":
                for _ in range(n):
                    self._write(self.last)
            case "r":
                self.top, self.bottom = n - 1, (numbers[1] if len(numbers) > 1 else self.lines) - 1
                self.x = self.y = 0
            case "m":
                self._attributes(numbers)
            case _:
                assert final in IGNORED, f"unknown sequence {told!r}"

    def _erase(self, final: str, which: int) -> None:
        line = self.grid[self.y]
        before, behind = range(self.x + 1 if which else 0), range(self.x if which == 0 else 0, self.columns)
        for i in before if which == 1 else behind:
            line[i] = BLANK
        if final == "J":
            others = {0: range(self.y + 1, self.lines), 1: range(self.y), 2: range(self.lines)}[which]
            for i in others:
                self.grid[i] = [BLANK] * self.columns

    def _attributes(self, numbers: list[int]) -> None:
        left = list(numbers)
        while left:
            number = left.pop(0)
            if number in (38, 48):
                self.style |= {1000 * number + left[1]}
                del left[:2]
            elif number == 0:
                self.style = frozenset()
            elif number in (39, 49):
                self.style = frozenset(s for s in self.style if s // 1000 != number - 1 and s // 10 != number // 10)
            elif number in OFF:
                self.style -= OFF[number]
            else:
                self.style |= {number}


class Program:
    """A program in a pseudo-terminal of so many columns and lines."""

    def __init__(self, words: list[str], size: tuple[int, int] = (100, 30), **settings: str) -> None:
        self.screen = Terminal(*size)
        self.raw = b""
        self.decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            environment = os.environ | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | settings
            os.execvpe(words[0], words, {name: value for name, value in environment.items() if value})
        self.status: int | None = None
        self.resize(*size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(columns, lines)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, *keys: str) -> None:
        """Type keys, one after the other."""
        for key in keys:
            os.write(self.master, key.encode())

    def until(self, *words: str, gone: tuple[str, ...] = ()) -> str:
        """The screen, once all the words are on it and those that must go are gone; fails after a while."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            text = self.screen.text
            if all(word in text for word in words) and not any(word in text for word in gone):
                return text
            if not self.read(0.05) and self.status is not None:
                break
        raise AssertionError(f"waited for {words}, gone {gone}; the screen is:\n{self.screen.text}\nexit {self.status}")

    def settled(self, seconds: float = 0.2) -> str:
        """The screen after so many seconds without anything new."""
        while self.read(seconds):
            pass
        return self.screen.text

    def read(self, seconds: float) -> bool:
        """Take what the program wrote; False if it wrote nothing for so long, or has ended."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        data = b""
        if ready:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            self.raw += data
            self.screen.feed(self.decoder.decode(data))
        if not data and self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return bool(data)

    def ended(self) -> int:
        """Its exit code, once it has ended; negative for a signal."""
        deadline = time.monotonic() + PATIENCE
        while self.status is None and time.monotonic() < deadline:
            self.read(0.05)
        while self.read(0.05):
            pass
        assert self.status is not None, f"still running:\n{self.screen.text}"
        return self.status


def exosuit(folder: Path, *words: str) -> list[str]:
    """The command line of `exosuit` on a folder."""
    return [sys.executable, "-m", "exosuit", "-C", str(folder), *words]
