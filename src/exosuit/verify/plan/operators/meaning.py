"""Whether the names that an operator brings mean the same wherever it brought them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from exosuit.verify.plan.operators.edited import Edited, both
from exosuit.verify.plan.python.bindings import UNCLEAR, Origin, bindings, origin, same_module
from exosuit.verify.plan.python.patterns import Pattern, Spelling, names
from exosuit.verify.plan.python.source import Source


def unlike(pattern: Spelling, places: Sequence[Edited]) -> list[Edited]:
    """The places in which a pattern may have bound something, or brought a name that means something else there.

    A name that is brought must be a new local, that did not stand near in the base; else it must be the module's, and
    come from one origin in all other places. Words that were put for words must come from elsewhere or be built in, so
    that no definition of the change goes by a new name.
    """
    clear = [place for place in places if _binds_the_same(place)]
    if isinstance(pattern, Pattern) and pattern.is_plain:
        clear = [place for place in clear if all(_is_foreign(place, name) for name in _roots(pattern))]
    fresh = [place for place in clear if not pattern.is_plain and _is_fresh(place, pattern.brought)]
    known = set(map(id, fresh))
    clear = [place for place in clear if id(place) not in known and not _is_local(place, pattern.brought)]
    for name in sorted(pattern.brought):
        families: list[tuple[Origin, list[Edited]]] = []
        for place in clear:
            found = _origin(place, name, old=False)
            if found is None:
                continue
            own = next((some for known, some in families if _is_one(known, found)), None)
            if own is None:
                families.append((found, [place]))
            else:
                own.append(place)
        clear = max((some for _origin, some in families), key=len, default=[])
    kept = known.union(map(id, clear))
    return [place for place in places if id(place) not in kept]


def _is_fresh(place: Edited, brought: frozenset[str]) -> bool:
    """Whether all names that are brought are bound near a place in the head, and did not stand near it in the base."""
    _base, head = both(place.file)
    tops = {head.outermost(j) for _i, j in place.pairs}
    return all(brought <= _bound_within(head, top) for top in tops) and brought.isdisjoint(_near(place))


def _near(place: Edited) -> set[str]:
    """Every word of the definitions at the top of the base that hold a place."""
    base, _head = both(place.file)
    found: set[str] = set()
    for top in {base.outermost(i) for i, _j in place.pairs}:
        statement = base.statements[top]
        text = b"".join(base.lines[statement.start : statement.last + 1])
        found.update(re.findall(r"\w+", text.decode("utf-8", "replace")))
    return found


def _roots(pattern: Pattern) -> Iterator[tuple[str, bool]]:
    """The names with which both sides of a replacement of words begin; of each whether it is the old one."""
    yield from ((name, True) for name in names(pattern.old))
    yield from ((name, False) for name in names(pattern.new))


def _is_foreign(place: Edited, root: tuple[str, bool]) -> bool:
    name, is_old = root
    found = _origin(place, name, old=is_old)
    return found is not None and found[:1] in (("import",), ("built in",)) and not _is_local(place, frozenset([name]))


def _origin(place: Edited, name: str, *, old: bool) -> Origin | None:
    """Where a name comes from in the module of a place; None where that is not plain."""
    base, head = both(place.file)
    bound = bindings(base, place.file.file.old_path) if old else bindings(head, place.file.file.path)
    if bound is None:
        return None
    found = origin(bound, name)
    return found if found != UNCLEAR else None


def _is_one(a: Origin, b: Origin) -> bool:
    """Whether two origins are one: what a module binds and what others import from it are."""
    if len(a) != len(b):
        return False
    return a == b or (len(a) == 3 and a[2] == b[2] != "" and same_module(a[1], b[1]) and "here" in (a[0], b[0]))


def _binds_the_same(place: Edited) -> bool:
    base, head = both(place.file)
    return all(
        sorted(bound_names(base.statements[i].node)) == sorted(bound_names(head.statements[j].node))
        for i, j in place.pairs
    )


def _is_local(place: Edited, brought: frozenset[str]) -> bool:
    """Whether a name is bound anywhere in the definition at the top that holds a place, on either side."""
    if not brought:
        return False
    base, head = both(place.file)
    tops = {(id(base), base.outermost(i)): (base, base.outermost(i)) for i, _j in place.pairs}
    tops |= {(id(head), head.outermost(j)): (head, head.outermost(j)) for _i, j in place.pairs}
    return any(not brought.isdisjoint(_bound_within(source, top)) for source, top in tops.values())


@lru_cache(maxsize=1 << 10)
def _bound_within(source: Source, top: int) -> frozenset[str]:
    """Every name that is bound somewhere inside of a statement of the module; its own name is not."""
    found: set[str] = set()
    for at in range(top, source.after(top)):
        own = set(bound_names(source.statements[at].node))
        if at == top:
            own -= {getattr(source.statements[at].node, "name", "")}
        found |= own
    return frozenset(found)


def bound_names(node: Any) -> Iterator[str]:
    """Names, parameters among them, that a statement's own part binds, deletes or declares."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            yield part.id
        elif isinstance(part, ast.arg):
            yield part.arg
        elif isinstance(part, ast.alias):
            yield part.asname or part.name.partition(".")[0]
        elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
            yield part.name
        elif isinstance(part, ast.MatchMapping) and part.rest:
            yield part.rest
        elif isinstance(part, ast.Global | ast.Nonlocal):
            yield from part.names
        waiting += [
            child for child in ast.iter_child_nodes(part)
            if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
        ]  # fmt: skip
