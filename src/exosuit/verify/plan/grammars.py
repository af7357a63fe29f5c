"""Languages that tree-sitter parses: which files are theirs, and which nodes of their trees hold statements.

A grammar is imported when the first file of its language is looked at; one that is not there is as if it were unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser, Tree


@dataclass(frozen=True, slots=True)
class Grammar:
    """What is known of a language beside its parser. All sets hold types of nodes.

    `bodies` hold statements that are taken one by one; `around` may stand between a statement and such a body;
    `before` go with the statement behind them (attributes, decorators); `first` stand before all others;
    `functions` may be opened if they are a file's or a suite's frame rather than a piece of behaviour (`shrub`).
    `leaning` are bytes that a statement can start with and be read as a continuation: only where lines end statements.
    `documents` starts comments that must not stand without a statement behind them.
    """

    name: str
    load: Callable[[], object]
    bodies: frozenset[str]
    around: frozenset[str]
    before: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    leaning: bytes = b""
    documents: tuple[bytes, ...] = ()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _javascript() -> object:
    import tree_sitter_javascript

    return tree_sitter_javascript.language()


def _typescript() -> object:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_typescript()


def _tsx() -> object:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_tsx()


def _go() -> object:
    import tree_sitter_go

    return tree_sitter_go.language()


def _rust() -> object:
    import tree_sitter_rust

    return tree_sitter_rust.language()


def _java() -> object:
    import tree_sitter_java

    return tree_sitter_java.language()


def _c() -> object:
    import tree_sitter_c

    return tree_sitter_c.language()


def _cpp() -> object:
    import tree_sitter_cpp

    return tree_sitter_cpp.language()


def _css() -> object:
    import tree_sitter_css

    return tree_sitter_css.language()


def _bash() -> object:
    import tree_sitter_bash

    return tree_sitter_bash.language()


_SCRIPT = (
    _words("class_body interface_body statement_block"),
    _words(
        "export_statement ambient_declaration class_declaration abstract_class_declaration class interface_declaration "
        "module internal_module expression_statement call_expression arguments parenthesized_expression "
        "unary_expression member_expression assignment_expression variable_declaration lexical_declaration "
        "variable_declarator function_expression arrow_function"
    ),
    _words("decorator"),
    _words("hash_bang_line"),
    _words("function_expression arrow_function"),
    b"([`+-*/,.<?&|=%^",
)
_DIRECTIVES = _words("preproc_ifdef preproc_if preproc_else preproc_elif preproc_elifdef")
JAVASCRIPT = Grammar("JavaScript", _javascript, *_SCRIPT)
TYPESCRIPT = Grammar("TypeScript", _typescript, *_SCRIPT)
TSX = Grammar("TSX", _tsx, *_SCRIPT)
GO = Grammar(
    "Go", _go, _words("import_spec_list"), _words("import_declaration"),
    first=_words("package_clause import_declaration"),
)  # fmt: skip
RUST = Grammar(
    "Rust", _rust, _words("declaration_list"), _words("impl_item mod_item trait_item foreign_mod_item"),
    _words("attribute_item"), _words("inner_attribute_item shebang"),
    documents=(b"///", b"/**"),
)  # fmt: skip
JAVA = Grammar(
    "Java", _java, _words("class_body interface_body annotation_type_body"),
    _words("class_declaration interface_declaration record_declaration annotation_type_declaration"),
    first=_words("package_declaration import_declaration"),
)  # fmt: skip
C = Grammar("C", _c, _words("declaration_list") | _DIRECTIVES, _words("linkage_specification"))
CPP = Grammar(
    "C++", _cpp, _words("declaration_list field_declaration_list") | _DIRECTIVES,
    _words("linkage_specification namespace_definition class_specifier struct_specifier template_declaration"),
)  # fmt: skip
CSS = Grammar(
    "CSS", _css, _words("block"), _words("media_statement supports_statement at_rule"),
    first=_words("charset_statement import_statement"),
)  # fmt: skip
BASH = Grammar("bash", _bash, frozenset(), frozenset())

OF: dict[bytes, tuple[Grammar, ...]] = {
    **dict.fromkeys((b".js", b".mjs", b".cjs", b".jsx"), (JAVASCRIPT, TSX)),
    **dict.fromkeys((b".ts", b".mts", b".cts"), (TYPESCRIPT,)),
    b".tsx": (TSX,),
    b".go": (GO,),
    b".rs": (RUST,),
    b".java": (JAVA,),
    b".c": (C,),
    b".h": (C, CPP),
    **dict.fromkeys((b".cc", b".cpp", b".cxx", b".hh", b".hpp", b".hxx"), (CPP,)),
    b".css": (CSS,),
    **dict.fromkeys((b".sh", b".bash"), (BASH,)),
}
"""By the ending of a file: the grammars that may read it, the likeliest first."""


def grammars_of(path: bytes) -> tuple[Grammar, ...]:
    """The grammars that may read a file, by its name."""
    return OF.get(path[path.rfind(b".") :].lower(), ())


@cache
def parser_of(grammar: Grammar) -> Parser | None:
    """The parser of a language; None where its package is not installed, or is not made for this tree-sitter."""
    try:
        from tree_sitter import Language, Parser

        return Parser(Language(grammar.load()))
    except (ImportError, ValueError):
        return None


def parsed(grammar: Grammar, data: bytes) -> Tree | None:
    """The tree of some bytes; None if something in it is an error or missing, or if there is no parser."""
    parser = parser_of(grammar)
    if parser is None:
        return None
    tree = parser.parse(data)
    return None if tree.root_node.has_error else tree
