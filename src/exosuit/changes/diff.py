"""Two trees in, files with runs out: git's histogram diff with slid boundaries, read in one pass over its output.

Nothing but the diff is read: no blob is loaded. Every line of content in git's output carries a sign, so a header can
be told from content by its first character alone; paths are unquoted as git quotes them (quote.c).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from exosuit.changes.algorithm import algorithm
from exosuit.changes.atoms import SUBMODULE, SYMLINK, FileChange, Kind, Run
from exosuit.changes.blocks import LARGE, block_starts
from exosuit.changes.git import stream
from exosuit.changes.pairing import pair_lines

CONTEXT = 3
"""Runs closer than twice this many lines are one hunk, as git would show them."""

OPTIONS = (
    "diff-tree", "-r", "-M", "-p", "--raw", "-U0", "--indent-heuristic", "--full-index",
    "--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short", "--ignore-submodules=none",
    "--src-prefix=a/", "--dst-prefix=b/", "--inter-hunk-context=0", "--abbrev=40",
)  # fmt: skip

_SECTION = b"\ndiff --git "
_HEADER = re.compile(rb"\n@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@[^\n]*")
_NO_NEWLINE = b"\n\\"


def diff_trees(
    git_dir: Path, base: str, head: str, progress: Callable[[int, int], None] | None = None
) -> list[FileChange]:
    """The files that differ between two trees of the repository at `git_dir`, in path order, taken apart.

    Git's output is taken apart while git is still at work, so that two processors are used and little is held at once.
    """
    if base == head:
        return []
    best = f"--diff-algorithm={algorithm(git_dir, base, head)}"
    parts = _parts(stream([*OPTIONS, best, base, head], env={"GIT_DIR": str(git_dir)}))
    entries = _entries(next(parts, b""))
    files = []
    for number, entry in enumerate(entries, 1):
        section = next(parts)
        if entry.status == "T":  # git prints a change of type as a removal and an addition
            next(parts)
        files.append(_file(number, entry, section))
        if progress is not None and number % 64 == 0:
            progress(number, len(entries))
    for _rest in parts:
        raise AssertionError("git printed more parts than files")
    return files


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Git's output cut before each `diff --git` line: first the raw lines, then the part of each file."""
    held = bytearray()
    for chunk in chunks:
        seen = max(1, len(held) - len(_SECTION))
        held += chunk
        while (cut := held.find(_SECTION, seen)) >= 0:
            yield bytes(held[:cut])
            del held[:cut]
            seen = 1
    yield bytes(held)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of git's raw diff."""

    old_mode: int
    new_mode: int
    old_blob: str
    new_blob: str
    status: str
    old_path: bytes
    path: bytes


def _entries(raw: bytes) -> list[_Entry]:
    """The raw lines parsed."""
    return [_entry(line[1:]) for line in raw.split(b"\n") if line.startswith(b":")]


def _entry(line: bytes) -> _Entry:
    fields, *paths = line.split(b"\t")
    old_mode, new_mode, old_blob, new_blob, status = fields.decode("ascii").split(" ")
    named = [unquoted(path) for path in paths]
    return _Entry(int(old_mode, 8), int(new_mode, 8), _blob(old_blob), _blob(new_blob), status[0], named[0], named[-1])


def _blob(name: str) -> str:
    return "" if name.strip("0") == "" else name


_ESCAPES = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}
_ESCAPE = re.compile(rb'\\([0-3][0-7]{2}|[abtnvfr"\\])')


def unquoted(path: bytes) -> bytes:
    """A path as git printed it, with its C-style quotes undone."""
    if not path.startswith(b'"'):
        return path
    return _ESCAPE.sub(lambda m: bytes([_ESCAPES[m[1]] if m[1] in _ESCAPES else int(m[1], 8)]), path[1:-1])


