"""A function put back in the place of its calls: the statements of a file as they would be without it.

Names keep their meaning and everything is evaluated in the order in which it was, or nothing is said: what a function
could do that its lines in another function could not is refused (`extracted`, `_site`).
"""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exosuit.verify.plan.python.locals import LOOKS_AT_NAMES
from exosuit.verify.plan.python.source import BODIES, Shape, Source, own_shape, shape

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_REFUSED = (
    *FUNCTIONS, ast.ClassDef, ast.Lambda, ast.GeneratorExp, ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr,
    ast.Delete, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom, ast.AsyncFor, ast.AsyncWith, ast.Match,
)  # fmt: skip
"""What keeps a frame, makes a scope or binds names in ways that are not followed."""
_LOOKS_AT_FRAMES = LOOKS_AT_NAMES | {
    "super",
    "warn",
    "stacklevel",
    "warn_explicit",
    "exc_info",
    "format_exc",
    "print_exc",
}

Row = tuple[int, str, Shape, Shape]
"""Depth, place, own shape and comments for tools of a statement."""


@dataclass(frozen=True, eq=False, slots=True)
class Extracted:
    """A function that could stand in the place of its calls: where it is, what it takes, what it does.

    `owner` is the class whose method it is, `receiver` its first parameter then; `ends` is what it returns at its end.
    """

    source: Source
    index: int
    name: str
    owner: int
    receiver: str
    params: tuple[str, ...]
    body: tuple[ast.stmt, ...]
    ends: ast.expr | None
    stored: frozenset[str]
    free: frozenset[str]


def extracted(source: Source, index: int) -> Extracted | None:
    """A function of a module, or a method of one of its classes, if its lines may stand elsewhere."""
    node: Any = source.statements[index].node
    owner = source.statements[index].parent
    if not isinstance(node, ast.FunctionDef) or node.decorator_list or (owner >= 0 and not _is_class(source, owner)):
        return None
    taken = node.args
    if taken.vararg or taken.kwarg or taken.defaults or taken.kw_defaults or taken.posonlyargs or node.name[:2] == "__":
        return None
    params = tuple(arg.arg for arg in taken.args)
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    if not body or (owner >= 0 and not params) or _is_refused(body):
        return None
    stored = frozenset(_bound(body))
    loaded = {part.id for one in body for part in ast.walk(one) if isinstance(part, ast.Name)}
    inner = _inner(body)
    if stored & (set(params) | inner) or {*params, *stored, *inner} & {node.name} or inner & set(params):
        return None
    if not all(_is_certain(name, body) for name in stored) or (owner < 0 and _is_private(body)):
        return None
    if not _may_be_defined(source, index):
        return None
    ends = body[-1].value if isinstance(body[-1], ast.Return) else None
    free = frozenset(loaded - stored - inner - set(params))
    stored |= inner
    receiver = params[0] if owner >= 0 else ""
    return Extracted(source, index, node.name, owner, receiver, params, tuple(body), ends, stored, free)


def _is_private(body: Sequence[ast.stmt]) -> bool:
    """Whether a name is said that means something else within a class."""
    said = (str(getattr(part, "id", getattr(part, "attr", ""))) for one in body for part in ast.walk(one))
    return any(name.startswith("__") and not name.endswith("__") for name in said)


def _may_be_defined(source: Source, index: int) -> bool:
    """Whether what annotations name is bound above on no condition, so that the definition only binds its name."""
    node: Any = source.statements[index].node
    written = [arg.annotation for arg in node.args.args if arg.annotation] + ([node.returns] if node.returns else [])
    tops = [source.statements[at].node for at in source.tops if at < index]
    if any(
        isinstance(top, ast.ImportFrom) and top.module == "__future__" and top.names[0].name == "annotations"
        for top in tops
    ):
        return True
    known = set(dir(builtins))
    for top in tops:
        if isinstance(top, ast.Import | ast.ImportFrom):
            known |= {(alias.asname or alias.name).partition(".")[0] for alias in top.names}
        elif isinstance(top, ast.ClassDef):
            known.add(top.name)
    return all(
        isinstance(one, ast.Name | ast.Constant) and getattr(one, "id", None) in {None, *known} for one in written
    )


