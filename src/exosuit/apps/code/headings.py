"""What a hunk is about: the definition that encloses it, or the first line of a new block."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DEFINITION = re.compile(
    rb"\s*(?:export\s+|default\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|pub(?:\([^)]*\))?\s+|abstract\s+|final\s+)*"
    rb"(?:def|class|function|func|fn|impl|struct|enum|trait|interface|type|module|namespace|sub|proc|package)\b"
)
_HEADING = re.compile(rb"#{1,6} ")
REACH = 2000
"""How many lines up a definition is looked for."""


def enclosing(lines: Sequence[bytes], at: int, prose: bool) -> bytes:
    """The nearest line above `at` that opens a definition with less indentation than it has (in prose: a heading)."""
    limit = _indent(lines[at]) if at < len(lines) else 0
    found = b""
    for i in range(min(at, len(lines)) - 1, max(-1, at - REACH), -1):
        line = lines[i]
        if prose and _HEADING.match(line):
            return line.strip()
        if not line.strip() or prose:
            continue
        indent = _indent(line)
        if (indent < limit or (not found and indent == 0)) and _DEFINITION.match(line):
            return line.strip().rstrip(b":{ ")
        limit = min(limit, indent)
        if limit == 0 and indent == 0 and not _DEFINITION.match(line):
            return found
    return found


def opening(lines: Sequence[bytes]) -> bytes:
    """The line that names a new block: its first definition or heading, else its first line that is not blank."""
    for line in lines[:40]:
        if _DEFINITION.match(line) or _HEADING.match(line):
            return line.strip().rstrip(b":{ ")
    return next((line.strip() for line in lines if line.strip()), b"")


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" \t")) if line.strip() else 1 << 30
