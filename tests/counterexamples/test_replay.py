"""Replacements that hide an edit, capture a name or leave a place out: what does not follow is not proved."""

from __future__ import annotations

from tests.counterexamples.planned import Planned, planned

PLACES = 8


def calls(name: str, count: int = PLACES, first: int = 0) -> str:
    return "".join(f"def f{i}(a, b):\n    return {name}(a, {i}) + b\n\n\n" for i in range(first, first + count))


def renamed(head: str, *, base: str = "", **files: str) -> Planned:
    named = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    return planned({**named, "m.py": base or calls("old")}, {**named, "m.py": head})


def test_a_replacement_is_one_group_whose_lines_are_proved() -> None:
    found = renamed(calls("new"))
    (group,) = found.plan.groups
    assert group.title == f"Replace old by new: {PLACES} places in 1 files"
    assert group.unproved_lines == 0
    assert found.plan.stats.to_read == 2
    assert "perl" in group.reproduce


def test_an_edit_hidden_in_one_line_is_an_exception_and_not_proved() -> None:
    for hidden in ("new(a, 7) - b", "new(b, 7) + b", "new(a, 93) + b", "now(a, 7) + b", "new(a, 7) + b or 1"):
        found = renamed(calls("new").replace("new(a, 7) + b", hidden))
        assert f"+return {hidden}" not in found.proved_lines(), hidden
        assert "-return old(a, 7) + b" not in found.proved_lines()


def test_lines_that_changed_places_are_not_proved() -> None:
    head = (
        calls("new")
        .replace("new(a, 2) + b", "@")
        .replace("new(a, 5) + b", "new(a, 2) + b")
        .replace("@", "new(a, 5) + b")
    )
    assert not {"+return new(a, 2) + b", "+return new(a, 5) + b"} & renamed(head).proved_lines()


def test_a_place_that_the_author_left_is_missed_in_files_that_were_not_touched_too() -> None:
    found = renamed(calls("new", 7) + calls("old", 1, 7), other="x = old(1)\n")
    (group,) = [group for group in found.plan.groups if group.kind == "replace"]
    assert sorted(place.path for place in group.missed) == [b"m.py", b"other.py"]
    assert all(place.new == b"new" for place in group.missed)


def test_a_rename_to_a_name_that_was_there_is_not_proved() -> None:
    top = "def old(a, b):\n    return a * b\n\n\n"
    head = "def new(a, b):\n    return a * b\n\n\n" + calls("new")
    assert renamed(head, base=top + calls("old")).proved_lines()
    captured = "def g(new):\n    return new\n\n\n"
    assert not renamed(captured + head, base=captured + top + calls("old")).proved_lines()
    assert not renamed(head, base=top + calls("old"), sub="class A(B):\n    def new(self): ...\n").proved_lines()


def test_one_name_put_for_another_of_the_same_function_is_not_proved() -> None:
    base = "def f(low, high):\n" + "".join(f"    g{i}(low, {i})\n" for i in range(6)) + "    return high\n"
    assert not renamed(
        base.replace("(low, ", "(high, ").replace("f(high, high)", "f(low, high)"), base=base
    ).proved_lines()
    script = "function f(low, high) {\n" + "".join(f"  g{i}(low, {i});\n" for i in range(6)) + "  return high;\n}\n"
    assert not planned({"f.js": script}, {"f.js": script.replace("(low, ", "(high, ")}).proved_lines()


def test_a_rename_to_a_built_in_name_is_not_proved() -> None:
    top = "def old(a, b):\n    return a * b\n\n\n"
    head = ("def {0}(a, b):\n    return a * b\n\n\n" + calls("{0}").replace("{", "{")).format("sum")
    assert not renamed(head, base=top + calls("old")).proved_lines()


