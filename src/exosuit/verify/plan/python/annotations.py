"""Functions without their annotations: those that do nothing, or (`evaluated`) any that only look names up.

With evaluated annotations goes what is there for type checkers alone (`checkers`).
"""

from __future__ import annotations

import ast
import builtins
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from exosuit.verify.plan.python.bindings import UNCLEAR, Origin, bindings
from exosuit.verify.plan.python.eligible import (
    READ_ANNOTATIONS,
    is_deferred,
    is_inert_annotation,
    may_drop_annotations,
    rebinds_builtin_types,
)
from exosuit.verify.plan.python.scopes import bound_by
from exosuit.verify.plan.python.source import DEFINITIONS, Source

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

_READ_NOTHING = frozenset(
    ["property", "setter", "getter", "deleter", "staticmethod", "classmethod", "abstractmethod", "overload", "override",
     "cached_property", "final"]
)  # fmt: skip
"""Decorators that do not look at annotations."""

_STANDARD = frozenset(
    ["abc", "typing", "collections", "enum", "unittest", "io", "threading", "string", "contextlib", "logging", "http",
     "urllib", "json", "ast", "pathlib", "socketserver", "warnings", "types", "argparse", "configparser", "html"]
)  # fmt: skip
"""Modules of the standard library whose classes do not look at the annotations of methods of their subclasses."""

_WORDS = frozenset(word for word in READ_ANNOTATIONS if b"_" in word) | {b"singledispatch", b"singledispatchmethod"}
_LIBRARIES = frozenset(word.decode() for word in READ_ANNOTATIONS)

_LOOKUPS = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.List, ast.BinOp, ast.BitOr, ast.Load,
    ast.Starred,
)  # fmt: skip
"""What an annotation may be made of that only looks names up."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the workspace: names of its modules (None: nothing), and whether its code reads annotations."""

    modules: frozenset[str] | None = None
    reads: bool = True


UNKNOWN = Surroundings()


def reads_annotations(text: bytes) -> bool:
    """Whether a file may make something of annotations of functions, by what it mentions."""
    return bool(_READS.search(text))


_READS = re.compile(
    rb"get_type_hints|__annotations__|getfullargspec|get_annotations|__signature__|formatargspec"
    rb"|inspect\s*\.\s*signature|from\s+inspect\s+import\s+(?:\([^)]*|[^\n]*)\bsignature\b|inspect\s+as\s|getattr\(inspect"
)


def unannotated(source: Source, index: int, node: Any, around: Surroundings | None) -> Any:
    """A function without annotations that may go; inside one, an annotated assignment as a plain one.

    `around` is given where annotations that are evaluated may go as well.
    """
    if isinstance(node, FUNCTIONS):
        if around is not None and _may_drop_evaluated(source, index, around):
            return _without(node, is_lookup)
        if not may_drop_annotations(source, index):
            return node
        deferred = is_deferred(source)
        if not deferred and rebinds_builtin_types(source):
            return node
        return _without(node, lambda one: is_inert_annotation(one, deferred))
    if isinstance(node, ast.AnnAssign) and node.value is not None and _is_local(source, index, node):
        return ast.Assign(targets=[node.target], value=node.value)
    return node


def _is_local(source: Source, index: int, node: ast.AnnAssign) -> bool:
    """Whether an annotation stands in a function, where nothing evaluates it, and is allowed there."""
    around = source.enclosing(index)
    if around < 0 or isinstance(source.statements[around].node, ast.ClassDef) or not is_lookup(node.annotation):
        return False
    name = getattr(node.target, "id", "")
    return not any(
        isinstance(source.statements[at].node, ast.Global | ast.Nonlocal) and name in source.statements[at].node.names  # type: ignore[attr-defined]
        for at in range(around, source.after(around))
    )


def is_lookup(node: ast.expr) -> bool:
    """Whether an annotation only looks names up and subscripts them."""
    return all(isinstance(part, _LOOKUPS) for part in ast.walk(node))


def _may_drop_evaluated(source: Source, index: int, around: Surroundings) -> bool:
    """Whether no decorator on or around a function, no class around it and nothing in the file may read annotations."""
    if around.modules is None or source.words & _WORDS or _imports_any(source):
        return False
    at = index
    while at >= 0:
        node: Any = source.statements[at].node
        for one in getattr(node, "decorator_list", ()):
            if getattr(one, "attr", getattr(one, "id", "")) not in _READ_NOTHING:
                return False
        bases: list[Any] = [*node.bases, *node.keywords] if isinstance(node, ast.ClassDef) else []
        if not all(_is_known_class(source, one, around) for one in bases):
            return False
        at = source.enclosing(at)
    return True


