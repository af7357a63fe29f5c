"""A file parsed in parts is the file parsed whole, whatever stands in its strings and between its definitions."""

# ruff: noqa: E501 (the lines are listed close together)

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from exosuit.verify.plan.python.source import chunk_of, parse, shape

LINES = st.sampled_from(
    [
        "x = 1", "def f():", "    return 1", "    '''doc", "    '''", '"""', "", "", "class A:", "    x = 2", "@deco", "@deco(", ")",
        "if x:", "else:", "    pass", "# noqa", "async def g(a,", "      b):", "x = [", "]", "x = \\", "    def m(self): pass", "try:",
        "except E:", "finally:", "a; b", "if a: b", "\t", "'''", "match x:", "    case 1:", "        pass", "f'''{a}", "lambda: (",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=24))
def test_parts_are_the_whole(lines: list[str]) -> None:
    data = "\n".join(lines).encode() + b"\n"
    found = parse(data)
    try:
        ast.parse(data)
    except SyntaxError:
        assert found is None
        return
    whole = chunk_of(data)
    assert found is not None
    assert whole is not None
    ours = [(s.place, s.depth, s.parent, s.start, s.end, s.last, shape(s.node)) for s in found.statements]
    assert ours == [(s.place, s.depth, s.parent, s.start, s.end, s.last, shape(s.node)) for s in whole.statements]
    assert found.comments == list(whole.comments)
