"""What names mean in a module: where each comes from, as far as the file itself tells."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import Any

from exosuit.verify.plan.python.source import DEFINITIONS, Source

Origin = tuple[str, ...]
"""`("built in",)`, `("import", module, name)`, `("here", module, name)`, or `("unclear",)`; empty: bound nowhere."""

UNCLEAR: Origin = ("unclear",)

KNOWS_ITS_PLACE = frozenset(
    ["__name__", "__file__", "__package__", "__doc__", "__spec__", "__loader__", "__path__", "__builtins__", "globals",
     "locals", "vars", "eval", "exec", "compile", "dir", "__import__", "_getframe", "__module__", "__globals__"]
)  # fmt: skip
"""Names by which code may tell in which module it stands."""


def module_of(path: bytes) -> str:
    """A file's module by its path, from the workspace's root."""
    name = path.decode("utf-8", "backslashreplace").rpartition(".")[0].replace("/", ".")
    return name.removesuffix(".__init__")


def bindings(source: Source, path: bytes) -> dict[str, Origin] | None:
    """What a module binds, by name; None where a star import hides it."""
    found: dict[str, Origin] = {}
    module = module_of(path)
    for statement in source.statements:
        inside = _is_inside_definition(source, statement.parent)
        for name, origin in _bound(statement.node, module, path, inside):
            if name == "*":
                return None
            again = name in found and not (origin[0] == "import" and found[name] == origin)
            found[name] = UNCLEAR if again or inside else origin
    return found


def submodules(source: Source, name: str) -> set[str]:
    """Attributes of package `name` that the file imports as modules (`import name.attribute`)."""
    found: set[str] = set()
    for statement in source.statements:
        if isinstance(statement.node, ast.Import):
            steps = [one.name.split(".") for one in statement.node.names if not one.asname]
            found.update(step[1] for step in steps if step[0] == name and len(step) > 1)
    return found


def _is_inside_definition(source: Source, index: int) -> bool:
    while index >= 0:
        if isinstance(source.statements[index].node, DEFINITIONS):
            return True
        index = source.statements[index].parent
    return False


def _bound(node: Any, module: str, path: bytes, inside: bool) -> Iterator[tuple[str, Origin]]:
    """Names of the module that a statement binds; inside a definition only those that it declares global."""
    if inside:
        if isinstance(node, ast.Global):
            yield from ((name, UNCLEAR) for name in node.names)
        return
    if isinstance(node, DEFINITIONS):
        yield node.name, ("here", module, node.name)
        return
    if isinstance(node, ast.Import):
        for one in node.names:
            bound = one.asname or one.name.partition(".")[0]
            yield bound, ("import", one.name if one.asname else bound, "")
        return
    if isinstance(node, ast.ImportFrom):
        for one in node.names:
            yield one.asname or one.name, ("import", imported_module(node, path), one.name)
        return
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            yield part.id, ("here", module, part.id)
        elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
            yield part.name, UNCLEAR
        waiting += [child for child in ast.iter_child_nodes(part) if not isinstance(child, ast.stmt)]


def imported_module(node: ast.ImportFrom, path: bytes) -> str:
    """The module of a from-import, relative ones resolved by the file's path."""
    if not node.level:
        return node.module or ""
    steps = path.decode("utf-8", "backslashreplace").split("/")
    package = steps[: len(steps) - node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def origin(bound: dict[str, Origin], name: str) -> Origin:
    """Where a name comes from in a module."""
    return bound.get(name) or (("built in",) if hasattr(builtins, name) else ())


def same_module(a: str, b: str) -> bool:
    """Whether two spellings may name one module: the same, or one with the folder of the sources in front."""
    return a == b or a.endswith("." + b) or b.endswith("." + a)


def futures(source: Source) -> frozenset[str]:
    """The features that a file asks of the compiler."""
    return frozenset(
        one.name
        for statement in source.statements
        if isinstance(statement.node, ast.ImportFrom) and statement.node.module == "__future__"
        for one in statement.node.names
    )


def looked_up(nodes: list[Any]) -> set[str]:
    """Every name that stands in some nodes, wherever it is bound."""
    return {part.id for node in nodes for part in ast.walk(node) if isinstance(part, ast.Name)}


def at_definition(node: Any) -> list[Any]:
    """The expressions of a definition that are evaluated when it is defined."""
    if isinstance(node, ast.ClassDef):
        inside = [part for one in node.body for part in (at_definition(one) if isinstance(one, DEFINITIONS) else [one])]
        return [*node.decorator_list, *node.bases, *node.keywords, *inside]
    defaults = [one for one in (*node.args.defaults, *node.args.kw_defaults) if one is not None]
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    annotations = [one.annotation for one in every if one is not None and one.annotation is not None]
    return [*node.decorator_list, *defaults, *annotations, *([node.returns] if node.returns else [])]
