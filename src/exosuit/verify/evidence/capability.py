"""What the head can do to the world and the base could not: by resolved names, so that a call that moved is not new."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from exosuit.verify.evidence.material import Material
from exosuit.verify.evidence.model import Evidence, Strength
from exosuit.verify.evidence.python.abilities import CODE, NETWORK, OBJECTS, PROGRAM, Ability, abilities
from exosuit.verify.evidence.python.names import dotted, imports
from exosuit.verify.evidence.touch import Touch, each
from exosuit.verify.plan.places import is_test
from exosuit.verify.plan.python.bindings import module_of
from exosuit.verify.plan.python.source import DEFINITIONS, Source, qualified_name

KIND = "capability"

_GRAVE = {NETWORK, PROGRAM, CODE, OBJECTS}
"""What is said of tests, too."""

_GUARD_DECORATORS = re.compile(r"(?i)(?:login|auth|permission|role|admin|staff|superuser|csrf|token|scope)")
_NO_GUARDS = re.compile(r"exempt|anonymous|public|skip|noauth|no_auth|optional")


def capability(material: Material) -> list[Evidence]:
    """New ways to reach the world, and code that guards who may do what."""
    modules = material.python
    own = {_package(touch.path) for touch in modules} - {"tests", "test"}
    moved: Counter[tuple[str, str, str]] = Counter()
    for touch in modules:
        moved.update(one.key for one in _safely(touch, "base"))
    return each(modules, KIND, lambda touch: _of_file(touch, moved, own))


def _safely(touch: Touch, side: str) -> list[Ability]:
    """The abilities of changed statements of one side; none where they are nested too deep."""
    try:
        return list(_able(touch, side))
    except RecursionError:
        return []


def _able(touch: Touch, side: str) -> Iterator[Ability]:
    source = touch.file.base_source if side == "base" else touch.file.head_source
    path = touch.file.file.old_path if side == "base" and touch.file.file.old_path else touch.path
    if source is not None:
        for index in touch.old_statements if side == "base" else touch.new_statements:
            yield from abilities(source, index, path)


def _package(path: bytes) -> str:
    """The package that a file is part of, as it is imported."""
    return module_of(path).removeprefix("src.").partition(".")[0]


def _of_file(touch: Touch, moved: Counter[tuple[str, str, str]], own: set[str]) -> Iterator[Evidence]:
    new: list[Ability] = []
    for one in _able(touch, "head"):
        if one.by.partition(".")[0] in own and not one.danger:
            continue
        if moved[one.key] > 0:
            moved[one.key] -= 1
        else:
            new.append(one)
    in_tests = is_test(touch.path)
    before = _before(touch) if new else frozenset()
    again: dict[str, list[Ability]] = {}
    for one in new:
        if one.danger and not in_tests:
            yield touch.evidence(KIND, "against", f"{touch.name}: {one.danger}: `{one.text}`.", head=[one.line])
        elif not in_tests or (one.what in _GRAVE and one.what not in before):
            again.setdefault(one.what, []).append(one)
    for what, every in again.items():
        yield _told(touch, what, every, "unknown" if in_tests or what in before else "differs")
    if not in_tests:
        yield from _unguarded(touch)
        yield from _guards(touch)


def _told(touch: Touch, what: str, every: list[Ability], strength: Strength) -> Evidence:
    more = f" and {len(every) - 1:,} more" if len(every) > 1 else ""
    newly = "newly " if strength == "differs" else ""
    title = f"{touch.name} {newly}reaches {what}: `{every[0].text}`{more}."
    return touch.evidence(KIND, strength, title, head=[one.line for one in every])


def _before(touch: Touch) -> frozenset[str]:
    """What the file could do at base, changed or not."""
    source = touch.file.base_source
    if source is None:
        return frozenset()
    path = touch.file.file.old_path or touch.path
    return frozenset(one.what for index in range(len(source.statements)) for one in abilities(source, index, path))


def _functions(source: Source) -> dict[str, int]:
    return {qualified_name(source, i): i for i, s in enumerate(source.statements) if isinstance(s.node, DEFINITIONS)}


def _unguarded(touch: Touch) -> Iterator[Evidence]:
    """Decorators that ask who is calling, gone from a function that is still there."""
    before, after = touch.file.base_source, touch.file.head_source
    if before is None or after is None:
        return
    there: dict[str, int] = {}
    for index in touch.old_statements:
        node: Any = before.statements[index].node
        if not isinstance(node, DEFINITIONS) or not node.decorator_list:
            continue
        there = there or _functions(after)
        name = qualified_name(before, index)
        if name not in there:
            continue
        kept = _decorators(after, there[name], touch.path)
        for one in _decorators(before, index, touch.path) - kept:
            last = one.rpartition(".")[2]
            if (
                _GUARD_DECORATORS.search(last)
                and not _NO_GUARDS.search(last)
                and not any(map(_GUARD_DECORATORS.search, kept))
            ):
                lines = touch.changed("base", before.statements[index].start, before.statements[index].end)
                title = f"`{name}` of {touch.name} has lost its guard `@{last}`."
                yield touch.evidence(KIND, "against", title, base=lines)


def _decorators(source: Source, index: int, path: bytes) -> set[str]:
    node: Any = source.statements[index].node
    imported = imports(source, path)
    named = {dotted(one.func if isinstance(one, ast.Call) else one, imported) for one in node.decorator_list}
    return named - {""}


def _guards(touch: Touch) -> Iterator[Evidence]:
    """Changed lines of functions that by their name decide who may do what; one piece a function."""
    after = touch.file.head_source
    if after is None or touch.file.base_source is None:
        return
    found: dict[int, list[int]] = {}
    for index in touch.new_statements:
        around = index if isinstance(after.statements[index].node, DEFINITIONS) else after.enclosing(index)
        node: Any = after.statements[around].node if around >= 0 else None
        if node is not None and not isinstance(node, ast.ClassDef) and _is_guard(node.name):
            statement = after.statements[index]
            found.setdefault(around, []).extend(touch.changed("head", statement.start, statement.end))
    for around, lines in found.items():
        title = f"`{qualified_name(after, around)}` of {touch.name} changed; by its name it decides who may do what."
        yield touch.evidence(KIND, "unknown", title, head=lines, settled_by=("behaviour", "revert"))


def _is_guard(name: str) -> bool:
    words = re.findall(r"[a-z]+", re.sub(r"([A-Z])", r"_\1", name).lower())
    strong = {"auth", "authenticate", "authenticated", "authorize", "authorise", "authorized", "permission",
              "permissions",
              "login", "password", "passwd", "credential", "credentials", "csrf", "acl", "admin", "superuser",
              "privilege",
              "privileges", "signature"}  # fmt: skip
    return bool(strong & set(words))
