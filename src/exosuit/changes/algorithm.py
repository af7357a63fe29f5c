"""Which of git's diff algorithms suits two trees: the one that reads best, unless it would crawl on a long file."""

from __future__ import annotations

from pathlib import Path

import pygit2

HISTOGRAM, PATIENCE = "histogram", "patience"

LONG = 4 << 20
"""Bytes of a file on both sides from which on histogram is left. Its time grows with the square of the number of edits
in one file: 300,000 lines with 8,000 edits took 9.5 s of processor time, patience .17 s (see LOG.md)."""


def algorithm(git_dir: Path, base: str, head: str) -> str:
    """The name for `--diff-algorithm`; trees that cannot be read are left for git to complain about."""
    repository = pygit2.Repository(str(git_dir))
    try:
        before, after = repository[base], repository[head]
    except (KeyError, ValueError):
        return HISTOGRAM
    if not isinstance(before, pygit2.Tree) or not isinstance(after, pygit2.Tree):
        return HISTOGRAM
    longest_old = longest_new = 0
    for delta in before.diff_to_tree(after).deltas:
        longest_old = max(longest_old, _size(repository, delta.old_file))
        longest_new = max(longest_new, _size(repository, delta.new_file))
    return PATIENCE if min(longest_old, longest_new) > LONG else HISTOGRAM


def _size(repository: pygit2.Repository, file: pygit2.DiffFile) -> int:
    """The size of a blob by its header alone; 0 for what is no blob."""
    try:
        kind, size = repository.odb.read_header(file.id)
    except (KeyError, pygit2.GitError):
        return 0
    return int(size) if kind == pygit2.enums.ObjectType.BLOB else 0
