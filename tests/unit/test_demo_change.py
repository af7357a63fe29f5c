"""What is in the demo's change: each ingredient that docs/demo.md promises is there, and the planted bug is real."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exosuit.apps.code.demo import build
from tests.repository import git

MONDAY = "2024-03-04T10:00"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's repository."""
    return build(tmp_path_factory.mktemp("demo") / "demo").root


@pytest.fixture(scope="module")
def base(root: Path) -> Path:
    """The files before the change."""
    return exported(root, "main")


@pytest.fixture(scope="module")
def head(root: Path) -> Path:
    """The files after the change."""
    return exported(root, "agent/rate-cards")


def exported(root: Path, revision: str) -> Path:
    """The files of a revision in a folder of their own."""
    folder = root.parent / revision.replace("/", "-")
    folder.mkdir()
    packed = git(root, "archive", "--format=tar", revision)
    subprocess.run(["tar", "-xf", "-", "-C", str(folder)], input=packed, check=True)
    return folder


def python(folder: Path, *arguments: str) -> str:
    """Run Python in a folder, without bytecode and without plug-ins of pytest; what it printed to both outputs."""
    own = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    own["PYTHONPATH"] = os.pathsep.join([str(folder / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=os.environ | own, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def basic_prices(folder: Path, *weights: int) -> list[int]:
    """What the library in a folder asks for parcels of so many grams within the country, in cents."""
    probe = (
        "import sys; from postage import built_in\n"
        "print(*(built_in('standard').price(1, int(grams)).cents for grams in sys.argv[1:]))"
    )
    return [int(cents) for cents in python(folder, "-c", probe, *map(str, weights)).split()]


def definition(text: str, name: str) -> list[str]:
    """The lines of a function or class of a module."""
    node = next(n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name)
    return text.splitlines()[node.lineno - 1 : node.end_lineno]


def without_docstrings(text: str) -> str:
    """A module's syntax tree as text, its docstrings left out."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


@pytest.mark.slow
@pytest.mark.parametrize(("side", "tests"), [("base", 152), ("head", 170)])
def test_both_sides_pass_their_own_tests_with_nothing_but_pytest(
    side: str, tests: int, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(side)
    assert f"{tests} passed" in python(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".")


def test_a_parcel_of_exactly_the_limit_is_charged_as_the_next_step(base: Path, head: Path) -> None:
    weights = (999, 1000, 1001, 1999, 2000, 2001, 10000)
    assert basic_prices(base, *weights) == [490, 490, 590, 590, 590, 790, 1090]
    assert basic_prices(head, *weights) == [490, 590, 590, 590, 790, 790, 1990]


def test_the_heaviest_parcel_is_refused_and_the_command_line_shows_the_wrong_price(base: Path, head: Path) -> None:
    call = ["-m", "postage", "quote", "--to", "DE-10115", "--at", MONDAY, "--weight"]
    assert "2 kg to zone 1      5.90 EUR" in python(base, *call, "2kg")
    assert "2 kg to zone 1      7.90 EUR" in python(head, *call, "2kg")
    assert "31.5 kg to zone 1     19.90 EUR" in python(base, *call, "31.5kg")
    with pytest.raises(AssertionError, match=r"31.5 kg; at most 31.5 kg are carried"):
        python(head, *call, "31.5kg")


def test_the_moved_code_differs_in_one_line_and_that_line_is_the_bug(base: Path, head: Path, tmp_path: Path) -> None:
    before = (base / "src/postage/tariff.py").read_text()
    after = (head / "src/postage/brackets.py").read_text()
    pairs = [
        pair
        for name in ("Bracket", "bracket_for", "room_left")
        for pair in zip(definition(before, name), definition(after, name), strict=True)
    ]
    right, wrong = "        if grams <= bracket.up_to:", "        if grams < bracket.up_to:"
    assert [pair for pair in pairs if pair[0] != pair[1]] == [(right, wrong)]
    mended = shutil.copytree(head, tmp_path / "mended")
    (mended / "src/postage/brackets.py").write_text(after.replace(wrong, right))
    weights = (1, 1000, 2000, 5000, 10000, 31500)
    assert basic_prices(mended, *weights) == basic_prices(base, *weights)


def test_the_rename_missed_one_place_and_kept_another_on_purpose(head: Path) -> None:
    files = (path for path in head.rglob("*") if path.is_file())
    left = {
        path.relative_to(head).as_posix(): len(found)
        for path in files
        if (found := re.findall("tariff", path.read_text("utf-8"), re.IGNORECASE))
    }
    another_meaning = {"src/postage/customs.py", "tests/test_customs.py", "docs/customs.md"}
    assert another_meaning <= left.keys()
    assert {name: count for name, count in left.items() if name not in another_meaning} == {
        "src/postage/ratefile.py": 1,  # missed: a message
        "src/postage/cli.py": 1,  # kept: the old spelling of the option
        "tests/test_cli.py": 1,
        "docs/command-line.md": 1,
        "CHANGELOG.md": 2,
    }


@pytest.mark.parametrize("name", ["src/postage/address.py", "tests/test_address.py"])
def test_formatting_noise_changes_no_meaning(base: Path, head: Path, name: str) -> None:
    before, after = (base / name).read_text(), (head / name).read_text()
    assert before != after
    assert ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))


@pytest.mark.parametrize("name", ["src/postage/money.py", "src/postage/workdays.py"])
def test_some_files_change_in_comments_and_docstrings_only(base: Path, head: Path, name: str) -> None:
    before, after = (base / name).read_text(), (head / name).read_text()
    assert before != after
    assert without_docstrings(before) == without_docstrings(after)


def test_the_change_is_as_large_as_the_demo_says(root: Path) -> None:
    rows = git(root, "diff", "--numstat", "-M", "main", "agent/rate-cards").decode().splitlines()
    lines = sum(int(number) for row in rows for number in row.split("\t")[:2])
    assert 20 <= len(rows) <= 30
    assert 600 <= lines <= 1000
    status = git(root, "diff", "--name-status", "-M", "main", "agent/rate-cards").decode()
    assert sorted(row.partition("\t")[2] for row in status.splitlines() if row.startswith("R")) == [
        "docs/tariffs.md\tdocs/rate-cards.md",
        "src/postage/tariff.py\tsrc/postage/rate_card.py",
        "tests/test_tariff.py\ttests/test_rate_card.py",
    ]


def test_the_history_is_told_by_made_up_people(root: Path) -> None:
    told = git(root, "log", "--format=%an <%ae>", "main").decode().splitlines()
    assert 12 <= len(told) <= 20
    assert set(told) == {
        "Demo Author <author@demo.invalid>",
        "Demo Contributor <contributor@demo.invalid>",
        "Demo Maintainer <maintainer@demo.invalid>",
    }
    limit = git(
        root, "log", "--format=%an: %s", "-S", "if grams <= bracket.up_to", "main", "--", "src/postage/tariff.py"
    )
    assert limit.decode() == "Demo Maintainer: The limit of a bracket belongs to the bracket\n"