def _is_class(source: Source, index: int, *, plain: bool = True) -> bool:
    """Whether a top-level statement is a class; a plain one looks its attributes up as all do."""
    node: Any = source.statements[index].node
    named = {getattr(part, "name", "") for part in getattr(node, "body", ())}
    is_odd = plain and named & {"__getattribute__", "__getattr__"}
    return isinstance(node, ast.ClassDef) and source.statements[index].parent < 0 and not is_odd


def _is_refused(body: Sequence[ast.stmt]) -> bool:
    for one in body:
        for part in ast.walk(one):
            mentioned = getattr(part, "id", None) or getattr(part, "attr", None) or getattr(part, "arg", None)
            if isinstance(part, _REFUSED) or mentioned in _LOOKS_AT_FRAMES:
                return True
    return any(_leaves_loop(one) for one in body)


def _leaves_loop(node: ast.AST) -> bool:
    """Whether a `break` or `continue` is meant for a loop around."""
    if isinstance(node, ast.Break | ast.Continue):
        return True
    if isinstance(node, ast.For | ast.While):
        return any(_leaves_loop(one) for one in node.orelse)
    return any(_leaves_loop(one) for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt | ast.ExceptHandler))


def _bound(nodes: Sequence[ast.AST]) -> set[str]:
    """The names that some statements bind in their function."""
    inner = _inner(nodes)
    found = set()
    for part in (part for node in nodes for part in ast.walk(node)):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.add(part.id)
        elif isinstance(part, ast.ExceptHandler) and part.name:
            found.add(part.name)
    return found - inner


def _inner(nodes: Sequence[ast.AST]) -> set[str]:
    """The names that comprehensions bind for themselves; all of that name, so that nothing is confused with them."""
    return {
        target.id
        for node in nodes
        for part in ast.walk(node)
        if isinstance(part, ast.comprehension)
        for target in ast.walk(part.target)
        if isinstance(target, ast.Name)
    }


def _mentions(node: ast.AST | Sequence[ast.AST], name: str) -> bool:
    nodes = [node] if isinstance(node, ast.AST) else node
    return any(
        (isinstance(part, ast.Name) and part.id == name) or (isinstance(part, ast.ExceptHandler) and part.name == name)
        for one in nodes
        for part in ast.walk(one)
    )


def _is_certain(name: str, body: Sequence[ast.stmt]) -> bool:
    """Whether some statements bind a name before they look it up, whichever way they go."""
    said = [part for part in body if _mentions(part, name)]
    if not said:
        return True
    first: Any = said[0]
    if isinstance(first, ast.Assign):
        return not _mentions(first.value, name) and all(
            isinstance(part.ctx, ast.Store)
            for target in first.targets
            for part in ast.walk(target)
            if isinstance(part, ast.Name) and part.id == name
        )
    if (len(said) > 1 and not _always_binds(name, first)) or _mentions(
        [part for part in ast.iter_child_nodes(first) if not _is_block(part, first)], name
    ):
        return False
    if isinstance(first, ast.For | ast.With) and _binds_first(first, name):
        return not _mentions(getattr(first, "orelse", []), name)
    handlers = getattr(first, "handlers", [])
    blocks = [getattr(first, place, []) for place in ("body", "orelse", "finalbody")]
    blocks += [handler.body for handler in handlers if handler.name != name]
    return isinstance(first, ast.If | ast.For | ast.With | ast.Try | ast.While) and all(
        _is_certain(name, block) for block in blocks
    )


def _always_binds(name: str, node: ast.stmt) -> bool:
    """Whether a statement binds a name whichever way it goes."""
    if isinstance(node, ast.If):
        return all(any(_always_binds(name, one) for one in block) for block in (node.body, node.orelse))
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(part, ast.Name) and part.id == name for target in targets for part in ast.walk(target))


