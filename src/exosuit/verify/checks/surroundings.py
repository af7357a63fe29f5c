"""What a snapshot is run with: the workspace's Python as it is, or an environment made for what it depends on."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from exosuit.core.errors import ExosuitError
from exosuit.verify.checks.built import Built
from exosuit.verify.checks.config import Settings
from exosuit.verify.checks.dependencies import Dependencies, Wanted, dependencies
from exosuit.verify.checks.environment import Environment

_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Expected(Environment):
    """An environment that is not there yet: as far as names tell, it has what is asked for."""

    names: frozenset[str] = frozenset()

    def has(self, module: str) -> bool:
        """Whether a distribution of that name is asked for; of plugins, what they plug into."""
        return any(name == module or name.startswith(f"{module}-") for name in self.names)


class Surroundings:
    """What the snapshots of one workspace are run with. `python` is the workspace's own, `read` reads a snapshot."""

    def __init__(
        self, python: Environment | None, settings: Settings, read: Callable[[str, str], bytes | None], built: Built
    ) -> None:
        self._python, self._settings, self._built = python, settings, built
        wanted = Wanted(settings.extras, settings.groups, settings.requirements)
        self._needed = lru_cache(maxsize=64)(lambda tree: dependencies(lambda path: read(tree, path), wanted))

    def expected(self, tree: str) -> Environment | None:
        """What checks can be found for; nothing is made."""
        needed = self._asked(tree)
        if self._python is None or needed is None:
            return self._python
        names = (_NAME.match(one) for one in needed.requirements)
        known = frozenset(re.sub(r"[-_.]+", "-", found[0]).lower() for found in names if found)
        return Expected(self._python.python, "made for what the snapshot depends on", known)

    def id(self, tree: str) -> str:
        """The same as long as a snapshot is run with the same; nothing is made."""
        if self._python is None:
            return ""
        needed = self._asked(tree)
        if needed is None:
            return self._python.id
        real = os.path.realpath(self._python.python)
        return hashlib.sha256(repr((real, os.stat(real).st_mtime_ns, needed)).encode()).hexdigest()[:16]

    def of(self, tree: str, stop: threading.Event | None) -> tuple[Environment | None, tuple[Path, ...]]:
        """What a snapshot is run with, made if it has to be, and folders of metadata for its path.

        Raises `unreadable-dependencies`, `cannot-install`.
        """
        if self._python is None or not self._settings.build:
            return self._python, ()
        needed = self._needed(tree)
        made = self._built.environment(self._python.python, needed, stop)
        return made, (self._built.metadata(needed.project),) if needed.project else ()

    def _asked(self, tree: str) -> Dependencies | None:
        """What a snapshot depends on; None where nothing is made, or what it says cannot be read."""
        if not self._settings.build:
            return None
        try:
            return self._needed(tree)
        except ExosuitError:
            return Dependencies(("?",))
