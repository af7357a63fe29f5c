"""Words that are not wanted: open ends without a reason, names that say nothing, places of one machine."""

from __future__ import annotations

import re
from pathlib import Path

from checks.tree import files

OPEN_END = re.compile(
    r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b(?!\([^)]{10,}\))"
)
"""An open end is allowed with its reason in brackets straight behind it, of ten characters or more."""

HOME = re.compile(r"(?<![\w./])/(?:home|Users|root|work)/[\w.-]+/[\w.-]+")
"""An absolute path into somebody's own folders."""

RESOLVED = re.compile(r"\"resolved\":\s*\"https?:|^\s*(?:--(?:extra-)?index-url|--find-links)", re.MULTILINE)
"""A lock file that names the host it was made from: it would not install from a mirror."""

EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
TEXT = (
    ".py",
    ".ts",
    ".svelte",
    ".js",
    ".css",
    ".html",
    ".sh",
    ".md",
    ".toml",
    ".lock",
    ".json",
    ".yml",
    "Makefile",
    ".ci/run",
)


def problems(root: Path) -> list[str]:
    """One line for each place with an unwanted word, and for each file or folder with a name that says nothing."""
    found = []
    for path in files(root, *TEXT):
        place = path.relative_to(root).as_posix()
        text = path.read_text("utf-8")
        for rule, what in [(OPEN_END, "an open end without a reason"), (HOME, "a path of one machine")]:
            found += [f"{place}:{line_of(text, match)}: {what}: {match.group()}" for match in rule.finditer(text)]
        if path.suffix in (".json", ".lock"):
            found += [f"{place}:{line_of(text, m)}: a lock file that names a host" for m in RESOLVED.finditer(text)]
        found += [f"{place}: a name that says nothing: {part}" for part in nameless(Path(place))]
    return found


def nameless(place: Path) -> list[str]:
    """The parts of a source file's path that name no noun."""
    if place.suffix not in (".py", ".ts", ".svelte"):
        return []
    return [part for part in (*place.parts[:-1], place.stem) if part.lower() in EMPTY_NAMES]


def line_of(text: str, match: re.Match[str]) -> int:
    """The number of the line on which a match starts, from 1."""
    return text.count("\n", 0, match.start()) + 1
