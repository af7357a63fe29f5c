"""What one Python statement says about names: what it binds, what it uses, calls and subscripts, and its strings.

Only a statement's own part of the tree is looked at, not the statements that it holds.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from exosuit.verify.increments.signatures import signature
from exosuit.verify.plan.python.source import BODIES, DEFINITIONS, Source

_WORD = re.compile(r"[A-Za-z_][\w.]*")
_LONGEST = 200
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_UNDONE = ("annotation", "returns", "type_comment", "ctx", "kind")


@dataclass(slots=True)
class Facts:
    """Sets of words. `binds` are names that others can see: of a module, a class, an object, or a parameter.

    `Module.name` stands for a name of a module that is told by its last part, `3#name` for a name of the module that is
    file 3 of the change, `.name` for an attribute of anything, `f(name` for a parameter of what is called `f`; `says`
    are words, whatever they stand for. `hides` are names of the module that a function makes its own here, also for its
    statements that say them and do not change. `signatures` and `headers` hold the name of a function with its
    arguments as text, of a class with its bases; `modules` are imported ones, as `module_keys` tells files; `strings`
    are short constants; `subjects` are the definitions that it is part of; `does` tells statements apart by what they
    do, annotations and docstrings aside (empty where that is not told), `annotations` by these.
    """

    binds: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    says: set[str] = field(default_factory=set)
    hides: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    subscripts: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    signatures: set[tuple[str, str]] = field(default_factory=set)
    headers: set[tuple[str, str]] = field(default_factory=set)
    strings: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)
    does: set[int] = field(default_factory=set)
    annotations: set[str] = field(default_factory=set)

    def add(self, other: Facts) -> None:
        """Bring in what another part says."""
        for name in self.__slots__:
            getattr(self, name).update(getattr(other, name))


class Names:
    """Facts of the statements of one source, each found once. `path` is where it stands, `number` tells the file."""

    def __init__(self, source: Source, path: bytes, number: int) -> None:
        self._source = source
        self._own = f"{number}#"
        self._folder = _parts(path)[:-1]
        self._module = module_of(path)
        self._is_open = any(_is_star(statement.node) for statement in source.statements)
        self._kept: dict[int, Facts] = {}
        self._locals: dict[int, frozenset[str]] = {}
        self._functions: dict[int, int] = {}

    def touched(self, at: int, count: int) -> range:
        """The statements on `count` lines from line `at`."""
        return range(*self._source.touched(at, count))

    def of(self, number: int) -> Facts:
        """The facts of a statement."""
        if number not in self._kept:
            self._kept[number] = self._found(number)
        return self._kept[number]

    def function(self, number: int) -> int:
        """The outermost function that holds a statement, or is it; -1 outside."""
        if number not in self._functions:
            statement = self._source.statements[number]
            above = self.function(statement.parent) if statement.parent >= 0 else -1
            own = number if isinstance(statement.node, FUNCTIONS) else -1
            self._functions[number] = above if above >= 0 else own
        return self._functions[number]

    def _found(self, number: int) -> Facts:
        facts = Facts()
        node = self._source.statements[number].node
        function = self.function(number)
        self._definitions(number, function, facts)
        local = self._local_names(function) if function >= 0 else frozenset()
        visible = function in (-1, number) and not isinstance(node, FUNCTIONS)
        for part in own_parts(node):
            self._part(part, facts, local, visible=visible)
        facts.does.add(_deed(node))
        names = {name for part in own_parts(node) for name in _bound(part)}
        if function not in (-1, number):
            facts.hides |= {self._own + name for name in names & local}
        else:
            facts.binds |= names | {f".{name}" for name in names}
            if (around := self._source.enclosing(number)) >= 0:
                kind = getattr(self._source.statements[around].node, "name", "")
                facts.binds |= {f"{kind}({name}" for name in names}
            if self._source.enclosing(number) < 0:
                facts.binds |= {f"{before}{name}" for name in names for before in (f"{self._module}.", self._own)}
        return facts

    def _definitions(self, number: int, function: int, facts: Facts) -> None:
        """What the statement is part of: the subject of a test; and the header that it may be itself."""
        node = self._source.statements[number].node
        at = number if isinstance(node, DEFINITIONS) else self._source.enclosing(number)
        if function >= 0:
            at = function
        if at >= 0:
            definition = self._source.statements[at].node
            name = getattr(definition, "name", "")
            around = self._source.enclosing(at)
            if name.startswith("__") and around >= 0:
                name = getattr(self._source.statements[around].node, "name", name)
            facts.subjects.add(name)
        if isinstance(node, FUNCTIONS):
            name = node.name
            if name == "__init__" and (around := self._source.enclosing(number)) >= 0:
                name = getattr(self._source.statements[around].node, "name", name)
            facts.signatures.add((name, signature(node.args)))
            given = node.args
            names = {arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)} - {"self", "cls"}
            facts.binds |= names | {f"{name}({arg}" for arg in names}
        elif isinstance(node, ast.ClassDef):
            facts.headers.add((node.name, "".join(map(ast.dump, (*node.bases, *node.keywords)))))

    def _local_names(self, function: int) -> frozenset[str]:
        """Names that belong to a function alone: its parameters and what it assigns, imports or defines."""
        if function not in self._locals:
            found: set[str] = set()
            shared: set[str] = set()
            outer = self._source.statements[function].node
            for part in _all_parts(outer):
                if isinstance(part, ast.Global):
                    shared.update(part.names)
                elif isinstance(part, ast.arg):
                    found.add(part.arg)
                elif isinstance(part, ast.ExceptHandler):
                    found.update([part.name] if part.name else [])
                elif part is not outer:
                    found |= _bound(part)
            self._locals[function] = frozenset(found - shared)
        return self._locals[function]

    def _part(self, part: ast.AST, facts: Facts, local: frozenset[str], *, visible: bool) -> None:
        if isinstance(part, ast.Name):
            if part.id not in local and not (visible and isinstance(part.ctx, ast.Store)):
                facts.says.add(part.id)
                facts.uses |= {self._own + part.id, part.id if self._is_open else f".{part.id}" if visible else ""} - {
                    ""
                }
        elif isinstance(part, ast.Attribute):
            self._attribute(part, facts)
        elif isinstance(part, ast.Call):
            if name := called(part.func):
                facts.calls.add(name)
                facts.uses |= {f"{name}({given.arg}" for given in part.keywords if given.arg}
        elif isinstance(part, ast.Subscript):
            if name := called(part.value):
                facts.subscripts.add(name)
        elif isinstance(part, ast.keyword):
            facts.says.update([part.arg] if part.arg else [])
        elif isinstance(part, ast.Constant):
            if isinstance(part.value, str) and len(part.value) < _LONGEST:
                facts.strings.add(part.value)
                if _WORD.fullmatch(part.value):
                    facts.uses.update(part.value.split("."))
        elif isinstance(part, ast.Import | ast.ImportFrom):
            self._import(part, facts)
        for written in (getattr(part, "annotation", None), getattr(part, "returns", None)):
            if isinstance(written, ast.AST):
                facts.annotations.add(ast.dump(written))

    def _attribute(self, part: ast.Attribute, facts: Facts) -> None:
        stored = isinstance(part.ctx, ast.Store)
        (facts.binds if stored else facts.uses).add(f".{part.attr}")
        (facts.binds if stored else facts.says).add(part.attr)
        if isinstance(part.value, ast.Name):
            facts.uses.add(f"{part.value.id}.{part.attr}")

    def _import(self, part: ast.Import | ast.ImportFrom, facts: Facts) -> None:
        if isinstance(part, ast.Import):
            facts.modules.update(_key(alias.name.split(".")) for alias in part.names)
            return
        above = self._folder[: len(self._folder) + 1 - part.level] if part.level else []
        whole = [*above, *(part.module.split(".") if part.module else [])]
        module = whole[-1] if whole else ""
        facts.modules.add(_key(whole))
        for alias in part.names:
            facts.modules.add(_key([*whole, alias.name]))
            facts.uses.add(f"{module}.{alias.name}")
            facts.says.add(alias.name)


def _is_star(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)


def _bound(part: ast.AST) -> set[str]:
    """The names that one node binds where it stands, not those that nodes below it do."""
    if isinstance(part, (*FUNCTIONS, ast.ClassDef)):
        return {part.name}
    if isinstance(part, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name.partition(".")[0]) for alias in part.names} - {"*"}
    return {part.id} if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) else set()


def _deed(node: ast.AST) -> int:
    """The same for statements that do the same, as far as their own parts tell."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return 0
    if isinstance(node, ast.AnnAssign):
        return _deed(ast.Assign([node.target], node.value)) if node.value else 0
    told: list[object] = []
    waiting: list[object] = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.AST):
            told.append(type(part).__name__)
            bodies = () if isinstance(part, ast.expr) else BODIES
            waiting += [getattr(part, name, None) for name in part._fields if name not in (*_UNDONE, *bodies)]
        elif isinstance(part, list):
            told.append(len(part))
            waiting += part
        else:
            told.append(part)
    return hash(tuple(map(repr, told)))


