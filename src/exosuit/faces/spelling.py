"""The same call spelled for each face: words for a shell, a body for HTTP, arguments for a tool."""

from __future__ import annotations

import shlex
from typing import Any

from exosuit.core.registry import Command, arguments
from exosuit.faces.signature import metavar, offered, option, wire_name


def words(command: Command, fields: dict[str, Any]) -> list[str]:
    """The words after `exosuit` that mean these fields (by their JSON names)."""
    marks = arguments(command.input)
    placed: list[str] = []
    named: list[str] = []
    for name, field in command.input.model_fields.items():
        value = fields.get(wire_name(name, field))
        if value is None or value is False:
            continue
        given = [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]
        if marks[name].positional:
            placed += given
        else:
            named += [option(name, field)] if value is True else [option(name, field), *given]
    return [command.noun, command.verb.replace("_", "-"), *placed, *named]


def shell_line(command: Command, fields: dict[str, Any]) -> str:
    """The same as a line to paste into a shell."""
    return shlex.join(["exosuit", *words(command, fields)])


def usage(command: Command) -> str:
    """The command line with a metavar for each field: `exosuit change accept CHANGE [ATOM…] [--path TEXT]`."""
    placed, named = [], []
    for name, mark in offered(command.input).items():
        field = command.input.model_fields[name]
        shown = metavar(mark, field.annotation)
        if mark.positional:
            shown = mark.metavar or name.upper()
            placed.append(shown if field.is_required() else f"[{shown}]")
        else:
            text = f"{option(name, field)} {shown}".rstrip()
            named.append(text if field.is_required() else f"[{text}]")
    return " ".join(["exosuit", command.noun, command.verb.replace("_", "-"), *placed, *named])
