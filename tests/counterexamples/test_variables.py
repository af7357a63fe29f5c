"""Variables put in or taken out: what changes when, how often or where something is evaluated is not proved."""

from __future__ import annotations

import pytest

from tests.counterexamples.planned import Planned, edit

CLAIM = "same evaluations"


def function(body: str, name: str = "f", top: str = "") -> str:
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"def {name}(x, y):\n{top}{lines}    last(y)\n\n\n"


FILLER = ("return g(x)[1]", "v = g(x)\nreturn v[1]")


def both_ways(old: str, new: str, top: str = "") -> list[Planned]:
    """Three places that are proved and the one in question, put in and taken out."""
    sides = [
        "".join(function(filler, f"k{i}") for i in range(3)) + function(own, top=top)
        for filler, own in ((FILLER[0], old), (FILLER[1], new))
    ]
    return [edit(*sides), edit(*reversed(sides))]


ALWAYS = {
    "returned": ("return g(x)", "v = g(x)\nreturn v"),
    "an object whose method is called": ("x.a(1).b(y)", "v = x.a(1)\nv.b(y)"),
    "a left side": ("z = x.a() + y.b()", "v = x.a()\nz = v + y.b()"),
    "a condition": ("if x.a() and y:\n    pass", "v = x.a()\nif v and y:\n    pass"),
    "a loop": ("for a in x.b():\n    pass", "v = x.b()\nfor a in v:\n    pass"),
    "the first loop of a comprehension": ("z = [a for a in x.b()]", "v = x.b()\nz = [a for a in v]"),
    "the value of a target with a call": ("x.a()[0] = g(y)", "v = g(y)\nx.a()[0] = v"),
    "a text": ("z = f'a {g(x)} {y}'", "v = g(x)\nz = f'a {v} {y}'"),
}


@pytest.mark.parametrize("name", ALWAYS)
def test_what_is_evaluated_first_may_have_a_name(name: str) -> None:
    for found in both_ways(*ALWAYS[name]):
        assert found.plan.stats.proved == found.plan.stats.lines
        (group,) = found.plan.groups
        assert group.title in ("Variables used once: 4 put in", "Variables used once: 4 taken out")


NEVER = {
    "a call evaluated before": ("h(y)(g(x))", "v = g(x)\nh(y)(v)"),
    "a function that may be rebound": ("h(g(x))", "v = g(x)\nh(v)"),
    "a right side": ("z = h(y) + g(x)", "v = g(x)\nz = h(y) + v"),
    "a branch that may not be taken": ("z = g(x) if y else 1", "v = g(x)\nz = v if y else 1"),
    "a second value of or": ("z = y or g(x)", "v = g(x)\nz = y or v"),
    "a test that is repeated": ("while g(x):\n    pass", "v = g(x)\nwhile v:\n    pass"),
    "an assertion": ("assert g(x)", "v = g(x)\nassert v"),
    "a lambda": ("z = lambda: g(x)", "v = g(x)\nz = lambda: v"),
    "an element of a comprehension": ("z = [g(x) for a in y]", "v = g(x)\nz = [v for a in y]"),
    "a condition of a comprehension": ("z = [a for a in y if g(x)]", "v = g(x)\nz = [a for a in y if v]"),
    "an argument behind another": ("z.h(y.i(), g(x))", "v = g(x)\nz.h(y.i(), v)"),
    "added to what was read before": ("x += g(y)", "v = g(y)\nx += v"),
    "a key": ("z = y[g(x)]", "v = g(x)\nz = y[v]"),
    "a second manager": ("with y as a, g(x) as b:\n    pass", "v = g(x)\nwith y as a, v as b:\n    pass"),
    "two uses": ("z = g(x) + g(x)", "v = g(x)\nz = v + v"),
    "another value": ("return g(x)", "v = g(y)\nreturn v"),
    "another use": ("return g(x).a", "v = g(x)\nreturn v.b"),
    "a name that is used later": ("return g(x)\nreturn v", "v = g(x)\nreturn v\nreturn v"),
    "a parameter": ("return g(x)", "y = g(x)\nreturn y"),
    "a name of another function": ("def h():\n    return v\nreturn g(x)", "def h():\n    return v\nv = g(x)\nreturn v"),
    "a name in a text": ("z = 'v'\nreturn g(x)", "z = 'v'\nv = g(x)\nreturn v"),
    "names that are looked at": ("z = locals()\nreturn g(x)", "z = locals()\nv = g(x)\nreturn v"),
    "a comment for a tool": ("return g(x)", "v = g(x)  # type: ignore\nreturn v"),
    "a statement in between": ("a = 1\nreturn g(x)", "v = g(x)\na = 2\nreturn v"),
    "another block": ("if y:\n    return g(x)", "v = g(x)\nif y:\n    return v"),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
def test_what_may_be_noticed_is_not_proved(name: str) -> None:
    for found in both_ways(*NEVER[name]):
        assert len(found.proved(CLAIM)) <= 3 * 2, name
        lines = {line for line in found.proved_lines() if "g(x)[1]" not in line and "v[1]" not in line}
        assert lines <= {"+v = g(x)", "-v = g(x)"}, name


def test_a_name_that_is_global_is_not_proved() -> None:
    for found in both_ways("return g(x)", "v = g(x)\nreturn v", top="    global v\n"):
        assert not {"+return v", "-return v"} & found.proved_lines()


def test_variables_of_modules_and_classes_are_seen_from_elsewhere() -> None:
    for indent, top in (("", ""), ("    ", "class A:\n")):
        base = top + "".join(f"{indent}z{i} = g({i}).a\n\n" for i in range(4))
        head = top + "".join(f"{indent}v{i} = g({i})\n{indent}z{i} = v{i}.a\n\n" for i in range(4))
        assert not edit(base, head).proved(CLAIM)
