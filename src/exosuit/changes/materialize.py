"""Materialize: (base, atoms, edits) → tree. Pure: any subset gives the same bytes, in whatever order it was decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exosuit.changes.atoms import SUBMODULE, FileChange, Kind, Run, line_offsets, split_lines
from exosuit.changes.change import Change
from exosuit.changes.decisions import ACCEPTED, Edit
from exosuit.changes.shadow import Shadow

Entries = dict[bytes, tuple[int, str] | None]
"""By path: mode and blob that shall stand there, or None for nothing."""

Piece = tuple[int, int, bytes]
"""Base lines from, to (exclusive), and the bytes that take their place."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What a file of a change comes to: `mode` and `data` at `path`; `data` None where no file is left."""

    path: bytes
    mode: int
    data: bytes | None


def materialize_file(
    file: FileChange, base: bytes, head: bytes, states: Sequence[int], edits: Sequence[tuple[int, int, bytes]] = ()
) -> Placed:
    """One file with a subset of its atoms.

    `states` has one state per atom of the file; `edits` are (first atom, end atom, text), numbered within the file. A
    new file exists once any atom of it is taken; a deleted one is gone once all are.
    """
    taken = [state == ACCEPTED for state in states]
    renamed = Kind.RENAME in file.opaque and taken[file.opaque.index(Kind.RENAME)]
    path = file.path if renamed or not file.is_renamed else file.old_path
    if file.status == "A" and not any(taken) and not edits:
        return Placed(path, 0, None)
    if file.status == "D" and all(taken):
        return Placed(path, 0, None)
    mode = file.old_mode or file.new_mode
    if Kind.MODE in file.opaque and taken[file.opaque.index(Kind.MODE)]:
        mode = file.new_mode
    if file.is_text:
        return Placed(path, mode, _spliced(file, base, head, states, edits))
    whole = [i for i, kind in enumerate(file.opaque) if kind not in (Kind.RENAME, Kind.MODE)]
    if whole and taken[whole[0]]:
        return Placed(path, file.new_mode if file.status in "AT" else mode, head)
    return Placed(path, mode, base)


def _spliced(
    file: FileChange, base: bytes, head: bytes, states: Sequence[int], edits: Sequence[tuple[int, int, bytes]]
) -> bytes:
    offsets = line_offsets(split_lines(base))
    out, at = [], 0
    for first, end, data in pieces(file, head, states, edits):
        out.append(base[offsets[at] : offsets[first]])
        out.append(data)
        at = end
    out.append(base[offsets[at] :])
    return b"".join(out)


def pieces(
    file: FileChange, head: bytes, states: Sequence[int], edits: Sequence[tuple[int, int, bytes]] = ()
) -> Iterator[Piece]:
    """The replacements that the taken atoms and the edits make, in order of the base, never overlapping."""
    offsets = line_offsets(split_lines(head))
    waiting = sorted(edits)
    atom, done = len(file.opaque), 0
    for run in file.runs:
        end = atom + run.atoms
        if (waiting and waiting[0][0] < end) or atom < done:
            for number, span in enumerate(run.spans(), atom):
                if waiting and number == waiting[0][0]:
                    _first, done, data = waiting.pop(0)
                    last = file.spans[done - 1 - len(file.opaque)]
                    yield span.base_at, last.base_at + last.base_n, data
                elif number >= done and states[number] == ACCEPTED:
                    yield (
                        span.base_at,
                        span.base_at + span.base_n,
                        head[offsets[span.head_at] : offsets[span.head_at + span.head_n]],
                    )
        else:
            yield from _of_run(run, head, offsets, states[atom:end])
        atom = end


def _of_run(run: Run, head: bytes, offsets: list[int], states: Sequence[int]) -> Iterator[Piece]:
    """A run without edits: in one piece where all of it is taken."""
    count = states.count(ACCEPTED) if isinstance(states, (bytes, bytearray)) else sum(s == ACCEPTED for s in states)
    if count == len(states):
        yield run.base_at, run.base_at + run.base_n, head[offsets[run.head_at] : offsets[run.head_at + run.head_n]]
    elif count:
        for span, state in zip(run.spans(), states, strict=True):
            if state == ACCEPTED:
                yield (
                    span.base_at,
                    span.base_at + span.base_n,
                    head[offsets[span.head_at] : offsets[span.head_at + span.head_n]],
                )


def materialize(change: Change, states: bytes | bytearray, edits: Sequence[Edit], shadow: Shadow) -> str:
    """The tree that a subset of a change gives, stored in the shadow repository; returns its id.

    Where a path that the change adds collides with a file that the subset leaves standing (`a` and `a/b`), what is in
    the base stays, so that the function is total.
    """
    if not states.strip(bytes([ACCEPTED])) and not edits:
        return change.head
    placed: dict[int, Entries] = {}
    for file in change.files:
        first, end = change.range_of(file)
        own = [(e.first - first, e.end - first, e.blob) for e in edits if first <= e.first < end]
        if own or ACCEPTED in states[first:end]:
            placed[file.number] = _entries(file, bytes(states[first:end]), own, shadow)
    return shadow.replace(change.base, _without_collisions(change, placed))


def _entries(file: FileChange, states: bytes, edits: list[tuple[int, int, str]], shadow: Shadow) -> Entries:
    """The paths that one file's decisions set or clear in the base tree."""
    if not edits and states.count(ACCEPTED) == len(states):
        kept = (file.new_mode, file.new_blob) if file.new_mode else None
        return {file.old_path: None, file.path: kept}
    texts = [(first, end, shadow.blob(blob)) for first, end, blob in edits]
    if file.is_text:
        placed = materialize_file(file, *sides(file, shadow), states, texts)
        name = shadow.put(placed.data) if placed.data is not None else ""
    else:  # names of blobs and commits instead of what they hold: it is one or the other, whole
        placed = materialize_file(file, file.old_blob.encode(), file.new_blob.encode(), states)
        name = placed.data.decode() if placed.data is not None else ""
    return {file.old_path: None, placed.path: (placed.mode, name) if placed.data is not None else None}


def sides(file: FileChange, shadow: Shadow) -> tuple[bytes, bytes]:
    """What stands at a file's paths before and after: its bytes, a link's text, or a submodule's commit in hex."""
    old = file.old_blob.encode() if file.old_mode == SUBMODULE else shadow.blob(file.old_blob)
    new = file.new_blob.encode() if file.new_mode == SUBMODULE else shadow.blob(file.new_blob)
    return old, new


def _without_collisions(change: Change, placed: dict[int, Entries]) -> Entries:
    """All entries but those of files that would arrive below a file that stays, or at the place of a folder that stays.

    Such a file stays as it was, which may keep the next one from arriving: hence the loop.
    """
    while True:
        standing = {
            file.old_path for file in change.files
            if file.status != "A" and placed.get(file.number, {file.old_path: True}).get(file.old_path)
        }  # fmt: skip
        folders = {parent for path in standing for parent in _parents(path)}
        barred = [
            number
            for number, entries in placed.items()
            for path, entry in entries.items()
            if entry is not None and path not in standing
            and (path in folders or not standing.isdisjoint(_parents(path)))
        ]  # fmt: skip
        if not barred:
            return {path: entry for entries in placed.values() for path, entry in entries.items()}
        for number in barred:
            del placed[number]


def _parents(path: bytes) -> list[bytes]:
    return [path[:i] for i, c in enumerate(path) if c == 0x2F]
