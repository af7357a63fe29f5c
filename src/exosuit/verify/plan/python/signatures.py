"""A parameter of a function that was removed, renamed or put elsewhere, with all calls of it that have to follow.

The edit is guessed from headers before and after. A call is one of the function if it calls that name, or an attribute
of that name; whether it is the same function is told by names alone, so every definition of the name has to be edited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from exosuit.verify.plan.python.source import Shape
from exosuit.verify.plan.python.styles import Style

_FUNCTIONS = ("FunctionDef", "AsyncFunctionDef")
_NOTHING = ("Constant", "no default", None)


class Parameter(NamedTuple):
    """One parameter: its name, whether only a keyword gives it, its annotation and its default."""

    name: str
    by_keyword: bool
    annotation: Shape
    default: Shape


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of parameters of functions called `name`: `old` is now `new` (None: gone), or they are `order`ed."""

    name: str
    old: str = ""
    new: str | None = None
    order: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.order:
            return f"{self.name}({', '.join(self.order)}): parameters in another order, and calls"
        became = f"renamed to {self.new}" if self.new else "removed"
        return f"{self.name}({self.old}): parameter {became}, and calls"


def parameters_of(arguments: Shape) -> list[Parameter] | None:
    """The parameters of a function; None where some have no names of their own."""
    _kind, positional, args, vararg, keyword_only, keyword_defaults, kwarg, defaults = arguments
    if positional or vararg is not None or kwarg is not None:
        return None
    missing = [_NOTHING] * (len(args) - len(defaults))
    found = [Parameter(one[1], False, one[2], value) for one, value in zip(args, [*missing, *defaults], strict=True)]
    for one, value in zip(keyword_only, keyword_defaults, strict=True):
        found.append(Parameter(one[1], True, one[2], _NOTHING if value is None else value))
    return found


def _arguments(parameters: Sequence[Parameter]) -> Shape | None:
    """A list of parameters as a shape; None where one without a default would follow one with a default."""
    first = [one for one in parameters if not one.by_keyword]
    only = [one for one in parameters if one.by_keyword]
    defaults = [one.default for one in first if one.default != _NOTHING]
    if any(one.default != _NOTHING for one in first[: len(first) - len(defaults)]):
        return None
    return (
        "arguments", (), tuple(("arg", one.name, one.annotation) for one in first), None,
        tuple(("arg", one.name, one.annotation) for one in only),
        tuple(None if one.default == _NOTHING else one.default for one in only), None, tuple(defaults),
    )  # fmt: skip


def edit_of(old: Shape, new: Shape) -> Edit | None:
    """What one header says became of the parameters; None where it is nothing of the kind, or more."""
    if old[0] not in _FUNCTIONS or old[:2] != new[:2] or old[3:] != new[3:]:
        return None
    before, after = parameters_of(old[2]), parameters_of(new[2])
    if before is None or after is None or before == after:
        return None
    if sorted(before, key=str) == sorted(after, key=str):
        return Edit(old[1], order=tuple(one.name for one in after))
    gone = [one for one in before if one not in after]
    came = [one for one in after if one not in before]
    if len(gone) == 1 and not came:
        return Edit(old[1], gone[0].name) if [one for one in before if one not in gone] == after else None
    if len(gone) == len(came) == 1 and gone[0][1:] == came[0][1:]:
        swapped = [came[0] if one == gone[0] else one for one in before]
        return Edit(old[1], gone[0].name, came[0].name) if swapped == after else None
    return None


def signature_styles(
    headers: Iterable[tuple[Shape, Shape]], definitions: Callable[[str], Iterator[Shape]]
) -> Iterator[Style]:
    """A style for each edit that was made to all definitions of a name in the base; `definitions` gives these."""
    found = Counter(edit for old, new in headers if (edit := edit_of(old, new)) is not None)
    for edit, count in sorted(found.items(), key=lambda one: (-one[1], str(one[0]))):
        every = [] if edit.name.startswith("__") else list(definitions(edit.name))
        if len(every) == count and len({_names(one) for one in every}) == 1:
            known = tuple(parameters_of(every[0][2]) or ())
            yield Style(str(edit), partial(_spelled, edit, known, _first(every[0])), edit.name.encode())


def _names(header: Shape) -> tuple[tuple[str, bool], ...]:
    return tuple((one.name, one.by_keyword) for one in parameters_of(header[2]) or ())


def _first(header: Shape) -> bool:
    """Whether the first parameter is the object itself, which calls do not give."""
    names = _names(header)
    return bool(names) and names[0][0] in ("self", "cls")


def _header(edit: Edit, header: Shape) -> Shape | None:
    known = parameters_of(header[2])
    if known is None:
        return None
    if edit.order:
        by_name = {one.name: one for one in known}
        if set(by_name) != set(edit.order) or tuple(by_name) == edit.order:
            return None
        made = [by_name[name] for name in edit.order]
    else:
        if edit.old not in {one.name for one in known} or edit.new in {one.name for one in known}:
            return None
        made = [one._replace(name=edit.new or "") if one.name == edit.old else one for one in known]
        made = [one for one in made if one.name]
    arguments = _arguments(made)
    return None if arguments is None else (*header[:2], arguments, *header[3:])


def _spelled(edit: Edit, known: tuple[Parameter, ...], is_method: bool, node: Shape) -> Shape | None:
    """A header or a call of the function with the edit; None for all else."""
    if node[0] in _FUNCTIONS:
        return _header(edit, node) if node[1] == edit.name and _names(node) == tuple(one[:2] for one in known) else None
    if node[0] != "Call" or not _calls(edit.name, node[1], is_method):
        return None
    _kind, called, given, keywords = node
    if any(one[0] == "Starred" for one in given) or any(one[1] is None for one in keywords):
        return None
    names = [one.name for one in known if not one.by_keyword][is_method:]
    if len(given) > len(names):
        return None
    made = _ordered(edit, names, given, keywords) if edit.order else _replaced(edit, names, given, keywords)
    return None if made in (None, (given, keywords)) else ("Call", called, *made)


def _calls(name: str, called: Shape, is_method: bool) -> bool:
    if called[0] == "Attribute":
        return bool(called[2] == name)
    return not is_method and bool(called == ("Name", name))


def _replaced(edit: Edit, names: list[str], given: Shape, keywords: Shape) -> tuple[Shape, Shape] | None:
    """The arguments of a call without the one that went, or with its new name."""
    if edit.new is not None:
        return given, tuple(("keyword", edit.new, one[2]) if one[1] == edit.old else one for one in keywords)
    at = names.index(edit.old) if edit.old in names else len(given)
    return (*given[:at], *given[at + 1 :]), tuple(one for one in keywords if one[1] != edit.old)


def _ordered(edit: Edit, names: list[str], given: Shape, keywords: Shape) -> tuple[Shape, Shape] | None:
    """The arguments of a call by place in the new order; None where they would leave a gap."""
    values = dict(zip(names, given, strict=False))
    wanted = [name for name in edit.order if name in names]
    made = [values[name] for name in wanted if name in values]
    return (tuple(made), keywords) if wanted[: len(made)] == [n for n in wanted if n in values] else None
