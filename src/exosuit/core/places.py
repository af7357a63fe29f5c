"""Where state lives: outside the workspace, one folder each, readable by its owner only."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from platformdirs import user_state_path


def state_root() -> Path:
    """The folder of all workspaces' state; `EXOSUIT_STATE` moves it (tests, portable set-ups)."""
    override = os.environ.get("EXOSUIT_STATE")
    return Path(override).absolute() if override else user_state_path("exosuit", appauthor=False)


def workspace_state(root: Path) -> Path:
    """The state folder of the workspace at `root`, made on first use with mode 0700.

    Named after the folder for people and after its real path for uniqueness: `flask-3f2a9c01d4e7`.
    """
    real = os.path.realpath(root)
    digest = hashlib.sha256(os.fsencode(real)).hexdigest()[:12]
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in os.path.basename(real)) or "root"
    folder = state_root() / "workspaces" / f"{name[:40]}-{digest}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
