"""Runs a job: chooses the back end, has a keeper made, waits for its report, clears away what is left."""

from __future__ import annotations

import contextlib
import fcntl
import marshal
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import exosuit
from exosuit.core.errors import ExosuitError
from exosuit.core.places import state_root
from exosuit.verify.sandbox import bubble, kernel, seccomp, system
from exosuit.verify.sandbox.job import Job, Outcome
from exosuit.verify.sandbox.skeleton import etc

_SOURCES = str(Path(exosuit.__file__).resolve().parent.parent)
_NURSERY = f"import sys; sys.path.append({_SOURCES!r}); from exosuit.verify.sandbox.nursery import main; main()"
_POLL_SECONDS = 0.05
_BARE_LANDLOCK = 6
"""The first Landlock that keeps signals in; without namespaces nothing else would."""


@dataclass(frozen=True)
class Backend:
    """A way to hold a run in: the program of bubblewrap, or Landlock (empty), with namespaces or without."""

    name: str
    bwrap: str = ""
    namespaces: bool = True


LANDLOCK = Backend("landlock")
BARE_LANDLOCK = Backend("landlock without namespaces", namespaces=False)


def run(job: Job, backend: Backend | None = None, stop: threading.Event | None = None) -> Outcome:
    """Run a job to its end or to a limit; setting `stop` ends it.

    Raises `no-sandbox` where this machine has nothing to hold it in, `cannot-start` if the command or the room could
    not be made, `exposed-state` if the job asks to read a folder that Exosuit's own state is in.
    """
    chosen = backend or available()
    _keep_state_hidden(job)
    with scratch_folder() as scratch:
        report = _kept(_plan(job, chosen, scratch), stop)
    if "error" in report:
        raise ExosuitError("cannot-start", f"{job.command[0]} could not be run: {report['error']}", "check the command")
    report["dropped"] = tuple(report["dropped"])
    return Outcome(**report, backend=chosen.name)


def _plan(job: Job, backend: Backend, scratch: str) -> dict[str, Any]:
    env = {"PATH": os.defpath, "LANG": "C.UTF-8", "TERM": "dumb", "USER": "check", "LOGNAME": "check", **job.env}
    env |= {"HOME": system.HOME, "TMPDIR": "/tmp", "EXOSUIT_OUT": bubble.OUT, "EXOSUIT_TREE": str(job.at)}  # noqa: S108
    return {
        "command": list(job.command), "env": env, "tree": str(job.tree), "at": str(job.at), "scratch": scratch,
        "etc": str(etc(state_root() / "runs-etc", network=job.network)),
        "readable": [str(path) for path in job.readable if os.path.lexists(path)], "network": job.network,
        "filter": seccomp.program(), "bare_filter": seccomp.program(alone=False, network=job.network),
        "bwrap": backend.bwrap, "namespaces": backend.namespaces, "root": os.getuid() == 0, **asdict(job.limits),
    }  # fmt: skip


def _kept(plan: dict[str, Any], stop: threading.Event | None) -> dict[str, Any]:
    """Have a keeper carry out the plan; its report. Whatever ends us ends the run too: the keeper sees the wire end."""
    data = marshal.dumps(plan)
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            _nursery.bear(theirs)
        try:
            ours.sendall(len(data).to_bytes(8, "little") + data)
            while not select.select([ours], [], [], _POLL_SECONDS if stop else None)[0]:
                if stop is not None and stop.is_set():
                    break
            ours.shutdown(socket.SHUT_WR)
            report = b"".join(iter(lambda: ours.recv(1 << 20), b""))
        except (BrokenPipeError, ConnectionResetError):
            report = b""
    found: dict[str, Any] = marshal.loads(report) if report else {"error": "its keeper was killed"}  # noqa: S302  ours
    return found