def _is_block(part: ast.AST, first: Any) -> bool:
    """Whether a part of a compound statement is not looked up as it begins: what it holds, and what it binds."""
    bound = [getattr(first, "target", None), *(getattr(first, "items", []))]
    return isinstance(part, ast.stmt | ast.ExceptHandler) or part in bound


def _binds_first(first: Any, name: str) -> bool:
    """Whether a loop or `with` binds a name for its body, and does not look it up itself."""
    if isinstance(first, ast.For):
        return isinstance(first.target, ast.Name | ast.Tuple) and _mentions(first.target, name)
    return any(
        item.optional_vars is not None and _mentions(item.optional_vars, name) for item in first.items
    ) and not any(_mentions(item.context_expr, name) for item in first.items)


def without(source: Source, one: Extracted, callers: Sequence[int]) -> tuple[list[Row], int] | None:
    """The rows of a source whose function is put in the place of its calls in some others, and how many there are.

    None where a call of it cannot be replaced, or stands anywhere else.
    """
    rows: list[Row] = []
    calls = 0
    at = 0
    ends = {index: source.after(index) for index in callers}
    caller = -1
    while at < len(source.statements):
        if at == one.index:
            if any(index in source.attached for index in range(at, source.after(at))):
                return None
            at = source.after(at)
            continue
        caller = at if at in ends else caller if caller >= 0 and at < ends[caller] else -1
        statement = source.statements[at]
        found = _calls(statement.node, one)
        if not found:
            if _names(statement.node, one):
                return None
            rows.append((statement.depth, statement.place, own_shape(statement.node), source.attached.get(at)))
        else:
            instead = _instead(source, at, one, found, caller) if caller >= 0 and at not in source.attached else None
            if instead is None:
                return None
            rows += _rows(instead, statement.depth, statement.place)
            calls += 1
        at += 1
    return rows, calls


def _rows(instead: Sequence[ast.AST], depth: int, place: str) -> Iterator[Row]:
    """Statements with all that they hold; of one that only had an expression replaced, its own part."""
    if len(instead) == 1 and getattr(instead[0], "_header_only", False):
        yield depth, place, shape(instead[0]), None
        return
    for node in instead:
        yield depth, place, shape(node), None
        for held in BODIES:
            inside = getattr(node, held, None)
            if isinstance(inside, list):
                for child in inside:
                    yield from _rows([child], depth + 1, held)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """A statement's own part of the tree, not the statements that it holds."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        for name, value in ast.iter_fields(part):
            if name in BODIES and not isinstance(part, ast.expr):
                continue
            waiting += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, ast.AST)]


def _is_it(node: ast.expr, one: Extracted) -> bool:
    if one.owner < 0:
        return isinstance(node, ast.Name) and node.id == one.name
    return isinstance(node, ast.Attribute) and node.attr == one.name and isinstance(node.value, ast.Name)


def _calls(node: ast.AST, one: Extracted) -> list[ast.Call]:
    return [part for part in _own(node) if isinstance(part, ast.Call) and _is_it(part.func, one)]


def _is_inside(node: ast.AST, call: ast.Call) -> bool:
    """Whether a call stands in a lambda or a comprehension, where other names may be bound."""
    return any(
        call in ast.walk(part)
        for part in _own(node)
        if isinstance(part, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)
    )


def _names(node: ast.AST, one: Extracted) -> bool:
    """Whether a statement says the function's name in any way."""
    for part in _own(node):
        said = (getattr(part, "id", ""), getattr(part, "attr", ""), getattr(part, "name", ""), getattr(part, "arg", ""))
        if one.name in said or (
            isinstance(part, ast.Constant) and isinstance(part.value, str) and one.name in part.value
        ):
            return True
    return False


