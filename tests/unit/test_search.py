"""Search finds what the browser's own cannot: every changed line, drawn or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from exosuit.apps.code.rows import FileRows
from exosuit.apps.code.search import Match, search
from exosuit.changes.atoms import REGULAR
from exosuit.changes.materialize import sides
from exosuit.changes.shadow import Shadow
from exosuit.core.errors import UsageError
from tests.property.nasty import Tree, taken_apart


@pytest.fixture
def shadow(tmp_path: Path) -> Shadow:
    return Shadow(tmp_path / "shadow.git")


BASE: Tree = {b"a.py": (REGULAR, b"import os\n\nx = 1\nkept = 1\n"), b"b.py": (REGULAR, b"unlike\n")}
HEAD: Tree = {b"a.py": (REGULAR, b"import re\n\ny = 1\nkept = 1\n"), b"b.py": (REGULAR, b"one\nimport re\ntwo\n")}


def found(shadow: Shadow, query: str, base: Tree = BASE, head: Tree = HEAD, **how: bool) -> list[Match]:
    change = taken_apart(shadow, base, head).change
    options = {"regex": False, "case": False} | how
    return search(change, shadow, query, limit=100, **options)


def places(matches: list[Match]) -> list[tuple[str, str, int]]:
    return [(match.path, match.side, match.line) for match in matches]


def test_changed_lines_are_found_in_reading_order_and_others_are_not(shadow: Shadow) -> None:
    assert places(found(shadow, "import")) == [("a.py", "old", 1), ("a.py", "new", 1), ("b.py", "new", 2)]
    assert found(shadow, "kept") == [] == found(shadow, "") == found(shadow, "absent")


def test_a_pattern_s_anchors_are_those_of_a_line(shadow: Shadow) -> None:
    assert places(found(shadow, "^import re$", regex=True)) == [("a.py", "new", 1), ("b.py", "new", 2)]
    assert places(found(shadow, "^two", regex=True)) == [("b.py", "new", 3)]


def test_case_counts_only_when_asked(shadow: Shadow) -> None:
    assert len(found(shadow, "IMPORT")) == 3 and found(shadow, "IMPORT", case=True) == []


def test_a_match_says_its_characters_and_its_row(shadow: Shadow) -> None:
    match = found(shadow, "re", case=True)[0]
    assert (match.text, match.text[match.start : match.end], match.atom, match.row) == ("import re", "re", 1, 2)


def test_what_is_shown_written_out_is_found_as_it_is_shown(shadow: Shadow) -> None:
    head: Tree = {b"a": (REGULAR, b"x\xffy\xe2\x80\xae z\r\n")}
    for query in ("\\xff", "\\u202e", "␍"):
        assert len(found(shadow, query, {}, head)) == 1


def test_a_pattern_that_is_none_is_an_error_with_a_hint(shadow: Shadow) -> None:
    with pytest.raises(UsageError) as error:
        found(shadow, "(", regex=True)
    assert error.value.code == "bad-pattern" and error.value.hint


def test_a_long_file_is_searched_in_one_go(shadow: Shadow) -> None:
    head: Tree = {b"a": (REGULAR, b"".join(b"line %d\n\n" % i for i in range(4000)))}
    base: Tree = {b"a": (REGULAR, b"".join(b"other %d\n\n" % i for i in range(4000)))}
    change = taken_apart(shadow, base, head).change
    matches = search(change, shadow, "line", regex=False, case=False, limit=10_000)
    assert len(matches) == 4000
    layout = FileRows(change.files[0], *sides(change.files[0], shadow))
    rows = layout.window(0, layout.total)
    assert all(rows[match.row][4] == match.text and rows[match.row][3] == match.atom for match in matches)
