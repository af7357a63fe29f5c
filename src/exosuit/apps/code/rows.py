"""A file of a change as rows: context, removed and added lines, folds, heads of hunks, notes; in windows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise

from exosuit.apps.code.headings import heading
from exosuit.apps.code.inline import marks
from exosuit.apps.code.shown import shown
from exosuit.changes.atoms import SYMLINK, FileChange, Kind, Run, split_lines
from exosuit.changes.diff import CONTEXT
from exosuit.core.escapes import path_text

Row = tuple[str, int, int, int, str, list[int]]
"""(kind, old line, new line, atom, text, marks): see `commands.review_models.Row`."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of rows of one kind: `count` rows from old line `old` and new line `new` (from 0).

    For kind `±`: `run` and its first atom, of which lines `new`/`old` on are shown (a block of a one-sided run).
    """

    kind: str
    count: int
    old: int = 0
    new: int = 0
    number: int = 0
    run: Run | None = None
    text: str = ""


@dataclass
class FileRows:
    """One file laid out. `edits` are (first atom, end atom, text) within the file."""

    file: FileChange
    base: bytes = field(repr=False)
    head: bytes = field(repr=False)
    edits: Sequence[tuple[int, int, bytes]] = ()

    @cached_property
    def old(self) -> list[bytes]:
        return split_lines(self.base)

    @cached_property
    def new(self) -> list[bytes]:
        return split_lines(self.head)

    @cached_property
    def parts(self) -> list[_Part]:
        notes = list(self._notes())
        return notes + (list(self._text()) if self.file.is_text else [])

    @cached_property
    def ends(self) -> list[int]:
        """Row number at which each part ends."""
        return list(accumulate(part.count for part in self.parts))

    @property
    def total(self) -> int:
        return self.ends[-1] if self.ends else 0

    @cached_property
    def hunk_rows(self) -> list[int]:
        """The row at which each hunk starts."""
        starts = [0, *self.ends]
        return [
            starts[i] for i, part in enumerate(self.parts) if part.kind == "@" or (part.kind == "!" and part.number)
        ]

    def window(self, start: int, count: int) -> list[Row]:
        """Rows `start` to before `start + count`."""
        rows: list[Row] = []
        i = bisect_right(self.ends, start)
        while i < len(self.parts) and len(rows) < count:
            part = self.parts[i]
            skip = max(0, start - (self.ends[i] - part.count))
            rows += self._rows(part, skip, min(part.count, skip + count - len(rows)))
            i += 1
        return rows

    def context(self, old: int, new: int, count: int) -> list[Row]:
        """Unchanged lines, numbered from 1: what a fold hides."""
        return list(self._lines(_Part(" ", count, old - 1, new - 1), 0, min(count, len(self.new) - new + 1)))

    @cached_property
    def line_rows(self) -> dict[tuple[str, int], int]:
        """The row of each changed line, by (`old` or `new`, line from 0)."""
        found = {}
        for start, part in zip([0, *self.ends], self.parts, strict=False):
            if (run := part.run) is not None:
                for row, i in enumerate(range(part.old, part.old + part.count), start):
                    old = i < run.base_n
                    found["old" if old else "new", run.base_at + i if old else run.head_at + i - run.base_n] = row
        return found

    def row_of(self, atom: int) -> int:
        """The first row on which an atom (from 0) shows."""
        starts = [0, *self.ends]
        for i, part in enumerate(self.parts):
            if part.kind == "!" and part.number == atom + 1:
                return starts[i]
            if part.run is not None and part.number <= atom < part.number + _atoms(part):
                for offset, row in enumerate(self._rows(part, 0, part.count)):
                    if row[3] == atom + 1:
                        return starts[i] + offset
        return 0

    def hunk_title(self, hunk: int) -> str:
        """What hunk `hunk` (from 0) is about, in a line of its own code."""
        first, end = self.file.hunk_atoms(hunk)
        if first < len(self.file.opaque):
            return self._note(self.file.opaque[first])
        span, last = self.file.span(first), self.file.span(end - 1)
        prose = self.file.path.lower().endswith((b".md", b".rst"))
        whole = self.file.status in ("A", "D")
        if self._run_of(first).head_n:
            return shown(heading(self.new, span.head_at, last.head_at + last.head_n, prose=prose, whole=whole))
        return shown(heading(self.old, span.base_at, last.base_at + last.base_n, prose=prose, whole=whole))

    @cached_property
    def _first_atoms(self) -> list[int]:
        """The first atom of each run."""
        return list(accumulate((run.atoms for run in self.file.runs), initial=len(self.file.opaque)))

    def _run_of(self, atom: int) -> Run:
        return self.file.runs[bisect_right(self._first_atoms, atom) - 1]

    def _notes(self) -> Iterator[_Part]:
        for number, kind in enumerate(self.file.opaque, 1):
            yield _Part("!", 1, number=number, text=self._note(kind))

    def _note(self, kind: Kind) -> str:
        file = self.file
        if kind is Kind.RENAME:
            return f"renamed from {path_text(file.old_path)}"
        if kind is Kind.MODE:
            return f"mode {file.old_mode:o} → {file.new_mode:o}"
        if kind is Kind.SYMLINK:
            return f"symbolic link: {_target(file.old_mode, self.base)} → {_target(file.new_mode, self.head)}"
        if kind is Kind.SUBMODULE:
            return f"submodule: {file.old_blob[:12] or 'none'} → {file.new_blob[:12] or 'none'}"
        if kind is Kind.CREATE:
            return "empty file, added"
        if kind is Kind.DELETE:
            return f"deleted: {len(self.base):,} bytes" if self.base else "empty file, deleted"
        return f"binary: {len(self.base):,} → {len(self.head):,} bytes"

    def _text(self) -> Iterator[_Part]:
        """Runs with their context, folds between, a head before each hunk."""
        old = new = 0
        atom, hunk = len(self.file.opaque), len(self.file.opaque)
        runs = list(self.file.runs)
        for i, run in enumerate(runs):
            opens = hunk < len(self.file.hunks) and self.file.hunks[hunk] == atom
            yield from self._gap(old, run, new, first=i == 0, opens=opens, hunk=hunk)
            blocks = self._blocks(run, atom)
            for block, (offset, count) in enumerate(blocks):
                if block:
                    yield _Part("@", 1, number=hunk + block + 1)
                yield _Part(
                    "±", count, number=atom + offset, run=run, old=offset, text="part" if len(blocks) > 1 else ""
                )
            hunk += (1 if opens else 0) + len(blocks) - 1
            atom += run.atoms
            old, new = run.base_at + run.base_n, run.head_at + run.head_n
            yield from self._edited(atom - run.atoms, atom)
        yield from self._tail(old, new)

    def _blocks(self, run: Run, atom: int) -> list[tuple[int, int]]:
        """(first row, rows) of each block that hunks cut a one-sided run into; a mixed run is one block."""
        rows = run.base_n + run.head_n
        if run.base_n and run.head_n:
            return [(0, rows)]
        low, high = bisect_right(self.file.hunks, atom), bisect_right(self.file.hunks, atom + run.atoms - 1)
        cuts = [0, *(self.file.hunks[h] - atom for h in range(low, high)), rows]
        return [(a, b - a) for a, b in pairwise(cuts)]

    def _gap(self, old: int, run: Run, new: int, *, first: bool, opens: bool, hunk: int) -> Iterator[_Part]:
        """What stands between the run before and this one."""
        gap = run.base_at - old
        after = 0 if first else min(CONTEXT, gap)
        before = min(CONTEXT, gap - after)
        if not opens:
            yield from _some(" ", gap, old, new)
            return
        yield from _some(" ", after, old, new)
        hidden = gap - after - before
        if hidden:
            yield _Part("#", 1, old + after, new + after, hidden)
        yield _Part("@", 1, number=hunk + 1)
        yield from _some(" ", before, old + gap - before, new + gap - before)

    def _tail(self, old: int, new: int) -> Iterator[_Part]:
        gap = len(self.old) - old
        after = min(CONTEXT, gap)
        yield from _some(" ", after, old, new)
        if gap > after:
            yield _Part("#", 1, old + after, new + after, gap - after)
        ends = {b"" if not data or data.endswith(b"\n") else b"x" for data in (self.base, self.head)}
        if b"x" in ends:
            sides = [
                name for name, data in (("old", self.base), ("new", self.head)) if data and not data.endswith(b"\n")
            ]
            yield _Part("!", 1, text=f"no newline at the end of the {' and the '.join(sides)} file")

    def _edited(self, first: int, end: int) -> Iterator[_Part]:
        for start, stop, data in self.edits:
            if first < stop <= end:
                lines = split_lines(data)
                yield _Part("~", max(1, len(lines)), number=start + 1, text=data.decode("utf-8", "backslashreplace"))

    def _rows(self, part: _Part, start: int, stop: int) -> list[Row]:
        if part.kind == " ":
            return list(self._lines(part, start, stop))
        if part.kind == "#":
            return [("#", part.old + 1, part.new + 1, part.number, "", [])]
        if part.kind == "@":
            return [("@", 0, 0, part.number, self.hunk_title(part.number - 1), [])]
        if part.kind == "!":
            return [("!", 0, 0, part.number, part.text, [])]
        if part.kind == "~":
            lines = split_lines(part.text.encode()) or [b"(nothing)"]
            return [("~", 0, 0, part.number, shown(line), []) for line in lines[start:stop]]
        return self._run_rows(part, start, stop)

    def _lines(self, part: _Part, start: int, stop: int) -> Iterator[Row]:
        for i in range(start, stop):
            yield (" ", part.old + i + 1, part.new + i + 1, 0, shown(self.new[part.new + i]), [])

    def _run_rows(self, part: _Part, start: int, stop: int) -> list[Row]:
        """Rows of a run: all removed lines, then all added ones, each with its atom and its marks."""
        run = part.run
        assert run is not None
        if part.text or not (run.base_n and run.head_n):
            return self._one_sided(run, part, start, stop)
        atoms_old, atoms_new = _atom_of_lines(run, part.number)
        partner = {}
        for a, b in run.pairs:
            partner[("-", a)] = partner[("+", b)] = (a, b)
        rows: list[Row] = []
        for i in range(start, stop):
            side, line = ("-", i) if i < run.base_n else ("+", i - run.base_n)
            pair = partner.get((side, line))
            found = self._marks(run, pair) if pair else ([], [])
            if side == "-":
                rows.append(
                    ("-", run.base_at + line + 1, 0, atoms_old[line], shown(self.old[run.base_at + line]), found[0])
                )
            else:
                rows.append(
                    ("+", 0, run.head_at + line + 1, atoms_new[line], shown(self.new[run.head_at + line]), found[1])
                )
        return rows

    def _one_sided(self, run: Run, part: _Part, start: int, stop: int) -> list[Row]:
        rows: list[Row] = []
        for i in range(part.old + start, part.old + stop):
            atom = part.number - part.old + i + 1
            if run.base_n:
                rows.append(("-", run.base_at + i + 1, 0, atom, shown(self.old[run.base_at + i]), []))
            else:
                rows.append(("+", 0, run.head_at + i + 1, atom, shown(self.new[run.head_at + i]), []))
        return rows

    def _marks(self, run: Run, pair: tuple[int, int]) -> tuple[list[int], list[int]]:
        return marks(shown(self.old[run.base_at + pair[0]]), shown(self.new[run.head_at + pair[1]]))


def _some(kind: str, count: int, old: int, new: int) -> Iterator[_Part]:
    if count > 0:
        yield _Part(kind, count, old, new)


def _atoms(part: _Part) -> int:
    assert part.run is not None
    return part.count if part.text else part.run.atoms


def _target(mode: int, data: bytes) -> str:
    """What a link points to; a file that stands in its place is not shown as if it were a target."""
    if mode and mode != SYMLINK:
        return f"a file of {len(data):,} bytes"
    return shown(data.replace(b"\n", b"\\n")) or "none"


def _atom_of_lines(run: Run, first: int) -> tuple[list[int], list[int]]:
    """For each removed and each added line of a run: its atom, numbered from 1 in the file (`first` is from 0)."""
    old, new = [0] * run.base_n, [0] * run.head_n
    for number, span in enumerate(run.spans(), first + 1):
        for i in range(span.base_n):
            old[span.base_at - run.base_at + i] = number
        for i in range(span.head_n):
            new[span.head_at - run.head_at + i] = number
    return old, new
