"""One parsed command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

STDIN = "\0-"
"""Stands for the word `-` while cyclopts parses, which would take it for an option; no real word holds a NUL."""


@dataclass(frozen=True)
class Call:
    """A command or word with its fields by their JSON names, the workspace asked for, and the form of the answer."""

    name: str
    fields: dict[str, Any]
    folder: str | None = None
    json: bool = False
