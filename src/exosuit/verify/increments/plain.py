"""Closure of text that no parser reads: code goes by runs, and those that open brackets with those that close them;
prose goes by paragraphs, messages of gettext by entries.

A light lexer counts brackets outside strings and comments, line by line. What is data (JSON and lock files) goes as one
piece: half of it is rarely data at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from exosuit.verify.increments.sections import close_sections
from exosuit.verify.increments.ties import Ties
from exosuit.verify.plan.reading import FileReading

_WHOLE = (b".json", b".lock", b".ipynb", b".xml", b".svg", b".snap", b".pem")
_CODE = (
    b".js", b".jsx", b".ts", b".tsx", b".mjs", b".cjs", b".c", b".h", b".cc", b".cpp", b".hpp", b".rs", b".go",
    b".java", b".cs", b".kt", b".swift", b".php", b".css", b".scss", b".less", b".toml", b".rb", b".svelte", b".vue",
)  # fmt: skip
_PROSE = (
    b".md",
    b".rst",
    b".txt",
    b".adoc",
    b".po",
    b".pot",
    b"pkg-info",
    b"/metadata",
    b"authors",
    b"changes",
    b"news",
)
_QUIET = re.compile(rb'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|//.*|/\*.*?\*/')


def close_text(file: FileReading, ties: Ties) -> None:
    """Tie what belongs together in a text file; edges of kind `brackets` say that no more was looked at."""
    path = file.file.path
    if path.endswith(_WHOLE) or not file.is_readable:
        ties.tie(range(file.first, file.first + file.file.atoms), "parse")
        return
    if close_sections(file, ties):
        return
    if path.lower().endswith(_PROSE):
        _close_paragraphs(file, ties)
        return
    counted = path.endswith(_CODE)
    kind = "brackets" if counted else "parse"
    held: list[int] = []
    atom, depth = file.first + len(file.file.opaque), 0
    for run in file.file.runs:
        held += range(atom, atom + run.atoms)
        atom += run.atoms
        if counted:
            depth += _depth(file.head_lines[run.head_at : run.head_at + run.head_n])
            depth -= _depth(file.base_lines[run.base_at : run.base_at + run.base_n])
        if not depth:
            ties.tie(held, kind)
            held = []
    ties.tie(held, kind)


def _close_paragraphs(file: FileReading, ties: Ties) -> None:
    """Tie the atoms of each paragraph of either side, and of all entries of gettext under one message."""
    first: dict[object, int] = {}
    sides = [
        _paragraphs(lines, entries=file.file.path.endswith((b".po", b".pot")))
        for lines in (file.base_lines, file.head_lines)
    ]
    for atom in file.text_atoms:
        span = file.span(atom)
        parts = (
            sides[0][span.base_at : span.base_at + span.base_n],
            sides[1][span.head_at : span.head_at + span.head_n],
        )
        for side, names in enumerate(parts):
            for name in dict.fromkeys(names):
                key = name if isinstance(name, bytes) else (side, name)
                ties.tie([file.first + first.setdefault(key, atom), file.first + atom], "parse")


def _paragraphs(lines: Sequence[bytes], *, entries: bool) -> list[int | bytes]:
    """For each line the paragraph that it is of: its number, or the message that it is about; blank ones end one."""
    numbers: list[int] = []
    number = 0
    for line in lines:
        numbers.append(number)
        number += not line.strip()
    if not entries:
        return list(numbers)
    told: dict[int, bytes] = {}
    inside = False
    for line, at in zip(lines, numbers, strict=True):
        begins = line.startswith((b"msgid ", b"msgctxt "))
        inside = begins or (inside and line.startswith(b'"'))
        if inside:
            told[at] = told.get(at, b"") + line
    return [told.get(at, at) for at in numbers]


def _depth(lines: list[bytes]) -> int:
    """How many brackets are open behind some lines."""
    text = b"\n".join(_QUIET.sub(b"", line) for line in lines)
    return sum(text.count(b) for b in (b"(", b"[", b"{")) - sum(text.count(b) for b in (b")", b"]", b"}"))
