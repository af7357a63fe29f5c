"""The keys of the terminal review: the same as in the browser, as far as a terminal can tell them apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Binding:
    """What keys do: the action's name (that of the browser's command), the keys, a line for the help."""

    action: str
    keys: tuple[str, ...]
    title: str
    kind: str


BINDINGS = (
    Binding("line.next", ("j", "ArrowDown"), "Next line", "Move"),
    Binding("line.prev", ("k", "ArrowUp"), "Previous line", "Move"),
    Binding("hunk.next", ("n",), "Next hunk; next hit while searching", "Move"),
    Binding("hunk.prev", ("p",), "Previous hunk; previous hit while searching", "Move"),
    Binding("file.next", ("]",), "Next file", "Move"),
    Binding("file.prev", ("[",), "Previous file", "Move"),
    Binding("undecided", ("N",), "Next undecided", "Move"),
    Binding("page.next", ("PageDown",), "One screen down", "Move"),
    Binding("page.prev", ("PageUp",), "One screen up", "Move"),
    Binding("first", ("Home",), "First line of the file", "Move"),
    Binding("last", ("End",), "Last line of the file", "Move"),
    Binding("fold", ("Enter",), "Open or close the fold under the cursor", "Move"),
    Binding("accept", ("y",), "Accept this hunk, go on", "Decide"),
    Binding("reject", ("x",), "Reject this hunk, go on", "Decide"),
    Binding("reason", ("r",), "Reject with a reason", "Decide"),
    Binding("line.accept", ("Space",), "Accept this line only, or clear it", "Decide"),
    Binding("part", ("a",), "Accept the lines that touch this one", "Decide"),
    Binding("file.accept", ("Y",), "Accept the file", "Decide"),
    Binding("file.reject", ("X",), "Reject the file", "Decide"),
    Binding("clear", ("0",), "Make this hunk undecided again", "Decide"),
    Binding("edit", ("e",), "Write your own text for this hunk, in $EDITOR", "Decide"),
    Binding("comment", ("c",), "Comment on this line", "Decide"),
    Binding("split", ("s",), "Split the hunk into its blocks, or join it", "Look"),
    Binding("view", ("m",), "Unified or split view", "Look"),
    Binding("facts", ("i",), "What is known, and back", "Look"),
    Binding("search", ("/",), "Search the whole change", "Look"),
    Binding("goto", ("t",), "Go to a file by letters of its path", "Look"),
    Binding("undo", ("u",), "Undo", "Do"),
    Binding("redo", ("Ctrl+R",), "Redo", "Do"),
    Binding("apply", ("A",), "Apply what is accepted", "Do"),
    Binding("refresh", ("R",), "Read the source again", "Do"),
    Binding("help", ("?",), "These keys", "Do"),
    Binding("redraw", ("Ctrl+L",), "Draw the screen anew", "Do"),
    Binding("close", ("Escape",), "Close, or back to where you were", "Do"),
    Binding("quit", ("q",), "Quit; every decision is kept", "Do"),
)

ACTIONS = {key: binding.action for binding in BINDINGS for key in binding.keys}

_WRITTEN = {
    "ArrowDown": "Down",
    "ArrowUp": "Up",
    "Space": "space",
    "Escape": "Esc",
    "Ctrl+R": "Ctrl-R",
    "Ctrl+L": "Ctrl-L",
}


def written(key: str) -> str:
    """A key as it is written on screen."""
    return _WRITTEN.get(key, key)
