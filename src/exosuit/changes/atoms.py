"""Atoms, runs, hunks, files: a change as data, in lines of two blobs.

A *run* is a maximal stretch of lines that differ: `base_n` lines from line `base_at` of the base file give way to
`head_n` lines from line `head_at` of the head file (counting from 0). Within it lines that are edits of each other are
*paired*; an atom is then one pair, one removed line or one added line. All text lives in the blobs: an atom is a view.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, islice
from typing import NamedTuple

REGULAR, EXECUTABLE, SYMLINK, SUBMODULE = 0o100644, 0o100755, 0o120000, 0o160000
"""Git's modes of what can stand at a path."""


class Kind(StrEnum):
    """What an atom is; all but `text` are opaque: decided whole."""

    TEXT = "text"
    BINARY = "binary"
    SYMLINK = "symlink"
    MODE = "mode"
    SUBMODULE = "submodule"
    RENAME = "rename"
    CREATE = "create"
    DELETE = "delete"


class Span(NamedTuple):
    """An atom of a run, in lines: `base_n` lines at `base_at` become `head_n` lines at `head_at`."""

    base_at: int
    base_n: int
    head_at: int
    head_n: int


class Run(NamedTuple):
    """A maximal stretch of differing lines. `pairs` are (base offset, head offset) inside it, both rising.

    `whole` runs are one atom: the last line of one side has no newline, and any other split could glue two lines.
    """

    base_at: int
    base_n: int
    head_at: int
    head_n: int
    pairs: tuple[tuple[int, int], ...] = ()
    whole: bool = False

    @property
    def atoms(self) -> int:
        """How many atoms the run has."""
        return 1 if self.whole else self.base_n + self.head_n - len(self.pairs)

    def spans(self) -> Iterator[Span]:
        """The atoms in order; between two pairs the removed lines come before the added ones."""
        if self.whole:
            yield Span(self.base_at, self.base_n, self.head_at, self.head_n)
            return
        old = new = 0
        for pair_old, pair_new in self.pairs:
            yield from self._unpaired(old, pair_old, new, pair_new)
            yield Span(self.base_at + pair_old, 1, self.head_at + pair_new, 1)
            old, new = pair_old + 1, pair_new + 1
        yield from self._unpaired(old, self.base_n, new, self.head_n)

    def _unpaired(self, old: int, old_end: int, new: int, new_end: int) -> Iterator[Span]:
        for line in range(old, old_end):
            yield Span(self.base_at + line, 1, self.head_at + new, 0)
        for line in range(new, new_end):
            yield Span(self.base_at + old_end, 0, self.head_at + line, 1)


@dataclass(frozen=True)
class FileChange:
    """One file of a change. Atoms are counted from 0: first the opaque ones, then those of the runs, in order.

    `number` counts files from 1 in reading order; `hunks` holds, for each hunk, the number of its first atom, so hunk
    `i` runs to the atom before hunk `i + 1`. Modes are git's, 0 where the file is absent; blobs are git object ids.
    """

    number: int
    path: bytes
    old_path: bytes
    status: str
    content: Kind | None
    old_mode: int
    new_mode: int
    old_blob: str
    new_blob: str
    opaque: tuple[Kind, ...]
    runs: Sequence[Run] = field(repr=False)
    hunks: Sequence[int] = field(repr=False)
    atoms: int
    added: int
    removed: int

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The text atoms; atom `len(opaque) + i` is `spans[i]`."""
        return tuple(span for run in self.runs for span in run.spans())

    @cached_property
    def _starts(self) -> list[int]:
        """For each run the number of its first atom."""
        return list(accumulate((run.atoms for run in self.runs), initial=len(self.opaque)))

    def span(self, atom: int) -> Span:
        """A text atom by its number, without laying out those before it."""
        run = bisect_right(self._starts, atom) - 1
        return next(islice(self.runs[run].spans(), atom - self._starts[run], None))

    @property
    def is_text(self) -> bool:
        """Whether the content is taken apart by lines."""
        return self.content is Kind.TEXT

    @property
    def is_renamed(self) -> bool:
        return self.status == "R"

    def hunk_atoms(self, hunk: int) -> tuple[int, int]:
        """First and one-past-last atom of hunk `hunk` (from 0)."""
        end = self.hunks[hunk + 1] if hunk + 1 < len(self.hunks) else self.atoms
        return self.hunks[hunk], end


def split_lines(data: bytes) -> list[bytes]:
    r"""Lines with their newline, as git counts them: only `\n` ends a line. Joined they are `data` again."""
    lines = data.split(b"\n")
    last = lines.pop()
    kept = [line + b"\n" for line in lines]
    if last:
        kept.append(last)
    return kept


def line_offsets(lines: list[bytes]) -> list[int]:
    """Byte offset at which each line starts, and one more for the end."""
    offsets = [0]
    total = 0
    for line in lines:
        total += len(line)
        offsets.append(total)
    return offsets
