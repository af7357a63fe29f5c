"""Parameters that change with all calls: a call that says something else, or calls another function, is not proved."""

from __future__ import annotations

import pytest

from tests.counterexamples.planned import Planned, planned

PLACES = 8


def module(parameters: str, call: str) -> str:
    top = f"def send({parameters}):\n    return data\n\n\n"
    return top + "".join(f"def f{i}(x):\n    return {call.format(i=i)}\n\n\n" for i in range(PLACES))


def changed(base: str, head: str, **files: str) -> Planned:
    named = {f"{name}.py": text for name, text in files.items()}
    return planned({**named, "m.py": base}, {**named, "m.py": head})


# Each: parameters and calls, before and after, and other calls in place of one of the latter.
EDITS = {
    "removed": (
        ("data, flags, limit=1", "send(x, {i}, limit=g(3))"), ("data, limit=1", "send(x, limit=g(3))"),
        ("send({i}, limit=g(3))", "send(x, limit=g(4))", "send(x, g(3))", "send(x)",
         "sent(x, limit=g(3))", "send(x, {i}, g(3))"),
    ),
    "renamed": (
        ("data, flags=0", "send(x + {i}, flags=g(3))"), ("data, marks=0", "send(x + {i}, marks=g(3))"),
        ("send(x + {i}, masks=g(3))", "send(x - {i}, marks=g(3))",
         "send(x + {i}, marks=g(4))", "send(x + {i}, g(3))", "send(x + {i})"),
    ),
    "reordered": (
        ("data, flags, limit", "send(x, {i}, g(3))"), ("flags, limit, data", "send({i}, g(3), x)"),
        ("send(g(3), {i}, x)", "send({i}, g(3), x, y)", "send({i}, g(4), x)",
         "send({i}, g(3), data=x)", "send({i}, x, g(3))"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_calls_that_follow_are_one_decision_with_the_header_to_be_read(name: str) -> None:
    old, new, _others = EDITS[name]
    groups = changed(module(*old), module(*new)).plan.groups
    (group,) = [group for group in groups if "and calls" in group.title]
    assert group.lines == 2 * PLACES + 2
    assert group.unproved_lines == (0 if name == "reordered" else 2)


@pytest.mark.parametrize(
    ("name", "said"), [(name, said) for name, (*_sides, others) in EDITS.items() for said in others]
)
def test_a_call_that_says_something_else_is_not_proved(name: str, said: str) -> None:
    old, new, _others = EDITS[name]
    right, wrong = (f"return {call.format(i=7)}" for call in (new[1], said))
    proved = changed(module(*old), module(*new).replace(right, wrong)).proved_lines()
    assert f"+{wrong}" not in proved
    assert f"-return {old[1].format(i=7)}" not in proved


def titles(found: Planned) -> str:
    return " ".join(group.title for group in found.plan.groups)


def test_a_name_that_is_defined_twice_may_be_another_function() -> None:
    old, new, _others = EDITS["removed"]
    assert "and calls" not in titles(changed(module(*old), module(*new), n="def send(data, flags, limit=1): ...\n"))


def test_a_header_with_more_edits_is_none_that_calls_follow() -> None:
    old, new, _others = EDITS["removed"]
    for header in (
        "data, limit=2",
        "limit, data=1",
        "data, limit=1, more=2",
        "data, limit=1, *more",
        "data: int, limit=1",
    ):
        assert "and calls" not in titles(changed(module(*old), module(header, new[1]))), header


def test_arguments_that_are_unpacked_may_be_any() -> None:
    base = module("data, flags, limit=1", "send(x, *y{i})")
    assert "and calls" not in titles(changed(base, module("data, limit=1", "send(*y{i})")))


def test_a_call_that_was_forgotten_is_missed() -> None:
    old, new, _others = EDITS["removed"]
    found = changed(module(*old), module(*new), n="import m\nm.send(a, 5, limit=2)\n")
    (place,) = [place for group in found.plan.groups for place in group.missed]
    assert (place.path, place.new) == (b"n.py", b"m.send(a, limit=2)")


def test_methods_are_called_without_the_object() -> None:
    base = "class A:\n    def send(self, data, flags): ...\n\n\n" + module("x", "x.send({i}, 2)").partition("\n\n\n")[2]
    head = base.replace("data, flags", "flags, data").replace(", 2)", ")").replace("x.send(", "x.send(2, ")
    (group,) = [group for group in changed(base, head).plan.groups if "and calls" in group.title]
    assert group.unproved_lines == 0
