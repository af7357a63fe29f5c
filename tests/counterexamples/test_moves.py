"""Definitions that went to another module and mean something else there: a fold at most, never a proof."""

# ruff: noqa: E501 (a line for each counter-example)

from __future__ import annotations

import pytest

from tests.counterexamples.planned import Planned, planned

KEPT = "def keep(a):\n    b = a + 1\n    return b\n"
WENT = "def went(a):\n    total = a * rate\n    return round(total)\n"


def move(
    old_top: str = "",
    new_top: str = "",
    body: str = WENT,
    head_body: str | None = None,
    *,
    old_left: str = "",
    new_end: str = "",
    **others: str,
) -> Planned:
    """`body` goes from pkg/old.py to pkg/new.py; tops are what stands above it, there and here."""
    files = {"pkg/__init__.py": "", **{name.replace("__", "/") + ".py": text for name, text in others.items()}}
    base = {**files, "pkg/old.py": f"{old_top}\n\n{KEPT}\n\n{body}", "pkg/new.py": f"{new_top}\n\n{KEPT}"}
    head = {
        **files,
        "pkg/old.py": f"{old_top}\n\n{KEPT}{old_left}",
        "pkg/new.py": f"{new_top}\n\n{KEPT}\n\n{body if head_body is None else head_body}{new_end}",
    }
    return planned(base, head)


def moved(found: Planned) -> bool:
    """Whether any atom carries the proof of a move."""
    return bool(found.proved("same text elsewhere") | found.proved("same definition elsewhere"))


IMPORT = "from pkg.rates import rate\n"


def test_a_definition_whose_names_mean_the_same_is_proved() -> None:
    found = move(IMPORT, IMPORT)
    assert "-def went(a):" in found.proved_lines()
    assert "+def went(a):" in found.proved_lines()
    assert found.plan.stats.proved == found.plan.stats.lines


def test_one_that_was_formatted_and_whose_locals_were_renamed_is_explained_without_rest() -> None:
    head = "def went(a):\n    amount = (\n        a * rate\n    )\n    return round(amount)\n"
    found = move(IMPORT, IMPORT, head_body=head)
    assert found.proved("same definition elsewhere")
    assert found.plan.stats.proved == found.plan.stats.lines


