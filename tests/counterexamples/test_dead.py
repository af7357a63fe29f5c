"""Definitions that were removed: what anything in the base may reach is not said to be dead."""

from __future__ import annotations

import pytest

from tests.counterexamples.planned import Planned, planned

CLAIM = "named nowhere else"
GONE = "def lost_one(a):\n    return a + 1\n\n\n"
KEPT = "def kept(a):\n    return a\n\n\n"


def removed(gone: str = GONE, rest: str = KEPT, after: str | None = None, **files: str) -> Planned:
    named = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    return planned({**named, "m.py": rest + gone}, {**named, "m.py": rest if after is None else after})


def test_what_nothing_names_is_one_decision_that_is_proved() -> None:
    found = removed(GONE + "class Lost:\n    def all_of(self):\n        return lost_one(2)\n")
    (group,) = found.plan.groups
    assert group.title == "Remove lost_one, Lost: named nowhere else in the workspace"
    assert (group.kind, group.unproved_lines) == ("dead code", 0)


def test_a_method_of_a_plain_class_may_be_dead() -> None:
    rest = "class A:\n    def kept(self): ...\n"
    assert removed("    def lost_one(self):\n        return 1\n", rest).proved(CLAIM)


NAMED = {
    "in another file": {"b": "from m import lost_one\n"},
    "in a string": {"b": "x = getattr(m, 'lost_one')\n"},
    "in a comment": {"b": "# see lost_one\n"},
    "by its beginning": {"b": "x = getattr(m, 'lost_' + y)\n"},
    "by its beginning in an f-string": {"b": "x = getattr(m, f'lost_{y}')\n"},
    "by its end": {"b": "x = getattr(m, y + '_one')\n"},
    "in the same file": {"rest": KEPT + "x = lost_one(1)\n\n\n"},
    "twice": {"rest": KEPT + GONE},
    "by all that looks at the module": {"rest": KEPT + "x = list(globals())\n\n\n"},
}


@pytest.mark.parametrize("name", NAMED)
def test_what_is_named_is_not_dead(name: str) -> None:
    assert not removed(**NAMED[name]).proved(CLAIM)


REGISTERED = {
    "a decorator": "@app.route('/')\n" + GONE,
    "a base class": "class Lost(Base):\n    x = 1\n",
    "a metaclass": "class Lost(metaclass=M):\n    x = 1\n",
    "a default that is called": "def lost_one(a=register()):\n    return a\n",
    "a class body that runs": "class Lost:\n    x = register()\n",
    "a class body that imports": "class Lost:\n    import plugins\n",
    "an annotation that is called": "def lost_one(a: register()):\n    return a\n",
    "a test": "def test_lost():\n    assert 1\n",
    "a hook": "def pytest_lost():\n    return 1\n",
    "a special name": "def __getattr__(name):\n    return 1\n",
    "a visitor": "def visit_Lost(node):\n    return 1\n",
    "a comment for a tool": "def lost_one(a):  # pragma: no cover\n    return a\n",
}


@pytest.mark.parametrize("name", REGISTERED)
def test_what_is_found_in_another_way_is_not_dead(name: str) -> None:
    assert not removed(REGISTERED[name]).proved(CLAIM)


def test_a_method_that_may_override_another_is_not_dead() -> None:
    rest = "class A(Base):\n    def kept(self): ...\n"
    assert not removed("    def lost_one(self):\n        return 1\n", rest).proved(CLAIM)


def test_a_definition_that_comes_back_is_not_removed() -> None:
    again = "def lost_one(a):\n    b = a * 2\n    return b\n"
    base = {"m.py": KEPT + GONE, "n.py": "x = 1\n"}
    assert not planned(base, {"m.py": KEPT, "n.py": "x = 1\n" + again}).proved(CLAIM)
    assert not planned(base, {"m.py": KEPT + "from n import lost_one\n", "n.py": "x = 1\n"}).proved(CLAIM)


def test_an_edit_beside_it_is_left_over() -> None:
    proved = removed(after=KEPT.replace("return a", "return b")).proved_lines()
    assert proved == {"-def lost_one(a):", "-return a + 1"}


def test_one_that_is_named_by_another_that_stays_alive_is_not_dead() -> None:
    alive = "def alive_one(a):\n    return lost_one(a)\n\n\n"
    assert not removed(GONE + alive, KEPT, b="import m\nm.alive_one(1)\n").proved(CLAIM)


def test_without_the_rest_of_the_workspace_nothing_is_dead() -> None:
    from exosuit.verify.plan.planning import plan

    found = removed()
    blobs = {file.file.old_blob: file.base for file in found.reading.files}
    blobs |= {file.file.new_blob: file.head for file in found.reading.files}
    assert CLAIM not in {p.claim for group in plan(found.change, blobs.__getitem__).groups for p in group.proofs}


def test_private_definitions_that_nothing_names_either_are_missed() -> None:
    rest = KEPT + "def _idle(a):\n    return a\n\n\ndef _used(a):\n    return a\n\n\nx = _used(1)\n\n\n"
    (group,) = removed(rest=rest).plan.groups
    (place,) = group.missed
    assert (rest.encode()[place.base_start :].partition(b"(")[0], place.new) == (b"def _idle", b"")
