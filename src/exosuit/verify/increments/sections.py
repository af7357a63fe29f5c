"""Closure of TOML and INI: a section goes whole, with its header and all of its keys.

A section is told by its name, on both sides and wherever it stands, so that none is there twice and none is without its
header. Where a line that both sides share changes its section, all between the shared headers around it goes whole.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator, Sequence

from exosuit.core import parsed
from exosuit.verify.increments.ties import Ties
from exosuit.verify.plan.reading import FileReading

TOML, INI = (b".toml",), (b".ini", b".cfg")
_HEADER = re.compile(rb"\s*(\[\[?)([^\]\n]+)\]")
_NO_PARTS = re.compile(r"[\s\"']")


def close_sections(file: FileReading, ties: Ties) -> bool:
    """Tie the atoms of each section, or of a file whose sections cannot be told. False for other kinds of files."""
    if not file.file.path.endswith((*TOML, *INI)):
        return False
    toml = file.file.path.endswith(TOML)
    sides = [_named(lines, toml=toml) for lines in (file.base_lines, file.head_lines)]
    cut_off = any(side and not side.endswith(b"\n") for side in (file.base, file.head))
    if None in sides or cut_off:
        ties.tie([file.first + atom for atom in file.text_atoms], "parse")
        return True
    base, head = (_joined(side or [], {name for each in sides for name in each or []}) for side in sides)
    first: dict[str, int] = {}
    for atom in file.text_atoms:
        span = file.span(atom)
        names = {*base[span.base_at : span.base_at + span.base_n], *head[span.head_at : span.head_at + span.head_n]}
        for name in sorted(names):
            ties.tie([file.first + first.setdefault(name, atom), file.first + atom], "parse")
    for atoms in _strayed(file, base, head):
        ties.tie(atoms, "parse")
    return True


def _named(lines: Sequence[bytes], *, toml: bool) -> list[str] | None:
    """The name of the section of each line; None where that cannot be trusted."""
    names: list[str] = []
    starts = [0]
    name = ""
    for number, line in enumerate(lines):
        found = _HEADER.match(line)
        if found and (toml or not line[:1].isspace()):
            name = _NO_PARTS.sub("", found[2].decode("utf-8", "replace")) + ("[]" if found[1] == b"[[" else "")
            starts.append(number)
        names.append(name)
    # A header within a string, or an array over lines, looks the same: then a part does not parse by itself.
    parts = [b"".join(lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]
    whole = (b"".join(lines), *parts) if toml else (b"".join(lines),)
    return names if all(_reads(part, toml=toml) for part in whole) else None


def _reads(data: bytes, *, toml: bool) -> bool:
    try:
        if toml:
            parsed.toml(data)
        else:
            configparser.RawConfigParser(strict=False, allow_no_value=True).read_string(data.decode("utf-8"))
    except (ValueError, configparser.Error):
        return False
    return True


def _joined(names: Sequence[str], known: set[str]) -> list[str]:
    """Names with the elements of an array, and the tables below them, as one: they belong to the element above."""
    arrays = sorted(name.removesuffix("[]") for name in known if name.endswith("[]"))

    def home(name: str) -> str:
        bare = name.removesuffix("[]")
        return next((array for array in arrays if bare == array or bare.startswith(f"{array}.")), bare)

    homes = {name: home(name) for name in set(names)}
    return [homes[name] for name in names]


def _strayed(file: FileReading, base: list[str], head: list[str]) -> Iterator[list[int]]:
    """Atoms that would take a line into another's section: those of a run that puts something else for a header, and
    all between two shared headers where a shared line between them changes its section.
    """
    atom = first = len(file.file.opaque)
    strayed = False
    # A blank line belongs to nobody, unless it is part of a string.
    said = bytes.strip if not re.search(rb"\"{3}|'{3}", file.base + file.head) else bytes
    at_base = at_head = 0
    for run in [*file.file.runs, None]:
        to = run.base_at if run else len(base)
        for one in range(at_base, to):
            other = at_head + one - at_base
            if base[one] != head[other]:
                strayed |= bool(said(file.base_lines[one]))
            elif _HEADER.match(file.base_lines[one]):
                if strayed:
                    yield [file.first + part for part in range(first, atom)]
                first, strayed = atom, False
        if run:
            lines = file.base_lines[run.base_at : to + run.base_n] + file.head_lines[run.head_at :][: run.head_n]
            if run.base_n and run.head_n and any(map(_HEADER.match, lines)):
                yield [file.first + part for part in range(atom, atom + run.atoms)]
            atom += run.atoms
            at_base, at_head = run.base_at + run.base_n, run.head_at + run.head_n
    if strayed:
        yield [file.first + part for part in range(first, atom)]