@lru_cache(maxsize=32)
def _imports_any(source: Source) -> bool:
    """Whether a file imports a library that makes something of annotations, or a part of one."""
    for statement in source.statements:
        node = statement.node
        if isinstance(node, ast.Import | ast.ImportFrom):
            steps = [step for one in node.names for step in one.name.split(".")]
            if not _LIBRARIES.isdisjoint([*steps, *(getattr(node, "module", None) or "").split(".")]):
                return True
    return False


def _is_known_class(source: Source, node: Any, around: Surroundings) -> bool:
    """Whether a base is built in, of the standard library, or of a workspace that never reads annotations."""
    first = node
    while isinstance(first, ast.Subscript | ast.Attribute):
        first = first.value
    if not isinstance(first, ast.Name):
        return False
    if _is_built_in(source, first.id):
        return True
    at = _first_bound(source).get(first.id, -1)
    found: Any = source.statements[at].node if at >= 0 else None
    if isinstance(found, ast.ClassDef):
        return not around.reads
    if (
        isinstance(found, ast.Import | ast.ImportFrom)
        and (module_names(source) or {}).get(first.id, UNCLEAR) != UNCLEAR
    ):
        if getattr(found, "level", 0):
            return not around.reads
        named = found.module if isinstance(found, ast.ImportFrom) else _named_by(found, first.id)
        top = (named or "").partition(".")[0]
        own = top in (around.modules or ())
        return not around.reads if own else top in _STANDARD
    return False


def _named_by(node: ast.Import, name: str) -> str:
    return next(one.name for one in node.names if (one.asname or one.name.partition(".")[0]) == name)


def _without(node: Any, may_go: Any) -> Any:
    """A function without the annotations that may go."""

    def bare(one: ast.arg | None) -> Any:
        if one is None or one.annotation is None or not may_go(one.annotation):
            return one
        return ast.arg(arg=one.arg, annotation=None)

    arguments = node.args
    result = copy.copy(node)
    result.args = ast.arguments(
        posonlyargs=[bare(one) for one in arguments.posonlyargs],
        args=[bare(one) for one in arguments.args],
        vararg=bare(arguments.vararg),
        kwonlyargs=[bare(one) for one in arguments.kwonlyargs],
        kw_defaults=arguments.kw_defaults,
        kwarg=bare(arguments.kwarg),
        defaults=arguments.defaults,
    )
    if node.returns is not None and may_go(node.returns):
        result.returns = None
    return result


def annotations_of(node: Any) -> Iterator[ast.expr]:
    """The annotations of a function."""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    yield from (one.annotation for one in every if one is not None and one.annotation is not None)
    if node.returns is not None:
        yield node.returns


def can_be_evaluated(source: Source, index: int) -> bool:
    """Whether all names in a function's annotations are the module's and bound above it, or nothing evaluates them.

    What they are is not known: a class that takes no subscript would fail.
    """
    node = source.statements[index].node
    if not isinstance(node, FUNCTIONS) or is_deferred(source):
        return True
    top, bound = source.outermost(index), _first_bound(source)
    around = frozenset[str]()

    def is_there(name: str) -> bool:
        return (bound.get(name, top) < top and not hasattr(builtins, name)) or _is_built_in(source, name)

    at = source.enclosing(index)
    while at >= 0:
        around |= bound_by(source, at)
        at = source.enclosing(at)
    for annotation in annotations_of(node):
        if any(_joins_text(part) for part in ast.walk(annotation)):
            return False
        names = {part.id for part in ast.walk(annotation) if isinstance(part, ast.Name)}
        if names & around or not all(map(is_there, names)):
            return False
    return True


def _joins_text(part: ast.AST) -> bool:
    """Whether a string stands beside `|`, which strings do not know."""
    sides = (part.left, part.right) if isinstance(part, ast.BinOp) else ()
    return any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in sides)


def _is_built_in(source: Source, name: str) -> bool:
    found = module_names(source)
    return found is not None and name not in found and hasattr(builtins, name)


@lru_cache(maxsize=32)
def _first_bound(source: Source) -> dict[str, int]:
    """The top-level statement that binds a name first, under no condition."""
    found: dict[str, int] = {}
    for index in source.tops:
        node: Any = source.statements[index].node
        if isinstance(node, DEFINITIONS):
            found.setdefault(node.name, index)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for one in node.names:
                found.setdefault(one.asname or one.name.partition(".")[0], index)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, index)
    return found


@lru_cache(maxsize=32)
def module_names(source: Source) -> dict[str, Origin] | None:
    """What a module binds, by name; where relative imports lead is not known."""
    return bindings(source, b"")
