"""Patterns of syntax trees: guessed from expressions before and after, matched and run on any others.

A pattern is a pair of shapes with holes. What an example holds on both sides may be a hole; what all examples hold
alike stays as it is (anti-unification, Plotkin 1970). What is called is never a hole, nor is an operator.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

from exosuit.verify.plan.python.source import BODIES, Shape, fields_of
from exosuit.verify.plan.python.styles import Style

HOLE, HOLES = "$", "$*"
"""The kinds of a hole for one node and of a hole for a list of nodes."""

Bound = dict[int, Shape]
"""What holes stand for, by their number."""

Chain = list[tuple[Shape, Shape]]
"""Nodes before and after, from a smallest difference outwards."""


@dataclass(frozen=True)
class Pattern:
    """`old` becomes `new`, what the holes stand for aside."""

    old: Shape
    new: Shape

    @cached_property
    def words(self) -> frozenset[str]:
        """Words that stand in whatever the pattern fires in."""
        return frozenset(words_in(self.old))

    @cached_property
    def brought(self) -> frozenset[str]:
        """Names that the new side looks up and the old side does not."""
        return frozenset(names(self.new)) - frozenset(names(self.old))

    @cached_property
    def is_plain(self) -> bool:
        """Whether it only puts one dotted name or one constant for another: a replacement of words."""
        return all(_is_dotted(side) for side in (self.old, self.new))

    def may_stand_in(self, text: bytes) -> bool:
        """Whether a text holds all its words: quick to say no."""
        return bool(self.words) and all(word.encode() in text for word in self.words)

    def __str__(self) -> str:
        return f"{shown(self.old)} → {shown(self.new)}"


def is_node(part: Shape) -> bool:
    """Whether a shape is one node: no list, no word."""
    return isinstance(part, tuple) and bool(part) and isinstance(part[0], str)


def _is_list(part: Shape) -> bool:
    return isinstance(part, tuple) and bool(part) and is_node(part[0])


def _is_rest(part: Shape) -> bool:
    return isinstance(part, tuple) and part[:1] == (HOLES,)


def _is_dotted(part: Shape) -> bool:
    while part[0] == "Attribute":
        part = part[1]
    return bool(part[0] in ("Name", "Constant"))


def names(part: Shape) -> Iterator[str]:
    """The names that a shape looks up, holes aside."""
    if isinstance(part, tuple):
        if len(part) == 2 and part[0] == "Name":
            yield part[1]
        elif part[:1] != ("Constant",):
            for child in part:
                yield from names(child)


def words_in(part: Shape) -> Iterator[str]:
    """The words that stand in the text of a shape; of strings those that are written as they are."""
    if part[:1] == ("Constant",):
        yield from re.findall(r"\w+", part[2]) if part[1] == "str" and part[2].isprintable() else ()
    elif part[:1] not in ((HOLE,), (HOLES,)):
        for child in part[1:] if is_node(part) else part:
            if isinstance(child, tuple):
                yield from words_in(child)
            elif isinstance(child, str) and child.isidentifier():
                yield child


def differences(a: Shape, b: Shape, above: Sequence[tuple[Shape, Shape]] = ()) -> Iterator[Chain]:
    """The smallest expressions in which two nodes differ, each with those around it."""
    if a == b:
        return
    alike = is_node(a) and is_node(b) and a[0] == b[0] and len(a) == len(b) and a[0] != "Constant"
    here = [(a, b), *above]
    pairs = list(_children(a, b)) if alike else [(a, b)]
    if not alike or any(not (is_node(x) and is_node(y)) for x, y in pairs):
        yield here
        return
    for x, y in pairs:
        yield from differences(x, y, here)


def _children(a: Shape, b: Shape) -> Iterator[tuple[Shape, Shape]]:
    """Children of two nodes of a kind that differ; of lists of one length, their items."""
    for x, y in zip(a[1:], b[1:], strict=True):
        if x == y:
            continue
        if _is_list(x) and _is_list(y) and len(x) == len(y):
            yield from ((i, j) for i, j in zip(x, y, strict=True) if i != j)
        else:
            yield x, y


def generalised(old: Shape, new: Shape) -> tuple[Pattern, Bound]:
    """The widest pattern of one example, and what its holes stand for; a whole side is never a hole.

    Of two calls of one function all arguments are one hole that stand behind those that differ, or before new ones.
    """
    is_call = old[0] == new[0] == "Call" and old[1] == new[1]
    common = (set(_parts(old)) & set(_parts(new))) - {old, new, *(old[2:] if is_call else ())}
    numbers: dict[Shape, int] = {}
    unused = count(1)
    bound: Bound = {}

    def opened(part: Shape, around: str = "", at: int = 0) -> Shape:
        if not isinstance(part, tuple):
            return part
        if part in common and _may_be_hole(part, around, at):
            number = numbers.get(part) or numbers.setdefault(part, next(unused))
            bound[number] = part
            return (HOLE if is_node(part) else HOLES, number)
        if part[:1] == ("Constant",):
            return part
        kind = part[0] if is_node(part) else ""
        return tuple(opened(child, kind, place) for place, child in enumerate(part))

    if not is_call:
        return Pattern(opened(old), opened(new)), bound
    called = opened(old[1], "Call", 1)
    sides: tuple[list[Shape], list[Shape]] = (["Call", called], ["Call", called])
    for field in (2, 3):
        number = next(unused)
        for side, (before, rest, behind) in zip(sides, _rests(old[field], new[field]), strict=True):
            bound[number] = rest
            side.append((*map(opened, before), (HOLES, number), *map(opened, behind)))
    return Pattern(*map(tuple, sides)), bound


def _rests(old: Shape, new: Shape) -> Iterator[tuple[Shape, Shape, Shape]]:
    """Of two lists of arguments each: what stands before, in and behind the part that both end (or begin) with."""
    most = min(len(old), len(new))
    start = next((at for at in range(most) if old[at] != new[at]), most)
    if start == most:  # one begins as the other
        yield from (((), side[:most], side[most:]) for side in (old, new))
        return
    end = next((at for at in range(most - start) if old[-1 - at] != new[-1 - at]), most - start)
    yield from ((side[: len(side) - end], side[len(side) - end :], ()) for side in (old, new))


_WITH_LISTS = frozenset(["Call", "Tuple", "List", "Set"])
"""Kinds of nodes whose lists of any length may be one hole."""


def _may_be_hole(part: Shape, around: str, at: int) -> bool:
    """Whether a hole may stand for a child of a node: not for what is called, for operators, nor for nothing."""
    if around == "Call" and at == 1:
        return False
    return len(part) > 1 if is_node(part) else _is_list(part) and around in _WITH_LISTS


def _parts(part: Shape) -> Iterator[Shape]:
    if isinstance(part, tuple) and part:
        yield part
        if part[0] != "Constant":
            for child in part:
                yield from _parts(child)


def tightened(pattern: Pattern, examples: Sequence[Bound]) -> Pattern:
    """The pattern with the holes filled that stand for the same in all examples."""
    fixed = {n: part for n, part in examples[0].items() if all(one[n] == part for one in examples)}
    return Pattern(filled(pattern.old, fixed), filled(pattern.new, fixed))


def filled(part: Shape, bound: Mapping[int, Shape]) -> Shape:
    """A side of a pattern with holes replaced by what they stand for."""
    if not isinstance(part, tuple) or part[:1] == ("Constant",):
        return part
    if part[:1] in ((HOLE,), (HOLES,)):
        return bound.get(part[1], part)
    if is_node(part):
        return tuple(filled(child, bound) for child in part)
    lists = [
        filled(child, bound) if _is_rest(child) and child[1] in bound else (filled(child, bound),) for child in part
    ]
    return tuple(child for some in lists for child in some)


def match(pattern: Shape, part: Shape, bound: Bound) -> bool:
    """Whether a side of a pattern is a shape; `bound` takes what its holes stand for."""
    if isinstance(pattern, tuple) and pattern[:1] in ((HOLE,), (HOLES,)):
        fits = is_node(part) if pattern[0] == HOLE else isinstance(part, tuple) and not is_node(part)
        return fits and bound.setdefault(pattern[1], part) == part
    if not isinstance(pattern, tuple) or not isinstance(part, tuple):
        return bool(pattern == part)
    if pattern[:1] == ("Constant",) or part[:1] == ("Constant",):
        return pattern == part
    at = next((at for at, one in enumerate(pattern) if _is_rest(one)), -1) if not is_node(pattern) else -1
    if at >= 0 and not is_node(part):
        end = len(part) - (len(pattern) - at - 1)
        if end < at or bound.setdefault(pattern[at][1], part[at:end]) != part[at:end]:
            return False
        pattern, part = pattern[:at] + pattern[at + 1 :], part[:at] + part[end:]
    return len(pattern) == len(part) and all(match(x, y, bound) for x, y in zip(pattern, part, strict=True))


Spelling = Pattern | Style


def output(pattern: Spelling, node: Shape) -> Shape | None:
    """What a pattern makes of one node; None where it does not fire."""
    if isinstance(pattern, Style):
        return pattern.spelled(node)
    bound: Bound = {}
    return filled(pattern.new, bound) if match(pattern.old, node, bound) else None


def fires_in(pattern: Spelling, part: Shape) -> bool:
    """Whether a pattern fires anywhere in a shape."""
    if not isinstance(part, tuple) or part[:1] == ("Constant",):
        return isinstance(pattern, Pattern) and bool(part == pattern.old)
    return (is_node(part) and output(pattern, part) is not None) or any(fires_in(pattern, child) for child in part)


def ran(pattern: Spelling, old: Shape, new: Shape) -> bool:
    """Whether it looks as if a pattern that fires in a shape was run on it, among other edits."""
    if isinstance(pattern, Style):
        return not fires_in(pattern, new) or rewritten(old, [pattern], set()) == new
    if pattern.new[0] == HOLE:
        return not fires_in(pattern, new)
    return _found(pattern.new, new) > _found(pattern.new, old)


def _found(side: Shape, part: Shape) -> int:
    """How often a side of a pattern stands in a shape."""
    if not isinstance(part, tuple) or part[:1] == ("Constant",):
        return int(part == side)
    return (is_node(part) and match(side, part, {})) + sum(_found(side, child) for child in part)


def rewritten(part: Shape, patterns: Sequence[Spelling], fired: set[Spelling]) -> Shape:
    """A shape with patterns run everywhere, from outside in, the first that fits; `fired` takes those that did."""
    if not isinstance(part, tuple) or part[:1] == ("Constant",):
        return part
    if is_node(part):
        for pattern in patterns:
            bound: Bound = {}
            if isinstance(pattern, Style):
                if pattern.spelled(part) is not None:
                    fired.add(pattern)
                    inner = tuple(rewritten(child, patterns, fired) for child in part)
                    return pattern.spelled(inner) or inner
            elif match(pattern.old, part, bound):
                fired.add(pattern)
                inside = {number: rewritten(one, patterns, fired) for number, one in bound.items()}
                return filled(pattern.new, inside)
    return tuple(rewritten(child, patterns, fired) for child in part)


def shown(part: Shape) -> str:
    """A shape as source text, holes as `$1`."""
    try:
        return ast.unparse(tree(part))
    except (AttributeError, TypeError, ValueError, KeyError, RecursionError):
        return str(part[0])


def tree(part: Shape, field: str = "") -> Any:
    """A syntax tree of a shape (that stands in a field); holes are names that no program has."""
    if not isinstance(part, tuple):
        return part
    if part[:1] == (HOLE,):
        return ast.Name(f"${part[1]}")
    if part[:1] == (HOLES,):
        return [_starred(part, field)]
    if not is_node(part):
        return [_starred(child, field) if _is_rest(child) else tree(child) for child in part]
    if part[0] == "Constant":
        value = {"float": float, "complex": complex}.get(part[1], lambda same: same)(part[2])
        return ast.Constant(value, kind=None)
    kind = getattr(ast, part[0])
    fields = fields_of(kind)
    if len(fields) != len(part) - 1:
        fields = tuple(name for name in fields if name not in BODIES)
    return kind(**{name: tree(child, name) for name, child in zip(fields, part[1:], strict=True)})


def _starred(hole: Shape, field: str) -> ast.AST:
    """What stands for a hole for a list."""
    name = ast.Name(f"${hole[1]}")
    return ast.keyword(None, name) if field == "keywords" else ast.Starred(name)
