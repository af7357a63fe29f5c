"""Text as cells of a terminal: how wide it is, where it wraps, what a terminal may be sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from exosuit.faces.text import shown

TAB = 4
"""Columns from one tab stop to the next; the browser's review has the same."""

Span = tuple[str, str]
"""Text and the words of its style (`add mark`), see `colours.py`; the text holds no tab and no control character."""

Line = list[Span]


@lru_cache(maxsize=4096)
def cell_width(character: str) -> int:
    """Columns of a character: 0 if it joins the one before (Unicode Mn, Me, Cf, some jamo), 2 if it is wide."""
    if "\u1160" <= character <= "\u11ff" or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def width(text: str) -> int:
    """Columns of a text without tabs."""
    return len(text) if text.isascii() else sum(map(cell_width, text))


def wrap(text: str, columns: int) -> list[tuple[int, int]]:
    """(start, end) characters of each line that `text` takes in `columns`; one empty line for no text.

    A character is never parted from those that combine with it; one that is wider than the line has a line of its own.
    """
    if text.isascii() and "\t" not in text:
        return [(i, min(len(text), i + columns)) for i in range(0, len(text), columns)] or [(0, 0)]
    lines, start, at = [], 0, 0
    for i, character in enumerate(text):
        step = TAB - at % TAB if character == "\t" else cell_width(character)
        if at + step > columns and i > start and step:
            lines.append((start, i))
            start, at = i, 0
            step = TAB if character == "\t" else step
        at += min(step, columns)
    return [*lines, (start, len(text))]


def flat(text: str, at: int = 0) -> str:
    """`text`, beginning in column `at`, with its tabs as spaces and whatever would steer a terminal written out."""
    if "\t" not in text:
        return shown(text) if not text.isprintable() else text
    parts = []
    for character in text:
        part = " " * (TAB - at % TAB) if character == "\t" else shown(character)
        at += width(part)
        parts.append(part)
    return "".join(parts)


def cut(text: str, columns: int, more: str = "…", *, tail: bool = False) -> str:
    """`text` in at most `columns`; what is left out stands behind (with `tail`: before) as `more`."""
    if width(text) <= columns:
        return text
    room = columns - width(more)
    if room < 0:
        return ""
    kept: list[str] = []
    for character in reversed(text) if tail else text:
        room -= cell_width(character)
        if room < 0:
            break
        kept.append(character)
    return more + "".join(reversed(kept)) if tail else "".join(kept) + more


def padded(text: str, columns: int, more: str = "…", *, tail: bool = False) -> str:
    """`text` cut or filled up to exactly `columns`."""
    text = cut(text, columns, more, tail=tail)
    return text + " " * (columns - width(text))


def paragraph(text: str, columns: int) -> list[str]:
    """Prose in lines of at most `columns`, broken between words where that is possible; newlines are kept."""
    columns = max(columns, 2)
    return [line for part in text.split("\n") for line in _broken(shown(part), columns)]


def _broken(text: str, columns: int) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if width(joined) <= columns:
            line = joined
            continue
        if line:
            yield line
        *full, (start, end) = wrap(word, columns)
        yield from (word[a:b] for a, b in full)
        line = word[start:end]
    yield line


def fit(line: Line, columns: int) -> Line:
    """The line in exactly `columns`: cut, or filled up with plain blanks."""
    fitted: Line = []
    room = columns
    for text, style in line:
        size = width(text)
        if size > room:
            return [*fitted, (padded(text, room, ""), style)]
        fitted.append((text, style))
        room -= size
    return [*fitted, (" " * room, "")] if room else fitted
