"""Results in words for a person at a terminal: one line for a decision, a table for a list. Programs use `--json`."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping, Sequence
from functools import singledispatch

from pydantic import BaseModel

from exosuit.commands import check_models as c
from exosuit.commands import models as m
from exosuit.commands import order_models as o
from exosuit.commands import plan_models as p
from exosuit.commands import report_models as rep
from exosuit.commands import review_models as r
from exosuit.commands import usage_models as u
from exosuit.core.registry import as_json
from exosuit.faces.reports import ci_lines, why_lines
from exosuit.faces.text import Paint, columns, shown

Lines = list[str]
SHOWN_LINES = 10
"""Lines that are shown of the output of a check that names no test."""


def render(output: BaseModel, colour: bool, *, terminal: bool = False) -> bytes:
    """What the command line prints of a result, UTF-8.

    A patch, a table and a file come byte for byte, except on a terminal, which they could steer.
    """
    if isinstance(output, m.Exported) and output.out is None:
        return _bytes(output.patch, output.encoding, terminal)
    if isinstance(output, u.UsageExported) and output.out is None:
        return _bytes(output.text, "utf-8", terminal)
    if isinstance(output, rep.Reported) and output.out is None:
        return _bytes(output.text, "utf-8", terminal)
    if isinstance(output, r.FileText):
        return _bytes(output.text, output.encoding, terminal)
    lines = _words(output, Paint(colour))
    return "".join(line + "\n" for line in lines).encode("utf-8", "backslashreplace")


def _bytes(text: str, encoding: str, terminal: bool) -> bytes:
    data = base64.b64decode(text) if encoding == "base64" else text.encode()
    return shown(data.decode("utf-8", "replace"), lines=True).encode() if terminal else data


@singledispatch
def _words(output: BaseModel, paint: Paint) -> Lines:
    """Any result that has no form of its own: `name  value` lines, a list as one line an item."""
    lines: Lines = []
    for name, value in as_json(output).items():
        label = name.replace("_", " ")
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lines += [paint("dim", label), *("  " + "  ".join(shown(str(v)) for v in item.values()) for item in value)]
        elif isinstance(value, list):
            lines.append(f"{paint('dim', label)}  {'  '.join(shown(str(v)) for v in value) or '-'}")
        elif value not in (None, ""):
            lines.append(f"{paint('dim', label)}  {shown(str(value))}")
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _lines_changed(paint: Paint, added: int, removed: int) -> str:
    return f"{paint('green', f'+{added:,}')} {paint('red', f'-{removed:,}')}"


def _decided(paint: Paint, out: m.Decided | m.Undone | m.Summary) -> str:
    named = [("undecided", ""), ("accepted", "green"), ("rejected", "red"), ("edited", "blue")]
    counts = [(name, style, int(getattr(out, name))) for name, style in named]
    parts = [paint(style, f"{n:,} {name}") if style else f"{n:,} {name}" for name, style, n in counts if n]
    return " · ".join(parts) or "nothing to decide"


@_words.register
def _(out: m.Imported, paint: Paint) -> Lines:
    known = "  (was here before)" if out.already else ""
    lines = [
        f"{paint('bold', shown(out.change))}  {shown(out.title)}{known}",
        (
            f"{_count(out.files, 'file')} · {_count(out.hunks, 'hunk')} · {_count(out.atoms, 'atom')} · "
            f"{_lines_changed(paint, out.lines_added, out.lines_removed)} lines"
        ),
    ]
    if out.carried or out.asked_again:
        lines.append(f"{_count(out.carried, 'decision')} carried over, {out.asked_again:,} to be made again")
    return lines


@_words.register
def _(out: m.Changes, paint: Paint) -> Lines:
    if not out.changes:
        return ["No changes yet. Import one: exosuit change import main..feature"]
    rows = [("change", "files", "hunks", "lines", "decided", "title")]
    for item in out.changes:
        done = item.atoms - item.undecided
        state = "applied" if item.applied else f"{done:,}/{item.atoms:,}"
        size = f"+{item.lines_added:,} -{item.lines_removed:,}"
        rows.append((shown(item.change), f"{item.files:,}", f"{item.hunks:,}", size, state, shown(item.title)))
    return _table(rows, paint, right=frozenset({1, 2, 3, 4}))


@_words.register
def _(out: m.Shown, paint: Paint) -> Lines:
    lines = [f"{paint('bold', shown(out.change))}  {shown(out.title)}", paint("dim", shown(out.source)), ""]
    states = {atom.id: atom.state for atom in out.atoms}
    hunks: dict[str, list[m.HunkOut]] = {}
    for hunk in out.hunks:
        hunks.setdefault(hunk.id.partition("h")[0], []).append(hunk)
    for file in out.files:
        lines.append(_file_line(file, paint))
        lines += [_hunk_line(hunk, states, paint) for hunk in hunks.get(file.id, [])]
    if out.comments:
        lines.append("")
    lines += [f"{shown(c.actor)} on {shown(' '.join(c.atoms) or 'the change')}: {shown(c.text)}" for c in out.comments]
    return lines


LETTERS = {"added": "A", "deleted": "D", "modified": "M", "renamed": "R", "type-changed": "T"}


def _file_line(file: m.FileOut, paint: Paint) -> str:
    moved = f"{shown(file.old_path)} → " if file.old_path and file.old_path != file.path else ""
    name = f"{moved}{shown(file.path)}"
    kind = "" if file.kind in ("text", "unchanged") else f"  {file.kind}"
    mode = f"  {file.old_mode} → {file.new_mode}" if file.old_mode and file.new_mode not in ("", file.old_mode) else ""
    size = _lines_changed(paint, file.lines_added, file.lines_removed)
    return f"{file.id:>4} {LETTERS[file.status]}  {paint('bold', name)}  {size}{kind}{mode}"


def _hunk_line(hunk: m.HunkOut, states: Mapping[str, str], paint: Paint) -> str:
    first, last = (int(end.partition(".")[2]) for end in (hunk.first, hunk.last))
    file = hunk.first.partition(".")[0]
    found = {states[atom] for n in range(first, last + 1) if (atom := f"{file}.{n}") in states}
    state = found.pop() if len(found) == 1 else "mixed" if found else ""
    style = {"accepted": "green", "rejected": "red", "edited": "blue", "mixed": "yellow"}.get(state)
    span = hunk.first if hunk.first == hunk.last else f"{hunk.first}-{hunk.last}"
    return f"       {span:<12} {paint(style, f'{state:<9}') if style else f'{state:<9}'}  {shown(hunk.title)}".rstrip()


@_words.register
def _(out: m.Decided, paint: Paint) -> Lines:
    lines = [f"{shown(out.change)}  {_decided(paint, out)}"]
    if out.also:
        lines.append(f"decided too, because the rest cannot stand without: {' '.join(map(shown, out.also))}")
    return lines


@_words.register
def _(out: m.Undone, paint: Paint) -> Lines:
    lines = [f"{shown(out.change)}  {shown(out.kind)}  {_decided(paint, out)}"]
    return lines + (_tree(out.tree, paint, to_resolve=False) if out.tree else [])


@_words.register
def _(out: m.Applied, paint: Paint) -> Lines:
    return _tree(out, paint)


def _tree(out: m.Applied, paint: Paint, *, to_resolve: bool = True) -> Lines:
    """What came into the working tree; a conflict of an undo or a redo is not one that `resolve` decides."""
    would = "would write" if out.dry_run else "wrote"
    lines = [f"{shown(out.change)}  {would} {_count(len(out.applied), 'file')}"] if out.applied else []
    lines += [f"  {shown(path)}" for path in out.applied]
    for conflict in out.conflicts:
        lines.append(f"{paint('yellow', 'conflict')}  {shown(conflict.path)}: {shown(conflict.why)}")
        path = shlex.quote(shown(conflict.path))
        told = f"exosuit change resolve {shown(out.change)} {path} --take mine (or theirs)"
        lines.append(
            f"  {told}" if to_resolve else "  put your lines there aside, then repeat; nothing was written to it"
        )
    lines += [f"skipped  {shown(item.path)}: {shown(item.why)}" for item in out.skipped]
    return lines or [f"{shown(out.change)}  nothing to write"]


@_words.register
def _(out: m.Materialized, _paint: Paint) -> Lines:
    return [f"{shown(out.out)}  tree {shown(out.tree)}"]


@_words.register
def _(out: m.Exported, _paint: Paint) -> Lines:
    return [f"{shown(out.out or '')}  {_count(out.files, 'file')}"]


@_words.register
def _(out: m.Found, paint: Paint) -> Lines:
    if not out.hits:
        return ["Nothing found."]
    lines = []
    for hit in out.hits:
        sign = paint("green", "+") if hit.side == "new" else paint("red", "-")
        text = shown(hit.text[: hit.start]), shown(hit.text[hit.start : hit.end]), shown(hit.text[hit.end :])
        found = f"{text[0]}{paint('bold', text[1])}{text[2]}"
        lines.append(f"{paint('dim', f'{shown(hit.path)}:{hit.line}')} {hit.atom} {sign} {found}")
    return lines + (["There is more; raise --limit."] if out.more else [])


@_words.register
def _(out: r.Rows | r.Context, paint: Paint) -> Lines:
    return [_row(row, paint) for row in out.rows]


def _row(row: r.Row, paint: Paint) -> str:
    kind, old, _new, count, text, _marks = row
    if kind == "#":
        return paint("dim", f"# {_count(count, 'unchanged line')} from {old}")
    style = {"+": "green", "-": "red", "@": "bold", "~": "blue"}.get(kind)
    line = f"{kind}{shown(text, lines=True)}"
    return paint(style, line) if style else line


@_words.register
def _(out: r.Files, _paint: Paint) -> Lines:
    return [shown(path) for path in out.paths] + (["There is more; raise --limit."] if out.more else [])


@_words.register
def _(out: c.CheckRan, paint: Paint) -> Lines:
    lines = [paint("yellow", shown(out.note))] if out.note else []
    for result in out.results:
        style = {"pass": "green", "fail": "red"}.get(result.verdict, "yellow")
        took = "known" if result.cached else f"{result.seconds:.1f} s"
        name = shown(result.name if len(out.snapshots) == 1 else f"{result.name} on {result.snapshot}")
        lines.append(f"{paint(style, f'{result.verdict:<11}')}  {paint('bold', name)}  {shown(result.why)}  ({took})")
        lines += [f"  failed  {shown(test)}" for test in result.failing]
        lines += [f"  flaky   {shown(test)}" for test in result.flaky if test != "*"]
        if result.verdict == "fail" and not result.failing:
            lines += [f"  {paint('dim', shown(line))}" for line in result.output.splitlines()[-SHOWN_LINES:]]
    return lines or ["No checks were found. Name one in exosuit.toml: see docs/checks.md"]


@_words.register
def _(out: c.ChecksKnown, paint: Paint) -> Lines:
    lines = [paint("yellow", shown(out.note))] if out.note else []
    lines += [f"{paint('dim', 'python')}  {shown(out.python)} ({shown(out.python_found)})"] if out.python else []
    for check in out.checks:
        lacking = f"  {paint('yellow', shown(check.lacking))}" if check.lacking else ""
        lines.append(f"{paint('bold', shown(check.name))}  {shown(shlex.join(check.command))}{lacking}")
    return lines if out.checks else [*lines, "No checks were found. Name one in exosuit.toml: see docs/checks.md"]


@_words.register
def _(out: c.Stood, paint: Paint) -> Lines:
    asked = f"{_count(out.tests, 'test')} of " if out.tests else ""
    lines = [f"{_count(out.runs, 'tree')} looked at, by {asked}{shown(', '.join(out.checks))}"]
    lines += [f"{paint('bold', 'learned')}  {shown(one.place)}  needs  {shown(one.needs)}" for one in out.learned]
    lines += [f"{paint('dim', 'left out')}  {shown(why)}" for why in out.left_out]
    if out.still_red:
        lines.append(paint("red", f"{_count(out.still_red, 'set')} of increments failed, and no edge explains it"))
    if out.spent:
        lines.append(paint("yellow", "There was more to look at: run it again, or with more --runs."))
    return [*lines, f"{_count(out.increments, 'increment')}, the largest with {out.largest:.0%} of the lines"]


@_words.register
def _(out: p.Planned, paint: Paint) -> Lines:
    stats = out.stats
    size = f"{_count(stats.decisions, 'decision')} for {_count(stats.lines, 'line')}"
    parts = f" · {_count(len(out.increments), 'increment')}" if out.increments else ""
    lines = [f"{size} · {stats.to_read:,} to read · {stats.proved:,} proved{parts}"]
    groups = {group.id: group for group in out.groups}
    rows = [("group", "lines", "unproved", "kind", "what")]
    for group in (groups[name] for name in out.order):
        notes = [_count(len(group.exceptions), "exception")] if group.exceptions else []
        notes += [f"{len(group.missed):,} missed"] if group.missed else []
        what = shown(group.title) + (f" ({', '.join(notes)})" if notes else "")
        rows.append((shown(group.id), f"{group.lines:,}", f"{group.unproved_lines:,}", group.kind, what))
    return [*lines, "", *_table(rows, paint, right=frozenset({1, 2}))]


@_words.register
def _(out: u.UsageShown, paint: Paint) -> Lines:
    if not out.total.calls:
        return ["No model was called."]
    rows = [(*out.by, "calls", "in", "cached", "out", "reasoning", "spent")]
    for row in [*out.rows, out.total]:
        key = [shown(name) or "-" for name in row.key] or ["all", *[""] * (len(out.by) - 1)]
        counts = (row.calls, row.input, row.cached, row.output, row.reasoning)
        rows.append((*key, *(f"{count:,}" for count in counts), f"${row.spent}"))
    lines = _table(rows, paint, right=frozenset(range(len(out.by), len(rows[0]))))
    notes = [f"${out.total.held} more is held by calls on their way."] if out.total.held != "0.0" else []
    notes += [f"{_count(out.total.unpriced, 'call')} of unknown price."] if out.total.unpriced else []
    notes += ["Nobody knows how these ended; they count at their worst until settled:"] if out.lost else []
    notes += [f"  exosuit usage settle {shown(one.call)} {one.worst}  {shown(one.model)}" for one in out.lost]
    return [*lines, *notes]


def _table(rows: Sequence[tuple[str, ...]], paint: Paint, *, right: frozenset[int]) -> Lines:
    """A heading and rows; numbers to the right."""
    head, *body = columns(rows, right=right)
    return [paint("dim", "".join(head)), *("".join(row) for row in body)]


@_words.register
def _(out: o.Why, paint: Paint) -> Lines:
    return why_lines(out, paint)


@_words.register
def _(out: rep.CiRan, paint: Paint) -> Lines:
    return ci_lines(out, paint)
