"""Sizes: what has grown past the limit fails, what is on its way there is listed as a note."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from checks.tree import files

LIMITS = {"file": 600, "function": 80, "class": 400, "parameters": 9}
AIMS = {"file": 300, "function": 40, "class": 300, "parameters": 7}


@dataclass(frozen=True)
class Size:
    """How large one thing is: `kind` is a key of LIMITS, `amount` lines (or parameters), `place` says where."""

    kind: str
    amount: int
    place: str

    def __str__(self) -> str:
        unit = "parameters" if self.kind == "parameters" else f"lines in a {self.kind}"
        return f"{self.place}: {self.amount} {unit}, limit {LIMITS[self.kind]}, aim {AIMS[self.kind]}"


def sizes(root: Path) -> Iterator[Size]:
    """The size of every source file, and of every function, class and parameter list of the Python ones."""
    for path in files(root, ".py", ".ts", ".svelte", ".js", ".css"):
        text = path.read_text("utf-8")
        place = path.relative_to(root).as_posix()
        yield Size("file", text.count("\n"), place)
        if path.suffix == ".py":
            yield from definitions(ast.parse(text, filename=place), place)


def definitions(module: ast.Module, place: str) -> Iterator[Size]:
    """The sizes of what a module defines; lines are counted from `def` or `class` to the last of the body."""
    for node in ast.walk(module):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        where = f"{place}:{node.lineno} {node.name}"
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if isinstance(node, ast.ClassDef):
            yield Size("class", lines, where)
        else:
            yield Size("function", lines, where)
            yield Size("parameters", len(parameters(node)), where)


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """The names that a caller may give: `self` and `cls` left out."""
    given = function.args
    names = [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    names += [a.arg for a in (given.vararg, given.kwarg) if a]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def problems(root: Path) -> list[str]:
    """What is over a limit."""
    return [str(size) for size in sizes(root) if size.amount > LIMITS[size.kind]]


def notes(root: Path) -> list[str]:
    """What is over an aim but under the limit, the largest first."""
    tail = [size for size in sizes(root) if AIMS[size.kind] < size.amount <= LIMITS[size.kind]]
    return [str(size) for size in sorted(tail, key=lambda size: size.amount / LIMITS[size.kind], reverse=True)]
