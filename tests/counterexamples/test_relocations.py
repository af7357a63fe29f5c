"""Definitions that went and were edited: what is the same line by line is proved, whatever may mean more is not."""

# ruff: noqa: E501 (a line for each counter-example)

from __future__ import annotations

import pytest

from tests.counterexamples.planned import Planned, planned

KEPT = "def keep(a):\n    b = a + 1\n    return b\n"
BODY = "def went(self, a):\n    first = a + 1\n    second = first * 2\n    third = second - a\n    if third:\n        self.log(third)\n    return self.end(third)\n"


def inside(body: str, name: str = "A") -> str:
    """A definition as a method."""
    return f"class {name}:\n    x = 1\n\n" + "".join(f"    {line}\n" if line else "\n" for line in body.splitlines())


def relocated(
    old: str, new: str, *, old_top: str = "", new_top: str = "", old_end: str = "", new_end: str = ""
) -> Planned:
    """A method that goes from class A of one file to class B of another."""
    base = {
        "p/old.py": f"{old_top}\n\n{KEPT}\n\n{inside(old)}{old_end}",
        "p/new.py": f"{new_top}\n\n{KEPT}\n\n{inside('', 'B')}{new_end}",
    }
    head = {
        "p/old.py": f"{old_top}\n\n{KEPT}\n\n{inside('')}{old_end}",
        "p/new.py": f"{new_top}\n\n{KEPT}\n\n{inside(new, 'B')}{new_end}",
    }
    return planned(base, head)


def proved(found: Planned) -> set[str]:
    """Lines that are proved to have gone along, without their sign; each must be on both sides."""
    atoms = found.proved("same lines elsewhere")
    lines: dict[str, set[str]] = {"-": set(), "+": set()}
    for atom in atoms:
        file = found.reading.file_of(atom)
        lines["-"] |= {line.decode().strip() for line in file.removed(atom - file.first)} - {""}
        lines["+"] |= {line.decode().strip() for line in file.added(atom - file.first)} - {""}
    assert lines["-"] == lines["+"]
    return lines["-"]


def test_a_method_that_went_to_another_class_is_one_group_and_what_was_edited_are_its_exceptions() -> None:
    found = relocated(BODY, BODY.replace("- a", "- 2 * a"))
    (group,) = found.plan.groups
    assert (group.kind, group.title) == ("move", "Move went from p/old.py to p/new.py, edited on the way")
    assert proved(found) == {line.strip() for line in BODY.splitlines()} - {"third = second - a"}
    assert {found.reading.lines([part]) for part in group.exceptions} == {1}
    assert group.unproved_lines == 2


def test_a_line_whose_name_means_something_else_there_is_to_be_read() -> None:
    body = BODY.replace("first * 2", "first * rate")
    found = relocated(body, body, old_top="from p.a import rate\n", new_top="from p.b import rate\n")
    assert proved(found) == {line.strip() for line in body.splitlines()} - {"second = first * rate"}
    assert "second = first * rate" in proved(
        relocated(body, body, old_top="from p.a import rate\n", new_top="from p.a import rate\n")
    )


