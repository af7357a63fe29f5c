"""Prose as a row of paragraphs, each with a key that says what a reader reads: line breaks and plain markup aside.

What is aside: how a paragraph is wrapped, how often a backtick is repeated, how a role, a link and a heading are
spelled in Markdown and reStructuredText. What is indented or fenced may be code: there every character but the common
indentation counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_ITEM = re.compile(rb"^(\s*)(?:[-*+]|\d+[.)]|#\.)\s+(?=\S)")
_BULLET = re.compile(rb"^\s*[-*+]\s+(?=\S)")
_FENCE = re.compile(rb"^\s*(```+|~~~+)")
_MATTER = re.compile(rb"^(---)\s*$")
_LINE = re.compile(rb"^\s*([=\-~^\"'`#*+])\1{2,}\s*$")
_HEADING = re.compile(rb"^#{1,6}\s+(.*?)\s*#*$")
_ROLE = re.compile(rb":([a-z][\w+:.-]*):`")
_ROLE_OF_MARKDOWN = re.compile(rb"\{([a-z][\w+:.-]*)\}`")
_LINK = re.compile(rb"`([^`<>]+?)\s*<([^`<>\s]+)>`__?")
_LINK_OF_MARKDOWN = re.compile(rb"(?<!!)\[([^\[\]]+)\]\(([^()\s]+)\)")


class Paragraph(NamedTuple):
    """Lines `start` to before `end`, and what a reader reads there."""

    start: int
    end: int
    key: bytes

    @property
    def words(self) -> int:
        return len(self.key.split())


def paragraphs(lines: Sequence[bytes]) -> list[Paragraph]:
    """The paragraphs of a text: parted by blank lines and by items of lists."""
    found: list[Paragraph] = []
    for start, end, fenced in _stretches(lines):
        here = lines[start:end]
        key = b"\0" + _exactly(here) if fenced or not _is_running(here) else _read(here)
        found.append(Paragraph(start, end, key))
    return found


def _stretches(lines: Sequence[bytes]) -> Iterator[tuple[int, int, bool]]:
    """Lines that belong together (from, to), and whether they stand in a fence."""
    start, fence = -1, b""
    for at, line in enumerate(lines):
        mark = _MATTER.match(line) if not at or fence == b"---" else _FENCE.match(line)
        is_mark = bool(mark) and (not fence or (mark is not None and mark[1].startswith(fence)))
        breaks = not line.strip() or is_mark or (not fence and _ITEM.match(line) and not _LINE.match(line))
        if start >= 0 and breaks:
            yield start, at, bool(fence)
            start = -1
        if is_mark and mark is not None:
            yield at, at + 1, True
            fence = b"" if fence else mark[1]
        elif line.strip() and start < 0:
            start = at
    if start >= 0:
        yield start, len(lines), bool(fence)


_NOT_RUNNING = (b" ", b"\t", b"..", b"|", b"+-", b"<", b">>>", b"$ ", b"[", b"{", b"%", b":", b"!")


def _is_running(lines: Sequence[bytes]) -> bool:
    """Whether a stretch is plain running text or an item of a list: no code, table, directive, definition or option."""
    if _ITEM.match(lines[0]):
        return True
    return not lines[0].startswith(_NOT_RUNNING) and all(line[:1].strip() or not line.strip() for line in lines)


def _exactly(lines: Sequence[bytes]) -> bytes:
    """Every character but what all lines are indented by."""
    margin = min((len(line) - len(line.lstrip(b" ")) for line in lines), default=0)
    return b"\n".join(line[margin:].rstrip() for line in lines)


def _read(lines: Sequence[bytes]) -> bytes:
    """The words and signs of a paragraph, with one spelling for roles, links and headings."""
    kept = [line.strip() for at, line in enumerate(lines) if not at or not _LINE.match(line)]
    item = _BULLET.match(lines[0])
    if item:
        kept[0] = b"- " + lines[0][item.end() :].strip()
    if heading := _HEADING.match(kept[0]):
        kept[0] = heading[1]
    text = _ROLE_OF_MARKDOWN.sub(rb":\1:`", b" ".join(kept))
    text = _LINK_OF_MARKDOWN.sub(rb"\1 <\2>", _LINK.sub(rb"\1 <\2>", _ROLE.sub(rb":\1:`", text)))
    return b" ".join(re.sub(rb"`+", b"`", text).split())
