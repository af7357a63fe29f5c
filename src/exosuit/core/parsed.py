"""TOML and JSON from strangers: whatever cannot be parsed, or not in reasonable time, is a ValueError."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

_LONG = re.compile(rb"[^\n]{20000}")
"""A line on which the parser of the standard library takes long: its time is quadratic in the parts of a dotted key."""


def toml(data: bytes) -> dict[str, Any]:
    """A document of TOML. Raises ValueError, with a sentence for people."""
    if _LONG.search(data):
        raise ValueError("a line has more than 20,000 bytes")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def json_of(data: bytes) -> Any:
    """A document of JSON. Raises ValueError, with a sentence for people."""
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
