"""What goes into the commands of usage and what comes out. Amounts are dollars as exact decimal text: `0.0375`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from exosuit.commands.models import File, FilePath, Model
from exosuit.core.registry import Argument
from exosuit.models.meter.usage import By

Day = Annotated[str, Argument(metavar="DAY")]
Format = Literal["csv", "otlp"]


class UsagePeriod(Model):
    """From which day to which."""

    since: Day = Field("", description="The first day, like 2026-11-23; the first there is if not given.")
    until: Day = Field("", description="The last day; today if not given.")


class UsageAsk(UsagePeriod):
    """What to sum up, and by what."""

    by: list[By] = Field(["day"], min_length=1, max_length=3, description="What to sum up by; again for more.")


class UsageExportAsk(UsagePeriod):
    """Which calls to hand out, and how."""

    format: Format = Field("csv", description="A table, or OpenTelemetry spans (OTLP, a JSON document a line).")
    out: Annotated[FilePath | None, File] = Field(None, description="Write it to this file instead of standard output.")


class UsageSettleAsk(Model):
    """The real cost of a call of which nobody knew how it ended."""

    call: Annotated[str, Argument(positional=True, metavar="CALL")] = Field(description="Its id.")
    cost: Annotated[str, Argument(positional=True, metavar="DOLLARS")] = Field(description="What it cost, like 0.0375.")
    input: int = Field(0, ge=0, le=10**12, description="Tokens that went in, if known.")
    output: int = Field(0, ge=0, le=10**12, description="Tokens that came out, if known.")


class UsageRow(Model):
    """Calls under one heading."""

    key: list[str] = Field(description="The values of what it is summed up by, in that order.")
    calls: int = Field(description="Those that went out, calls on their way among them.")
    input: int = Field(description="Tokens, those from a cache among them.")
    cached: int
    output: int = Field(description="Tokens, those of reasoning among them.")
    reasoning: int
    spent: str = Field(description="What counts against budgets: dollars.")
    lost: str = Field(description="The part of it that is a worst case, since nobody knows how the call ended.")
    held: str = Field(description="Set aside for calls on their way, at their worst.")
    unpriced: int = Field(description="Calls whose price nobody knows; they count as nothing.")


class LostCall(Model):
    """A call of which nobody knows how it ended; `usage settle` takes its id."""

    call: str
    day: str
    supply: str
    model: str
    outcome: str
    worst: str = Field(description="What counts until someone says better: dollars.")


class UsageShown(Model):
    """Sums, and the calls that someone may know more about."""

    by: list[str]
    rows: list[UsageRow]
    total: UsageRow
    lost: list[LostCall] = Field(description="The newest hundred.")


class UsageExported(Model):
    """Calls as text."""

    calls: int
    text: str = Field(description="Empty if it was written to a file.")
    out: str | None = None


class UsageSettled(Model):
    """A call that is settled now."""

    call: str
    cost: str
