"""Makes the demo's workspace from the patches beside this file, the same to the last commit id every time.

`history/` holds the commits of `main` and `agent.patch` the one on top of them, all as `git format-patch` writes
them, so `git am` is all it takes: names and dates of authors come from the patches, and the committer is fixed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from exosuit.changes.git import attempt, git
from exosuit.core.errors import ExosuitError

BASE = "main"
HEAD = "agent/rate-cards"
TITLE = "Rename tariffs to rate cards, add insurance"
PROMPT = (
    "Everybody but us says rate card: rename Tariff to RateCard everywhere, and let old scripts run. Move the code of "
    "the brackets out of tariff.py into a module of its own. Add insurance for parcels worth up to 2,500 EUR, with "
    "tests. Bring the development tools up to date."
)

# Set in the repository's own config, so that a later start knows the folder again.
_MARK = "exosuit.demo"

_COMMITTER = {"GIT_COMMITTER_NAME": "Demo Maintainer", "GIT_COMMITTER_EMAIL": "maintainer@demo.invalid"}

# The attributes of the caller, which git reads even where all config is off, and the upkeep that it starts by itself.
_OWN = (
    "-c", "core.attributesFile=" + os.devnull,
    "-c", "core.autocrlf=false",
    "-c", "maintenance.auto=false",
    "-c", "gc.auto=0",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo workspace: its folder, the two revisions that the change lies between, and what was asked of whom."""

    root: Path
    base: str
    head: str
    title: str
    prompt: str


def build(folder: Path) -> Demo:
    """Make the demo in `folder`, which must be absent or empty: a git repository with `main` checked out.

    Nothing outside `folder` is written, and nothing is left behind where it fails. Raises `not-empty` for a folder
    that holds something, `no-folder` where none can be made, `git-failed` with git's own words.
    """
    folder = folder.absolute()
    try:
        _refuse_content(folder)
        with _landing(folder) as place:
            _lay(place)
    except OSError as error:
        hint = "name another folder; nothing was changed"
        raise ExosuitError("no-folder", f"{folder}: {error.strerror}", hint) from error
    return _demo(folder)


def find(folder: Path) -> Demo | None:
    """The demo that an earlier `build` made in `folder`, as it is now; None if there is none."""
    folder = folder.absolute()
    if not (folder / ".git").is_dir():
        return None
    inside = ["-C", str(folder), "--git-dir", str(folder / ".git")]
    for question in (["config", "--local", "--get", _MARK], ["rev-parse", "--verify", "--quiet", HEAD]):
        if attempt([*inside, *question]).returncode:
            return None
    return _demo(folder)


def _demo(folder: Path) -> Demo:
    return Demo(folder, BASE, HEAD, TITLE, PROMPT)


def _refuse_content(folder: Path) -> None:
    if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise ExosuitError(
            "not-empty",
            f"{folder} is not an empty folder",
            "the demo wants a folder of its own: name one that is empty or not there yet",
        )


@contextmanager
def _landing(folder: Path) -> Iterator[Path]:
    """Where to make what shall be in `folder`: all of it is there afterwards, or, after an error, nothing.

    A folder that is absent appears by one rename, so that even a crash leaves no half of it.
    """
    if folder.is_dir():
        try:
            yield folder
        except BaseException:
            for left in folder.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            raise
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        place = Path(scratch) / "made"
        place.mkdir()
        yield place
        place.rename(folder)


def _lay(place: Path) -> None:
    """Lay the repository down in an empty folder."""
    data = resources.files(__package__)
    history = sorted((data / "history").iterdir(), key=lambda patch: patch.name)
    inside = [*_OWN, "-C", str(place)]
    git([*inside, "init", "--quiet", "--template=", f"--initial-branch={BASE}"])
    inside += ["--git-dir", str(place / ".git"), "--work-tree", str(place)]
    arrive = [*inside, "am", "--quiet", "--committer-date-is-author-date"]
    git(arrive, env=_COMMITTER, data=b"".join(patch.read_bytes() for patch in history))
    git([*inside, "checkout", "--quiet", "-b", HEAD])
    git(arrive, env=_COMMITTER, data=(data / "agent.patch").read_bytes())
    git([*inside, "checkout", "--quiet", BASE])
    git([*inside, "config", "--local", _MARK, "true"])