def _instead(source: Source, at: int, one: Extracted, found: Sequence[ast.Call], caller: int) -> list[ast.AST] | None:
    """What a statement with one call stands for; None where that is not certain."""
    statement = source.statements[at]
    function: Any = source.statements[caller].node
    given = _arguments(found[0], one, function) if len(found) == 1 else None
    if given is None or _is_inside(statement.node, found[0]) or not _meets(source, at, one, function, given, caller):
        return None
    node: Any = statement.node
    if len(one.body) == 1 and isinstance(one.body[0], ast.Return) and one.ends is not None:
        whole = copy.deepcopy(_bare(node))
        call = next(part for part in ast.walk(whole) if isinstance(part, ast.Call) and _is_it(part.func, one))
        changed: Any = _Put(call, _renamed(one.ends, given)).visit(whole)
        changed._header_only = True
        return [changed]
    returns = [part for own in one.body for part in ast.walk(own) if isinstance(part, ast.Return)]
    body = list(one.body)
    if isinstance(node, ast.Expr) and node.value is found[0] and not returns:
        return [_renamed(part, given) for part in body]
    if isinstance(node, ast.Return) and node.value is found[0] and _always_leaves(body):
        return [_renamed(part, given) for part in body]
    if isinstance(node, ast.Assign) and node.value is found[0] and len(returns) == 1 and one.ends is not None:
        return _assigned(node, one, body, given)
    return None


def _assigned(
    node: ast.Assign, one: Extracted, body: Sequence[ast.stmt], given: Mapping[str, ast.expr]
) -> list[ast.AST] | None:
    """`x = f(a)`: what is returned gets the name that it is assigned to."""
    value: Any = one.ends
    pairs = _pairs(node.targets[0], value) if len(node.targets) == 1 else None
    if pairs is None or any(name not in one.stored for name in pairs.values()):
        if one.stored & _bound([node]):
            return None
        return [*(_renamed(part, given) for part in body[:-1]), ast.Assign(node.targets, _renamed(value, given))]
    names: dict[str, ast.expr] = {**given, **{inner: ast.Name(outer, ast.Load()) for outer, inner in pairs.items()}}
    others = (one.stored | one.free | {part.id for part in given.values() if isinstance(part, ast.Name)}) - set(
        pairs.values()
    )
    if len(set(pairs.values())) != len(pairs) or others & pairs.keys():
        return None
    if not all(_is_bound_at_once(name, body[:-1]) for name in pairs.values()):
        return None
    return [_renamed(part, names) for part in body[:-1]]


def _pairs(target: ast.expr, value: ast.expr) -> dict[str, str] | None:
    """Names that are assigned, with the names that are returned for them."""
    targets, values = ([one] if isinstance(one, ast.Name) else getattr(one, "elts", []) for one in (target, value))
    if isinstance(target, ast.Name) != isinstance(value, ast.Name) or len(targets) != len(values) or not targets:
        return None
    if not all(isinstance(part, ast.Name) for part in (*targets, *values)):
        return None
    return {outer.id: inner.id for outer, inner in zip(targets, values, strict=True)}


def _is_bound_at_once(name: str, body: Sequence[ast.stmt]) -> bool:
    """Whether a name is bound, on no condition, by the first statement that says it."""
    first = next((part for part in body if _mentions(part, name)), None)
    return isinstance(first, ast.Assign) and _is_certain(name, body)


