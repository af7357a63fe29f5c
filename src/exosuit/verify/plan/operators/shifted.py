"""Definitions of other languages than Python that went to another place as they were: functions, classes, methods.

What is compared is text, so that nothing depends on how well a grammar reads it: a definition with the comments above
it, unchanged but for the indentation of the whole. Grammars only tell where definitions begin and end, and which words
a file declares. Definitions whose text is there twice, or is short, are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exosuit.changes.decisions import merged
from exosuit.verify.plan.claims import Claim, Free
from exosuit.verify.plan.decisions import MOST
from exosuit.verify.plan.grammars import CSS, Grammar, grammars_of, parsed
from exosuit.verify.plan.model import Proof
from exosuit.verify.plan.reading import FileReading, Reading

if TYPE_CHECKING:
    from tree_sitter import Node

CLAIM = "same code elsewhere"
_DEFINING = (
    "function",
    "method",
    "class",
    "interface",
    "struct",
    "enum",
    "trait",
    "impl",
    "alias",
    "record",
    "constructor",
)
_WRAPPING = ("export_statement", "ambient_declaration", "template_declaration")
_BINDING = ("lexical_declaration", "variable_declaration")
_CALLED = ("arrow_function", "function_expression", "generator_function", "class")
_IMPORTING = ("import", "use_declaration", "using", "include", "extern_crate")
_LOOSE = ("property_identifier", "field_identifier", "private_property_identifier")
_LEAST = 3
"""Lines of a definition that is looked at: shorter ones are alike by chance."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A definition on one side of a file: its lines (from 0, `end` excluded), its text, and the words that it says."""

    file: FileReading
    first: int
    end: int
    name: str
    within: tuple[str, ...]
    text: bytes
    words: frozenset[str]
    atoms: tuple[int, ...]


def shifted(reading: Reading, free: Free) -> list[Claim]:
    """One claim for each pair of files between which definitions went."""
    gone: dict[bytes, list[Piece]] = {}
    new: dict[bytes, list[Piece]] = {}
    declared: dict[tuple[int, int], set[str]] = {}
    for file in _worth(reading):
        for side, found in ((0, gone), (1, new)):
            sight = _Sight(file, side, free)
            declared[file.file.number, side] = sight.declared
            for piece in sight.pieces:
                found.setdefault(piece.text, []).append(piece)
    pairs: dict[tuple[int, int], list[tuple[Piece, Piece]]] = {}
    for text, olds in gone.items():
        news = new.get(text, [])
        if len(olds) == len(news) == 1 and olds[0].within[-1:] == news[0].within[-1:]:
            pairs.setdefault((olds[0].file.file.number, news[0].file.file.number), []).append((olds[0], news[0]))
    claims = []
    for (source, target), went in sorted(pairs.items()):
        names = declared[source, 0] ^ declared[target, 1]
        moved = {old.name for old, _new in went}
        claims.append(_claim(reading, _outermost(went), names - moved))
    return [claim for claim in claims if claim.proofs or reading.lines(claim.atoms) <= MOST]


def _worth(reading: Reading) -> list[FileReading]:
    """Files of known languages that take away a line which one of them adds, or the other way round."""
    files = [
        file
        for file in reading.files
        if file.is_readable and not file.is_python and any(one is not CSS for one in grammars_of(file.file.path))
    ]
    sides: list[set[bytes]] = [set(), set()]
    for file in files:
        for run in file.file.runs:
            for side, lines in enumerate(
                (file.base_lines[run.base_at : run.base_at + run.base_n], file.head_lines[run.head_at :][: run.head_n])
            ):
                sides[side].update(line.strip() for line in lines if b"(" in line or b"{" in line)
    return files if sides[0] & sides[1] else []


class _Sight:
    """One side of a file: the definitions that atoms hold whole, and the words that it declares."""

    def __init__(self, file: FileReading, side: int, free: Free) -> None:
        self.pieces: list[Piece] = []
        self.declared: set[str] = set()
        self._file = file
        self._lines = (file.base_lines, file.head_lines)[side]
        self._atoms = _by_line(file, side, free)
        data = (file.base, file.head)[side]
        found = ((grammar, parsed(grammar, data)) for grammar in grammars_of(file.file.path))
        for grammar, tree in found:
            if tree is not None:
                self._look(grammar, tree.root_node, ())
                break

    def _look(self, grammar: Grammar, holder: Node, within: tuple[str, ...]) -> None:
        nodes = holder.named_children
        for at, node in enumerate(nodes):
            if any(word in node.type for word in _IMPORTING):
                self.declared |= set(_words(node))
            name = _defined(node)
            if name is None:
                self.declared |= set(_bound(node))
            else:
                self.declared.add(name)
                self._take(grammar, nodes, at, name, within)
            for body in _bodies(grammar, node):
                self._look(grammar, body, (*within, name or ""))

    def _take(self, grammar: Grammar, nodes: list[Node], at: int, name: str, within: tuple[str, ...]) -> None:
        node, top = nodes[at], at
        while top and _goes_before(grammar, nodes[top - 1]) and _end(nodes[top - 1]) == nodes[top].start_point[0]:
            top -= 1
        first, end = nodes[top].start_point[0], _end(node)
        if (top and _end(nodes[top - 1]) > first) or (at + 1 < len(nodes) and nodes[at + 1].start_point[0] < end):
            return  # it shares a line with another
        held = [self._atoms.get(line) for line in range(first, end)]
        atoms = {atom for atom in held if atom is not None}
        if end - first < _LEAST or None in held or not self._only(atoms, first, end):
            return
        lines = self._lines[first:end]
        indent = len(lines[0]) - len(lines[0].lstrip())
        straight = all(not line.strip() or line[:indent] == lines[0][:indent] for line in lines)
        if indent and (not straight or _spans(node)):
            text = b"%d " % indent + b"".join(lines)  # as it stands: its lines cannot be told from what they hold
        else:
            text = b"".join(line[indent:] if line.strip() else b"\n" for line in lines)
        words = frozenset(word for part in nodes[top : at + 1] for word in _words(part))
        self.pieces.append(Piece(self._file, first, end, name, within, text, words, tuple(sorted(atoms))))

    def _only(self, atoms: set[int], first: int, end: int) -> bool:
        """Whether some atoms hold these lines and blank ones around them, and nothing else."""
        return all(
            first <= line < end or not self._lines[line].strip() for line, atom in self._atoms.items() if atom in atoms
        )


