"""What operators look at: the two sides of each file of a change, by line, and any subset of its atoms materialized."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from exosuit.changes.atoms import EXECUTABLE, REGULAR, FileChange, Span, split_lines
from exosuit.changes.change import Change
from exosuit.changes.decisions import ACCEPTED, Range, merged
from exosuit.changes.materialize import materialize_file
from exosuit.core.progress import stop_if_asked
from exosuit.verify.plan.python.source import Source, forget_parsed, parse

Blobs = Callable[[str], bytes]
"""The bytes of a blob by its id."""

Listing = Callable[[str], Mapping[bytes, str]]
"""The regular files of a tree by its id: blob ids by path."""

LARGEST = 2_000_000
"""Files with more bytes than this on a side are not looked into."""


def no_listing(_tree: str) -> Mapping[bytes, str]:
    """The listing of a caller that has only the change: nothing is known of files that it does not touch."""
    return {}


class FileReading:
    """One file of a change. Atoms are numbered within the file; `first` is the number of its first in the change."""

    def __init__(self, file: FileChange, first: int, reading: Reading) -> None:
        self.file = file
        self.first = first
        self._reading = reading

    @property
    def is_readable(self) -> bool:
        """Whether both sides are ordinary text of a size that is looked into."""
        modes = {self.file.old_mode, self.file.new_mode} - {0}
        return self.file.is_text and modes <= {REGULAR, EXECUTABLE} and len(self.base) + len(self.head) < LARGEST

    @property
    def is_python(self) -> bool:
        return self.file.path.endswith((b".py", b".pyi")) and self.is_readable

    @cached_property
    def base(self) -> bytes:
        return self._reading.blob(self.file.old_blob) if self.file.is_text and self.file.old_blob else b""

    @cached_property
    def head(self) -> bytes:
        return self._reading.blob(self.file.new_blob) if self.file.is_text and self.file.new_blob else b""

    @cached_property
    def base_lines(self) -> list[bytes]:
        return split_lines(self.base)

    @cached_property
    def head_lines(self) -> list[bytes]:
        return split_lines(self.head)

    @property
    def base_source(self) -> Source | None:
        """The base as Python; None where it does not parse or is not Python."""
        return self._reading.source(self.file.old_blob, self.base) if self.is_python and self.file.old_blob else None

    @property
    def head_source(self) -> Source | None:
        return self._reading.source(self.file.new_blob, self.head) if self.is_python and self.file.new_blob else None

    def span(self, atom: int) -> Span:
        """The lines of a text atom."""
        return self.file.spans[atom - len(self.file.opaque)]

    @property
    def text_atoms(self) -> range:
        return range(len(self.file.opaque), self.file.atoms)

    def lines(self, atom: int) -> int:
        """How many lines an atom removes and adds; none if it is opaque."""
        if atom < len(self.file.opaque):
            return 0
        span = self.span(atom)
        return span.base_n + span.head_n

    def removed(self, atom: int) -> list[bytes]:
        span = self.span(atom)
        return self.base_lines[span.base_at : span.base_at + span.base_n]

    def added(self, atom: int) -> list[bytes]:
        span = self.span(atom)
        return self.head_lines[span.head_at : span.head_at + span.head_n]

    def with_only(self, atoms: Iterable[int]) -> bytes:
        """The base with these atoms taken; what decides a proof, so it goes through the engine's own function."""
        stop_if_asked()
        states = bytearray(self.file.atoms)
        for atom in atoms:
            states[atom] = ACCEPTED
        return materialize_file(self.file, self.base, self.head, states).data or b""

    def without(self, atoms: Iterable[int]) -> bytes:
        """The head with these atoms taken back."""
        kept = set(self.text_atoms).difference(atoms)
        return self.with_only(kept)

    def globally(self, atoms: Iterable[int]) -> list[Range]:
        """Atoms of the file as ranges through the whole change."""
        return merged((self.first + atom, self.first + atom + 1) for atom in atoms)


@dataclass(frozen=True)
class Output:
    """What a tool makes, as a change from the base; `command` shows it again.

    `kind` is `formatting` (of the base, `command` followed by files), `codemod` (of the base), or `regenerated`: of the
    head, with the base's copies of `files`, those that it writes. `tool_edited`: the change edits the tool as well.
    """

    tool: str
    command: str
    change: Change
    kind: str = "formatting"
    tool_edited: bool = False
    files: frozenset[bytes] = frozenset()


class Reading:
    """A change with the means to look into it. Blobs and parsed files are kept by blob id while a plan is made."""

    def __init__(
        self, change: Change, blobs: Blobs, listing: Listing = no_listing, outputs: Sequence[Output] = ()
    ) -> None:
        self.change = change
        self.outputs = outputs
        self._blobs = blobs
        self._listing = listing
        self._kept: dict[str, bytes] = {}
        self._sources: dict[str, Source | None] = {}
        self.files = [FileReading(file, change.range_of(file)[0], self) for file in change.files]

    def blob(self, name: str) -> bytes:
        if name not in self._kept:
            stop_if_asked()
            self._kept[name] = self._blobs(name)
        return self._kept[name]

    def of(self, change: Change) -> Reading:
        """Another change with the same blobs."""
        return Reading(change, self.blob)

    def source(self, name: str, data: bytes) -> Source | None:
        """The bytes of blob `name` as Python."""
        if name not in self._sources:
            stop_if_asked()
            self._sources[name] = parse(data)
        return self._sources[name]

    def forget(self) -> None:
        """Let go of everything that was parsed."""
        self._sources.clear()
        self._kept.clear()
        forget_parsed()

    @cached_property
    def base_tree(self) -> Mapping[bytes, str]:
        """Every regular file of the base; empty where only the change is known."""
        return self._listing(self.change.base)

    @cached_property
    def head_tree(self) -> Mapping[bytes, str]:
        return self._listing(self.change.head)

    def file_of(self, atom: int) -> FileReading:
        return self.files[self.change.file_of(atom).number - 1]

    def atoms_of(self, ranges: Iterable[Range]) -> Iterator[int]:
        """Every atom of some ranges."""
        for first, end in ranges:
            yield from range(first, end)

    def lines(self, ranges: Iterable[Range]) -> int:
        """How many lines some atoms of the change remove and add."""
        total = 0
        for first, end in ranges:
            at = first
            while at < end:
                file = self.file_of(at)
                stop = min(end, file.first + file.file.atoms)
                if (at, stop) == (file.first, file.first + file.file.atoms):
                    total += file.file.added + file.file.removed
                else:
                    total += sum(file.lines(atom - file.first) for atom in range(at, stop))
                at = stop
        return total
