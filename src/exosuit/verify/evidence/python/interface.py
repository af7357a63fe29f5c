"""What callers of a module may rely on: its public names, their signatures, what they raise, what is deprecated."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from exosuit.verify.evidence.python.names import dotted, imports
from exosuit.verify.plan.python.scopes import own_parts
from exosuit.verify.plan.python.source import DEFINITIONS, Shape, Source, qualified_name, shape

Kind = Literal["positional", "either", "keyword", "rest", "options"]


@dataclass(frozen=True)
class Parameter:
    """`default` is its shape, None where there is none; `rest` is `*args`, `options` is `**kwargs`."""

    name: str
    kind: Kind
    default: Shape | None


@dataclass(frozen=True)
class Entity:
    """A public name. `form` is `function`, `class`, `property`, `constant`, `import`…; `index` its statement."""

    name: str
    form: str
    index: int
    parameters: tuple[Parameter, ...] | None = None
    value: Shape | None = None
    bases: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Behaviour:
    """What a function does by itself: what it raises, by line, and the line where it warns that it will go (or -1).

    Nested functions are left out.
    """

    raises: dict[str, int]
    yields: bool
    deprecated: int


def public(source: Source, path: bytes) -> dict[str, Entity]:
    """The public names of a module, those of its classes behind them; `__all__` decides where it is written out."""
    exported = all_names(source)
    found: dict[str, Entity] = {}
    for index, statement in enumerate(source.statements):
        around = source.enclosing(index)
        if not _is_in_classes(source, around):
            continue
        node: Any = statement.node
        prefix = qualified_name(source, around) + "." if around >= 0 else ""
        for entity in _entities(source, index, node, prefix, path):
            if _is_public(entity.name, exported) and not _is_shadowed(found.get(entity.name), node):
                found[entity.name] = entity
    return found


def all_names(source: Source) -> frozenset[str] | None:
    """The names in `__all__`; None where there is none, or where it is not only written out."""
    found: set[str] | None = None
    for index in source.tops:
        node: Any = source.statements[index].node
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(one, ast.Name) and one.id == "__all__" for one in targets):
            continue
        value = node.value
        if not isinstance(value, ast.List | ast.Tuple | ast.Set):
            return None
        names = [one.value for one in value.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if len(names) != len(value.elts):
            return None
        found = {*(found or ()), *names} if isinstance(node, ast.AugAssign) else set(names)
    return frozenset(found) if found is not None else None


def _is_in_classes(source: Source, around: int) -> bool:
    """Whether nothing but classes is around."""
    while around >= 0:
        if not isinstance(source.statements[around].node, ast.ClassDef):
            return False
        around = source.enclosing(around)
    return True


def _is_public(name: str, exported: frozenset[str] | None) -> bool:
    first, *inner = name.split(".")
    if exported is not None and first not in exported:
        return False
    if exported is None and first.startswith("_"):
        return False
    return all(not part.startswith("_") or (part.startswith("__") and part.endswith("__")) for part in inner)


def _is_shadowed(earlier: Entity | None, node: Any) -> bool:
    """Whether a second definition of a name is only the setter of a property, or a fallback of an import."""
    if earlier is None:
        return False
    decorators = getattr(node, "decorator_list", [])
    return any(isinstance(one, ast.Attribute) and one.attr in ("setter", "deleter", "getter") for one in decorators)


def _entities(source: Source, index: int, node: Any, prefix: str, path: bytes) -> Iterator[Entity]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield _function(source, index, node, prefix, path)
    elif isinstance(node, ast.ClassDef):
        bases = frozenset(filter(None, (dotted(_plain(one), {}).rpartition(".")[2] for one in node.bases)))
        yield Entity(prefix + node.name, "class", index, None, None, bases)
        if _is_dataclass(node, imports(source, path)):
            yield Entity(f"{prefix}{node.name}.__init__", "constructor", index, tuple(_fields(node)))
    elif isinstance(node, ast.Assign | ast.AnnAssign) and (isinstance(node, ast.Assign) or node.value or prefix):
        for one in node.targets if isinstance(node, ast.Assign) else [node.target]:
            for target in one.elts if isinstance(one, ast.Tuple | ast.List) else [one]:
                if isinstance(target, ast.Name):
                    yield Entity(prefix + target.id, "constant", index, None, _literal(node.value))
    elif isinstance(node, ast.Import | ast.ImportFrom) and not prefix:
        for alias in node.names:
            yield Entity(alias.asname or alias.name.partition(".")[0], "import", index)


def _plain(base: Any) -> Any:
    """A base class without its type arguments."""
    return base.value if isinstance(base, ast.Subscript) else base


def _literal(node: Any) -> Shape | None:
    """The shape of a value that is written out."""
    if isinstance(node, ast.Constant) or (isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)):
        return shape(node)
    return None


_FORMS = {"property": "property", "cached_property": "property", "staticmethod": "static method",
          "classmethod": "class method", "contextmanager": "context manager",
          "asynccontextmanager": "async context manager"}  # fmt: skip


def _function(source: Source, index: int, node: Any, prefix: str, path: bytes) -> Entity:
    imported = imports(source, path)
    decorators = [dotted(one.func if isinstance(one, ast.Call) else one, imported) for one in node.decorator_list]
    forms = [_FORMS[name.rpartition(".")[2]] for name in decorators if name.rpartition(".")[2] in _FORMS]
    form = forms[0] if forms else "function"
    if isinstance(node, ast.AsyncFunctionDef) and form == "function":
        form = "async function"
    parameters = tuple(_parameters(node, bool(prefix) and form != "static method"))
    return Entity(prefix + node.name, form, index, parameters)


def behaviour(source: Source, index: int, path: bytes) -> Behaviour:
    """What a function does by itself."""
    imported = imports(source, path)
    raises: dict[str, int] = {}
    yields, warns = False, -1
    decorators: list[Any] = source.statements[index].node.decorator_list  # type: ignore[attr-defined]
    if any(dotted(getattr(one, "func", one), imported).rpartition(".")[2] == "deprecated" for one in decorators):
        warns = source.statements[index].start
    for at in range(index + 1, source.after(index)):
        if source.enclosing(at) != index:
            continue
        node: Any = source.statements[at].node
        if isinstance(node, ast.Raise) and node.exc is not None:
            name = dotted(node.exc.func if isinstance(node.exc, ast.Call) else node.exc, imported)
            if name.rpartition(".")[2][:1].isupper():
                raises.setdefault(name, source.statements[at].start)
        for part in own_parts(node):
            if isinstance(part, ast.Yield | ast.YieldFrom):
                yields = True
            elif isinstance(part, ast.Call) and dotted(part.func, imported).rpartition(".")[2] == "warn":
                given = [*part.args, *(one.value for one in part.keywords)]
                if any(dotted(one, imported).endswith("DeprecationWarning") for one in given):
                    warns = source.statements[at].start
    return Behaviour(raises, yields, warns)


def _parameters(node: Any, bound: bool) -> Iterator[Parameter]:
    """A function's parameters as a caller sees them; of a bound one without the first."""
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
    for at, (one, default) in enumerate(zip(plain, defaults, strict=True)):
        if at or not bound:
            kind: Kind = "positional" if at < len(arguments.posonlyargs) or _is_mangled(one.arg) else "either"
            yield Parameter(one.arg, kind, shape(default) if default is not None else None)
    if arguments.vararg:
        yield Parameter(arguments.vararg.arg, "rest", None)
    for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield Parameter(one.arg, "keyword", shape(default) if default is not None else None)
    if arguments.kwarg:
        yield Parameter(arguments.kwarg.arg, "options", None)


