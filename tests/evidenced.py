"""A change made of two sets of files, and the evidence that is read from it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from exosuit.changes.atoms import REGULAR
from exosuit.verify.evidence.gathering import gathered
from exosuit.verify.evidence.material import no_licences
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.plan.reading import Reading
from tests.counterexamples.planned import shadow
from tests.property.nasty import taken_apart

Files = Mapping[str, str | bytes]


class Evidenced:
    """What was found of a change; `reading` looks into it."""

    def __init__(self, base: Files, head: Files, licences: Callable[[str], str] = no_licences) -> None:
        trees = [
            {
                os.fsencode(path): (REGULAR, text.encode() if isinstance(text, str) else text)
                for path, text in side.items()
            }
            for side in (base, head)
        ]
        with shadow() as store:
            self.change = taken_apart(store, trees[0], trees[1]).change
            blobs = {store.put(data): data for side in trees for _mode, data in side.values()}
        names = {data: name for name, data in blobs.items()}
        listings = {
            tree: {path: names[data] for path, (_mode, data) in side.items()}
            for tree, side in zip((self.change.base, self.change.head), trees, strict=True)
        }
        self.reading = Reading(self.change, blobs.__getitem__, listings.__getitem__)
        self.evidence: list[Evidence] = list(gathered(self.reading, licences=licences))

    def of(self, kind: str, *strengths: str) -> list[str]:
        """The titles of one kind (and of some strengths), each behind its strength."""
        return [
            f"{one.strength}: {one.title}" for one in self.evidence
            if one.kind == kind and (not strengths or one.strength in strengths)
        ]  # fmt: skip

    def lines(self, kind: str) -> set[str]:
        """Removed and added lines that evidence of a kind is about, with their sign."""
        found = set()
        for one in self.evidence:
            for atom in self.reading.atoms_of(one.atoms) if one.kind == kind else ():
                file = self.reading.file_of(atom)
                if atom - file.first >= len(file.file.opaque):
                    found |= {"-" + line.decode("utf-8", "replace").strip() for line in file.removed(atom - file.first)}
                    found |= {"+" + line.decode("utf-8", "replace").strip() for line in file.added(atom - file.first)}
        return found


def evidenced(base: Files, head: Files) -> Evidenced:
    """The evidence on the change between two sets of files."""
    return Evidenced(base, head)


def edit(base: str | bytes, head: str | bytes, path: str = "pkg/mod.py") -> Evidenced:
    """One file that changes."""
    return Evidenced({path: base}, {path: head})
