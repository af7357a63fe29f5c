"""Edits of syntax trees in many places that hide another one: what the pattern does not give is not proved."""

from __future__ import annotations

from exosuit.verify.plan.model import Group
from tests.counterexamples.planned import Planned, planned

PLACES = 8
CLAIM = "same tool output but for layout"


def body(expression: str, count: int = PLACES) -> str:
    """Functions of two parameters that return an expression; `{i}` in it is a number."""
    return "".join(f"def f{i}(a, b):\n    return {expression.format(i=i)}\n\n\n" for i in range(count))


def changed(base: str, head: str, **files: str) -> Planned:
    named = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    return planned({**named, "m.py": base}, {**named, "m.py": head})


def pattern(found: Planned) -> Group:
    (group,) = [group for group in found.plan.groups if any(proof.claim == CLAIM for proof in group.proofs)]
    return group


def test_a_pattern_with_holes_is_one_group_whose_lines_are_proved() -> None:
    found = changed(body("t.Optional[a[{i}]]"), body("a[{i}] | None"))
    group = pattern(found)
    assert group.title == f"Replace t.Optional[$1] → $1 | None: {PLACES} places in 1 files"
    assert group.unproved_lines == 0
    assert found.plan.stats.to_read == 2


def test_the_layout_of_what_was_edited_is_left_aside() -> None:
    head = body("wrap(old(a, {i}))").replace("wrap(old(a, 3))", "wrap(\n        old(a, 3),\n    )")
    assert pattern(changed(body("old(a, {i})"), head)).unproved_lines == 0


def test_an_edit_hidden_in_one_place_is_an_exception_and_not_proved() -> None:
    base, head = body("old(a, {i}) + b"), body("new(5, kept=old(a, {i})) + b")
    assert "+return new(5, kept=old(a, 6)) + b" in changed(base, head).proved_lines()
    for hidden in (
        "new(5, kept=old(a, 7)) - b", "new(6, kept=old(a, 7)) + b", "new(5, kept=old(b, 7)) + b",
        "now(5, kept=old(a, 7)) + b", "new(5, keep=old(a, 7)) + b", "new(5, kept=old(a, 77)) + b",
        "new(5, kept=old(a, 7), more=1) + b", "new(5, kept=old(a, 7.0)) + b",
    ):  # fmt: skip
        proved = changed(base, head.replace("new(5, kept=old(a, 7)) + b", hidden)).proved_lines()
        assert f"+return {hidden}" not in proved, hidden
        assert "-return old(a, 7) + b" not in proved


def test_a_statement_that_also_went_into_another_branch_is_not_proved() -> None:
    base = "def f(a, b):\n" + "".join(f"    if a:\n        old(a, {i})\n    b.g{i}()\n" for i in range(8))
    head = base.replace("old(a", "new(b, a").replace("        new(b, a, 7)", "        pass\n    new(b, a, 7)")
    assert "+new(b, a, 7)" not in changed(base, head).proved_lines()


def test_a_pattern_that_fires_twice_and_was_followed_once_is_not_proved_there() -> None:
    base, head = body("old(a, {i}) + b"), body("new(b, old(a, {i})) + b")
    twice = base.replace("old(a, 7) + b", "old(a, 7) + old(a, 8)")
    once = head.replace("new(b, old(a, 7)) + b", "new(b, old(a, 7)) + old(a, 8)")
    assert "-return old(a, 7) + old(a, 8)" not in changed(twice, once).proved_lines()


def test_a_name_that_is_brought_and_means_something_else_somewhere_is_not_proved_there() -> None:
    base, head = "import wrap\n\n\n" + body("old(a, {i})"), "import wrap\n\n\n" + body("wrap.one(old(a, {i}))")
    assert "+return wrap.one(old(a, 7))" in changed(base, head).proved_lines()
    for old in (
        "def f7(a, b, wrap=1):\n", "def f7(a, b):\n    wrap = 1\n", "def f7(a, b):\n    for wrap in b: pass\n",
        "def f7(a, b):\n    from x import wrap\n", "def f7(a, b):\n    global wrap\n",
        "def f7(a, b):\n    b = [wrap for wrap in a]\n",
        "def f7(a, b):\n    try: pass\n    except E as wrap: pass\n", "def f7(a, b):\n    def wrap(): pass\n",
    ):  # fmt: skip
        sides = (side.replace("def f7(a, b):\n", old) for side in (base, head))
        assert "+return wrap.one(old(a, 7))" not in changed(*sides).proved_lines(), old


def test_a_local_name_that_is_brought_may_mean_anything_and_is_not_proved() -> None:
    assert not changed(body("old(a, {i})"), body("new(b, old(a, {i}))")).proved(CLAIM)


def test_a_name_from_another_module_is_not_proved_in_that_file() -> None:
    files = [("x.py", "from one import wrap\n\n\n"), ("y.py", "from two import wrap\n\n\n")]
    base = {path: top + body("old(a, {i})", 8 if path == "x.py" else 2) for path, top in files}
    head = {path: top + body("wrap(old(a, {i}), 1)", 8 if path == "x.py" else 2) for path, top in files}
    found = planned(base, head)
    paths = {found.reading.file_of(atom).file.path for atom in found.proved()}
    assert paths == {b"x.py"}


