"""Pairs of a fix and the commit that it mends, as changes in which the lines with the defect are known.

The commit with the bug is squashed with its neighbours, before it and after it (never the fix), up to a number of
changed lines. Its defect's lines are those that it wrote and the fix removes or rewrites (SZZ: Śliwerski et al. 2005);
where the fix only adds, those that it wrote within three lines of that. Tests, prose, blank lines and comments hold no
defect here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from exosuit.changes.git import git
from exosuit.core.errors import ExosuitError
from exosuit.verify.plan.places import is_prose, is_test

NEAR = 3
LARGEST = 5
"""A squash with more than so many times the lines wanted is left out."""
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@", re.MULTILINE)
_EMPTY = re.compile(rb"^\s*(?:#.*)?$")


class Pair(TypedDict):
    """A fix, and the commits that it mends, by their hashes; `repo` is owner/name."""

    repo: str
    fix: str
    bug: list[str]


@dataclass(frozen=True)
class Case:
    """A change between two commits of the repository at `git_dir`; `defect` holds lines of the head, from 0."""

    repo: str
    fix: str
    git_dir: str
    base: str
    head: str
    defect: dict[str, list[int]]
    lines: int


def clone_of(clones: Path, repo: str) -> str | None:
    """The git directory of a repository among clones that are named owner+name; None where there is none."""
    folder = clones / repo.replace("/", "+")
    places = (folder / "repo" / ".git", folder / "repo", folder / ".git", folder)
    return next((str(place) for place in places if (place / "objects").is_dir()), None)


def _git(git_dir: str, *words: str) -> bytes:
    return git(words, env={"GIT_DIR": git_dir})


def case_of(pair: Pair, git_dir: str, wanted: int) -> Case | str:
    """A pair as a case, or the reason why it cannot be one."""
    why = "the fix touches no line of the bug's commit"
    for bug in pair["bug"]:
        blamed = _blamed(git_dir, pair["fix"], bug)
        if not blamed:
            continue
        ends = _squash(git_dir, bug, pair["fix"], wanted)
        if ends is None:
            why = "no squash of that size"
            continue
        base, head, lines = ends
        defect = _at_head(git_dir, bug, head, blamed)
        if defect:
            return Case(pair["repo"], pair["fix"], git_dir, base, head, defect, lines)
        why = "the lines are gone at the head"
    return why


Line = tuple[str, str, int, bytes]
"""The commit that wrote a line, its path and line (from 1) there, its text."""


def _blamed(git_dir: str, fix: str, bug: str) -> dict[str, set[int]]:
    """Lines of the bug's commit (from 1, by path there) that the fix is about."""
    surely: dict[str, set[int]] = {}
    nearby: dict[str, set[int]] = {}
    for (commit, where, origin, _text), is_gone in _touched(git_dir, fix):
        if commit == bug:
            (surely if is_gone else nearby).setdefault(where, set()).add(origin)
    return surely or nearby


def _touched(git_dir: str, fix: str) -> Iterator[tuple[Line, bool]]:
    """Lines of code that a fix removes or rewrites (True), and those that stand near to what it does."""
    names = _git(git_dir, "diff-tree", "-r", "-M", "--diff-filter=MRD", "--name-status", "-z", f"{fix}^", fix)
    for path in _old_paths(names):
        raw = path.encode("utf-8", "surrogateescape")
        if is_test(raw) or is_prose(raw):
            continue
        text = _git(git_dir, "diff", "-w", "-U0", "--no-ext-diff", "--no-textconv", f"{fix}^", fix, "--", path)
        gone: set[int] = set()
        near: set[int] = set()
        for match in _HUNK.finditer(text):
            at, count = int(match[1]), 1 if match[2] is None else int(match[2])
            gone |= set(range(at, at + count))
            near |= set(range(at - NEAR + 1, at + count + NEAR))
        told = _blame(git_dir, f"{fix}^", path) if near else {}
        for line in sorted(near & told.keys()):
            if not _EMPTY.match(told[line][3]):
                yield told[line], line in gone


def _old_paths(names: bytes) -> Iterator[str]:
    parts = iter(names.decode("utf-8", "surrogateescape").split("\0"))
    for status in parts:
        if status:
            yield next(parts)
            if status[0] == "R":
                next(parts)


def _blame(git_dir: str, commit: str, path: str) -> dict[int, Line]:
    """Who wrote each line (from 1) of a file."""
    told = _git(git_dir, "blame", "-w", "--line-porcelain", commit, "--", path)
    found: dict[int, Line] = {}
    name, origin, line, where = "", 0, 0, path
    for row in told.split(b"\n"):
        if row.startswith(b"\t"):
            found[line] = (name, where, origin, row[1:])
        elif row.startswith(b"filename "):
            where = row[9:].decode("utf-8", "surrogateescape")
        elif re.match(rb"[0-9a-f]{40} \d+ \d+", row):
            first, second, third = row.split(b" ")[:3]
            name, origin, line = first.decode(), int(second), int(third)
    return found


def _at_head(git_dir: str, bug: str, head: str, blamed: dict[str, set[int]]) -> dict[str, list[int]]:
    """The same lines where they stand in the head, from 0; a file that got another name since is left out."""
    found = {}
    for path, lines in blamed.items():
        if head == bug:
            found[path] = sorted(line - 1 for line in lines)
            continue
        try:
            told = _blame(git_dir, head, path)
        except ExosuitError:
            continue
        ours = {line: origin for line, (commit, where, origin, _) in told.items() if (commit, where) == (bug, path)}
        here = [line - 1 for line, origin in ours.items() if origin in lines]
        if here:
            found[path] = sorted(here)
    return found


def _squash(git_dir: str, bug: str, fix: str, wanted: int) -> tuple[str, str, int] | None:
    """The ends of the smallest squash around a commit that changes so many lines; neighbours on both sides in turn."""
    before = _git(git_dir, "rev-list", "--first-parent", "--max-count=4000", f"{bug}^").decode().split()
    after = _git(git_dir, "rev-list", "--topo-order", "--reverse", "--ancestry-path", f"{bug}..{fix}^").decode().split()
    after = [bug, *after]

    def ends(steps: int) -> tuple[str, str]:
        return before[min(steps, len(before) - 1)], after[min(steps, len(after) - 1)]

    low, high, most = 0, 1, max(len(before), len(after))
    while _size(git_dir, *ends(high)) < wanted:
        low, high = high, high * 2
        if low >= most:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _size(git_dir, *ends(middle)) < wanted else (low, middle)
    if _size(git_dir, *ends(0)) >= wanted:
        high = 0
    size = _size(git_dir, *ends(high))
    return (*ends(high), size) if size <= LARGEST * wanted else None


def _size(git_dir: str, base: str, head: str) -> int:
    told = _git(git_dir, "diff-tree", "-r", "-M", "--numstat", base, head).decode("utf-8", "surrogateescape")
    rows = (line.split("\t")[:2] for line in told.splitlines())
    return sum(int(a) + int(b) for a, b in rows if a != "-")
