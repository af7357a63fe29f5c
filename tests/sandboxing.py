"""Sandboxed runs for tests: as the user who runs the tests and, where that is root, as a plain user too.

Started as a program, this is the plain user's side: it takes jobs on standard input and answers with outcomes.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from exosuit.verify.sandbox.job import Job, Limits, Outcome
from exosuit.verify.sandbox.run import BARE_LANDLOCK, Backend, candidates, run

PLAIN = 65534
QUICK = Limits(seconds=20, memory=1 << 30, processes=100, output=8 << 20, disk=64 << 20, files=5000)
USERS = ["ourselves", *(["a plain user"] if os.getuid() == 0 else [])]
BACKENDS = {backend.name: backend for backend in candidates()}
PAIRS = [
    (user, backend.name)
    for user in USERS
    for backend in BACKENDS.values()
    if backend != BARE_LANDLOCK or user != "ourselves" or os.getuid()
]
"""Every user with every back end that is theirs to use: root is not held without namespaces."""
PLAIN_WORDS = ("setpriv", f"--reuid={PLAIN}", f"--regid={PLAIN}", "--clear-groups", "sh", "-c", 'exec "$@"', "sh")
"""setpriv itself still has root's rights while it starts a program: hence the shell in between."""


class Runner:
    """Runs jobs as one user; `tree` is a small tree of that user's, `home` a folder of theirs that no run may see."""

    def __init__(self, folder: Path, user: str) -> None:
        self.words: tuple[str, ...] = () if user == "ourselves" else PLAIN_WORDS
        self.tree, self.home = folder / "tree", folder / "home"
        for path in (self.tree, self.home / ".ssh"):
            path.mkdir(parents=True)
        (self.tree / "a.txt").write_text("as it was\n")
        (self.home / ".ssh" / "id_ed25519").write_text("a private key\n")
        self._server: subprocess.Popen[str] | None = None
        if self.words:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, PLAIN, PLAIN)
            self._server = self._started(folder)

    def run(self, job: Job, backend: Backend) -> Outcome:
        if self._server is None:
            return run(job, backend)
        assert self._server.stdin is not None and self._server.stdout is not None
        print(json.dumps([_told(job), asdict(backend)]), file=self._server.stdin, flush=True)
        answer = json.loads(self._server.stdout.readline())
        if "raised" in answer:
            raise AssertionError(answer["raised"])
        answer["files"] = {name: base64.b64decode(data) for name, data in answer["files"].items()}
        return Outcome(**answer | {"output": base64.b64decode(answer["output"]), "dropped": tuple(answer["dropped"])})

    def start(self, *command: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a process of this user's outside any sandbox."""
        return subprocess.Popen([*self.words, *command], env={"PATH": os.defpath, **env}, stdout=subprocess.DEVNULL)

    def close(self) -> None:
        if self._server is not None:
            self._server.__exit__(None, None, None)

    def _started(self, folder: Path) -> subprocess.Popen[str]:
        site = [path for path in sys.path if path.endswith("site-packages")]
        root = Path(__file__).resolve().parent.parent
        path = os.pathsep.join([str(root / "src"), str(root), *site])
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "EXOSUIT_STATE": str(folder / "state")}
        return subprocess.Popen(
            [*self.words, interpreter(), "-B", str(Path(__file__).resolve())], env=env, text=True, cwd=folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip


def interpreter() -> str:
    """A Python, new enough, that the plain user can start."""
    enough = "import sys; sys.exit(sys.version_info[:2] != " + repr(tuple(sys.version_info[:2])) + ")"
    for program in (sys.executable, f"/usr/bin/python3.{sys.version_info[1]}", "/usr/local/bin/python3"):
        tried = subprocess.run([*PLAIN_WORDS, program, "-c", enough], capture_output=True, cwd="/")
        if tried.returncode == 0:
            return program
    raise RuntimeError("the plain user can start no Python of this version")


@contextmanager
def runner(user: str) -> Iterator[Runner]:
    """A runner in a folder that the plain user can reach, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="exosuit-sandbox-"))
    folder.chmod(0o755)
    made = Runner(folder, user)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder)


@dataclass
class Held:
    """One back end and one user: what every attack is tried against."""

    runner: Runner
    backend: Backend

    def __call__(self, script: str, *, limits: Limits = QUICK, **job: Any) -> Outcome:
        """Run a shell script in the sandbox."""
        made = Job(("sh", "-c", script), self.runner.tree, limits=limits, **job)
        return self.runner.run(made, self.backend)

    def python(self, script: str, *, limits: Limits = QUICK, **job: Any) -> Outcome:
        """Run a Python program in the sandbox, with the system's interpreter."""
        made = Job(("python3", "-I", "-S", "-c", script), self.runner.tree, limits=limits, **job)
        return self.runner.run(made, self.backend)


def _told(job: Job) -> dict[str, Any]:
    plain = asdict(job)
    return plain | {name: str(plain[name]) for name in ("tree", "at")} | {"readable": [str(p) for p in job.readable]}


def _serve() -> None:
    for line in sys.stdin:
        told, backend = json.loads(line)
        limits = Limits(**told.pop("limits"))
        command, readable = tuple(told.pop("command")), tuple(map(Path, told.pop("readable")))
        job = Job(command, Path(told.pop("tree")), Path(told.pop("at")), readable=readable, **told)
        try:
            outcome = asdict(run(replace(job, limits=limits), Backend(**backend)))
        except Exception as error:  # noqa: BLE001  told to the test, which fails by it
            print(json.dumps({"raised": f"{type(error).__name__}: {error}"}), flush=True)
            continue
        outcome["output"] = base64.b64encode(outcome["output"]).decode()
        outcome["files"] = {name: base64.b64encode(data).decode() for name, data in outcome["files"].items()}
        print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    _serve()
