"""What a dotted name in a file means, as far as the file's own imports tell."""

from __future__ import annotations

import ast
import builtins
from functools import lru_cache
from typing import Any

from exosuit.verify.plan.python.bindings import imported_module
from exosuit.verify.plan.python.scopes import own_parts, parameters
from exosuit.verify.plan.python.source import DEFINITIONS, Source, first_line


@lru_cache(maxsize=64)
def imports(source: Source, path: bytes) -> dict[str, str]:
    """What each imported name of a file stands for, wherever in the file it is imported; relative modules resolved."""
    found: dict[str, str] = {}
    for statement in source.statements:
        node = statement.node
        if isinstance(node, ast.Import):
            for one in node.names:
                bound = one.asname or one.name.partition(".")[0]
                found[bound] = one.name if one.asname else bound
        elif isinstance(node, ast.ImportFrom):
            module = imported_module(node, path)
            for one in node.names:
                found[one.asname or one.name] = f"{module}.{one.name}"
    return found


def dotted(node: Any, imported: dict[str, str]) -> str:
    """The dotted name of an expression such as `a.b.c`, its first part resolved; empty for anything else.

    What hangs on a call or an item is named by its end alone, with a dot in front: `f().write` is `.write`.
    """
    steps: list[str] = []
    while isinstance(node, ast.Attribute):
        steps.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        steps.append(imported.get(node.id, node.id))
        return ".".join(reversed(steps))
    return "." + steps[0] if steps else ""


@lru_cache(maxsize=64)
def rebound(source: Source) -> frozenset[str]:
    """Names of built-ins that a file gives another meaning anywhere but in the body of a class."""
    found: set[str] = set()
    for index, statement in enumerate(source.statements):
        node: Any = statement.node
        found |= parameters(node)
        around = source.enclosing(index)
        if around >= 0 and isinstance(source.statements[around].node, ast.ClassDef):
            continue
        if isinstance(node, DEFINITIONS):
            found.add(node.name)
            continue
        for part in own_parts(node):
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
                found.add(part.id)
            elif isinstance(part, ast.alias):
                found.add(part.asname or part.name)
    return frozenset(name for name in found if hasattr(builtins, name))


def forget_names() -> None:
    """Let go of the files whose names are kept."""
    imports.cache_clear()
    rebound.cache_clear()


def line_of(source: Source, index: int, node: Any) -> int:
    """The line (from 0) of a part of a statement, in the file. Nodes are counted from where their stretch begins."""
    statement = source.statements[index]
    own: Any = statement.node
    start = own.pattern.lineno - 1 if isinstance(own, ast.match_case) else first_line(own)
    return int(statement.start + node.lineno - 1 - start)


def text_of(node: Any, limit: int = 70) -> str:
    """An expression for people, on one line and not too long."""
    text = " ".join(ast.unparse(node).split())
    text = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def number(node: Any) -> float | None:
    """A number as it is written, signed or not; None for anything else."""
    sign = 1.0
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        node = node.operand
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        try:
            return sign * float(node.value)
        except OverflowError:
            return None
    return None
