"""Python source as statements in order, each with its lines, its depth and its place in the statement around it.

The sequence of (depth, place, header) decides the syntax tree, so two sources whose sequences are equal are the same
program. Only what has to be compared is turned into a *shape*: a statement's own part of the tree as nested tuples.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from exosuit.changes.atoms import split_lines
from exosuit.verify.plan.python.toolcomments import ToolComment, tool_comments

BODIES = ("body", "handlers", "orelse", "finalbody", "cases")
"""Fields that hold statements (or clauses that hold some)."""

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)
_LONE_RETURN = re.compile(rb"\r(?!\n)")

Shape = Any
"""Nested tuples of names, tuples and constants."""


class Statement(NamedTuple):
    """A simple statement, or the header of a compound one (or of an `except` or `case` clause).

    `start` to `end` are its lines (from 0, `end` included), decorators first; `last` is the last line of its body.
    `parent` is the index of the statement around it, or -1.
    """

    node: ast.AST
    place: str
    depth: int
    parent: int
    start: int
    end: int
    last: int


@dataclass(frozen=True, eq=False)
class Source:
    """A parsed file. `first_lines` are what the interpreter and the system read first; `is_whole`: parsed at once."""

    lines: list[bytes]
    statements: list[Statement]
    first_lines: tuple[bytes, ...]
    comments: list[ToolComment] = field(repr=False)
    is_whole: bool = False

    @cached_property
    def tops(self) -> list[int]:
        """The top-level statements."""
        return [index for index, statement in enumerate(self.statements) if statement.parent < 0]

    @cached_property
    def offsets(self) -> list[int]:
        """Where each line starts, in bytes."""
        return [0, *accumulate(map(len, self.lines))]

    @cached_property
    def starts(self) -> list[int]:
        return [statement.start for statement in self.statements]

    @cached_property
    def ends(self) -> list[int]:
        """Last lines of the headers, made to rise: a one-line `if` shares its line with its body."""
        rising, highest = [], -1
        for statement in self.statements:
            highest = max(highest, statement.end)
            rising.append(highest)
        return rising

    def touched(self, first: int, count: int) -> tuple[int, int]:
        """The statements (from, to) that lines `first` to `first + count` touch; of no lines, those that they split."""
        if count:
            return bisect_left(self.ends, first), bisect_left(self.starts, first + count)
        low = bisect_left(self.ends, first)
        return low, max(low, bisect_left(self.starts, first))

    def after(self, index: int) -> int:
        """The index behind a statement and all that it holds."""
        depth, at = self.statements[index].depth, index + 1
        while at < len(self.statements) and self.statements[at].depth > depth:
            at += 1
        return at

    def text(self, index: int) -> bytes:
        """The lines of a statement's header."""
        statement = self.statements[index]
        return b"".join(self.lines[statement.start : statement.end + 1])

    def is_alone(self, index: int) -> bool:
        """Whether no other statement stands on its lines, so that they decide what it is."""
        statement = self.statements[index]
        if index and self.ends[index - 1] >= statement.start:
            return False
        return index + 1 == len(self.statements) or self.starts[index + 1] > statement.end

    @cached_property
    def attached(self) -> dict[int, tuple[tuple[bytes, bytes], ...]]:
        """Tool comments by the statement that they stand in or before (behind the last: the number of statements)."""
        found: dict[int, list[tuple[bytes, bytes]]] = {}
        for comment in self.comments:
            index = bisect_right(self.starts, comment.line) - 1
            if index < 0 or self.ends[index] < comment.line:
                index += 1
            found.setdefault(index, []).append((self._where(index, comment), comment.text))
        return {index: tuple(comments) for index, comments in found.items()}

    def _where(self, index: int, comment: ToolComment) -> bytes:
        """What stands before a tool comment in its statement, without spaces; empty on a line of its own before it."""
        if index == len(self.statements) or self.starts[index] > comment.line:
            return comment.after
        if self.statements[index].start == self.statements[index].end:
            return b"behind"
        above = self.lines[self.starts[index] : comment.line]
        last = self.lines[comment.line].partition(comment.text)[0]
        return b"behind " + b"".join(b"".join([*above, last]).split())

    def enclosing(self, index: int, kinds: tuple[type, ...] = DEFINITIONS) -> int:
        """The innermost definition around a statement, or -1."""
        at = self.statements[index].parent
        while at >= 0 and not isinstance(self.statements[at].node, kinds):
            at = self.statements[at].parent
        return at

    def outermost(self, index: int) -> int:
        """The top-level statement that holds a statement."""
        while self.statements[index].parent >= 0:
            index = self.statements[index].parent
        return index

    @cached_property
    def words(self) -> frozenset[bytes]:
        """Every word of the text, wherever it stands."""
        return frozenset(re.findall(rb"\w+", b"".join(self.lines)))

    def is_code_free(self, line: int) -> bool:
        """Whether a line holds no part of a statement: it is blank or a comment."""
        text = self.lines[line].strip()
        if text and not text.startswith(b"#"):
            return False
        index = bisect_right(self.starts, line) - 1
        return index < 0 or self.ends[index] < line


