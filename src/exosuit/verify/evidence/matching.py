"""Which test of the base is which test of the head: by name, in another file, under another name."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz import fuzz

from exosuit.verify.evidence.python.collected import Test, tests
from exosuit.verify.evidence.touch import Touch
from exosuit.verify.plan.places import is_collected

ALIKE = 60
"""Percent of two tests' text that must be the same for one to be called the other under another name."""

SAME = 85
"""The same, for a function that is not collected."""

MOST_TRIED = 20_000
"""Pairs of tests that are compared by their text, at most; with more, names alone decide."""


@dataclass(frozen=True)
class Pair:
    """A test on both sides."""

    old: Test
    new: Test


@dataclass
class Pairs:
    """`kept` are in both, `gone` only in the base, `added` only in the head; `hidden` went out of collection."""

    kept: list[Pair] = field(default_factory=list)
    gone: list[Test] = field(default_factory=list)
    added: list[Test] = field(default_factory=list)
    hidden: list[tuple[Test, str, int]] = field(default_factory=list)


def matched(files: list[Touch]) -> Pairs:
    """The tests of some files, matched. What is nested too deep to be read counts as having none."""
    found = Pairs()
    waiting: list[tuple[Touch, Test]] = []
    for touch in files:
        old_path = touch.file.file.old_path or touch.path
        before = tests(touch.file.base_source, old_path) if touch.file.base_source and is_collected(old_path) else {}
        after = tests(touch.file.head_source, touch.path) if touch.file.head_source and is_collected(touch.path) else {}
        found.kept += [Pair(before[name], after[name]) for name in before.keys() & after.keys()]
        found.added += [after[name] for name in after.keys() - before.keys()]
        if touch.file.head_source is not None or not touch.file.file.new_blob:
            waiting += [(touch, before[name]) for name in sorted(before.keys() - after.keys())]
    found.kept.sort(key=lambda pair: (pair.new.path, pair.new.index))
    found.added.sort(key=lambda test: (test.path, test.index))
    left = _elsewhere(found, waiting)
    added: dict[bytes, list[Test]] = defaultdict(list)
    for one in found.added:
        added[one.path].append(one)
    for touch, test in left:
        twin = _twin(added[touch.path], test)
        hidden = None if twin else _hidden(touch, test)
        if twin:
            added[touch.path].remove(twin)
            found.added.remove(twin)
            found.kept.append(Pair(test, twin))
        elif hidden:
            found.hidden.append((test, *hidden))
        else:
            found.gone.append(test)
    return found


def _elsewhere(found: Pairs, waiting: list[tuple[Touch, Test]]) -> list[tuple[Touch, Test]]:
    """Pair tests with added ones of the same name, or the same words; gives back those that have none."""
    by_name: dict[str, list[Test]] = defaultdict(list)
    for test in found.added:
        by_name[test.short].append(test)
    left: list[tuple[Touch, Test]] = []
    for touch, test in waiting:
        there = by_name.get(test.short)
        if there:
            best = max(there, key=lambda one: fuzz.ratio(test.text, one.text))
            there.remove(best)
            found.added.remove(best)
            found.kept.append(Pair(test, best))
        else:
            left.append((touch, test))
    if len(left) * len(found.added) > MOST_TRIED:
        return left
    return _alike(found, left)


def _alike(found: Pairs, left: list[tuple[Touch, Test]]) -> list[tuple[Touch, Test]]:
    """The most alike first."""
    tried = [
        (score, number, at)
        for number, (_touch, old) in enumerate(left)
        for at, new in enumerate(found.added)
        if (score := fuzz.ratio(old.text, new.text, score_cutoff=ALIKE))
    ]
    taken: set[int] = set()
    done: set[int] = set()
    for _score, number, at in sorted(tried, key=lambda one: (-one[0], *one[1:])):
        if number not in done and at not in taken:
            done.add(number)
            taken.add(at)
            found.kept.append(Pair(left[number][1], found.added[at]))
    found.added = [test for at, test in enumerate(found.added) if at not in taken]
    return [one for number, one in enumerate(left) if number not in done]


NEAR = 30
"""How many of a file's added tests are looked at, on either side of where a test stood."""


def _twin(added: list[Test], test: Test) -> Test | None:
    """An added test of the same file, near by, that is all but this one. The added ones are in order."""
    at = bisect_left(added, test.index, key=lambda one: one.index)
    near = added[max(0, at - NEAR) : at + NEAR]
    return next((one for one in near if fuzz.ratio(test.text, one.text, score_cutoff=SAME)), None)


def _hidden(touch: Touch, test: Test) -> tuple[str, int] | None:
    """A function of the head that is all but the test, where no runner looks for it: its name and its line."""
    source = touch.file.head_source
    if source is None:
        return None
    collected = {one.index for one in tests(source, touch.path).values()} if is_collected(touch.path) else set()
    for index in touch.new_statements:
        node: Any = source.statements[index].node
        if index in collected:
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and source.statements[index].depth < 3:
            first, last = source.statements[index].start, source.statements[index].last
            text = b"".join(source.lines[first : last + 1])
            if fuzz.ratio(test.text, text) >= SAME:
                return node.name, first
    return _hidden_class(touch, test)


def _hidden_class(touch: Touch, test: Test) -> tuple[str, int] | None:
    """The class of a test under a name that no runner looks for, or the same test in a file that none looks into."""
    source = touch.file.head_source
    assert source is not None
    for name, one in _anywhere(touch).items():
        if name.rpartition(".")[2] == test.short and one[1] == test.text:
            return name if is_collected(touch.path) else touch.name, one[0]
    return None


def _anywhere(touch: Touch) -> dict[str, tuple[int, bytes]]:
    """Every function named as a test in the head, wherever it stands."""
    source = touch.file.head_source
    assert source is not None
    found: dict[str, tuple[int, bytes]] = {}
    for statement in source.statements:
        node: Any = statement.node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            parent: Any = source.statements[statement.parent].node if statement.parent >= 0 else None
            around = parent.name + "." if isinstance(parent, ast.ClassDef) else ""
            text = b"".join(source.lines[statement.start : statement.last + 1])
            found.setdefault(around + node.name, (statement.start, text))
    return found
