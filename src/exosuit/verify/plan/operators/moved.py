"""Definitions that went to another place: whole ones that are proved, edited ones with their edits as exceptions."""

from __future__ import annotations

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
    """One claim for each pair of files that definitions went between; more where much of them was edited."""
    whole = moves(reading, free)
    found = []
    for move in whole:
        atoms = tuple(atoms_of(move))
        found.append(Went(move.old, move.new, atoms, WHOLE if is_same_text(move) else FORMATTED, atoms))
    rest = Free(bytearray(free.mask))
    rest.take((atom, atom + 1) for one in found for atom in one.atoms)
    found += [Went(one.old, one.new, one.atoms, LINES, one.same) for one in relocations(reading, rest, whole)]
    by_files: dict[tuple[int, int], list[Went]] = {}
    for one in found:
        by_files.setdefault((one.old.file.file.number, one.new.file.file.number), []).append(one)
    return [_claim(some) for _files, every in sorted(by_files.items()) for some in _parted(reading, every)]


def _parted(reading: Reading, every: list[Went]) -> list[list[Went]]:
    """What went between two files, parted where more of it was edited than one decision holds."""
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


def _claim(some: list[Went]) -> Claim:
    old, new = some[0].old.file, some[0].new.file
    names = ", ".join(one.old.name for one in some[:3]) + (f" and {len(some) - 3:,} more" if len(some) > 3 else "")
    shown = [path.decode("utf-8", "backslashreplace") for path in (old.file.old_path, new.file.path)]
    where = f"from {shown[0]} to {shown[1]}" if old is not new else f"within {shown[1]}"
    proofs = []
    for claim in (WHOLE, FORMATTED, LINES):
        atoms = sorted({atom for one in some if one.claim == claim for atom in one.proved})
        proofs += [Proof(claim, "move", _ranges(atoms))] if atoms else []
    edited = sorted({atom for one in some for atom in one.left})
    first = some[0].proved[0]
    return Claim(
        "move", f"{old.file.number} {new.file.number}",
        f"Move {names} {where}" + (", edited on the way" if edited else ""),
        _ranges(sorted({atom for one in some for atom in one.atoms})), tuple(proofs), (first, first + 1),
        _ranges(edited),
        reproduce="exosuit change materialize CHANGE --group {group} --out DIR  # then compare the definitions",
    )  # fmt: skip


def _ranges(atoms: Sequence[int]) -> Ranges:
    pairs: list[Range] = [(atom, atom + 1) for atom in atoms]
    return tuple(merged(pairs))
