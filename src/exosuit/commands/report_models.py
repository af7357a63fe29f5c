"""What is asked of a report and of a pipeline's run, and what comes out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from exosuit.commands.evidence_models import EvidenceOut
from exosuit.commands.models import ChangeAsk, File, FilePath, Model
from exosuit.commands.order_models import VerdictOut, Word
from exosuit.commands.plan_models import StatsOut
from exosuit.core.registry import Argument

Format = Literal["md", "html", "json", "sarif"]
FailOn = Literal["against", "differs", "unknown", "never"]


class ReportAsk(ChangeAsk):
    """Which report."""

    format: Format = Field("md", description="md for a comment, html for one page, json for programs, sarif for hosts.")
    out: Annotated[FilePath | None, File] = Field(None, description="A file to write instead of printing.")


class Reported(Model):
    """A report as text; empty where it was written to `out`."""

    change: str
    format: Format
    text: str
    out: str | None


class GroupReport(Model):
    """A group, with what is known of it; `evidence` holds ids of the pieces in the report."""

    id: str
    kind: str
    title: str
    atoms: list[str]
    paths: list[str]
    lines: int
    unproved_lines: int
    reason: str
    verdict: VerdictOut
    evidence: list[str]


class ReportOut(Model):
    """The report as data. `tally` counts changed lines by the verdict on their group."""

    change: str
    title: str
    source: str
    base: str
    head: str
    lines_added: int
    lines_removed: int
    stats: StatsOut
    tally: dict[Word, int]
    groups: list[GroupReport]
    evidence: list[EvidenceOut]


class CiAsk(Model):
    """Which revisions, when to fail, and what to write."""

    revisions: Annotated[str, Argument(positional=True, metavar="REV..REV")] = Field(
        description="Two revisions, `main...HEAD`: what HEAD adds since it left main."
    )
    fail_on: FailOn = Field(
        "against", description="Fail where a group's verdict is this or worse (unknown, differs, against); or never."
    )
    sarif: Annotated[FilePath | None, File] = Field(None, description="A file for the findings as SARIF 2.1.0.")
    summary: Annotated[FilePath | None, File] = Field(None, description="A file for the summary in Markdown.")
    html: Annotated[FilePath | None, File] = Field(None, description="A file for the page.")
    report: Annotated[FilePath | None, File] = Field(None, description="A file for the report as JSON.")


class CiRan(Model):
    """How it went: `failed` by the policy, `worst` the worst verdict, and what was written."""

    change: str
    failed: bool
    why: str
    worst: Word | None
    tally: dict[Word, int]
    failing: list[GroupReport] = Field(description="The groups that the policy does not pass, in order; the first ten.")
    first: list[GroupReport] = Field(description="The groups to look at first.")
    written: list[str]

    @property
    def is_failure(self) -> bool:
        """Whether the pipeline should stop here."""
        return self.failed
