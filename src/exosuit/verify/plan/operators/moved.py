"""Definitions that went to another place: whole ones that are proved, edited ones with their edits as exceptions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from exosuit.changes.decisions import Range, merged
from exosuit.verify.plan.claims import Claim, Free
from exosuit.verify.plan.decisions import MOST
from exosuit.verify.plan.model import Proof, Ranges
from exosuit.verify.plan.operators.moves import Unit, atoms_of, is_same_text, moves
from exosuit.verify.plan.operators.relocations import relocations
from exosuit.verify.plan.reading import Reading

WHOLE, FORMATTED, LINES = "same text elsewhere", "same definition elsewhere", "same lines elsewhere"


@dataclass(frozen=True, eq=False, slots=True)
class Went:
    """One definition that went: its atoms, and those that `claim` is proved of."""

    old: Unit
    new: Unit
    atoms: tuple[int, ...]
    claim: str
    proved: tuple[int, ...]

    @property
    def left(self) -> list[int]:
        return sorted(set(self.atoms) - set(self.proved))


def moved(reading: Reading, free: Free) -> list[Claim]:
    """One claim for each file that definitions left (or came to); more where much of them was edited."""
    if not _may_have_moved(reading):
        return []
    whole = moves(reading, free)
    found = []
    for move in whole:
        atoms = tuple(atoms_of(move))
        found.append(Went(move.old, move.new, atoms, WHOLE if is_same_text(move) else FORMATTED, atoms))
    rest = Free(bytearray(free.mask))
    rest.take((atom, atom + 1) for one in found for atom in one.atoms)
    for one in relocations(reading, rest, whole):
        left = reading.lines(_ranges(sorted(set(one.atoms) - set(one.same))))
        found.append(Went(one.old, one.new, one.atoms if left <= MOST else one.same, LINES, one.same))
    return [_claim(reading, some) for every in _by_place(found) for some in _parted(reading, every)]


_DEFINED = re.compile(rb"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)


def _may_have_moved(reading: Reading) -> bool:
    """Whether a definition of one name is gone here and new there, as far as lines tell; nothing is parsed for it."""
    gone: set[bytes] = set()
    new: set[bytes] = set()
    for file in reading.files:
        if file.is_python:
            for run in file.file.runs:
                gone.update(_DEFINED.findall(b"".join(file.base_lines[run.base_at : run.base_at + run.base_n])))
                new.update(_DEFINED.findall(b"".join(file.head_lines[run.head_at : run.head_at + run.head_n])))
    return not gone.isdisjoint(new)


def _by_place(found: list[Went]) -> list[list[Went]]:
    """What went, by the file that it left; by the file that it came to where these are fewer."""
    old = {one.old.file.file.number for one in found}
    new = {one.new.file.file.number for one in found}
    places: dict[int, list[Went]] = {}
    for one in found:
        unit = one.old if len(old) <= len(new) else one.new
        places.setdefault(unit.file.file.number, []).append(one)
    return [sorted(every, key=lambda one: one.new.file.file.number) for _number, every in sorted(places.items())]


def _parted(reading: Reading, every: list[Went]) -> list[list[Went]]:
    """What went from or to a file, parted where more of it was edited than one decision holds."""
    parts: list[list[Went]] = [[]]
    size = 0
    for one in every:
        lines = reading.lines(_ranges(one.left))
        if parts[-1] and size + lines > MOST:
            parts.append([])
            size = 0
        parts[-1].append(one)
        size += lines
    return parts


def _claim(reading: Reading, some: list[Went]) -> Claim:
    files = [
        sorted({unit.file.file.number for unit in units}) for units in zip(*((w.old, w.new) for w in some), strict=True)
    ]
    names = ", ".join(one.old.name for one in some[:3]) + (f" and {len(some) - 3:,} more" if len(some) > 3 else "")
    where = f"from {_shown([w.old for w in some], old=True)} to {_shown([w.new for w in some], old=False)}"
    if files[0] == files[1]:
        where = f"within {_shown([w.new for w in some], old=False)}"
    proofs = []
    for claim in (WHOLE, FORMATTED, LINES):
        atoms = sorted({atom for one in some if one.claim == claim for atom in one.proved})
        proofs += [Proof(claim, "move", _ranges(atoms))] if atoms else []
    edited = sorted({atom for one in some for atom in one.left})
    first = some[0].proved[0]
    return Claim(
        "move", repr(files),
        f"Move {names} {where}" + (", edited on the way" if edited else ""),
        _ranges(sorted({atom for one in some for atom in one.atoms})), tuple(proofs), (first, first + 1),
        _ranges(edited),
        reproduce=f"exosuit change materialize {reading.change.id} --group {{group}} --out DIR  # compare definitions",
    )  # fmt: skip


def _shown(units: list[Unit], *, old: bool) -> str:
    """The one file of some definitions, or how many."""
    paths = sorted({unit.file.file.old_path if old else unit.file.file.path for unit in units})
    return paths[0].decode("utf-8", "backslashreplace") if len(paths) == 1 else f"{len(paths):,} files"


def _ranges(atoms: Sequence[int]) -> Ranges:
    pairs: list[Range] = [(atom, atom + 1) for atom in atoms]
    return tuple(merged(pairs))
