"""Closure of text that no parser reads: runs go whole, and runs that open brackets go with those that close them.

A light lexer counts brackets outside strings and comments, line by line. What is data (JSON and lock files) goes as one
piece: half of it is rarely data at all.
"""

from __future__ import annotations

import re

from exosuit.verify.increments.sections import close_sections
from exosuit.verify.increments.ties import Ties
from exosuit.verify.plan.reading import FileReading

_WHOLE = (b".json", b".lock", b".ipynb", b".xml", b".svg", b".po", b".snap", b".pem")
_CODE = (
    b".js", b".jsx", b".ts", b".tsx", b".mjs", b".cjs", b".c", b".h", b".cc", b".cpp", b".hpp", b".rs", b".go",
    b".java", b".cs", b".kt", b".swift", b".php", b".css", b".scss", b".less", b".toml", b".rb", b".svelte", b".vue",
)  # fmt: skip
_QUIET = re.compile(rb'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|//.*|/\*.*?\*/')


def close_text(file: FileReading, ties: Ties) -> None:
    """Tie what belongs together in a text file; edges of kind `brackets` say that no more was looked at."""
    path = file.file.path
    if path.endswith(_WHOLE) or not file.is_readable:
        ties.tie(range(file.first, file.first + file.file.atoms), "parse")
        return
    if close_sections(file, ties):
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


def _depth(lines: list[bytes]) -> int:
    """How many brackets are open behind some lines."""
    text = b"\n".join(_QUIET.sub(b"", line) for line in lines)
    return sum(text.count(b) for b in (b"(", b"[", b"{")) - sum(text.count(b) for b in (b")", b"]", b"}"))
