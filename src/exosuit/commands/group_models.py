"""What the review screen reads of a plan, and what missed places become."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from exosuit.commands.models import ChangeAsk, Model
from exosuit.commands.plan_models import StatsOut

GroupRow = tuple[str, str, str, int, int, int, int, int]
"""(id, kind, title, lines, lines without proof, atom of the exemplar, exceptions, missed places).

The atom is counted through the whole change from 0; without an exemplar it is the group's first. Exceptions are places.
"""


class GroupsAsk(ChangeAsk):
    """Which change's groups."""

    wait: float = Field(0.0, ge=0, le=600, description="Seconds to wait for them if they are being made.")
    draft: bool = Field(False, description="A draft will do: what costs little to find, there long before the plan.")


class Groups(Model):
    """Groups as columns, in the order in which to look at them, and what each atom of the change belongs to."""

    state: Literal["making", "draft", "ready", "failed"]
    why: str = Field(description="Why there are none; empty unless failed.")
    groups: list[GroupRow]
    runs: list[int] = Field(
        description="Flat pairs (count, code) over all atoms of the change in order, cut where a hunk starts. The code "
        "is 8 times the group's place in `groups`, plus 1 if proved, 2 if an exception, 4 if a hunk starts here."
    )
    stats: StatsOut | None = Field(description="Null while there are no groups.")


class GroupAsk(ChangeAsk):
    """Which group of the plan."""

    group: str = Field(description="Its id.")


class Claimed(Model):
    """What is proved of some edits of a group, and no more."""

    claim: str
    means: str = Field(description="What the claim says, in words.")
    by: str = Field(description="How it was found.")
    edits: int


class MissedPlace(Model):
    """A place that the operator would change and the author did not: whole lines of the base, and what they become."""

    path: str
    line: int = Field(description="From 1, in the base.")
    before: list[str]
    after: list[str]


class GroupKnown(Model):
    """What is known of a group."""

    id: str
    kind: str
    title: str
    proof: list[Claimed]
    missed: list[MissedPlace] = Field(description="At most 200; `missed_more` counts the others.")
    missed_more: int
    reproduce: str = Field(description="A command that shows it again; empty for an edit.")


class MissedAsk(GroupAsk):
    """Which missed places of a group to add."""

    places: list[int] = Field([], description="Their numbers in the order of the plan, from 1; all of them if empty.")
