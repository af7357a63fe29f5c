"""A side of a file as tree-sitter sees it: an `Outline` for every language that has a grammar.

What counts as a statement is a child of a *body*: of the file, a class, a namespace, a block of declarations between
directives. Functions are not bodies. Two are, in JavaScript, that are frames rather than behaviour: what is passed to
`describe` and its like, and a function that is called or passed where it stands and that declares others (a module of
its own in one expression).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from exosuit.verify.increments.outline import Clause
from exosuit.verify.increments.ties import Ties
from exosuit.verify.plan.grammars import Grammar, grammars_of, parsed
from exosuit.verify.plan.reading import FileReading

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

SUITES = {b"describe", b"context", b"suite", b"fdescribe", b"xdescribe", b"define"}
_DECLARED = {"function_declaration", "generator_function_declaration", "class_declaration"}
_CLOSED_BY_BODY = {"method_definition", "interface_declaration", "class_declaration", "function_declaration"}
_FRAMED_BY = {b"{", b"(", b"}", b")"}


class Member(NamedTuple):
    """A statement with what goes with it: `nodes` in order; `code` is the one that is no comment, attribute or sign."""

    first: int
    last: int
    nodes: list[Node]
    code: Node | None


class Growth:
    """An `Outline` of a tree. Statements are numbered as they are found, so the clauses of one come later."""

    framed = True

    def __init__(self, grammar: Grammar, tree: Tree, lines: Sequence[bytes]) -> None:
        self.grammar = grammar
        self._tree = tree
        self._lines = lines
        self._members: list[Member] = []
        self._clauses: dict[int, list[Clause]] = {}
        self._noted: set[int] = set()
        self.tops = self._held(tree.root_node.children)

    def extent(self, number: int) -> tuple[int, int]:
        """First and last line of a statement with all that it holds."""
        return self._members[number][:2]

    def kind(self, number: int) -> str:
        """The types of the nodes down to the body."""
        return " ".join(self._path(number))

    def clauses(self, number: int) -> list[Clause]:
        """The frame of a body in pieces, with the statements between them."""
        if number not in self._clauses:
            path = self._path(number)
            self._clauses[number] = self._opened(number, path) if path else []
        return self._clauses[number]

    def clause_extent(self, clause: Clause) -> tuple[int, int]:
        """First and last line of a clause with what it holds."""
        return clause.first, max([clause.last, *(self.extent(held)[1] for held in clause.held[-1:])])

    def indent(self, _number: int) -> bytes:
        """Nothing: indentation does not matter."""
        return b""

    def place(self, number: int) -> str:
        """Packages, imports and the like stand first, where the language wants them to."""
        member = self._members[number]
        if all(_is_comment(node) for node in member.nodes):
            return "comment"
        return "first" if any(node.type in self.grammar.first for node in member.nodes) else ""

    def leans(self, number: int) -> bool:
        """Whether it starts with a sign that could go on with the line above."""
        starts = [node for node in self._members[number].nodes if not _is_comment(node)][:1]
        return bool(starts and (text := starts[0].text) and text[0] in self.grammar.leaning)

    def is_closed(self, number: int) -> bool:
        """Whether it ends with a sign, or a body, that ends it for good."""
        member = self._members[number]
        ends = [node for node in member.nodes if not _is_comment(node)][-1:]
        return not ends or ends[0].type in _CLOSED_BY_BODY or (ends[0].text or b"").endswith((b";", b","))

    def late(self, _number: int) -> list[int]:
        return []

    def is_quiet(self, line: int) -> bool:
        """Whether a line is blank or only a comment."""
        return line in self._noted or not self._lines[line].strip()

    def owned(self) -> Iterator[tuple[int, int, int]]:
        """Every statement with lines of its own, first and last: of one that holds others, those of its frame."""
        waiting = list(self.tops)
        while waiting:
            number = waiting.pop()
            clauses = self.clauses(number)
            for clause in clauses:
                waiting += clause.held
                yield number, clause.first, clause.last
            if not clauses:
                yield number, *self.extent(number)

    def own(self, number: int) -> tuple[list[Node], Node | None]:
        """The nodes of a statement, and the one below them that holds other statements."""
        member = self._members[number]
        body = next(self._bodies(member.code)) if member.code is not None and self.clauses(number) else None
        return member.nodes, body

    def _held(self, nodes: Sequence[Node]) -> list[int]:
        """The statements that some children of a body are."""
        groups: list[list[Node]] = []
        waits = False
        for node in nodes:
            if groups and (waits or not node.is_named or _first(node) <= max(map(_last, groups[-1]))):
                groups[-1].append(node)
            else:
                groups.append([node])
            waits = self._goes_before(node) or (waits and _is_comment(node))
        numbers = []
        for group in groups:
            code = [node for node in group if node.is_named and not self._goes_before(node) and not _is_aside(node)]
            first, last = min(map(_first, group)), max(map(_last, group))
            if all(map(_is_comment, group)):
                self._noted.update(range(first, last + 1))
            numbers.append(len(self._members))
            self._members.append(Member(first, last, group, code[0] if len(code) == 1 else None))
        return numbers

    def _goes_before(self, node: Node) -> bool:
        documents = self.grammar.documents
        return node.type in self.grammar.before or (_is_comment(node) and (node.text or b"").startswith(documents))

    def _path(self, number: int) -> list[str]:
        """The types of the nodes from a statement to its body; none if it has none, or more than one."""
        code = self._members[number].code
        bodies = list(self._bodies(code)) if code else []
        if len(bodies) != 1:
            return []
        node: Node | None = bodies[0]
        path = []
        while node is not None and node != code:
            path.append(node.type)
            path += [sign.type for sign in node.children if sign.type in ("async", "*", "preproc_else", "preproc_elif")]
            node = node.parent
        return [*path, code.type] if code else []

    def _bodies(self, node: Node) -> Iterator[Node]:
        if node.type in self.grammar.bodies:
            holder = node.parent
            if holder is None or holder.type not in self.grammar.functions or is_frame(node, holder):
                yield node
        elif node.type in self.grammar.around:
            for child in node.named_children:
                yield from self._bodies(child)

    def _opened(self, number: int, path: list[str]) -> list[Clause]:
        member = self._members[number]
        if member.code is None:
            return []
        body = next(self._bodies(member.code))
        if path[0].startswith("preproc"):
            return self._directives(body, member.first, member.last)
        inner = body.children
        if len(inner) < 2 or {inner[0].text, inner[-1].text} - _FRAMED_BY:
            return []
        return [
            self._clause("body", member.first, _last(inner[0]), inner[1:-1]),
            Clause("end", _first(inner[-1]), member.last, []),
        ]

    def _clause(self, kind: str, first: int, last: int, nodes: Sequence[Node]) -> Clause:
        """A header up to line `last`, comments behind it included, and the statements behind these."""
        at = 0
        while at < len(nodes) and _is_comment(nodes[at]) and _first(nodes[at]) <= last:
            last = max(last, _last(nodes[at]))
            at += 1
        return Clause(kind, first, last, self._held(nodes[at:]))

    def _directives(self, node: Node, first: int, last: int) -> list[Clause]:
        """`#if` to `#endif`, with an `#else` or `#elif` as a clause of its own."""
        fields = [node.field_name_for_child(at) for at in range(node.child_count)]
        start = max((at for at, name in enumerate(fields) if name in ("name", "condition")), default=0)
        while start + 1 < len(fields) and node.children[start + 1].type == "\n":
            start += 1
        stop = fields.index("alternative") if "alternative" in fields else len(fields)
        end = next((at for at, child in enumerate(node.children) if child.type == "#endif"), len(fields))
        held = node.children[start + 1 : min(stop, end)]
        found = [self._clause(node.type, first, _last(node.children[start]), held)]
        if stop < len(fields):
            other = node.children[stop]
            found += self._directives(other, _first(other), _last(other))
        return found + ([Clause("end", _first(node.children[end]), last, [])] if end < len(fields) else [])


def _first(node: Node) -> int:
    return node.start_point.row


def _last(node: Node) -> int:
    """The line of a node's last byte: some end with the newline."""
    row, column = node.end_point
    return row - 1 if column == 0 and row > node.start_point.row else row


