"""The same replacement in many places: a rule is guessed from the lines, run on the base, and its bytes are compared.

What a rule gives exactly is proved to be its output. Changed lines in which it fires and gives something else are its
exceptions; lines in which it fires and that nobody changed are missed places, in files that the change does not touch
as well. A rule that renames what the change itself binds is not proved where the new name was there before.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from exosuit.changes.decisions import merged
from exosuit.verify.plan.claims import Claim, Free
from exosuit.verify.plan.model import Missed, Proof
from exosuit.verify.plan.places import is_prose
from exosuit.verify.plan.python.source import Source
from exosuit.verify.plan.python.toolcomments import deceives
from exosuit.verify.plan.reading import FileReading, Reading
from exosuit.verify.plan.rules import Edit, Rule, edits, names_in, variants

FEWEST = 3
"""Places that make a rename, and one more for each 5,000 lines of the change."""

FOLDED = 10
"""Places that make a rename of which nothing is proved worth a decision."""

FEWEST_OTHERS = 4
"""Places that make any other replacement worth a decision, and one more for each 1,500 lines of the change."""

MOST_RULES = 60
"""Rules looked at in one change, the most frequent first."""

LEAST_PRECISION = 0.5
"""Share of the places where a rule fires at which the author acted; below it the rule is narrowed or dropped."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One line that gave way to one line: an atom of a file (numbered within it)."""

    file: FileReading
    atom: int
    old: bytes
    new: bytes

    @property
    def line(self) -> int:
        """The line of the base, from 0."""
        return self.file.span(self.atom).base_at


@dataclass
class Fired:
    """Where a rule fires: pairs that it explains, pairs that it does not, places that nobody changed."""

    explained: list[Pair] = field(default_factory=list)
    exceptions: list[Pair] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)

    def precision(self, rule: Rule) -> float:
        """Share of the places at which the author acted, perhaps with another edit in the same line."""
        total = len(self.explained) + len(self.exceptions) + len(self.missed)
        acted = [one for one in self.exceptions if rule.new in one.new and not rule.pattern.search(one.new)]
        return (len(self.explained) + len(acted)) / total if total else 0.0


def replay(reading: Reading, free: Free) -> list[Claim]:
    """One claim for each replacement that was made in at least `FEWEST` places."""
    pairs = list(_pairs(reading, free))
    by_place = {(pair.file.file.number, pair.line): pair for pair in pairs}
    lines = reading.change.added + reading.change.removed
    fewest, of_others = FEWEST + lines // 5000, FEWEST_OTHERS + lines // 1500
    rules = _established(reading, pairs, by_place, fewest)
    taken: set[int] = set()
    claims = []
    composed = _composed(pairs, rules)
    for rule, fired in rules.items():
        explained = [pair for pair in fired.explained if _global(pair) not in taken]
        explained += [pair for pair in composed.get(rule, []) if _global(pair) not in taken]
        explained = _unique(explained)
        if not explained:
            continue  # the rules before it have explained all that it does
        known = {_global(pair) for many in composed.values() for pair in many}
        exceptions = [p for p in fired.exceptions if _global(p) not in taken and _global(p) not in known]
        claim = _claim(reading, rule, explained, exceptions, fired.missed, list(rules))
        proved = sum(end - first for proof in claim.proofs for first, end in proof.atoms)
        least = (fewest, FOLDED) if claim.kind == "rename" else (of_others, FOLDED + of_others)
        forgotten = bool(fired.missed) and len(explained) + len(exceptions) >= fewest
        if proved >= least[0] or len(explained) >= least[1] or forgotten:
            taken.update(map(_global, explained + exceptions))
            claims.append(claim)
    return claims


def _pairs(reading: Reading, free: Free) -> Iterator[Pair]:
    """The free pairs of lines of the change, each once."""
    for file in reading.files:
        if not file.file.is_text or not file.is_readable:
            continue
        for atom in file.text_atoms:
            span = file.span(atom)
            if span.base_n == 1 and span.head_n == 1 and free.has(file.first + atom):
                old, new = file.base_lines[span.base_at], file.head_lines[span.head_at]
                if old.endswith(b"\n") == new.endswith(b"\n") and not deceives(new):
                    yield Pair(file, atom, old, new)


def _global(pair: Pair) -> int:
    return pair.file.first + pair.atom


def _unique(pairs: list[Pair]) -> list[Pair]:
    return sorted({_global(pair): pair for pair in pairs}.values(), key=_global)


