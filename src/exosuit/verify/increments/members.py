"""Methods of a class that comes or goes as a whole: which of them may come after it, or go before it.

What the class is read by stays with it: its fields, its special methods, and what it overrides. The classes that it
is derived from have to be known for that.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from exosuit.verify.plan.python.source import Source, Statement

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_PLAIN = {"object", "Generic", "ABC"}
"""Bases that call none of the methods that a class adds."""
_NOBODY: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Class:
    """What is known of all classes of one name."""

    bases: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    is_plain: bool = True


class Classes:
    """The classes of one end of a change, as far as its files tell; they are known by their last names."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._known: dict[str, _Class] = {}
        for source in sources:
            called: dict[str, str] = {}
            for number, statement in enumerate(source.statements):
                if isinstance(statement.node, ast.ImportFrom):
                    called |= {alias.asname: alias.name for alias in statement.node.names if alias.asname}
                elif isinstance(statement.node, ast.ClassDef):
                    self._add(
                        called,
                        statement.node,
                        (source.statements[one].node for one in _held(source.statements, number)),
                    )

    def _add(self, called: Mapping[str, str], node: ast.ClassDef, held: Iterable[ast.AST]) -> None:
        known = self._known.setdefault(node.name, _Class())
        names = [called.get(name, name) for name in map(_last, node.bases)]
        known.bases.update(name for name in names if name not in _PLAIN)
        known.is_plain &= all(names) and not node.keywords
        known.names = known.names.union(*map(_bound, held))

    def above(self, name: str) -> frozenset[str] | None:
        """The names of all classes that a class is derived from; None where one of them is not known."""
        found = self._up(name)
        known = [self._known.get(one) for one in (name, *found)]
        return frozenset(found) if all(one and one.is_plain for one in known) else None

    def _up(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            bases = self._known.get(waiting.pop(), _Class()).bases
            waiting += bases - found
            found |= bases
        return found

    def are_kin(self, one: str, other: str) -> bool:
        """Whether one of two classes is derived from the other, or both have one name."""
        return {one, other} <= self._known.keys() and (one == other or one in self._up(other) or other in self._up(one))

    def inherited(self, name: str) -> frozenset[str] | None:
        """All names that the bodies of the classes above it bind; None where one of these is not known."""
        above = self.above(name)
        return None if above is None else _NOBODY.union(*(self._known[one].names for one in above))

    def late(self, source: Source, number: int) -> list[int]:
        """The methods of a class that nothing reads as it is made. It never is all that the class holds."""
        node = source.statements[number].node
        if not isinstance(node, ast.ClassDef) or node.decorator_list:
            return []
        held = list(_held(source.statements, number))
        inherited = self.inherited(node.name)
        is_test = "Test" in node.name
        found = []
        for one in held:
            part = source.statements[one].node
            if isinstance(part, _FUNCTIONS) and not (part.name.startswith("__") and part.name.endswith("__")):
                free = part.name.startswith("test") if is_test else inherited is not None and part.name not in inherited
                found += [one] if free else []
        return found if len(found) < len(held) else found[1:]


def _held(statements: Sequence[Statement], number: int) -> Iterator[int]:
    """The statements right inside a class."""
    for at in range(number + 1, len(statements)):
        if statements[at].depth <= statements[number].depth:
            return
        if statements[at].parent == number:
            yield at


def _last(base: ast.expr) -> str:
    """The last part of a base's name, subscripts aside; empty for what is computed."""
    if isinstance(base, ast.Subscript):
        base = base.value
    if isinstance(base, ast.Attribute):
        return base.attr
    return base.id if isinstance(base, ast.Name) else ""


def _bound(node: ast.AST) -> set[str]:
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}
