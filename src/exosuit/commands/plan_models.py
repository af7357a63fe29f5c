"""What goes into the plan of a change and what comes out. Atoms are ids as everywhere: `3.14`, `3.14-3.20`, `3`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from exosuit.commands.models import ChangeAsk, Model


class PlanAsk(ChangeAsk):
    """Which change to plan."""

    increments: bool = Field(True, description="With its increments, which take longer than its groups.")


class IncrementOut(Model):
    """Atoms that can only be taken together; `after` names the increments that must come with them."""

    id: str
    atoms: list[str]
    after: list[str]


class MissedOut(Model):
    """A place where the operator fires and the author did not act: bytes of a base file, and what they would be."""

    path: str
    base_start: int
    base_len: int
    new: str
    encoding: Literal["utf-8", "base64"]


class ProofOut(Model):
    """What a machine proved of some atoms: `claim` says what is the same, `by` how it was found."""

    claim: str
    by: str
    atoms: list[str]


class GroupOut(Model):
    """Atoms that are one decision. `kind` is the operator's word, or one of `edit`, `new tests`, `removal`."""

    id: str
    kind: str
    title: str
    atoms: list[str]
    exemplar: list[str] = Field(description="The place that shows it; empty for an edit.")
    exceptions: list[str] = Field(description="Atoms where the operator gives something else than the author wrote.")
    missed: list[MissedOut]
    proof: list[ProofOut]
    lines: int = Field(description="Added and removed lines.")
    unproved_lines: int
    reproduce: str = Field(description="A command that shows it again; empty for an edit.")
    reason: str = Field(description="Why it stands where it does in `order`: docs/order.md.")


class StatsOut(Model):
    """Figures of a plan. `to_read` counts lines that no proof covers, exemplars and exceptions included."""

    lines: int
    hunks: int
    files: int
    decisions: int
    to_read: int
    proved: int


class Planned(Model):
    """A plan: groups partition the atoms, `order` is that of expected defects per line of reading."""

    change: str
    increments: list[IncrementOut]
    groups: list[GroupOut]
    order: list[str]
    stats: StatsOut
