"""Which checks a snapshot has, told from its files."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from functools import partial
from pathlib import Path

import pytest

from exosuit.core.errors import ExosuitError
from exosuit.verify.checks.check import Check, Result, SingleTest
from exosuit.verify.checks.config import settings
from exosuit.verify.checks.environment import Environment, find, tools
from exosuit.verify.checks.found import found
from exosuit.verify.checks.judge import judged, settled, told_tests
from exosuit.verify.sandbox.job import Outcome


def an_environment(folder: Path, *modules: str) -> Environment:
    """An environment with these modules as far as names tell."""
    python = folder / "bin" / "python"
    site = folder / "lib" / "python3.11" / "site-packages"
    python.parent.mkdir(parents=True)
    site.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    python.symlink_to(os.path.realpath(sys.executable))
    for module in modules:
        (site / module).mkdir()
    return Environment(python, "made for a test")


CASES: dict[str, tuple[dict[str, str], list[str]]] = {
    "tests for pytest": ({"tests/test_a.py": "def test(): pass"}, ["pytest"]),
    "pytest in pyproject": ({"pyproject.toml": "[tool.pytest.ini_options]"}, ["pytest"]),
    "linters": ({"pyproject.toml": "[tool.ruff]\n[tool.mypy]\n[tool.pyright]"}, ["ruff", "mypy", "pyright"]),
    "linters with files of their own": ({"ruff.toml": "", "mypy.ini": "[mypy]"}, ["ruff", "mypy"]),
    "a linter in JSON": ({"pyrightconfig.json": "{}"}, ["pyright"]),
    "tox and nox": ({"tox.ini": "[testenv]", "noxfile.py": ""}, ["tox", "nox"]),
    "a tox.ini for flake8 only": ({"tox.ini": "[flake8]"}, []),
    "npm": ({"package.json": '{"scripts": {"test": "vitest"}}'}, ["npm"]),
    "npm with its placeholder": ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\""}}'}, []),
    "cargo, go": ({"Cargo.toml": "", "go.mod": ""}, ["cargo", "go"]),
    "make": ({"Makefile": "all:\n\ntest: all\n\ttrue\n"}, ["make"]),
    "make beside pytest": ({"Makefile": "test:\n\ttrue\n", "test_a.py": ""}, ["pytest"]),
    "a variable named test": ({"Makefile": "test := 1\n"}, []),
    "broken files": ({"pyproject.toml": "[[[", "package.json": "[1"}, []),
    "odd files": ({"pyproject.toml": "tool = {}", "package.json": '{"scripts": []}'}, []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_checks_are_told_from_files(case: str, tmp_path: Path) -> None:
    files, names = CASES[case]
    environment = an_environment(tmp_path / "venv", "pytest", "ruff", "mypy", "pyright")
    checks = found(sorted(files), lambda path: _bytes(files, path), environment, lambda _: True)
    assert [check.name for check in checks] == names
    assert [check.name for check in checks if check.lacking] == [name for name in names if name in ("tox", "nox")]


def _bytes(files: dict[str, str], path: str) -> bytes | None:
    return files[path].encode() if path in files else None


def test_what_is_not_installed_is_said(tmp_path: Path) -> None:
    files = {"tests/test_a.py": "def test(): pass", "ruff.toml": "", "package.json": '{"scripts": {"test": "x"}}'}
    checks = found(sorted(files), lambda p: _bytes(files, p), an_environment(tmp_path / "venv"), lambda _: False)
    lacking = {check.name: check.lacking for check in checks}
    assert "pytest is not installed for" in lacking["pytest"]
    assert lacking["ruff"] == "ruff is not installed"
    assert lacking["npm"] == "npm is not installed"
    assert "no Python was found" in found(sorted(files), lambda p: _bytes(files, p), None, lambda _: True)[1].lacking


def test_tests_of_the_standard_library_run_without_pytest(tmp_path: Path) -> None:
    files = {"tests/test_a.py": "import unittest"}
    check = found(sorted(files), lambda p: _bytes(files, p), an_environment(tmp_path / "venv"), lambda _: True)[0]
    assert (check.name, check.lacking) == ("unittest", "")


def test_tests_of_the_standard_library_are_looked_for_where_they_can_be_imported(tmp_path: Path) -> None:
    environment = an_environment(tmp_path / "venv")
    for files, words in (
        ({"tests/test_a.py": "import unittest"}, ("-s", "tests")),
        ({"tests/test_a.py": "import unittest", "tests/__init__.py": ""}, ("-s", "tests", "-t", ".")),
        ({"test_a.py": "import unittest"}, ("-s", ".", "-t", ".")),
    ):
        check = found(sorted(files), partial(_bytes, files), environment, lambda _: True)[0]
        assert check.command[4:] == words


def test_programs_of_the_toolchain_come_before_the_stand_ins_of_rustup(tmp_path: Path) -> None:
    rustup = tmp_path / ".rustup"
    for name in ("nightly-x", "stable-x"):
        (rustup / "toolchains" / name / "bin").mkdir(parents=True)
    (rustup / "settings.toml").write_text('default_toolchain = "stable"\n')
    told, lent = tools({"HOME": str(tmp_path), "PATH": os.defpath})
    assert told["PATH"].split(":")[0] == str(rustup / "toolchains" / "stable-x" / "bin")
    assert rustup / "toolchains" in lent
    assert rustup not in lent


def test_checks_named_in_the_file_are_taken_as_they_are() -> None:
    told = settings(
        b'[environment]\npython = "py"\nreadable = ["data"]\n[check.unit]\ncommand = ["pytest", "-x"]\ntimeout = 5\n'
        b'[check.web]\ncommand = "npm test | cat"\nnetwork = true\nenv = {A = "1"}\n'
    )
    assert told.checks == (
        Check("unit", ("pytest", "-x"), 5.0, found=False),
        Check("web", ("sh", "-c", "npm test | cat"), network=True, env={"A": "1"}, found=False),
    )
    assert (told.python, told.readable) == ("py", ("data",))


@pytest.mark.parametrize(
    "text",
    ["[", "check = 1", "[check.a]", "[check.a]\ncommand = 3", "[check.a]\ncommand = []", *(
        f'[check.a]\ncommand="a"\n{line}'
        for line in ("x=1", "timeout=0", "timeout=true", 'network="yes"', "env={A=1}")
    ), '[check.a]\ncommand=["a\\u0000"]', "[environment]\npython=3", "\xff"],
)  # fmt: skip
def test_a_file_that_is_wrong_says_where(text: str) -> None:
    with pytest.raises(ExosuitError) as raised:
        settings(text.encode("latin-1"))
    assert raised.value.code == "bad-config"
    assert raised.value.message.startswith("exosuit.toml: ")


def test_the_workspaces_own_python_comes_first_and_ours_never(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name in ("active", "conda", "root/.venv"):
        an_environment(tmp_path / name)
    env = {"VIRTUAL_ENV": str(tmp_path / "active"), "CONDA_PREFIX": str(tmp_path / "conda"), "PATH": os.defpath}
    order = []
    for gone in ("root/.venv", "active", "conda"):
        python = find(root, "", env)
        assert python is not None
        order.append(python.prefix)
        (tmp_path / gone / "bin" / "python").unlink()
    assert order == [root / ".venv", tmp_path / "active", tmp_path / "conda"]
    last = find(root, "", {"VIRTUAL_ENV": sys.prefix, "PATH": f"{Path(sys.prefix) / 'bin'}"})
    assert last is None or not str(last.python).startswith(sys.prefix)


def test_an_environment_of_poetry_is_found_by_the_folders_digest(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    told = hashlib.sha256(os.path.realpath(root).encode()).digest()[:6]
    digest = base64.b64encode(told, b"-_").decode()
    made = an_environment(tmp_path / "cache" / "virtualenvs" / f"project-{digest}-py3.11")
    assert find(root, "", {"POETRY_CACHE_DIR": str(tmp_path / "cache")}) == Environment(made.python, "made by poetry")


def test_a_python_that_is_named_and_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExosuitError) as raised:
        find(tmp_path, "nowhere/bin/python", {})
    assert raised.value.code == "no-such-python"


def test_an_environment_changes_with_what_is_installed(tmp_path: Path) -> None:
    environment = an_environment(tmp_path / "venv", "pytest")
    before = environment.id
    (environment.site[0] / "attrs-25.1.dist-info").mkdir()
    assert Environment(environment.python, environment.how).id != before


def test_a_home_is_never_lent_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    environment = an_environment(tmp_path)
    assert tmp_path not in environment.readable
    assert environment.python in environment.readable
    for name in ("node", "cargo"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(0o755)
    _, lent = tools({"HOME": str(tmp_path), "PATH": str(tmp_path / "bin")})
    assert lent == (tmp_path / "bin",)


def outcome(code: int, output: bytes = b"", **more: object) -> Outcome:
    told: dict[str, object] = {"hit": "", "cut": 0, "seconds": 1.0, "cpu": 1.0, "memory": 1, "files": {}, "dropped": ()}
    return Outcome(code=code, output=output, backend="none", **told | more)  # type: ignore[arg-type]


PYTEST = Check("pytest", ("pytest",))


@pytest.mark.parametrize(
    ("ended", "verdict", "why"),
    [
        (outcome(0), "pass", "it exited with 0"),
        (outcome(1, b"lots\nFound 3 errors\n"), "fail", "exit code 1: Found 3 errors"),
        (outcome(-11), "fail", "signal 11"),
        (outcome(-9, hit="time"), "cannot-tell", "longer than its timeout of 600 s"),
        (outcome(-9, hit="stopped"), "cannot-tell", "it was stopped"),
        (outcome(5, b"no tests ran"), "cannot-tell", "no tests were found"),
        (outcome(2, b"ModuleNotFoundError: No module named 'attr.x'"), "cannot-tell", "needs the module attr.x"),
        (outcome(2, b"ModuleNotFoundError: No module named 'here.x'"), "fail", "No module named 'here.x'"),
        (outcome(127, b"sh: 1: jest: not found"), "cannot-tell", "jest: not found"),
        (outcome(1, b"OSError: Network is unreachable"), "cannot-tell", "network = true"),
        (outcome(1, files={"tests.jsonl": b'["a", "failed", 1]\n["b", "passed", 1]'}), "fail", "1 of 2 tests failed"),
    ],
)
def test_an_outcome_is_judged(ended: Outcome, verdict: str, why: str) -> None:
    result = judged(PYTEST, ended, lambda name: name == "here")
    assert result.verdict == verdict
    assert why in result.why


def test_what_a_check_writes_in_the_place_of_our_report_is_taken_with_care() -> None:
    told = b'["a", "passed", 1.5]\n{}\nnull\n[1, 2, 3]\n["b"]\n\xff\xfe\n["a", "failed", 2]\n["c", "passed", "x"]'
    assert told_tests({"tests.jsonl": told}) == (SingleTest("a", "failed", 2.0),)


def result(*outcomes: str) -> Result:
    tests = tuple(SingleTest(f"t{number}", word, 0.1) for number, word in enumerate(outcomes))
    return Result("fail" if "failed" in outcomes else "pass", "", 1.0, tests)


def test_what_fails_and_then_passes_is_flaky_and_in_no_verdict() -> None:
    steady = settled(result("failed", "passed"), result("failed"))
    assert (steady.verdict, steady.failing, steady.flaky) == ("fail", ("t0",), ())
    some = settled(result("failed", "failed"), result("passed", "failed"))
    assert (some.verdict, some.failing, some.flaky) == ("fail", ("t1",), ("t0",))
    assert some.counts() == {"flaky": 1, "failed": 1}
    every = settled(some, Result("pass", "", 1.0, (SingleTest("t1", "passed", 0.1),)))
    assert (every.verdict, every.failing, every.flaky) == ("cannot-tell", (), ("t0", "t1"))
    whole = settled(Result("fail", ""), Result("pass", ""))
    assert (whole.verdict, whole.flaky) == ("cannot-tell", ("*",))
    assert settled(result("failed"), Result("cannot-tell", "it was stopped")).verdict == "fail"
