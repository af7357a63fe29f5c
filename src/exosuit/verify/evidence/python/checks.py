"""What a test holds to: each assertion with its subject, how much it demands of it, and what it expects.

`assert`, the methods of unittest and of mocks, `raises` and `warns`, and any call that is named as a check are seen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from exosuit.verify.evidence.python.names import dotted, line_of, number, text_of
from exosuit.verify.plan.python.scopes import own_parts
from exosuit.verify.plan.python.source import Shape, Source, shape

EQUAL, CLOSE, PART, RANGE, SOME, NOTHING = 5, 4, 3, 2, 1, 0
"""How much is demanded: this value; about this value; holds this; in this range or of this kind; anything; nothing."""

_UNITTEST = {
    "assertEqual": EQUAL, "assertEquals": EQUAL, "assertIs": EQUAL, "assertListEqual": EQUAL, "assertDictEqual": EQUAL,
    "assertSetEqual": EQUAL, "assertTupleEqual": EQUAL, "assertSequenceEqual": EQUAL, "assertMultiLineEqual": EQUAL,
    "assertIsNone": EQUAL, "assertAlmostEqual": CLOSE, "assertCountEqual": CLOSE, "assertIn": PART, "assertRegex": PART,
    "assertNotIn": PART, "assertGreater": RANGE, "assertGreaterEqual": RANGE, "assertLess": RANGE,
    "assertLessEqual": RANGE, "assertIsInstance": RANGE, "assertTrue": SOME, "assertFalse": SOME,
    "assertNotEqual": SOME,
    "assertIsNotNone": SOME, "assertIsNot": SOME, "assert_called_once_with": EQUAL, "assert_has_calls": CLOSE,
    "assert_called_with": CLOSE, "assert_any_call": PART, "assert_called_once": RANGE, "assert_called": SOME,
    "assert_not_called": EQUAL, "assert_awaited_once_with": EQUAL, "assert_awaited_once": RANGE, "assert_awaited": SOME,
    "assert_allclose": CLOSE, "assert_almost_equal": CLOSE, "assert_array_equal": EQUAL, "assert_equal": EQUAL,
    "assert_array_almost_equal": CLOSE,
}  # fmt: skip
"""Methods and functions that check something, and how much they demand."""

_RAISES = {"raises", "assertRaises", "assertRaisesRegex", "warns", "assertWarns", "assertWarnsRegex", "RaisesGroup"}
_CHECKS = re.compile(r"_?(?:assert|check|expect|verify|ensure)(?:_|[A-Z]|$)|fail$")
_CLOSE = {
    "approx": 1,
    "isclose": 2,
    "allclose": 2,
    "assert_allclose": 2,
    "assertAlmostEqual": 2,
    "assert_almost_equal": 2,
}
_WIDER_IF_LARGER = {"rel", "abs", "rel_tol", "abs_tol", "rtol", "atol", "delta", "nan_ok", "equal_nan"}
_WIDER_IF_SMALLER = {"places", "decimal", "significant"}
_DEFAULT = {"rel": 1e-6, "abs": 1e-12, "rel_tol": 1e-9, "abs_tol": 0.0, "rtol": 1e-7, "atol": 0.0, "places": 7.0,
            "decimal": 7.0, "delta": 0.0}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One assertion. `subject` is what is looked at, `expected` what it is held to; both as shapes.

    `slack` says how far off it may be, by name and larger for looser. `raises` are the exceptions that will do.
    `swallowed`: a handler around it catches its failure.
    """

    rank: int
    subject: Shape
    expected: Shape
    whole: Shape
    text: str
    line: int
    last: int
    names: frozenset[str]
    slack: dict[str, float] = field(default_factory=dict, hash=False)
    raises: frozenset[str] = frozenset()
    matches: bool = False
    swallowed: bool = False


def checks(source: Source, index: int, imported: dict[str, str]) -> list[Check]:
    """The checks of a test function that a run can reach, in order."""
    found: list[Check] = []
    at, end = index + 1, source.after(index)
    while at < end:
        statement = source.statements[at]
        found += _of_statement(source, at, imported, _is_swallowed(source, at, index))
        at += 1
        if statement.parent == index and isinstance(statement.node, ast.Return | ast.Raise):
            break  # nothing behind it is run
    return found