def _is_mangled(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")


_MAKES_INIT = {"dataclasses.dataclass", "attr.s", "attr.attrs", "attrs.define", "attrs.frozen", "attr.dataclass",
               "attrs.mutable", "attr.define", "attr.frozen", "pydantic.dataclasses.dataclass"}  # fmt: skip


def _is_dataclass(node: ast.ClassDef, imported: dict[str, str]) -> bool:
    named = [dotted(one.func if isinstance(one, ast.Call) else one, imported) for one in node.decorator_list]
    return any(one in _MAKES_INIT for one in named) or any(
        dotted(one, imported) == "typing.NamedTuple" for one in node.bases
    )


def _fields(node: ast.ClassDef) -> Iterator[Parameter]:
    """The fields of a class that gets its constructor from them."""
    for one in node.body:
        if (
            isinstance(one, ast.AnnAssign)
            and isinstance(one.target, ast.Name)
            and not _is_class_variable(one.annotation)
        ):
            yield Parameter(one.target.id, "either", shape(one.value) if one.value is not None else None)


def _is_class_variable(annotation: Any) -> bool:
    named = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return dotted(named, {}).rpartition(".")[2] == "ClassVar"


def definitions(source: Source) -> set[str]:
    """The names of all that a file defines, wherever."""
    nodes: list[Any] = [one.node for one in source.statements]
    return {node.name for node in nodes if isinstance(node, DEFINITIONS)}
