"""The project's own formatters, run on the base: what they would do by themselves can be told from what a person did.

A tool counts if the base asks for it (its settings are there) and the workspace has it. It is run in the sandbox on
those files of the base that the change touches; nothing of the head is run or read by it.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from exosuit.changes.atoms import EXECUTABLE, REGULAR
from exosuit.changes.change import Change, Provenance
from exosuit.changes.diff import diff_trees
from exosuit.core.errors import ExosuitError
from exosuit.core.parsed import json_of, toml
from exosuit.verify.checks.check import Check
from exosuit.verify.checks.checker import Checker
from exosuit.verify.plan.reading import LARGEST, Output

SECONDS = 30.0
"""A tool that takes longer has no say."""
MOST_FILES = 2_000
_BACK = "files.tar"
_SCRIPT = f'{{tool}} "$@" >/dev/null 2>&1; tar -cf "$EXOSUIT_OUT/{_BACK}" -- "$@"'


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
        endings = (
            b".js",
            b".jsx",
            b".ts",
            b".tsx",
            b".mjs",
            b".cjs",
            b".css",
            b".scss",
            b".json",
            b".md",
            b".yml",
            b".yaml",
        )
        found.append(Tool("prettier", "node node_modules/.bin/prettier --write", endings))
    if read("go.mod") is not None and shutil.which("gofmt", path=checker.tools[0]["PATH"]):
        found.append(Tool("gofmt", "gofmt -w", (b".go",)))
    return found


def outputs(checker: Checker, change: Change, stop: threading.Event | None = None) -> tuple[Output, ...]:
    """What each formatter makes of the base; none that changes nothing or cannot be run: never raises for one."""
    shadow, told = checker.workspace.shadow, []
    read = _reader(checker, change.base)
    for tool in tools(checker, read):
        paths = _paths(change, tool.endings)
        made = _made(checker, change.base, tool, paths, stop) if paths else {}
        entries: dict[bytes, tuple[int, str] | None] = {}
        for file in change.files:
            data = made.get(file.old_path)
            if data is not None and data != shadow.blob(file.old_blob):
                entries[file.old_path] = (file.old_mode, shadow.put(data))
        if entries:
            tree = shadow.replace(change.base, entries)
            files = tuple(diff_trees(shadow.git_dir, change.base, tree))
            provenance = Provenance("dirs", tool.name, tool.name)
            told.append(
                Output(tool.name, tool.command, Change("", tool.name, "", change.base, tree, provenance, files))
            )
    return tuple(told)


def _reader(checker: Checker, tree: str) -> Callable[[str], bytes | None]:
    shadow = checker.workspace.shadow

    def read(path: str) -> bytes | None:
        entry = shadow.entry(tree, os.fsencode(path))
        return shadow.blob(entry[1]) if entry is not None and entry[0] in (REGULAR, EXECUTABLE) else None

    return read


def _paths(change: Change, endings: Sequence[bytes]) -> list[str]:
    """Files of the base that the change edits; those with names that are no text, or too many, have no say."""
    found = [
        file.old_path.decode("utf-8", "replace")
        for file in change.files
        if file.is_text and file.old_blob and file.new_blob and file.old_path.endswith(tuple(endings))
    ]
    return [path for path in found if "\ufffd" not in path][:MOST_FILES]


def _made(
    checker: Checker, tree: str, tool: Tool, paths: Iterable[str], stop: threading.Event | None
) -> dict[bytes, bytes]:
    """The files as a tool leaves them; empty where it cannot be run."""
    files = [f"./{path}" for path in paths]
    command = ("sh", "-c", _SCRIPT.format(tool=tool.command), "sh", *files)
    try:
        outcome = checker.outcome(tree, Check(tool.name, command, timeout=SECONDS, found=False), stop)
    except ExosuitError:
        return {}
    if outcome.hit or _BACK not in outcome.files:
        return {}
    found = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(outcome.files[_BACK])) as archive:
            for member in archive:
                data = archive.extractfile(member) if member.isreg() and member.size < LARGEST else None
                if data is not None:
                    found[os.fsencode(member.name.removeprefix("./"))] = data.read()
    except (tarfile.TarError, EOFError, OSError):
        return {}
    return found


def _told(read: Callable[[bytes], Any], data: bytes | None) -> dict[str, Any]:
    """A document's top table; empty where it cannot be read."""
    try:
        told = read(data) if data else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