class Nursery:
    """The process that keepers are forked from; started when it is first needed, and again if it is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._door: socket.socket | None = None
        self._owner = 0

    def bear(self, wire: socket.socket) -> None:
        """Have a keeper made that listens at `wire`."""
        with self._lock:
            for _ in range(2):
                if self._door is None or self._owner != os.getpid():
                    self._start()
                assert self._door is not None
                try:
                    socket.send_fds(self._door, [b"k"], [wire.fileno()])
                    return
                except OSError:
                    self._door = None
        raise ExosuitError("cannot-start", "the process that runs checks cannot be started", "try again")

    def _start(self) -> None:
        self._door, theirs = socket.socketpair()
        self._owner = os.getpid()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _NURSERY],
                env={},
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        threading.Thread(target=process.wait, daemon=True, name="nursery").start()


_nursery = Nursery()


def _keep_state_hidden(job: Job) -> None:
    hidden = os.path.realpath(state_root())
    for path in (*map(Path, system.PROGRAMS), *job.readable):
        if hidden == (real := os.path.realpath(path)) or hidden.startswith(f"{real.rstrip('/')}/"):
            raise ExosuitError(
                "exposed-state", f"a check would see Exosuit's own state in {path}", "set EXOSUIT_STATE elsewhere"
            )


_lock = threading.Lock()
_chosen: list[Backend] = []


def available() -> Backend:
    """The best back end that works here, found by trying, once a process; raises `no-sandbox` with what to do."""
    with _lock:
        if not _chosen:
            _chosen.append(_find())
        return _chosen[0]


def _find() -> Backend:
    reasons = []
    for backend in candidates():
        if why := trouble(backend):
            reasons.append(f"{backend.name}: {why}")
        else:
            return backend
    raise ExosuitError(
        "no-sandbox",
        f"nothing here can hold a check in ({'; '.join(reasons) or 'this is not Linux'})",
        "install bubblewrap (apt install bubblewrap) and allow user namespaces (sysctl user.max_user_namespaces; in a "
        "container, run it with --security-opt seccomp=unconfined), or use Linux 6.12 or newer with Landlock on",
    )


def candidates() -> list[Backend]:
    """Back ends in the order in which they are tried."""
    if sys.platform != "linux":
        return []
    bwrap = shutil.which("bwrap")
    return [*([Backend("bubblewrap", bwrap)] if bwrap else []), LANDLOCK, BARE_LANDLOCK]


def trouble(backend: Backend) -> str:
    """Why a back end does not work here; empty if it does, which a real run shows."""
    if not backend.bwrap:
        version = kernel.landlock_version()
        if not version:
            return "the kernel has no Landlock, or has it off"
        if not backend.namespaces and os.getuid() == 0:
            return "without user namespaces root cannot be held in"
        if not backend.namespaces and version < _BARE_LANDLOCK:
            return f"user namespaces are off, and Landlock is version {version} where {_BARE_LANDLOCK} is needed"
        if not backend.namespaces and not seccomp.program(alone=False):
            return f"there is no seccomp filter for {os.uname().machine}"
    with tempfile.TemporaryDirectory(prefix="exosuit-trial-") as folder:
        report = _trial(backend, folder)
    return str(report.get("error", "")) or ("" if report.get("code") == 0 else f"a trial ended with {report['code']}")


def _trial(backend: Backend, folder: str) -> dict[str, Any]:
    tree, scratch = Path(folder) / "tree", Path(folder) / "scratch"
    tree.mkdir()
    scratch.mkdir()
    return _kept(_plan(Job(("true",), tree), backend, str(scratch)), None)


@contextlib.contextmanager
def scratch_folder() -> Iterator[str]:
    """An empty folder for one run, cleared away afterwards, or at the next run if this process is killed before."""
    runs = state_root() / "runs"
    runs.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = tempfile.mkdtemp(dir=runs)
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(held, fcntl.LOCK_SH)
    try:
        _clear_abandoned(runs)
        yield folder
    finally:
        clear(folder)
        os.close(held)


_ABANDONED_SECONDS = 60.0


def _clear_abandoned(runs: Path) -> None:
    """Remove folders that no living process holds; one that was just made may not be held yet, hence the age."""
    for entry in os.scandir(runs):
        with contextlib.suppress(OSError):
            if time.time() - entry.stat(follow_symlinks=False).st_mtime < _ABANDONED_SECONDS:
                continue
            descriptor = os.open(entry.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                clear(entry.path)
            finally:
                os.close(descriptor)


def clear(folder: str) -> None:
    """Remove a folder that a check wrote in: no link is followed, no depth and no mode stands in the way."""
    with contextlib.suppress(OSError):
        os.rmdir(folder)
        return
    with contextlib.suppress(OSError, RecursionError):
        shutil.rmtree(folder)
        return
    for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
        if os.path.lexists(folder):
            subprocess.run([*command, "--", folder], stderr=subprocess.DEVNULL, check=False)
