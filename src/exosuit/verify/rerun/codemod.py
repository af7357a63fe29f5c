"""The command that is said to have made a change, run again on the base: what it does is told from what people did."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from exosuit.changes.change import Change
from exosuit.verify.checks.checker import Checker
from exosuit.verify.plan.reading import Output
from exosuit.verify.rerun.made import as_change, made

SECONDS = 120.0
"""A command that takes longer has no say."""


def repeated(checker: Checker, change: Change, stop: threading.Event | None = None) -> Iterator[Output]:
    """What the command makes of the base, whatever its exit code; nothing if none was told or it cannot be run.

    Files count that the base or the head has: what a tool leaves besides (caches, logs) is no part of a change.
    """
    command = change.provenance.command
    run = made(checker, change.base, ("sh", "-c", command), SECONDS, stop) if command else None
    if run is None:
        return
    shadow = checker.workspace.shadow
    base, head = ({path for path, _mode, _blob in shadow.listing(tree)} for tree in (change.base, change.head))
    files: dict[bytes, bytes | None] = {path: data for path, data in run.files.items() if path in base | head}
    files |= dict.fromkeys(path for path in base - head if path not in run.left)
    told = as_change(checker, change.base, command, files)
    if told.files:
        yield Output(_short(command), command, told, "codemod")


def _short(command: str) -> str:
    """A command in a title."""
    line = " ".join(command.split())
    return line if len(line) <= 60 else line[:59] + "…"
