"""A session: who calls, on which workspace, how progress is told and how to stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from exosuit.changes.delivery import recover_workspace
from exosuit.changes.workspace import Workspace
from exosuit.core.progress import Progress, tell


@dataclass
class Session:
    """One caller on one workspace; a face makes it, every command gets it.

    `actor` is written into each event (`cli`, `gui`, `http`, `mcp`, `terminal`). The workspace is opened on first use
    and kept, so a server holds one session per face for its whole life: `Workspace` is safe to share between threads.
    """

    root: Path
    actor: str = "cli"
    progress: Progress = field(default=tell)

    @cached_property
    def workspace(self) -> Workspace:
        workspace = Workspace.open(self.root)
        recover_workspace(workspace)
        return workspace
