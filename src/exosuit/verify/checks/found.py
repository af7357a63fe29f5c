"""Which checks a snapshot has, told from its files where `exosuit.toml` names none. Pure: files in, checks out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from exosuit.core.parsed import toml
from exosuit.verify.checks.check import Check
from exosuit.verify.checks.environment import Environment

Read = Callable[[str], bytes | None]
_TEST_FILE = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")
_NO_PYTHON = "no Python was found for this workspace: name one in exosuit.toml"


def found(
    paths: list[str], read: Read, environment: Environment | None, has_program: Callable[[str], bool]
) -> list[Check]:
    """The checks, cheapest to tell first. One that lacks something is listed with what; it is for a person to mend."""
    project = _toml(read("pyproject.toml"))
    files = set(paths)
    checks = [*_linters(files, project, read, environment, has_program), *_tests(paths, project, read, environment)]
    checks += _others(files, read, has_program)
    others = {check.name for check in checks} & {"pytest", "unittest", "npm", "cargo", "go"}
    if not others and re.search(rb"^test\s*:(?!=)", read("Makefile") or b"", re.MULTILINE):
        checks.append(_needing("make", Check("make", ("make", "test")), has_program))
    return checks


def _linters(
    files: set[str],
    project: dict[str, Any],
    read: Read,
    environment: Environment | None,
    has_program: Callable[[str], bool],
) -> list[Check]:
    told = project.get("tool", {})
    setup = read("setup.cfg") or b""
    wanted = {
        "ruff": "ruff" in told or bool(files & {"ruff.toml", ".ruff.toml"}),
        "mypy": "mypy" in told or bool(files & {"mypy.ini", ".mypy.ini"}) or b"[mypy]" in setup,
        "pyright": "pyright" in told or "pyrightconfig.json" in files,
    }
    words = {"ruff": ["check", "--no-cache"], "mypy": ["--no-error-summary"], "pyright": []}
    names_files = isinstance(told.get("mypy"), dict) and bool({"files", "packages", "modules"} & told["mypy"].keys())
    if not names_files and b"files" not in setup + (read("mypy.ini") or b""):
        words["mypy"].append(".")
    checks = []
    for name in [name for name, is_wanted in wanted.items() if is_wanted]:
        if environment is not None and environment.has(name):
            checks.append(Check(name, (str(environment.python), "-m", name, *words[name])))
        else:
            checks.append(_needing(name, Check(name, (name, *words[name])), has_program))
    return checks


def _tests(paths: list[str], project: dict[str, Any], read: Read, environment: Environment | None) -> list[Check]:
    tests = [path for path in paths if _TEST_FILE.search(path)]
    files = set(paths)
    configured = (
        "pytest" in project.get("tool", {})
        or bool(files & {"pytest.ini", ".pytest.ini", "conftest.py", "tests/conftest.py"})
        or b"[tool:pytest]" in (read("setup.cfg") or b"")
        or b"[pytest]" in (read("tox.ini") or b"")
    )
    checks = [_python_tests(tests, read, environment, configured=configured)] if configured or tests else []
    runs_tox = "tox" in project.get("tool", {}) or re.search(rb"^\[(tox|testenv)", read("tox.ini") or b"", re.MULTILINE)
    for name, is_used in (("tox", runs_tox), ("nox", "noxfile.py" in files)):
        if is_used:
            lacking = f"{name} installs from a package index: name it in exosuit.toml with network = true to run it"
            checks.append(Check(name, (name,), lacking=lacking))
    return checks


def _python_tests(tests: list[str], read: Read, environment: Environment | None, *, configured: bool) -> Check:
    if environment is None:
        return Check("pytest", ("python", "-m", "pytest"), lacking=_NO_PYTHON)
    python = str(environment.python)
    if environment.has("pytest"):
        return Check("pytest", (python, "-m", "pytest", "-q"))
    plain = bool(tests) and all(b"unittest" in (read(path) or b"") for path in tests)
    if plain and not configured:
        apart = all(path.startswith("tests/") for path in tests)
        top = () if apart and read("tests/__init__.py") is None else ("-t", ".")
        return Check("unittest", (python, "-m", "unittest", "discover", "-s", "tests" if apart else ".", *top))
    lacking = f"pytest is not installed for {python} ({environment.how})"
    return Check("pytest", (python, "-m", "pytest", "-q"), lacking=lacking)


def _others(files: set[str], read: Read, has_program: Callable[[str], bool]) -> list[Check]:
    checks = []
    if "package.json" in files:
        script = _json(read("package.json")).get("scripts", {})
        told = script.get("test", "") if isinstance(script, dict) else ""
        if isinstance(told, str) and told and "no test specified" not in told:
            checks.append(_needing("npm", Check("npm", ("npm", "test", "--silent")), has_program))
    if "Cargo.toml" in files:
        checks.append(_needing("cargo", Check("cargo", ("cargo", "test", "--offline", "--quiet")), has_program))
    if "go.mod" in files:
        checks.append(_needing("go", Check("go", ("go", "test", "./...")), has_program))
    return checks


def _needing(program: str, check: Check, has_program: Callable[[str], bool]) -> Check:
    return check if has_program(program) else replace(check, lacking=f"{program} is not installed")


def _toml(data: bytes | None) -> dict[str, Any]:
    try:
        return toml(data or b"")
    except ValueError:
        return {}


def _json(data: bytes | None) -> dict[str, Any]:
    try:
        told = json.loads(data or b"{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