def _by_line(file: FileReading, side: int, free: Free) -> dict[int, int]:
    """The free atom that holds each line of a side, of those atoms that only take away or only add."""
    found = {}
    for atom in file.text_atoms:
        span = file.span(atom)
        start, count, other = (
            (span.base_at, span.base_n, span.head_n) if not side else (span.head_at, span.head_n, span.base_n)
        )
        if count and not other and free.has(file.first + atom):
            found.update(dict.fromkeys(range(start, start + count), atom))
    return found


def _defined(node: Node) -> str | None:
    """The name of what a statement defines, and does no more; None for any other statement."""
    if node.type in _WRAPPING:
        inner = [found for child in node.named_children if (found := _defined(child)) is not None]
        return inner[0] if len(inner) == 1 else None
    if node.type in _BINDING:
        parts = [part for part in node.named_children if part.type == "variable_declarator"]
        values = [part.child_by_field_name("value") for part in parts]
        if len(parts) == 1 and values[0] is not None and values[0].type in _CALLED:
            return _text(parts[0].child_by_field_name("name"))
        return None
    if not any(word in node.type for word in _DEFINING) or not node.type.endswith(
        ("_declaration", "_definition", "_item", "_specifier", "_signature")
    ):
        return None
    name = (
        node.child_by_field_name("name") or node.child_by_field_name("declarator") or node.child_by_field_name("type")
    )
    while name is not None and (inside := name.child_by_field_name("declarator")) is not None:
        name = inside
    return _text(name)


def _bound(node: Node) -> Iterator[str]:
    """The words that a statement binds as variables."""
    for part in _all(node, deep=node.type in (*_WRAPPING, *_BINDING)):
        if part.type == "variable_declarator" and (name := part.child_by_field_name("name")) is not None:
            yield from _words(name)


def _bodies(grammar: Grammar, node: Node) -> Iterator[Node]:
    if node.type in grammar.bodies:
        yield node
    elif node.type in grammar.around or node.type in _WRAPPING:
        for child in node.named_children:
            yield from _bodies(grammar, child)


def _goes_before(grammar: Grammar, node: Node) -> bool:
    return node.type in grammar.before or "comment" in node.type


def _spans(node: Node) -> bool:
    """Whether a leaf, or a string, goes over lines: then indentation is part of what it says."""
    return any(
        part.start_point[0] != part.end_point[0] and (not part.child_count or "string" in part.type)
        for part in _all(node)
    )


def _words(node: Node) -> Iterator[str]:
    for part in _all(node):
        if part.type.endswith("identifier") and part.type not in _LOOSE and not part.child_count:
            yield _text(part)


def _all(node: Node, *, deep: bool = True) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        if deep:
            waiting += part.children


def _end(node: Node) -> int:
    """The line behind a node; one that ends with a line's end ends there."""
    row, column = node.end_point
    return row + 1 if column else row


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _outermost(went: Iterable[tuple[Piece, Piece]]) -> list[tuple[Piece, Piece]]:
    """Without those that went inside another: their atoms are that one's."""
    kept: list[tuple[Piece, Piece]] = []
    taken: set[int] = set()
    for old, new in sorted(went, key=lambda pair: (pair[0].first, -pair[0].end)):
        if taken.isdisjoint(old.atoms):
            kept.append((old, new))
            taken.update(old.atoms)
    return kept


def _claim(reading: Reading, went: list[tuple[Piece, Piece]], foreign: set[str]) -> Claim:
    """What went from one file to another; `foreign` are words that only one of the two declares."""
    proved: list[int] = []
    others: list[int] = []
    for old, new in went:
        atoms = [old.file.first + atom for atom in old.atoms] + [new.file.first + atom for atom in new.atoms]
        (others if old.words & foreign else proved).extend(atoms)
    names = ", ".join(old.name for old, _new in went[:3]) + (f" and {len(went) - 3:,} more" if len(went) > 3 else "")
    paths = [
        path.decode("utf-8", "backslashreplace") for path in (went[0][0].file.file.old_path, went[0][1].file.file.path)
    ]
    where = f"within {paths[1]}" if went[0][0].file is went[0][1].file else f"from {paths[0]} to {paths[1]}"
    unlike = sorted({word for old, _new in went for word in old.words & foreign})
    title = f"Move {names} {where}" + (f"; {', '.join(unlike[:3])} may mean something else there" if unlike else "")
    first = min(proved or others)
    return Claim(
        "move", f"{went[0][0].file.file.number} {went[0][1].file.file.number}", title,
        tuple(merged((atom, atom + 1) for atom in [*proved, *others])),
        (Proof(CLAIM, "move", tuple(merged((atom, atom + 1) for atom in proved))),) if proved else (),
        (first, first + 1), tuple(merged((atom, atom + 1) for atom in others)) if proved else (),
        reproduce=f"exosuit change materialize {reading.change.id} --group {{group}} --out DIR  # compare definitions",
    )  # fmt: skip
