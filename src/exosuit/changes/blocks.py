"""Where a person would split a stretch of new (or deleted) lines: top-level definitions, headings, blank lines.

Works on the lines as a diff prints them, each with its one-character sign, in whole-buffer searches: a million new
lines cost a few searches rather than a million steps.
"""

from __future__ import annotations

import re
from bisect import bisect_right

SMALL = 4
"""Blocks shorter than this many lines join the next one."""

LARGE = 80
"""Blocks longer than this are split again, at blank lines inside."""

_TOP = re.compile(rb"\n(?:[+-][ \t\r]*\n)+(?=[+-][^\s)\]}])")
_HEADING = re.compile(rb"\n(?=[+-]#{1,4} )")
_INNER = re.compile(rb"\n(?:[+-][ \t\r]*\n)+(?=[+-])")


def block_starts(signed: bytes, count: int, path: bytes) -> list[int]:
    """Line numbers (from 0, the first always) at which blocks of `signed` begin.

    `signed` is `count` lines, each with a leading sign, without the last newline; `path` tells prose from code.
    """
    if count <= SMALL:
        return [0]
    prose = path.lower().endswith((b".md", b".rst", b".txt", b".adoc"))
    pattern = _HEADING if prose and _HEADING.search(signed) else _TOP
    starts = _joined(_lines_at(signed, pattern), count, SMALL)
    refined: list[int] = []
    inner: list[int] | None = None
    for start, end in zip(starts, [*starts[1:], count], strict=True):
        refined.append(start)
        if end - start > LARGE:
            inner = _lines_at(signed, _INNER) if inner is None else inner
            refined += _chunks(start, end, inner)
    return refined


def _lines_at(signed: bytes, pattern: re.Pattern[bytes]) -> list[int]:
    """The line number after each match."""
    found, line, position = [], 0, 0
    for match in pattern.finditer(signed):
        line += signed.count(b"\n", position, match.end())
        position = match.end()
        found.append(line)
    return found


def _joined(candidates: list[int], count: int, least: int) -> list[int]:
    """0 and the candidates, leaving out those that would leave a block with fewer than `least` lines."""
    starts = [0]
    for line in candidates:
        if line - starts[-1] >= least and count - line >= min(least, 2):
            starts.append(line)
    return starts


def _chunks(start: int, end: int, inner: list[int]) -> list[int]:
    """Further starts inside [start, end): the last blank line before each `LARGE` lines, else a plain cut."""
    cuts, at = [], start
    while end - at > LARGE:
        i = bisect_right(inner, at + LARGE) - 1
        cut = inner[i] if i >= 0 and inner[i] > at + LARGE // 4 else at + LARGE
        if end - cut < SMALL:
            break
        cuts.append(cut)
        at = cut
    return cuts
