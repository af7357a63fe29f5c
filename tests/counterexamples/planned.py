"""A change made of two dictionaries of files, its plan, and what of it is proved."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from exosuit.changes.atoms import REGULAR
from exosuit.changes.change import Change
from exosuit.changes.shadow import Shadow
from exosuit.verify.plan.model import Plan
from exosuit.verify.plan.planning import plan
from exosuit.verify.plan.reading import Reading
from tests.property.nasty import taken_apart

Files = Mapping[str, str | bytes]


@contextmanager
def shadow() -> Iterator[Shadow]:
    """A shadow repository in a folder of its own."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        yield Shadow(Path(folder) / "shadow.git")


class Planned:
    """The change between two sets of files, and its plan."""

    def __init__(self, store: Shadow, base: Files, head: Files) -> None:
        trees = [
            {
                os.fsencode(path): (REGULAR, text.encode() if isinstance(text, str) else text)
                for path, text in side.items()
            }
            for side in (base, head)
        ]
        self.change: Change = taken_apart(store, trees[0], trees[1]).change
        blobs = {store.put(data): data for side in trees for _mode, data in side.values()}
        names = {data: name for name, data in blobs.items()}
        listings = {
            tree: {path: names[data] for path, (_mode, data) in side.items()}
            for tree, side in zip((self.change.base, self.change.head), trees, strict=True)
        }
        self.reading = Reading(self.change, blobs.__getitem__, listings.__getitem__)
        self.plan: Plan = plan(self.change, blobs.__getitem__, listings.__getitem__)

    def proved(self, claim: str = "") -> set[int]:
        """The atoms that carry a proof (of a claim)."""
        return {
            atom
            for group in self.plan.groups
            for proof in group.proofs
            if not claim or proof.claim == claim
            for atom in self.reading.atoms_of(proof.atoms)
        }

    def proved_lines(self) -> set[str]:
        """Removed and added lines under a proof, with their sign, stripped; blank ones left out."""
        found = set()
        for atom in self.proved():
            file = self.reading.file_of(atom)
            inside = atom - file.first
            if inside >= len(file.file.opaque):
                found |= {"-" + line.decode("utf-8", "replace").strip() for line in file.removed(inside)}
                found |= {"+" + line.decode("utf-8", "replace").strip() for line in file.added(inside)}
        return found - {"-", "+"}

    def kinds(self) -> dict[str, str]:
        """The titles of the groups by kind."""
        return {group.kind: group.title for group in self.plan.groups}


def planned(base: Files, head: Files) -> Planned:
    """Two sets of files taken apart and planned."""
    with shadow() as store:
        return Planned(store, base, head)


def edit(base: str | bytes, head: str | bytes, path: str = "pkg/mod.py") -> Planned:
    """One file that changes, in a tree with one more."""
    other = {"pkg/__init__.py": ""}
    return planned({**other, path: base}, {**other, path: head})
