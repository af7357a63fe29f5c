"""Text for terminals whose locale cannot show all of it."""

from __future__ import annotations

from functools import lru_cache

from exosuit.faces.terminal.cells import width

SIGNS = {"⬚": ".", "✓": "v", "✗": "x", "│": "|", "⋯": ":", "»": ">", "…": "~", "␍": "^", "→": ">"}
"""What stands for our own signs; each takes as many columns."""


def plain(text: str, codec: str) -> tuple[str, int]:
    """The text as the locale's codec can say it, and its columns; what it lacks is `?`, one for each column."""
    if text.isascii():
        return text, len(text)
    if codec == "utf-8":
        return text, width(text)
    told = "".join(_character(character, codec) for character in text)
    return told, width(told)


@lru_cache(maxsize=4096)
def _character(character: str, codec: str) -> str:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return SIGNS.get(character, "?" * width(character))
    return character
