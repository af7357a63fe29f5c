"""Search over the whole change: the browser's own cannot see lines that are not drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from exosuit.apps.code.rows import FileRows
from exosuit.apps.code.shown import shown
from exosuit.changes.atoms import Span
from exosuit.changes.change import Change
from exosuit.changes.shadow import Shadow
from exosuit.core.errors import UsageError
from exosuit.core.escapes import path_text


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
    needle = b"" if regex or "\\" in query or not query.isascii() else query.encode()
    return list(islice(_matches(change, shadow, pattern, needle if case else needle.lower()), limit))


def _matches(change: Change, shadow: Shadow, pattern: re.Pattern[str], needle: bytes) -> Iterator[Match]:
    """All places. A file in whose bytes `needle` (in lower case, unless case counts) does not occur has none."""
    exact = not pattern.flags & re.IGNORECASE
    for file in change.files:
        if not file.is_text:
            continue
        base, head = shadow.blob(file.old_blob), shadow.blob(file.new_blob)
        if any(needle in (data if exact else data.lower()) for data in (base, head)):
            yield from _in_file(FileRows(file, base, head), pattern)


def _in_file(layout: FileRows, pattern: re.Pattern[str]) -> Iterator[Match]:
    file, path = layout.file, path_text(layout.file.path)
    for number, span in enumerate(file.spans, len(file.opaque)):
        for side, line, text in _lines(layout, span):
            for found in pattern.finditer(text):
                if found.end() > found.start():
                    row = layout.line_rows[side, line]
                    yield Match(file.number, path, number + 1, side, line + 1, found.start(), found.end(), text, row)


def _lines(layout: FileRows, span: Span) -> Iterator[tuple[Literal["old", "new"], int, str]]:
    """The removed and added lines of an atom as they are shown."""
    for line in range(span.base_at, span.base_at + span.base_n):
        yield "old", line, shown(layout.old[line])
    for line in range(span.head_at, span.head_at + span.head_n):
        yield "new", line, shown(layout.new[line])
