"""What was left behind: conflict markers, stops of a debugger, statements and definitions that stand there twice."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from exosuit.verify.evidence.material import Material
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.python.names import dotted, imports, rebound, text_of
from exosuit.verify.evidence.touch import Touch, each
from exosuit.verify.plan.places import is_collected, is_data, is_prose, is_test, is_vendored
from exosuit.verify.plan.python.scopes import own_parts
from exosuit.verify.plan.python.source import DEFINITIONS, Source, first_line, own_shape, qualified_name, shape

KIND = "leftover"

_OPENS, _CLOSES = re.compile(rb"<{7}(?: |\r?$)"), re.compile(rb">{7}(?: |\r?$)")
_STOPS = {"breakpoint", "pdb.set_trace", "ipdb.set_trace", "pudb.set_trace", "pytest.set_trace", "IPython.embed",
          "code.interact", "debugpy.breakpoint", "debugpy.wait_for_client", "celery.contrib.rdb.set_trace",
          "web_pdb.set_trace",
          "pdb.post_mortem", "rpdb.set_trace", "remote_pdb.set_trace", "bdb.set_trace",
          "sys.breakpointhook"}  # fmt: skip
_SCRIPT = (b".js", b".ts", b".jsx", b".tsx", b".mjs", b".cjs", b".svelte", b".vue")
_SCRIPT_STOP = re.compile(rb"^\s*debugger\s*;?\s*$")
_SCRIPT_ONLY = re.compile(rb"^\s*(?:describe|it|test|context)\.only\s*\(")
_PRINTS = re.compile(
    rb"(?:^|/)(?:__main__|cli|main|console|commands?|scripts?|tools?|examples?|docs?|bench\w*|setup|noxfile|tasks|manage)(?:/|\.py$)|\.pyi$"
)


def leftover(material: Material) -> list[Evidence]:
    """Things that nobody means to hand over."""
    return each(material.files, KIND, _of_file)


def _of_file(touch: Touch) -> Iterator[Evidence]:
    yield from _markers(touch)
    if touch.path.endswith(_SCRIPT) and not is_vendored(touch.path):
        for line, text in touch.new_lines():
            if len(text) < 400 and _SCRIPT_STOP.match(text):
                yield touch.evidence(KIND, "against", f"{touch.name}:{line + 1} stops in the debugger.", head=[line])
            elif len(text) < 400 and _SCRIPT_ONLY.match(text):
                title = f"{touch.name}:{line + 1} runs this test only, and leaves out all others."
                yield touch.evidence(KIND, "against", title, head=[line])
    if touch.file.head_source is not None:
        yield from _stops(touch, touch.file.head_source)
        yield from _twice(touch, touch.file.head_source)


def _markers(touch: Touch) -> Iterator[Evidence]:
    """Lines that a merge writes where it cannot decide: an opening one and a closing one behind it."""
    opened = -1
    for line, text in touch.new_lines():
        if _OPENS.match(text):
            opened = line
        elif opened >= 0 and _CLOSES.match(text):
            aside = is_prose(touch.path) or is_data(touch.path)
            title = f"{touch.name}:{opened + 1} to {line + 1} is a conflict that nobody has resolved."
            yield touch.evidence(KIND, "unknown" if aside else "against", title, head=range(opened, line + 1))
            opened = -1


def _stops(touch: Touch, source: Source) -> Iterator[Evidence]:
    """Stops of a debugger, and printing where the file printed nothing."""
    imported = imports(source, touch.path)
    printed: list[int] = []
    for index in touch.new_statements:
        node: Any = source.statements[index].node
        if not isinstance(node, ast.Expr | ast.Assign | ast.If | ast.ImportFrom | ast.Return):
            continue
        for part in own_parts(node):
            if not isinstance(part, ast.Call):
                continue
            name = dotted(part.func, imported)
            lines = touch.changed("head", source.statements[index].start, source.statements[index].end)
            if name in _STOPS and name not in rebound(source):
                title = f"{touch.name}:{lines[0] + 1} stops in the debugger: `{text_of(part)}`."
                yield touch.evidence(KIND, "against", title, head=lines)
            elif name == "print" and not any(one.arg == "file" for one in part.keywords):
                printed += lines
    aside = is_test(touch.path) or _PRINTS.search(touch.path) or b"print(" in touch.file.base
    if printed and not aside and touch.file.base:
        title = f"{touch.name} prints, and did not: line {printed[0] + 1}."
        yield touch.evidence(KIND, "unknown", title, head=printed)


def _twice(touch: Touch, source: Source) -> Iterator[Evidence]:
    """The same again, right behind or under the same name: what a merge leaves when both sides brought it."""
    told: set[bytes] = set()
    for index in touch.new_statements:
        yield from _defined_twice(touch, source, index)
        yield from _keys_twice(touch, source, index)
        if is_test(touch.path):
            continue
        for one in (index, _next(source, index)):
            yield from _again(touch, source, one, told)


def _again(touch: Touch, source: Source, index: int | None, told: set[bytes]) -> Iterator[Evidence]:
    """A statement that is the one right before it."""
    before = _sibling(source, index) if index is not None else None
    if before is not None and index is not None:
        node: Any = source.statements[index].node
        text = _whole(source, index)
        if _whole(source, before) != text or own_shape(source.statements[before].node) != own_shape(node):
            return
        if text in told or isinstance(node, ast.Pass | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return
        told.add(text)
        if touch.file.base_source is not None and text in _repeats(touch.file.base_source):
            return
        first, last = source.statements[index].start, source.statements[index].last
        lines = touch.changed("head", first, last) or touch.changed("head", source.starts[before], last)
        heavy = bool(getattr(node, "body", None)) or isinstance(
            node, ast.Return | ast.Raise | ast.Import | ast.ImportFrom
        )
        title = f"{touch.name}:{first + 1} is the statement before it once more."
        yield touch.evidence(KIND, "against" if heavy else "unknown", title, head=lines)


def _repeats(source: Source) -> set[bytes]:
    """Statements of a file that stand there twice in a row."""
    found: set[bytes] = set()
    for index, statement in enumerate(source.statements):
        before = _sibling(source, index)
        if before is not None and source.statements[before].node.__class__ is statement.node.__class__:
            text = _whole(source, index)
            if text == _whole(source, before):
                found.add(text)
    return found


def _whole(source: Source, index: int) -> bytes:
    """A statement's text with all that it holds."""
    statement = source.statements[index]
    return b"".join(source.lines[statement.start : statement.last + 1]).strip()


