"""Stretches of real functions put into functions of their own; some with an edit, which spoils the whole of it."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bench.collapse_seeds import Files, Seeded, changed, parses

_LEFT_OUT = (
    ast.Return, ast.Yield, ast.YieldFrom, ast.Await, ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
    ast.Global, ast.Nonlocal, ast.Delete, ast.Import, ast.ImportFrom, ast.GeneratorExp, ast.Break, ast.Continue,
)  # fmt: skip
_SPOILT = 0.3


@dataclass
class _Stretch:
    """Statements of a function's own block, what they need, and what is needed of them."""

    top: ast.stmt
    body: list[ast.stmt]
    params: list[str]
    results: list[str]


def functions(base: Files, rng: random.Random) -> Seeded:
    """One or two functions extracted from each file."""
    seeded = Seeded("functions", base, dict(base))
    for path, text in base.items():
        found = [one for one in _stretches(ast.parse(text)) if _is_fine(text, one)] if text.isascii() else []
        by_top: dict[int, list[_Stretch]] = {}
        for one in found:
            by_top.setdefault(one.top.lineno, []).append(one)
        tops = sorted(rng.sample(sorted(by_top), min(2, len(by_top))), reverse=True)
        before = text.splitlines(keepends=True)
        lines = list(before)
        spoilt: list[tuple[int, int, int, int]] = []
        for number, top in enumerate(tops):
            _extract(lines, rng.choice(by_top[top]), f"fresh_{number}_{rng.randrange(99)}", rng, spoilt)
        if parses("".join(lines)):
            seeded.head[path] = "".join(lines)
            for head, end, old, last in spoilt:
                seeded.hidden_head |= {(path, row) for row in range(head, end) if lines[row].strip()}
                seeded.hidden_base |= {(path, row) for row in range(old, last) if before[row].strip()}
    return seeded


def _stretches(tree: ast.Module) -> Iterator[_Stretch]:
    for top in tree.body:
        for node in [top, *getattr(top, "body", [])] if isinstance(top, ast.ClassDef) else [top]:
            if isinstance(node, ast.FunctionDef):
                own = [node.body, *(part.body for part in node.body if isinstance(part, ast.If | ast.For | ast.With))]
                for block in own:
                    for first in range(len(block) - 1):
                        for size in range(2, min(7, len(block) - first + 1)):
                            yield from _stretch(top, node, block[first : first + size])


def _stretch(top: ast.stmt, function: ast.FunctionDef, body: list[ast.stmt]) -> Iterator[_Stretch]:
    """The stretch, if its names are plain: nothing is bound that others bind too, and what it needs is bound before."""
    if any(isinstance(part, _LEFT_OUT) for one in body for part in ast.walk(one)):
        return
    inside = {id(part) for one in body for part in ast.walk(one)}
    names = [part for part in ast.walk(function) if isinstance(part, ast.Name)]
    stored = {part.id for part in names if id(part) in inside and isinstance(part.ctx, ast.Store)}
    others = {part.id for part in names if id(part) not in inside and isinstance(part.ctx, ast.Store)}
    given = {arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)}
    loaded = {part.id for part in names if id(part) in inside and isinstance(part.ctx, ast.Load)}
    after = {part.id for part in names if id(part) not in inside and part.id in stored}
    simple = {t.id for one in body if isinstance(one, ast.Assign) for t in one.targets if isinstance(t, ast.Name)}
    if stored & (others | given) or not after <= simple or len(after) > 2 or (loaded & others) - given:
        return
    yield _Stretch(top, body, sorted(loaded & given), sorted(after))


def _is_fine(text: str, one: _Stretch) -> bool:
    lines = text.splitlines()[one.body[0].lineno - 1 : one.body[-1].end_lineno]
    plain = not re.search(
        r"super|locals|vars|eval|exec|dir\(|__|#|'''|\"\"\"|warn|stack|inspect|globals", "\n".join(lines)
    )
    indent = re.match(r"\s*", lines[0])
    alone = ";" not in lines[0] and indent is not None and len(indent[0]) == one.body[0].col_offset
    return (
        plain
        and alone
        and all(not line.strip() or line.startswith(lines[0][: one.body[0].col_offset]) for line in lines)
    )


def _extract(
    lines: list[str], one: _Stretch, name: str, rng: random.Random, spoilt: list[tuple[int, int, int, int]]
) -> None:
    """Put a stretch into a function above; earlier ones in `spoilt` move down by what it adds."""
    first, last = one.body[0].lineno - 1, one.body[-1].end_lineno or 0
    indent = " " * one.body[0].col_offset
    own = [f"    {line[len(indent) :]}" if line.strip() else line for line in lines[first:last]]
    is_spoilt = rng.random() < _SPOILT
    if is_spoilt:
        at = rng.randrange(len(own))
        edited = changed(own[at], rng)
        is_spoilt, own[at] = edited != own[at], edited
    gives = [f"    return {', '.join(one.results)}\n"] if one.results else []
    call = f"{', '.join(one.results)}{' = ' if one.results else ''}{name}({', '.join(one.params)})"
    function = [f"def {name}({', '.join(one.params)}):\n", *own, *gives, "\n", "\n"]
    decorators = getattr(one.top, "decorator_list", [])
    top = min([one.top.lineno, *(part.lineno for part in decorators)]) - 1
    lines[first:last] = [f"{indent}{call}\n"]
    lines[top:top] = function
    moved = len(function) + 1 - (last - first)
    spoilt[:] = [(a + moved, b + moved, c, d) for a, b, c, d in spoilt]
    if is_spoilt:
        at = first + len(function)
        spoilt += [(top, top + len(function) - 2, first, last), (at, at + 1, first, last)]
