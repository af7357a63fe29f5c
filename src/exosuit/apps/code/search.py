"""Search over the whole change: the browser's own cannot see lines that are not drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from exosuit.apps.code.rows import FileRows
from exosuit.apps.code.shown import path_text, shown
from exosuit.changes.atoms import FileChange, split_lines
from exosuit.changes.change import Change
from exosuit.changes.shadow import Shadow
from exosuit.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Match:
    """One place in a removed (`old`) or added (`new`) line; `start` and `end` are characters of `text`."""

    file: int
    path: str
    atom: int
    side: Literal["old", "new"]
    line: int
    start: int
    end: int
    text: str
    row: int


def search(change: Change, shadow: Shadow, query: str, *, regex: bool, case: bool, limit: int) -> list[Match]:
    """The first `limit` places in reading order; raises `bad-pattern`. An empty query finds nothing."""
    if not query:
        return []
    try:
        pattern = re.compile(query if regex else re.escape(query), 0 if case else re.IGNORECASE)
    except re.error as error:
        raise UsageError(
            "bad-pattern",
            f"{query!r} is not a regular expression ({error})",
            "leave --regex out to find the text as it is",
        ) from None
    return list(islice(_matches(change, shadow, pattern), limit))


def _matches(change: Change, shadow: Shadow, pattern: re.Pattern[str]) -> Iterator[Match]:
    for file in change.files:
        if file.is_text:
            yield from _in_file(file, shadow.blob(file.old_blob), shadow.blob(file.new_blob), pattern)


def _in_file(file: FileChange, base: bytes, head: bytes, pattern: re.Pattern[str]) -> Iterator[Match]:
    if not any(pattern.search(data.decode("utf-8", "backslashreplace")) for data in (base, head)):
        return
    sides = {"old": split_lines(base), "new": split_lines(head)}
    layout = FileRows(file, base, head)
    path = path_text(file.path)
    for number, span in enumerate(file.spans, len(file.opaque)):
        places = [("old", span.base_at + i) for i in range(span.base_n)] + [
            ("new", span.head_at + i) for i in range(span.head_n)
        ]
        for side, line in places:
            text = shown(sides[side][line])
            for found in pattern.finditer(text):
                if found.end() > found.start():
                    row = layout.row_of(number)
                    yield Match(
                        file.number,
                        path,
                        number + 1,
                        "old" if side == "old" else "new",
                        line + 1,
                        found.start(),
                        found.end(),
                        text,
                        row,
                    )
