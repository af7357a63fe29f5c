"""Reports of a change for people, hosts and programs; and all of it in a pipeline by one command."""

from __future__ import annotations

from pathlib import Path

from exosuit.changes.selection import names
from exosuit.changes.sources import Revisions
from exosuit.commands.change import bring_in
from exosuit.commands.evidence import evidence_out
from exosuit.commands.order import verdict_out
from exosuit.commands.plan_models import StatsOut
from exosuit.commands.registry import command
from exosuit.commands.report_facts import Report, Told, report_of
from exosuit.commands.report_html import page
from exosuit.commands.report_markdown import markdown
from exosuit.commands.report_models import CiAsk, CiRan, FailOn, Format, GroupReport, ReportAsk, Reported, ReportOut
from exosuit.commands.report_sarif import document, sarif
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError
from exosuit.core.escapes import folder_text, path_text
from exosuit.core.registry import Effect
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.verdict import WORDS

FIRST = 10
"""Groups that `ci` names of each sort."""


@command("change.report", effect=Effect.EXTERNAL)
def report(session: Session, ask: ReportAsk) -> Reported:
    """What is known of a change: a page, Markdown for a comment, JSON, or SARIF 2.1.0.

    Groups come in the order in which to look at them. Nothing is run: evidence that was found out before is used.
    """
    made = report_of(session, ask.change)
    text = written(made, ask.format)
    if ask.out is None:
        return Reported(change=made.change.id, format=ask.format, text=text, out=None)
    out = _write(session, ask.out, text)
    return Reported(change=made.change.id, format=ask.format, text="", out=out)


@command("ci.run", effect=Effect.EXTERNAL)
def run(session: Session, ask: CiAsk) -> CiRan:
    """Import what a branch adds, plan it, gather the evidence, write reports, and fail by the policy. For pipelines.

    Exits 1 where the verdict on any group is that of --fail-on or worse. docs/ci.md has examples for the usual hosts.
    """
    try:
        change = bring_in(session, Revisions.parse(ask.revisions)).change
    except ExosuitError as error:
        if error.code != "nothing-changed":
            raise
        return _nothing(session, ask)
    made = report_of(session, change)
    done = [_write(session, name, written(made, form)) for name, form in _files(ask)]
    failing = [one for one in made.told if fails(one, ask.fail_on)]
    why = f"{_or_worse(ask.fail_on)}: {len(failing):,} of {len(made.told):,} groups" if failing else ""
    return CiRan(
        change=change, failed=bool(failing), why=why, worst=made.worst, tally=made.tally,
        failing=[group_report(made, one) for one in failing[:FIRST]],
        first=[group_report(made, one) for one in made.told[:FIRST]], written=done,
    )  # fmt: skip


def _files(ask: CiAsk) -> list[tuple[str, Format]]:
    """The files that were asked for, each with its form."""
    named: list[tuple[str | None, Format]] = [
        (ask.sarif, "sarif"), (ask.summary, "md"), (ask.html, "html"), (ask.report, "json"),
    ]  # fmt: skip
    return [(name, form) for name, form in named if name is not None]


def _nothing(session: Session, ask: CiAsk) -> CiRan:
    """Two revisions with one tree: nothing to fail on. The files are there all the same, for the steps that follow."""
    texts: dict[Format, str] = {"sarif": document([], [], "nothing"), "json": "{}\n"}
    done = [_write(session, name, texts.get(form, "Nothing changed.\n")) for name, form in _files(ask)]
    tally = dict.fromkeys(WORDS, 0)
    return CiRan(change="", failed=False, why="", worst=None, tally=tally, failing=[], first=[], written=done)


def fails(one: Told, fail_on: FailOn) -> bool:
    """Whether a group's verdict is at least as bad as the policy allows."""
    return fail_on != "never" and WORDS.index(one.verdict.word) <= WORDS.index(fail_on)


def _or_worse(fail_on: FailOn) -> str:
    return fail_on if fail_on in ("against", "never") else f"{fail_on} or worse"


def written(made: Report, form: Format) -> str:
    """The report in one of its forms."""
    if form == "json":
        return report_out(made).model_dump_json(indent=1) + "\n"
    return {"md": markdown, "html": page, "sarif": sarif}[form](made)


def report_out(made: Report) -> ReportOut:
    """The report as data."""
    change, stats = made.change, made.stats
    return ReportOut(
        change=change.id, title=change.title, source=change.provenance.source, base=change.base, head=change.head,
        lines_added=change.added, lines_removed=change.removed,
        stats=StatsOut(
            lines=stats.lines, hunks=stats.hunks, files=stats.files, decisions=stats.decisions, to_read=stats.to_read,
            proved=stats.proved,
        ),
        tally=made.tally, groups=[group_report(made, one) for one in made.told],
        evidence=[evidence_out(change, one) for one in _all(made)],
    )  # fmt: skip


def _all(made: Report) -> list[Evidence]:
    """The evidence of all groups, the proofs of the plan among it, each once."""
    return list({piece.id: piece for one in made.told for piece in one.evidence}.values())


def group_report(made: Report, one: Told) -> GroupReport:
    """One group of a report as data."""
    group = one.group
    return GroupReport(
        id=group.id, kind=group.kind, title=group.title, atoms=names(made.change, group.atoms),
        paths=[path_text(path) for path in one.paths], lines=group.lines, unproved_lines=group.unproved_lines,
        reason=one.place.reason, verdict=verdict_out(one.verdict), evidence=[piece.id for piece in one.evidence],
    )  # fmt: skip


def _write(session: Session, name: str, text: str) -> str:
    out: Path = session.workspace.root / name
    try:
        out.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise ExosuitError("cannot-write", f"cannot write {out} ({error.strerror})", "name another file") from error
    return folder_text(out)
