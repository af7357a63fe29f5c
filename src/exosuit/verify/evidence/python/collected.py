"""The tests of a file as pytest and unittest would collect them: their names, marks, cases and checks."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from exosuit.verify.evidence.python.checks import Check, checks
from exosuit.verify.evidence.python.names import dotted, imports, text_of
from exosuit.verify.plan.python.scopes import own_parts
from exosuit.verify.plan.python.source import Shape, Source, qualified_name, shape

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

_SKIPS = {
    "pytest.mark.skip": "is skipped", "pytest.mark.xfail": "is expected to fail", "pytest.mark.skipif": "is skipped if",
    "unittest.skip": "is skipped", "unittest.skipIf": "is skipped if", "unittest.skipUnless": "is skipped unless",
    "unittest.expectedFailure": "is expected to fail",
}  # fmt: skip
_SKIPPING_CALLS = {"pytest.skip": "is skipped", "pytest.xfail": "is expected to fail", "self.skipTest": "is skipped",
                   "unittest.SkipTest": "is skipped", "pytest.importorskip": "is skipped if"}  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """Why a test does not count: `what` in words; `certain` if it always holds; `line` where it stands (from 0)."""

    what: str
    certain: bool
    line: int
    key: Shape


@dataclass(frozen=True, eq=False)
class Test:
    """A test function of a file; `index` is its statement."""

    __test__ = False
    name: str
    path: bytes
    source: Source
    index: int

    @property
    def short(self) -> str:
        """Its name without the classes around it."""
        return self.name.rpartition(".")[2]

    @property
    def lines(self) -> tuple[int, int]:
        """Its first and last line, decorators included."""
        statement = self.source.statements[self.index]
        return statement.start, statement.last

    @cached_property
    def text(self) -> bytes:
        first, last = self.lines
        return b"".join(self.source.lines[first : last + 1])

    @cached_property
    def checks(self) -> list[Check]:
        return checks(self.source, self.index, imports(self.source, self.path))

    @cached_property
    def marks(self) -> list[Mark]:
        """Decorators and calls that skip the test or expect it to fail."""
        return [*decorated(self.source, self.index, self.path), *_called(self)]

    @cached_property
    def words(self) -> frozenset[str]:
        """Names and attributes that its body mentions."""
        found: set[str] = set()
        for at in range(self.index, self.source.after(self.index)):
            for part in own_parts(self.source.statements[at].node):
                if isinstance(part, ast.Name):
                    found.add(part.id)
                elif isinstance(part, ast.Attribute):
                    found.add(part.attr)
                elif isinstance(part, ast.alias):
                    found.add(part.name.rpartition(".")[2])
        return frozenset(found)

    @cached_property
    def cases(self) -> int:
        """How many cases its parametrizations list, multiplied; 0 where none lists any."""
        total = 0
        node: Any = self.source.statements[self.index].node
        for one in node.decorator_list:
            if isinstance(one, ast.Call) and dotted(one.func, {}).endswith("parametrize") and len(one.args) > 1:
                if not isinstance(one.args[1], ast.List | ast.Tuple) or _is_spread(one.args[1]):
                    return 0
                total = max(1, total) * len(one.args[1].elts)
        return total

    @cached_property
    def loops(self) -> int:
        """Its loops and decorators: with more of these, fewer checks may do as much."""
        node: Any = self.source.statements[self.index].node
        inner = range(self.index + 1, self.source.after(self.index))
        return len(node.decorator_list) + sum(
            isinstance(self.source.statements[at].node, ast.For | ast.While | ast.AsyncFor) for at in inner
        )


def _is_spread(node: ast.List | ast.Tuple) -> bool:
    return any(isinstance(one, ast.Starred) for one in node.elts)


def tests(source: Source, path: bytes) -> dict[str, Test]:
    """The tests of a file by qualified name."""
    found: dict[str, Test] = {}
    for index, statement in enumerate(source.statements):
        node: Any = statement.node
        if isinstance(node, _FUNCTIONS) and node.name.startswith("test") and _is_collected_in(source, index):
            name = qualified_name(source, index)
            found[name] = Test(name, path, source, index)
    return found


def _is_collected_in(source: Source, index: int) -> bool:
    """Whether all that holds a function are classes that are looked into."""
    around = source.enclosing(index)
    while around >= 0:
        node: Any = source.statements[around].node
        if not isinstance(node, ast.ClassDef) or not ("test" in node.name.lower() or node.bases):
            return False
        around = source.enclosing(around)
    return True


def decorated(source: Source, index: int, path: bytes) -> list[Mark]:
    """The skipping decorators of a function or a class."""
    node: Any = source.statements[index].node
    start = source.statements[index].start
    first = node.decorator_list[0].lineno - 1 if node.decorator_list else 0
    return [
        mark for one in node.decorator_list
        if (mark := _mark(one, imports(source, path), start + one.lineno - 1 - first)) is not None
    ]  # fmt: skip


def module_marks(source: Source, path: bytes) -> list[Mark]:
    """What `pytestmark`, or a skip outside of any function, says of all tests of a file."""
    found: list[Mark] = []
    imported = imports(source, path)
    for index in source.tops:
        node: Any = source.statements[index].node
        line = source.statements[index].start
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets):
            every = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            found += [mark for one in every if (mark := _mark(one, imported, line)) is not None]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            what = _SKIPPING_CALLS.get(dotted(node.value.func, imported))
            if what:
                found.append(Mark(f"{what} ({text_of(node.value)})", what != "is skipped if", line, shape(node.value)))
    return found


def _mark(node: Any, imported: dict[str, str], line: int) -> Mark | None:
    call = node if isinstance(node, ast.Call) else None
    what = _SKIPS.get(dotted(call.func if call else node, imported))
    if what is None:
        return None
    if call and what == "is expected to fail" and call.args:
        what = "is expected to fail if"
    condition = call.args[0] if call and what.endswith((" if", " unless")) and call.args else None
    certain = condition is None or isinstance(condition, ast.Constant)
    said = what if condition is None else f"{what} `{text_of(condition, 50)}`"
    return Mark(said, certain, line, shape(node))


def _called(test: Test) -> list[Mark]:
    """Calls in a test that skip it."""
    found: list[Mark] = []
    imported = imports(test.source, test.path)
    for at in range(test.index + 1, test.source.after(test.index)):
        statement = test.source.statements[at]
        node: Any = statement.node
        if isinstance(node, ast.Return) and statement.parent == test.index and at + 1 < test.source.after(test.index):
            found.append(Mark("returns before its end", True, statement.start, ("Return",)))
        value = node.value if isinstance(node, ast.Expr) else node.exc if isinstance(node, ast.Raise) else None
        called = value.func if isinstance(value, ast.Call) else value
        what = _SKIPPING_CALLS.get(dotted(called, imported)) if called is not None else None
        if what:
            certain = statement.parent == test.index and what != "is skipped if"
            found.append(Mark(what if certain else f"{what.removesuffix(' if')} in some cases", certain,
                              statement.start, shape(value)))  # fmt: skip
    return found
