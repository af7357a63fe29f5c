"""Other spellings of literals: f-strings for `%` and `format`, displays for calls of `set`, `dict`, `list`, `tuple`.

Each takes the shape of an expression and gives the other spelling, as converters of spelling do. That both have one
value is not said: `%s` and `{}` differ for types that format themselves, and `set` may be rebound.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter

from exosuit.verify.plan.python.source import Shape

_PERCENT = re.compile(r"%(?:%|([sr]))")
_CONVERSIONS = {"": -1, "s": 115, "r": 114, "a": 97}


@dataclass(frozen=True)
class Style:
    """One way of spelling given up for another; `spelled` gives None for what it is not about.

    `mark` stands in the text of whatever it is about, which is only looked for in files `paths` where that is given.
    A style may put a `line` above a definition, below its decorators or (`is_first`) above them.
    """

    name: str
    spelled: Callable[[Shape], Shape | None]
    mark: bytes
    brought: frozenset[str] = frozenset()
    is_plain: bool = False
    line: bytes = b""
    is_first: bool = False
    paths: frozenset[bytes] | None = None

    def may_stand_in(self, text: bytes) -> bool:
        """Whether a text may hold what it is about: quick to say no."""
        return self.mark in text

    def __str__(self) -> str:
        return self.name


def _text(part: Shape) -> str | None:
    return part[2] if part[:2] == ("Constant", "str") else None


def _joined(pieces: list[Shape]) -> Shape:
    """An f-string of texts and fields: neighbouring texts as one, empty ones left out."""
    found: list[Shape] = []
    for piece in pieces:
        if found and _text(piece) is not None and _text(found[-1]) is not None:
            found[-1] = ("Constant", "str", found[-1][2] + piece[2])
        elif piece != ("Constant", "str", ""):
            found.append(piece)
    return ("JoinedStr", tuple(found))


def _constant(text: str) -> Shape:
    return ("Constant", "str", text)


def _percent(part: Shape) -> Shape | None:
    """`'%s' % a` and `'%s %r' % (a, b)`: one value for each field, in order."""
    if part[0] != "BinOp" or part[2] != ("Mod",) or (text := _text(part[1])) is None:
        return None
    values = list(part[3][1]) if part[3][0] == "Tuple" else [part[3]]
    pieces: list[Shape] = []
    at = 0
    for match in _PERCENT.finditer(text):
        if "%" in text[at : match.start()]:
            return None
        pieces.append(_constant(text[at : match.start()]))
        at = match.end()
        if match[1] is None:
            pieces.append(_constant("%"))
        elif not values or values[0][0] == "Starred":
            return None
        else:
            pieces.append(("FormattedValue", values.pop(0), _CONVERSIONS["r" if match[1] == "r" else ""], None))
    if values or "%" in text[at:] or part[3][0] in ("Dict", "Starred"):
        return None
    return _joined([*pieces, _constant(text[at:])])


def _format(part: Shape) -> Shape | None:
    """`'{} {a!r:>3}'.format(x, a=y)`: every argument used just once, in order."""
    if part[0] != "Call" or part[1][0] != "Attribute" or part[1][2] != "format" or (text := _text(part[1][1])) is None:
        return None
    values: dict[str, Shape] = {str(number): value for number, value in enumerate(part[2])}
    values |= {one[1]: one[2] for one in part[3] if one[1] is not None}
    if len(values) != len(part[2]) + len(part[3]) or any(value[0] == "Starred" for value in values.values()):
        return None
    pieces: list[Shape] = []
    order = iter(list(values))
    try:
        fields = list(Formatter().parse(text))
    except ValueError:
        return None
    for before, name, spec, conversion in fields:
        pieces.append(_constant(before))
        if name is None:
            continue
        first, dot, attribute = name.partition(".")
        wanted = next(order, None)
        if wanted is None or first not in ("", wanted) or "{" in (spec or "") or (dot and not attribute.isidentifier()):
            return None
        value = ("Attribute", values[wanted], attribute) if dot else values[wanted]
        inner = ("JoinedStr", (_constant(spec),)) if spec else None
        pieces.append(("FormattedValue", value, _CONVERSIONS[conversion or ""], inner))
    return _joined(pieces) if next(order, None) is None else None


def _called(part: Shape) -> str:
    """The name that is called, without keywords that are unpacked; empty for anything else."""
    if part[0] != "Call" or part[1][:1] != ("Name",) or any(one[1] is None for one in part[3]):
        return ""
    return str(part[1][1])


def _set(part: Shape) -> Shape | None:
    if _called(part) != "set" or len(part[2]) != 1 or part[3]:
        return None
    (inner,) = part[2]
    if inner[0] in ("List", "Tuple") and inner[1]:
        return ("Set", inner[1])
    return ("SetComp", *inner[1:]) if inner[0] in ("ListComp", "GeneratorExp") else None


def _dict(part: Shape) -> Shape | None:
    if _called(part) != "dict" or part[2]:
        return None
    return ("Dict", tuple(_constant(one[1]) for one in part[3]), tuple(one[2] for one in part[3]))


def _empty(part: Shape) -> Shape | None:
    if part[2:] != ((), ()):
        return None
    return {"list": ("List", ()), "tuple": ("Tuple", ())}.get(_called(part))


STYLES = (
    Style("'%s' % … → f'{…}'", _percent, b"%"),
    Style("'{}'.format(…) → f'{…}'", _format, b"format"),
    Style("set([…]) → {…}", _set, b"set"),
    Style("dict(…=…) → {'…': …}", _dict, b"dict"),
    Style("list(), tuple() → [], ()", _empty, b"()"),
)
