"""What of a snapshot a run of a check touched: bodies of functions that it entered, and files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

TRACE = "trace-"
"""How the files begin that `injected/exosuit_trace.py` leaves, one a process."""


@dataclass(frozen=True, slots=True)
class Trace:
    """`functions` are (path, line at which it begins), `files` those whose other code was run or that were opened.

    Paths are from the top of the snapshot.
    """

    functions: frozenset[tuple[str, int]] = frozenset()
    files: frozenset[str] = frozenset()


def told_trace(files: Mapping[str, bytes]) -> Trace:
    """What the plugin told of; what is not in its form is left out: the check itself may have written it."""
    functions: set[tuple[str, int]] = set()
    touched: set[str] = set()
    for name, data in files.items():
        if not name.startswith(TRACE):
            continue
        try:
            told = json.loads(data)
            functions |= {(str(path), int(line)) for path, line in told["functions"]}
            touched |= {str(path) for path in told["files"]}
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return Trace(frozenset(functions), frozenset(touched))
