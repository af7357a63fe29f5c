"""Patches in git's format: placed on a tree without fuzz, and written so that `git apply` takes them."""

from __future__ import annotations

import email.header
import re
import tempfile
from pathlib import Path

from exosuit.changes.algorithm import algorithm
from exosuit.changes.atoms import split_lines
from exosuit.changes.git import attempt, git
from exosuit.changes.shadow import Shadow
from exosuit.core.errors import ExosuitError

_OFFSET = re.compile(rb"Hunk #(\d+) succeeded at \d+ \(offset")
_CHECKING = re.compile(rb"Checking patch (.*)\.\.\.$")
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def patched(shadow: Shadow, base: str, data: bytes) -> str:
    """The tree that `data` makes of `base`.

    Every context line must be there as it stands. Where git found the place at another line number than the patch
    says, it must be the only such place in the file: otherwise `ambiguous-patch`. Raises `patch-does-not-fit`.
    """
    with tempfile.TemporaryDirectory(prefix="exosuit-patch-") as folder:
        env = {"GIT_DIR": str(shadow.git_dir), "GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(["read-tree", base], env=env)
        # --verbose names the hunks that were found elsewhere; the patch comes by standard input, never by name.
        done = attempt(["apply", "--cached", "--verbose", "--whitespace=nowarn", "-"], env=env, data=data)
        if done.returncode:
            raise ExosuitError(
                "patch-does-not-fit",
                _reason(done.stderr),
                "make the patch from the state of this workspace; nothing was changed",
            )
        _refuse_guesses(shadow, base, data, done.stderr)
        return git(["write-tree"], env=env).decode().strip()


def diff_as_patch(shadow: Shadow, base: str, head: str) -> bytes:
    """The patch from one tree to another, binaries included, full ids: what `git apply` takes."""
    if base == head:
        return b""
    return git(
        [
            "diff-tree",
            "-r",
            "-M",
            "-p",
            "--binary",
            "--full-index",
            f"--diff-algorithm={algorithm(shadow.git_dir, base, head)}",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            base,
            head,
        ],
        env={"GIT_DIR": str(shadow.git_dir)},
    )


def files_between(shadow: Shadow, base: str, head: str) -> int:
    """How many files differ: a patch has two sections for one that changes its type, and this counts one."""
    named = git(["diff-tree", "-r", "-M", "--name-only", "-z", base, head], env={"GIT_DIR": str(shadow.git_dir)})
    return named.count(b"\0")


def subject(data: bytes) -> str:
    """The subject of a mailed patch (`git format-patch`), without its `[PATCH]`; empty if it has none."""
    head = data[:8192].partition(b"\ndiff --git")[0]
    found = re.search(rb"^Subject: (.*(?:\n[ \t].*)*)", head, re.MULTILINE)
    if not found:
        return ""
    parts = email.header.decode_header(found[1].decode("utf-8", "replace").replace("\n", ""))
    text = "".join(
        part.decode(charset or "utf-8", "replace") if isinstance(part, bytes) else part for part, charset in parts
    )
    return re.sub(r"^\[PATCH[^\]]*\]\s*", "", text).strip()


def _reason(stderr: bytes) -> str:
    """Git's first error that says where; the lines that it looked for follow an error of their own and say less."""
    lines = stderr.decode("utf-8", "replace").splitlines()
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ") and line[-1] != ":"]
    return f"the patch does not fit: {told[0]}" if told else "the patch does not fit"


def _refuse_guesses(shadow: Shadow, base: str, data: bytes, stderr: bytes) -> None:
    """Raise `ambiguous-patch` if a hunk that git moved would fit in more than one place."""
    name, moved = b"", []
    for line in stderr.splitlines():
        if found := _CHECKING.match(line):
            name = found[1].partition(b" => ")[0]
        elif found := _OFFSET.match(line):
            moved.append((name, int(found[1])))
    if not moved:
        return
    hunks = _preimages(data)
    for path, number in moved:
        entry = shadow.entry(base, path)
        before = hunks.get((path, number))
        if entry is None or before is None or _places(split_lines(shadow.blob(entry[1])), before) != 1:
            shown = path.decode("utf-8", "backslashreplace")
            raise ExosuitError(
                "ambiguous-patch",
                f"hunk {number} of {shown} is not where the patch says, and fits elsewhere more than once",
                "make the patch again from the state of this workspace; nothing was changed",
            )


def _preimages(data: bytes) -> dict[tuple[bytes, int], list[bytes]]:
    """By (old path, hunk number from 1): the lines that a hunk expects to find."""
    found: dict[tuple[bytes, int], list[bytes]] = {}
    path, number, old_left, new_left = b"", 0, 0, 0
    current: list[bytes] = []
    for line in split_lines(data):
        if old_left > 0 or new_left > 0:
            sign = line[:1]
            if sign in (b" ", b"-", b"\n"):
                current.append(line[1:] if sign != b"\n" else line)
            old_left -= sign in (b" ", b"-", b"\n")
            new_left -= sign in (b" ", b"+", b"\n")
        elif line.startswith(b"--- a/"):
            path, number = line[6:].rstrip(b"\n").split(b"\t")[0], 0
        elif header := _HUNK.match(line):
            number += 1
            old_left, new_left = int(header[2] or 1), int(header[4] or 1)
            current = found[(path, number)] = []
    return found


def _places(lines: list[bytes], wanted: list[bytes]) -> int:
    """At how many places `wanted` stands in `lines` (0 for nothing wanted)."""
    if not wanted:
        return 0
    last = len(lines) - len(wanted)
    return sum(lines[i] == wanted[0] and lines[i : i + len(wanted)] == wanted for i in range(last + 1))
