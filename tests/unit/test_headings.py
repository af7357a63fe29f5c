"""A hunk's title names the definition that the change is in or comes after, never one that comes later."""

from __future__ import annotations

from pathlib import Path

import pytest

from exosuit.apps.code.rows import FileRows
from exosuit.changes.atoms import REGULAR
from exosuit.changes.materialize import sides
from exosuit.changes.shadow import Shadow
from tests.property.nasty import taken_apart

MODULE = """import os
import sys

LIMIT = 3


@cached
def first(
    a,
    b=LIMIT,
) -> int:
    total = a + b

    return total


class Second:
    name = ""

    def third(self):
        return self.name

    def fourth(self):
        return 4
"""
PROSE = "Title\n=====\n\nSome text.\n\nUsage\n-----\n\nMore text.\n\n## Later\n\nThe end.\n"


@pytest.fixture
def shadow(tmp_path: Path) -> Shadow:
    return Shadow(tmp_path / "shadow.git")


def titles(shadow: Shadow, old: str, new: str, path: bytes = b"m.py") -> list[str]:
    change = taken_apart(
        shadow,
        {path: (REGULAR, old.encode())} if old else {},
        {path: (REGULAR, new.encode())} if new else {},
    ).change
    file = change.files[0]
    rows = FileRows(file, *sides(file, shadow))
    return [rows.hunk_title(hunk) for hunk in range(len(file.hunks))]


@pytest.mark.parametrize(
    ("before", "after", "title"),
    [
        ("import os", "import ast", "import ast"),
        ("LIMIT = 3", "LIMIT = 4", "LIMIT = 4"),
        ("    b=LIMIT", "    b=2", "def first"),
        ("a + b\n", "a - b\n", "def first"),
        ('name = ""', 'name = "x"', "class Second"),
        ("self.name\n", "self.name + self.name\n", "def third(self)"),
        ("def fourth(self)", "def fourth(self, x)", "def fourth(self, x)"),
        ("class Second:", "class Other:", "class Other"),
        ("        return 4\n", "", "def fourth(self)"),
        ("    total = a + b\n\n", "    total = a\n\n    total += b\n", "def first"),
        ("    return total\n", "    return total\n\n\ndef between():\n    pass\n", "def between()"),
        ("    return total\n", "    return total\n\n\n# why\n@cached\ndef between():\n    pass\n", "def between()"),
        ("    return total\n", "    return total + 1\n\n\ndef between():\n    pass\n", "def first"),
    ],
)
def test_the_definition_a_change_begins_or_stands_in_names_it(
    shadow: Shadow, before: str, after: str, title: str
) -> None:
    assert before in MODULE
    assert titles(shadow, MODULE, MODULE.replace(before, after, 1)) == [title]


def test_a_change_from_the_imports_into_a_function_is_named_by_where_it_starts(shadow: Shadow) -> None:
    old = "import os\n\n\ndef one():\n    return os.sep\n"
    new = "import pathlib\n\n\ndef one():\n    return pathlib.sep\n"
    assert titles(shadow, old, new) == ["import pathlib"]


def test_a_stretch_that_goes_is_named_by_what_stood_there(shadow: Shadow) -> None:
    gone = '    name = ""\n\n    def third(self):\n        return self.name\n\n'
    assert titles(shadow, MODULE, MODULE.replace(gone, "")) == ["class Second"]
    assert titles(shadow, MODULE, MODULE.replace(gone[15:], "\n")) == ["def third(self)"]


def test_each_block_of_a_new_and_of_a_deleted_file_is_named_by_its_own_first_line(shadow: Shadow) -> None:
    for named in (titles(shadow, "", MODULE), titles(shadow, MODULE, "")):
        assert named[0] == "import os"
        assert set(named) <= {"import os", "LIMIT = 3", "def first", "class Second", "def fourth(self)"}


@pytest.mark.parametrize(
    ("before", "after", "title"),
    [
        ("Some text.", "Other text.", "Title"),
        ("More text.", "Less text.", "Usage"),
        ("Usage\n-----", "Manual\n------", "Manual"),
        ("The end.", "No end.", "## Later"),
    ],
)
def test_prose_is_named_by_its_headings_marked_or_underlined(
    shadow: Shadow, before: str, after: str, title: str
) -> None:
    assert titles(shadow, PROSE, PROSE.replace(before, after), b"a.rst") == [title]
