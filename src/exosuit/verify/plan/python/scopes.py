"""Which names a statement finds in the functions around it, rather than in its module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from exosuit.verify.plan.python.source import DEFINITIONS, Source

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def own_parts(node: Any) -> Iterator[Any]:
    """A statement's own nodes: without the statements that it holds."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += [
            child for child in ast.iter_child_nodes(part)
            if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
        ]  # fmt: skip


def local_names(source: Source, index: int, top: int) -> frozenset[str]:
    """Names bound in the functions that hold a statement (and in a class right around it), `top` the outermost of them.

    What a function binds counts for its body, not for its own decorators, defaults and annotations.
    """
    found: frozenset[str] = frozenset()
    at = source.enclosing(index) if index != top else -1
    innermost = True
    while at >= top and index != top:
        if isinstance(source.statements[at].node, _FUNCTIONS) or innermost:
            found |= bound_by(source, at)
        innermost = False
        at = source.enclosing(at)
    node = source.statements[index].node
    return found | frozenset(part.arg for part in own_parts(node) if isinstance(part, ast.arg)) - _evaluated(node)


def _evaluated(node: Any) -> frozenset[str]:
    """Names in what a function evaluates when it is defined: its parameters are not bound yet."""
    if not isinstance(node, _FUNCTIONS):
        return frozenset()
    arguments = node.args
    parts = [*node.decorator_list, *arguments.defaults, *(one for one in arguments.kw_defaults if one)]
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    parts += [one.annotation for one in every if one and one.annotation] + ([node.returns] if node.returns else [])
    return frozenset(part.id for one in parts for part in ast.walk(one) if isinstance(part, ast.Name))


@lru_cache(maxsize=1 << 12)
def bound_by(source: Source, index: int) -> frozenset[str]:
    """Names that a definition binds in its own body, comprehensions and lambdas taken in; none that are global."""
    statement = source.statements[index]
    found: set[str] = set(parameters(statement.node)) if isinstance(statement.node, _FUNCTIONS) else set()
    elsewhere: set[str] = set()
    for at in range(index + 1, source.after(index)):
        if source.enclosing(at) != index:
            continue
        node: Any = source.statements[at].node
        if isinstance(node, DEFINITIONS):
            found.add(node.name)
            continue
        for part in own_parts(node):
            if isinstance(part, ast.Global):
                elsewhere.update(part.names)
            elif isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
                found.add(part.id)
            elif isinstance(part, ast.alias):
                found.add(part.asname or part.name.partition(".")[0])
            elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
                found.add(part.name)
            elif isinstance(part, ast.arg):
                found.add(part.arg)
    return frozenset(found - elsewhere)


def class_names(source: Source, index: int) -> frozenset[str]:
    """Names bound in the body of the class right around a definition: its header may mean these."""
    around = source.enclosing(index)
    return bound_by(source, around) if around >= 0 else frozenset()


def parameters(node: Any) -> set[str]:
    """Names of a function's parameters; none of a class."""
    if not isinstance(node, _FUNCTIONS):
        return set()
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return {one.arg for one in every if one}