def _of_statement(source: Source, at: int, imported: dict[str, str], swallowed: bool) -> Iterator[Check]:
    node: Any = source.statements[at].node
    if isinstance(node, ast.Assert):
        parts = (
            node.test.values if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And) else [node.test]
        )
        for part in parts:
            yield _made(source, at, _Reading.of(part, imported), f"assert {text_of(part)}", swallowed)
        return
    if isinstance(node, ast.Expr | ast.With | ast.AsyncWith | ast.Assign | ast.Return):
        for part in own_parts(node):
            if isinstance(part, ast.Call) and (read := _called(part, imported)) is not None:
                yield _made(source, at, read, text_of(part), swallowed)


def _made(source: Source, at: int, read: _Reading, text: str, swallowed: bool) -> Check:
    statement = source.statements[at]
    names = frozenset(part.id for part in ast.walk(read.subject) if isinstance(part, ast.Name)) if read.subject else ()
    return Check(
        read.rank, shape(read.subject), tuple(map(shape, read.expected)), (read.rank, shape(read.whole)), text,
        line_of(source, at, read.whole), statement.end, frozenset(names), read.slack, read.raises, read.matches,
        swallowed,
    )  # fmt: skip


@dataclass
class _Reading:
    """An assertion taken apart."""

    rank: int
    subject: Any
    expected: list[Any]
    whole: Any
    slack: dict[str, float] = field(default_factory=dict)
    raises: frozenset[str] = frozenset()
    matches: bool = False

    @classmethod
    def of(cls, test: Any, imported: dict[str, str]) -> _Reading:
        """What an asserted expression demands."""
        if _is_always_true(test):
            return cls(NOTHING, test, [], test)
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return _compared(test, imported)
        if isinstance(test, ast.Compare):
            return cls(RANGE, test.comparators[0], [test.left, *test.comparators[1:]], test)
        if isinstance(test, ast.Call):
            name = dotted(test.func, imported).rpartition(".")[2]
            if name in _CLOSE and test.args:
                return cls(CLOSE, test.args[0], test.args[1:2], test, _slack(test))
            if name in ("isinstance", "issubclass", "callable", "hasattr") and test.args:
                return cls(RANGE, test.args[0], test.args[1:], test)
            if name in ("startswith", "endswith", "search", "match", "fullmatch") and test.args:
                return cls(PART, test.func, test.args, test)
            if name in ("all", "any") and test.args:
                return cls(RANGE if name == "all" else SOME, test.args[0], [], test)
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return cls(SOME, test.operand, [test.op], test)
        if isinstance(test, ast.BoolOp):
            return cls(SOME, test.values[0], test.values[1:], test)
        return cls(SOME, test, [], test)


def _compared(test: ast.Compare, imported: dict[str, str]) -> _Reading:
    op, left, right = test.ops[0], test.left, test.comparators[0]
    if (
        isinstance(left, ast.Constant)
        and not isinstance(right, ast.Constant)
        and not isinstance(op, ast.In | ast.NotIn)
    ):
        left, right = right, left
    for one, other in ((right, left), (left, right)):
        if isinstance(one, ast.Call) and dotted(one.func, imported).rpartition(".")[2] == "approx":
            return _Reading(CLOSE, other, one.args[:1], test, _slack(one))
    if isinstance(op, ast.In | ast.NotIn):
        one_of = isinstance(right, ast.Tuple | ast.List | ast.Set) and not isinstance(left, ast.Constant)
        return _Reading(PART, left if one_of else right, [right if one_of else left, op], test)
    truth = isinstance(right, ast.Constant) and isinstance(right.value, bool)
    if isinstance(op, ast.Eq | ast.Is):
        return _Reading(SOME if truth else EQUAL, left, [right], test)
    if isinstance(op, ast.NotEq | ast.IsNot):
        return _Reading(SOME, left, [right, op], test)
    bound = number(right)
    slack = {}
    if bound is not None:
        slack = {"bound": bound if isinstance(op, ast.Lt | ast.LtE) is (right is test.comparators[0]) else -bound}
    return _Reading(RANGE, left, [right, op], test, slack)


