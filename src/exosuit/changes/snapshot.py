"""Snapshots: the state of a folder as a tree in the shadow repository, byte for byte, never touching the folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from exosuit.changes.git import attempt, git
from exosuit.changes.repository import Repository
from exosuit.changes.shadow import Shadow
from exosuit.core.errors import ExosuitError

LEFTOVERS = ".exosuit-*"
"""Temporary files of an apply that was cut off: never part of a snapshot."""


def snapshot_worktree(shadow: Shadow, repository: Repository) -> str:
    """The tree of the working tree as it is now: tracked and untracked files, ignored ones left out.

    Starts from a copy of the user's index, whose file times spare re-reading what has not changed (gitformat-index);
    the index itself, staged content included, is not touched.
    """
    env, flags = _environment(shadow, repository.root), []
    if not repository.has_file_modes():
        flags = ["-c", "core.fileMode=false"]
    _write_exclusions(shadow, repository.exclusions())
    with _index() as index:
        seeded = _seed(index, repository)
        arguments = [*flags, "add", "-A", "--ignore-errors", "."]
        done = attempt(arguments, cwd=repository.root, env={**env, "GIT_INDEX_FILE": str(index)})
        if done.returncode == 128 and seeded:  # a split or damaged index cannot be copied: start from HEAD
            index.unlink()
            if repository.has_commits():
                git(["read-tree", repository.tree("HEAD")], env={**env, "GIT_INDEX_FILE": str(index)})
            done = attempt(arguments, cwd=repository.root, env={**env, "GIT_INDEX_FILE": str(index)})
        _raise_unless_harmless(done)
        return git(["write-tree"], env={**env, "GIT_INDEX_FILE": str(index)}).decode().strip()


def snapshot_folder(shadow: Shadow, folder: Path) -> str:
    """The tree of a plain folder: everything but `.git`."""
    if not folder.is_dir():
        raise ExosuitError("no-such-folder", f"{folder} is not a folder", "name an existing folder")
    _write_exclusions(shadow, "")
    with _index() as index:
        env = {**_environment(shadow, folder), "GIT_INDEX_FILE": str(index)}
        _raise_unless_harmless(attempt(["add", "-A", "-f", "--ignore-errors", "."], cwd=folder, env=env))
        return git(["write-tree"], env=env).decode().strip()


def _environment(shadow: Shadow, folder: Path) -> dict[str, str]:
    return {"GIT_DIR": str(shadow.git_dir), "GIT_WORK_TREE": str(folder)}


def _raise_unless_harmless(done: subprocess.CompletedProcess[bytes]) -> None:
    """Git fails on what it would not have listed either: an embedded repository without commits. All else counts."""
    if done.returncode == 0:
        return
    words = done.stderr.decode("utf-8", "replace").splitlines()
    harmless = (
        "does not have a commit checked out",
        "adding files failed",
        "unable to index file",
        "hint:",
        "warning:",
    )
    serious = [line for line in words if line.strip() and not any(mark in line for mark in harmless)]
    if serious:
        raise ExosuitError(
            "unreadable-file", serious[0].removeprefix("error: "), "make it readable, or let git ignore it"
        )


@contextlib.contextmanager
def _index() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="exosuit-index-") as folder:
        yield Path(folder) / "index"


def _seed(index: Path, repository: Repository) -> bool:
    """Copy the user's index with its time stamp: git tells racily clean entries by it."""
    try:
        shutil.copy2(repository.git_dir / "index", index)
    except FileNotFoundError:
        return False
    return True


def _write_exclusions(shadow: Shadow, rules: str) -> None:
    path = shadow.git_dir / "info" / "exclude"
    text = f"{rules}\n{LEFTOVERS}\n"
    if not path.exists() or path.read_text(encoding="utf-8", errors="surrogateescape") != text:
        temporary = path.with_name(f"exclude.{os.getpid()}.tmp")
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape")
        temporary.replace(path)
