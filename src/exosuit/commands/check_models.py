"""What goes into the commands of checks and what comes out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from exosuit.commands.models import ChangeAsk, Model
from exosuit.core.registry import Argument

What = Annotated[str | None, Argument(positional=True, metavar="CHANGE|REV")]


class CheckListAsk(Model):
    """Whose checks: a change, a revision, or the workspace as it is now."""

    what: What = Field(None, description="A change or a revision; the workspace as it is now if not given.")


class CheckAsk(CheckListAsk):
    """Which checks to run on what."""

    only: list[str] = Field([], description="Only the checks of these names.")


class CheckKnown(Model):
    """A check that there is."""

    name: str
    command: list[str]
    timeout: float = Field(description="Seconds.")
    network: bool
    found: bool = Field(description="Found in the tree, rather than named in exosuit.toml.")
    lacking: str = Field(description="What it would need that is not there; empty if it can be run.")


class CheckResult(Model):
    """How one check went on one snapshot."""

    name: str
    snapshot: str = Field(description="base, head, or the revision; now for the workspace as it is.")
    verdict: Literal["pass", "fail", "cannot-tell"]
    why: str
    seconds: float
    cached: bool
    flaky: list[str] = Field(description="Tests that failed and then passed, `*` for a whole check: no evidence.")
    tests: dict[str, int] = Field(description="How many tests went each way; empty where its tool tells none.")
    failing: list[str]
    output: str = Field(description="The end of what it printed; empty for a pass.")


class ChecksKnown(Model):
    """The checks of a snapshot, the Python that they are run with, and how they went where they were run before."""

    checks: list[CheckKnown]
    python: str = Field(description="Empty if there is none.")
    python_found: str = Field(description="Where that Python was found, in words.")
    results: list[CheckResult] = Field(
        description="What is known from earlier runs on the same snapshots; of what could not be told, by this process."
    )
    note: str = Field(description="One sentence where exosuit.toml is read as it was, not as it is; else empty.")


class CheckRan(Model):
    """All checks on all snapshots that were asked for."""

    snapshots: dict[str, str] = Field(description="Tree id by the name of the snapshot.")
    results: list[CheckResult]
    note: str = Field(description="One sentence where exosuit.toml is read as it was, not as it is; else empty.")

    @property
    def is_failure(self) -> bool:
        """Whether a check fails on what would be had: not on the base of a change, which is had already."""
        return any(result.verdict == "fail" and result.snapshot != "base" for result in self.results)


class CheckRunning(Model):
    """A run on its way."""

    what: str
    check: str
    done: int
    total: int
    seconds_left: float = Field(description="As far as earlier runs tell.")


class ChecksRunning(Model):
    """What runs now in this process, on this workspace."""

    running: list[CheckRunning]


class CheckStopped(Model):
    """How many runs were told to stop."""

    stopped: int


class StandAsk(ChangeAsk):
    """Which parts of a change to try, and how much that may cost."""

    only: list[str] = Field([], description="Only the checks of these names.")
    prefixes: int = Field(20, ge=0, le=100_000, description="So many prefixes of the order, evenly spread.")
    subsets: int = Field(20, ge=0, le=100_000, description="So many random sets of increments with all that they need.")
    runs: int = Field(200, ge=3, le=100_000, description="Look at no more trees than this in all.")


class LessonOut(Model):
    """What a change at one place cannot be taken without, as a run of the checks has shown: path and definition."""

    place: str
    needs: str


class Stood(Model):
    """What runs of the checks say of the increments of a change."""

    change: str
    checks: list[str] = Field(
        description="Those that pass on both ends, wholly or in part: what is asked of the parts."
    )
    left_out: list[str] = Field(description="Other checks, each with why nothing can be asked of it.")
    tests: int = Field(description="Tests that pass on both ends.")
    runs: int = Field(description="Trees that were looked at.")
    spent: bool = Field(description="Whether there was more to look at than it was allowed.")
    learned: list[LessonOut] = Field(description="Kept for this workspace; the plan heeds them from now on.")
    still_red: int = Field(description="Sets that fail and that no edge explains.")
    increments: int
    largest: float = Field(description="The lines of the largest increment as a share of all.")
