"""What an operator says of some atoms: that it explains them, and what of that is proved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from exosuit.changes.decisions import Range, merged
from exosuit.verify.plan.model import Missed, Proof, Ranges
from exosuit.verify.plan.reading import Reading


@dataclass(frozen=True, slots=True)
class Claim:
    """One operator at work: the atoms that it explains (`atoms`, exceptions among them), and how far that is proved.

    Claims of one `kind` and `key` become one group. `apart` marks what is stated apart: generated, vendored, locked.
    """

    kind: str
    key: str
    title: str
    atoms: Ranges
    proofs: tuple[Proof, ...] = ()
    exemplar: Range | None = None
    exceptions: Ranges = ()
    missed: tuple[Missed, ...] = ()
    reproduce: str = ""
    apart: bool = False


@dataclass
class Free:
    """Which atoms of the change nobody has claimed yet."""

    mask: bytearray

    @classmethod
    def all_of(cls, reading: Reading) -> Free:
        return cls(bytearray(b"\x01") * reading.change.atoms)

    def take(self, ranges: Iterable[Range]) -> None:
        for first, end in ranges:
            self.mask[first:end] = bytes(end - first)

    def among(self, first: int, end: int) -> list[int]:
        """The free atoms from `first` to before `end`."""
        return [atom for atom in range(first, end) if self.mask[atom]]

    def has(self, atom: int) -> bool:
        return bool(self.mask[atom])


Operator = Callable[[Reading, Free], list[Claim]]
"""Looks at a change and at what is still free; claims atoms among these, each in one claim only."""


@dataclass
class Gathering:
    """Atoms collected file by file under one key, with the proofs of each claim and manner."""

    atoms: list[Range] = field(default_factory=list)
    proved: dict[tuple[str, str], list[Range]] = field(default_factory=dict)

    def add(self, ranges: list[Range], claim: str = "", by: str = "") -> None:
        self.atoms += ranges
        if claim:
            self.proved.setdefault((claim, by), []).extend(ranges)

    @property
    def ranges(self) -> Ranges:
        return tuple(merged(self.atoms))

    @property
    def proofs(self) -> tuple[Proof, ...]:
        return tuple(Proof(claim, by, tuple(merged(found))) for (claim, by), found in sorted(self.proved.items()))
