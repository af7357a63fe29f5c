"""Files of a change that no other detector can look into, said as such."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from exosuit.changes.atoms import Kind
from exosuit.verify.evidence.material import Material
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.touch import Touch, shown
from exosuit.verify.plan.reading import LARGEST, FileReading

KIND = "not read"

_PROGRAMS = (
    b".so",
    b".dll",
    b".dylib",
    b".exe",
    b".pyc",
    b".pyd",
    b".whl",
    b".jar",
    b".class",
    b".o",
    b".a",
    b".wasm",
    b".node",
)


def unread(material: Material) -> list[Evidence]:
    """What is too large, or no text, or Python that this interpreter cannot parse."""
    found: list[Evidence] = []
    for file in material.reading.files:
        touch = Touch(file, material.reading)
        found += _of_file(touch, file)
    return found


def _of_file(touch: Touch, file: FileReading) -> Iterator[Evidence]:
    change = file.file
    if not change.new_blob:
        return
    if change.content is Kind.BINARY and change.path.endswith(_PROGRAMS):
        title = f"{touch.name} is a program that cannot be read."
        yield touch.evidence(KIND, "differs", title)
    elif change.content is Kind.SYMLINK:
        yield from _link(touch, file)
    elif change.is_text and not file.is_readable and change.new_mode in (0o100644, 0o100755):
        yield touch.evidence(KIND, "unknown", f"{touch.name} has more than {LARGEST:,} bytes: it is not looked into.")
    elif file.is_python and file.head_source is None and file.head:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        was = " It was before." if file.base_source is not None else ""
        title = f"{touch.name} is not Python that {version} can parse: only its text is looked at.{was}"
        yield touch.evidence(KIND, "unknown", title, head=list(touch.added), settled_by=("tests",))


def _link(touch: Touch, file: FileReading) -> Iterator[Evidence]:
    """A symbolic link out of the tree."""
    target = touch.blob(file.file.new_blob)
    depth = file.file.path.count(b"/")
    for step in target.split(b"/"):
        depth += -1 if step == b".." else step not in (b"", b".")
        if depth < 0:
            break
    if target.startswith(b"/") or depth < 0:
        title = f"{touch.name} is a link that leads out of the tree, to {shown(target[:80])}."
        yield touch.evidence(KIND, "against", title)