def test_a_rename_that_left_a_use_behind_is_not_proved_in_that_file() -> None:
    top = "def old(a, b):\n    return a * b\n\n\n"
    head = "def new(a, b):\n    return a * b\n\n\n" + calls("new", 7) + calls("old", 1, 7)
    assert not renamed(head, base=top + calls("old")).proved_lines()


def test_a_use_that_was_left_behind_counts_where_the_name_is_bound() -> None:
    top = "def old(a, b):\n    return a * b\n\n\n"
    use = "import m\n\n" + calls("m.old", 5)
    kept = {"use": use.replace("m.old", "m.new", 4)}
    base = {"m.py": top + calls("old"), "use.py": use}
    found = planned(base, {"m.py": top.replace("old", "new") + calls("new"), "use.py": kept["use"]})
    assert {"+return m.new(a, 0) + b", "+return new(a, 0) + b"} <= found.proved_lines()
    assert [place.path for group in found.plan.groups for place in group.missed] == [b"use.py"]


def test_a_rename_is_finished_by_a_line_that_was_edited_as_well() -> None:
    top = "def old(a, b):\n    return a * b\n\n\n"
    head = "def new(a, b):\n    return a * b\n\n\n" + calls("new").replace("new(a, 7) + b", "new(a, 7) - b")
    proved = renamed(head, base=top + calls("old")).proved_lines()
    assert "+return new(a, 6) + b" in proved
    assert "+return new(a, 7) - b" not in proved
    left = head.replace("new(a, 7) - b", "old(a, 7) - b")
    assert not renamed(left, base=top + calls("old")).proved_lines()


def test_places_that_were_missed_are_told_though_few_were_replaced() -> None:
    body = calls("old", 4) + calls("old", 2, 4)
    head = calls("new", 4).replace("new(a, 2) + b", "new(a, 2) - b") + calls("old", 2, 4)
    assert len([place for group in renamed(head, base=body).plan.groups for place in group.missed]) == 2


def test_two_replacements_in_one_line_are_composed() -> None:
    base = "".join(f"x{i} = old(red, {i})\n" for i in range(4)) + "".join(f"y{i} = old({i})\n" for i in range(4))
    base += "".join(f"z{i} = red[{i}]\n" for i in range(4))
    found = planned({"m.py": base}, {"m.py": base.replace("old", "new").replace("red", "blue")})
    assert found.plan.stats.proved == found.plan.stats.lines


def test_a_replacement_is_narrowed_to_where_the_author_acted() -> None:
    base = "".join(f"timeout = {i}\nlimit = 30\n" for i in range(30))
    head = "".join(f"timeout = {i}\nlimit = 60\n" for i in range(30))
    found = planned({"m.py": base}, {"m.py": head})
    (group,) = found.plan.groups
    assert not group.missed


def test_characters_that_do_not_show_are_not_proved() -> None:
    assert not renamed(calls("ne\u200bw")).proved_lines()


def test_a_rule_of_which_others_explained_every_place_is_no_decision() -> None:
    base = """def blur(given, **more):
    return Node([given], blur.name, **more)

keep = 0

def mix(given, *all, **more):
    keep = 1
    return Node([given], mix.name, **more)

keep = 0
    order, below = sorted_by(given)
keep = 0
def run(given, tool='x'):
    words = [tool] + given.words()
"""
    head = base
    for old, new in (
        ("blur(given", "blur(given_node"), ("Node([given], blur", "Node([given_node], blur"),
        ("mix(given", "mix(given_node"), ("Node([given], mix", "Node([given_node], mix"),
        ("sorted_by(given)", "sorted_by(node)"), ("run(given", "run(node"), ("+ given.words", "+ node.words"),
    ):  # fmt: skip
        head = head.replace(old, new)
    begins = "**more):\n    return Node([given_node], blur"
    head = head.replace(begins, begins.replace("    return", '    """Blur it."""\n    return'))
    head = head.replace("'x'):\n", '\'x\'):\n    """Run it."""\n')
    assert planned({"a.txt": base}, {"a.txt": head}).plan.groups
