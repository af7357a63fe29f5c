"""A report as Markdown for the comment of a pull request, or the summary of a pipeline.

Every text that comes from the change stands in `<code>`, each sign of it that is no letter, digit or space as a number:
nothing in it is Markdown, HTML, a mention or a link.
"""

from __future__ import annotations

from collections.abc import Iterator

from exosuit.commands.report_facts import Report, Told
from exosuit.core.escapes import HIDDEN, path_text
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.verdict import WORDS

GROUPS = 25
"""Groups in the table, at most; the comment of a pull request has a limit."""
PIECES = 40
"""Pieces of evidence that are listed, at most."""
LONGEST = 160
"""Signs of a text that are shown."""


def quoted(text: str) -> str:
    """A text from outside: shown as it is, read as nothing else."""
    one_line = HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", " ".join(text.split()))
    cut = one_line if len(one_line) <= LONGEST else one_line[:LONGEST] + "…"
    safe = "".join(sign if sign.isalnum() or sign == " " else f"&#{ord(sign)};" for sign in cut)
    return f"<code>{safe}</code>" if safe else ""


def markdown(report: Report) -> str:
    """The report as Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    change, stats = report.change, report.stats
    yield f"## Change {change.id}"
    yield ""
    yield quoted(change.title)
    yield ""
    yield (
        f"{stats.files:,} files, +{change.added:,} −{change.removed:,} lines, {stats.decisions:,} decisions; "
        f"{stats.proved:,} lines carry a proof."
    )
    yield ""
    yield "| verdict | lines |"
    yield "| --- | ---: |"
    yield from (f"| {word} | {report.tally[word]:,} |" for word in WORDS)
    yield ""
    yield from _listed(report)
    yield "### Where to look first"
    yield ""
    yield "| | group | lines | verdict | why here |"
    yield "| ---: | --- | ---: | --- | --- |"
    yield from (_row(at, one) for at, one in enumerate(report.told[:GROUPS], 1))
    if len(report.told) > GROUPS:
        yield ""
        yield f"And {len(report.told) - GROUPS:,} more groups."
    yield ""
    yield f"Take it apart: `exosuit review {change.id}`"


def _row(at: int, one: Told) -> str:
    where = quoted(path_text(one.paths[0])) if one.paths else ""
    more = f" and {len(one.paths) - 1:,} more" if len(one.paths) > 1 else ""
    group = f"{quoted(one.group.title)}<br>{where}{more}"
    return f"| {at} | {group} | {one.group.lines:,} | {one.verdict.word} | {quoted(one.place.reason)} |"


def _listed(report: Report) -> Iterator[str]:
    for strength, heading in (("against", "Against"), ("differs", "Differs")):
        found = [one for one in report.evidence if one.strength == strength]
        if not found:
            continue
        yield f"### {heading}"
        yield ""
        yield from (f"- **{one.kind}**: {quoted(one.title)}{_where(one)}" for one in found[:PIECES])
        if len(found) > PIECES:
            yield f"- and {len(found) - PIECES:,} more"
        yield ""


def _where(one: Evidence) -> str:
    head = next((at for at in one.lines if at.side == "head"), next(iter(one.lines), None))
    return f" ({quoted(f'{path_text(head.path)}:{head.first}')}, {head.side})" if head else ""
