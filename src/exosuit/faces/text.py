"""Text for a terminal: what came from outside is shown as text only, columns line up, colour where it is wanted."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Sequence
from typing import TextIO

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that reorder what is shown around them (the "Trojan source" paper, CVE-2021-42574)."""

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34"}


def shown(text: str, *, lines: bool = False) -> str:
    r"""`text` with everything that would steer a terminal written out as an escape: `\\x1b`, `\\n`, `\\u202e`.

    With `lines`, newlines and tabs stay.
    """
    if text.isprintable() and not BIDI.intersection(text):
        return text
    return "".join(c if _harmless(c, lines=lines) else _escape(c) for c in text)


def _harmless(character: str, *, lines: bool) -> bool:
    if lines and character in "\n\t":
        return True
    return character not in BIDI and (character.isprintable() or unicodedata.category(character) == "Zs")


def _escape(character: str) -> str:
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character)
    code = ord(character)
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def wants_colour(stream: TextIO | None = None) -> bool:
    """Colour only on a terminal, and never where `NO_COLOR` is set (no-color.org) or the terminal is dumb."""
    stream = stream if stream is not None else sys.stdout
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Paint:
    """Styles words, or leaves them as they are."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.colour and text else text


def width(text: str) -> int:
    """Columns that the text takes on a terminal: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def columns(rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset(), gap: str = "  ") -> list[list[str]]:
    """The same rows with every cell padded to its column's width (the last column is left as it is); `gap` included."""
    if not rows:
        return []
    widths = [max(width(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [[_cell(row, i, widths, right, gap) for i in range(len(row))] for row in rows]


def _cell(row: Sequence[str], i: int, widths: list[int], right: frozenset[int], gap: str) -> str:
    pad = " " * (widths[i] - width(row[i]))
    if i in right:
        return pad + row[i] + (gap if i < len(row) - 1 else "")
    return row[i] + (pad + gap if i < len(row) - 1 else "")
