"""The project's own formatters, run on the base: what they would do by themselves can be told from what a person did.

A tool counts if the base asks for it (its settings are there) and the workspace has it. It is run in the sandbox on
those files of the base that the change touches; nothing of the head is run or read by it.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exosuit.changes.change import Change
from exosuit.core.parsed import json_of, toml
from exosuit.verify.checks.checker import Checker
from exosuit.verify.plan.reading import Output
from exosuit.verify.rerun.made import as_change, made, reader

SECONDS = 30.0
"""A tool that takes longer has no say."""
MOST_FILES = 2_000
_PRETTY = tuple(b".js .jsx .ts .tsx .mjs .cjs .css .scss .json .md .yml .yaml".split())


@dataclass(frozen=True)
class Tool:
    """A formatter: what it is called, how it is called (files come behind), and the endings of its files."""

    name: str
    command: str
    endings: tuple[bytes, ...]


def tools(checker: Checker, read: Callable[[str], bytes | None]) -> list[Tool]:
    """The formatters that a snapshot, read by `read`, asks for and the workspace has, in the order they are run in."""
    python, project = checker.environment, _told(toml, read("pyproject.toml")).get("tool", {})
    settings = project if isinstance(project, dict) else {}
    found = []

    def asks(name: str, *files: str) -> bool:
        return name in settings or any(read(file) is not None for file in files)

    def has(module: str) -> bool:
        return python is not None and python.has(module)

    if asks("ruff", "ruff.toml", ".ruff.toml") and has("ruff"):
        ruff = "python -m ruff"
        found.append(
            Tool("ruff check --select I", f"{ruff} check --select I --fix --exit-zero --no-cache", (b".py", b".pyi"))
        )
        found.append(Tool("ruff format", f"{ruff} format --no-cache", (b".py", b".pyi")))
    if asks("isort", ".isort.cfg") and has("isort"):
        found.append(Tool("isort", "python -m isort", (b".py", b".pyi")))
    if asks("black") and has("black"):
        found.append(Tool("black", "python -m black", (b".py", b".pyi")))
    prettier = checker.workspace.root / "node_modules" / ".bin" / "prettier"
    asked = any(asks("", f".prettierrc{ending}") for ending in ("", ".json", ".yaml", ".yml", ".toml"))
    if (asked or "prettier" in _told(json_of, read("package.json"))) and prettier.exists() and shutil.which("node"):
        found.append(Tool("prettier", "node node_modules/.bin/prettier --write", _PRETTY))
    if read("go.mod") is not None and shutil.which("gofmt", path=checker.tools[0]["PATH"]):
        found.append(Tool("gofmt", "gofmt -w", (b".go",)))
    return found


def formatted(checker: Checker, change: Change, stop: threading.Event | None = None) -> Iterator[Output]:
    """What each formatter makes of the base; none that changes nothing or cannot be run: never raises for one."""
    for tool in tools(checker, reader(checker, change.base)):
        paths = _paths(change, tool.endings)
        command = ("sh", "-c", f'{tool.command} "$@"', "sh", *(f"./{path}" for path in paths))
        run = made(checker, change.base, command, SECONDS, stop) if paths else None
        if run is None:
            continue
        wanted = {os.fsencode(path) for path in paths}
        told = as_change(checker, change.base, tool.name, {p: data for p, data in run.files.items() if p in wanted})
        if told.files:
            yield Output(tool.name, tool.command, told)


def _paths(change: Change, endings: Sequence[bytes]) -> list[str]:
    """Files of the base that the change edits; those with names that are no text, or too many, have no say."""
    found = [
        file.old_path.decode("utf-8", "replace")
        for file in change.files
        if file.is_text and file.old_blob and file.new_blob and file.old_path.endswith(tuple(endings))
    ]
    return [path for path in found if "\ufffd" not in path][:MOST_FILES]


def _told(read: Callable[[bytes], Any], data: bytes | None) -> dict[str, Any]:
    """A document's top table; empty where it cannot be read."""
    try:
        told = read(data) if data else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
