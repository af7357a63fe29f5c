"""Bytes as a person sees them: what could hide, spoof or flood is written out."""

from __future__ import annotations

import re

LONGEST = 4000
"""Characters of a line that are shown; the rest is counted."""

# Controls, bidi controls and isolates, zero-width and tag characters: what the eye cannot see (CVE-2021-42574).
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def shown(line: bytes) -> str:
    r"""One line without its newline, safe to put on a screen: hidden characters as `\u202e`, other bytes as `\xff`."""
    cut = line[: LONGEST * 4 + 4]
    text = cut.removesuffix(b"\n").decode("utf-8", "backslashreplace") if len(cut) == len(line) else _beginning(cut)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]} … {len(line) - LONGEST:,} more"
    return _HIDDEN.sub(_written_out, text) if _HIDDEN.search(text) else text


def _beginning(cut: bytes) -> str:
    """A decoded beginning whose last character may be cut in two."""
    text = cut.decode("utf-8", "backslashreplace")
    return text + " " * max(0, LONGEST + 1 - len(text))


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code == 0x0D:
        return "␍"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def path_text(path: bytes) -> str:
    """A path for a screen or for JSON: the same rules, newlines included."""
    return _HIDDEN.sub(_written_out, path.decode("utf-8", "backslashreplace").replace("\n", "\\n"))
