"""The words that start a face: review, serve, mcp, demo."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from inspect import Parameter as Slot
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from cyclopts import Parameter

from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.places import state_root
from exosuit.faces.call import Call
from exosuit.faces.nouns import WORDS
from exosuit.faces.perform import dispatch, emit_json
from exosuit.faces.signature import function, slots
from exosuit.faces.suit import Suit

KINDS = frozenset({"worktree", "patch", "dirs"})
"""Sources of a change other than two revisions."""


def parser(word: str, suit: Suit) -> Callable[..., Call]:
    """The function that cyclopts parses the word into."""
    own = {"review": _review_slots, "serve": _serve_slots, "demo": _demo_slots, "completion": _shell_slots}
    make = own.get(word)
    model = suit.load().get("change.import").input if word == "review" else None
    return function(word, WORDS[word], make(suit) if make else [], model)


def start(call: Call, suit: Suit) -> int:
    """Run the word; returns the exit code."""
    starts = {"review": review, "serve": serve, "mcp": mcp, "demo": demo}
    return starts[call.name](call, suit)


def review(call: Call, suit: Suit) -> int:
    """Import what is named (or take a change that is there), then show its review."""
    change = _change(call, suit)
    if call.fields.get("terminal"):
        from exosuit.faces.terminal import review_in_terminal

        return review_in_terminal(suit.caller(call.folder, "terminal"), change)
    return _open(call, suit, f"/change/{quote(change)}", {"change": change})


def serve(call: Call, suit: Suit) -> int:
    """Serve until stopped, without opening a browser."""
    return _open(replace(call, fields={**call.fields, "no_open": True}), suit, "/", {})


def mcp(call: Call, suit: Suit) -> int:
    """Serve MCP over standard input and output until the client closes it."""
    from exosuit.faces.mcp import serve_stdio

    serve_stdio(suit.load(), suit.caller(call.folder, "mcp"))
    return 0


def demo(call: Call, suit: Suit) -> int:
    """Open the demo's change, in a workspace that is made on the first start; only the demo's own folder is touched."""
    from exosuit.apps.code.demo import build, find

    folder = Path(call.fields["dir"]).absolute() if "dir" in call.fields else state_root() / "demo"
    made = find(folder) or build(folder)
    source = {
        "revisions": f"{made.base}..{made.head}",
        "title": made.title,
        "by": "the demo: a change written to look like an agent's",
        "prompt": made.prompt,
    }
    inside = replace(call, folder=str(made.root))
    imported: Any = dispatch(replace(inside, fields=source), suit, suit.load().get("change.import"))
    return _open(inside, suit, f"/change/{quote(imported.change)}?first=1", {"change": imported.change})


def _change(call: Call, suit: Suit) -> str:
    """The id of the change to review: imported from the source that is named, or found by what was given instead."""
    importing = suit.load().get("change.import")
    named = call.fields.get("revisions")
    alone = named is not None and ".." not in named and not KINDS.intersection(call.fields)
    if alone and (found := _known(call, suit, str(named))):
        return found
    if named is None and not KINDS.intersection(call.fields):
        raise UsageError(
            "nothing-to-review",
            "nothing to review was named",
            "exosuit review main..feature, --worktree, --patch FILE, --dirs OLD NEW, or a change",
        )
    source = {name: call.fields[name] for name in importing.input.model_fields if name in call.fields}
    try:
        imported: Any = dispatch(replace(call, fields=source), suit, importing)
    except ExosuitError as error:
        if alone and error.code in ("no-such-revision", "not-a-repository"):
            hint = "exosuit change list shows the changes, git log --oneline --all the commits"
            raise ExosuitError("no-such-change", f"there is no change and no commit {named!r} here", hint) from error
        raise
    return str(imported.change)


def _known(call: Call, suit: Suit, name: str) -> str:
    """The id of a change that is there already; nothing for a name that no change has."""
    fields = {"change": name, "no_atoms": True}
    try:
        found: Any = dispatch(replace(call, fields=fields), suit, suit.load().get("change.show"))
    except ExosuitError as error:
        if error.code == "no-such-change":
            return ""
        raise
    return str(found.change)


def _open(call: Call, suit: Suit, path: str, told: dict[str, Any]) -> int:
    """Serve the workspace, tell its address, open the browser there unless told not to."""
    from exosuit.faces.browser import open_browser
    from exosuit.faces.server import Running, Server

    def started(running: Running) -> None:
        if call.json:
            emit_json({"url": running.url(path), **told, "pid": os.getpid()})
        else:
            print(f"Exosuit at {running.url(path)}", flush=True)
            print("Ctrl-C stops it.", file=sys.stderr)
        if not call.fields.get("no_open"):
            open_browser(running.url(path, once=True))

    port = call.fields.get("port")
    Server(suit.load(), lambda actor: suit.caller(call.folder, actor), _port(port)).run(started)
    return 0


def _port(given: str | None) -> int | None:
    if given is None:
        return None
    if not given.isascii() or not given.isdigit() or not 0 < int(given) < 65536:
        raise UsageError("bad-port", f"{given} is not a port", "--port takes a number from 1 to 65535")
    return int(given)


def _flag(name: str, doc: str) -> Slot:
    option = Parameter(name="--" + name.replace("_", "-"), negative="", show_default=False, help=doc)
    return Slot(name, Slot.KEYWORD_ONLY, default=False, annotation=Annotated[bool, option])


def _value(name: str, metavar: str, doc: str) -> Slot:
    option = Parameter(name="--" + name, metavar=metavar, show_default=False, help=doc)
    return Slot(name, Slot.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option])


NO_OPEN = _flag("no_open", "Print the address instead of opening the browser.")
PORT = _value("port", "N", "The port; without it a free one.")


def _review_slots(suit: Suit) -> list[Slot]:
    named = Parameter(
        name="REV..REV|REV|CHANGE",
        metavar="REV..REV|REV|CHANGE",
        show_default=False,
        help="Two revisions, one commit, or a change's id.",
    )
    source = slots(suit.load().get("change.import").input)
    first = source[0].replace(annotation=Annotated[str | None, named])
    return [first, *source[1:], NO_OPEN, _flag("terminal", "Review in this terminal instead of a browser."), PORT]


def _serve_slots(_suit: Suit) -> list[Slot]:
    return [PORT]


def _demo_slots(_suit: Suit) -> list[Slot]:
    return [NO_OPEN, PORT, _value("dir", "DIR", "Where the demo workspace is made; else in the state folder.")]


def _shell_slots(_suit: Suit) -> list[Slot]:
    shell = Annotated[Literal["bash", "zsh", "fish"] | None, Parameter(name="SHELL", show_default=False)]
    return [Slot("shell", Slot.POSITIONAL_ONLY, default=None, annotation=shell)]