NEVER = {
    "a name is the module's own": ({"old_top": "rate = 1\n", "new_top": "rate = 1\n"}, "rate", "second = first * rate"),
    "a name is bound on one side": ({"old_top": "rate = 1\n"}, "rate", "second = first * rate"),
    "a built-in is shadowed there": ({"new_end": "\n\ndef len(a):\n    return 1\n"}, "len(a)", "second = first * len(a)"),
    "a star import may bind anything": ({"new_top": "from q import *\n"}, "2", "second = first * 2"),
    "a comprehension binds the name for itself": (
        {"old_top": "rate = 1\n"}, "rate * sum(rate for rate in a)", "second = first * rate * sum(rate for rate in a)",
    ),
    "a comprehension loops over the name": (
        {"old_top": "rate = 1\n"}, "sum(rate for rate in rate)", "second = first * sum(rate for rate in rate)",
    ),
    "the class is asked": ({}, "super().f()", "second = first * super().f()"),
    "the module is asked": ({}, "__name__", "second = first * __name__"),
    "the name is mangled": ({}, "self.__x", "second = first * self.__x"),
    "names are looked up": ({}, "globals()['r']", "second = first * globals()['r']"),
    "a submodule is imported on one side": ({"old_top": "import os\nimport p.q\n", "new_top": "import p\n"}, "p.q", "second = first * p.q"),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
def test_a_line_that_may_mean_something_else_is_not_proved(name: str) -> None:
    around, value, line = NEVER[name]
    body = BODY.replace("first * 2", f"first * {value}")
    assert line not in proved(relocated(body, body, **around))


def test_lines_that_changed_places_on_the_way_are_not_both_proved() -> None:
    a, b = "    second = first * 2\n", "    third = second - a\n"
    assert not {a.strip(), b.strip()} <= proved(relocated(BODY, BODY.replace(a + b, b + a)))


def test_a_line_that_left_its_block_on_the_way_is_not_proved() -> None:
    assert "self.log(third)" not in proved(relocated(BODY, BODY.replace("        self.log", "    self.log")))
    assert "return self.end(third)" not in proved(relocated(BODY, BODY.replace("    return", "        return")))


def test_a_header_that_registers_or_reads_names_of_its_class_is_to_be_read() -> None:
    for head in ("@app.route('/')\n", "@x.setter\n"):
        assert not {"def went(self, a):", head.strip()} & proved(
            relocated(head + BODY, head + BODY, old_top="import app\n", new_top="import app\n")
        )
    default = BODY.replace("(self, a)", "(self, a=x)")
    assert "def went(self, a=x):" not in proved(relocated(default, default))


def test_what_went_under_a_condition_is_not_proved() -> None:
    base = {"a.py": KEPT + "\n\n" + BODY, "b.py": "if None:\n    x = 1\n"}
    head = {
        "a.py": KEPT,
        "b.py": "if None:\n    x = 1\n\n" + "".join("    " + line + "\n" for line in BODY.splitlines()),
    }
    assert not planned(base, head).proved_lines()


def test_a_function_that_became_a_method_is_not_proved() -> None:
    base = {"a.py": KEPT + "\n\n" + BODY, "b.py": inside("", "B")}
    assert not planned(base, {"a.py": KEPT, "b.py": inside(BODY, "B")}).proved_lines()


def test_what_went_to_two_places_went_to_one_of_them() -> None:
    base = {"a.py": inside(BODY), "b.py": inside("", "B"), "c.py": inside("", "C")}
    head = {"a.py": inside(""), "b.py": inside(BODY, "B"), "c.py": inside(BODY, "C")}
    found = planned(base, head)
    (group,) = [group for group in found.plan.groups if group.kind == "move"]
    assert group.lines == 2 * len(BODY.splitlines())


def test_methods_in_another_order_in_one_class_are_no_move() -> None:
    other = BODY.replace("went", "gone").replace("* 2", "* 3")
    assert not planned(
        {"a.py": inside(BODY + "\n" + other).replace("A:", "A(B):")},
        {"a.py": inside(other + "\n" + BODY).replace("A:", "A(B):")},
    ).proved_lines()


def test_a_test_that_is_no_longer_found_and_a_hook_are_not_proved_whole() -> None:
    test = BODY.replace("went", "test_went").replace("self, ", "")
    hook = BODY.replace("went", "pytest_went").replace("self, ", "")
    for body, old, new in ((test, "t/test_a.py", "t/b.py"), (hook, "a.py", "b.py")):
        found = planned(
            {old: KEPT + "\n\n" + body, new: KEPT}, {old: KEPT, new: KEPT + "\n\n" + body.replace("* 2", "* 4")}
        )
        assert not any(line.startswith("def ") for line in proved(found))


def test_a_test_that_finds_other_fixtures_is_not_proved_whole() -> None:
    body = BODY.replace("went(self, ", "test_went(box, ").replace("self.", "box.")
    files = {"t/conftest.py": "a = 1\n", "t/u/conftest.py": "a = 2\n"}
    base = {**files, "t/test_a.py": KEPT + "\n\n" + body, "t/u/test_b.py": KEPT}
    found = planned(base, {**files, "t/test_a.py": KEPT, "t/u/test_b.py": KEPT + "\n\n" + body.replace("* 2", "* 4")})
    assert not any(line.startswith("def ") for line in proved(found))