def _established(
    reading: Reading, pairs: list[Pair], by_place: Mapping[tuple[int, int], Pair], fewest: int
) -> dict[Rule, Fired]:
    """The rules that the change holds to, the most frequent first, with where they fire."""
    counts: Counter[tuple[bytes, bytes]] = Counter()
    examples: dict[tuple[bytes, bytes], list[Edit]] = {}
    for pair in pairs:
        found = edits(pair.old, pair.new)
        for edit in found:
            examples.setdefault((edit.old, edit.new), []).append(edit)
        counts.update({(edit.old, edit.new) for edit in found})
    rules: dict[Rule, Fired] = {}
    texts = _texts(reading, {pair.file.file.path for pair in pairs})
    for (old, new), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_RULES]:
        if count < fewest:
            break
        for rule in variants(old, new, examples[old, new]):
            fired = _fired(rule, texts, by_place, counts)
            if len(fired.explained) >= fewest and fired.precision(rule) >= LEAST_PRECISION:
                rules[rule] = fired
                break
    return rules


@dataclass(frozen=True, slots=True)
class Text:
    """A file of the base; `reading` where the change touches it, with the base lines that it touches."""

    path: bytes
    data: bytes
    reading: FileReading | None
    touched: frozenset[int]


def _texts(reading: Reading, paths: Iterable[bytes]) -> list[Text]:
    """The files of the base that a rule may fire in: those of the change, and others with the same endings."""
    endings = {PurePosixPath(path.decode("utf-8", "replace")).suffix for path in paths}
    found = []
    known: set[bytes] = set()
    for file in reading.files:
        known.add(file.file.old_path)
        if file.is_readable and file.file.old_blob:
            touched = frozenset(at for run in file.file.runs for at in range(run.base_at, run.base_at + run.base_n))
            found.append(Text(file.file.old_path, file.base, file, touched))
    for path, blob in sorted(reading.base_tree.items()):
        if path not in known and PurePosixPath(path.decode("utf-8", "replace")).suffix in endings:
            found.append(Text(path, reading.blob(blob), None, frozenset()))
    return found


def _fired(
    rule: Rule, texts: list[Text], by_place: Mapping[tuple[int, int], Pair], counts: Counter[tuple[bytes, bytes]]
) -> Fired:
    """Where a rule fires, and what was done there."""
    fired = Fired()
    for text in texts:
        if rule.old not in text.data:
            continue
        seen: set[int] = set()
        line = at = 0
        for match in rule.pattern.finditer(text.data):
            line += text.data.count(b"\n", at, match.start())
            at = match.start()
            if line not in text.touched:
                fired.missed.append(Missed(text.path, match.start(), len(match[0]), rule.new))
            elif line not in seen and text.reading is not None:
                seen.add(line)
                pair = by_place.get((text.reading.file.number, line))
                if pair is not None:
                    (fired.explained if rule.run(pair.old) == pair.new else fired.exceptions).append(pair)
        if len(fired.missed) > 2 * counts[rule.old, rule.new]:
            break  # too many to be a rule, whatever comes
    fired.exceptions = [pair for pair in fired.exceptions if not _is_other(pair, counts)]
    return fired


def _is_other(pair: Pair, counts: Counter[tuple[bytes, bytes]]) -> bool:
    """Whether a line is edited by several replacements that are frequent each: they are composed, no exception."""
    found = {(edit.old, edit.new) for edit in edits(pair.old, pair.new)}
    return len(found) > 1 and all(counts[one] >= FEWEST for one in found)


def _composed(pairs: list[Pair], rules: Mapping[Rule, Fired]) -> dict[Rule, list[Pair]]:
    """Lines that several rules explain one after the other, under the first of them."""
    alone = {_global(pair) for fired in rules.values() for pair in fired.explained}
    found: dict[Rule, list[Pair]] = {}
    for pair in pairs:
        if _global(pair) in alone:
            continue
        firing = [rule for rule in rules if rule.pattern.search(pair.old)]
        if len(firing) > 1 and run_all(firing, pair.old) == pair.new:
            found.setdefault(firing[0], []).append(pair)
    return found


def run_all(rules: Iterable[Rule], text: bytes) -> bytes:
    """Rules run one after the other, long ones first, so that a part of another does not get in its way."""
    for rule in sorted(rules, key=lambda rule: (-len(rule.old), rule.old, rule.new)):
        text = rule.run(text)
    return text


def _claim(
    reading: Reading, rule: Rule, explained: list[Pair], exceptions: list[Pair], missed: list[Missed], rules: list[Rule]
) -> Claim:
    binding = _binds(rule, explained)
    is_rename = binding and bool(rule.words[1])
    held = _held(reading, rule, explained, exceptions, missed, rules, binding)
    atoms = tuple(merged((_global(p), _global(p) + 1) for p in [*explained, *exceptions]))
    proofs = (Proof("same tool output", "replay", tuple(merged((_global(p), _global(p) + 1) for p in held))),)
    shown = _global((held or explained)[0])
    old, new = (side.strip().decode("utf-8", "backslashreplace") for side in (rule.old, rule.new))
    places = f"{len(explained):,} places in {len({p.file.file.number for p in explained}):,} files"
    verb = f"Rename {old} to {new}" if is_rename else f"Replace {old} by {new}" if new else f"Take {old} away"
    paths = sorted({p.file.file.old_path.decode("utf-8", "backslashreplace") for p in explained})
    return Claim(
        "rename" if is_rename else "replace", repr(rule), f"{verb}: {places}", atoms, proofs if held else (),
        (shown, shown + 1), tuple(merged((_global(p), _global(p) + 1) for p in exceptions)), tuple(missed),
        f"{rule.command} {' '.join(paths[:20])}{' …' if len(paths) > 20 else ''}",
    )  # fmt: skip


