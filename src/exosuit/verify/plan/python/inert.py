"""Statements whose order does not matter: nothing runs when they are defined, and nothing looks at their order."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from exosuit.verify.plan.python.scopes import own_parts
from exosuit.verify.plan.python.source import Source

_ORDER_IS_SEEN = frozenset(
    [b"globals", b"vars", b"locals", b"dir", b"__dict__", b"getmembers", b"_getframe", b"getsource", b"getsourcelines",
     b"co_firstlineno", b"__module__", b"exec", b"eval", b"ply", b"yacc", b"lex", b"findsource", b"currentframe"]
)  # fmt: skip
"""Words by which a file may look at the order of its own definitions."""

_COLLECTED_IN_ORDER = ("test", "Test", "p_", "t_", "pytest_", "step", "task")
"""Names of functions and classes that something collects in the order in which they stand."""

_WITH_EFFECT = frozenset(
    ["this", "antigravity", "__future__", "readline", "rlcompleter", "site", "idlelib", "turtle", "turtledemo", "test",
     "tkinter", "__main__", "__hello__", "__phello__", "lib2to3", "cgitb", "faulthandler", "tracemalloc", "crypt"]
)  # fmt: skip
"""Modules of the standard library whose import may be noticed, or whose place in the file counts."""


def sees_order(source: Source) -> bool:
    """Whether a file may look at the order of its own definitions: by what it names, or in strings but docstrings."""
    return bool(source.words & _ORDER_IS_SEEN) and bool(_code_words(source) & _ORDER_IS_SEEN)


@lru_cache(maxsize=64)
def _code_words(source: Source) -> frozenset[bytes]:
    """Every word of a file that is not in a comment or in a docstring."""
    found: set[str] = set()
    for statement in source.statements:
        node: Any = statement.node
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring, or a string that nobody takes
        for part in own_parts(node):
            for name in part._fields if not isinstance(part, ast.keyword) else ():
                value = getattr(part, name, None)
                if isinstance(value, str):
                    found.update(re.findall(r"\w+", value))
                elif isinstance(value, list):  # names of global and nonlocal statements
                    found.update(one for one in value if isinstance(one, str))
    return frozenset(word.encode("utf-8", "replace") for word in found)


def stretch(source: Source, index: int, end: int) -> list[tuple[str, int, int]]:
    """Inert definitions from `index` on, side by side: (name, from, to). Empty where their order may matter."""
    found: list[tuple[str, int, int]] = []
    depth = source.statements[index].depth
    used: set[str] = set()
    at = index
    while at < end and source.statements[at].depth == depth:
        node = source.statements[at].node
        name = _name(node)
        if not name or not _holds_order(source, at) or not _is_inert(node, used):
            break
        after = source.after(at)
        if any(not before for i in range(at, after) for before, _text in source.attached.get(i, ())):
            break  # a comment on a line of its own may hold for all that follows
        found.append((name, at, after))
        at = after
    names = {name for name, _, _ in found}
    if len(found) < 2 or len(names) < len(found) or names & used:
        return []
    return found


def _name(node: Any) -> str:
    """The one name that a definition or a plain assignment binds; empty for others."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return "" if node.name.startswith(_COLLECTED_IN_ORDER) else node.name
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        return "" if name.startswith("__") else name
    return ""


def _holds_order(source: Source, index: int) -> bool:
    """Whether a body keeps no order that anybody could see: a module's, or that of a class that inherits nothing."""
    statement = source.statements[index]
    if statement.place != "body":
        return False
    if statement.parent < 0:
        return True
    owner: Any = source.statements[statement.parent].node
    return isinstance(owner, ast.ClassDef) and is_plain_class(owner) and source.enclosing(statement.parent) < 0


def is_plain_class(node: ast.ClassDef) -> bool:
    """Whether a class inherits nothing but what is built in, and nothing looks at it when it is defined."""
    return not node.keywords and not node.decorator_list and all(_is_builtin_class(base) for base in node.bases)


def _is_builtin_class(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and isinstance(getattr(builtins, node.id, None), type)


def _is_inert(node: Any, used: set[str]) -> bool:
    """Whether defining it runs nothing; names that it looks up meanwhile are added to `used`."""
    if isinstance(node, ast.Assign):
        return _is_constant(node.value)
    if isinstance(node, ast.ClassDef):
        used.update(_names(node.bases))
        return is_plain_class(node) and all(_is_inert_member(one, used) for one in node.body)
    return _is_inert_function(node, used)


def _is_inert_member(node: Any, used: set[str]) -> bool:
    if isinstance(node, ast.Expr | ast.Pass):
        return isinstance(node, ast.Pass) or isinstance(node.value, ast.Constant)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return not node.name.startswith("__set_name__") and _is_inert_function(node, used)
    return isinstance(node, ast.Assign) and bool(_name(node)) and _is_constant(node.value)


def _is_inert_function(node: ast.FunctionDef | ast.AsyncFunctionDef, used: set[str]) -> bool:
    arguments = node.args
    defaults = [one for one in (*arguments.defaults, *arguments.kw_defaults) if one is not None]
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    annotations = [one.annotation for one in every if one and one.annotation] + ([node.returns] if node.returns else [])
    used.update(_names([*annotations]))
    return not node.decorator_list and all(map(_is_constant, defaults)) and all(map(_is_lookup, annotations))


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return all(map(_is_constant, node.elts))
    return isinstance(node, ast.Constant)


def _is_lookup(node: ast.expr) -> bool:
    """Whether an annotation only looks names up and subscripts them."""
    allowed = (
        ast.Name,
        ast.Attribute,
        ast.Subscript,
        ast.Constant,
        ast.Tuple,
        ast.List,
        ast.BinOp,
        ast.BitOr,
        ast.Load,
    )
    return all(isinstance(part, allowed) for part in ast.walk(node))


def _names(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                yield part.id
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


Alias = tuple[str, str, str]
"""Module (with its dots), name (empty for a plain import), name that is bound."""


def standard_imports(source: Source, index: int, end: int, shadowed: frozenset[str]) -> tuple[int, tuple[Alias, ...]]:
    """Imports from the standard library side by side from `index` on: the index behind them, and what they import.

    `shadowed` are names of modules in the workspace. Nothing is given where order could matter or a tool has a say.
    """
    first = source.statements[index]
    found: set[Alias] = set()
    at = index
    while at < end and (source.statements[at].depth, source.statements[at].place) == (first.depth, first.place):
        aliases = _standard(source.statements[at].node, shadowed)
        if not aliases or at in source.attached or source.statements[at].parent != first.parent:
            break
        found.update(aliases)
        at += 1
    bound: dict[str, Alias] = {}
    for alias in found:
        top = alias[2].partition(".")[0]
        if bound.setdefault(top, alias) != alias and (alias[1] or bound[top][1] or "." not in alias[2] + bound[top][2]):
            return index, ()
    return at, tuple(sorted(found))


def _standard(node: ast.AST, shadowed: frozenset[str]) -> list[Alias]:
    """What an import statement imports, if all of it is inert and of the standard library."""
    if isinstance(node, ast.Import):
        found = [(one.name, "", one.asname or one.name) for one in node.names]
        found = [
            (module, "as" if one.asname else "", bound)
            for (module, _, bound), one in zip(found, node.names, strict=True)
        ]
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
        found = [(node.module, one.name, one.asname or one.name) for one in node.names]
    else:
        return []
    tops = {module.partition(".")[0] for module, _, _ in found}
    known = tops <= sys.stdlib_module_names and not tops & (_WITH_EFFECT | shadowed)
    return found if known and all(name != "*" for _, name, _ in found) else []
