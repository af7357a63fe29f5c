"""Snapshots: the state of a folder as a tree in the shadow repository, byte for byte, never touching the folder."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from exosuit.changes.git import attempt, git
from exosuit.changes.repository import Repository
from exosuit.changes.shadow import Shadow
from exosuit.core.errors import ExosuitError
from exosuit.core.places import state_root

LEFTOVERS = ":(exclude,glob)**/.exosuit-????????????-*"
"""Temporary files of an apply that was cut off: never part of a snapshot."""


def snapshot_worktree(shadow: Shadow, repository: Repository) -> str:
    """The tree of the working tree as it is now: tracked and untracked files, ignored ones left out.

    Starts from a copy of the user's index, whose file times spare re-reading what has not changed (gitformat-index);
    the index itself, staged content included, is not touched.
    """
    flags = repository.disk_settings()
    with _scratch() as scratch:
        index, excludes = scratch / "index", scratch / "exclude"
        _write(excludes, repository.exclusions())
        env = {**_environment(shadow, repository.root), "GIT_INDEX_FILE": str(index)}
        add = [*flags, "-c", f"core.excludesFile={excludes}", "add", "-A", "--sparse", "--ignore-errors", "--",
               *_everything(repository.root)]  # fmt: skip
        copied = _copy_index(index, repository)
        done = attempt(add, cwd=repository.root, env=env)
        if done.returncode == 128 and copied:  # an index in parts, or a damaged one, cannot be copied
            index.unlink()
            _rebuild_index(repository, env)
            done = attempt(add, cwd=repository.root, env=env)
        _raise_unless_harmless(done)
        return git(["write-tree"], env=env).decode().strip()


def snapshot_folder(shadow: Shadow, folder: Path) -> str:
    """The tree of a plain folder: everything but `.git`."""
    if not folder.is_dir():
        raise ExosuitError("no-such-folder", f"{folder} is not a folder", "name an existing folder")
    with _scratch() as scratch:
        env = {**_environment(shadow, folder), "GIT_INDEX_FILE": str(scratch / "index")}
        add = ["add", "-A", "-f", "--ignore-errors", "--", *_everything(folder)]
        _raise_unless_harmless(attempt(add, cwd=folder, env=env))
        return git(["write-tree"], env=env).decode().strip()


def _environment(shadow: Shadow, folder: Path) -> dict[str, str]:
    return {"GIT_DIR": str(shadow.git_dir), "GIT_WORK_TREE": str(folder), "GIT_LITERAL_PATHSPECS": "0"}


def _everything(folder: Path) -> list[str]:
    """Pathspecs for all of a folder but what an apply left behind and, where it lies inside, our own state."""
    specs = [".", LEFTOVERS]
    own, top = state_root().resolve(), folder.resolve()
    if own != top and own.is_relative_to(top):
        specs.append(f":(exclude,literal){own.relative_to(top)}")
    return specs


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
    if not serious:
        return
    if ours := [line for line in words if any(mark in line for mark in _STORE_FAILS)]:
        raise ExosuitError(
            "store-write-failed",
            f"cannot keep a snapshot ({ours[0].removeprefix('error: ').removeprefix('fatal: ')})",
            "free some space, check the permissions of the state folder, or set EXOSUIT_STATE; nothing was changed",
        )
    raise ExosuitError("unreadable-file", serious[0].removeprefix("error: "), "make it readable, or let git ignore it")


_STORE_FAILS = (
    "repository database",
    "unable to write",
    "No space left",
    "File too large",
    "Disk quota",
    "unable to create temporary",
    "index.lock",
)
"""What git says when it cannot write, as against when it cannot read."""


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    try:
        made = tempfile.TemporaryDirectory(prefix="exosuit-index-")
    except OSError as error:
        raise _no_scratch(error) from error
    with made as folder:
        yield Path(folder)


def _no_scratch(error: OSError) -> ExosuitError:
    return ExosuitError("no-scratch-space", f"cannot write temporary files ({error})", "free some space, or set TMPDIR")


def _copy_index(index: Path, repository: Repository) -> bool:
    """Copy the user's index with its time stamp: git tells racily clean entries by it."""
    try:
        shutil.copy2(repository.git_dir / "index", index)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _no_scratch(error) from error
    return True


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise _no_scratch(error) from error


def _rebuild_index(repository: Repository, env: dict[str, str]) -> None:
    """Write anew what the user's index lists, or what HEAD does where the index is beyond reading."""
    listed = attempt(["ls-files", "-t", "--stage", "-z"], cwd=repository.root)
    if listed.returncode:
        if repository.has_commits():
            git(["read-tree", repository.tree("HEAD")], env=env)
        return
    tagged = [line.split(b" ", 1) for line in listed.stdout.split(b"\0") if line]
    git(["update-index", "-z", "--index-info"], env=env, data=b"".join(line + b"\0" for _, line in tagged))
    skipped = b"".join(line.partition(b"\t")[2] + b"\0" for tag, line in tagged if tag == b"S")
    if skipped:
        git(["update-index", "--skip-worktree", "-z", "--stdin"], env=env, data=skipped)
