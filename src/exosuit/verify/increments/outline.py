"""What the closure of a file needs to know of a side's syntax, whatever its language."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Clause(NamedTuple):
    """Lines `first` to `last` (from 0, both included) that are taken whole, and the statements that they open.

    `kind` says what it is among the clauses of its statement.
    """

    kind: str
    first: int
    last: int
    held: list[int]


class Outline(Protocol):
    """A side of a file as blocks of statements, which are named by numbers.

    `framed` tells languages whose blocks have an end of their own: they may be empty and indented in any way, and the
    clauses of a statement, its frame, are one.
    """

    @property
    def framed(self) -> bool: ...

    @property
    def tops(self) -> list[int]:
        """The statements of the file's own block."""

    def extent(self, number: int) -> tuple[int, int]:
        """First and last line of a statement with all that it holds."""

    def kind(self, number: int) -> str:
        """What a statement is, so far as it can be taken apart against one of the same kind; empty if it cannot."""

    def clauses(self, number: int) -> list[Clause]:
        """The clauses of a statement in order; none of one that cannot be taken apart."""

    def clause_extent(self, clause: Clause) -> tuple[int, int]:
        """First and last line of a clause with what it holds."""

    def indent(self, number: int) -> bytes:
        """What the statements of a block must have in common; nothing where that does not matter."""

    def place(self, number: int) -> str:
        """`first`: it stands before all others; `docstring`: one of these may stand before it; `comment`, or empty."""

    def leans(self, number: int) -> bool:
        """Whether it could be read as a continuation of what stands before it."""

    def is_closed(self, number: int) -> bool:
        """Whether nothing behind it could be read as its continuation."""

    def late(self, number: int) -> list[int]:
        """Of what a statement holds, what may come after it if it is new, and go before it; never all of it."""

    def is_quiet(self, line: int) -> bool:
        """Whether a line is blank or only a comment."""