def _is_comment(node: Node) -> bool:
    return node.type.endswith("comment")


def _is_aside(node: Node) -> bool:
    """A comment, or the semicolon that guards a line against the one above."""
    return _is_comment(node) or node.type == "empty_statement"


def is_frame(body: Node, function: Node) -> bool:
    """Whether a function in an expression is there to hold statements: that of a suite, or a module in itself."""
    holder = function.parent
    while holder is not None and holder.type == "parenthesized_expression":
        holder = holder.parent
    if holder is None or holder.type not in ("arguments", "call_expression", "member_expression"):
        return False
    if holder.type == "arguments" and holder.parent is not None:
        called = holder.parent.child_by_field_name("function")
        while called is not None and called.type == "member_expression":
            called = called.child_by_field_name("object")
        if called is not None and called.text in SUITES:
            return True
    return sum(child.type in _DECLARED for child in body.named_children) > 1


def planted(file: FileReading) -> tuple[Growth, Growth] | None:
    """Both sides of a file in the first grammar that reads them without an error; None if none does."""
    if not file.is_readable:
        return None
    for grammar in grammars_of(file.file.path):
        base, head = parsed(grammar, file.base), parsed(grammar, file.head)
        if base is not None and head is not None:
            return Growth(grammar, base, file.base_lines), Growth(grammar, head, file.head_lines)
    return None


def stands_mixed(file: FileReading, grammar: Grammar, ties: Ties) -> bool:
    """Whether some mixtures of a file's sides parse. Macros can make a language's statements other than they seem."""
    units = sorted({ties.unit(file.first + atom) for atom in file.text_atoms})
    if len(units) < 2:
        return True
    for bit, wanted in ((1, 0), (1, 1), (2, 2)):
        taken = {unit for at, unit in enumerate(units) if at & bit == wanted}
        atoms = [atom for atom in file.text_atoms if ties.unit(file.first + atom) in taken]
        if parsed(grammar, file.with_only(atoms)) is None:
            return False
    return True
