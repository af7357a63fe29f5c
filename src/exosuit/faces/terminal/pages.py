"""The rows of files, as far as they have been read: in windows, the oldest forgotten first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from exosuit.commands.review_models import Row, Rows

WINDOW = 256
"""Rows that are asked for at a time."""

KEPT = 128
"""Windows that are kept: more than any one step of the machine looks at."""


class MissingError(Exception):
    """A step or a view needs rows that have not been read; whoever runs it reads them and runs it again."""

    def __init__(self, file: int, window: int) -> None:
        super().__init__(f"window {window} of file {file}")
        self.file = file
        self.window = window


@dataclass(frozen=True)
class Pages:
    """Windows by (file, number), and by file how many rows there are and where hunks start."""

    windows: dict[tuple[int, int], list[Row]] = field(default_factory=dict)
    heads: dict[int, tuple[int, list[int]]] = field(default_factory=dict)

    def total(self, file: int) -> int:
        return self._head(file)[0]

    def hunks(self, file: int) -> list[int]:
        """The row at which each hunk starts."""
        return self._head(file)[1]

    def _head(self, file: int) -> tuple[int, list[int]]:
        if file not in self.heads:
            raise MissingError(file, 0)
        return self.heads[file]

    def row(self, file: int, number: int) -> Row:
        """A row; raises `MissingError` if it has not been read, `IndexError` if there is none."""
        if not 0 <= number < self.total(file):
            raise IndexError(number)
        window = self.windows.get((file, number // WINDOW))
        if window is None:
            raise MissingError(file, number // WINDOW)
        return window[number % WINDOW]

    def read(self, rows: Rows) -> Pages:
        """With one more window."""
        windows = {**self.windows, (rows.file, rows.start // WINDOW): list(rows.rows)}
        while len(windows) > KEPT:
            windows.pop(next(iter(windows)))
        return Pages(windows, {**self.heads, rows.file: (rows.total, rows.hunks)})

    def without(self, files: set[int]) -> Pages:
        """Without some files, because an edit changed their rows."""
        windows = {key: rows for key, rows in self.windows.items() if key[0] not in files}
        return Pages(windows, {file: head for file, head in self.heads.items() if file not in files})


Reader = Callable[[int, int], Rows]
"""Reads one window of one file."""
