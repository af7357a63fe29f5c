"""Annotations that are evaluated: what is read, what is not bound, and what comes along with them is not proved."""

from __future__ import annotations

import pytest

from tests.counterexamples.planned import edit, planned

CLAIM = "same program but for evaluated annotations"
CLASS = "from .other import B\n\n\nclass A(B):\n"


def test_annotations_that_are_evaluated_are_proved_with_what_they_import() -> None:
    base = "from .x import Y\n\n\ndef f(a, b=1):\n    return a\n"
    head = "import typing as t\nfrom .x import Y\n\n\ndef f(a: t.Optional[Y], b: int = 1) -> Y:\n    return a\n"
    found = edit(base, head)
    assert found.plan.stats.proved == found.plan.stats.lines
    assert len(found.proved(CLAIM)) == 2


def test_a_method_of_a_class_of_the_workspace_may_be_annotated() -> None:
    found = edit(CLASS + "    def f(self, a): ...\n", CLASS + "    def f(self, a: int): ...\n")
    assert found.proved(CLAIM)


def test_names_for_type_checkers_alone_may_come_and_go() -> None:
    base = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .x import Y\nx = 1\n"
    head = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .x import Z\n    from .w import V\nx = 1\n"
    assert edit(base, head).proved(CLAIM)


METHOD = CLASS + "    def f(self, a): ...\n"

NEVER = {
    "a name that is bound below": ("def f(a): ...\nclass Y: ...\n", "def f(a: Y): ...\nclass Y: ...\n"),
    "a name that is nowhere": ("def f(a): ...\n", "def f(a: Y): ...\n"),
    "a name that is bound under a condition": (
        "if x:\n    import Y\ndef f(a): ...\n",
        "if x:\n    import Y\ndef f(a: Y): ...\n",
    ),
    "a name of the class around it": (
        "class A:\n    def list(self): ...\n    def g(self): ...\n",
        "class A:\n    def list(self): ...\n    def g(self) -> list[int]: ...\n",
    ),
    "a local of the function around it": (
        "class Y: ...\ndef f(b):\n    Y = b\n    def g(a): ...\n",
        "class Y: ...\ndef f(b):\n    Y = b\n    def g(a: Y): ...\n",
    ),
    "a string beside a bar": ("def f(a): ...\n", "def f(a: 'Y' | None): ...\n"),
    "a call": ("from x import y\ndef f(a): ...\n", "from x import y\ndef f(a: y()): ...\n"),
    "a lambda": ("def f(a): ...\n", "def f(a: lambda: 1): ...\n"),
    "a decorator that may read it": (
        "from x import app\n@app.get('/')\ndef f(a): ...\n", "from x import app\n@app.get('/')\ndef f(a: int): ...\n",
    ),
    "a decorated class": (
        "from x import app\n@app\nclass A:\n    def f(self, a): ...\n",
        "from x import app\n@app\nclass A:\n    def f(self, a: int): ...\n",
    ),
    "a metaclass": (
        "from .x import M\nclass A(metaclass=M()):\n    def f(self, a): ...\n",
        "from .x import M\nclass A(metaclass=M()):\n    def f(self, a: int): ...\n",
    ),
    "a class of another project": (
        METHOD.replace(".other", "lib"), METHOD.replace(".other", "lib").replace("a):", "a: int):"),
    ),
    "a field of a class": ("class A:\n    x = 1\n", "class A:\n    x: int = 1\n"),
    "a variable of the module": ("x = 1\n", "x: int = 1\n"),
    "a default that changes as well": ("def f(a=1): ...\n", "def f(a: int = 2): ...\n"),
    "a parameter that is renamed as well": ("def f(a): ...\n", "def f(b: int): ...\n"),
    "parameters in another order": ("def f(a: int, b: str): ...\n", "def f(b: str, a: int): ...\n"),
    "an import that goes": ("import typing as t\nx = 1\n", "x = 1\n"),
    "an import that is used elsewhere": ("x = t\n", "import typing as t\nx = t\n"),
    "an import that shadows": ("from x import *\ny = List\n", "from x import *\nfrom typing import List\ny = List\n"),
    "an import of something else": ("x = 1\n", "import re\nx = 1\n"),
    "a condition of its own": (
        "from x import TYPE_CHECKING\nif TYPE_CHECKING:\n    import y\n",
        "from x import TYPE_CHECKING\nif TYPE_CHECKING:\n    import z\n",
    ),
    "what runs otherwise": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import y\nelse:\n    y = 1\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import y\nelse:\n    y = 2\n",
    ),
    "a global that may not be annotated": (
        "x = 0\ndef f():\n    global x\n    x = 1\n", "x = 0\ndef f():\n    global x\n    x: int = 1\n",
    ),
    "a yield that makes a generator": ("def f():\n    x = 1\n", "def f():\n    x: (yield) = 1\n"),
    "a comment for a tool": ("def f(a): ...\n", "def f(a: int): ...  # type: ignore\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
def test_what_may_be_noticed_is_not_proved(name: str) -> None:
    base, head = NEVER[name]
    assert edit(base, head).proved_lines() == set()


@pytest.mark.parametrize("name", [name for name in NEVER if "import" not in name])
def test_nor_is_it_beside_annotations_that_are(name: str) -> None:
    base, head = NEVER[name]
    more = "\n\ndef last(a{}): ...\n"
    found = edit("class Z: ...\n\n\n" + base + more.format(""), "class Z: ...\n\n\n" + head + more.format(": Z"))
    assert found.proved_lines() <= {"-def last(a): ...", "+def last(a: Z): ..."}


def test_nothing_is_proved_of_methods_where_the_workspace_reads_annotations() -> None:
    for reader in ("import inspect\nx = inspect.signature(y)\n", "from typing import get_type_hints\n"):
        sides = [{"pkg/m.py": CLASS + f"    def f(self, a{one}): ...\n", "pkg/r.py": reader} for one in ("", ": int")]
        assert not planned(*sides).proved()


def test_nothing_is_proved_of_a_module_named_as_that_of_the_types() -> None:
    sides = [{"m.py": text + "def f(a): ...\n", "typing.py": ""} for text in ("", "import typing as t\n")]
    assert not planned(*sides).proved()


def test_an_annotated_attribute_of_an_object_is_an_assignment() -> None:
    base = "class A(B):\n    def f(self, a):\n        self.x = a\n"
    assert edit(base, base.replace("self.x =", "self.x: int =")).plan.stats.proved == 2
