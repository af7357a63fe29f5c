"""What a change leaves as it was in the base: where a pattern would fire and the author did not act."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from exosuit.verify.plan.model import Missed
from exosuit.verify.plan.operators.edited import Edited
from exosuit.verify.plan.python.patterns import Spelling, fires_in, output, tree
from exosuit.verify.plan.python.scopes import own_parts
from exosuit.verify.plan.python.source import Shape, Source, first_line, own_shape, shape
from exosuit.verify.plan.python.styles import Style
from exosuit.verify.plan.reading import Reading


class Unedited:
    """Python files of the base and where the change touches them; parsed only where a pattern may fire."""

    def __init__(self, reading: Reading, places: Sequence[Edited]) -> None:
        self._reading = reading
        self._runs = {file.file.old_path: file.file.runs for file in reading.files}
        self._edited = {
            (place.file.file.old_path, i): new
            for place in places
            for (i, _j), (_old, new) in zip(place.pairs, place.shapes(), strict=True)
        }
        own = {f.file.old_path: f.file.old_blob for f in reading.files if f.is_python and f.file.old_blob}
        others = {path: blob for path, blob in reading.base_tree.items() if path not in self._runs}
        self._blobs = {path: blob for path, blob in sorted({**others, **own}.items()) if path.endswith(b".py")}

    def fired(self, pattern: Spelling, most: int) -> list[Missed]:
        """The places where a pattern fires and nobody touched the lines, `most` at most."""
        return list(islice(self._fired(pattern), max(0, most)))

    def definitions(self, name: str) -> Iterator[Shape]:
        """The headers of all functions of a name in the base."""
        word = re.compile(rb"\bdef\s+" + re.escape(name.encode()) + rb"\b")
        for blob in self._blobs.values():
            data = self._reading.blob(blob)
            source = self._reading.source(blob, data) if word.search(data) else None
            for statement in source.statements if source is not None else ():
                if isinstance(statement.node, ast.FunctionDef | ast.AsyncFunctionDef) and statement.node.name == name:
                    yield own_shape(statement.node)

    def _fired(self, pattern: Spelling) -> Iterator[Missed]:
        only = pattern.paths if isinstance(pattern, Style) else None
        for path, blob in self._blobs.items():
            if only is not None and path not in only:
                continue
            data = self._reading.blob(blob)
            if not pattern.may_stand_in(data):
                continue
            source = self._reading.source(blob, data)
            if source is not None:
                yield from self._in_file(pattern, path, source)

    def _in_file(self, pattern: Spelling, path: bytes, source: Source) -> Iterator[Missed]:
        parts = (source.touched(run.base_at, run.base_n) for run in self._runs.get(path, ()))
        touched = {index for part in parts for index in range(*part)}
        for index, statement in enumerate(source.statements):
            if not pattern.may_stand_in(source.text(index)) or not fires_in(pattern, own_shape(statement.node)):
                continue
            became = self._edited.get((path, index))
            if became is not None:
                left = _places(pattern, path, source, index) if fires_in(pattern, became) else ()
                yield from (place for place in left if place.base_len and not self._is_touched(source, place))
            elif index not in touched:
                yield from _places(pattern, path, source, index)

    def _is_touched(self, source: Source, place: Missed) -> bool:
        """Whether any line of a place is changed, or one was put in between."""
        first, last = (
            bisect_right(source.offsets, at) - 1 for at in (place.base_start, place.base_start + place.base_len - 1)
        )
        return any(
            run.base_at <= last and first < run.base_at + run.base_n if run.base_n else first < run.base_at <= last
            for run in self._runs.get(place.path, ())
        )


def _places(pattern: Spelling, path: bytes, source: Source, index: int) -> Iterator[Missed]:
    """Where in a statement a pattern fires, as bytes, and what would stand there."""
    statement = source.statements[index]
    node: Any = statement.node
    own = node.pattern.lineno - 1 if isinstance(node, ast.match_case) else first_line(node)
    if isinstance(pattern, Style) and pattern.line and pattern.spelled(own_shape(node)) is not None:
        yield _decorator(pattern, path, source, index, statement.start - own + node.lineno - 1)
    for part in own_parts(node):
        made = output(pattern, shape(part, False)) if isinstance(part, ast.expr) else None
        if made is not None and isinstance(part, ast.expr):
            first, last = (statement.start - own + (line or 1) - 1 for line in (part.lineno, part.end_lineno))
            start, end = source.offsets[first] + part.col_offset, source.offsets[last] + (part.end_col_offset or 0)
            new = _written(made)
            if new is not None:
                yield Missed(path, start, end - start, new.encode())


def _written(made: Shape) -> str | None:
    """An expression as text; None where a hole took what no text can say there, so that nothing could be put."""
    try:
        text = ast.unparse(ast.fix_missing_locations(tree(made)))
        return text if shape(ast.parse(text, mode="eval").body, False) == made else None
    except (SyntaxError, ValueError, TypeError, AttributeError, RecursionError):
        return None


def _decorator(pattern: Style, path: bytes, source: Source, index: int, header: int) -> Missed:
    """Where a decorator would be put above a definition, or taken from it; `header` is the line with its name."""
    start = source.statements[index].start
    for line in range(start, header):
        if source.lines[line].strip() == pattern.line:
            return Missed(path, source.offsets[line], len(source.lines[line]), b"")
    line = start if pattern.is_first else header
    margin = source.lines[line][: len(source.lines[line]) - len(source.lines[line].lstrip())]
    return Missed(path, source.offsets[line], 0, margin + pattern.line + b"\n")
