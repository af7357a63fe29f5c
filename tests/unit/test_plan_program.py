"""What leaves a Python program the same is proved, down to single lines, and the plan holds together."""

from __future__ import annotations

import pytest

from tests.counterexamples.planned import edit

F = "def f(a, b):\n"

ALWAYS = {
    "comments": ("x = 1  # one\n# two\n", "x = 1  # uno\n# dos\n# tres\n"),
    "whitespace": (F + "    return a+b\n", F + "\n    return a + b\n"),
    "formatting": ("x = f('a', b)\n", 'x = f(\n    "a",\n    b,\n)\n'),
    "docstrings": (F + '    """Do."""\n', F + '    """Undo.\n\n    More.\n    """\n'),
    "annotations": (
        "from __future__ import annotations\n" + F + "    c = 1\n",
        "from __future__ import annotations\ndef f(a: A, b: B | None) -> C:\n    c: int = 1\n",
    ),
    "locals": (F + "    c = a\n    return [d for d in c]\n", F + "    e = a\n    return [g for g in e]\n"),
    "imports": ("import sys\nimport os, re\nx = 1\n", "import os\nimport re\nimport sys\nx = 1\n"),
    "order": (
        "def f():\n    return 1\n\n\ndef g(a=1):\n    return f()\n\n\nclass A:\n    x = 1\n",
        "class A:\n    x = 1\n\n\ndef g(a=1):\n    return f()\n\n\ndef f():\n    return 1\n",
    ),
    "composed": (
        "def f(a):\n    c = g('a', a)\n    return c\n\n\ndef h():\n    return 2\n",
        "def h():\n    return 2\n\n\ndef f(a):\n    '''Say.'''\n    d = g(\n        'a', a\n    )\n    return d\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ALWAYS)
def test_it_is_proved_whole_and_named(kind: str) -> None:
    base, head = ALWAYS[kind]
    found = edit(base, head)
    assert found.plan.stats.proved == found.plan.stats.lines
    shown = {"composed": "several of these at once"}.get(kind, kind)
    assert kind in found.kinds() or shown in found.kinds()["same program"]


def test_an_edit_in_the_same_hunk_is_left_over_alone() -> None:
    found = edit("# a\nx = f(1,2)\ny = 1\n", "# b\nx = f(1, 2)\ny = 2\n")
    assert found.proved_lines() == {"-# a", "+# b", "-x = f(1,2)", "+x = f(1, 2)"}


def test_a_statement_that_was_taken_apart_is_proved_beside_one_that_changed() -> None:
    base = "def f():\n    g(a, b, c)\n    h(1)\n"
    head = "def f():\n    g(\n        a,\n        b,\n        c,\n    )\n    h(2)\n"
    assert not {"-h(1)", "+h(2)"} & edit(base, head).proved_lines()
    assert "-g(a, b, c)" in edit(base, head).proved_lines()


def test_carriage_returns_at_line_ends_are_spacing() -> None:
    found = edit(b"def f():\r\n    return 1\r\n", b"def f():\n    return 1\n")
    assert found.plan.stats.proved == found.plan.stats.lines


def test_definitions_inside_strings_do_not_confuse_the_cuts() -> None:
    base = 'x = """\n\ndef f():\n    pass\n"""\n\n\ndef g():\n    return  1\n'
    assert edit(base, base.replace("return  1", "return 1")).plan.stats.proved == 2
    assert edit(base, base.replace("pass", "return")).plan.stats.proved == 0


def test_words_in_comments_docstrings_and_keywords_do_not_look_at_the_order() -> None:
    base = "# dir\ndef f():\n    'See vars.'\n    return g(dir=1)\n\n\ndef h():\n    return 2\n"
    head = "# dir\ndef h():\n    return 2\n\n\ndef f():\n    'See vars.'\n    return g(dir=1)\n"
    assert edit(base, head).proved_lines()
    for looks in ("x = list(vars())\n", "x = getattr(f, '__dict__')\n", "from inspect import getmembers\n"):
        assert not edit(base + looks, head + looks).proved_lines()
