"""A decorator put on many definitions: where something else came along, or it stands elsewhere, it is not proved."""

from __future__ import annotations

from tests.counterexamples.planned import Planned, planned

TOP = "from lib import mark, other\n\n\n"


def module(decorator: str, count: int = 8) -> str:
    return TOP + "".join(f"{decorator}def test_{i}(a):\n    return a + {i}\n\n\n" for i in range(count))


def changed(base: str, head: str) -> Planned:
    return planned({"test_m.py": base}, {"test_m.py": head})


def test_a_decorator_that_was_put_on_all_is_one_decision() -> None:
    (group,) = changed(module(""), module("@mark.slow(1)\n")).plan.groups
    assert group.title == "Replace @mark.slow(1) put on functions test_…: 8 places in 1 files"
    assert group.unproved_lines == 0
    (group,) = changed(module("@mark\n"), module("")).plan.groups
    assert group.title == "Replace @mark taken away: 8 places in 1 files"


def test_what_differs_in_one_place_is_not_proved() -> None:
    head = module("@mark.slow(1)\n")
    for hidden in (
        "@mark.slow(2)",
        "@mark.fast(1)",
        "@other.slow(1)",
        "@mark.slow(1, b)",
        "@mark.slow",
        "@mark.slow(1)\n@other",
    ):
        proved = changed(module(""), head.replace("@mark.slow(1)\ndef test_7", f"{hidden}\ndef test_7")).proved()
        assert len(proved) == 7, hidden


def test_a_header_that_was_edited_as_well_is_not_proved() -> None:
    head = module("@mark\n")
    for hidden in ("def test_7(a=1)", "def test_7(b)", "def test_7(a, b)", "async def test_7(a)", "def test_8(a)"):
        lines = changed(module(""), head.replace("def test_7(a)", hidden)).proved_lines()
        assert f"+{hidden}:" not in lines, hidden


def test_the_order_of_decorators_matters() -> None:
    head = module("@mark\n@other\n")
    swapped = head.replace("@mark\n@other\ndef test_7", "@other\n@mark\ndef test_7")
    assert len(changed(module("@other\n"), head).proved()) == 8
    assert len(changed(module("@other\n"), swapped).proved()) == 7


def test_a_decorator_whose_name_means_something_else_there_is_not_proved() -> None:
    base = module("") + "class A:\n    mark = print\n    def test_8(self): ...\n"
    head = module("@mark\n") + "class A:\n    mark = print\n    @mark\n    def test_8(self): ...\n"
    assert len(changed(base, head).proved()) == 8


def test_definitions_that_were_forgotten_are_missed() -> None:
    base, head = module("", 9), module("@mark\n", 9).replace("@mark\ndef test_5", "def test_5")
    (group,) = changed(base, head).plan.groups
    (place,) = group.missed
    assert base.encode()[place.base_start :].startswith(b"def test_5")
    assert place.new == b"@mark\n"


def test_definitions_that_have_nothing_in_common_with_those_are_not_missed() -> None:
    more = "def help(a):\n    return a\n"
    (group,) = changed(module("") + more, module("@mark\n") + more).plan.groups
    assert group.missed == ()
