"""What callers may rely on and no longer can, and what is new to them: names, signatures, exceptions, deprecations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from exosuit.verify.evidence.material import Material
from exosuit.verify.evidence.model import Evidence, Strength
from exosuit.verify.evidence.python.interface import Behaviour, Entity, Parameter, all_names, behaviour, public
from exosuit.verify.evidence.python.names import imports
from exosuit.verify.evidence.touch import Touch, each
from exosuit.verify.plan.places import is_test, is_vendored
from exosuit.verify.plan.python.bindings import module_of
from exosuit.verify.plan.python.source import Source
from exosuit.verify.plan.reading import Reading

KIND = "interface"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SETTLES = ("tests", "behaviour")

_NO_CALLERS = {b"docs", b"doc", b"examples", b"example", b"benchmarks", b"bench", b"scripts", b"tools", b"ci",
               b".github",
               b"samples", b"demo", b"demos"}  # fmt: skip
_RUN_BY_NAME = {b"setup.py", b"conftest.py", b"noxfile.py", b"tasks.py", b"fabfile.py", b"conf.py", b"manage.py"}


def interface(material: Material) -> list[Evidence]:
    """The delta of the public interface of every Python module that a change touches."""
    modules = [one for one in material.python if _has_callers(one.path)]
    arrived = _arrived(modules)
    return each(modules, KIND, lambda touch: _of_module(material.reading, touch, arrived))


def _has_callers(path: bytes) -> bool:
    steps = path.split(b"/")
    return not (is_test(path) or is_vendored(path) or steps[-1] in _RUN_BY_NAME or _NO_CALLERS & set(steps[:-1]))


def _arrived(modules: list[Touch]) -> dict[str, str]:
    """Top-level names that some file of the change has at head and had not at base, with that file."""
    found: dict[str, str] = {}
    for touch in modules:
        before, after = touch.file.base_source, touch.file.head_source
        if after is not None:
            had = _top_names(before) if before is not None else set()
            found.update(dict.fromkeys(_top_names(after) - had, touch.name))
    return found


def _top_names(source: Source) -> set[str]:
    return {str(getattr(source.statements[i].node, "name", "")) for i in source.tops} - {""}


def _of_module(reading: Reading, touch: Touch, arrived: Mapping[str, str]) -> Iterator[Evidence]:
    before, after = touch.file.base_source, touch.file.head_source
    old_path = touch.file.file.old_path or touch.path
    private = any(step.startswith(b"_") and not step.startswith(b"__") for step in touch.path.split(b"/"))
    offered = _offered(reading, touch) if private else None
    if before is not None and not touch.file.file.new_blob and not private:
        names = sorted(name for name in public(before, old_path) if "." not in name)
        if names:
            head = [line for i in before.tops for line in range(before.starts[i], before.statements[i].end + 1)]
            yield touch.evidence(KIND, "differs", f"Module {touch.name} is gone, with {_list(names)}.", base=head)
        return
    if after is None:
        return
    old = public(before, old_path) if before is not None else {}
    new = public(after, touch.path)
    if offered is not None:
        old, new = _only(old, offered), _only(new, offered)
    if before is not None:
        yield from _gone(touch, before, after, old, new, arrived)
        yield from _unlisted(touch, before, after)
        for name in old.keys() & new.keys():
            yield from _changed(touch, (before, old[name]), (after, new[name]))
    yield from _additions(touch, after, old, new, is_new_file=before is None)


def _only(found: dict[str, Entity], offered: frozenset[str]) -> dict[str, Entity]:
    return {name: one for name, one in found.items() if name.partition(".")[0] in offered}


def _offered(reading: Reading, touch: Touch) -> frozenset[str]:
    """Names of a private module that the packages around it import: what they offer to others."""
    found: set[str] = set()
    module = module_of(touch.path)
    steps = touch.path.split(b"/")[:-1]
    for depth in range(len(steps), max(0, len(steps) - 3), -1):
        path = b"/".join([*steps[:depth], b"__init__.py"])
        blob = reading.head_tree.get(path) or reading.base_tree.get(path)
        source = reading.source(blob, reading.blob(blob)) if blob else None
        if source is not None:
            for name in imports(source, path).values():
                if name.startswith(module + "."):
                    found.add(name[len(module) + 1 :].partition(".")[0])
    return frozenset(found)


def _list(names: list[str]) -> str:
    shown_first = ", ".join(f"`{name}`" for name in names[:3])
    return shown_first + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")


def _header(touch: Touch, source: Source, entity: Entity, side: str) -> list[int]:
    """The changed lines of a definition's header, or of the whole of it where its header did not change."""
    statement = source.statements[entity.index]
    side_of = touch.changed("base" if side == "base" else "head", statement.start, statement.end)
    return side_of or touch.changed("base" if side == "base" else "head", statement.start, statement.last)


