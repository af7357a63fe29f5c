"""Laws of increments in TOML and INI: whatever closed set is taken of generated files reads, and no section is lost."""

from __future__ import annotations

import configparser
import random
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exosuit.changes.atoms import REGULAR
from exosuit.changes.shadow import Shadow
from exosuit.verify.increments.closure import Closure
from exosuit.verify.increments.increments import increments
from tests.property.nasty import taken_apart
from tests.property.test_increments import with_


@pytest.fixture(scope="module")
def shadow(tmp_path_factory: pytest.TempPathFactory) -> Shadow:
    return Shadow(tmp_path_factory.mktemp("sections") / "shadow.git")


VALUES = ["1", '"x"', "[\n    1,\n    2,\n]", '"""\n[not.a.header]\n"""', "[\n  [1],\n]", "true"]
NAMES = ["", "project", "project.urls", "tool.a", "tool.a.b", "tool.c"]


@st.composite
def toml(draw: st.DrawFn) -> str:
    names = draw(st.permutations([name for name in NAMES if draw(st.booleans())]))
    text = ""
    for name in sorted(names, key=bool):
        text += f"[{name}]\n" if name else ""
        for key in draw(st.lists(st.sampled_from("klmnop"), unique=True, max_size=4)):
            text += f"{key} = {draw(st.sampled_from(VALUES))}\n"
        text += draw(st.sampled_from(["", "\n", "# [not.a.header]\n"]))
    for number in range(draw(st.integers(0, 3))):
        text += f"[[tool.e]]\nk = {number}\n" + draw(st.sampled_from(["", "[tool.e.f]\nl = 1\n"]))
    return text if draw(st.integers(0, 9)) else text.rstrip("\n")


@st.composite
def ini(draw: st.DrawFn) -> str:
    text = ""
    for name in draw(st.lists(st.sampled_from(["a", "b", "tool:c", "d"]), unique=True)):
        text += f"[{name}]\n"
        for key in draw(st.lists(st.sampled_from("klmn"), unique=True, max_size=3)):
            text += f"{key} = {draw(st.sampled_from(['1', 'x', chr(10) + '    one' + chr(10) + '    [two]']))}\n"
        text += draw(st.sampled_from(["", "\n", "# c\n"]))
    return text


def subsets(shadow: Shadow, path: bytes, base: str, head: str) -> list[str]:
    """What some closed sets of a change of one file make of it."""
    taken = taken_apart(shadow, {path: (REGULAR, base.encode())}, {path: (REGULAR, head.encode())})
    found = increments(taken.change, shadow.blob)
    if not found:
        return []
    closure, dice, texts = Closure(found), random.Random(len(found)), []
    each = [[at] for at in range(len(found))]
    for chosen in [*each, *(dice.sample(range(len(found)), len(found) // 2) for _ in "12")]:
        tree = with_(taken, shadow, closure.atoms(sorted(closure.of(chosen))))
        texts.append(tree.get(path, b"").decode())
    return texts


@settings(max_examples=60, deadline=None)
@given(base=toml(), head=toml())
def test_every_closed_set_of_toml_reads_and_has_each_section_as_it_is_on_one_side(
    shadow: Shadow, base: str, head: str
) -> None:
    whole = [tomllib.loads(base), tomllib.loads(head)]
    for text in subsets(shadow, b"pyproject.toml", base, head):
        made = tomllib.loads(text)
        for name in ("project", "tool"):
            assert name not in made or any(name in one for one in whole)
        array = made.get("tool", {}).get("e", [])
        assert array in [one.get("tool", {}).get("e", []) for one in whole]


@settings(max_examples=60, deadline=None)
@given(base=ini(), head=ini())
def test_every_closed_set_of_ini_reads_and_has_each_section_as_it_is_on_one_side(
    shadow: Shadow, base: str, head: str
) -> None:
    def read(text: str) -> configparser.RawConfigParser:
        parser = configparser.RawConfigParser(allow_no_value=True)
        parser.read_string(text)
        return parser

    whole = [read(base), read(head)]
    for text in subsets(shadow, b"setup.cfg", base, head):
        made = read(text)
        for name in made.sections():
            assert dict(made[name]) in [dict(one[name]) for one in whole if name in one]
