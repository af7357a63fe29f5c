"""A command's input model as the signature of a function that cyclopts can parse into.

cyclopts only splits words into fields; types and limits are checked by the model, so that every face refuses the
same input with the same words.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from inspect import Parameter as Slot
from inspect import Signature
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from exosuit.core.registry import Argument, Command, arguments
from exosuit.faces.call import Call

GLOBAL = "Everywhere"


def offered(model: type[BaseModel]) -> dict[str, Argument]:
    """The fields that are on the command line: all but the hidden ones that can be left out."""
    marks = arguments(model)
    return {name: mark for name, mark in marks.items() if not mark.hidden or model.model_fields[name].is_required()}


def wire_name(name: str, field: FieldInfo) -> str:
    """What JSON calls the field: its alias if it has one."""
    return field.alias or name


def option(name: str, field: FieldInfo) -> str:
    """What the command line calls the field: `--dry-run`."""
    return "--" + wire_name(name, field).replace("_", "-")


def metavar(mark: Argument, hint: Any) -> str:
    """The word that stands for a value in help: `FILE`, `TEXT`, `mine|theirs`; empty for a flag."""
    bare = _without_none(hint)
    if typing.get_origin(bare) is Literal:
        return "|".join(str(choice) for choice in typing.get_args(bare))
    return mark.metavar or {str: "TEXT", int: "N", float: "N", list[str]: "TEXT…"}.get(bare, "")


def slots(model: type[BaseModel]) -> list[Slot]:
    """The parameters of a function that takes the model's fields; leaving one out leaves it to the model's default."""
    hints = typing.get_type_hints(model)
    made = [_slot(name, model.model_fields[name], mark, hints[name]) for name, mark in offered(model).items()]
    return sorted(made, key=lambda slot: slot.kind)


def global_slots() -> list[Slot]:
    """`-C` and `--json`, which every command takes."""
    folder = Annotated[
        str | None,
        Parameter(name="-C", metavar="DIR", group=GLOBAL, help="The workspace; else the one this folder is in."),
    ]
    as_json = Annotated[
        bool, Parameter(name="--json", group=GLOBAL, negative="", show_default=False, help="Print JSON.")
    ]
    return [
        Slot("folder_", Slot.KEYWORD_ONLY, default=None, annotation=folder),
        Slot("json_", Slot.KEYWORD_ONLY, default=False, annotation=as_json),
    ]


def function(name: str, doc: str, parameters: list[Slot], model: type[BaseModel] | None = None) -> Callable[..., Call]:
    """A function of that signature that returns the call it was given, for cyclopts to parse into."""
    signature = Signature([*parameters, *global_slots()])

    def parsed(*args: Any, **options: Any) -> Call:
        given = signature.bind(*args, **options).arguments
        folder, as_json = given.pop("folder_", None), given.pop("json_", False)
        return Call(name, _wire(given, model), folder, as_json)

    parsed.__signature__ = signature  # type: ignore[attr-defined]
    parsed.__annotations__ = {slot.name: slot.annotation for slot in signature.parameters.values()}
    parsed.__name__ = name.rpartition(".")[2]
    parsed.__doc__ = doc
    return parsed


def from_command(command: Command) -> Callable[..., Call]:
    """The function that parses a command of the registry."""
    return function(command.name, command.doc, slots(command.input), command.input)


def _wire(fields: dict[str, Any], model: type[BaseModel] | None) -> dict[str, Any]:
    """Fields by their JSON names; sequences as lists, as they would arrive over a wire."""
    named = {}
    for key, value in fields.items():
        known = model.model_fields.get(key) if model is not None else None
        named[wire_name(key, known) if known else key] = list(value) if isinstance(value, tuple) else value
    return named


def _slot(name: str, field: FieldInfo, mark: Argument, hint: Any) -> Slot:
    bare = _without_none(hint)
    is_list = typing.get_origin(bare) is list
    parameter: dict[str, Any] = {"help": field.description}
    if word := metavar(mark, hint):
        parameter["metavar"] = word
    if mark.positional and is_list:
        item = typing.get_args(bare)[0]
        return Slot(name, Slot.VAR_POSITIONAL, annotation=Annotated[item, Parameter(negative="", **parameter)])
    if not field.is_required():
        parameter["show_default"] = _shown(field)
    kind = Slot.POSITIONAL_ONLY if mark.positional else Slot.KEYWORD_ONLY
    hint = _plain(bare)
    if mark.positional:
        parameter["name"] = (mark.metavar or name.upper()).rstrip("…")
    else:
        parameter |= {"name": option(name, field), "consume_multiple": is_list}
        parameter |= {} if field.default is True else {"negative": ""}
    if field.is_required():
        return Slot(name, kind, annotation=Annotated[hint, Parameter(**parameter)])
    if bare is bool:
        return Slot(name, kind, default=field.default, annotation=Annotated[bool, Parameter(**parameter)])
    return Slot(name, kind, default=None, annotation=Annotated[hint | None, Parameter(**parameter)])


def _plain(hint: Any) -> Any:
    """The type that cyclopts converts to: words, unless the type says how many words."""
    if hint is bool or typing.get_origin(hint) in (list, tuple):
        return hint
    return str


def _without_none(hint: Any) -> Any:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        return _without_none(members[0]) if len(members) == 1 else str
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint


def _shown(field: FieldInfo) -> Any:
    """The model's default, for help to show where it says something."""
    default = field.get_default(call_default_factory=True, validated_data={})
    if default in (None, "", False) or default == []:
        return False
    return lambda _none: str(default)
