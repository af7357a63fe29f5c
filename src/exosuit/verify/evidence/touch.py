"""Which lines of a file the change touches on either side, and which atoms these are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from exosuit.changes.decisions import merged
from exosuit.verify.evidence.model import Evidence, Lines, Side, Strength
from exosuit.verify.plan.python.source import Source
from exosuit.verify.plan.reading import FileReading, Reading

REPRODUCE = 'exosuit change evidence {change} --only "{kind}"'


class Touch:
    """A file of a change by its changed lines. Lines are counted from 0 here, from 1 in evidence."""

    def __init__(self, file: FileReading, reading: Reading) -> None:
        self.file = file
        self._reading = reading

    @property
    def path(self) -> bytes:
        return self.file.file.path

    def blob(self, name: str) -> bytes:
        """The bytes of a blob by its id."""
        return self._reading.blob(name)

    @property
    def name(self) -> str:
        """The path for people."""
        return shown(self.path)

    @cached_property
    def added(self) -> dict[int, int]:
        """Changed lines of the head, in order, with their atoms."""
        return self._by_line("head")

    @cached_property
    def removed(self) -> dict[int, int]:
        """Changed lines of the base, in order, with their atoms."""
        return self._by_line("base")

    def _by_line(self, side: Side) -> dict[int, int]:
        found: dict[int, int] = {}
        for atom in self.file.text_atoms:
            span = self.file.span(atom)
            at, count = (span.base_at, span.base_n) if side == "base" else (span.head_at, span.head_n)
            found.update(dict.fromkeys(range(at, at + count), atom))
        return dict(sorted(found.items()))

    @cached_property
    def _order(self) -> dict[Side, list[int]]:
        return {"base": list(self.removed), "head": list(self.added)}

    def changed(self, side: Side, first: int, last: int) -> list[int]:
        """The changed lines among `first` to `last` (included)."""
        lines = self._order[side]
        return lines[bisect_left(lines, first) : bisect_right(lines, last)]

    def new_lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines that the head has and the base has not."""
        for line in self.added:
            yield line, self.file.head_lines[line]

    @cached_property
    def old_statements(self) -> list[int]:
        """Statements of the base whose header a changed line touches; empty where it is not Python."""
        return _touched(self.file.base_source, self._order["base"])

    @cached_property
    def new_statements(self) -> list[int]:
        """Statements of the head whose header a changed line touches."""
        return _touched(self.file.head_source, self._order["head"])

    def evidence(
        self, kind: str, strength: Strength, title: str, head: Iterable[int] = (), base: Iterable[int] = (),
        detail: str = "", settled_by: tuple[str, ...] = (),
    ) -> Evidence:  # fmt: skip
        """Evidence about some lines of the file: their atoms, or where no atom is among them, all of the file."""
        old, new = sorted(set(base)), sorted(set(head))
        atoms = [self.removed[line] for line in old if line in self.removed]
        atoms += [self.added[line] for line in new if line in self.added]
        if not atoms:
            atoms = list(range(self.file.file.atoms))
        change = self._reading.change
        lines = [*_spans(self.file.file.old_path or self.path, "base", old), *_spans(self.path, "head", new)]
        return Evidence(
            kind, strength, _plain(title), tuple(self.file.globally(atoms)), tuple(lines),
            REPRODUCE.format(change=change.id, kind=kind), (change.base, change.head), _plain(detail), settled_by,
        )  # fmt: skip


def touches(reading: Reading) -> list[Touch]:
    """The files of a change whose text can be looked into."""
    return [Touch(file, reading) for file in reading.files if file.is_readable]


Look = Callable[[Touch], Iterable[Evidence]]


def each(files: Iterable[Touch], kind: str, look: Look) -> list[Evidence]:
    """What a detector finds file by file. A file that is nested too deep for it costs that file only, and is named."""
    found: list[Evidence] = []
    for touch in files:
        try:
            found += look(touch)
        except (RecursionError, MemoryError):
            found.append(touch.evidence(kind, "unknown", f"{touch.name} is nested too deep to be looked into."))
    return found


LONGEST_SENTENCE = 500
"""Signs of a sentence; what is longer holds something that is not for people."""


def _plain(sentence: str) -> str:
    """A sentence on one line, without signs that do not show, and not too long."""
    cut = sentence if len(sentence) <= LONGEST_SENTENCE else sentence[: LONGEST_SENTENCE - 1] + "…"
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in cut)


def shown(path: bytes) -> str:
    """A path for people, on one line, without signs that do not show."""
    text = path.decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _touched(source: Source | None, lines: list[int]) -> list[int]:
    """The statements whose headers hold some of the lines, each once, in order."""
    if source is None:
        return []
    found: dict[int, None] = {}
    for line in lines:
        found.update(dict.fromkeys(range(*source.touched(line, 1))))
    return sorted(found)


def _spans(path: bytes, side: Side, lines: list[int]) -> Iterator[Lines]:
    for first, end in merged((line, line + 1) for line in lines):
        yield Lines(path, side, first + 1, end)
