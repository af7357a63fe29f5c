"""More pairs to learn from, found in the same clones: small commits that say they fix, and the commit they blame.

No person has confirmed these, so they are only learnt from, in repositories other than those that are judged.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from bench.order_pairs import Case, blame_of, case_of
from exosuit.changes.git import git
from exosuit.core.errors import ExosuitError

EACH = 8
"""Pairs taken from one repository, at most."""
TRIED = 30
SMALL = 15
"""Lines that such a fix changes, at most."""
_SAYS = r"\b(fix(es|ed)?|bug|crash|regression)\b"


def mined(git_dir: str, repo: str, known: frozenset[str], wanted: int) -> list[Case]:
    """Cases of one repository; the same for the same history. `known` commits are never taken for fixes."""
    words = ["log", "--no-merges", "--max-count=3000", "-i", "-E", f"--grep={_SAYS}", "--format=%H", "HEAD"]
    fixes = git(words, env={"GIT_DIR": git_dir}).decode("ascii").split()
    random.Random(repo).shuffle(fixes)
    found: list[Case] = []
    for fix in fixes[:TRIED]:
        if len(found) == EACH:
            break
        if fix not in known:
            try:
                made = _mined(git_dir, repo, fix, wanted)
            except ExosuitError:  # an object that the clone lacks
                continue
            found += [made] if made else []
    return found


def _mined(git_dir: str, repo: str, fix: str, wanted: int) -> Case | None:
    env = {"GIT_DIR": git_dir}
    told = git(["diff-tree", "-r", "-M", "--numstat", f"{fix}^", fix], env=env).decode("utf-8", "replace")
    rows = [line.split("\t") for line in told.splitlines()]
    sizes = [int(row[0]) + int(row[1]) for row in rows if row[0] != "-"]
    if not 0 < sum(sizes) <= SMALL or not any(row[2].endswith(".py") for row in rows):
        return None
    blamed = blame_of(git_dir, fix)
    if not blamed:
        return None
    bug = Counter(blamed).most_common(1)[0][0]
    made = case_of({"repo": repo, "fix": fix, "bug": [bug]}, git_dir, wanted)
    return None if isinstance(made, str) else made


def of_clone(clone: tuple[Path, str, frozenset[str], int]) -> list[Case]:
    """The cases of one clone, for a pool of processes."""
    folder, repo, known, wanted = clone
    try:
        return mined(str(folder), repo, known, wanted)
    except ExosuitError:
        return []
