"""Which atoms somebody means: ids, ranges, hunks, paths; and what must be decided along with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from exosuit.changes.atoms import FileChange
from exosuit.changes.change import Change
from exosuit.changes.decisions import Range, merged
from exosuit.core.errors import UsageError
from exosuit.core.escapes import named, spelled_out

_NAME = re.compile(r"(\d+)(?:(\.|h)(\d+))?(?:-(?:(\d+)\2)?(\d+))?", re.ASCII)


def select(change: Change, names: Sequence[str], *, path: str | None = None, everything: bool = False) -> list[Range]:
    """The atoms named by ids, by a glob over paths, or all; in order, without overlaps. Raises `no-such-atom`."""
    chosen = [_atoms_named(change, name) for name in names]
    if path is not None:
        files = files_at(change, path)
        if not files:
            raise UsageError(
                "no-such-path",
                f"no file of change {change.id} matches '{spelled_out(path)}'",
                f"exosuit change show {change.id} --no-atoms lists its files",
            )
        chosen += [change.range_of(file) for file in files]
    if everything:
        chosen.append((0, change.atoms))
    if not chosen:
        raise UsageError(
            "nothing-selected", "no atoms were named", "name atoms (3.14, 3.14-3.20, 3h2, 3), --path GLOB, or --all"
        )
    return merged(chosen)


def files_at(change: Change, pattern: str) -> list[FileChange]:
    r"""The files whose new or old path is the pattern, or is in the folder of that name; else those that the glob fits.

    A name is a name before it is a glob: `pages/[id].py` is that file, not `pages/i.py` too. `*` crosses folders.
    Names may be given as they are printed (`\xff`, `\n`, `\\`: see `core.escapes`) or as they stand.
    """
    for wanted in named(pattern):
        name = wanted.rstrip(b"/")
        if found := [f for f in change.files if any(p == wanted or p.startswith(name + b"/") for p in _paths(f))]:
            return found
    for wanted in named(pattern):
        if found := [f for f in change.files if any(_fits(p, wanted) for p in _paths(f))]:
            return found
    return []


def _fits(path: bytes, pattern: bytes) -> bool:
    """Whether a glob fits a path, character by character where they are UTF-8."""
    name, glob = (side.decode("utf-8", "surrogateescape") for side in (path, pattern))
    return fnmatchcase(name, glob) or fnmatchcase(name, glob.rstrip("/") + "/*")


def _paths(file: FileChange) -> set[bytes]:
    return {file.path, file.old_path}


def _atoms_named(change: Change, name: str) -> Range:
    found = _NAME.fullmatch(name)
    if not found:
        raise _no_such(change, name)
    number, kind, first, last_file, last = found.groups()
    file = _file(change, int(number), name)
    if kind is None:
        if last is not None:
            return _forwards(change, change.range_of(file)[0], change.range_of(_file(change, int(last), name))[1], name)
        return change.range_of(file)
    end_file = file if last_file is None else _file(change, int(last_file), name)
    start = _bounds(change, file, kind, int(first), name)[0]
    end = _bounds(change, end_file, kind, int(last or first), name)[1]
    return _forwards(change, start, end, name)


def _forwards(change: Change, start: int, end: int, name: str) -> Range:
    if end <= start:
        raise _no_such(change, name)
    return start, end


def _file(change: Change, number: int, name: str) -> FileChange:
    if not 1 <= number <= len(change.files):
        raise _no_such(change, name)
    return change.files[number - 1]


def _bounds(change: Change, file: FileChange, kind: str, number: int, name: str) -> Range:
    offset = change.firsts[file.number - 1]
    if not 1 <= number <= (file.atoms if kind == "." else len(file.hunks)):
        raise _no_such(change, name)
    if kind == ".":
        return offset + number - 1, offset + number
    first, end = file.hunk_atoms(number - 1)
    return offset + first, offset + end


def _no_such(change: Change, name: str) -> UsageError:
    return UsageError(
        "no-such-atom", f"change {change.id} has no atom {name!r}", f"exosuit change show {change.id} lists them"
    )


def names(change: Change, chosen: Iterable[Range]) -> list[str]:
    """Ranges as ids: a whole file as `3`, else `3.14` or `3.14-3.20`, never across files."""
    return [_name(change, first, end) for start, stop in chosen for first, end in _by_file(change, start, stop)]


def _name(change: Change, first: int, end: int) -> str:
    file = change.file_of(first)
    if (first, end) == change.range_of(file):
        return str(file.number)
    return change.name(first) if end - first == 1 else f"{change.name(first)}-{change.name(end - 1)}"


def _by_file(change: Change, first: int, end: int) -> Iterator[Range]:
    """A range cut at the borders of files."""
    at = first
    while at < end:
        stop = min(end, change.range_of(change.file_of(at))[1])
        yield at, stop
        at = stop


@lru_cache(maxsize=8)
def requirements(change: Change) -> dict[int, tuple[int, ...]]:
    """By file number: the files that must leave their path before this one can stand at its own.

    A file `a` and a folder `a/` cannot both be there: what the change adds at `a/b` needs the removal of `a`, and the
    other way round. Almost always empty.
    """
    leaving = {file.old_path: file.number for file in change.files if file.status in "DR"}
    needs: dict[int, list[int]] = {}
    arriving = [file for file in change.files if file.status in "AR"]
    for file in arriving:
        for parent in _parents(file.path):
            if parent in leaving and leaving[parent] != file.number:
                needs.setdefault(file.number, []).append(leaving[parent])
    places = {file.path: file.number for file in arriving}
    for path, number in leaving.items():
        for parent in _parents(path):
            if parent in places and places[parent] != number:
                needs.setdefault(places[parent], []).append(number)
    return {number: tuple(others) for number, others in needs.items()}


def _parents(path: bytes) -> list[bytes]:
    return [path[:i] for i, c in enumerate(path) if c == 0x2F]


def also(change: Change, chosen: Sequence[Range], *, accepting: bool) -> list[Range]:
    """What must be decided along with `chosen`, because the tree could not hold one without the other."""
    needs = requirements(change)
    if not needs:
        return []
    touched = {change.file_of(at).number for first, end in chosen for at, _ in _by_file(change, first, end)}
    reached, waiting = set(touched), list(touched)
    while waiting:
        number = waiting.pop()
        others = needs.get(number, ()) if accepting else [one for one, needed in needs.items() if number in needed]
        waiting += set(others) - reached
        reached.update(others)
    return merged(change.range_of(change.files[number - 1]) for number in reached - touched)
