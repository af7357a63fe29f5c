"""What had happened to each file before a change: a bounded look at the log of its base, and at nothing after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from exosuit.changes.git import git
from exosuit.core.errors import ExosuitError

MOST = 1_000
"""Commits that are read, newest first."""

_FIXES = re.compile(
    rb"\b(?:fix(?:e[sd]|ing|up)?|bugs?|defects?|crash(?:e[sd])?|regressions?|broken|hotfix|wrong|errors?)\b",
    re.IGNORECASE,
)
_START = b"\x1e"
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Past:
    """The past of one file: commits that touched it, those of them that mended something, who, and how long ago."""

    commits: int
    fixes: int
    authors: int
    days: float


@dataclass
class _Seen:
    commits: int = 0
    fixes: int = 0
    authors: set[bytes] = field(default_factory=set)
    last: int = 0


History = Mapping[bytes, Past]
"""By path; a file that is not in it was not touched by any commit that was read."""


def past(told: bytes) -> History:
    """The past of every file from what `log_of` printed. Days are counted up to the newest commit in it."""
    seen: dict[bytes, _Seen] = {}
    newest = 0
    for entry in told.split(_START)[1:]:
        head, _nul, rest = entry.partition(b"\0")
        when, _sign, words = head.partition(b"\x1f")
        if not when.isdigit():  # an address or a path with our sign in it
            continue
        subject, _sign, author = words.partition(b"\x1f")
        newest = max(newest, int(when))
        mends = bool(_FIXES.search(subject))
        for path in filter(None, rest.lstrip(b"\n").split(b"\0")):
            one = seen.setdefault(path, _Seen())
            one.commits += 1
            one.fixes += mends
            one.authors.add(author)
            one.last = max(one.last, int(when))
    return {
        path: Past(one.commits, one.fixes, len(one.authors), max(0, newest - one.last) / _DAY)
        for path, one in seen.items()
    }


def log_of(git_dir: str, commit: str) -> bytes:
    """What git says of the last `MOST` commits up to `commit`, merges left out."""
    form = "--format=%x1e%ct%x1f%f%x1f%ae"  # %f: the subject as letters, digits and hyphens
    names = ("--name-only", "--no-renames", "-z")
    return git(["log", f"--max-count={MOST}", "--no-merges", form, *names, commit, "--"], env={"GIT_DIR": git_dir})


def commit_of(git_dir: str, tree: str, starts: Iterable[str]) -> str:
    """The newest commit with this tree among the last `MOST` before any of some revisions; empty where there is none.

    So the past of a base is that of the base, even where its branch has moved on since.
    """
    for start in starts:
        asked = ["log", f"--max-count={MOST}", "--format=%H %T", "--end-of-options", start, "--"]
        try:
            told = git(asked, env={"GIT_DIR": git_dir})
        except ExosuitError:  # no such revision any more: the next one may be there
            continue
        for line in told.decode("ascii").splitlines():
            name, _space, its = line.partition(" ")
            if its == tree:
                return name
    return ""
