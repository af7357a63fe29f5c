"""The registry of commands: written once, worn by every face.

A command is `noun.verb`, a pydantic model in, a pydantic model out, an effect, and where it is exposed. CLI,
HTTP, MCP and the docs are all derived from it, so what a person can do a program can do, and the other way
round. `Registry.dispatch` is the only way in, hence the place where policy will ask.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ValidationError

from exosuit.core.errors import ExosuitError, UsageError


class Effect(StrEnum):
    """What a command may do: look, propose, write into the workspace, or act outside it."""

    READ = "read"
    PROPOSE = "propose"
    APPLY = "apply"
    EXTERNAL = "external"


class Face(StrEnum):
    """A skin over the registry."""

    CLI = "cli"
    HTTP = "http"
    MCP = "mcp"


ALL_FACES = frozenset(Face)


@dataclass(frozen=True)
class Argument:
    """How a field of an input model looks on the command line: put it in `Annotated[..., Argument(...)]`.

    `positional`: given by place rather than as `--name`. `hidden`: not on the CLI at all (programs only).
    `metavar`: the word that stands for it in the usage line. `file`: names a file or folder of the caller, so the
    CLI resolves it against the caller's folder, and `-` stands for standard input.
    """

    positional: bool = False
    hidden: bool = False
    metavar: str = ""
    file: bool = False


@dataclass(frozen=True)
class Command:
    """One entry: `run(session, input) -> output`, plus all that a face must know to offer it."""

    name: str
    effect: Effect
    faces: frozenset[Face]
    input: type[BaseModel]
    output: type[BaseModel]
    run: Callable[[Any, Any], BaseModel]
    doc: str

    @property
    def noun(self) -> str:
        return self.name.partition(".")[0]

    @property
    def verb(self) -> str:
        return self.name.partition(".")[2]

    @property
    def tool(self) -> str:
        """Its name as an MCP tool."""
        return f"{self.noun}_{self.verb}"

    @property
    def summary(self) -> str:
        return self.doc.partition("\n")[0]


Handler = TypeVar("Handler", bound=Callable[..., BaseModel])


class Registry:
    """The commands by name, in the order in which they were written."""

    def __init__(self) -> None:
        self._commands: dict[str, Command] = {}

    def command(self, name: str, *, effect: Effect, faces: frozenset[Face] = ALL_FACES) -> Callable[[Handler], Handler]:
        """Register `handler(session, ask: In) -> Out`; types and docs are read off the function itself."""

        def register(handler: Handler) -> Handler:
            if name in self._commands:
                raise ValueError(f"command {name} is written twice")
            if not handler.__doc__:
                raise ValueError(f"command {name} has no docstring: it is what every face shows")
            hints = get_type_hints(handler)
            _session, ask = list(inspect.signature(handler).parameters)[:2]
            self._commands[name] = Command(
                name=name,
                effect=effect,
                faces=faces,
                input=hints[ask],
                output=hints["return"],
                run=handler,
                doc=inspect.cleandoc(handler.__doc__ or ""),
            )
            return handler

        return register

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def get(self, name: str) -> Command:
        """The command of that name; raises `no-such-command`."""
        try:
            return self._commands[name]
        except KeyError:
            raise UsageError("no-such-command", f"there is no command {name!r}", "exosuit --help lists them") from None

    def dispatch(self, name: str, session: Any, payload: BaseModel | dict[str, Any]) -> BaseModel:
        """Run a command on raw fields or a ready model: the one gate that every face goes through."""
        command = self.get(name)
        if isinstance(payload, BaseModel):
            return command.run(session, payload)
        try:
            ask = command.input.model_validate(payload)
        except ValidationError as error:
            raise UsageError(
                "bad-input", describe(error), f"see exosuit {command.noun} {command.verb} --help"
            ) from None
        return command.run(session, ask)


MOST_FAULTS = 5


def describe(error: ValidationError) -> str:
    """A validation error in one line: `field: what is wrong; field: …`; the first few faults, then how many more."""
    parts = []
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    for item in faults[:MOST_FAULTS]:
        where = ".".join(str(step) for step in item["loc"])[:200]
        parts.append(f"{where}: {item['msg']}" if where else str(item["msg"]))
    if len(faults) > MOST_FAULTS:
        parts.append(f"and {len(faults) - MOST_FAULTS} more")
    return "; ".join(parts)


def as_json(output: BaseModel) -> dict[str, Any]:
    """A result as JSON-ready data: the one form that `--json`, HTTP and MCP give."""
    return output.model_dump(mode="json", by_alias=True)


def arguments(model: type[BaseModel]) -> dict[str, Argument]:
    """Each field of an input model with its place on the command line."""
    found: dict[str, Argument] = {}
    for field, hint in typing.get_type_hints(model, include_extras=True).items():
        if field in model.model_fields:
            marks = [m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Argument)]
            found[field] = marks[0] if marks else Argument()
    return found


__all__ = [
    "ALL_FACES",
    "Argument",
    "Command",
    "Effect",
    "ExosuitError",
    "Face",
    "Registry",
    "arguments",
    "as_json",
    "describe",
]
