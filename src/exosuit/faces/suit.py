"""What every face is made of: the registry, and sessions to call it with; imported when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exosuit.core.progress import Progress, tell
from exosuit.faces.nouns import NOUNS

if TYPE_CHECKING:
    from exosuit.core.registry import Registry


@dataclass(frozen=True)
class Suit:
    """The seam below the faces.

    `nouns` are listed without importing a command; `load()` gives the registry; `session(root, actor, progress)` makes
    a caller on a workspace, whose `workspace.ledger` is what watchers of events follow.
    """

    nouns: Mapping[str, str]
    load: Callable[[], Registry]
    session: Callable[[Path, str, Progress], Any]

    def caller(self, folder: str | None, actor: str, progress: Progress = tell) -> Any:
        """A session on the workspace that `-C` named, or on the one that the current folder is in."""
        return self.session(Path(folder or ".").absolute(), actor, progress)


def _load() -> Registry:
    from exosuit.commands.catalogue import load

    return load()


def _session(root: Path, actor: str, progress: Progress) -> Any:
    from exosuit.commands.session import Session

    return Session(root, actor, progress)


REAL = Suit(NOUNS, _load, _session)
"""The suit over the commands of the distribution."""
