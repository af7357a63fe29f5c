"""The seam to the `git` program: always with a scrubbed environment, never with a shell."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO

from exosuit.core.errors import ExosuitError
from exosuit.core.progress import TICK_SECONDS, CancelledError, stop_if_asked

_FIXED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}

# What a repository's own config could make git run, or answer differently.
_QUIET = (
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=" + os.devnull,
    "-c", "core.untrackedCache=false",
    "-c", "core.splitIndex=false",
    "-c", "core.quotePath=false",
    "-c", "advice.addEmbeddedRepo=false",
)  # fmt: skip


def scrubbed(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without any `GIT_*` of theirs, with all config but the repository's off."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return {**kept, **_FIXED, **(extra or {})}


_trusted: list[str] = []
"""Options of git that pass on which repositories of others the user calls safe."""


def trust_as_the_user_does() -> bool:
    """Heed `safe.directory` of the user's and the system's settings from now on; False where they name nothing new.

    A repository's own settings are not asked, as git does not ask them (CVE-2022-24765).
    """
    named: list[str] = []
    plain = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    for scope in ("--system", "--global"):
        asked = [_program(), "config", scope, "--null", "--get-all", "safe.directory"]
        done = subprocess.run(asked, cwd="/", env=plain, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        named += [f"safe.directory={os.fsdecode(value)}" for value in done.stdout.split(b"\0")[:-1]]
    options = [part for setting in named for part in ("-c", setting)]
    if options == _trusted:
        return False
    _trusted[:] = options
    return True


def git(
    arguments: Sequence[str | bytes],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    data: bytes | None = None,
) -> bytes:
    """Run git and return its standard output; raises `git-failed` with git's own words."""
    done = attempt(arguments, cwd=cwd, env=env, data=data)
    if done.returncode:
        raise _failed(done.stderr, done.returncode)
    return done.stdout


def attempt(
    arguments: Sequence[str | bytes],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    data: bytes | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run git and return what it did, whatever that was; raises where there is no git, or nobody waits any more."""
    stop_if_asked()
    command = [_program(), *_QUIET, *_trusted, *arguments]
    given = subprocess.DEVNULL if data is None else subprocess.PIPE
    try:
        with subprocess.Popen(
            command, cwd=cwd, env=scrubbed(env), stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            told, words = _waited_for(process, data)
        return subprocess.CompletedProcess(command, process.returncode, told, words)
    except FileNotFoundError:
        if cwd is not None and not cwd.is_dir():
            raise ExosuitError("no-such-folder", f"{cwd} is not a folder (any more)", "name an existing one") from None
        raise _no_git() from None


def _waited_for(process: subprocess.Popen[bytes], data: bytes | None) -> tuple[bytes, bytes]:
    """What a process writes until its end; raises CancelledError, and ends it, where nobody waits for that any more."""
    try:
        while True:
            try:
                return process.communicate(data, TICK_SECONDS)
            except subprocess.TimeoutExpired:
                data = None  # it is being handed over
                stop_if_asked()
    except BaseException:
        process.kill()
        raise


CHUNK = 1 << 20


def stream(arguments: Sequence[str | bytes], *, env: Mapping[str, str] | None = None) -> Iterator[bytes]:
    """Git's standard output in chunks, as it comes; raises `git-failed` at the end of it. Left early, git is ended."""
    with tempfile.TemporaryFile() as words:
        process = _started(arguments, env, words)
        assert process.stdout is not None
        try:
            while chunk := _read(process.stdout.fileno()):
                yield chunk
        except CancelledError:
            process.kill()
            raise
        finally:
            process.stdout.close()
            code = process.wait()
        if code:  # a negative one is a signal: what came before it may be cut anywhere
            words.seek(0)
            raise _failed(words.read(), code)


def _read(file: int) -> bytes:
    """What a pipe has next, nothing at its end; raises CancelledError where nobody waits for it any more."""
    while not select.select([file], [], [], TICK_SECONDS)[0]:
        stop_if_asked()
    stop_if_asked()
    return os.read(file, CHUNK)


def _started(
    arguments: Sequence[str | bytes], env: Mapping[str, str] | None, words: IO[bytes]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [_program(), *_QUIET, *_trusted, *arguments],
            env=scrubbed(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=words,
        )
    except FileNotFoundError:
        raise _no_git() from None


def _failed(words: bytes, code: int) -> ExosuitError:
    """What git said last, or how it ended."""
    told = words.decode("utf-8", "replace").strip().splitlines()
    ended = f"git was ended by signal {-code}" if code < 0 else f"git ended with {code}"
    said = told[-1].removeprefix("fatal: ").removeprefix("error: ") if told else ended
    if said.startswith("unable to read "):
        hint = "an object is missing; in a partial clone, git fetch --refetch --no-filter brings them all"
        return ExosuitError("git-failed", f"git is {said}", hint)
    return ExosuitError("git-failed", said, "git said so; nothing was changed")


def _no_git() -> ExosuitError:
    return ExosuitError("no-git", "the git program was not found", "install git 2.38 or newer")


@cache
def _program() -> str:
    return os.environ.get("EXOSUIT_GIT", "git")
