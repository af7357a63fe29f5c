"""The place of a group, and how a pipeline went, in words for a terminal."""

from __future__ import annotations

from exosuit.commands.order_models import Why
from exosuit.commands.report_models import CiRan
from exosuit.faces.text import Paint, shown

STYLES = {"against": "red", "differs": "yellow", "unknown": "dim", "supported": "blue", "proved": "green"}
FIRST = 5
"""Groups that are named."""


def why_lines(out: Why, paint: Paint) -> list[str]:
    """Where a group stands and why, what is known of it, what would settle the rest."""
    lines = [
        f"{paint('bold', shown(out.group))}  {shown(out.title)}",
        f"{out.place:,} of {out.of:,} to look at, {out.lines:,} lines, {out.unproved_lines:,} without a proof",
        shown(out.reason),
        *(f"  {part.effect:+.2f}  {shown(part.what)}" for part in out.parts),
        f"{_word(out.verdict.word, paint)}  {shown(out.verdict.why)}",
    ]
    for piece in out.evidence:
        where = f"{shown(piece.lines[0].path)}:{piece.lines[0].first}  " if piece.lines else ""
        lines.append(f"  {piece.strength:<8}  {where}{shown(piece.title)}")
    return lines + [shown(words) for words in out.settle]


def ci_lines(out: CiRan, paint: Paint) -> list[str]:
    """How it went, lines by verdict, and the groups that fail; where none does, those to look at first."""
    if not out.change:
        return ["Nothing changed.", *(f"wrote  {shown(name)}" for name in out.written)]
    said = f"{paint('red', 'failed')}  {shown(out.why)}" if out.failed else paint("green", "passed")
    tally = " · ".join(f"{count:,} {_word(word, paint)}" for word, count in out.tally.items() if count)
    lines = [f"{paint('bold', shown(out.change))}  {said}", f"lines: {tally or 'none'}"]
    lines += [
        f"  {_word(one.verdict.word, paint)}  {shown(one.id)}  {shown(one.title)}"
        for one in (out.failing or out.first)[:FIRST]
    ]
    return lines + [f"wrote  {shown(name)}" for name in out.written]


def _word(word: str, paint: Paint) -> str:
    return paint(STYLES[word], word)