def _file(number: int, entry: _Entry, section: bytes) -> FileChange:
    content = _content(entry, section)
    runs: tuple[Run, ...] = ()
    block_cuts: dict[int, list[int]] = {}
    added = removed = 0
    if content is Kind.TEXT:
        runs, block_cuts = _runs(section, entry.path)
        added = sum(run.head_n for run in runs)
        removed = sum(run.base_n for run in runs)
        content = Kind.TEXT if runs else None
    opaque = _opaque(entry, content)
    return FileChange(
        number=number, path=entry.path, old_path=entry.old_path, status=entry.status, content=content,
        old_mode=entry.old_mode, new_mode=entry.new_mode, old_blob=entry.old_blob, new_blob=entry.new_blob,
        opaque=opaque, runs=runs, hunks=_hunks(runs, block_cuts, len(opaque)),
        atoms=len(opaque) + sum(run.atoms for run in runs), added=added, removed=removed,
    )  # fmt: skip


def _content(entry: _Entry, section: bytes) -> Kind | None:
    """How the content of this file is taken apart; None where only name or mode differ."""
    modes = {entry.old_mode, entry.new_mode}
    if SUBMODULE in modes:
        return Kind.SUBMODULE if entry.old_blob != entry.new_blob else None
    if SYMLINK in modes:
        return Kind.SYMLINK if entry.old_blob != entry.new_blob or entry.status == "T" else None
    if _HEADER.search(section, 0, 4096) or _HEADER.search(section):
        return Kind.TEXT
    return Kind.BINARY if b"\nBinary files " in section else None


def _opaque(entry: _Entry, content: Kind | None) -> tuple[Kind, ...]:
    """The atoms that are decided whole: first the name, then the mode, then content that is not text."""
    if entry.status == "A":
        return () if content is Kind.TEXT else (content or Kind.CREATE,)
    if entry.status == "D":
        return () if content is Kind.TEXT else (Kind.DELETE,)
    found = []
    if entry.status == "R":
        found.append(Kind.RENAME)
    if entry.old_mode != entry.new_mode and entry.status != "T":
        found.append(Kind.MODE)
    if content not in (None, Kind.TEXT):
        found.append(content)
    return tuple(found)


def _runs(section: bytes, path: bytes) -> tuple[tuple[Run, ...], dict[int, list[int]]]:
    """The runs of one file, and for long one-sided runs the lines at which blocks start (by run)."""
    headers = list(_HEADER.finditer(section))
    ends = [header.start() for header in headers[1:]] + [len(section)]
    runs, cuts = [], {}
    for i, (header, end) in enumerate(zip(headers, ends, strict=True)):
        base_n = 1 if header[2] is None else int(header[2])
        head_n = 1 if header[4] is None else int(header[4])
        base_at = int(header[1]) - (1 if base_n else 0)
        head_at = int(header[3]) - (1 if head_n else 0)
        if base_n and head_n:
            runs.append(_mixed(section[header.end() + 1 : end], base_at, base_n, head_at, head_n))
            continue
        runs.append(Run(base_at, base_n, head_at, head_n))
        alone = len(headers) == 1 and base_at == 0 and head_at == 0
        if alone or base_n + head_n > LARGE:
            cuts[i] = block_starts(section[header.end() + 1 : end].rstrip(b"\n"), base_n + head_n, path)
    return tuple(runs), cuts


def _mixed(text: bytes, base_at: int, base_n: int, head_at: int, head_n: int) -> Run:
    """A run with both removed and added lines, its edited lines paired."""
    if _NO_NEWLINE in text:
        return Run(base_at, base_n, head_at, head_n, whole=True)
    lines = text.split(b"\n")
    old = [line[1:] for line in lines[:base_n]]
    new = [line[1:] for line in lines[base_n : base_n + head_n]]
    return Run(base_at, base_n, head_at, head_n, pair_lines(old, new))


def _hunks(runs: tuple[Run, ...], cuts: dict[int, list[int]], opaque: int) -> tuple[int, ...]:
    """The first atom of each hunk: opaque atoms one by one, then runs that stand close together, blocks apart."""
    starts, atom, end = list(range(opaque)), opaque, None
    for i, run in enumerate(runs):
        if i in cuts:
            starts += [atom + line for line in cuts[i]]
            end = None
        else:
            if end is None or run.base_at - end > 2 * CONTEXT:
                starts.append(atom)
            end = run.base_at + run.base_n
        atom += run.atoms
    return tuple(starts)
