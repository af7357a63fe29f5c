"""Definitions that were removed and that nothing in the base names: dead code, as far as names tell.

A name counts wherever it stands as a word, in any file: in code, in strings, in prose. So does a part of it that may be
put together with another (`"visit_" + kind`). What is registered when it is defined, what overrides something, and what
a runner looks for by name is not dead.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exosuit.changes.decisions import merged
from exosuit.verify.plan.claims import Claim, Free
from exosuit.verify.plan.gate import withdrawn
from exosuit.verify.plan.model import Missed, Proof, Ranges
from exosuit.verify.plan.operators.moves import FOUND_BY_NAME
from exosuit.verify.plan.places import is_test
from exosuit.verify.plan.python.bindings import at_definition
from exosuit.verify.plan.python.inert import is_plain_class, sees_order
from exosuit.verify.plan.python.source import DEFINITIONS, Source, own_shape, parse, qualified_name
from exosuit.verify.plan.python.toolcomments import deceives
from exosuit.verify.plan.reading import FileReading, Reading

CLAIM = "named nowhere else"

_COLLECTED = (*FOUND_BY_NAME, "test", "Test", "p_", "t_", "step", "task", "on_", "visit_", "do_", "handle_")

_ACTS = (ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
"""What may do something when a definition is defined; looking names up is taken for nothing."""


@dataclass(frozen=True, eq=False, slots=True)
class Dead:
    """A definition of a base and the atoms (numbered within the file) that remove it; none if it still stands."""

    file: FileReading
    source: Source
    index: int
    atoms: tuple[int, ...]

    @property
    def name(self) -> str:
        return str(self.source.statements[self.index].node.name)  # type: ignore[attr-defined]

    @property
    def text(self) -> bytes:
        statement = self.source.statements[self.index]
        return b"".join(self.source.lines[statement.start : statement.last + 1])


_DEFINES = re.compile(rb"[ \t]*(?:async[ \t]+def|def|class)\b")


def dead(reading: Reading, free: Free) -> list[Claim]:
    """One claim for all definitions that were removed and are named nowhere else in the base."""
    gone = [one for file in reading.files for one in _removed(file, free) if _may_be_dead(one)]
    gone = _unnamed(reading, [one for one in gone if not _comes_back(reading, one.name)]) if reading.base_tree else []
    by_file: dict[int, list[Dead]] = {}
    for one in gone:
        by_file.setdefault(one.file.file.number, []).append(one)
    held = [one for own in by_file.values() for one in withdrawn(own, _holds)]
    if len(held) < len(gone):  # what was withdrawn still stands, and may name the others
        held = _unnamed(reading, held)
    return [_claim(reading, held)] if held else []


def _comes_back(reading: Reading, name: str) -> bool:
    """Whether a name stands in a file that the change leaves behind."""
    word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
    return any(word.search(file.head) for file in reading.files if file.file.is_text)


def _removed(file: FileReading, free: Free) -> Iterator[Dead]:
    """Definitions of a module or of its classes all of whose lines are removed by free atoms that add nothing."""
    if not file.is_python or is_test(file.file.path):
        return
    at: dict[int, int] = {}
    for atom in file.text_atoms:
        span = file.span(atom)
        if not span.head_n and free.has(file.first + atom):
            at |= dict.fromkeys(range(span.base_at, span.base_at + span.base_n), atom)
    if not any(_DEFINES.match(file.base_lines[line]) for line in at):
        return  # before anything is parsed
    source = file.base_source
    if source is None:
        return
    end = 0
    for index, statement in enumerate(source.statements):
        if index < end or not _is_member(source, index):
            continue
        lines = range(statement.start, statement.last + 1)
        code = [line for line in lines if source.lines[line].strip()]
        atoms = tuple(sorted({at[line] for line in lines if line in at}))
        if all(line in at for line in code) and _only(file, atoms, lines):
            end = source.after(index)
            yield Dead(file, source, index, (*atoms, *_blank_behind(file, at, statement.last + 1)))


def _blank_behind(file: FileReading, at: dict[int, int], line: int) -> Iterator[int]:
    """The atoms that remove only blank lines from a line on."""
    while line in at and not b"".join(file.removed(at[line])).strip():
        span = file.span(at[line])
        yield at[line]
        line = span.base_at + span.base_n


def _only(file: FileReading, atoms: Sequence[int], lines: range) -> bool:
    """Whether some atoms remove nothing but these lines."""
    spans = [file.span(atom) for atom in atoms]
    return all(span.base_at in lines and span.base_at + span.base_n - 1 in lines for span in spans)


def _is_member(source: Source, index: int) -> bool:
    """Whether a definition stands in the module, or in a class of it that inherits nothing, under no condition."""
    statement = source.statements[index]
    if not isinstance(statement.node, DEFINITIONS) or statement.place != "body":
        return False
    around: Any = source.statements[statement.parent].node if statement.parent >= 0 else None
    return around is None or (
        isinstance(around, ast.ClassDef) and source.statements[statement.parent].parent < 0 and is_plain_class(around)
    )


def _may_be_dead(one: Dead) -> bool:
    """Whether a definition does nothing when it is defined, and nobody looks for it by the way it is named."""
    node: Any = one.source.statements[one.index].node
    attached = any(at in one.source.attached for at in range(one.index, one.source.after(one.index)))
    if (
        node.name.startswith(_COLLECTED)
        or node.decorator_list
        or sees_order(one.source)
        or deceives(one.text)
        or attached
    ):
        return False
    if isinstance(node, ast.ClassDef) and not (is_plain_class(node) and all(map(_is_idle, node.body))):
        return False
    return not any(isinstance(part, _ACTS) for early in at_definition(node) for part in ast.walk(early))


def _is_idle(node: ast.stmt) -> bool:
    """Whether a statement of a class body only binds names of the class."""
    if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign):
        return node.value is None or isinstance(node.value, ast.Constant)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Pass)


def _unnamed(reading: Reading, found: list[Dead]) -> list[Dead]:
    """Those whose names stand nowhere but in definitions that go with them."""
    while found:
        words = {name: _pattern(name) for name in sorted({one.name for one in found})}
        total = Counter[str]()
        for _path, blob in sorted(reading.base_tree.items()):
            data = reading.blob(blob)
            total.update({name: len(pattern.findall(data)) for name, pattern in words.items() if _may_name(name, data)})
        own = {name: sum(len(pattern.findall(one.text)) for one in found) for name, pattern in words.items()}
        kept = [one for one in found if total[one.name] == own[one.name]]
        if len(kept) == len(found):
            return kept
        found = kept
    return []


def _may_name(name: str, data: bytes) -> bool:
    """Whether a file may mention a name or an end of it: quick to say no."""
    return any(part.encode() in data for part in name.split("_") if part)


def _pattern(name: str) -> re.Pattern[bytes]:
    """A name as a word, or a beginning or end of it that another part may be joined to."""
    cuts = [at for at, letter in enumerate(name) if letter == "_" and 1 < at < len(name) - 1]
    begins = [re.escape(name[: at + 1].encode()) for at in cuts]
    ends = [re.escape(name[at:].encode()) for at in cuts]
    whole = rb"\b" + re.escape(name.encode()) + rb"\b"
    return re.compile(
        b"|".join(
            [whole, *(rb"\b" + one + rb"(?!\w)" for one in begins), *(rb"(?<!\w)" + one + rb"\b" for one in ends)]
        )
    )


def _holds(some: Sequence[Dead]) -> bool:
    """The gate: with these taken the base lacks just these definitions, and with them taken back the head has them."""
    file = some[0].file
    atoms = sorted({atom for one in some for atom in one.atoms})
    base, taken = file.base_source, parse(file.with_only(atoms))
    left, head = parse(file.without(atoms)), file.head_source if file.file.new_blob else parse(file.head)
    if base is None or taken is None or left is None or head is None:
        return False
    gone = {at for one in some for at in range(one.index, base.after(one.index))}
    if _rows(base, gone) != _rows(taken, set()):
        return False
    names = {qualified_name(base, one.index) for one in some}
    again = {
        at
        for index, statement in enumerate(left.statements)
        if isinstance(statement.node, DEFINITIONS) and qualified_name(left, index) in names
        for at in range(index, left.after(index))
    }
    return len(again) == len(gone) and _rows(left, again) == _rows(head, set())


def _rows(source: Source, gone: set[int]) -> list[Any]:
    kept = [(s.depth, s.place, own_shape(s.node)) for at, s in enumerate(source.statements) if at not in gone]
    comments = [one for at, some in sorted(source.attached.items()) if at not in gone for one in some]
    return [source.first_lines, kept, comments]


def _claim(reading: Reading, held: Sequence[Dead]) -> Claim:
    names = [qualified_name(one.source, one.index) for one in held]
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    atoms = _ranges(held)
    return Claim(
        "dead code", "", f"Remove {', '.join(names[:3])}{more}: named nowhere else in the workspace",
        atoms, (Proof(CLAIM, "words of the base", atoms),), (atoms[0][0], atoms[0][0] + 1), (),
        tuple(_missed(reading, held)),
        "git grep -nw " + " ".join(f"-e {one.name}" for one in held[:20]) + f" {reading.change.base}",
    )  # fmt: skip


def _ranges(held: Sequence[Dead]) -> Ranges:
    return tuple(merged((one.file.first + a, one.file.first + a + 1) for one in held for a in one.atoms))


def _missed(reading: Reading, held: Sequence[Dead]) -> list[Missed]:
    """Private definitions of the same files that still stand and that nothing names either."""
    gone = {(one.file.file.number, one.index) for one in held}
    files = {one.file.file.number: one.file for one in held}
    others = [
        Dead(file, source, index, ())
        for number, file in sorted(files.items())
        if (source := file.base_source) is not None
        for index in range(len(source.statements))
        if _is_member(source, index) and (number, index) not in gone
    ]
    touched = {
        (number, line) for number, file in files.items() for run in file.file.runs
        for line in range(run.base_at, run.base_at + run.base_n)
    }  # fmt: skip
    private = [one for one in others if one.name.startswith("_") and _may_be_dead(one)]
    found = []
    for one in private:
        statement = one.source.statements[one.index]
        untouched = not any(
            (one.file.file.number, line) in touched for line in range(statement.start, statement.last + 1)
        )
        if untouched and _unnamed(reading, [one]):
            found.append(Missed(one.file.file.old_path, one.source.offsets[statement.start], len(one.text), b""))
    return found
