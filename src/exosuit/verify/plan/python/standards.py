"""When two sources are the same: at a stated standard, from the plain syntax tree on.

Comments for tools belong to every standard: they must stand in or before the same statement, behind the same token.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Any, NamedTuple

from exosuit.verify.plan.python.annotations import UNKNOWN, Surroundings, unannotated
from exosuit.verify.plan.python.checkers import brings_names_only, typing_only
from exosuit.verify.plan.python.eligible import is_free_docstring
from exosuit.verify.plan.python.inert import sees_order, standard_imports, stretch
from exosuit.verify.plan.python.locals import UnclearError, local_shape
from exosuit.verify.plan.python.scopes import own_parts
from exosuit.verify.plan.python.source import Shape, Source, own_shape, shape


class Aside(StrEnum):
    """What a standard leaves aside."""

    LOCALS = "names of locals"
    IMPORTS = "order of imports"
    ORDER = "order of definitions"
    DOCSTRINGS = "docstrings"
    ANNOTATIONS = "annotations"
    TYPING = "annotations that are evaluated"


@dataclass(frozen=True, slots=True)
class Standard:
    """What is left aside, and what is known of the workspace."""

    aside: frozenset[Aside] = frozenset()
    around: Surroundings = UNKNOWN

    @property
    def shadowed(self) -> frozenset[str] | None:
        """Names of modules that the workspace has itself (None: nobody knows)."""
        return self.around.modules

    def leaves(self, aside: Aside) -> bool:
        return aside in self.aside


class Item(NamedTuple):
    """One thing to compare: statements `low` to before `high`, or (`key`) something that stands for them."""

    low: int
    high: int
    key: Shape
    comments: tuple[tuple[bytes, bytes], ...]


def same(old: Source, new: Source, standard: Standard) -> bool:
    """Whether two whole files are the same at a standard."""
    if old.first_lines != new.first_lines:
        return False
    if standard.leaves(Aside.TYPING) and not brings_names_only(old, new, standard.shadowed):
        return False
    ends = old.attached.get(len(old.statements), ()), new.attached.get(len(new.statements), ())
    a, b = _differing(old, new)
    return ends[0] == ends[1] and same_parts(old, a, new, b, standard)


def _differing(old: Source, new: Source) -> tuple[tuple[int, int], tuple[int, int]]:
    """The statements between the top-level ones at the beginning and at the end that are one and the same part."""
    ours, theirs = old.tops, new.tops
    low, most = 0, min(len(ours), len(theirs))
    while low < most and _is_one(old, ours[low], new, theirs[low]):
        low += 1
    back = 0
    while back < most - low and _is_one(old, ours[-1 - back], new, theirs[-1 - back]):
        back += 1
    return _between(old, low, back), _between(new, low, back)


def _is_one(old: Source, i: int, new: Source, j: int) -> bool:
    """Whether two top-level statements come from one parsed part, with the same comments for tools in them."""
    if old.statements[i].node is not new.statements[j].node:
        return False
    a, b = old.after(i) - i, new.after(j) - j
    return a == b and all(old.attached.get(i + k) == new.attached.get(j + k) for k in range(a))


def _between(source: Source, low: int, back: int) -> tuple[int, int]:
    edges = [*source.tops, len(source.statements)]
    return edges[low], edges[len(edges) - 1 - back]


def same_parts(old: Source, a: tuple[int, int], new: Source, b: tuple[int, int], standard: Standard) -> bool:
    """Whether statements (from, to) of one file are the same as those of another."""
    try:
        pairs = zip_longest(_items(old, *a, standard), _items(new, *b, standard))
        return all(x is not None and y is not None and _same_item(old, x, new, y, standard) for x, y in pairs)
    except RecursionError:
        return False


def _items(source: Source, low: int, high: int, standard: Standard) -> Iterator[Item]:
    """What to compare, in an order that does not depend on what the standard leaves aside."""
    at = low
    carried: tuple[tuple[bytes, bytes], ...] = ()
    ordered = standard.leaves(Aside.ORDER) and not sees_order(source)
    while at < high:
        comments = carried + source.attached.get(at, ())
        if standard.leaves(Aside.DOCSTRINGS) and is_free_docstring(source, at):
            at, carried = at + 1, comments
            continue
        if standard.leaves(Aside.TYPING) and not comments and (end := typing_only(source, at, high, standard.shadowed)):
            at = end
            continue
        units = stretch(source, at, high) if ordered and not carried else []
        carried = ()
        if units:
            for _name, first, end in sorted(units):
                yield from _unit(source, first, end, standard)
            at = units[-1][2]
            continue
        if standard.leaves(Aside.IMPORTS) and standard.shadowed is not None and not comments:
            end, aliases = standard_imports(source, at, high, standard.shadowed)
            if aliases:
                statement = source.statements[at]
                yield Item(at, end, ("imports", statement.depth, statement.place, aliases), ())
                at = end
                continue
        end = _function_end(source, at, high) if standard.leaves(Aside.LOCALS) else at + 1
        yield Item(at, end, None, comments)
        at = end
    if carried:
        yield Item(high, high, "comments", carried)


def _unit(source: Source, first: int, end: int, standard: Standard) -> Iterator[Item]:
    """A definition that was put in order: its own items, with nothing put in order at its own level again."""
    if standard.leaves(Aside.LOCALS) and _function_end(source, first, end) == end:
        yield Item(first, end, None, source.attached.get(first, ()))
        return
    yield Item(first, first + 1, None, source.attached.get(first, ()))
    yield from _items(source, first + 1, end, standard)


def _function_end(source: Source, index: int, high: int) -> int:
    """The index behind a function that stands in no other, if it ends in range; else that of the next statement."""
    node = source.statements[index].node
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    if isinstance(node, functions) and source.enclosing(index, functions) < 0:
        end = source.after(index)
        if end <= high:
            return end
    return index + 1


def _same_item(old: Source, a: Item, new: Source, b: Item, standard: Standard) -> bool:
    if a.comments != b.comments or a.key != b.key:
        return False
    if a.key is not None:
        return True
    ours, theirs = old.statements[a.low], new.statements[b.low]
    if (ours.place, ours.depth) != (theirs.place, theirs.depth):
        return False
    if a.high - a.low == 1 and b.high - b.low == 1:
        return _same_statement(old, a.low, new, b.low, standard)
    return _same_function(old, a, new, b, standard)


def _same_statement(old: Source, i: int, new: Source, j: int, standard: Standard) -> bool:
    if old.statements[i].node is new.statements[j].node:
        return True
    if old.is_alone(i) and new.is_alone(j) and old.text(i) == new.text(j):
        return True
    return bool(_shape(old, i, standard) == _shape(new, j, standard))


def _same_function(old: Source, a: Item, new: Source, b: Item, standard: Standard) -> bool:
    """Two whole functions: by their text, else up to the names of their locals, else statement by statement."""
    if not _is_function(old, a) or not _is_function(new, b):
        return False
    narrower = Standard(standard.aside - {Aside.LOCALS}, standard.around)
    if same_parts(old, (a.low, a.high), new, (b.low, b.high), narrower):
        return True
    lengths = {a.high - a.low, b.high - b.low}
    if max(lengths) - min(lengths) > standard.leaves(Aside.DOCSTRINGS) or _relative(old, a) != _relative(new, b):
        return False
    if len(lengths) == 1 and not all(
        _same_but_names(old, a.low + i, new, b.low + i, standard) for i in range(a.high - a.low)
    ):
        return False
    if not (_brings_locals_only(old, a, new, b) and _brings_locals_only(new, b, old, a)):
        return False
    try:
        ours, theirs = _bare(old, a.low, standard), _bare(new, b.low, standard)
        return bool(local_shape(ours)[0] == local_shape(theirs)[0])
    except UnclearError:
        return False


def _brings_locals_only(old: Source, a: Item, new: Source, b: Item) -> bool:
    """Whether the second function binds all names that it has and the first has not: quick to say no, too."""
    return _words(new, b, bound=False) - _words(old, a, bound=False) <= _words(new, b, bound=True)


def _words(source: Source, item: Item, *, bound: bool) -> set[str]:
    """The names in a whole function: all, or those that stand where something is bound."""
    found: set[str] = set()
    for index in range(item.low, item.high):
        for part in own_parts(source.statements[index].node):
            if isinstance(part, ast.Name) and not (bound and isinstance(part.ctx, ast.Load)):
                found.add(part.id)
            elif bound and isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
                found.add(part.name)
            elif bound and isinstance(part, ast.alias):
                found.add(part.asname or part.name.partition(".")[0])
            elif bound and isinstance(part, ast.MatchMapping) and part.rest:
                found.add(part.rest)
    return found


def _same_but_names(old: Source, i: int, new: Source, j: int, standard: Standard) -> bool:
    """Whether two statements may be the same up to names: quick to say no, before whole functions are looked at."""
    if old.statements[i].node is new.statements[j].node or old.text(i) == new.text(j):
        return True
    if standard.leaves(Aside.DOCSTRINGS) and is_free_docstring(old, i) and is_free_docstring(new, j):
        return True
    return bool(_nameless(_shape(old, i, standard)) == _nameless(_shape(new, j, standard)))


_BOUND_BY_NAME = {"Name": 1, "ExceptHandler": 2, "alias": 2, "MatchAs": 2, "MatchStar": 1, "MatchMapping": 3}
"""Where in a shape the name of a local stands, by the kind of the node."""


def _nameless(part: Shape) -> Shape:
    """A shape without the words in it that may be names of locals."""
    if not isinstance(part, tuple) or part[:1] == ("Constant",):
        return part
    at = _BOUND_BY_NAME.get(part[0]) if part and isinstance(part[0], str) else None
    return tuple(
        ("" if one else one) if index == at else _nameless(one) if isinstance(one, tuple) else one
        for index, one in enumerate(part)
    )


def _is_function(source: Source, item: Item) -> bool:
    return isinstance(source.statements[item.low].node, ast.FunctionDef | ast.AsyncFunctionDef)


def _relative(source: Source, item: Item) -> list[tuple[int, tuple[tuple[bytes, bytes], ...]]]:
    """Tool comments inside a function, by their distance from its header."""
    return [(i - item.low, source.attached[i]) for i in range(item.low + 1, item.high) if i in source.attached]


def _bare(source: Source, index: int, standard: Standard) -> Any:
    """A function without what the standard leaves aside."""
    node: Any = source.statements[index].node
    if standard.leaves(Aside.DOCSTRINGS) and is_free_docstring(source, index + 1):
        node = copy.copy(node)
        node.body = node.body[1:]
    return _unannotated(source, index, node, standard)


def _shape(source: Source, index: int, standard: Standard) -> Shape:
    """A statement's own part, without what the standard leaves aside."""
    node: Any = source.statements[index].node
    bare = _unannotated(source, index, node, standard)
    return own_shape(node) if bare is node else shape(bare)


def _unannotated(source: Source, index: int, node: Any, standard: Standard) -> Any:
    """A statement without the annotations that the standard leaves aside."""
    if standard.leaves(Aside.TYPING):
        return unannotated(source, index, node, standard.around)
    return unannotated(source, index, node, None) if standard.leaves(Aside.ANNOTATIONS) else node
