"""A decorator that was put on, or taken from, many definitions: guessed from their headers before and after."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from exosuit.verify.plan.python.source import BODIES, Shape, fields_of
from exosuit.verify.plan.python.styles import Style

_AT = {
    kind.__name__: [name for name in fields_of(kind) if name not in BODIES].index("decorator_list") + 1
    for kind in (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
}
"""Where in the shape of a definition's header its decorators are."""

FEWEST = 3


@dataclass(frozen=True, slots=True)
class Header:
    """A definition before and after, and the file of the base that it stands in."""

    path: bytes
    old: Shape
    new: Shape


def decorator_styles(
    headers: Iterable[Header], shown: Callable[[Shape], str], looked_up: Callable[[Shape], Iterator[str]]
) -> list[Style]:
    """A style for each decorator that came to, or went from, at least `FEWEST` definitions, the most frequent first."""
    came: dict[tuple[Shape, bool], list[Header]] = {}
    went: Counter[Shape] = Counter()
    paths: dict[Shape, set[bytes]] = {}
    for header in headers:
        kind = header.old[0]
        if kind not in _AT or kind != header.new[0] or _bare(header.old) != _bare(header.new):
            continue
        old, new = header.old[_AT[kind]], header.new[_AT[kind]]
        for longer, shorter, is_new in ((new, old, True), (old, new, False)):
            at = next((at for at in (0, len(longer) - 1) if longer and _without(longer, at) == shorter), None)
            if at is not None and is_new:
                came.setdefault((longer[at], at == 0), []).append(header)
            elif at is not None:
                went[longer[at]] += 1
                paths.setdefault(longer[at], set()).add(header.path)
    found = [
        Style(
            f"@{shown(one)} put on {_said(_trait(some))}", partial(_decorated, one, is_first, _trait(some)), b"def ",
            frozenset(looked_up(one)), line=f"@{shown(one)}".encode(), is_first=is_first,
            paths=frozenset(header.path for header in some),
        )
        for (one, is_first), some in came.items()
        if len(some) >= FEWEST
    ]  # fmt: skip
    found += [
        Style(
            f"@{shown(one)} taken away",
            partial(_undecorated, one),
            b"@",
            line=f"@{shown(one)}".encode(),
            paths=frozenset(paths[one]),
        )
        for one, count in went.items()
        if count >= FEWEST
    ]
    return found


def _bare(header: Shape) -> Shape:
    at = _AT[header[0]]
    return (*header[:at], *header[at + 1 :])


def _without(decorators: Shape, at: int) -> Shape:
    return (*decorators[:at], *decorators[at + 1 :])


Trait = tuple[frozenset[str], str, frozenset[Shape]]
"""What decorated definitions have in common: their kinds, how their names begin, decorators that they had before."""


def _trait(some: list[Header]) -> Trait:
    names = [header.old[1] for header in some]
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    prefix = "".join(letters[0] for letters in alike)
    prefix = prefix if set(names) == {prefix} else prefix[: prefix.rfind("_") + 1]
    shared = frozenset.intersection(*(frozenset(header.old[_AT[header.old[0]]]) for header in some))
    return frozenset(header.old[0] for header in some), prefix, shared


def _said(trait: Trait) -> str:
    kinds, prefix, _shared = trait
    word = "classes" if kinds == {"ClassDef"} else "coroutines" if kinds == {"AsyncFunctionDef"} else "functions"
    return f"{word} {prefix}…" if prefix else word


def _decorated(one: Shape, is_first: bool, trait: Trait, header: Shape) -> Shape | None:
    """A header of that trait with the decorator; None for all others, and for those that have it."""
    kinds, prefix, shared = trait
    if header[0] not in kinds or not header[1].startswith(prefix):
        return None
    at = _AT[header[0]]
    had = header[at]
    if one in had or not shared <= set(had):
        return None
    return (*header[:at], (one, *had) if is_first else (*had, one), *header[at + 1 :])


def _undecorated(one: Shape, header: Shape) -> Shape | None:
    if header[0] not in _AT or one not in header[_AT[header[0]]]:
        return None
    at = _AT[header[0]]
    return (*header[:at], tuple(part for part in header[at] if part != one), *header[at + 1 :])
