"""What one statement of JavaScript or TypeScript says about names, so far as syntax tells it.

A module is told by its path without ending, and without `index` at its end; `Module.name` is what it exports under a
name, `Module.default` what it exports without one, `3#name` a name that only file 3 of the change can see. Properties
are plain words.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from exosuit.verify.increments.facts import Facts
from exosuit.verify.increments.grammar import Growth
from exosuit.verify.plan.reading import FileReading

if TYPE_CHECKING:
    from tree_sitter import Node

ENDINGS = (b".d.ts", b".js", b".mjs", b".cjs", b".jsx", b".ts", b".mts", b".cts", b".tsx")
_LONGEST = 200
_PATHS = re.compile(rb"""['"](\.\.?(?:/[^'"\n]*)?)['"]""")
_FUNCTIONS = {
    "function_declaration", "generator_function_declaration", "function_expression", "generator_function",
    "arrow_function", "method_definition", "function_signature", "method_signature", "abstract_method_signature",
}  # fmt: skip
_NAMED = {
    "class_declaration", "abstract_class_declaration", "interface_declaration", "type_alias_declaration",
    "enum_declaration", "public_field_definition", "field_definition", "property_signature", "internal_module",
}  # fmt: skip
_PLAIN = {"identifier", "type_identifier", "shorthand_property_identifier"}
_WORDS = {*_PLAIN, "property_identifier", "private_property_identifier", "shorthand_property_identifier_pattern"}


def module_key(path: bytes | str) -> str:
    """How imports tell a file."""
    text = path.decode("utf-8", "replace") if isinstance(path, bytes) else path
    for ending in ENDINGS:
        if text.endswith(ending.decode()):
            text = text[: -len(ending)]
            break
    return text.removesuffix("/index")


class Links:
    """Which files name each other by relative paths, on either side; asked of files as `Index` asks."""

    def __init__(self, files: Iterable[FileReading]) -> None:
        self._named = {file.file.number: self._of(file) for file in files}

    @staticmethod
    def _of(file: FileReading) -> set[str]:
        found = set()
        for path, data in ((file.file.old_path, file.base), (file.file.path, file.head)):
            folder = posixpath.dirname(path.decode("utf-8", "replace"))
            for said in set(_PATHS.findall(data)):
                found.add(module_key(posixpath.normpath(posixpath.join(folder, said.decode("utf-8", "replace")))))
        return found

    def __call__(self, one: FileReading, other: FileReading) -> bool:
        """Whether they are one file, or one names the other."""
        return one is other or self._names(one, other) or self._names(other, one)

    def _names(self, one: FileReading, other: FileReading) -> bool:
        keys = {module_key(other.file.old_path), module_key(other.file.path)}
        return not keys.isdisjoint(self._named.get(one.file.number, ()))


class ScriptNames:
    """Facts of the statements of one side of a file, each found once. `path` is where it stands, `number` tells it."""

    def __init__(self, growth: Growth, path: bytes, number: int) -> None:
        self._growth = growth
        self._number = number
        self._folder = posixpath.dirname(path.decode("utf-8", "replace"))
        self._module = module_key(path)
        self._kept: dict[int, Facts] = {}
        self._on: dict[int, list[int]] = {}
        for statement, first, last in growth.owned():
            for line in range(first, last + 1):
                self._on.setdefault(line, []).append(statement)

    def touched(self, at: int, count: int) -> list[int]:
        """The statements whose own lines are among `count` lines from line `at`."""
        return sorted({number for line in range(at, at + count) for number in self._on.get(line, ())})

    def of(self, number: int) -> Facts:
        """The facts of a statement, without those of the statements that it holds."""
        if number not in self._kept:
            nodes, body = self._growth.own(number)
            self._kept[number] = _Telling(self._number, self._module, self._folder, body).told(nodes)
        return self._kept[number]


def script_sides(file: FileReading, base: Growth, head: Growth) -> tuple[ScriptNames, ScriptNames]:
    """What both sides of a file say."""
    number = file.file.number
    return ScriptNames(base, file.file.old_path, number), ScriptNames(head, file.file.path, number)


class _Telling:
    """One walk over a statement; `local` are names of a function alone."""

    def __init__(self, number: int, module: str, folder: str, body: Node | None) -> None:
        self._number, self._module, self._folder, self._body = number, module, folder, body
        self._facts = Facts()
        self._plain: set[str] = set()
        self._local: set[str] = set()

    def told(self, nodes: list[Node]) -> Facts:
        waiting = [(node, False) for node in nodes]
        while waiting:
            node, inside = waiting.pop()
            if node == self._body:
                continue
            self._tell(node, inside=inside)
            deeper = inside or node.type in _FUNCTIONS
            waiting += [(child, deeper) for child in node.named_children]
        self._facts.uses |= {self._own(name) for name in self._plain - self._local}
        self._facts.uses -= self._facts.binds
        return self._facts

    def _own(self, name: str) -> str:
        return f"{self._number}#{name}"

    def _tell(self, node: Node, *, inside: bool) -> None:
        kind = node.type
        if kind in _WORDS:
            (self._plain if kind in _PLAIN else self._facts.uses).add(_text(node))
        elif kind in _FUNCTIONS or kind in _NAMED:
            self._defined(node, inside=inside)
        elif kind in ("type_parameter", "import_alias"):
            of_frame = kind == "import_alias" or self._body is not None
            self._bind(_text(node.child_by_field_name("name") or node.named_children[0]), inside=inside or not of_frame)
        elif kind == "variable_declarator":
            self._declared(node, inside=inside)
        elif kind == "assignment_expression":
            self._assigned(node)
        elif kind in ("call_expression", "new_expression"):
            self._called(node)
        elif kind in ("import_statement", "export_statement"):
            self._ported(node)
        elif kind == "string" and len(text := _text(node)[1:-1]) < _LONGEST:
            self._facts.strings.add(text)

    def _defined(self, node: Node, *, inside: bool) -> None:
        name = node.child_by_field_name("name") or node.child_by_field_name("property")
        parameters = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
        if parameters is not None and node.type in _FUNCTIONS:
            opened = self._body is not None and node.child_by_field_name("body") == self._body
            for parameter in _names(parameters):
                # What wraps a whole file is taken apart, so its parameters are seen by many statements.
                self._bind(parameter, inside=not opened)
        if name is None:
            return
        if name.type in ("property_identifier", "private_property_identifier", "string", "computed_property_name"):
            self._facts.binds.add(_text(name))
        else:
            self._bind(_text(name), inside=inside)
        if not inside:
            self._facts.subjects.add(_text(name))
            if parameters is not None:
                self._facts.signatures.add((_text(name), _text(parameters)))

    def _bind(self, name: str, *, inside: bool) -> None:
        if inside:
            self._local.add(name)
        else:
            self._facts.binds.add(self._own(name))

    def _declared(self, node: Node, *, inside: bool) -> None:
        pattern, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        names = list(_names(pattern)) if pattern is not None else []
        for name in names:
            self._bind(name, inside=inside)
        if value is None or inside:
            return
        if value.type in _FUNCTIONS:
            self._facts.subjects.update(names)
            parameters = value.child_by_field_name("parameters")
            self._facts.signatures |= {(name, _text(parameters)) for name in names if parameters is not None}
        module = self._required(value)
        if module and pattern is not None and pattern.type == "object_pattern":
            self._facts.uses |= {f"{module}.{name}" for name in _keys(pattern)}

    def _assigned(self, node: Node) -> None:
        """`a.b = c` binds `b`, `exports.b = c` a name of the module; so does each key of `module.exports = {}`."""
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or left.type != "member_expression" or right is None:
            return
        name = left.child_by_field_name("property")
        if _text(left) == "module.exports":
            keys = list(_keys(right)) if right.type == "object" else ["default"]
            self._facts.binds |= {f"{self._module}.{key}" for key in keys}
        elif name is not None:
            self._facts.binds.add(_text(name))
            self._facts.subjects.add(_text(name))
            if _text(left.child_by_field_name("object")) in ("exports", "module.exports"):
                self._facts.binds.add(f"{self._module}.{_text(name)}")

    def _called(self, node: Node) -> None:
        function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        if function is not None and function.type == "member_expression":
            function = function.child_by_field_name("property")
        if function is not None and function.type in _WORDS:
            self._facts.calls.add(_text(function))
        if module := self._required(node):
            self._facts.modules.add(module)

    def _required(self, node: Node) -> str:
        """The module of `require('./path')` or `import('./path')`, also of a name of it; empty for anything else."""
        while node.type in ("member_expression", "await_expression"):
            node = node.child_by_field_name("object") or node.named_children[0]
        if node.type != "call_expression":
            return ""
        given = node.child_by_field_name("arguments")
        called = _text(node.child_by_field_name("function"))
        if called not in ("require", "import") or given is None or len(given.named_children) != 1:
            return ""
        return self._relative(given.named_children[0])

    def _relative(self, source: Node | None) -> str:
        path = _text(source)[1:-1]
        if not path.startswith("."):
            return ""
        return module_key(posixpath.normpath(posixpath.join(self._folder, path)))

    def _ported(self, node: Node) -> None:
        """An import or an export: names of the module that it names, or of its own."""
        module = self._relative(node.child_by_field_name("source"))
        if module:
            self._facts.modules.add(module)
        facts, own = self._facts, self._module
        for part in node.named_children:
            if part.type == "import_clause":
                self._imported(part, module)
            elif part.type in ("export_clause", "namespace_export"):
                for one in part.named_children:
                    name, alias = one.child_by_field_name("name") or one, one.child_by_field_name("alias")
                    facts.binds.add(f"{own}.{_text(alias or name)}")
                    if module and part.type == "export_clause":
                        facts.uses.add(f"{module}.{_text(name)}")
        if node.type == "export_statement":
            if any(child.type == "default" for child in node.children):
                facts.binds.add(f"{own}.default")
            declaration = node.child_by_field_name("declaration")
            if declaration is not None:
                facts.binds |= {f"{own}.{name}" for name in _declared_names(declaration)}

    def _imported(self, clause: Node, module: str) -> None:
        for part in clause.named_children:
            if part.type == "identifier":
                self._facts.binds.add(self._own(_text(part)))
                self._facts.uses |= {f"{module}.default"} if module else set()
            elif part.type == "namespace_import":
                self._facts.binds |= set(map(self._own, _names(part)))
            for one in part.named_children if part.type == "named_imports" else ():
                name, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
                self._facts.binds.add(self._own(_text(alias or name)))
                self._facts.uses |= {f"{module}.{_text(name)}"} if module else set()


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _names(pattern: Node) -> Iterator[str]:
    """Names that a pattern, or parameters, bind; defaults and types are gone through too, which binds a little more."""
    waiting = [pattern]
    while waiting:
        node = waiting.pop()
        if node.type in ("identifier", "shorthand_property_identifier_pattern"):
            yield _text(node)
        waiting += [child for child in node.named_children if child.type not in ("type_annotation", "decorator")]


def _keys(node: Node) -> Iterator[str]:
    """The keys of an object, or of a pattern that takes one apart."""
    for part in node.named_children:
        key = part.child_by_field_name("key") or part.child_by_field_name("name") or part.child_by_field_name("left")
        yield _text(key if key is not None else part)


def _declared_names(declaration: Node) -> Iterator[str]:
    if name := declaration.child_by_field_name("name"):
        yield _text(name)
    for part in declaration.named_children:
        if part.type == "variable_declarator" and (pattern := part.child_by_field_name("name")):
            yield from _names(pattern)