NEVER = {
    "the name comes from another module": {"old_top": IMPORT, "new_top": "from pkg.other import rate\n"},
    "the name is the module's own on both sides": {"old_top": "rate = 1\n", "new_top": "rate = 2\n"},
    "the name is not bound there": {"old_top": "rate = 1\n"},
    "a built-in is shadowed there": {"old_top": IMPORT, "new_top": IMPORT + "from pkg.other import round\n"},
    "a built-in was shadowed here": {"old_top": IMPORT + "round = int\n", "new_top": IMPORT},
    "a star import may bind anything": {"old_top": IMPORT, "new_top": IMPORT + "from pkg.other import *\n"},
    "the name is bound twice": {"old_top": IMPORT, "new_top": IMPORT + "if a:\n    rate = 2\n"},
    "another function binds the name": {"old_top": IMPORT, "new_top": IMPORT + "def g():\n    global rate\n    rate = 2\n"},
    "one literal is another": {"old_top": IMPORT, "new_top": IMPORT, "head_body": WENT.replace("round(total)", "round(total, 0)")},
    "statements are swapped": {
        "body": "def went(a):\n    a.x()\n    a.y()\n    return a\n", "head_body": "def went(a):\n    a.y()\n    a.x()\n    return a\n",
    },
    "it knows its module": {"body": "def went(a):\n    b = a\n    return __name__ + b\n"},
    "it looks names up": {"body": "def went(a):\n    b = a\n    return globals()[b]\n"},
    "the module is asked for it by name": {"body": "def __getattr__(a):\n    b = a\n    return b\n"},
    "it writes a global": {"body": "def went(a):\n    global n\n    n = a\n    return n\n"},
    "it is decorated": {"old_top": "import app\n", "new_top": "import app\n", "body": "@app.command\ndef went(a):\n    b = a\n    return b\n"},
    "its default is computed": {"old_top": "import t\n", "new_top": "import t\n", "body": "def went(a=t.now()):\n    b = a\n    return b\n"},
    "it inherits what comes later": {"body": "class Went(Later):\n    a = 1\n    b = 2\n", "new_end": "\n\nclass Later:\n    pass\n"},
    "annotations are lazy there": {
        "old_top": IMPORT, "new_top": "from __future__ import annotations\n" + IMPORT, "body": WENT.replace("(a)", "(a: int)"),
    },
    "another definition takes its place": {"old_top": IMPORT, "new_top": IMPORT, "old_left": "\n\ndef went(a):\n    return 0\n"},
    "another import takes its place": {"old_top": IMPORT, "new_top": IMPORT, "old_left": "\n\nfrom pkg.other import went\n"},
    "it is defined twice there": {"old_top": IMPORT, "new_top": IMPORT, "new_end": "\n\ndef went(a):\n    return 0\n"},
    "a submodule is not imported there": {
        "old_top": "import os\nimport pkg.sub\n", "new_top": "import os\nimport pkg\n", "body": "def went(a):\n    b = pkg.sub.f(a)\n    return b\n",
    },
    "a test finds another fixture": {
        "old_top": "import pytest\n\n\n@pytest.fixture\ndef box():\n    return 1\n", "body": "def test_went(box):\n    b = box\n    assert b\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
def test_a_definition_that_means_something_else_there_is_not_proved(name: str) -> None:
    found = move(**NEVER[name])
    assert not moved(found), found.proved_lines()


@pytest.mark.parametrize(
    ("old", "new"), [("t/test_a.py", "t/a.py"), ("p/conftest.py", "p/q/conftest.py"), ("a/x.toml", "b/x.toml")]
)
def test_a_file_that_is_found_by_its_name_is_not_the_same_elsewhere(old: str, new: str) -> None:
    assert not planned({old: KEPT * 4}, {new: KEPT * 4}).proved()


def test_a_file_that_only_went_is() -> None:
    assert planned({"a/x.py": KEPT * 4}, {"b/x.py": KEPT * 4}).proved("same text elsewhere")


def test_a_test_that_is_no_longer_found_is_not_proved() -> None:
    body = "def test_went():\n    b = 1\n    assert b\n"
    base = {"t/test_a.py": KEPT + "\n\n" + body, "t/shared.py": KEPT, "t/test_b.py": KEPT}
    gone = {"t/test_a.py": KEPT, "t/shared.py": KEPT + "\n\n" + body, "t/test_b.py": KEPT}
    kept = {"t/test_a.py": KEPT, "t/shared.py": KEPT, "t/test_b.py": KEPT + "\n\n" + body}
    assert not moved(planned(base, gone))
    assert moved(planned(base, kept))


def test_a_method_is_no_definition_of_the_module() -> None:
    method = "class A:\n    def went(self):\n        x = 1\n        return super().went() + x\n"
    other = "class B(A):\n    def went(self):\n        x = 1\n        return super().went() + x\n"
    base = {"a.py": method, "b.py": "class B(A):\n    pass\n"}
    assert not moved(planned(base, {"a.py": "class A:\n    pass\n", "b.py": other}))


def test_a_relative_import_inside_means_something_else_in_another_package() -> None:
    body = "def went(a):\n    from . import x\n    return x.f(a)\n"
    base = {"p/a.py": KEPT + "\n\n" + body, "q/b.py": KEPT}
    assert not moved(planned(base, {"p/a.py": KEPT, "q/b.py": KEPT + "\n\n" + body}))


def test_a_shared_fixture_of_another_folder_is_another_fixture() -> None:
    body = "def test_went(box):\n    b = box\n    assert b\n"
    files = {"t/conftest.py": "a = 1\n", "t/u/conftest.py": "a = 2\n"}
    base = {**files, "t/test_a.py": KEPT + "\n\n" + body, "t/u/test_b.py": KEPT}
    assert not moved(planned(base, {**files, "t/test_a.py": KEPT, "t/u/test_b.py": KEPT + "\n\n" + body}))