def parse(data: bytes, thorough: bool = True) -> Source | None:
    """The source; None where it is not Python of this interpreter's grammar, or not plainly UTF-8 with plain lines.

    What is not thorough gives up sooner on files whose strings hold what looks like definitions.
    """
    if _LONE_RETURN.search(data) or b"\x00" in data or b"\x0c" in data:
        return None
    head = data.split(b"\n", 2)[:2]
    cookie = _COOKIE.search(b"\n".join(head))
    if cookie and cookie[1].lower().replace(b"_", b"-") not in (b"utf-8", b"utf8"):
        return None
    first = [head[0]] if head[0].startswith((b"#!", b"\xef\xbb\xbf")) else []
    cuts = [0, *(match.start() for match in _TOP.finditer(data) if match.start()), len(data)]
    chunks = _chunks(data, cuts)
    if chunks is None and thorough and (whole := chunk_of(data)) is not None:
        chunks = [whole]
    return _assembled(split_lines(data), tuple(first), chunks) if chunks is not None else None


def _chunks(data: bytes, cuts: list[int]) -> list[Chunk] | None:
    """The parts between cuts, each parsed; one that a cut has torn is joined with the next, once."""
    found: list[Chunk] = []
    held = -1
    for start, end in pairwise(cuts):
        chunk = chunk_of(data[start if held < 0 else held : end])
        if chunk is None and held >= 0:
            return None
        if chunk is None:
            held = start
        else:
            found.append(chunk)
            held = -1
    return found if held < 0 else None


_TOP = re.compile(rb"(?:(?<=\n\n)|(?<=\n\r\n))(?=@|(?:async[ ]def|def|class)\b)")
"""Where a file may be cut: at decorators and definitions behind a blank line.

Each part is parsed by itself. If one ends as complete statements, the next one starts as a statement; so if all
parse, they parse to what the whole does. A cut in the wrong place leaves a part that does not parse.
"""


@dataclass(frozen=True, eq=False, slots=True)
class Chunk:
    """A stretch of a file that parses by itself, its statements and comments counted from its own beginning."""

    size: int
    statements: tuple[Statement, ...]
    comments: tuple[ToolComment, ...]


@lru_cache(maxsize=1 << 14)
def chunk_of(data: bytes) -> Chunk | None:
    """Part of a file parsed; None where it does not parse by itself. Kept until `forget_parsed`."""
    statements: list[Statement] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
        _walk(tree, -1, 0, data.split(b"\n"), statements)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Chunk(data.count(b"\n"), tuple(statements), tuple(tool_comments(data)))


