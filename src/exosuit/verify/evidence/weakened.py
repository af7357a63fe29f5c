"""Tests that check less than they did: matched by name, then by what they say, before anything is called gone."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from exosuit.verify.evidence.matching import Pairs, matched
from exosuit.verify.evidence.material import Material
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.python.checks import NOTHING, SOME, Check, wider
from exosuit.verify.evidence.python.collected import Mark, Test, decorated, module_marks, tests
from exosuit.verify.evidence.touch import Touch, each, shown
from exosuit.verify.plan.places import is_collected, is_test
from exosuit.verify.plan.python.source import DEFINITIONS, Shape, qualified_name
from exosuit.verify.plan.reading import FileReading

KIND = "weakened test"
SETTLES = ("revert", "mutants")


@dataclass
class _Suite:
    """The tests of a change, what checks are new anywhere in it, and what definitions its code has lost."""

    pairs: Pairs
    new_checks: Counter[Shape] = field(default_factory=Counter)
    gone: frozenset[str] = frozenset()
    code_changed: bool = False


def weakened(material: Material) -> list[Evidence]:
    """Weakened, skipped and deleted tests of a change, and expectations that changed together with the code."""
    files = material.files
    away = [Touch(one, material.reading) for one in material.reading.files if _is_away(one)]
    paths = {one.path for one in away}
    held = [
        one for one in files
        if one.path not in paths and (is_collected(one.path) or is_collected(one.file.file.old_path))
    ]  # fmt: skip
    suite = _Suite(matched(held))
    deep = _set_aside(suite.pairs)
    suite.gone = _gone(files)
    suite.code_changed = any(
        one.new_statements or one.old_statements for one in files if not is_test(one.path) and one.file.is_python
    )
    for pair in suite.pairs.kept:
        if pair.old.text == pair.new.text:
            continue
        suite.new_checks.update(one.whole for one in pair.new.checks)
    for test in suite.pairs.added:
        suite.new_checks.update(one.whole for one in test.checks)
    found = [
        touch.evidence(
            KIND, "against", f"{shown(touch.file.file.old_path)} is now {touch.name}, where no runner looks for tests."
        )
        for touch in away
    ]
    found += [
        one.evidence(KIND, "unknown", f"{one.name} holds a test that is nested too deep to be looked into.")
        for one in held
        if one.path in deep
    ]
    return found + each(held, KIND, lambda touch: _of_file(touch, suite))


def _set_aside(pairs: Pairs) -> set[bytes]:
    """Take out tests that are nested too deep to be read; gives back their files."""
    kept = [(pair.old, pair.new) for pair in pairs.kept if pair.old.text != pair.new.text]
    deep: set[bytes] = set()
    for test in [*(one for pair in kept for one in pair), *pairs.gone, *pairs.added]:
        try:
            _ = test.checks, test.marks, test.words
        except (RecursionError, MemoryError):
            deep.add(test.path)
    pairs.kept = [pair for pair in pairs.kept if not {pair.old.path, pair.new.path} & deep]
    pairs.gone = [test for test in pairs.gone if test.path not in deep]
    pairs.added = [test for test in pairs.added if test.path not in deep]
    return deep


def _is_away(file: FileReading) -> bool:
    """Whether a file of tests has a name now that no runner looks for."""
    return file.file.is_renamed and is_collected(file.file.old_path) and not is_collected(file.file.path)


def _of_file(touch: Touch, suite: _Suite) -> Iterator[Evidence]:
    path = touch.file.file.old_path or touch.path
    for pair in suite.pairs.kept:
        if pair.new.path == touch.path and pair.old.text != pair.new.text:
            yield from _of_test(touch, pair.old, pair.new, suite)
    if touch.file.head_source is not None and touch.file.base_source is not None:
        yield from _marks_around(touch, path)
    for test in suite.pairs.added:
        for check in test.checks if test.path == touch.path else ():
            if check.rank == NOTHING:
                title = f"{_name(test)} is new, and `{check.text}` cannot fail."
                yield touch.evidence(KIND, "unknown", title, head=[check.line], settled_by=SETTLES)
    lost = [one for one in suite.pairs.gone if one.path == path]
    for test in lost:
        yield from _deleted(touch, test, suite)
    for old, name, line in suite.pairs.hidden:
        if old.path == path:
            title = f"{_name(old)} is no longer collected: it is now called `{name}`."
            yield touch.evidence(KIND, "against", title, head=[line], base=[old.lines[0]])


def _name(test: Test) -> str:
    return f"{shown(test.path)}::{test.name.replace('.', '::')}"


def _of_test(touch: Touch, old: Test, new: Test, suite: _Suite) -> Iterator[Evidence]:
    """What of one test is weaker than it was."""
    for mark in _new_marks(old.marks, new.marks):
        yield _marked(touch, _name(new), mark)
    if new.cases and new.cases < old.cases and old.short == new.short:
        first, last = new.lines
        title = f"{_name(new)} runs {new.cases:,} cases where it ran {old.cases:,}."
        old_first, old_last = old.lines
        yield touch.evidence(
            KIND, "against", title, touch.changed("head", first, last), touch.changed("base", old_first, old_last)
        )
    pairs, lost, added = _paired(old.checks, new.checks)
    for before, after in pairs:
        yield from _loosened(touch, new, before, after, suite)
    lost = [one for one in lost if suite.new_checks[one.whole] <= 0 and touch.changed("base", one.line, one.last)]
    if len(lost) > len(added) and new.loops <= old.loops and not _calls_more(old, new):
        fewer = len(lost) - len(added)
        shown_first = lost[0].text
        title = f"{_name(new)} no longer checks `{shown_first}`" + (f" and {fewer - 1:,} more." if fewer > 1 else ".")
        lines = [line for one in lost for line in range(one.line, one.last + 1)]
        yield touch.evidence(KIND, "against", title, base=lines)


def _new_marks(old: list[Mark], new: list[Mark]) -> list[Mark]:
    before = {one.key for one in old}
    counts = Counter(one.what.partition(" `")[0] for one in old)
    found = [one for one in new if one.key not in before]
    return [one for one in found if counts[one.what.partition(" `")[0]] == 0]


def _marked(touch: Touch, name: str, mark: Mark) -> Evidence:
    settled = () if mark.certain else SETTLES
    return touch.evidence(
        KIND, "against" if mark.certain else "unknown", f"{name} {mark.what}, which is new.", head=[mark.line],
        settled_by=settled,
    )  # fmt: skip


def _marks_around(touch: Touch, old_path: bytes) -> Iterator[Evidence]:
    """Marks on whole classes and on the file that were not there."""
    base, head = touch.file.base_source, touch.file.head_source
    assert base is not None
    assert head is not None
    if tests(base, old_path):
        for mark in _new_marks(module_marks(base, old_path), module_marks(head, touch.path)):
            yield _marked(touch, f"Every test of {touch.name}", mark)
    before = {qualified_name(base, i): i for i, s in enumerate(base.statements) if isinstance(s.node, ast.ClassDef)}
    for index, statement in enumerate(head.statements):
        node: Any = statement.node
        if not isinstance(node, ast.ClassDef) or not node.decorator_list:
            continue
        name = qualified_name(head, index)
        if name in before:
            for mark in _new_marks(decorated(base, before[name], old_path), decorated(head, index, touch.path)):
                yield _marked(touch, f"{touch.name}::{name}", mark)


_SAME: tuple[Callable[[Check, Check], bool], ...] = (
    lambda a, b: a.whole == b.whole,
    lambda a, b: a.subject == b.subject and bool(a.raises) == bool(b.raises) and a.rank == b.rank,
    lambda a, b: a.subject == b.subject and bool(a.raises) == bool(b.raises),
    lambda a, b: bool(a.raises) == bool(b.raises) and a.expected == b.expected and bool(a.expected),
    lambda a, b: (bool(a.raises) == bool(b.raises) and bool(a.names & b.names)) or b.rank == NOTHING,
)
"""Ways in which a check of the base is one of the head, the surest first."""


def _paired(old: list[Check], new: list[Check]) -> tuple[list[tuple[Check, Check]], list[Check], list[Check]]:
    """Checks that changed, each with what it became; those that only the one or the other test has.

    First by the same subject in order, then by names in common. Equal checks are left out, but for a new handler.
    """
    pairs: list[tuple[Check, Check]] = []
    left, right = list(old), list(new)
    for same in _SAME:
        waiting, right_left = [], right
        for one in left:
            found = next((other for other in right_left if same(one, other)), None)
            if found is None:
                waiting.append(one)
                continue
            pairs.append((one, found))
            right_left = [other for other in right_left if other is not found]
        left, right = waiting, right_left
    return pairs, left, right


def _loosened(touch: Touch, test: Test, old: Check, new: Check, suite: _Suite) -> Iterator[Evidence]:
    """Whether a check demands less, or something else, than the one that it was."""
    head, base = range(new.line, new.last + 1), range(old.line, old.last + 1)
    became = f"`{old.text}` became `{new.text}`"
    why = ""
    if new.swallowed and not old.swallowed:
        why, became = "no longer fails", f"`{new.text}` now stands where its failure is caught"
    elif old.whole == new.whole:
        return
    elif new.rank == NOTHING and old.rank > NOTHING:
        why = "checks nothing there"
    elif old.raises and new.raises:
        why = _widened(old, new)
    elif option := wider(old, new) if old.subject == new.subject and old.rank == new.rank else "":
        why = f"tolerates more ({option})" if option != "bound" else "tolerates more"
    elif (new.rank < old.rank and old.subject == new.subject) or (
        new.rank <= SOME < old.rank - 1 and old.names & new.names
    ):
        why = "checks less"
    if why:
        yield touch.evidence(KIND, "against", f"{_name(test)} {why}: {became}.", head, base)
    elif old.subject == new.subject and old.rank == new.rank and not old.raises and _is_other_value(old, new):
        together = " The code changed with it." if suite.code_changed else ""
        title = f"{_name(test)} expects another value: {became}.{together}"
        yield touch.evidence(
            KIND, "differs" if suite.code_changed else "unknown", title, head, base, settled_by=("tests",)
        )  # fmt: skip


def _is_other_value(old: Check, new: Check) -> bool:
    """Whether what is expected is written out on both sides, in the same form, with another constant in it."""
    ours, theirs = list(_leaves(old.expected)), list(_leaves(new.expected))
    if ours == theirs:
        return False
    if not any("Name" in leaf for leaf in (*ours, *theirs)):
        return any(leaf[0] == "Constant" for leaf in ours) and any(leaf[0] == "Constant" for leaf in theirs)
    return [leaf for leaf in ours if leaf[0] != "Constant"] == [leaf for leaf in theirs if leaf[0] != "Constant"]


def _leaves(part: Shape) -> Iterator[tuple[str, ...]]:
    """The constants, names and kinds of nodes in a shape."""
    if isinstance(part, tuple) and part[:1] == ("Constant",):
        yield ("Constant", repr(part))
    elif isinstance(part, tuple) and part and isinstance(part[0], str):
        yield (part[0], *(repr(one) for one in part[1:] if not isinstance(one, tuple)))
        for one in part[1:]:
            yield from _leaves(one)
    elif isinstance(part, tuple):
        for one in part:
            yield from _leaves(one)


def _widened(old: Check, new: Check) -> str:
    if old.matches and not new.matches:
        return "no longer looks at the message"
    if old.raises == new.raises:
        return ""
    if old.raises < new.raises:
        return "lets more exceptions pass"
    if any(_is_wider(one, other) for one in old.raises for other in new.raises):
        return "lets more exceptions pass"
    return ""


def _is_wider(old: str, new: str) -> bool:
    """Whether exception `new` takes in all of `old`, as far as the built-in ones tell."""
    if old == new:
        return False
    ours, theirs = getattr(builtins, old, None), getattr(builtins, new, None)
    if new in ("Exception", "BaseException"):
        return not (isinstance(ours, type) and issubclass(ours, BaseException) and not issubclass(ours, Exception))
    return isinstance(ours, type) and isinstance(theirs, type) and issubclass(ours, theirs)


def _calls_more(old: Test, new: Test) -> bool:
    """Whether the test names something that it did not and that is named as a check: what it checked may be there."""
    return any(
        name.lstrip("_").startswith(("assert", "check", "verify", "expect", "ensure")) for name in new.words - old.words
    )


def _deleted(touch: Touch, test: Test, suite: _Suite) -> Iterator[Evidence]:
    """A test that is nowhere any more. What all its checks were is still checked elsewhere: then nothing is said."""
    if test.checks and all(suite.new_checks[one.whole] > 0 for one in test.checks):
        return
    lines = [test.lines[0], *(line for one in test.checks for line in range(one.line, one.last + 1))]
    with_it = sorted(test.words & suite.gone)
    if with_it:
        title = f"{_name(test)} is deleted, together with `{with_it[0]}` that it names."
        yield touch.evidence(KIND, "unknown", title, base=lines, settled_by=SETTLES)
    else:
        yield touch.evidence(KIND, "against", f"{_name(test)} is deleted; what it names is still there.", base=lines)


def _gone(files: list[Touch]) -> frozenset[str]:
    """Names of definitions that the code (tests aside) has lost in this change."""
    before: set[str] = set()
    after: set[str] = set()
    for touch in files:
        if is_test(touch.path) and is_test(touch.file.file.old_path):
            continue
        for source, found in ((touch.file.base_source, before), (touch.file.head_source, after)):
            nodes: list[Any] = [one.node for one in source.statements] if source else []
            found.update(node.name for node in nodes if isinstance(node, DEFINITIONS))
    return frozenset(before - after)