def _next(source: Source, index: int) -> int | None:
    """The statement right behind one, in the same body."""
    after = source.after(index)
    return after if after < len(source.statements) and _sibling(source, after) == index else None


def _sibling(source: Source, index: int) -> int | None:
    """The statement right before one, in the same body."""
    statement = source.statements[index]
    at = index - 1
    while at >= 0 and source.statements[at].depth > statement.depth:
        at = source.statements[at].parent
    if at < 0:
        return None
    other = source.statements[at]
    return (
        at if (other.parent, other.place, other.depth) == (statement.parent, statement.place, statement.depth) else None
    )


_MAY_REPEAT = {"overload", "setter", "getter", "deleter", "register", "dispatch", "validator", "fixture"}


def _defined_twice(touch: Touch, source: Source, index: int) -> Iterator[Evidence]:
    """A definition that takes the name of an earlier one in the same body: the earlier one is gone."""
    statement = source.statements[index]
    node: Any = statement.node
    if not isinstance(node, DEFINITIONS) or node.name == "_" or _may_repeat(node):
        return
    if is_test(touch.path) and not is_collected(touch.path):
        return  # what tests read may be anything
    touched = set(touch.new_statements)
    around = source.enclosing(index)
    inside = around >= 0 and not isinstance(source.statements[around].node, ast.ClassDef)
    for step in (_sibling, _next):
        at = step(source, index)
        while at is not None:
            other: Any = source.statements[at].node
            if isinstance(other, DEFINITIONS) and other.name == node.name:
                base = touch.file.base_source
                known = base is not None and _defined(base, qualified_name(source, index)) > 1
                known |= step is _next and at in touched  # told there
                known |= inside and _whole(source, at) != _whole(source, index)  # one may be used before the other
                if not other.decorator_list and not known:
                    lines = touch.changed("head", statement.start, statement.end)
                    title = f"{touch.name} defines `{node.name}` in line {statement.start + 1} and in line"
                    title += f" {source.starts[at] + 1}; the first is never used."
                    yield touch.evidence(KIND, "against", title, head=lines)
                return
            at = step(source, at)


def _may_repeat(node: Any) -> bool:
    return any(
        dotted(getattr(one, "func", one), {}).rpartition(".")[2] in _MAY_REPEAT for one in node.decorator_list
    )  # fmt: skip


def _defined(source: Source, name: str) -> int:
    """How often a qualified name is defined in one body, at most."""
    found: Counter[tuple[int, str]] = Counter()
    for index, one in enumerate(source.statements):
        if isinstance(one.node, DEFINITIONS) and qualified_name(source, index) == name:
            found[one.parent, one.place] += 1
    return max(found.values(), default=0)


def _keys_twice(touch: Touch, source: Source, index: int) -> Iterator[Evidence]:
    """A dictionary that is written out with one key twice: the first value is lost."""
    statement = source.statements[index]
    for part in own_parts(statement.node):
        if not isinstance(part, ast.Dict) or len(part.keys) < 2:
            continue
        seen: set[Any] = set()
        for key in part.keys:
            if isinstance(key, ast.Constant):
                print_of = shape(key)
                first = statement.start + key.lineno - 1 - _top(statement.node)
                if print_of in seen and first in touch.added:
                    title = f"{touch.name}:{first + 1} gives the key {text_of(key, 40)} twice; the first value is lost."
                    yield touch.evidence(KIND, "against", title, head=[first])
                seen.add(print_of)


def _top(node: Any) -> int:
    return int(node.pattern.lineno - 1 if isinstance(node, ast.match_case) else first_line(node))
