"""Evidence as data: one plain sentence about some atoms, how strong it is, and how to see it again.

The model is the same for what is read from base and head and for what is found out by running something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from exosuit.changes.decisions import merged
from exosuit.verify.plan.model import Proof, Ranges

Strength = Literal["proof", "supports", "unknown", "differs", "against"]

STRENGTHS: dict[Strength, str] = {
    "proof": "a machine proved the claim in the title, and no more",
    "supports": "something that would have noticed a fault of this kind noticed none",
    "unknown": "nobody knows; `settled_by` names the kinds of evidence that would tell",
    "differs": "it works, but answers or does otherwise than before",
    "against": "this is wrong as it stands, or somebody has to say why not",
}
"""From the best to the worst."""

Side = Literal["base", "head"]


@dataclass(frozen=True, slots=True, order=True)
class Lines:
    """Lines `first` to `last` (from 1, both included) of a file, as it is on one side of the change."""

    path: bytes
    side: Side
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One result about some atoms.

    `kind` says what was looked at (`weakened test`, `secret`…), `title` is one sentence, `detail` more of the same
    where there is more. `settled_by` are kinds of evidence that answer an `unknown`: once one of them supports or
    proves the same atom, the unknown no longer counts there. `snapshots` are the trees that it was made on; `seconds`
    is what the run took that made it, shared by all that one run made, and no part of its identity.
    """

    kind: str
    strength: Strength
    title: str
    atoms: Ranges
    lines: tuple[Lines, ...]
    reproduce: str
    snapshots: tuple[str, ...]
    detail: str = ""
    settled_by: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def id(self) -> str:
        """The same for the same result on the same snapshots."""
        parts = (self.kind, self.strength, self.title, self.detail, self.atoms, self.lines, self.snapshots)
        return "e" + hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:10]

    def is_stale(self, snapshots: Iterable[str]) -> bool:
        """Whether it was made on a snapshot that is none of these."""
        return not set(self.snapshots) <= set(snapshots)

    def lasting(self, seconds: float) -> Evidence:
        """The same, with what it cost."""
        return replace(self, seconds=seconds)


def proved(proof: Proof, snapshots: tuple[str, ...], reproduce: str) -> Evidence:
    """A proof of the plan as evidence."""
    title = f"Proved: {proof.claim}, by {proof.by}."
    return Evidence(proof.claim, "proof", title, proof.atoms, (), reproduce, snapshots)


def about(atoms: Ranges, evidence: Iterable[Evidence]) -> list[Evidence]:
    """What is said of at least one of some atoms."""
    return [one for one in evidence if _meet(atoms, one.atoms)]


def _meet(some: Ranges, others: Ranges) -> bool:
    """Whether two rising rows of ranges share an atom."""
    at = other = 0
    while at < len(some) and other < len(others):
        if some[at][1] <= others[other][0]:
            at += 1
        elif others[other][1] <= some[at][0]:
            other += 1
        else:
            return True
    return False


def as_json(evidence: Evidence) -> dict[str, Any]:
    """Evidence as plain data; the odd bytes of paths that are not UTF-8 as lone surrogates, which JSON escapes."""
    return {
        "id": evidence.id,
        "kind": evidence.kind,
        "strength": evidence.strength,
        "title": evidence.title,
        "detail": evidence.detail,
        "atoms": [list(one) for one in evidence.atoms],
        "lines": [
            {"path": _text(one.path), "side": one.side, "first": one.first, "last": one.last} for one in evidence.lines
        ],
        "settled_by": list(evidence.settled_by),
        "reproduce": evidence.reproduce,
        "snapshots": list(evidence.snapshots),
        "seconds": evidence.seconds,
    }


def from_json(data: Mapping[str, Any]) -> Evidence:
    """What `as_json` gave. Raises KeyError or ValueError on anything else."""
    if data["strength"] not in STRENGTHS:
        raise ValueError(f"no strength of evidence: {data['strength']!r}")
    return Evidence(
        kind=data["kind"],
        strength=data["strength"],
        title=data["title"],
        detail=data["detail"],
        atoms=tuple(merged((first, end) for first, end in data["atoms"])),
        lines=tuple(
            Lines(one["path"].encode("utf-8", "surrogateescape"), one["side"], one["first"], one["last"])
            for one in data["lines"]
        ),
        settled_by=tuple(data["settled_by"]),
        reproduce=data["reproduce"],
        snapshots=tuple(data["snapshots"]),
        seconds=data["seconds"],
    )


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
