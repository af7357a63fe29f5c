"""Where a docstring or an annotation is only for readers: nothing that we can see runs it or looks it up.

What is looked at is the file itself. The rules err on the side of "something reads it".
"""

from __future__ import annotations

import ast
import builtins
from functools import lru_cache
from typing import Any

from exosuit.verify.plan.python.source import Source

READ_DOCSTRINGS = frozenset(
    [b"__doc__", b"getdoc", b"cleandoc", b"docopt", b"doctest", b"argparse", b"click", b"typer", b"fire", b"ply",
     b"plac", b"spark_parser", b"pydantic", b"fastapi", b"dspy", b"strawberry", b"graphene", b"cyclopts", b"optparse",
     b"mcp", b"yacc",
     b"lex", b"getcomments", b"getsource", b"invoke", b"fabric", b"flasgger", b"apispec", b"drf_spectacular"]
)  # fmt: skip
"""Words of libraries and functions that make something of docstrings."""

READ_ANNOTATIONS = frozenset(
    [b"__annotations__", b"__signature__", b"get_type_hints", b"get_annotations", b"signature", b"getfullargspec",
     b"inspect", b"pydantic", b"attrs", b"attr", b"typer", b"fastapi", b"singledispatch", b"singledispatchmethod",
     b"injector", b"beartype", b"typeguard", b"cyclopts", b"msgspec", b"strawberry", b"ninja", b"litestar", b"svcs",
     b"mcp", b"dependency_injector", b"lagom", b"punq", b"plum", b"multipledispatch", b"hypothesis", b"dspy",
     b"langchain", b"ray", b"no_type_check", b"__no_type_check__"]
)  # fmt: skip
"""Words of libraries and functions that make something of annotations."""

_PARSED_NAMES = ("p_", "t_")
"""Functions named so have their grammar in their docstring (parsers made with PLY)."""


def _is_plain(source: Source, index: int) -> bool:
    """A function or class without decorators, with none around it, in classes that inherit nothing."""
    at = index
    while at >= 0:
        node: Any = source.statements[at].node
        if getattr(node, "decorator_list", None):
            return False
        if isinstance(node, ast.ClassDef) and (node.keywords or any(not _is_object(base) for base in node.bases)):
            return False
        at = source.enclosing(at)
    return True


def _is_object(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "object"


def is_free_docstring(source: Source, index: int) -> bool:
    """Whether a statement is the docstring of a plain function or class that nothing is known to read."""
    statement = source.statements[index]
    if not _is_docstring(source, index) or statement.parent < 0 or source.words & READ_DOCSTRINGS:
        return False
    owner: Any = source.statements[statement.parent].node
    text = statement.node.value.value  # type: ignore[attr-defined]
    return not owner.name.startswith(_PARSED_NAMES) and ">>>" not in text and _is_plain(source, statement.parent)


def _is_docstring(source: Source, index: int) -> bool:
    """Whether a statement is a definition's first one and a plain string."""
    statement = source.statements[index]
    node = statement.node
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
        return False
    if not isinstance(node.value.value, str) or statement.parent != index - 1:
        return False
    return index == 0 or isinstance(
        source.statements[index - 1].node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    )


def may_drop_annotations(source: Source, index: int) -> bool:
    """Whether the annotations of a function are only for readers and type checkers."""
    return not source.words & READ_ANNOTATIONS and _is_plain(source, index)


_ANY_NUMBER = {"list", "tuple", "type", "set", "frozenset", "dict"}


def is_inert_annotation(node: ast.expr, deferred: bool) -> bool:
    """Whether an annotation does nothing and cannot fail, wherever it stands. `deferred`: it is never evaluated.

    Names other than those of built-in types may be unbound where the function is defined, so they are not inert.
    """
    if deferred:
        return not any(
            isinstance(part, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom) for part in ast.walk(node)
        )
    if isinstance(node, ast.Constant):
        return node.value in (None, ...) or isinstance(node.value, str)
    if isinstance(node, ast.Name):
        return isinstance(getattr(builtins, node.id, None), type)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in _ANY_NUMBER:
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return all(is_inert_annotation(part, deferred) for part in parts)
    return False


@lru_cache(maxsize=32)
def is_deferred(source: Source) -> bool:
    """Whether the file asks for annotations that are never evaluated."""
    return any(
        isinstance(statement.node, ast.ImportFrom)
        and statement.node.module == "__future__"
        and any(alias.name == "annotations" for alias in statement.node.names)
        for statement in source.statements
    )


@lru_cache(maxsize=32)
def rebinds_builtin_types(source: Source) -> bool:
    """Whether any name of a built-in type may mean something else here: it is bound, or a star import hides it."""
    for statement in source.statements:
        for part in ast.walk(statement.node) if statement.parent < 0 else ():
            if isinstance(part, ast.alias) and (part.name == "*" or _names_type(part.asname or part.name)):
                return True
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and _names_type(part.id):
                return True
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and _names_type(part.name):
                return True
    return False


def _names_type(name: str) -> bool:
    return isinstance(getattr(builtins, name, None), type)
