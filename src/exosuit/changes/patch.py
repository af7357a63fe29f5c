"""Patches in git's format: placed on a tree without fuzz, and written so that `git apply` takes them."""

from __future__ import annotations

import email.header
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from exosuit.changes.algorithm import algorithm
from exosuit.changes.atoms import split_lines
from exosuit.changes.diff import unquoted
from exosuit.changes.git import attempt, git
from exosuit.changes.shadow import Shadow
from exosuit.core.errors import ExosuitError
from exosuit.core.escapes import path_text

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
    if told and told[0].startswith("No valid patches"):
        return "there is no patch in it that git could read"
    return f"the patch does not fit: {told[0]}" if told else "the patch does not fit"


def _refuse_guesses(shadow: Shadow, base: str, data: bytes, stderr: bytes) -> None:
    """Raise `ambiguous-patch` if a hunk that git moved would fit in more than one place."""
    files, name, moved = 0, b"", []
    for line in stderr.splitlines():
        if found := _CHECKING.match(line):
            files, name = files + 1, found[1]
        elif found := _OFFSET.match(line):
            moved.append((files, name, int(found[1])))
    if not moved:
        return
    sections = _sections(data)
    for number, shown, hunk in moved:
        # Where we read the patch otherwise than git does, nothing can be said of its hunks, and they are refused.
        section = sections[number - 1] if len(sections) == files else _Section()
        before, old = section.hunks.get(hunk), _old_blob(shadow, base, section.name)
        if old is None or before is None or _places(split_lines(old), before) != 1:
            raise ExosuitError(
                "ambiguous-patch",
                f"hunk {hunk} of {path_text(shown)} is not where the patch says, and that it"
                " fits in only one other place cannot be shown",
                "make the patch again from the state of this workspace; nothing was changed",
            )


@dataclass
class _Section:
    """What a patch says of one file: its old name as written, and by hunk number the lines expected there."""

    name: bytes = b""
    hunks: dict[int, list[bytes]] = field(default_factory=dict)


def _sections(data: bytes) -> list[_Section]:
    """The files of a patch, in order, as git counts them: by `diff --git`, else by a pair of `---` and `+++`."""
    found: list[_Section] = []
    lines = split_lines(data)
    old_left = new_left = 0
    in_git, current, ends = False, list[bytes](), list[bytes]()
    for at, line in enumerate(lines):
        if line.startswith(b"\\ "):  # "No newline at end of file" is said of the line before
            if ends:
                ends[-1] = ends[-1].removesuffix(b"\n")
        elif old_left > 0 or new_left > 0:
            sign = line[:1]
            if sign in (b" ", b"-", b"\n"):
                current.append(line[1:] if sign != b"\n" else line)
            ends = current if sign != b"+" else []
            old_left -= sign in (b" ", b"-", b"\n")
            new_left -= sign in (b" ", b"+", b"\n")
        elif line.startswith(b"diff --git "):
            in_git = True
            found.append(_Section())
        elif line.startswith(b"--- ") and lines[at + 1 : at + 2] and lines[at + 1].startswith(b"+++ "):
            if not in_git:
                found.append(_Section())
            in_git, found[-1].name = False, line[4:].rstrip(b"\r\n")
        elif found and (header := _HUNK.match(line)):
            old_left, new_left = int(header[2] or 1), int(header[4] or 1)
            current = found[-1].hunks[len(found[-1].hunks) + 1] = []
    return found


def _old_blob(shadow: Shadow, base: str, written: bytes) -> bytes | None:
    """The file that the name after `---` means: without its first component, or (`diff -u`) as it stands."""
    quoted = written[: written.rindex(b'"') + 1] if written.startswith(b'"') else b""
    name = unquoted(quoted) or written.partition(b"\t")[0]
    for path in (name.partition(b"/")[2], name):
        entry = shadow.entry(base, path) if path else None
        if entry is not None:
            return shadow.blob(entry[1])
    return None


def _places(lines: list[bytes], wanted: list[bytes]) -> int:
    """At how many places `wanted` stands in `lines` (0 for nothing wanted)."""
    if not wanted:
        return 0
    last = len(lines) - len(wanted)
    return sum(lines[i] == wanted[0] and lines[i : i + len(wanted)] == wanted for i in range(last + 1))
