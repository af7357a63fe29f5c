"""Whole files: renamed ones, and those that are stated apart because a program or somebody else wrote them."""

from __future__ import annotations

import re
from collections.abc import Callable
from posixpath import dirname

from exosuit.changes.atoms import Kind
from exosuit.changes.decisions import merged
from exosuit.verify.plan.claims import Claim, Free
from exosuit.verify.plan.model import Proof
from exosuit.verify.plan.places import is_collected, is_data, is_generated, is_locked, is_vendored
from exosuit.verify.plan.reading import FileReading, Reading


def renamed(reading: Reading, free: Free) -> list[Claim]:
    """Files under another name: what they hold is the same, or is left to the other operators; one claim a folder."""
    folders: dict[tuple[str, str], list[FileReading]] = {}
    for file in reading.files:
        if Kind.RENAME in file.file.opaque and free.has(file.first + file.file.opaque.index(Kind.RENAME)):
            folders.setdefault(_folders(file), []).append(file)
    return [_renamed(old, new, files) for (old, new), files in sorted(folders.items())]


def _folders(file: FileReading) -> tuple[str, str]:
    """Where files came from and went: two folders if their own names stayed, else the two paths."""
    old, new = (path.decode("utf-8", "backslashreplace") for path in (file.file.old_path, file.file.path))
    if old.rpartition("/")[2] == new.rpartition("/")[2]:
        return dirname(old) + "/", dirname(new) + "/"
    return old, new


def _renamed(old: str, new: str, files: list[FileReading]) -> Claim:
    at = [file.first + file.file.opaque.index(Kind.RENAME) for file in files]
    same = [a for a, file in zip(at, files, strict=True) if _is_the_same_elsewhere(file)]
    proof = Proof("same text elsewhere", "file rename", tuple(merged((a, a + 1) for a in same)))
    if old.endswith("/") and len(files) > 1:
        title = f"Move {len(files):,} files from {old} to {new}"
    else:
        paths = (path.decode("utf-8", "backslashreplace") for path in (files[0].file.old_path, files[0].file.path))
        title = "Rename {} to {}".format(*paths)
    ranges = tuple(merged((a, a + 1) for a in at))
    return Claim("file rename", f"{old} {new}", title, ranges, (proof,) if same else (), (at[0], at[0] + 1))


def _is_the_same_elsewhere(file: FileReading) -> bool:
    """Whether a file only changed its place, and its name never said what is done with it."""
    old, new = file.file.old_path, file.file.path
    roles = [(is_collected(path), path.rpartition(b".")[2], _SPECIAL.search(path) is not None) for path in (old, new)]
    return file.file.old_blob == file.file.new_blob and roles[0] == roles[1] and not roles[0][2]


_SPECIAL = re.compile(
    rb"(?:^|/)(?:\.|conftest\.py$|__\w+__\.py$|setup\.\w+$|[^/.]*$|[\w-]*\.(?:toml|cfg|ini|ya?ml|json)$)"
)
"""Files that are found by their name: hidden ones, those of packaging and tests, settings, those without an ending."""


def apart(reading: Reading, free: Free) -> list[Claim]:
    """Lock files, vendored copies, generated files and data of tests, each as one claim; nothing of it is proved."""
    again = frozenset[bytes]().union(*(output.files for output in reading.outputs))
    kinds: list[tuple[str, str, Callable[[FileReading], bool]]] = [
        (
            "made otherwise",
            "Generated files that come out otherwise when made again",
            lambda file: file.file.path in again,
        ),
        ("lock files", "Lock files, written by a package manager", lambda file: is_locked(file.file.path)),
        ("vendored", "Copies of somebody else's code", lambda file: is_vendored(file.file.path)),
        ("generated", "Generated files, by their name or their first lines; not run again", _is_generated),
        ("test data", "Data that tests read, by its folder and ending", lambda file: is_data(file.file.path)),
    ]
    found: dict[str, list[int]] = {}
    for file in reading.files:
        if not file.file.is_text:
            continue
        for kind, _title, fits in kinds:
            if fits(file):
                found.setdefault(kind, []).extend(free.among(file.first, file.first + file.file.atoms))
                break
    return [
        Claim(kind, "", title, tuple(merged((atom, atom + 1) for atom in found[kind])), apart=True)
        for kind, title, _fits in kinds
        if found.get(kind)
    ]


def _is_generated(file: FileReading) -> bool:
    """By the base as well: a change could not hide behind a first line that it brings."""
    path = file.file.path
    return is_generated(path, file.head) and (not file.file.old_blob or is_generated(path, file.base))
