"""A function up to the names of its local variables: renamed consistently, it stays the same program.

Names are numbered by scope in order of appearance (de Bruijn, 1972), so capture and shadowing show as a difference.
Parameters stay as they are, and so does a function that declares names `global` or `nonlocal`, or may look its own up.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from exosuit.verify.plan.python.source import Shape, constant

LOOKS_AT_NAMES = frozenset(
    ["locals", "eval", "exec", "vars", "dir", "globals", "_getframe", "currentframe", "f_locals", "stack", "inspect",
     "compile", "breakpoint", "__class__", "co_varnames", "evaluate", "query"]
)  # fmt: skip
"""Names by which code may reach its own variables by name; a function that mentions one is left as it is."""

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class UnclearError(Exception):
    """The function's names cannot be told apart with certainty."""


def local_shape(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Shape, tuple[str, ...]]:
    """The shape of a whole function with its locals numbered, and their names in order. Raises `UnclearError`."""
    mentioned = set(_mentioned(function))
    if mentioned & LOOKS_AT_NAMES:
        raise UnclearError
    walker = _Walker()
    result = walker.scope(function)
    in_strings = {word for text in _strings(function) for word in re.findall(r"\w+", text)}
    if in_strings.intersection(walker.names):
        raise UnclearError
    return result, tuple(walker.names)


def _mentioned(function: ast.AST) -> Iterator[str]:
    for part in ast.walk(function):
        if isinstance(part, ast.ClassDef | ast.Global | ast.Nonlocal):
            raise UnclearError
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


def _strings(function: ast.AST) -> Iterator[str]:
    """Strings of the function but its own docstring; a name in one may be looked up."""
    first = function.body[0]  # type: ignore[attr-defined]
    own = first.value if isinstance(first, ast.Expr) else None
    for part in ast.walk(function):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part is not own:
            yield part.value


class _Walker:
    """Turns a function into a shape; `scopes` are the renamable names of the scopes around, innermost last."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, int | None]] = []
        self.names: list[str] = []

    def scope(self, node: Any) -> Shape:
        """A function, lambda or comprehension. What is evaluated outside of it is resolved outside."""
        outside = [self.visit(part) for part in _outside(node)]
        bound: dict[str, int | None] = {}
        for name, free in _bound(node):
            bound[name] = None if not free or name.startswith("__") or bound.get(name, 0) is None else 0
        self.scopes.append({name: None if mark is None else -1 for name, mark in bound.items()})
        inside = [self.visit(part) for part in _inside(node)]
        self.scopes.pop()
        return (type(node).__name__, getattr(node, "name", ""), tuple(outside), tuple(inside))

    def name(self, name: str) -> Shape:
        """A name where it is used or bound."""
        for scope in reversed(self.scopes):
            if name in scope:
                number = scope[name]
                if number is None:
                    return name
                if number < 0:
                    number = scope[name] = len(self.names)
                    self.names.append(name)
                return ("local", number)
        return name

    def visit(self, node: Any) -> Shape:
        if isinstance(node, list):
            return tuple(self.visit(item) for item in node)
        if not isinstance(node, ast.AST):
            return node
        if isinstance(node, _SCOPES):
            return self.scope(node)
        if isinstance(node, ast.Constant):
            return constant(node.value)
        if isinstance(node, ast.Name):
            return ("Name", self.name(node.id), type(node.ctx).__name__)
        if isinstance(node, ast.ExceptHandler):
            return ("ExceptHandler", self.visit(node.type), node.name and self.name(node.name), self.visit(node.body))
        if isinstance(node, ast.alias):
            bound = node.asname or node.name.partition(".")[0]
            return ("alias", node.name, bool(node.asname), self.name(bound) if node.asname else bound)
        if isinstance(node, ast.MatchAs | ast.MatchStar):
            pattern = self.visit(getattr(node, "pattern", None))
            return (type(node).__name__, pattern, node.name and self.name(node.name))
        if isinstance(node, ast.MatchMapping):
            rest = node.rest and self.name(node.rest)
            return ("MatchMapping", self.visit(node.keys), self.visit(node.patterns), rest)
        fields = [name for name in node._fields if name not in ("ctx", "kind", "type_comment")]
        return (type(node).__name__, *(self.visit(getattr(node, name, None)) for name in fields))


def _outside(node: Any) -> list[Any]:
    """What is evaluated in the scope around."""
    if isinstance(node, _COMPREHENSIONS):
        return [node.generators[0].iter]
    arguments = node.args
    outside: list[Any] = [*arguments.defaults, *arguments.kw_defaults, *getattr(node, "decorator_list", [])]
    for one in _parameters(arguments):
        outside += [one.arg, one.annotation]
    kinds = [len(arguments.posonlyargs), len(arguments.args), len(arguments.kwonlyargs)]
    outside += [*kinds, bool(arguments.vararg), bool(arguments.kwarg), len(arguments.defaults)]
    return [*outside, getattr(node, "returns", None), *getattr(node, "type_params", [])]


def _inside(node: Any) -> list[Any]:
    if not isinstance(node, _COMPREHENSIONS):
        return [node.body]
    first, *others = node.generators
    elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    return [first.target, first.ifs, first.is_async, *others, *elements]


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return found + [one for one in (arguments.vararg, arguments.kwarg) if one]


def _bound(node: Any) -> Iterator[tuple[str, bool]]:
    """Names that a scope binds, and whether they may be renamed: parameters and nested functions may not."""
    if isinstance(node, _COMPREHENSIONS):
        for generator in node.generators:
            for part in ast.walk(generator.target):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    yield part.id, True
        return
    for one in _parameters(node.args):
        yield one.arg, False
    waiting: list[tuple[Any, bool]] = [
        (part, False) for part in ([node.body] if isinstance(node, ast.Lambda) else node.body)
    ]
    while waiting:
        part, in_comprehension = waiting.pop()
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            yield part.name, False
            waiting += [(one, in_comprehension) for one in _outside(part) if isinstance(one, ast.AST)]
            continue
        if isinstance(part, ast.Lambda):
            waiting += [(one, in_comprehension) for one in _outside(part) if isinstance(one, ast.AST)]
            continue
        yield from _binds(part, in_comprehension)
        inner = in_comprehension or isinstance(part, _COMPREHENSIONS)
        waiting += [(child, inner) for child in ast.iter_child_nodes(part)]


def _binds(part: Any, in_comprehension: bool) -> Iterator[tuple[str, bool]]:
    """Names that one node binds in the function around it; comprehensions keep theirs, but for `:=`."""
    if isinstance(part, ast.NamedExpr):
        yield part.target.id, not in_comprehension
    elif isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load) and not in_comprehension:
        yield part.id, True
    elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
        yield part.name, True
    elif isinstance(part, ast.MatchMapping) and part.rest:
        yield part.rest, True
    elif isinstance(part, ast.alias):
        yield part.asname or part.name.partition(".")[0], part.asname is not None
