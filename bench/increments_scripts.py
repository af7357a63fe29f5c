"""Names of scripts for `bench/increments`: what a file says that nothing in it declares, and what it imports.

A judge of its own: it shares no code with the edges that it judges, but the parser.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from exosuit.verify.plan.grammars import grammars_of, parsed

SCRIPTS = (b".js", b".mjs", b".cjs", b".jsx", b".ts", b".mts", b".cts", b".tsx")
_USES = {"identifier", "type_identifier", "shorthand_property_identifier"}
_PATTERNS = {"identifier", "shorthand_property_identifier_pattern", "type_identifier"}
_DECLARING = {
    "variable_declarator": "name", "formal_parameters": "", "arrow_function": "parameter", "catch_clause": "parameter",
    "for_in_statement": "left", "import_clause": "", "type_parameter": "name", "function_type": "parameters",
    "infer_type": "", "index_signature": "name", "mapped_type_clause": "name", "import_alias": "",
    "import_require_clause": "", "namespace_export": "",
}  # fmt: skip
_NAMED = ("_declaration", "_signature", "_expression", "_module", "class", "_parameter", "_clause")
_ENDING = re.compile(r"(?:/index)?(?:\.d)?\.[cm]?[jt]sx?$|/index$")


class Script:
    """What a file says: names that nothing in it declares, names that it exports, (module, name) that it imports."""

    def __init__(self, path: bytes, data: bytes) -> None:
        self.module = _ENDING.sub("", path.decode("utf-8", "replace"))
        self._folder = posixpath.dirname(path.decode("utf-8", "replace"))
        self.exports: set[str] = set()
        self.imports: set[tuple[str, str]] = set()
        self.exports_all = False
        used: set[str] = set()
        declared: set[str] = set()
        tree = next((tree for grammar in grammars_of(path) if (tree := parsed(grammar, data))), None)
        for node in _all(tree.root_node) if tree else ():
            if node.type in _USES:
                used.add(_text(node))
            declared |= set(_declared(node))
            self._ports(node)
        self.open = used - declared

    def _ports(self, node: Node) -> None:
        if node.type not in ("import_statement", "export_statement"):
            return
        source = _text(node.child_by_field_name("source"))[1:-1]
        module = _ENDING.sub("", posixpath.normpath(posixpath.join(self._folder, source))) if source[:1] == "." else ""
        names = [part for part in _all(node) if part.type in ("import_specifier", "export_specifier")]
        if module:
            self.imports |= {(module, _text(part.child_by_field_name("name"))) for part in names}
        if node.type == "export_statement":
            self.exports |= {
                _text(part.child_by_field_name("alias") or part.child_by_field_name("name")) for part in names
            }
            self.exports_all |= any(child.type == "*" for child in node.children)
            declaration = node.child_by_field_name("declaration")
            if declaration is not None:
                inner = [declaration, *declaration.named_children]
                self.exports |= {name for part in inner for name in _declared(part)}


def lacking(tree: Mapping[bytes, bytes], kept: dict[tuple[bytes, bytes], Script]) -> set[tuple[str, str]]:
    """(module, name) of names that their file does not declare, and of those imported that another does not export."""
    scripts = []
    for path, data in tree.items():
        if path.endswith(SCRIPTS):
            if (path, data) not in kept:
                kept[path, data] = Script(path, data)
            scripts.append(kept[path, data])
    of = {script.module: script for script in scripts if not script.exports_all}
    found = {(script.module, f"{name} (used)") for script in scripts for name in script.open}
    for script in scripts:
        found |= {(m, name) for m, name in script.imports if m in of and name not in of[m].exports | {"default"}}
    return found


def _declared(node: Node) -> Iterator[str]:
    name = node.child_by_field_name("name")
    if name is not None and name.type in _PATTERNS and node.type.endswith(_NAMED):
        yield _text(name)
    field = _DECLARING.get(node.type)
    part = node.child_by_field_name(field) if field else node if field == "" else None
    for one in _all(part) if part is not None else ():
        if one.type in _PATTERNS:
            yield _text(one)


def _all(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += one.named_children


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""
