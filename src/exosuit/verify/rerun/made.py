"""One run of a program on a snapshot, in the sandbox: the files that it wrote, and those that it took away."""

from __future__ import annotations

import io
import os
import tarfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exosuit.changes.atoms import EXECUTABLE, REGULAR
from exosuit.changes.change import Change, Provenance
from exosuit.changes.diff import diff_trees
from exosuit.core.errors import ExosuitError
from exosuit.verify.checks.check import Check
from exosuit.verify.checks.checker import Checker
from exosuit.verify.plan.reading import LARGEST

_WRITTEN, _LEFT = "files.tar", "left"
_SCRIPT = f"""
out=$EXOSUIT_OUT
find . -type f -print0 | LC_ALL=C sort -z >"$out/before"
"$@" >/dev/null 2>&1; code=$?
find . -type f -print0 | LC_ALL=C sort -z >"$out/{_LEFT}"
{{ LC_ALL=C comm -z -13 "$out/before" "$out/{_LEFT}"; find . -type f -newermt 2002-01-01 -print0; }} |
LC_ALL=C sort -zu >"$out/names"
tar --null --files-from="$out/names" -cf "$out/{_WRITTEN}"
rm -f "$out/names" "$out/before"
exit $code
"""
"""What was written is told by its time: all that is laid out has one of long ago (`verify.layout.STAMP`)."""


@dataclass(frozen=True)
class Made:
    """`files` are regular files that were written, as they were left behind; `left` are all that there were then."""

    files: Mapping[bytes, bytes]
    left: frozenset[bytes]
    code: int


def made(
    checker: Checker, tree: str, command: tuple[str, ...], seconds: float, stop: threading.Event | None = None
) -> Made | None:
    """What a command leaves of a snapshot; None where it cannot be run, or does not end by itself in time."""
    check = Check(command[0], ("sh", "-c", _SCRIPT, "sh", *command), timeout=seconds, found=False)
    try:
        outcome = checker.outcome(tree, check, stop)
    except ExosuitError:
        return None
    if outcome.hit or not {_WRITTEN, _LEFT} <= outcome.files.keys():
        return None
    files: dict[bytes, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(outcome.files[_WRITTEN])) as archive:
            for member in archive:
                data = archive.extractfile(member) if member.isreg() and member.size < LARGEST else None
                if data is not None:
                    files[_inside(os.fsencode(member.name))] = data.read()
    except (tarfile.TarError, EOFError, OSError):
        return None
    return Made(files, frozenset(map(_inside, outcome.files[_LEFT].split(b"\0"))), outcome.code)


def _inside(path: bytes) -> bytes:
    return path.removeprefix(b"./")


def as_change(checker: Checker, base: str, name: str, files: Mapping[bytes, bytes | None]) -> Change:
    """Files with new contents (None: gone) as a change of `base`; of no files where nothing differs."""
    shadow = checker.workspace.shadow
    entries: dict[bytes, tuple[int, str] | None] = {}
    for path, data in files.items():
        entry = shadow.entry(base, path)
        if data is None:
            entries[path] = None
        elif entry is None or entry[0] not in (REGULAR, EXECUTABLE) or shadow.blob(entry[1]) != data:
            entries[path] = (entry[0] if entry and entry[0] == EXECUTABLE else REGULAR, shadow.put(data))
    tree = shadow.replace(base, entries)
    provenance = Provenance("dirs", name, name)
    return Change("", name, "", base, tree, provenance, tuple(diff_trees(shadow.git_dir, base, tree)))


def reader(checker: Checker, tree: str) -> Callable[[str], bytes | None]:
    """Reads regular files of a snapshot by their path; None for what is none."""
    shadow = checker.workspace.shadow

    def read(path: str) -> bytes | None:
        entry = shadow.entry(tree, os.fsencode(path))
        return shadow.blob(entry[1]) if entry is not None and entry[0] in (REGULAR, EXECUTABLE) else None

    return read
