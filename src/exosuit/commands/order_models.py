"""What `change why` is asked and what it answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from exosuit.commands.evidence_models import EvidenceOut
from exosuit.commands.models import ChangeAsk, Model
from exosuit.core.registry import Argument

Word = Literal["proved", "supported", "unknown", "differs", "against"]


class WhyAsk(ChangeAsk):
    """Which group of which change."""

    group: Annotated[str, Argument(positional=True, metavar="GROUP")] = Field(description="Its id in the plan.")


class PartOut(Model):
    """Something that moves a group in the order: more than 0 to the front, less to the back."""

    what: str
    effect: float


class VerdictOut(Model):
    """One word for a group, one line why, and the evidence that decided."""

    word: Word
    why: str
    ids: list[str]


class Why(Model):
    """Where a group stands in the order of looking, why, what is known of it, and what would settle the rest."""

    change: str
    group: str
    kind: str
    title: str
    atoms: list[str]
    lines: int
    unproved_lines: int
    place: int = Field(description="From 1.")
    of: int
    times: float = Field(description="Expected defects per line of reading, over those of the whole change.")
    reason: str
    parts: list[PartOut]
    verdict: VerdictOut
    evidence: list[EvidenceOut]
    settle: list[str] = Field(description="What would settle what is not known, in words.")
