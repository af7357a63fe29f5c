"""What stands at the paths of some steps, with names told apart that a case-insensitive file system takes as one."""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Sequence

from exosuit.changes.entries import Entry, Obstacle, Standing, ancestors, parent_of
from exosuit.changes.safepath import folded
from exosuit.changes.threeway import Step
from exosuit.changes.worktree import Worktree
from exosuit.core.errors import ExosuitError
from exosuit.core.escapes import path_text


def survey(
    tree: Worktree, steps: Iterable[Step], listed: dict[bytes, set[bytes]] | None = None
) -> dict[bytes, Standing]:
    """What stands at every path and origin of `steps`. `listed` carries folder listings from one call to the next."""
    steps = list(steps)
    listed = {} if listed is None else listed
    origins = {step.origin for step in steps}
    replaced = {step.origin for step in steps if step.after is not None}
    found: dict[bytes, Standing] = {}
    for path in {path for step in steps for path in (step.path, step.origin)}:
        here = tree.read(path)
        impossible = isinstance(here, Obstacle) and here.kind == "name"
        other = None if impossible else _other_spelling(tree, path, listed)
        if other is not None:
            # A rename that changes case only: the other spelling goes away before this one is written.
            here = None if other in origins and other != path else Obstacle("spelling", other)
        elif isinstance(here, Entry) and path in replaced and not _may_keep_owner(tree, path):
            here = Obstacle("owner", path)
        found[path] = here
    return found


def _other_spelling(tree: Worktree, path: bytes, listed: dict[bytes, set[bytes]]) -> bytes | None:
    """The path that really stands where `path` leads, if it is not spelled like that."""
    for prefix in (*reversed(ancestors(path)), path):
        folder, name = parent_of(prefix), prefix.rpartition(b"/")[2]
        if folder not in listed:
            listed[folder] = set(tree.names(folder)) if tree.is_folder(folder) else set()
        if name in listed[folder]:
            continue
        if tree.status(prefix) is None:
            return None
        names = set(tree.names(folder))  # it may have appeared just now
        twins = [other for other in names - {name} if folded(other) == folded(name)]
        if name not in names and twins:
            return (folder + b"/" if folder else b"") + twins[0]
    return None


def _may_keep_owner(tree: Worktree, path: bytes) -> bool:
    """Whether a new file can be given the owner and group of the one at `path`."""
    found = tree.status(path)
    if found is None or os.geteuid() == 0 or not stat.S_ISREG(found.st_mode):
        return True
    return found.st_uid == os.geteuid() and found.st_gid in {os.getegid(), *os.getgroups()}


def check_collisions(tree: Worktree, steps: Sequence[Step]) -> None:
    """Raise `names-collide` if two paths of the result are one to this file system."""
    alike: defaultdict[str, set[bytes]] = defaultdict(set)
    for step in steps:
        if step.after is not None:
            for path in (step.path, *ancestors(step.path)):
                alike[folded(path)].add(path)
    for paths in alike.values():
        if len(paths) > 1 and _folds_case(tree, parent_of(min(paths))):
            names = " and ".join(path_text(path) for path in sorted(paths))
            raise ExosuitError(
                "names-collide",
                f"{names} are one name to this file system",
                "reject one of them, or apply the change on a case-sensitive file system",
            )


def _folds_case(tree: Worktree, folder: bytes) -> bool:
    """Whether a folder (or the nearest one above that has a name to try with) finds names in the other case."""
    while True:
        names = set(tree.names(folder)) if tree.is_folder(folder) else set()
        for name in names:
            if name.swapcase() not in (name, *names):
                return tree.status((folder + b"/" if folder else b"") + name.swapcase()) is not None
        if not folder:
            return False
        folder = parent_of(folder)
