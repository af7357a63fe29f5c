"""The files that a check looks at: what git tracks or would track."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

BUNDLE = "src/exosuit/faces/web/"
BUILT = (BUNDLE, "web/src/api.ts")
"""What a tool made from sources elsewhere in the tree: the web bundle, and the client's types from the OpenAPI."""


def files(root: Path, *suffixes: str) -> list[Path]:
    """Files under `root` with one of these suffixes (all, if none is given), ignored and built ones left out.

    A checkout that belongs to another user, as in some containers, is trusted by name: git would refuse it.
    """
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={root}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    names = sorted(set(listed.stdout.decode("utf-8", "surrogateescape").split("\0")) - {""})
    kept = (root / name for name in names if not name.startswith(BUILT) and (not suffixes or name.endswith(suffixes)))
    return [path for path in kept if path.is_file() and not path.is_symlink()]
