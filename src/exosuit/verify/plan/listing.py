"""The regular files of a snapshot, by path: what else there is beside what a change touches."""

from __future__ import annotations

from exosuit.changes.git import git
from exosuit.changes.shadow import Shadow

_REGULAR = (b"100644", b"100755")


def regular_files(shadow: Shadow, tree: str) -> dict[bytes, str]:
    """Blob ids by path, in the order of paths."""
    printed = git(["ls-tree", "-r", "-z", "--full-tree", tree], env={"GIT_DIR": str(shadow.git_dir)})
    found = {}
    for entry in printed.split(b"\0"):
        if entry.startswith(_REGULAR):
            facts, _tab, path = entry.partition(b"\t")
            found[path] = facts.split(b" ")[2].decode("ascii")
    return found
