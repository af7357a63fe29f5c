"""Titles in plain words, made from the code: what was added, changed or removed, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from os.path import commonpath

from exosuit.changes.decisions import Range
from exosuit.verify.plan.places import is_prose
from exosuit.verify.plan.python.source import DEFINITIONS, Source, qualified_name
from exosuit.verify.plan.reading import FileReading, Reading

SHOWN = 3
"""Names in one title, at most."""

_NAMED = re.compile(
    rb"^\s*(?:export\s+|pub(?:\(\w+\))?\s+|public\s+|private\s+|static\s+|async\s+|default\s+)*"
    rb"(?:function|class|interface|struct|enum|trait|impl|fn|func|def|type|module|namespace)\s+\*?(?:\([^)]*\)\s*)?([\w$]+)"
)
_HEADING = re.compile(rb"^#{1,4} +(.+?)\s*#*$")


def title(reading: Reading, ranges: Sequence[Range]) -> str:
    """What some atoms do: `Add f and g, change C.h in pkg/mod.py`."""
    files = _by_file(reading, ranges)
    added, changed, removed = [], [], []
    for file, atoms in files:
        news, edits, gone = _names(file, atoms)
        added += news
        changed += edits
        removed += gone
    where = _where([_text(file.file.path) for file, _ in files])
    parts = [_part(verb, names) for verb, names in (("add", added), ("change", changed), ("remove", removed)) if names]
    what = "; ".join(parts) or _in_lines(files)
    if not what:
        return f"Whole: {where}"
    return f"{what[:1].upper()}{what[1:]} in {where}"


def _by_file(reading: Reading, ranges: Iterable[Range]) -> list[tuple[FileReading, list[int]]]:
    """The files of some atoms, with the atoms numbered within each."""
    found: dict[int, tuple[FileReading, list[int]]] = {}
    for atom in reading.atoms_of(ranges):
        file = reading.file_of(atom)
        found.setdefault(file.file.number, (file, []))[1].append(atom - file.first)
    return list(found.values())


def _names(file: FileReading, atoms: list[int]) -> tuple[list[str], list[str], list[str]]:
    """Names of definitions that the atoms add, change and remove."""
    if file.base_source is not None or file.head_source is not None:
        return _python_names(file, atoms)
    lines = {side: [] for side in ("old", "new")}  # type: dict[str, list[bytes]]
    for atom in atoms:
        if atom >= len(file.file.opaque):
            lines["old"] += file.removed(atom)
            lines["new"] += file.added(atom)
    old, new = _spelled(file, lines["old"]), _spelled(file, lines["new"])
    return _less(new, old), [name for name in new if name in old], _less(old, new)


def _spelled(file: FileReading, lines: list[bytes]) -> list[str]:
    """Names of what begins on some lines of a language that is not parsed, headings for prose."""
    if is_prose(file.file.path) and not file.file.path.endswith(b".md"):
        return []
    pattern = _HEADING if file.file.path.endswith(b".md") else _NAMED
    matches = (pattern.match(line.rstrip()) for line in lines if len(line) < 400)
    return list(dict.fromkeys(_text(match[1])[:60] for match in matches if match))


def _python_names(file: FileReading, atoms: list[int]) -> tuple[list[str], list[str], list[str]]:
    old: dict[str, None] = {}
    new: dict[str, None] = {}
    for atom in atoms:
        if atom < len(file.file.opaque):
            continue
        span = file.span(atom)
        if file.base_source is not None and span.base_n:
            old |= dict.fromkeys(_touched(file.base_source, span.base_at, span.base_n))
        if file.head_source is not None and span.head_n:
            new |= dict.fromkeys(_touched(file.head_source, span.head_at, span.head_n))
    before = set(qualified(file.base_source)) if file.base_source else set()
    after = set(qualified(file.head_source)) if file.head_source else set()
    touched = list(dict.fromkeys([*new, *old]))
    added = [name for name in touched if name in after and name not in before]
    removed = [name for name in touched if name in before and name not in after]
    changed = [name for name in touched if name in before and name in after]
    return _outermost(added), [n for n in changed if not _is_inside(n, added + removed)], _outermost(removed)


def _touched(source: Source, line: int, count: int) -> Iterable[str]:
    """The innermost definitions that hold what some lines touch, by qualified name."""
    low, high = source.touched(line, count)
    for index in range(low, high):
        at = index if isinstance(source.statements[index].node, DEFINITIONS) else source.enclosing(index)
        if at >= 0:
            yield qualified_name(source, at)


def qualified(source: Source) -> list[str]:
    """The definitions of a file by qualified name."""
    return [qualified_name(source, i) for i, s in enumerate(source.statements) if isinstance(s.node, DEFINITIONS)]


def _outermost(names: list[str]) -> list[str]:
    return [name for name in names if not _is_inside(name, names)]


def _is_inside(name: str, others: list[str]) -> bool:
    return any(name.startswith(other + ".") for other in others)


def _less(some: list[str], others: list[str]) -> list[str]:
    return [name for name in some if name not in others]


def _part(verb: str, names: list[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    return f"{verb} {shown}" + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")


def _in_lines(files: list[tuple[FileReading, list[int]]]) -> str:
    """What is done where no name tells it; empty where there are no lines."""
    spans = [file.span(atom) for file, atoms in files for atom in atoms if atom >= len(file.file.opaque)]
    removed, added = sum(span.base_n for span in spans), sum(span.head_n for span in spans)
    if not spans:
        return ""
    if not removed:
        return f"add {_lines(added)}"
    return f"remove {_lines(removed)}" if not added else f"change {_lines(max(removed, added))}"


def _lines(count: int) -> str:
    return f"{count:,} line{'' if count == 1 else 's'}"


def _where(paths: list[str]) -> str:
    """The one file, or how many files of which folder."""
    if len(paths) == 1:
        return paths[0]
    folder = commonpath(["/" + path for path in paths])[1:]
    return f"{len(paths):,} files" + (f" of {folder}" if folder else "")


def _text(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