def _gone(
    touch: Touch,
    before: Source,
    after: Source,
    old: dict[str, Entity],
    new: dict[str, Entity],
    arrived: Mapping[str, str],
) -> Iterator[Evidence]:
    bound = imports(after, touch.path).keys() | _top_names(after)
    gone = [name for name in old if name not in new and old[name].form != "import"]
    for name in gone:
        outer = name.rpartition(".")[0]
        if outer in gone or name.partition(".")[0] in bound - new.keys() or (not outer and name in bound):
            continue
        if name.endswith(".__init__"):
            continue
        if outer and outer in new and new[outer].bases - old[outer].bases:
            continue  # a new base class may have it
        base = _header(touch, before, old[name], "base")
        where = arrived.get(name) if not outer else None
        title = f"`{name}` is gone from {touch.name}" + (f"; {where} has one of that name." if where else ".")
        yield touch.evidence(KIND, "differs", f"{title} Whoever uses it breaks.", base=base)


def _unlisted(touch: Touch, before: Source, after: Source) -> Iterator[Evidence]:
    """Names that `__all__` lists no more, though they are there."""
    old, new = all_names(before), all_names(after)
    if old is None or new is None:
        return
    still = _top_names(after) | imports(after, touch.path).keys()
    for name in sorted((old - new) & still):
        quoted = re.compile(rb"[\"']" + re.escape(name.encode()) + rb"[\"']")
        lines = [line for line in touch.removed if quoted.search(touch.file.base_lines[line])]
        yield touch.evidence(KIND, "differs", f"`{name}` of {touch.name} is no longer in `__all__`.", base=lines)


def _changed(touch: Touch, one: tuple[Source, Entity], other: tuple[Source, Entity]) -> Iterator[Evidence]:
    """What changed of a name that is on both sides."""
    (before, old), (after, new) = one, other
    was, now = before.statements[old.index], after.statements[new.index]
    if was.node is now.node or "import" in (old.form, new.form):
        return
    name = f"`{old.name}` of {touch.name}"
    whole = old.form == new.form == "constructor"
    head = touch.changed("head", now.start, now.last if whole else now.end)
    base = touch.changed("base", was.start, was.last if whole else was.end)
    if head or base:
        for strength, words in _differences(old, new):
            settles = SETTLES if strength == "unknown" else ()
            yield touch.evidence(KIND, strength, f"{name}{words}.", head=head, base=base, settled_by=settles)
    inside = touch.changed("head", now.start, now.last)
    if isinstance(now.node, FUNCTIONS) and isinstance(was.node, FUNCTIONS) and not whole:
        old_path = touch.file.file.old_path or touch.path
        does = behaviour(before, old.index, old_path), behaviour(after, new.index, touch.path)
        yield from _behaves(touch, name, inside, *does)


def _differences(old: Entity, new: Entity) -> Iterator[tuple[Strength, str]]:
    """What differs between two headers: how much that matters, and words that go behind the name."""
    if old.form != new.form:
        yield "differs", f" was a {old.form} and is a {new.form}"
        return
    if lost := sorted(old.bases - new.bases - {"object"}):
        yield "differs", f" no longer names {_list(lost)} as a base"
    if old.value is not None and new.value is not None and old.value != new.value and "version" not in old.name.lower():
        yield "differs", f" was {_written(old.value)} and is {_written(new.value)}"
    if old.parameters is not None and new.parameters is not None:
        yield from ((strength, f": {words}") for strength, words in compared(old.parameters, new.parameters))


def _behaves(touch: Touch, name: str, lines: list[int], old: Behaviour, new: Behaviour) -> Iterator[Evidence]:
    """Exceptions and warnings that were not there, and functions that have become generators, or are none any more."""
    short = {one.rpartition(".")[2] for one in old.raises}
    for exception, line in new.raises.items():
        if exception.rpartition(".")[2] not in short and line in touch.added and exception != "NotImplementedError":
            title = f"{name} raises `{exception.rpartition('.')[2]}`, which it did not."
            yield touch.evidence(KIND, "differs", title, head=[line])
    if new.deprecated >= 0 > old.deprecated:
        yield touch.evidence(KIND, "differs", f"{name} is deprecated: it warns when it is used.", head=[new.deprecated])
    if old.yields != new.yields:
        is_now = "is a generator now" if new.yields else "is no generator any more"
        yield touch.evidence(KIND, "differs", f"{name} {is_now}.", head=lines)


