"""What is asked of the evidence on a change, and what comes out. Atoms are ids as everywhere: `3.14-3.20`, `3`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from exosuit.commands.models import ChangeAsk, Model


class EvidenceAsk(ChangeAsk):
    """Which evidence."""

    only: list[str] = Field([], description="Only these kinds: `secret`, `weakened test`…; all if none is named.")


class LinesOut(Model):
    """Lines `first` to `last` (from 1) of a file as it is on one side."""

    path: str
    side: Literal["base", "head"]
    first: int
    last: int


class EvidenceOut(Model):
    """One result about some atoms; docs/evidence.md says what each kind looks at and cannot see."""

    id: str
    kind: str
    strength: Literal["proof", "supports", "unknown", "differs", "against"]
    title: str = Field(description="One plain sentence.")
    detail: str
    atoms: list[str]
    lines: list[LinesOut]
    settled_by: list[str] = Field(description="Kinds of evidence that would answer an unknown.")
    reproduce: str
    snapshots: list[str]
    seconds: float = Field(description="What the run took that made it, shared by all that it made.")


class Evidenced(Model):
    """All evidence that can be read from the two sides of a change; nothing has been run."""

    change: str
    evidence: list[EvidenceOut]