def _always_leaves(body: Sequence[ast.stmt]) -> bool:
    last = body[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _always_leaves(last.body) and _always_leaves(last.orelse)
    return isinstance(last, ast.Return | ast.Raise)


def _arguments(call: ast.Call, one: Extracted, function: Any) -> dict[str, ast.expr] | None:
    """What each parameter stands for in a call: a name or a constant, for these cost nothing and do nothing."""
    values: list[ast.expr] = list(call.args)
    if one.owner >= 0:
        values.insert(0, call.func.value)  # type: ignore[attr-defined]
        taken = function.args.posonlyargs + function.args.args
        if not taken or taken[0].arg != values[0].id:  # type: ignore[attr-defined]
            return None
    given = dict(zip(one.params, values, strict=False))
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in given:
            return None
        given[keyword.arg] = keyword.value
    is_plain = all(isinstance(value, ast.Name | ast.Constant) for value in given.values())
    return given if is_plain and given.keys() == set(one.params) and len(values) <= len(one.params) else None


def _meets(source: Source, at: int, one: Extracted, function: Any, given: Mapping[str, ast.expr], caller: int) -> bool:
    """Whether names mean the same in the caller, and nothing of what the function binds is seen by the rest of it."""
    above = source.statements[caller].parent
    if above != one.owner and not (one.owner < 0 and _is_class(source, above, plain=False)):
        return False
    if not isinstance(function, FUNCTIONS) or source.enclosing(at) != caller or not _is_in_time(source, one, caller):
        return False
    parts = list(ast.walk(function))
    if any(isinstance(part, ast.Global | ast.Nonlocal) for part in parts) or _looks(parts):
        return False
    taken = function.args
    own = {arg.arg for arg in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs, taken.vararg, taken.kwarg) if arg}
    bound = own | {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    bound |= {
        part.name
        for part in parts
        if isinstance(part, ast.ExceptHandler | ast.ClassDef | ast.FunctionDef) and part.name
    }
    bound |= {
        (a.asname or a.name).partition(".")[0]
        for p in parts
        if isinstance(p, ast.Import | ast.ImportFrom)
        for a in p.names
    }
    if one.name in bound - {function.name} or one.free & (bound - {function.name}) or function.name in one.free:
        return False
    names = [value.id for value in given.values() if isinstance(value, ast.Name)]
    if any(name not in own and not _is_bound_before(source, at, name, caller) for name in names):
        return False
    said = {part.id for part in parts if isinstance(part, ast.Name)} | own
    results = _bound([source.statements[at].node]) if isinstance(source.statements[at].node, ast.Assign) else set()
    return not (one.stored - results) & said and not one.stored & set(names)


def _is_in_time(source: Source, one: Extracted, caller: int) -> bool:
    """Whether the function is there whenever the caller may run: between the two nothing is run as they are defined."""
    if one.owner >= 0 or one.index < caller:
        return True
    for at in range(source.after(source.outermost(caller)), one.index):
        node: Any = source.statements[at].node
        if source.statements[at].parent < 0 and (
            not isinstance(node, FUNCTIONS)
            or node.decorator_list
            or not all(isinstance(value, ast.Constant) for value in (*node.args.defaults, *node.args.kw_defaults))
        ):
            return False
    outer: Any = source.statements[source.outermost(caller)].node
    return isinstance(outer, FUNCTIONS)


def _looks(parts: Sequence[ast.AST]) -> bool:
    return any((getattr(part, "id", None) or getattr(part, "attr", None)) in LOOKS_AT_NAMES for part in parts)


def _is_bound_before(source: Source, at: int, name: str, caller: int) -> bool:
    """Whether a statement before, in the same block or one around it, binds a local on no condition."""
    around = set()
    up = at
    while up != caller:
        up = source.statements[up].parent
        around.add(up)
    for index in range(caller + 1, at):
        statement = source.statements[index]
        node: Any = statement.node
        if statement.parent not in around or (statement.place != "body" and index not in around):
            continue
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.For) and index in around:
            targets = [node.target]
        elif isinstance(node, ast.With):
            targets = [item.optional_vars for item in node.items if item.optional_vars]
        else:
            continue
        if any(isinstance(part, ast.Name) and part.id == name for target in targets for part in ast.walk(target)):
            return True
    return False


def _bare(node: Any) -> Any:
    """A statement without those that it holds."""
    bare = copy.copy(node)
    for name in BODIES:
        if isinstance(getattr(bare, name, None), list) and not isinstance(bare, ast.expr):
            setattr(bare, name, [])
    return bare


class _Put(ast.NodeTransformer):
    """Puts an expression in the place of a node."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self._new if node is self._old else super().generic_visit(node)


class _Rename(ast.NodeTransformer):
    """Puts names or constants in the place of names."""

    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self._given = given

    def visit_Name(self, node: ast.Name) -> ast.AST:
        new = self._given.get(node.id)
        return node if new is None else ast.Name(new.id, node.ctx) if isinstance(new, ast.Name) else new

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        new = self._given.get(node.name or "")
        if isinstance(new, ast.Name):
            node.name = new.id
        return self.generic_visit(node)


def _renamed(node: Any, given: Mapping[str, ast.expr]) -> Any:
    return _Rename(given).visit(copy.deepcopy(node))
