"""A parsed file as blocks: which statements a block holds, and of which clauses a compound statement is made."""

from __future__ import annotations

import ast

from exosuit.verify.increments.members import Classes
from exosuit.verify.increments.outline import Clause
from exosuit.verify.plan.python.source import Source

_OPENED: tuple[type, ...] = (ast.ClassDef, ast.If, ast.With, ast.Try, ast.For, ast.While, ast.Match)


class Shape:
    """The blocks of a Python source: an `Outline` whose statements are named by their number in it.

    The kind of a clause is the field of the syntax tree that holds its statements, or `elif`.
    """

    framed = False

    def __init__(self, source: Source, classes: Classes) -> None:
        self.source, self._classes = source, classes
        self.statements = source.statements
        self.tops: list[int] = []
        self._held: dict[int, list[int]] = {}
        for number, statement in enumerate(self.statements):
            if statement.parent < 0:
                self.tops.append(number)
            else:
                self._held.setdefault(statement.parent, []).append(number)

    def extent(self, number: int) -> tuple[int, int]:
        """First and last line of a statement with all that it holds."""
        statement = self.statements[number]
        return statement.start, self._continued(statement.last)

    def _continued(self, line: int) -> int:
        """The last line of what ends at `line`: a backslash before a blank line takes that one along."""
        lines = self.source.lines
        while line + 1 < len(lines) and lines[line].rstrip(b"\r\n").endswith(b"\\"):
            line += 1
        return line

    def kind(self, number: int) -> str:
        """The type of a compound statement that can be taken apart."""
        node = self.statements[number].node
        return type(node).__name__ if isinstance(node, _OPENED) else ""

    def place(self, number: int) -> str:
        """Imports from `__future__` stand first, behind the docstring."""
        node = self.statements[number].node
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            return "first"
        return "docstring" if isinstance(node, ast.Expr) else ""

    def leans(self, _number: int) -> bool:
        """Never: a new line ends a statement."""
        return False

    def is_closed(self, _number: int) -> bool:
        return True

    def late(self, number: int) -> list[int]:
        return self._classes.late(self.source, number)

    def is_quiet(self, line: int) -> bool:
        """Whether a line is blank or only a comment."""
        text = self.source.lines[line].lstrip()
        return not text.strip() or text.startswith(b"#")

    def indent(self, number: int) -> bytes:
        """What stands before a statement on its first line."""
        line = self.source.lines[self.statements[number].start]
        return line[: len(line) - len(line.lstrip(b" \t"))]

    def clauses(self, number: int) -> list[Clause]:
        """The clauses of a compound statement in order; none of a simple one."""
        statement = self.statements[number]
        node = statement.node
        places: dict[str, list[int]] = {}
        for held in self._held.get(number, ()):
            places.setdefault(self.statements[held].place, []).append(held)
        if not places:
            return []
        found = [Clause("body", statement.start, statement.end, places.pop("body", []))]
        for place, inside in places.items():
            if place in ("handlers", "cases"):
                found += [self._clause(place, one) for one in inside]
            elif isinstance(node, ast.If) and self._is_elif(inside):
                first, *others = self.clauses(inside[0])
                found += [first._replace(kind="elif"), *others]
            else:
                found.append(self._other(place, inside))
        return found

    def _clause(self, place: str, number: int) -> Clause:
        """An `except` or a `case`."""
        statement = self.statements[number]
        return Clause(place, statement.start, statement.end, self._held.get(number, []))

    def _is_elif(self, held: list[int]) -> bool:
        start = self.statements[held[0]].start
        is_if = isinstance(self.statements[held[0]].node, ast.If)
        return len(held) == 1 and is_if and self.source.lines[start].lstrip().startswith(b"elif")

    def _other(self, place: str, held: list[int]) -> Clause:
        """An `else:` or `finally:`: the last code before what it holds, which is no statement of its own."""
        start = self.statements[held[0]].start
        line = start - 1
        while line >= 0 and (not (text := self.source.lines[line].strip()) or text.startswith(b"#")):
            line -= 1
        word = b"else" if place == "orelse" else b"finally"
        if self.source.lines[start].lstrip().startswith(word) or line < 0:
            return Clause(place, start, start, held)
        first = line
        while first and self.source.lines[first - 1].rstrip(b"\r\n").endswith(b"\\"):
            first -= 1
        return Clause(place, first, line, held)

    def clause_extent(self, clause: Clause) -> tuple[int, int]:
        """First and last line of a clause with what it holds."""
        return clause.first, max([clause.last, *(self.extent(held)[1] for held in clause.held[-1:])])
