"""What lies over the diff: keys in them, and their lines."""

from __future__ import annotations

from dataclasses import replace

from exosuit.commands.models import Applied
from exosuit.faces.terminal import deciding
from exosuit.faces.terminal.cells import Line, cut, padded, paragraph
from exosuit.faces.terminal.deciding import Step, counted
from exosuit.faces.terminal.frame import frame
from exosuit.faces.terminal.keys import BINDINGS, written
from exosuit.faces.terminal.moving import to_file
from exosuit.faces.terminal.prompts import matching
from exosuit.faces.terminal.state import Call, Message, Panel, State

SHOWN = 12
"""Files that the summary of an apply names."""


def panel_key(state: State, panel: Panel, key: str) -> Step:
    """What a key does while a panel is open."""
    if key == "Escape" or (key in ("q", "?") and panel.what != "files"):
        return replace(state, panel=None), []
    if panel.what == "files":
        return _files_key(state, panel, key), []
    if panel.what == "apply" and panel.outcome is not None:
        return _apply_key(state, panel, panel.outcome, key)
    return replace(state, panel=replace(panel, at=_moved(panel.at, key, len(help_lines(80)) - 1))), []


def _moved(at: int, key: str, last: int) -> int:
    steps = {"j": 1, "ArrowDown": 1, "k": -1, "ArrowUp": -1, "PageDown": 10, "PageUp": -10, "Space": 10}
    return max(0, min(last, at + steps.get(key, 0)))


def _files_key(state: State, panel: Panel, key: str) -> State:
    found = matching(list(state.overview.paths), panel.query)
    if key == "Enter":
        if not found:
            return replace(state, message=Message("No path has these letters."))
        return to_file(replace(state, panel=None), found[min(panel.at, len(found) - 1)])
    if key in ("ArrowDown", "ArrowUp", "PageDown", "PageUp"):
        return replace(state, panel=replace(panel, at=_moved(panel.at, key, len(found) - 1)))
    if key == "Backspace":
        return replace(state, panel=replace(panel, query=panel.query[:-1], at=0))
    if key == "Ctrl+U":
        return replace(state, panel=replace(panel, query="", at=0))
    letter = " " if key == "Space" else key
    if len(letter) == 1 and letter.isprintable():
        return replace(state, panel=replace(panel, query=panel.query + letter, at=0))
    return state


def _apply_key(state: State, panel: Panel, outcome: Applied, key: str) -> Step:
    if key in ("A", "Enter"):
        if not outcome.dry_run:
            return replace(state, panel=None), []
        if not outcome.applied:
            return replace(state, panel=None, message=Message("Nothing was written.")), []
        return deciding.apply_asked(state, dry_run=False)
    if key == "u" and not outcome.dry_run:
        return deciding.undo(replace(state, panel=None), "undo")
    conflicts = outcome.conflicts
    if key in ("x", "y") and conflicts:
        path = conflicts[min(panel.at, len(conflicts) - 1)].path
        fields = {"change": state.change, "path": path, "take": "mine" if key == "x" else "theirs"}
        return state, [Call("change.resolve", fields, "decide", state.place)]
    return replace(state, panel=replace(panel, at=_moved(panel.at, key, max(0, len(conflicts) - 1)))), []


def panel_lines(state: State, panel: Panel) -> list[Line]:
    """The lines of a panel, as many as the diff's part of the screen takes; the first is its heading."""
    area = frame(state).diff
    if panel.what == "files":
        return _files_lines(state, panel, area.columns, area.lines)
    if panel.what == "apply" and panel.outcome is not None:
        return _apply_lines(panel, panel.outcome, area.columns)[: area.lines]
    lines = help_lines(area.columns)
    first = min(panel.at, max(0, len(lines) - area.lines + 1))
    return [[("keys", "bold"), ("   j k scroll, Esc closes", "dim")], *lines[first : first + area.lines - 1]]


def help_lines(columns: int) -> list[Line]:
    """Every key, what the marks mean, and what else to know."""
    lines: list[Line] = []
    for kind in dict.fromkeys(binding.kind for binding in BINDINGS):
        lines.append([(kind, "bold")])
        for binding in BINDINGS:
            if binding.kind == kind:
                keys = " ".join(written(key) for key in binding.keys)
                lines.append([(f"  {padded(keys, 16)}", ""), (cut(binding.title, max(4, columns - 18)), "dim")])
    lines.append([("Marks", "bold")])
    for mark, means in (
        ("⬚", "undecided"),
        ("✓", "accepted, or all of it decided"),
        ("✗", "rejected"),
        ("~", "your own text"),
    ):
        lines.append([(f"  {padded(mark, 16)}", ""), (means, "dim")])
    words = "The bar at the left is what y, x, r and e are about. It must have been on screen 300 ms to be decided."
    return [*lines, *([(line, "dim")] for line in paragraph(words, columns))]


def _files_lines(state: State, panel: Panel, columns: int, lines: int) -> list[Line]:
    found = matching(list(state.overview.paths), panel.query)
    at = min(panel.at, max(0, len(found) - 1))
    room = max(1, lines - 1)
    first = max(0, min(at - room // 2, len(found) - room))
    head: Line = [
        ("go to: ", "bold"),
        (panel.query, ""),
        ("_", "cursor"),
        (f"  {counted(len(found), 'file')}, Enter goes", "dim"),
    ]
    rows: list[Line] = [head]
    for i, number in enumerate(found[first : first + room], first):
        chosen = i == at
        rows.append(
            [
                ("> " if chosen else "  ", ""),
                (padded(state.overview.paths[number - 1], columns - 2, tail=True), "cursor" if chosen else ""),
            ]
        )
    return rows


def _apply_lines(panel: Panel, outcome: Applied, columns: int) -> list[Line]:
    """What apply does or did: files written, conflicts, what it left out."""
    wrote = "would write" if outcome.dry_run else "wrote"
    lines: list[Line] = [[("apply ", "bold"), (f"{wrote} {counted(len(outcome.applied), 'file')}", "bold")]]
    lines += [[("  ", ""), (cut(path, columns - 2, tail=True), "")] for path in outcome.applied[:SHOWN]]
    if len(outcome.applied) > SHOWN:
        lines.append([(f"  and {len(outcome.applied) - SHOWN:,} more", "dim")])
    if outcome.unchanged:
        lines.append([(f"  already so: {counted(len(outcome.unchanged), 'file')}", "dim")])
    for i, conflict in enumerate(outcome.conflicts):
        chosen = i == min(panel.at, len(outcome.conflicts) - 1)
        lines.append(
            [
                ("> " if chosen else "  ", ""),
                ("conflict ", "bold"),
                (cut(conflict.path, columns - 12, tail=True), "cursor" if chosen else ""),
            ]
        )
        for title, text in (("", conflict.why), ("mine: ", conflict.mine), ("theirs: ", conflict.theirs)):
            if text:
                lines += [[("    " + line, "dim")] for line in paragraph(title + text.rstrip("\n"), columns - 4)[:4]]
    for skipped in outcome.skipped:
        lines += [[("  " + line, "")] for line in paragraph(f"left out {skipped.path}: {skipped.why}", columns - 2)]
    return [*lines, [("", "")], [(line_of_keys(outcome), "bold")]]


def line_of_keys(outcome: Applied) -> str:
    """What can be typed under the summary of an apply."""
    if not outcome.dry_run:
        keys = ["Enter goes back", "u takes it back"]
    else:
        keys = ["A applies", "Esc goes back"] if outcome.applied else ["Esc goes back"]
    return ", ".join(keys + (["on a conflict: x keeps mine, y takes theirs"] if outcome.conflicts else []))