def _assembled(lines: list[bytes], first: tuple[bytes, ...], chunks: list[Chunk]) -> Source:
    """A file from its parts, everything counted through."""
    statements: list[Statement] = []
    comments: list[ToolComment] = []
    line = 0
    for chunk in chunks:
        at = len(statements)
        for s in chunk.statements:
            parent = s.parent + at if s.parent >= 0 else -1
            statements.append(Statement(s.node, s.place, s.depth, parent, s.start + line, s.end + line, s.last + line))
        comments += [ToolComment(c.line + line, c.after, c.text) for c in chunk.comments]
        line += chunk.size
    return Source(lines, statements, first, comments, len(chunks) == 1)


def _walk(node: ast.AST, parent: int, depth: int, lines: list[bytes], out: list[Statement]) -> None:
    """Append the statements that a node holds, each before those that it holds itself."""
    for place in BODIES:
        held = getattr(node, place, None)
        if not isinstance(held, list):
            continue
        for child in held:
            index = len(out)
            start, end, last = _extent(child, lines)
            out.append(Statement(child, place, depth, parent, start, end, last))
            if hasattr(child, "body") or hasattr(child, "cases"):
                _walk(child, index, depth + 1, lines, out)


def _extent(node: Any, lines: list[bytes]) -> tuple[int, int, int]:
    """First line, last line of the header, last line of all, from 0."""
    if isinstance(node, ast.match_case):
        start, last = node.pattern.lineno - 1, (node.body[-1].end_lineno or 1) - 1
    else:
        start, last = first_line(node), node.end_lineno - 1
    if isinstance(node, ast.Match):
        return start, max(start, node.cases[0].pattern.lineno - 2), last
    if not isinstance(getattr(node, "body", None), list):
        return start, last, last
    first = node.body[0]
    body = first_line(first)
    alone = not lines[first.lineno - 1][: first.col_offset].strip()
    return start, max(start, body - 1 if alone else body), last


def first_line(node: Any) -> int:
    """The first line of a statement (from 0), decorators included."""
    decorators = getattr(node, "decorator_list", None)
    return int(min(node.lineno, decorators[0].lineno) if decorators else node.lineno) - 1


def qualified_name(source: Source, index: int) -> str:
    """A definition's name behind those of the classes and functions around it."""
    names = []
    while index >= 0:
        node: Any = source.statements[index].node
        names.append(node.name)
        index = source.enclosing(index)
    return ".".join(reversed(names))


_FIELDS: dict[type, tuple[str, ...]] = {}
_LEFT_OUT = {"ctx", "kind", "type_comment", "type_ignores"}


def fields_of(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a kind of node that a shape holds, in order."""
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = _FIELDS[kind] = tuple(name for name in kind._fields if name not in _LEFT_OUT)
    return fields


def shape(node: Any, header: bool = True) -> Shape:
    """A node as nested tuples; of a statement, only its own part (`header`)."""
    if isinstance(node, ast.AST):
        kind = node.__class__
        fields = fields_of(kind)
        if kind is ast.Constant:
            return constant(node.value)  # type: ignore[attr-defined]
        if header and isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            held = [name for name in BODIES if isinstance(getattr(node, name, None), list)]
            return (kind.__name__, *(shape(getattr(node, name, None), False) for name in fields if name not in held))
        return (kind.__name__, *(shape(getattr(node, name, None), False) for name in fields))
    if isinstance(node, list):
        return tuple(shape(item, False) for item in node)
    return node


@lru_cache(maxsize=1 << 14)
def own_shape(statement: ast.AST) -> Shape:
    """The shape of a statement of a source, kept until `forget_parsed`."""
    return shape(statement)


def forget_parsed() -> None:
    """Let go of all that is kept of parsed files."""
    chunk_of.cache_clear()
    own_shape.cache_clear()


def constant(value: Any) -> Shape:
    """A constant with its type, so that `1`, `1.0` and `True` differ, and `0.0` from `-0.0`."""
    if isinstance(value, float | complex):
        return ("Constant", type(value).__name__, repr(value))
    return ("Constant", type(value).__name__, value)
