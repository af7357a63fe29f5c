"""The words of a style as attributes of curses. Colour says added or removed, nothing else; without it the signs do."""

from __future__ import annotations

import curses
from collections.abc import Mapping
from functools import lru_cache

GREEN, RED = 29, 131
"""Of the 256 colours, #00875f and #af5f5f: each is readable (4.5:1, WCAG 2) on black and on white alike."""

ATTRIBUTES = {
    "bold": curses.A_BOLD,
    "dim": curses.A_DIM,
    "mark": curses.A_BOLD | curses.A_UNDERLINE,
    "hit": curses.A_REVERSE,
    "now": curses.A_BOLD | curses.A_UNDERLINE,
    "cursor": curses.A_REVERSE,
    "top": curses.A_REVERSE,
    "own": curses.A_BOLD,
    "italic": getattr(curses, "A_ITALIC", 0),
}


class Palette:
    """Attributes by style, for the terminal that curses was started on."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.pairs: dict[str, int] = {}
        if environment.get("NO_COLOR") or not curses.has_colors():
            return
        curses.start_color()
        background = -1
        try:
            curses.use_default_colors()
        except curses.error:
            background = curses.COLOR_BLACK
        many = curses.COLORS >= 256
        curses.init_pair(1, GREEN if many else curses.COLOR_GREEN, background)
        curses.init_pair(2, RED if many else curses.COLOR_RED, background)
        self.pairs = {"add": curses.color_pair(1), "del": curses.color_pair(2)}

    def attribute(self, style: str) -> int:
        """The attributes of a style."""
        return _attributes(style) | next((self.pairs[word] for word in style.split() if word in self.pairs), 0)


@lru_cache(maxsize=256)
def _attributes(style: str) -> int:
    result = 0
    for word in style.split():
        result |= ATTRIBUTES.get(word, 0)
    return result