def test_what_binds_another_name_is_not_proved() -> None:
    base, head = body("[x for x in old(a, {i})]"), body("[y for y in old(a, {i})]")
    assert not changed(base, head).proved(CLAIM)
    targets = "".join(f"def g{i}(a):\n    one({i}).x, two = a\n    return two\n\n\n" for i in range(8))
    assert not changed(targets, targets.replace("one(", "own(1, ").replace("x, two = a", "x, too = a")).proved(CLAIM)


def test_a_comment_for_a_tool_that_comes_along_is_not_proved() -> None:
    base, head = body("old(a, {i})"), body("new(b, old(a, {i}))")
    noted = head.replace("new(b, old(a, 7))", "new(b, old(a, 7))  # type: ignore")
    assert "+return new(b, old(a, 7))  # type: ignore" not in changed(base, noted).proved_lines()


def test_characters_that_do_not_show_are_not_proved() -> None:
    base, head = body("old(a, '{i}')"), body("new(b, old(a, '{i}'))")
    assert not [
        line
        for line in changed(base.replace("'7'", "'7\u200b'"), head.replace("'7'", "'7\u200b'")).proved_lines()
        if "7" in line
    ]


def test_a_pattern_without_any_word_is_none() -> None:
    assert not changed(body("a{i} if b{i} else {i}"), body("b{i} if a{i} else {i}")).proved(CLAIM)


def test_places_that_were_forgotten_are_listed_with_what_would_stand_there() -> None:
    base = body("old(a, {i})") + "x = [\n    old(b, 1),\n]\n"
    head = body("new(old(a, {i}), 5)") + "x = [\n    old(b, 1),\n]\n"
    group = pattern(changed(base, head, other="y = (é, old(1, 2))\n"))
    assert [(place.path, place.new) for place in group.missed] == [
        (b"m.py", b"new(old(b, 1), 5)"),
        (b"other.py", b"new(old(1, 2), 5)"),
    ]
    place = group.missed[1]
    assert "y = (é, old(1, 2))\n".encode()[place.base_start : place.base_start + place.base_len] == b"old(1, 2)"


def test_a_call_into_which_a_line_was_put_is_not_forgotten() -> None:
    base = "".join(f"x{i} = old(\n    a{i},\n    b,\n)\ny{i} = 1\n" for i in range(8))
    group = pattern(changed(base, base.replace("    b,\n", "    b,\n    c=c,\n")))
    assert group.missed == ()
    assert group.unproved_lines == 0


def test_a_place_that_was_forgotten_beside_one_that_was_not_is_listed() -> None:
    more = "x = [\n    {},\n    old(b, 1),\n]\n"
    base, head = (
        body("old(a, {i})") + more.format("old(c, 2)"),
        body("new(old(a, {i}))") + more.format("new(old(c, 2))"),
    )
    (place,) = pattern(changed(base, head)).missed
    assert (base.encode()[place.base_start :][: place.base_len], place.new) == (b"old(b, 1)", b"new(old(b, 1))")


def test_patterns_in_few_places_share_a_decision_in_which_each_is_read_once() -> None:
    base = (
        body("set([a, {i}])", 4)
        + body("dict(c=a[{i}])", 4).replace("def f", "def g")
        + body("old(a, {i})", 4).replace("def f", "def h")
    )
    head = (
        body("{{a, {i}}}", 4)
        + body("{{'c': a[{i}]}}", 4).replace("def f", "def g")
        + body("new(old(a, {i}), 1)", 4).replace("def f", "def h")
    )
    filler = "".join(f"z{i} = {i}\n" for i in range(3000))
    found = planned({"m.py": base}, {"m.py": head, "n.py": filler})
    group = pattern(found)
    assert (group.lines, group.unproved_lines) == (24, 6)


def test_two_patterns_in_one_statement_are_composed() -> None:
    kinds = (
        ("f", "t.Optional[a[{i}]]", "a[{i}] | None"),
        ("g", "t.Optional[t.List[{i}]]", "list[{i}] | None"),
        ("h", "t.List[{i}]", "list[{i}]"),
    )
    sizes = {"f": 6, "g": 4, "h": 5}
    base = "".join(body(old, sizes[name]).replace("def f", f"def {name}") for name, old, _new in kinds)
    head = "".join(body(new, sizes[name]).replace("def f", f"def {name}") for name, _old, new in kinds)
    group = pattern(changed("import typing as t\n" + base, "import typing as t\n" + head))
    assert (group.lines, group.unproved_lines) == (20, 0)


def test_a_place_where_a_hole_holds_what_no_text_can_say_there_is_not_listed() -> None:
    """`'k' + a` became `f'k{a}'` everywhere; of `b + a` that would make a name inside of a text."""
    base = "".join(f"def f{at}(a):\n    echo('k{at}' + a)\n\n\n" for at in range(5)) + "def g(a, b):\n    echo(b + a)\n"
    head = base
    for at in range(5):
        head = head.replace(f"'k{at}' + a", f"f'k{at}{{a}}'")
    (group,) = changed(base, head).plan.groups
    assert group.title.startswith("Replace ") and not group.missed
