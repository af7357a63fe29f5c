"""Command lines, each in a process of its own that is forked with everything imported: a start costs milliseconds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from exosuit.faces import cli, human, perform, signature, suit  # noqa: F401  what a command line would import

SECONDS = 60


def started(words: list[str], folder: Path, given: bytes) -> subprocess.CompletedProcess[bytes]:
    """`python -m exosuit` with these words, as anybody starts it."""
    line = [sys.executable, "-m", "exosuit", *words]
    return subprocess.run(line, cwd=folder, input=given, capture_output=True, timeout=SECONDS)


def forked(words: list[str], folder: Path, given: bytes) -> subprocess.CompletedProcess[bytes]:
    """The same but for the start: a real process with its own standard streams, folder and exit code."""
    suit.REAL.load()
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        source.write(given)
        source.seek(0)
        sys.stdout.flush()
        sys.stderr.flush()
        process = os.fork()
        if process == 0:
            _become([source.fileno(), out.fileno(), errors.fileno()], folder, words)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        out.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), errors.read())


def _become(streams: list[int], folder: Path, words: list[str]) -> None:
    """Never returns: the rest of this process is the command line."""
    code = 120
    try:
        signal.alarm(SECONDS)
        os.chdir(folder)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        sys.stdin, sys.stdout, sys.stderr = (open(i, "r" if i == 0 else "w", closefd=False) for i in range(3))  # noqa: SIM115
        code = cli.main(words)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