def _held(
    reading: Reading,
    rule: Rule,
    explained: list[Pair],
    exceptions: list[Pair],
    missed: list[Missed],
    rules: list[Rule],
    binding: bool,
) -> list[Pair]:
    """The pairs that carry the proof: file by file, materialized alone, against the rules run on those lines."""
    if binding and _is_known(reading, rule):
        return []
    unfinished = [pair for pair in exceptions if rule.pattern.search(pair.new)]
    partly = {pair.file.file.old_path for pair in unfinished} | {place.path for place in missed}
    found = []
    by_file: dict[int, list[Pair]] = {}
    for pair in explained:
        if _meets(pair, rule):
            continue
        by_file.setdefault(pair.file.file.number, []).append(pair)
    for pairs in by_file.values():
        file = pairs[0].file
        unparsed = file.file.path.endswith(b".py") and file.base_source is None
        torn = file.file.old_path in partly and _binds_in(file, rule, [*pairs, *unfinished], missed)
        if binding and (unparsed or torn):
            continue
        lines = list(file.base_lines)
        for pair in pairs:
            alone = rule.run(pair.old)
            lines[pair.line] = alone if alone == pair.new else run_all(
                [one for one in rules if one.pattern.search(pair.old)], pair.old
            )  # fmt: skip
        if file.with_only(pair.atom for pair in pairs) == b"".join(lines):
            found += pairs
    return found


def _meets(pair: Pair, rule: Rule) -> bool:
    """Whether a name that a rule brings stood near the line before, so that two names become one.

    Near is the top-level definition in Python, the file in other code; in prose no name can be captured.
    """
    brought = rule.words[1]
    if not brought or is_prose(pair.file.file.path):
        return False
    source = pair.file.base_source
    if source is None:
        return pair.file.file.path.endswith((b".py", b".pyi")) or not brought.isdisjoint(names_in(pair.file.base))
    low, high = source.touched(pair.line, 1)
    for top in {source.outermost(index) for index in range(low, high)}:
        statement = source.statements[top]
        if not brought.isdisjoint(names_in(b"".join(source.lines[statement.start : statement.last + 1]))):
            return True
    return False


def _is_known(reading: Reading, rule: Rule) -> bool:
    """Whether a name that a rule brings stands anywhere in the base, so that it may be captured or shadowed."""
    brought = rule.words[1]
    if not brought or not reading.base_tree:
        return True
    pattern = re.compile(rb"\b(?:" + b"|".join(map(re.escape, sorted(brought))) + rb")\b")
    for path, blob in reading.base_tree.items():
        if path.endswith((b".py", b".pyi", b".pyx")) and pattern.search(reading.blob(blob)):
            return True
    return any(name.decode() in dir(builtins) for name in brought if name.isascii())


def _binds(rule: Rule, explained: list[Pair]) -> bool:
    """Whether the replaced places bind a name that the rule takes away: then it is a rename."""
    gone = {name.decode("utf-8", "replace") for name in rule.words[0]}
    if not gone:
        return False
    sources = ((pair.file.base_source, pair.line) for pair in explained)
    return any(source is not None and _binds_at(source, line, gone) for source, line in sources)


def _binds_in(file: FileReading, rule: Rule, pairs: list[Pair], missed: list[Missed]) -> bool:
    """Whether a name that a rule takes away is bound in a file, at a place that was replaced or at one that was not."""
    if _binds(rule, [pair for pair in pairs if pair.file is file]):
        return True
    places = [place for place in missed if place.path == file.file.old_path]
    lines = [file.base.count(b"\n", 0, place.base_start) for place in places]
    gone = {name.decode("utf-8", "replace") for name in rule.words[0]}
    return file.base_source is None or any(_binds_at(file.base_source, line, gone) for line in lines)


def _binds_at(source: Source, line: int, gone: set[str]) -> bool:
    low, high = source.touched(line, 1)
    return any(gone.intersection(_bound(source.statements[index].node)) for index in range(low, high))


def _bound(node: Any) -> Iterator[str]:
    """Names, attributes and parameters that a statement binds, its body left out."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    waiting = [node.args] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Name | ast.Attribute) and not isinstance(part.ctx, ast.Load):
            yield part.id if isinstance(part, ast.Name) else part.attr
        elif isinstance(part, ast.arg):
            yield part.arg
        elif isinstance(part, ast.alias):
            yield part.asname or part.name
        elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
            yield part.name
        waiting += [child for child in ast.iter_child_nodes(part) if not isinstance(child, ast.stmt)]
