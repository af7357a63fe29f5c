"""What a hunk is about: the definition that it begins or stands in, never one that comes later."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DEFINITION = re.compile(
    rb"\s*(?:export\s+|default\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|pub(?:\([^)]*\))?\s+|abstract\s+|final\s+)*"
    rb"(?:def|class|function|func|fn|impl|struct|enum|trait|interface|type|module|namespace|sub|proc|package)\b"
)
_HEADING = re.compile(rb"#{1,6} ")
_UNDERLINE = re.compile(rb"([=\-~^\"'`*+#])\1{2,}\s*$")
_BEFORE = re.compile(rb"\s*(?:@|#(?!include|define|if|else|end|pragma)|//|/\*|\*|$)")
"""What stands before a definition and belongs to it: decorators, comments, blank lines."""
_CLOSES = re.compile(rb"\s*[)\]}]")
"""The end of something that was begun above: its indentation is that of where it began."""
REACH = 2000
"""How many lines up a definition is looked for."""


def heading(lines: Sequence[bytes], start: int, stop: int, *, prose: bool, whole: bool = False) -> bytes:
    """A line of `lines` that says what its lines `start` to `stop` are about.

    The definition they begin with, else the one they stand in or come after; in prose the same of headings. Where there
    is none, or where they are all there is (`whole`: a new or a deleted file), their first line that is not blank.
    """
    first = next((at for at in range(start, min(stop, len(lines))) if lines[at].strip()), start)
    return (
        _begun(lines, first, stop, prose)
        or (b"" if whole else enclosing(lines, first, prose))
        or (lines[first].strip() if first < len(lines) else b"")
    )


def _begun(lines: Sequence[bytes], first: int, stop: int, prose: bool) -> bytes:
    """The definition that a stretch begins with, after what belongs to it; in prose, a heading."""
    if prose:
        return lines[first].strip() if first < len(lines) and _is_heading(lines, first) else b""
    at = first
    while at < min(stop, len(lines)) and _BEFORE.match(lines[at]):
        at += 1
    return _named(lines[at]) if at < min(stop, len(lines)) and _DEFINITION.match(lines[at]) else b""


def enclosing(lines: Sequence[bytes], at: int, prose: bool) -> bytes:
    """The nearest line above `at` that opens a definition with less indentation than it has (in prose: a heading).

    A line that is not indented stands in none: then the definition right before it, if there is one.
    """
    limit = _indent(lines[at]) if at < len(lines) else 0
    for i in range(min(at, len(lines)) - 1, max(-1, at - REACH), -1):
        line = lines[i]
        if prose and _is_heading(lines, i):
            return line.strip()
        if not line.strip() or prose or _CLOSES.match(line):
            continue
        indent = _indent(line)
        if (indent < limit or indent == 0) and _DEFINITION.match(line):
            return _named(line)
        limit = min(limit, indent)
        if limit == 0 and indent == 0:
            return b""
    return b""


def _is_heading(lines: Sequence[bytes], at: int) -> bool:
    """Whether a line of prose is marked as a heading, or underlined as one (reStructuredText, Markdown)."""
    if _HEADING.match(lines[at]):
        return True
    under = lines[at + 1] if at + 1 < len(lines) else b""
    text = lines[at].rstrip()
    return bool(text and _indent(text) == 0 and not _UNDERLINE.match(text) and _UNDERLINE.match(under)) and len(
        under.rstrip()
    ) >= len(text)


def _named(line: bytes) -> bytes:
    return line.strip().rstrip(b":{( ")


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" \t")) if line.strip() else 1 << 30