def _called(call: ast.Call, imported: dict[str, str]) -> _Reading | None:
    """A call that checks something; None for any other."""
    name = dotted(call.func, imported).rpartition(".")[2]
    if name in _RAISES:
        wanted = call.args[0] if call.args else None
        parts = wanted.elts if isinstance(wanted, ast.Tuple) else [wanted] if wanted else []
        kinds = frozenset(filter(None, (dotted(one, imported) for one in parts)))
        matches = any(one.arg == "match" for one in call.keywords) or name.endswith("Regex")
        return _Reading(PART, call.args[1] if len(call.args) > 1 else call.func, [*parts], call, {}, kinds, matches)
    if name in _UNITTEST and (isinstance(call.func, ast.Attribute) or name.startswith("assert_")):
        return _method(name, call)
    if _CHECKS.match(name):
        return _Reading(EQUAL, call.func, call.args, call)
    return None


def _method(name: str, call: ast.Call) -> _Reading:
    rank, given = _UNITTEST[name], list(call.args)
    if name.startswith("assert_") and not given and isinstance(call.func, ast.Attribute):
        return _Reading(rank, call.func.value, [], call)
    if name.startswith(("assert_called", "assert_awaited", "assert_any", "assert_has", "assert_not")):
        return _Reading(rank, call.func.value if isinstance(call.func, ast.Attribute) else call.func, given, call)
    if name in ("assertTrue", "assertFalse") and given:
        inner = _Reading.of(given[0], {})
        return _Reading(NOTHING if inner.rank == NOTHING and name == "assertTrue" else SOME, given[0], [], call)
    if rank in (EQUAL, CLOSE) and len(given) > 1 and isinstance(given[0], ast.Constant):
        given[0], given[1] = given[1], given[0]
    if rank == PART and len(given) > 1:
        given[0], given[1] = given[1], given[0]
    return _Reading(rank, given[0] if given else call.func, given[1:2], call, _slack(call) if rank == CLOSE else {})


def _slack(call: ast.Call) -> dict[str, float]:
    """How far off a value may be: larger is looser, whatever the option."""
    found: dict[str, float] = {}
    for one in call.keywords:
        value = number(one.value)
        if one.arg in _WIDER_IF_LARGER and value is not None:
            found[one.arg] = value
        elif one.arg in _WIDER_IF_SMALLER and value is not None:
            found[one.arg] = -value
    return found


def wider(old: Check, new: Check) -> str:
    """The option by which a check allows more than it did; empty for none."""
    for name in sorted(old.slack.keys() | new.slack.keys()):
        default = _DEFAULT.get(name, 0.0)
        default = -default if name in _WIDER_IF_SMALLER else default
        if name == "bound" and name not in old.slack.keys() & new.slack.keys():
            continue
        if new.slack.get(name, default) > old.slack.get(name, default):
            return name
    return ""


def _is_always_true(node: Any) -> bool:
    """Whether an asserted expression cannot fail: a true constant, a tuple that is not empty, or `… or True`."""
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.Tuple):
        return bool(node.elts)
    return isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and any(map(_is_always_true, node.values))


_CATCHES_FAILURES = {"AssertionError", "Exception", "BaseException"}


def _is_swallowed(source: Source, at: int, test: int) -> bool:
    """Whether a handler around a statement of a test catches a failed assertion and goes on."""
    child, around = at, source.statements[at].parent
    while around > test:
        node: Any = source.statements[around].node
        if isinstance(node, ast.Try) and source.statements[child].place == "body":
            if any(_catches(handler) for handler in node.handlers):
                return True
        elif isinstance(node, ast.With | ast.AsyncWith):
            called = [one.context_expr for one in node.items if isinstance(one.context_expr, ast.Call)]
            if any(dotted(c.func, {}).endswith("suppress") and _names(c.args) & _CATCHES_FAILURES for c in called):
                return True
        child, around = around, source.statements[around].parent
    return False


def _catches(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
    if kinds and not _names(kinds) & _CATCHES_FAILURES:
        return False
    fails = (part for one in handler.body for part in ast.walk(one))
    return not any(
        isinstance(part, ast.Raise | ast.Assert)
        or (isinstance(part, ast.Call) and dotted(part.func, {}).rpartition(".")[2] in ("fail", "exit"))
        for part in fails
    )


def _names(nodes: list[Any]) -> set[str]:
    return {dotted(one, {}).rpartition(".")[2] for one in nodes}
