"""Who touched a file before: its log and the authors of the lines that a change removes, as git tells them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from exosuit.changes.atoms import FileChange
from exosuit.changes.git import attempt
from exosuit.changes.workspace import Workspace

SPANS = 40
"""Stretches of removed lines that are blamed; more would be slow and say no more."""

_FORMAT = "%H%x00%aI%x00%an%x00%s%x00"


@dataclass(frozen=True)
class Touch:
    """One commit: full id, author date (ISO 8601), author's name, first line of the message."""

    id: str
    at: str
    author: str
    subject: str


def log_of(workspace: Workspace, revision: str, file: FileChange, count: int) -> list[Touch]:
    """The newest commits that touched the file up to `revision`, renames followed; empty where there is no history."""
    if not revision or workspace.repository is None or file.status == "A":
        return []
    done = attempt(
        [
            "log",
            "--follow",
            f"--max-count={count}",
            "--no-show-signature",
            f"--format={_FORMAT}",
            "--end-of-options",
            revision,
            "--",
            file.old_path,
        ],
        cwd=workspace.root,
    )
    return _parsed(done.stdout) if done.returncode == 0 else []


def last_touched(workspace: Workspace, revision: str, file: FileChange, spans: list[tuple[int, int]]) -> list[Touch]:
    """The commits that last wrote the given lines ((first from 0, count) each), the one with most lines first."""
    if not revision or workspace.repository is None or not spans or not file.is_text:
        return []
    limits = [f"-L{first + 1},+{count}" for first, count in _joined(spans)[:SPANS]]
    # Blame does not know --end-of-options (git 2.39), so it gets an id, which can't be an option.
    named = attempt(["rev-parse", "--verify", "-q", "--end-of-options", f"{revision}^{{commit}}"], cwd=workspace.root)
    if named.returncode:
        return []
    commit = named.stdout.decode("ascii").strip()
    # Without --no-textconv blame runs the programs that the repository's settings name.
    done = attempt(["blame", "--porcelain", "--no-textconv", *limits, commit, "--", file.old_path], cwd=workspace.root)
    if done.returncode:
        return []
    lines = Counter(line[:40].decode() for line in done.stdout.split(b"\n") if _is_header(line))
    commits = [name for name, _ in lines.most_common(5)]
    if not commits:
        return []
    told = attempt(
        ["log", "--no-walk=unsorted", "--no-show-signature", f"--format={_FORMAT}", *commits], cwd=workspace.root
    )
    return _parsed(told.stdout)


def _is_header(line: bytes) -> bool:
    """Whether a line of `blame --porcelain` names a commit: forty hex digits and two or three numbers."""
    name, _, rest = line.partition(b" ")
    return len(name) == 40 and rest[:1].isdigit() and all(c in b"0123456789abcdef" for c in name)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, count in spans:
        if joined and first <= joined[-1][0] + joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], first + count - joined[-1][0]))
        else:
            joined.append((first, count))
    return joined


def _parsed(output: bytes) -> list[Touch]:
    fields = output.decode("utf-8", "replace").split("\0")
    return [Touch(fields[i].strip(), *fields[i + 1 : i + 4]) for i in range(0, len(fields) - 3, 4)]