def own_parts(node: ast.AST) -> Iterator[ast.AST]:
    """A statement's node and all below it, but for the statements that it holds."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        for name in part._fields:
            value = getattr(part, name, None)
            if isinstance(value, ast.AST):
                waiting.append(value)
            elif isinstance(value, list) and not (name in BODIES and not isinstance(part, ast.expr)):
                waiting += [one for one in value if isinstance(one, ast.AST)]


def _all_parts(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it; several times as fast as `ast.walk`."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        for value in vars(part).values():
            if isinstance(value, ast.AST):
                waiting.append(value)
            elif isinstance(value, list):
                waiting += [one for one in value if isinstance(one, ast.AST)]


def called(node: ast.AST) -> str:
    """The last part of a dotted name; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _parts(path: bytes) -> list[str]:
    return path.decode("utf-8", "replace").split("/")


def _name(path: bytes) -> list[str]:
    """A file's module by its path: folders and the name without ending; a package is its folder."""
    *folders, last = _parts(path)
    stem = last.partition(".")[0]
    return folders if stem == "__init__" and folders else [*folders, stem]


def module_of(path: bytes) -> str:
    """The last part of a file's module name."""
    return _name(path)[-1]


def module_keys(path: bytes) -> set[str]:
    """How imports may tell a file: by its folder and name, or, at the top, by its name alone."""
    name = _name(path)
    return {_key(name), name[-1]}


def _key(name: list[str]) -> str:
    """The last two parts of a module's name: where a tree's packages start is not known."""
    return "/".join(name[-2:])
