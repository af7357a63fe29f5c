"""What a file holds for type checkers alone: new imports of modules of types, and blocks under `TYPE_CHECKING`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from exosuit.verify.plan.python.annotations import FUNCTIONS, annotations_of, module_names
from exosuit.verify.plan.python.scopes import own_parts
from exosuit.verify.plan.python.source import Source

_MODULES_OF_TYPES = frozenset(["typing", "collections.abc", "types", "typing_extensions"])

Alias = tuple[str, str, str]
"""Module, name (empty for the module itself), name that is bound."""


def typing_only(source: Source, index: int, end: int, shadowed: frozenset[str] | None) -> int:
    """The index behind a statement that is there for type checkers alone; 0 if it is not."""
    after = source.after(index)
    if after > end or any(at in source.attached for at in range(index, after)):
        return 0
    top = source.outermost(index)
    if _is_for_checkers(source, top):
        return after
    node: Any = source.statements[index].node
    if top != index:
        return 0
    return after if _aliases(node, shadowed) else 0


def _is_for_checkers(source: Source, top: int) -> bool:
    """Whether a top-level statement is a block that never runs."""
    node = source.statements[top].node
    return isinstance(node, ast.If) and not node.orelse and _is_type_checking(source, node.test)


def _is_type_checking(source: Source, test: ast.expr) -> bool:
    found = module_names(source) or {}
    if isinstance(test, ast.Name):
        return found.get(test.id) == ("import", "typing", "TYPE_CHECKING")
    if isinstance(test, ast.Attribute) and isinstance(test.value, ast.Name):
        return test.attr == "TYPE_CHECKING" and found.get(test.value.id) == ("import", "typing", "")
    return False


def _aliases(node: ast.AST, shadowed: frozenset[str] | None) -> list[Alias]:
    """What an import of modules of types imports; empty for any other statement."""
    if isinstance(node, ast.Import):
        found = [(one.name, "", one.asname or one.name) for one in node.names]
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
        found = [(node.module, one.name, one.asname or one.name) for one in node.names]
        found = [("collections.abc", "", bound) if (module, name) == ("collections", "abc") else (module, name, bound)
                 for module, name, bound in found]  # fmt: skip
    else:
        return []
    tops = {module.partition(".")[0] for module, _name, _bound in found}
    known = all(module in _MODULES_OF_TYPES and name != "*" for module, name, _bound in found)
    return found if known and shadowed is not None and not tops & shadowed else []


def brings_names_only(old: Source, new: Source, shadowed: frozenset[str] | None) -> bool:
    """Whether imports of modules of types are only added, and bind what nothing else in the file names."""
    before, after = _imported(old, shadowed), _imported(new, shadowed)
    brought = {bound.partition(".")[0] for _module, _name, bound in after - before}
    return before <= after and (not brought or brought.isdisjoint(_named(old)))


def _imported(source: Source, shadowed: frozenset[str] | None) -> set[Alias]:
    nodes = (source.statements[index].node for index in source.tops)
    return {alias for node in nodes for alias in _aliases(node, shadowed)}


def _named(source: Source) -> frozenset[str]:
    """Names that a file binds or looks up, but in annotations of functions and for type checkers alone."""
    own = (s.node for i, s in enumerate(source.statements) if not _is_for_checkers(source, source.outermost(i)))
    return frozenset().union(*map(_names_of, own))


@lru_cache(maxsize=1 << 14)
def _names_of(node: Any) -> frozenset[str]:
    skipped = {id(part) for one in _of_function(node) for part in ast.walk(one)}
    parts = (part for part in own_parts(node) if id(part) not in skipped)
    return frozenset(name for part in parts for name in _name_of(part))


def _of_function(node: Any) -> list[ast.expr]:
    return list(annotations_of(node)) if isinstance(node, FUNCTIONS) else []


def _name_of(part: Any) -> Iterator[str]:
    """The names that one node may bind or look up."""
    for field in ("id", "arg", "name", "asname"):
        value = getattr(part, field, None)
        if isinstance(value, str):
            yield value.partition(".")[0]
    if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.isidentifier():
        yield part.value
    yield from getattr(part, "names", ()) if isinstance(part, ast.Global | ast.Nonlocal) else ()
