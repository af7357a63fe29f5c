"""Files that are made to break whoever reads them: what can be read is read, what cannot is said as such."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exosuit.verify.evidence.gathering import DETECTORS, gathered
from exosuit.verify.evidence.model import as_json
from tests.evidenced import Evidenced, edit, evidenced

DEEP = 3_000
NASTY = {
    "a line of a megabyte": b"x = '" + b"a" * 1_000_000 + b"'\n",
    "a long line of quotes": b"password = " + b"'" * 100_000 + b"\n",
    "a long line of an address": b"a://" + b"b:" * 50_000 + b"@c\n",
    "a long line of dots": b"eyJ" + b"a." * 50_000 + b"\n",
    "a long line of brackets": b"[" * 100_000 + b"](" * 1_000 + b"\n",
    "a long line of backticks": b"`" * 50_000 + b" `a` " * 10_000 + b"\n",
    "a long line of pipes": b"run: curl " + b"| sudo " * 20_000 + b"\n",
    "a long line of dollars": b"${{ github.event." * 10_000 + b"\n",
    "a long line of angles": b"<a " * 30_000 + b"\n",
    "a long line of names": b"token" * 30_000 + b"=\n",
    "many fences": b"```python\n" * 5_001,
    "many headings": b"# a\n" * 5_000,
    "bytes that are no text": bytes(range(1, 256)) * 20 + b"\n",
    "half a character": b"x = '\xe2\x82'\n\xff\xfe\n",
    "UTF-16": "x = 1\ny = eval(z)\n".encode("utf-16"),
    "deep brackets": b"x = " + b"(" * DEEP + b")" * DEEP + b"\n",
    "deep lists": b"[" * DEEP + b"]" * DEEP + b"\n",
    "deep JSON": b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"\n",
    "a long sum": b"assert " + b"+".join([b"a"] * DEEP) + b"\n",
    "a long chain": b"x = a" + b".b" * DEEP + b"\n",
    "a long chain of calls": b"x = a" + b"()" * DEEP + b"\n",
    "many signs": b"x = " + b"-" * DEEP + b"1\n",
    "deep blocks": b"".join(b" " * i + b"if x:\n" for i in range(90)) + b" " * 90 + b"pass\n",
    "a syntax error": b"def f(:\n    return eval(\n",
    "a tab": b"if x:\n\ty = 1\n        z = 2\n",
    "null": b"x = 1\x00\ny = 2\n",
    "a lone return": b"x = 1\ry = eval(z)\r\n",
    "a form feed": b"\x0cx = eval(z)\n",
    "another encoding": b"# -*- coding: latin-1 -*-\nx = '\xe9'\ny = eval(z)\n",
    "a large number": b"assert x <= " + b"9" * 4_000 + b"\n",
    "a list that is a number": b'[project]\ndependencies = 3\n[tool.poetry]\ngroup = "x"\n',
    "a text that is a list": b'{"dependencies": ["a"], "scripts": [], "packages": 3}\n',
    "no end of line": b"x = eval(y)",
}
PATHS = (
    "pkg/mod.py", "tests/test_a.py", "setup.py", "docs/a.md", "docs/a.rst", "package.json", "package-lock.json",
    "pyproject.toml", "uv.lock", ".github/workflows/ci.yml", "requirements.txt", "setup.cfg", "a.js", ".env",
)  # fmt: skip


def sound(found: Evidenced) -> None:
    """Every piece names atoms of the change, in one plain line, and goes through JSON."""
    for one in found.evidence:
        assert one.atoms
        assert all(0 <= first < end <= found.change.atoms for first, end in one.atoms)
        assert one.title.isprintable()
        assert len(one.title) < 1_000
        assert one.snapshots == (found.change.base, found.change.head)
        assert one.kind in one.reproduce
        json.dumps(as_json(one))


@pytest.mark.parametrize("case", NASTY)
def test_no_file_breaks_a_detector(case: str) -> None:
    text = NASTY[case]
    plain = b"x = 1\n"
    sound(evidenced(dict.fromkeys(PATHS, plain), dict.fromkeys(PATHS, plain + text)))
    sound(evidenced(dict.fromkeys(PATHS, text), dict.fromkeys(PATHS, plain)))


@pytest.mark.parametrize("depth", [300, 450, 600, 900, 1_400])
def test_a_file_that_is_too_deep_does_not_hide_others(depth: int) -> None:
    """What the parser takes may still be too deep for whoever walks it."""
    deep = f"def test_f(x={'a.' * depth}b):\n    assert {'-' * depth}x == {'a.' * depth}b\n    {'a.' * depth}b(1)\n"
    plain = "def test_g():\n    assert g() == 1\n"
    others = {"tests/test_b.py": plain, "pkg/b.py": "x = 1\n"}
    news = {"tests/test_b.py": plain.replace(" == 1", ""), "pkg/b.py": "def f(x):\n    return eval(x)\n"}
    for path in ("pkg/a.py", "tests/test_a.py"):
        found = evidenced({path: deep.replace("1", "2"), **others}, {path: deep, **news})
        sound(found)
        assert found.of("capability", "against") != []
        assert found.of("weakened test", "against") != []


def test_what_cannot_be_read_is_said() -> None:
    assert "is not Python" in edit("x = 1\n", "def f(:\n").of("not read")[0]
    large = b"x = 1\n" * 400_000
    assert "more than 2,000,000 bytes" in edit("x = 1\n", large).of("not read")[0]
    assert edit(b"\x00", b"\x00\x7fELF", "pkg/fast.so").of("not read") == [
        "differs: pkg/fast.so is a program that cannot be read."
    ]


def test_names_of_files_that_do_not_show_are_written_out() -> None:
    found = Evidenced({}, {"pkg/a\u202eb.py": "def f(x):\n    return eval(x)\n"})
    sound(found)
    assert found.of("capability")[0].startswith("against: pkg/a\\u202eb.py")


def test_the_same_change_has_the_same_evidence() -> None:
    base, head = "def f(a, b):\n    return 1\n", "def f(a):\n    return eval(a)\n"
    first, second = edit(base, head), edit(base, head)
    assert [one.id for one in first.evidence] == [one.id for one in second.evidence]
    assert len({one.id for one in first.evidence}) == len(first.evidence)


def test_only_what_is_asked_for_is_looked_for_and_what_it_took_is_told() -> None:
    found = edit("x = 1\n", "def f(a):\n    return eval(a)\n")
    ticks = iter(range(100))
    told = list(gathered(found.reading, ["capability"], clock=lambda: float(next(ticks))))
    assert [one.kind for one in told] == ["capability"]
    assert told[0].seconds == 1.0
    assert set(DETECTORS) >= {one.kind for one in found.evidence}


LINES = st.sampled_from([
    "import os", "import subprocess as s", "def f(a, b=1):", "    return eval(a)", "    assert a == 1", "class A:",
    "    def test_a(self):", "        assert b", "@pytest.mark.skip", "x = {'a': 1, 'a': 2}", "<<<<<<< a",
    ">>>>>>> b", "",
    "`f`", "[a](b.md#c)", "```python", "```", "dependencies = ['a']", "[project]", "TOKEN = 'a8Zr2Lw9Xv4Tn7Kb3J'",
    "\u202e",
    "    \u0430 = 1", "__all__ = ['f']", "raise KeyError", "with pytest.raises(KeyError):", "    yield 1", "a==1",
    "}", "\f",
])  # fmt: skip
TEXTS = st.lists(LINES, max_size=15).map("\n".join)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(PATHS), TEXTS, max_size=4),
    st.dictionaries(st.sampled_from(PATHS), TEXTS, max_size=4),
)
def test_any_change_has_sound_evidence(base: dict[str, str], head: dict[str, str]) -> None:
    sound(evidenced(base, head))
