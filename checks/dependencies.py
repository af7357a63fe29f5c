"""What the code imports is declared, what is declared is imported, and the lock pins within the ranges."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from checks.tree import files

PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)

NOT_IMPORTED = {
    "websockets": "uvicorn finds it by itself to serve WebSockets",
}
"""Declared for a reason other than an import."""


def declared(root: Path) -> dict[str, Requirement]:
    """The run-time requirements of pyproject.toml by canonical name."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    needs = [Requirement(line) for line in project["dependencies"]]
    return {canonicalize_name(need.name): need for need in needs}


def imported(root: Path) -> dict[str, str]:
    """The first place where each top-level package from elsewhere is imported under src, by package."""
    found: dict[str, str] = {}
    for path in files(root, ".py"):
        place = path.relative_to(root).as_posix()
        if not place.startswith("src/"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for top in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"exosuit"}:
                found.setdefault(top, f"{place}:{getattr(node, 'lineno', 0)}")
    return found


def problems(root: Path) -> list[str]:
    """One line for each import without a declaration, declaration without an import, and pin outside its range."""
    needs = declared(root)
    providers = packages_distributions()
    used: set[str] = set()
    found = []
    for top, place in sorted(imported(root).items()):
        names = {canonicalize_name(name) for name in providers.get(top, [top])}
        used |= names
        if not names & needs.keys():
            found.append(f"{place}: imports {top}, which pyproject.toml does not declare")
    idle = sorted(needs.keys() - used - NOT_IMPORTED.keys())
    found += [f"pyproject.toml: declares {name}, which nothing under src imports" for name in idle]
    return found + unlocked(root)


def unlocked(root: Path) -> list[str]:
    """Requirements, run-time and development, that requirements.lock does not pin within their range."""
    content = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    wanted = [*content["project"]["dependencies"], *content["dependency-groups"]["dev"]]
    lock = (root / "requirements.lock").read_text("utf-8")
    pins = {canonicalize_name(name): version for name, version in PINNED.findall(lock)}
    found = []
    for need in map(Requirement, wanted):
        version = pins.get(canonicalize_name(need.name))
        if version is None or not need.specifier.contains(version, prereleases=True):
            found.append(f"requirements.lock: {need} is not met by {version or 'any pin'}; run make lock")
    return found
