"""Generated files made again: the generator that a file names, run on the head's other files, in the sandbox.

Run are only commands that the workspace's own `exosuit.toml` lists, and, without arguments, what a file's first lines
name: a script or module of the repository that the base has as well. What such a name says beyond that is never heeded.
"""

from __future__ import annotations

import os
import re
import shlex
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from posixpath import dirname, normpath

from exosuit.changes.change import Change
from exosuit.core.errors import ExosuitError
from exosuit.core.parsed import toml
from exosuit.verify.checks.checker import Checker
from exosuit.verify.checks.config import FILE
from exosuit.verify.plan.reading import Output
from exosuit.verify.rerun.made import as_change, made, reader

SECONDS = 60.0
"""A generator that takes longer has no say."""
MOST = 8
"""Generators that are run for one change."""
_FIRST = 2_000
_WORDS = rb"(?i:generated|made|created|written|produced|updated)(?i: automatically)?(?i: by| with| from| using)?"
_NAMED = re.compile(
    rb"(?m)^[ \t]*(?:#|//|/\*|\*|<!--|;|--|\.\.|%|\"\"\")[^\n]{0,80}?"
    + _WORDS
    + rb"[:\s]+(?:(?:running|the script)\s+)?[`'\"]?(?:\./|python3?\s+(?:-m\s+)?)?"
    rb"(?P<name>[A-Za-z_][\w.-]*(?:/[\w.-]+)*)"
)
_COG = b"[[[cog"

Read = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Generator:
    """A command, and the files that it writes; `own` are files of the repository that it is made of, where known."""

    command: tuple[str, ...]
    files: tuple[str, ...]
    own: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The command as one would type it."""
        return self.command[2] if self.command[:2] == ("sh", "-c") else shlex.join(self.command)


def regenerated(checker: Checker, change: Change, stop: threading.Event | None = None) -> Iterator[Output]:
    """What generators make of the head; none that cannot be run. Raises `bad-config` for a wrong `[[generate]]`."""
    shadow = checker.workspace.shadow
    changed = {file.path for file in change.files} | {file.old_path for file in change.files}
    for generator in generators(checker, change)[:MOST]:
        before = {os.fsencode(path): shadow.entry(change.base, os.fsencode(path)) for path in generator.files}
        run = made(checker, shadow.replace(change.head, before), generator.command, SECONDS, stop)
        if run is None or run.code:
            continue
        files = {path: run.files[path] for path in before if path in run.files}
        told = as_change(checker, change.base, generator.shown, files)
        edited = any(os.fsencode(path) in changed for path in generator.own)
        yield Output(generator.shown, generator.shown, told, "regenerated", edited, frozenset(before))


def generators(checker: Checker, change: Change) -> list[Generator]:
    """The generators of files that a change touches, those that the settings name first."""
    paths = [
        os.fsdecode(file.path)
        for file in change.files
        if file.is_text and file.new_blob and b"\n" not in file.path and not file.is_renamed
    ]
    found: list[Generator] = []
    told: set[str] = set()
    for command, patterns in _settings(checker):
        files = tuple(path for path in paths if any(fnmatchcase(path, pattern) for pattern in patterns))
        told.update(files)
        found += [Generator(command, files)] if files else []
    base, head = reader(checker, change.base), reader(checker, change.head)
    by_command: dict[tuple[str, ...], list[str]] = {}
    for path in paths:
        named = _named(path, base, head, checker) if path not in told else None
        if named is not None:
            by_command.setdefault(named, []).append(path)
    return found + [Generator(command, tuple(files), command[-1:]) for command, files in by_command.items()]


def _named(path: str, base: Read, head: Read, checker: Checker) -> tuple[str, ...] | None:
    """The command that makes a file by what its head says of it; the program has to be there in the base as well."""
    text = head(path) or b""
    if _COG in text and path.endswith((".py", ".md", ".rst", ".txt", ".toml", ".cfg")):
        python = checker.environment
        return ("python", "-m", "cogapp", "-r", f"./{path}") if python is not None and python.has("cogapp") else None
    for match in _NAMED.finditer(text[:_FIRST]):
        name = match["name"].decode().rstrip(".-")
        for script in _places(path, name):
            if script != path and base(script) is not None and head(script) is not None:
                if script.endswith(".py"):
                    is_module = script.endswith(f"{name.replace('.', '/')}.py") and not name.endswith(".py")
                    return ("python", "-m", name, script)[:3] if is_module else ("python", script)
                if script.endswith(".sh"):
                    return ("sh", script)
    return None


def _places(path: str, name: str) -> Iterator[str]:
    """Where a program of this name may be in the repository; never outside."""
    for written in (name, f"{name.replace('.', '/')}.py"):
        for folder in ("", dirname(path)):
            place = normpath(f"{folder}/{written}" if folder else written)
            if not place.startswith(("../", "/")) and place != "..":
                yield place


def _settings(checker: Checker) -> Iterator[tuple[tuple[str, ...], Sequence[str]]]:
    """The commands of `[[generate]]`, and patterns of the files that they write."""
    text = reader(checker, checker.trusted)(FILE)
    try:
        data = toml(text) if text else {}
    except ValueError as error:
        raise _bad(str(error)) from None
    listed = data.get("generate", [])
    for one in listed if isinstance(listed, list) else [None]:
        command, files = (one.get("command"), one.get("files")) if isinstance(one, dict) else (None, None)
        words = ("sh", "-c", command) if isinstance(command, str) and command else command
        if (
            not (_are_words(words) and _are_words(files))
            or not isinstance(one, dict)
            or one.keys() - {"command", "files"}
        ):
            raise _bad(
                "[[generate]] takes command, a string or a list of strings, and files, a list of paths or patterns"
            )
        yield tuple(words or ()), files or ()


def _are_words(value: object) -> bool:
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(w, str) and w and "\0" not in w for w in value)
    )


def _bad(what: str) -> ExosuitError:
    return ExosuitError("bad-config", f"{FILE}: {what}", "see docs/plan.md")
