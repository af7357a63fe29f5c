"""Search-and-replace rules: guessed from a line before and after, and run on any bytes.

A rule replaces a phrase of tokens, perhaps only behind or before certain tokens. Lines are cut into words, runs of
spaces and single other characters, whatever the language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

LONGEST = 12
"""Tokens in a phrase, at most."""

MOST_EDITS = 4
"""Edits in one line, at most; what is edited in more places is not a repetition of something."""

_TOKEN = re.compile(rb"[\w\x80-\xff]+|[ \t]+|[^\w \t]")


@dataclass(frozen=True)
class Rule:
    """`old` becomes `new` wherever it stands behind `left` and before `right`, on whole words."""

    old: bytes
    new: bytes
    left: bytes = b""
    right: bytes = b""

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        whole = self.left + self.old + self.right
        start = rb"(?<![\w\x80-\xff])" if _is_word(whole[:1]) else b""
        end = rb"(?![\w\x80-\xff])" if _is_word(whole[-1:]) else b""
        behind = rb"(?<=" + re.escape(self.left) + b")" if self.left else b""
        before = rb"(?=" + re.escape(self.right) + b")" if self.right else b""
        if self.left and start:
            behind = rb"(?<=" + start + re.escape(self.left) + b")"
            start = b""
        if self.right and end:
            before = rb"(?=" + re.escape(self.right) + end + b")"
            end = b""
        return re.compile(start + behind + re.escape(self.old) + before + end)

    def run(self, text: bytes) -> bytes:
        """The text with the rule applied everywhere."""
        return self.pattern.sub(lambda _match: self.new, text)

    @property
    def words(self) -> tuple[frozenset[bytes], frozenset[bytes]]:
        """Names that it takes away, and names that it brings."""
        old, new = names_in(self.old), names_in(self.new)
        return old - new, new - old

    @property
    def command(self) -> str:
        """The rule as a program that a shell takes."""
        pattern = self.pattern.pattern.decode("utf-8", "backslashreplace").replace("\\x80-\\xff", "")
        new = self.new.decode("utf-8", "backslashreplace")
        quoted = f"s/{pattern}/{new}/g".replace("'", "'\\''") if "/" not in pattern + new else ""
        return f"perl -pi -e '{quoted}'" if quoted else f"replace {self.old!r} by {self.new!r}"


def _is_word(character: bytes) -> bool:
    return bool(re.match(rb"[\w\x80-\xff]", character))


def names_in(text: bytes) -> frozenset[bytes]:
    """Every word of a text that may be a name."""
    return frozenset(re.findall(rb"[^\W\d]\w*", text))


def tokens(line: bytes) -> list[bytes]:
    """A line cut up; joined it is the line again."""
    return _TOKEN.findall(line)


@dataclass(frozen=True, slots=True)
class Edit:
    """A phrase that gave way to another one in a line, and the tokens around it."""

    old: bytes
    new: bytes
    left: tuple[bytes, ...]
    right: tuple[bytes, ...]


def edits(old: bytes, new: bytes) -> list[Edit]:
    """What was replaced in a line, in order; empty if it is too much or cannot be told."""
    a, b = tokens(old.rstrip(b"\r\n")), tokens(new.rstrip(b"\r\n"))
    if len(a) > 400 or len(b) > 400:
        return []
    found = []
    for low, high, start, end in _stretches(a, b):
        if high - low > LONGEST or end - start > LONGEST:
            return []
        left, right = tuple(a[max(0, low - 2) : low]), tuple(a[high : high + 2])
        found.append(Edit(b"".join(a[low:high]), b"".join(b[start:end]), left, right))
    distinct = {(edit.old, edit.new) for edit in found}
    usable = len(distinct) <= MOST_EDITS and all(edit.old.strip() for edit in found)
    return found if usable else []


def _stretches(a: Sequence[bytes], b: Sequence[bytes]) -> list[tuple[int, int, int, int]]:
    """Where two lines differ, insertions widened by the token before (at the beginning: behind) them."""
    if len(a) == len(b):
        codes = _by_place(a, b)
    else:
        matcher = SequenceMatcher(None, a, b, autojunk=False)
        codes = [(i, j, k, m) for tag, i, j, k, m in matcher.get_opcodes() if tag != "equal"]
    found: list[tuple[int, int, int, int]] = []
    for code in codes:
        here = _widened(a, b, *code)
        if found and here[0] < found[-1][1]:
            last = found.pop()
            here = last[0], here[1], last[2], here[3]
        found.append(here)
    return found


def _widened(a: Sequence[bytes], b: Sequence[bytes], i: int, j: int, k: int, m: int) -> tuple[int, int, int, int]:
    """A stretch that takes something away: one that only adds takes in the token before it, else the one behind."""

    def is_bare() -> bool:
        return not b"".join(a[i:j]).strip()

    while i and k and is_bare():
        i, k = i - 1, k - 1
    while j < len(a) and m < len(b) and is_bare():
        j, m = j + 1, m + 1
    return i, j, k, m


def _by_place(a: Sequence[bytes], b: Sequence[bytes]) -> list[tuple[int, int, int, int]]:
    """Stretches of unequal tokens of two lines with as many tokens each."""
    found: list[tuple[int, int, int, int]] = []
    for at, (x, y) in enumerate(zip(a, b, strict=True)):
        if x == y:
            continue
        if found and found[-1][1] == at:
            found[-1] = (found[-1][0], at + 1, found[-1][2], at + 1)
        else:
            found.append((at, at + 1, at, at + 1))
    return found


def variants(old: bytes, new: bytes, examples: Sequence[Edit]) -> list[Rule]:
    """Rules for one replacement, the broadest first: with more and more of what stands around all examples."""
    lefts = {edit.left for edit in examples}
    rights = {edit.right for edit in examples}
    found = [Rule(old, new)]
    left = [b"".join(next(iter(lefts))[-size:]) if _common(lefts, -size) else b"" for size in (1, 2)]
    right = [b"".join(next(iter(rights))[:size]) if _common(rights, size) else b"" for size in (1, 2)]
    for before, behind in (
        (left[0], b""),
        (b"", right[0]),
        (left[0], right[0]),
        (left[1], right[0]),
        (left[1], right[1]),
    ):
        rule = Rule(old, new, before, behind)
        if (before or behind) and rule not in found:
            found.append(rule)
    return found


def _common(sides: set[tuple[bytes, ...]], size: int) -> bool:
    """Whether all sides share their `size` tokens next to the edit (negative: the last ones)."""
    parts = {side[size:] if size < 0 else side[:size] for side in sides}
    return len(parts) == 1 and len(next(iter(parts))) == abs(size)
