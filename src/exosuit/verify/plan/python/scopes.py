"""Which names a statement finds in the functions around it, rather than in its module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from exosuit.verify.plan.python.source import DEFINITIONS, Source

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


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


def free_names(part: Any, bound: frozenset[str] = frozenset()) -> Iterator[str]:
    """Names that a statement's own part looks up, but for what its comprehensions and lambdas bind for themselves."""
    if isinstance(part, ast.Name):
        if part.id not in bound:
            yield part.id
        return
    inner, outside = bound, []
    if isinstance(part, _COMPREHENSIONS):
        outside = [part.generators[0].iter]
        inner = bound | {one.id for one in _targets(part)}
    elif isinstance(part, ast.Lambda):
        outside = [one for one in (*part.args.defaults, *part.args.kw_defaults) if one]
        inner = bound | {one.arg for one in ast.walk(part.args) if isinstance(one, ast.arg)}
    for one in outside:
        yield from free_names(one, bound)
    for child in _children(part):
        for one in _children(child) if isinstance(child, ast.comprehension) else [child]:
            if one not in outside:
                yield from free_names(one, inner)


def _children(part: Any) -> list[Any]:
    """The nodes right inside one, but for statements."""
    kinds = (ast.stmt, ast.ExceptHandler, ast.match_case)
    return [child for child in ast.iter_child_nodes(part) if not isinstance(child, kinds)]


def _targets(comprehension: Any) -> list[ast.Name]:
    """The names that the loops of a comprehension bind."""
    parts = (part for one in comprehension.generators for part in ast.walk(one.target))
    return [part for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]


def local_names(source: Source, index: int, top: int) -> frozenset[str]:
    """Names bound in the functions that hold a statement, `top` the outermost definition that counts.

    What a class binds does not count: a name that is bound there too late is looked up in the module.
    """
    found: frozenset[str] = frozenset()
    at = source.enclosing(index) if index != top else -1
    while at >= top and index != top:
        if isinstance(source.statements[at].node, _FUNCTIONS):
            found |= bound_by(source, at)
        at = source.enclosing(at)
    return found


@lru_cache(maxsize=1 << 12)
def bound_by(source: Source, index: int) -> frozenset[str]:
    """Names that a definition binds in its own body and nowhere inside a comprehension; none that are global."""
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
        parts = list(own_parts(node))
        inner = {id(one) for part in parts if isinstance(part, _COMPREHENSIONS) for one in _targets(part)}
        for part in parts:
            if isinstance(part, ast.Global):
                elsewhere.update(part.names)
            elif isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load) and id(part) not in inner:
                found.add(part.id)
            elif isinstance(part, ast.alias):
                found.add(part.asname or part.name.partition(".")[0])
            elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
                found.add(part.name)
            elif isinstance(part, ast.MatchMapping) and part.rest:
                found.add(part.rest)
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