def _additions(
    touch: Touch, after: Source, old: dict[str, Entity], new: dict[str, Entity], is_new_file: bool
) -> Iterator[Evidence]:
    """New public names: of a new file all in one."""
    added = [name for name in new if name not in old and new[name].form not in ("import", "constant")]
    if is_new_file and added:
        tops = [name for name in added if "." not in name]
        lines = [line for name in tops for line in _header(touch, after, new[name], "head")[:1]]
        title = f"{touch.name} is a new public module with {_list(tops)}."
        yield touch.evidence(KIND, "unknown", title, head=lines, settled_by=SETTLES)
        return
    for name in added:
        if name.rpartition(".")[0] not in added and not name.endswith(".__init__"):
            lines = _header(touch, after, new[name], "head")
            title = f"`{name}` is new in {touch.name}."
            yield touch.evidence(KIND, "unknown", title, head=lines[:1], settled_by=SETTLES)


def compared(old: tuple[Parameter, ...], new: tuple[Parameter, ...]) -> Iterator[tuple[Strength, str]]:
    """What two signatures mean to callers: (`differs` for what may break them or `unknown` for an addition, words)."""
    before = {one.name: one for one in old}
    after = {one.name: one for one in new}
    kinds = {one.kind for one in new}
    for one in old:
        if one.name in after:
            yield from _parameter(one, after[one.name])
        elif one.kind in ("rest", "options"):
            if one.kind not in kinds:
                yield "differs", f"it no longer takes {'any arguments' if one.kind == 'rest' else 'any options'}"
        elif not _is_renamed_positional(one, old, new):
            yield "differs", f"parameter `{one.name}` is gone"
    yield from _placed(old, new)
    for one in new:
        if one.name in before or one.kind in ("rest", "options") or _is_renamed_positional(one, new, old):
            continue
        if one.default is None:
            yield "differs", f"parameter `{one.name}` is new and must be given"
        else:
            yield "unknown", f"parameter `{one.name}` is new, with a default"


def _is_renamed_positional(one: Parameter, own: tuple[Parameter, ...], others: tuple[Parameter, ...]) -> bool:
    """Whether a parameter that can only be given by its place has another name there."""
    place = own.index(one)
    return one.kind == "positional" and place < len(others) and others[place].kind == "positional"


def _parameter(old: Parameter, new: Parameter) -> Iterator[tuple[Strength, str]]:
    if old.default is not None and new.default is None and new.kind not in ("rest", "options"):
        yield "differs", f"parameter `{old.name}` has lost its default"
    elif old.default != new.default and old.default is not None and new.default is not None:
        yield "differs", f"the default of `{old.name}` was {_written(old.default)} and is {_written(new.default)}"
    if old.kind == "either" and new.kind == "keyword":
        yield "differs", f"parameter `{old.name}` can no longer be given by its place"
    elif old.kind == "either" and new.kind == "positional":
        yield "differs", f"parameter `{old.name}` can no longer be given by its name"
    elif {old.kind, new.kind} == {"positional", "keyword"}:
        yield "differs", f"parameter `{old.name}` is given in another way"


def _placed(old: tuple[Parameter, ...], new: tuple[Parameter, ...]) -> Iterator[tuple[Strength, str]]:
    """Whether parameters that may be given by place stand in another place."""
    ours = [one.name for one in old if one.kind in ("positional", "either")]
    theirs = [one.name for one in new if one.kind in ("positional", "either")]
    for place, name in enumerate(ours):
        if name in theirs and theirs.index(name) != place and place < len(theirs):
            yield "differs", f"parameter `{name}` was in place {place + 1} and is in place {theirs.index(name) + 1}"
            return


def _written(value: object) -> str:
    """A constant for people; anything else as such."""
    if isinstance(value, tuple) and len(value) == 3 and value[0] == "Constant":
        text = repr(value[2]) if value[1] not in ("float", "complex") else str(value[2])
        return f"`{text}`" if len(text) <= 40 else f"`{text[:39]}…`"
    if isinstance(value, tuple) and value[:1] == ("Name",):
        return f"`{value[1]}`"
    return "something else"
