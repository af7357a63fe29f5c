"""The person's own editor on a text, and what came out of it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from pathlib import Path, PurePosixPath

from exosuit.core.errors import ExosuitError


def edit_text(text: str, path: str, folder: Path, number: int) -> str:
    """Let $VISUAL, $EDITOR or vi edit `text` in a file of `folder` that is named like `path`.

    Returns the file, or nothing if the text is the same as before. Raises `editor-failed`.
    """
    file = folder / f"{number}" / (PurePosixPath(path).name.replace("\\", "_")[-80:] or "text")
    file.parent.mkdir(mode=0o700)
    before = text.encode("utf-8", "surrogateescape")
    file.write_bytes(before)
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        words = shlex.split(command)
        status = _run([*words, str(file)])
        after = file.read_bytes()
    except (OSError, ValueError) as error:
        raise ExosuitError("editor-failed", f"cannot run {command} ({error})", "set EDITOR to an editor") from error
    if status:
        raise ExosuitError(
            "editor-failed", f"{command} ended with {status}; nothing was changed", "try again, or set EDITOR"
        )
    return "" if after == before else str(file)


def _run(words: list[str]) -> int:
    """Run a program in the foreground; Ctrl-C in it is its own affair."""
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)  # a handler, since to ignore would be inherited
    try:
        return subprocess.run(words).returncode
    finally:
        signal.signal(signal.SIGINT, before)
