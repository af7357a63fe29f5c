"""What a statement evaluates first: there an expression may stand, or a name that was just given to it."""

from __future__ import annotations

from exosuit.verify.plan.python.source import Shape

_FIRST: dict[str, tuple[int, ...]] = {
    "Return": (1,), "Expr": (1,), "Assign": (2,), "AnnAssign": (3,), "If": (1,), "For": (2,), "AsyncFor": (2,),
    "With": (1, 0, 1), "AsyncWith": (1, 0, 1), "Raise": (1,), "Match": (1,),
    "Attribute": (1,), "Subscript": (1,), "Call": (1,), "BinOp": (1,), "BoolOp": (2, 0), "Compare": (1,),
    "Await": (1,), "Yield": (1,), "YieldFrom": (1,), "UnaryOp": (2,), "IfExp": (1,), "Tuple": (1, 0), "List": (1, 0),
    "Set": (1, 0), "Starred": (1,), "FormattedValue": (1,), "NamedExpr": (2,), "ListComp": (2, 0, 2),
    "SetComp": (2, 0, 2), "GeneratorExp": (2, 0, 2), "DictComp": (3, 0, 2),
}  # fmt: skip
"""Where in a shape that stands which is evaluated before all else, once and always.

Left out are `while`, whose test is evaluated again and again, `assert`, which may not be run at all, and `x += y`,
which reads `x` first.
"""


def put_first(shape: Shape, name: str, value: Shape) -> Shape | None:
    """A statement with a value in the place of a name, if that is what is evaluated first; None if it is not."""
    if shape == ("Name", name):
        return value
    if not isinstance(shape, tuple) or not shape or not isinstance(shape[0], str):
        return None
    steps = _FIRST.get(shape[0])
    if shape[0] == "JoinedStr":
        at = next((at for at, one in enumerate(shape[1]) if one[0] == "FormattedValue"), None)
        steps = None if at is None else (1, at)
    return None if steps is None else _at(shape, steps, name, value)


def _at(shape: Shape, steps: tuple[int, ...], name: str, value: Shape) -> Shape | None:
    """A shape with the value put first in what stands at the end of some steps into it."""
    if not steps:
        return put_first(shape, name, value)
    if not isinstance(shape, tuple) or steps[0] >= len(shape):
        return None
    inner = _at(shape[steps[0]], steps[1:], name, value)
    return None if inner is None else (*shape[: steps[0]], inner, *shape[steps[0] + 1 :])
