"""Run one command for the command line: files resolved, progress drawn, the result printed."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from exosuit.core.errors import UsageError
from exosuit.core.progress import Watch, watched
from exosuit.core.registry import Command, arguments, as_json
from exosuit.faces.call import STDIN, Call
from exosuit.faces.progress import Bar
from exosuit.faces.signature import wire_name
from exosuit.faces.suit import Suit


def perform(call: Call, suit: Suit) -> int:
    """Dispatch the call and write its result to standard output; 1 for a result that says of itself that it failed."""
    output = dispatch(call, suit, suit.load().get(call.name))
    if call.json:
        emit_json(output)
    else:
        from exosuit.faces.human import render
        from exosuit.faces.text import wants_colour

        _write(render(output, wants_colour(), terminal=sys.stdout.isatty()))
    return 1 if getattr(output, "is_failure", False) else 0


def dispatch(call: Call, suit: Suit, command: Command) -> BaseModel:
    """The command's result; raises what the command raises."""
    with _own_files(call.fields, command) as fields, Bar() as bar, watched(Watch(bar)):
        return suit.load().dispatch(command.name, suit.caller(call.folder, "cli", bar), fields)


def emit_json(output: BaseModel | dict[str, Any]) -> None:
    """JSON on one line, ASCII only, so that it cannot steer a terminal; indented where a person reads along."""
    data = as_json(output) if isinstance(output, BaseModel) else output
    _write(json.dumps(data, indent=2 if sys.stdout.isatty() else None).encode() + b"\n")


def _write(data: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


@contextmanager
def _own_files(fields: dict[str, Any], command: Command) -> Iterator[dict[str, Any]]:
    """Paths made absolute from the caller's folder; standard input, where `-` asks for it, as a file for the while."""
    marks = arguments(command.input)
    names = {wire_name(name, command.input.model_fields[name]) for name, mark in marks.items() if mark.file}
    given = {name: value for name, value in fields.items() if name in names}
    spooled = [name for name, value in given.items() if value == STDIN]
    if len(spooled) > 1:
        raise UsageError("bad-input", "standard input can be read only once", f"give a file for {' or '.join(spooled)}")
    absolute = {name: _absolute(value) for name, value in given.items() if value != STDIN}
    literal = {name: _dashes(value) for name, value in fields.items() if name not in names}
    if not spooled:
        yield {**fields, **literal, **absolute}
        return
    with tempfile.TemporaryDirectory(prefix="exosuit-") as folder:
        spool = Path(folder) / "standard input"
        with spool.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield {**fields, **literal, **absolute, spooled[0]: str(spool)}


def _dashes(value: Any) -> Any:
    """A `-` that does not name a file is a dash."""
    if isinstance(value, list):
        return ["-" if one == STDIN else one for one in value]
    return "-" if value == STDIN else value


def _absolute(value: str | list[str]) -> str | list[str]:
    return os.path.abspath(value) if isinstance(value, str) else [os.path.abspath(one) for one in value]
