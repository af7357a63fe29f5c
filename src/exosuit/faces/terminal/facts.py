"""What is known of the file and the group under the cursor, as lines."""

from __future__ import annotations

from exosuit.commands.review_models import Commit
from exosuit.faces.terminal.cells import Line, paragraph
from exosuit.faces.terminal.deciding import counted
from exosuit.faces.terminal.state import State


def facts_lines(state: State, columns: int) -> list[Line]:
    """Provenance, who last touched the lines, history, what was said about the whole, how to see the same."""
    known = state.known
    lines: list[Line] = [[("what is known", "bold"), ("  i closes", "dim")]]
    if known is None:
        return [*lines, [("reading", "dim")]]
    parts = [
        ("not known", ["Whether it works: no test and no proof was looked for."]),
        ("made by", [known.generator, *([known.prompt] if known.prompt else [])]),
        ("source", [known.source]),
        ("imported", [known.created[:16].replace("T", " ")]),
        ("last touched", _commits(known.touched) or ["nothing is removed here, or there is no history"]),
        ("history", _commits(known.history) or ["none: the base is not in git"]),
    ]
    if known.history_cut:
        parts[-1][1].append("and earlier ones")
    if state.can_undo or state.can_redo:
        parts.append(("undo, redo", [f"u: {state.can_undo or 'nothing'}", f"Ctrl-R: {state.can_redo or 'nothing'}"]))
    general = [f"{comment.actor}: {comment.text}" for comment in state.comments if not comment.atoms]
    if general:
        parts.append((counted(len(general), "comment") + " on the whole", general))
    parts.append(("the same by", [known.reproduce]))
    for title, texts in parts:
        lines.append([(title, "dim")])
        lines += [[("  " + line, "")] for text in texts for line in paragraph(text, columns - 2)]
    return lines


def _commits(commits: list[Commit]) -> list[str]:
    return [f"{commit.id[:8]} {commit.at[:10]} {commit.author}: {commit.subject}" for commit in commits]
