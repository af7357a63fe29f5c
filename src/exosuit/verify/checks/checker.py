"""Runs a workspace's checks on its snapshots: answered from the cache where known, else run in the sandbox."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from exosuit.changes.workspace import Workspace
from exosuit.core.errors import ExosuitError
from exosuit.core.places import state_root
from exosuit.verify.checks import environment as environments
from exosuit.verify.checks.built import Built
from exosuit.verify.checks.check import Check, Result
from exosuit.verify.checks.config import FILE, Settings, settings
from exosuit.verify.checks.environment import Environment
from exosuit.verify.checks.found import found
from exosuit.verify.checks.judge import judged, settled
from exosuit.verify.checks.results import Results
from exosuit.verify.checks.surroundings import Surroundings
from exosuit.verify.checks.trace import Trace, told_trace
from exosuit.verify.layout import Layouts
from exosuit.verify.sandbox.job import Job, Limits, Outcome
from exosuit.verify.sandbox.run import run

_INJECTED = Path(__file__).parent / "injected"
_PROGRAMS = ("node", "cargo", "go", "make", "sh")
_SAID = ("cannot-start", "cannot-install", "unreadable-dependencies")
"""Errors that say in words why a check cannot tell."""
_ADDED = "-p exosuit_report -p no:cacheprovider"
RERUNS = 3
MOST_RERUN = 200
"""Failing tests that are run again by their ids; with more, the whole check is."""


@dataclass
class Checker:
    """The checks of one workspace. `trusted` is the tree whose `exosuit.toml` counts: never that of what is checked.

    `reruns` is how often failing tests are run again, where that can be asked for; a whole check is run again once.
    """

    workspace: Workspace
    trusted: str
    reruns: int = RERUNS

    @cached_property
    def settings(self) -> Settings:
        return settings(self._read(self.trusted, FILE))

    @cached_property
    def environment(self) -> Environment | None:
        return environments.find(self.workspace.root, self.settings.python, os.environ)

    @cached_property
    def surroundings(self) -> Surroundings:
        return Surroundings(self.environment, self.settings, self._read, Built(state_root() / "environments"))

    @cached_property
    def tools(self) -> tuple[dict[str, str], tuple[Path, ...]]:
        return environments.tools(os.environ)

    @cached_property
    def results(self) -> Results:
        return Results(self.workspace.state / "checks.db")

    @cached_property
    def layouts(self) -> Layouts:
        return Layouts(self.workspace.state / "layouts", self.workspace.shadow)

    def checks(self, tree: str) -> list[Check]:
        """The checks of a snapshot: those of `exosuit.toml`, else what is found in it."""
        if self.settings.checks:
            return list(self.settings.checks)
        paths = [path.decode("utf-8", "surrogateescape") for path, _, _ in self.workspace.shadow.listing(tree)]
        return found(paths, lambda path: self._read(tree, path), self.surroundings.expected(tree), self._has_program)

    def check(self, tree: str, check: Check, stop: threading.Event | None = None) -> Result:
        """How a check goes on a snapshot; run at most once for the same environment, twice if it fails."""
        if check.lacking:
            return Result("cannot-tell", check.lacking)
        known = self.known(tree, check)
        if known is not None:
            return known
        result = self._run(tree, check, stop)
        for _ in range(self.reruns):
            if result.verdict != "fail" or (stop is not None and stop.is_set()):
                break
            again = self.narrowed(check, result.failing)
            result = settled(result, self._run(tree, again, stop))
            if again is check:
                break
        if result.verdict != "cannot-tell" or result.flaky:
            self.results.put(tree, check.id, self.environment_id(tree), result)
        return result

    def known(self, tree: str, check: Check) -> Result | None:
        """How a check went on a snapshot in the same environment, if that is known; nothing is run."""
        return self.results.get(tree, check.id, self.environment_id(tree))

    def traced(self, tree: str, check: Check, stop: threading.Event | None = None) -> Trace:
        """What a run of a check touches of a snapshot; empty where its tool cannot be asked, or tells nothing."""
        if check.lacking or check.name != "pytest":
            return Trace()
        tracing = replace(check, env={**check.env, "PYTEST_ADDOPTS": f"{_ADDED} -p exosuit_trace"})
        try:
            return told_trace(self.outcome(tree, tracing, stop).files)
        except ExosuitError as error:
            if error.code not in _SAID:
                raise
            return Trace()

    def outcome(self, tree: str, check: Check, stop: threading.Event | None = None) -> Outcome:
        """One run of a check's command on a snapshot, as it went.

        Raises `cannot-start`, `cannot-install`, `unreadable-dependencies`.
        """
        with self.layouts.laid_out(tree) as folder:
            return run(self._job(folder, check, *self.surroundings.of(tree, stop)), stop=stop)

    def _run(self, tree: str, check: Check, stop: threading.Event | None) -> Result:
        with self.layouts.laid_out(tree) as folder:
            try:
                outcome = self.outcome(tree, check, stop)
            except ExosuitError as error:
                if error.code not in _SAID:
                    raise
                return Result("cannot-tell", error.message)
            return judged(check, outcome, lambda module: _has_module(folder, module))

    def _job(self, folder: Path, check: Check, environment: Environment | None, metadata: tuple[Path, ...]) -> Job:
        told, readable = self.tools
        root, command = self.workspace.root, check.command
        if check.found and environment is not None and self.environment is not None:
            own = str(self.environment.python)  # the one that the check was found for stands for the one it is run with
            command = tuple(str(environment.python) if word == own else word for word in command)
        paths = [str(_INJECTED), *([str(root / "src")] if (folder / "src").is_dir() else []), *map(str, metadata)]
        env = {**told, "PYTHONPATH": os.pathsep.join(paths), "PYTEST_ADDOPTS": _ADDED}
        lent = [
            *readable,
            _INJECTED,
            *metadata,
            root / "node_modules",
            *(root / path for path in self.settings.readable),
        ]
        if environment is not None:
            lent += environment.readable
            lent += [path for path in environment.added if not self._is_inside(path)]
            env["PATH"] = os.pathsep.join([str(environment.python.parent), env["PATH"]])
            env |= {"VIRTUAL_ENV": str(environment.prefix)} if environment.is_venv else {}
        limits = Limits(seconds=check.timeout, cpu=check.timeout * (os.cpu_count() or 1))
        env |= check.env
        return Job(command, folder, root, env, tuple(lent), check.network, limits)

    def _is_inside(self, path: Path) -> bool:
        """Whether a folder is of the workspace, whose snapshot stands there, or so high that it must not be lent."""
        root = self.workspace.root
        return path == root or root in path.parents or environments.is_private(path)

    def narrowed(self, check: Check, tests: Sequence[str]) -> Check:
        """The same check for these tests only, where the tool can be told; else the whole of it."""
        if check.name == "pytest" and check.found and 0 < len(tests) <= MOST_RERUN:
            return replace(check, command=(*check.command, *tests))
        return check

    def environment_id(self, tree: str) -> str:
        """The same as long as the same programs and packages are there to run checks with."""
        told, _ = self.tools
        programs = [path for name in _PROGRAMS if (path := shutil.which(name, path=told["PATH"]))]
        packages = str(self.workspace.root / "node_modules" / ".package-lock.json")
        times = [(path, os.stat(path).st_mtime_ns) for path in (*programs, packages) if os.path.exists(path)]
        python = self.surroundings.id(tree)
        return hashlib.sha256(repr((python, sorted(told.items()), times)).encode()).hexdigest()[:16]

    def _has_program(self, name: str) -> bool:
        folders = [str(self.environment.python.parent)] if self.environment else []
        return shutil.which(name, path=os.pathsep.join([*folders, self.tools[0]["PATH"]])) is not None

    def _read(self, tree: str, path: str) -> bytes | None:
        entry = self.workspace.shadow.entry(tree, os.fsencode(path))
        return None if entry is None or entry[0] not in (0o100644, 0o100755) else self.workspace.shadow.blob(entry[1])


def _has_module(folder: Path, module: str) -> bool:
    return any(
        (base / module).is_dir() or (base / f"{module}.py").is_file()
        for base in (folder, folder / "src", folder / "tests")
    )
