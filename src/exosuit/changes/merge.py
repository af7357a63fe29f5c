r"""Three-way merge of two texts that come from one: both sides' edits, or where they disagree.

The rule is diff3's (Khanna, Kunal, Pierce 2007) with git's strictness: edits that overlap or touch are a conflict
unless both sides did the same. Lines end at `\n` only; CR, NUL and any encoding are bytes like others. Diffs are
libgit2's, on what is left between the common beginning and end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pygit2
from pygit2.enums import DiffOption

_CHUNK = 1 << 16
_BINARY_PROBE = 8000  # git looks for a NUL in so many first bytes

Span = tuple[int, int]
"""Half-open range of lines, counted from 0."""


@dataclass(frozen=True, slots=True)
class Region:
    """Where both sides changed the same lines: their range in the base and on either side."""

    base: Span
    mine: Span
    theirs: Span


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged bytes; or None, and the regions in conflict."""

    data: bytes | None
    conflicts: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class _Edit:
    """Lines `old` of the base became lines `new` of one side."""

    old: Span
    new: Span


def is_binary(data: bytes) -> bool:
    """Whether git would call it binary: a NUL among the first 8,000 bytes."""
    return b"\0" in data[:_BINARY_PROBE]


def merge3(base: bytes, mine: bytes, theirs: bytes, *, theirs_win: bool = False) -> Merged:
    """Both sides' edits of `base` in one text, or the regions where they disagree (there `theirs` if `theirs_win`)."""
    if theirs in (mine, base):
        return Merged(mine)
    if mine == base:
        return Merged(theirs)
    regions = list(_regions(_edits(base, mine), _edits(base, theirs)))
    texts = [
        _Lines(side, (line for region in regions for line in getattr(region, name)))
        for name, side in (("base", base), ("mine", mine), ("theirs", theirs))
    ]
    parts: list[bytes] = []
    conflicts: list[Region] = []
    at = 0
    for region in regions:
        old, left, right = (
            text.slice(getattr(region, name)) for name, text in zip(("base", "mine", "theirs"), texts, strict=True)
        )
        clash = old not in (left, right) and left != right
        parts += (base[at : texts[0].offset(region.base[0])], right if left == old or clash else left)
        at = texts[0].offset(region.base[1])
        if clash and not theirs_win:
            conflicts.append(region)
    return Merged(None, tuple(conflicts)) if conflicts else Merged(b"".join((*parts, base[at:])))


def _edits(old: bytes, new: bytes) -> list[_Edit]:
    """What changed from `old` to `new`, in order, as ranges of lines."""
    head = _common_head(old, new)
    tail = _common_tail(old[head:], new[head:])
    skipped = old.count(b"\n", 0, head)
    # FORCE_TEXT: a NUL past git's probe makes neither side binary for us.
    patch = pygit2.Patch.create_from(
        old[head : len(old) - tail],
        new[head : len(new) - tail],
        context_lines=0,
        interhunk_lines=0,
        flag=DiffOption.FORCE_TEXT | DiffOption.PATIENCE,
    )
    return [
        _Edit(_span(hunk.old_start, hunk.old_lines, skipped), _span(hunk.new_start, hunk.new_lines, skipped))
        for hunk in patch.hunks
    ]


def _span(start: int, count: int, skipped: int) -> Span:
    """A hunk header's range; where it is empty, git names the line before it."""
    first = skipped + (start - 1 if count else start)
    return first, first + count


def _common_head(a: bytes, b: bytes) -> int:
    """Length of the longest common beginning made of whole lines."""
    limit, at = min(len(a), len(b)), 0
    step = 1 << 20
    while step and at < limit:
        if at + step <= limit and a[at : at + step] == b[at : at + step]:
            at += step
        else:
            step //= 2
    return a.rfind(b"\n", 0, at) + 1


def _common_tail(a: bytes, b: bytes) -> int:
    """Length of the longest common end made of whole lines, which starts after a newline on both sides."""
    limit, length = min(len(a), len(b)), 0
    step = 1 << 20
    while step and length < limit:
        start, end = length + step, length
        if start <= limit and a[len(a) - start : len(a) - end] == b[len(b) - start : len(b) - end]:
            length = start
        else:
            step //= 2
    first = a.find(b"\n", len(a) - length)
    return len(a) - first - 1 if first >= 0 else 0


def _regions(mine: list[_Edit], theirs: list[_Edit]) -> Iterator[Region]:
    """Edits of both sides, gathered where they overlap or touch; each side's range grows to cover the region."""
    left, right = _Side(mine), _Side(theirs)
    while left.more() or right.more():
        start = min(side.next_start() for side in (left, right) if side.more())
        end = start
        left.open(start)
        right.open(start)
        grown = True
        while grown:
            grown = False
            for side in (left, right):
                while side.more() and side.next_start() <= end:
                    end = max(end, side.take())
                    grown = True
        yield Region((start, end), left.close(end), right.close(end))


class _Side:
    """One side's edits in order, and how its line numbers run against the base's."""

    def __init__(self, edits: list[_Edit]) -> None:
        self._edits, self._at, self._shift, self._start = edits, 0, 0, 0

    def more(self) -> bool:
        return self._at < len(self._edits)

    def next_start(self) -> int:
        return self._edits[self._at].old[0]

    def open(self, start: int) -> None:
        self._start = start + self._shift

    def take(self) -> int:
        edit = self._edits[self._at]
        self._at += 1
        self._shift = edit.new[1] - edit.old[1]
        return edit.old[1]

    def close(self, end: int) -> Span:
        return self._start, end + self._shift


class _Lines:
    """Byte offsets of some lines of a text, found in one pass without splitting it."""

    def __init__(self, data: bytes, wanted: Iterator[int]) -> None:
        self._data = data
        self._offsets = _offsets(data, sorted(set(wanted)))

    def offset(self, line: int) -> int:
        return self._offsets[line]

    def slice(self, span: Span) -> bytes:
        return self._data[self._offsets[span[0]] : self._offsets[span[1]]]


def _offsets(data: bytes, wanted: list[int]) -> dict[int, int]:
    """Where each wanted line starts; the line after the last one starts at the end."""
    found: dict[int, int] = {}
    line = at = 0
    for target in wanted:
        while line < target and at < len(data):
            ahead = data.count(b"\n", at, at + _CHUNK)
            if line + ahead < target:
                line, at = line + ahead, min(at + _CHUNK, len(data))
                if at == len(data):
                    line = target
            else:
                while line < target:
                    at = data.index(b"\n", at) + 1
                    line += 1
        found[target] = at
    return found
