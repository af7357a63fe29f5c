"""Environments made for sets of dependencies: each once, kept for all workspaces, and shared by all snapshots.

Only wheels are installed, by the environment's own pip, before anything of them is there: no code of a package runs
outside the sandbox. What is made is never changed; the least recently used are taken away.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exosuit.core.errors import ExosuitError
from exosuit.verify.checks.dependencies import Dependencies, Project
from exosuit.verify.checks.environment import Environment

KEPT = 16
"""Environments kept; those used last."""
SECONDS = 900.0
_DONE = "exosuit-complete"


@dataclass(frozen=True)
class Built:
    """The environments below a folder."""

    folder: Path

    def environment(self, python: Path, wanted: Dependencies, stop: threading.Event | None = None) -> Environment:
        """The environment of a set for an interpreter, made if it is not there.

        Raises `cannot-install` with what pip said, `stopped`.
        """
        real = Path(os.path.realpath(python))
        place = self.folder / "sets" / f"{wanted.id}-{_version(real)}"
        with self._held(place):
            if not (place / _DONE).exists():
                shutil.rmtree(place, ignore_errors=True)
                try:
                    self._make(place, real, wanted, stop)
                except BaseException:
                    shutil.rmtree(place, ignore_errors=True)
                    raise
            os.utime(place / _DONE)
        self._forget()
        return Environment(place / "bin" / "python", "made for these dependencies")

    def metadata(self, project: Project) -> Path:
        """A folder for the path in which the project is as if it were installed: its name, version, entry points."""
        place = self.folder / "projects" / project.id
        info = place / f"{project.name.replace('-', '_')}-{project.version}.dist-info"
        if not info.exists():
            draft = info.with_name(f".{os.getpid()}-{threading.get_ident()}")
            draft.mkdir(parents=True, exist_ok=True)
            (draft / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {project.name}\nVersion: {project.version}\n", "utf-8"
            )
            lines = [
                line for group, names in project.entry_points for line in (f"[{group}]", *map(" = ".join, names), "")
            ]
            (draft / "entry_points.txt").write_text("\n".join(lines), "utf-8")
            with contextlib.suppress(OSError):  # another process was quicker
                draft.rename(info)
            shutil.rmtree(draft, ignore_errors=True)
        return place

    def _make(self, place: Path, python: Path, wanted: Dependencies, stop: threading.Event | None) -> None:
        _run([str(python), "-I", "-m", "venv", str(place)], stop, "is python3-venv installed?")
        if wanted.requirements:
            listed = place / "exosuit-requirements.txt"
            listed.write_text("\n".join(wanted.requirements) + "\n", "utf-8")
            own = [str(place / "bin" / "python"), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input"]
            install = [*own, "install", "--quiet", "--only-binary=:all:", "-r", str(listed)]
            _run(
                install,
                stop,
                "only wheels are installed; check the network, pip's settings, and the versions asked for",
            )
        (place / _DONE).touch()

    @contextlib.contextmanager
    def _held(self, place: Path) -> Iterator[None]:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(f"{place}.lock", "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _forget(self) -> None:
        made = [path.parent for path in (self.folder / "sets").glob(f"*/{_DONE}")]
        for place in sorted(made, key=lambda path: (path / _DONE).stat().st_mtime, reverse=True)[KEPT:]:
            with open(f"{place}.lock", "wb") as file, contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                (place / _DONE).unlink(missing_ok=True)
                shutil.rmtree(place, ignore_errors=True)


def _version(python: Path) -> str:
    """Tells interpreters apart by where they are and what they are."""
    status = python.stat()
    return f"{python.name}-{status.st_ino:x}-{status.st_mtime_ns:x}"


def _run(command: list[str], stop: threading.Event | None, hint: str) -> None:
    """Run a program of ours to its end; raises `cannot-install` with its last line."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=env,
        start_new_session=True,
    ) as process:
        waited, output = 0.0, b""
        while True:
            try:
                output, _ = process.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                waited += 0.2
            if waited > SECONDS or (stop is not None and stop.is_set()):
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                why = "it was stopped" if waited <= SECONDS else f"pip took longer than {SECONDS:.0f} s"
                raise ExosuitError("cannot-install", why, hint)
    if process.returncode:
        said = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
        wrong = next((line for line in said if line.startswith("ERROR:")), said[-1] if said else "it said nothing")
        raise ExosuitError("cannot-install", wrong.removeprefix("ERROR: ")[:300], hint)
