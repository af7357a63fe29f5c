"""Bytes as a person sees them: what could hide, spoof or flood is written out."""

from __future__ import annotations

import re

from exosuit.core.escapes import HIDDEN

LONGEST = 4000
"""Characters of a line that are shown; the rest is counted."""


def shown(line: bytes) -> str:
    r"""One line without its newline, safe to put on a screen: hidden characters as `\u202e`, other bytes as `\xff`."""
    cut = line[: LONGEST * 4 + 4]
    text = cut.removesuffix(b"\n").decode("utf-8", "backslashreplace") if len(cut) == len(line) else _beginning(cut)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]} … {len(line) - LONGEST:,} more"
    return HIDDEN.sub(_written_out, text) if HIDDEN.search(text) else text


def _beginning(cut: bytes) -> str:
    """A decoded beginning whose last character may be cut in two."""
    text = cut.decode("utf-8", "backslashreplace")
    return text + " " * max(0, LONGEST + 1 - len(text))


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code == 0x0D:
        return "␍"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
