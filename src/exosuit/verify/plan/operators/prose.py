"""Prose that a reader reads as before: wrapped anew, in another markup, or in another place."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from exosuit.changes.decisions import merged
from exosuit.verify.plan.claims import Claim, Free
from exosuit.verify.plan.gate import withdrawn
from exosuit.verify.plan.model import Proof, Ranges
from exosuit.verify.plan.paragraphs import Paragraph, paragraphs
from exosuit.verify.plan.places import is_prose
from exosuit.verify.plan.python.toolcomments import deceives
from exosuit.verify.plan.reading import FileReading, Reading

LEAST_WORDS = 6
"""Words in paragraphs side by side that went together, at least: shorter ones stand in any text."""

MOST_PLACES, MOST_PAIRS = 20, 400
"""Files in which a paragraph may stand to tell where it went, and pairs of files looked at, at most."""

LEAST_SHARE = 200
"""Of so many lines of a change one must be such prose, so that it is worth a decision."""

FEW = 60
"""Lines below which paragraphs that went between two files share their decision with others."""

IN_PLACE, ELSEWHERE = "same text for a reader", "same words elsewhere"


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """One side of a file of prose: its paragraphs that are touched, and the free atoms that touch it."""

    file: FileReading
    touched: tuple[Paragraph, ...]
    free: frozenset[int]


def _less(side: Side, taken: Iterable[list[int]]) -> Side:
    """A side without the atoms that other paragraphs have taken along: a blank line between two goes with one."""
    return replace(side, free=side.free - {atom - side.file.first for atoms in taken for atom in atoms})


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """Paragraphs side by side that are gone from one place and new in another (or wrapped anew where they stood)."""

    old: Side
    new: Side
    gone: tuple[Paragraph, ...]
    come: tuple[Paragraph, ...]


def prose(reading: Reading, free: Free) -> list[Claim]:
    """One claim for what stayed where it was, and one for each pair of files that paragraphs went between."""
    files = [f for f in reading.files if _is_running_text(f.file.path) and f.is_readable and f.file.runs]
    sides = [(_side(file, free, new=False), _side(file, free, new=True)) for file in files]
    held: dict[tuple[int, int], list[int]] = {}
    for (i, j), pairs in _paired(sides).items():
        old, new = (_less(side, held.values()) for side in (sides[i][0], sides[j][1]))
        kept = withdrawn(pairs, lambda some, old=old, new=new: bool(_taken(old, new, some)))  # type: ignore[misc]
        if kept:
            held[i, j] = _taken(old, new, kept)
    for i, (old, new) in enumerate(sides):
        if i not in {pair[0] for pair in held} | {pair[1] for pair in held} and (blank := _blank(old, new)):
            held[i, i] = blank
    return _claims(reading, files, held)


def _is_running_text(path: bytes) -> bool:
    """Whether a file is Markdown, reStructuredText, or a text that has the name of one."""
    name = path.rpartition(b"/")[2].lower()
    known = name.startswith((b"readme", b"changes", b"changelog", b"history", b"news", b"authors"))
    return name.endswith((b".md", b".rst", b".markdown")) or (known and is_prose(path) and name.count(b".") < 2)


def _side(file: FileReading, free: Free, *, new: bool) -> Side:
    at: dict[int, int] = {}
    for atom in file.text_atoms:
        span = file.span(atom)
        first, count = (span.head_at, span.head_n) if new else (span.base_at, span.base_n)
        if free.has(file.first + atom):
            at |= dict.fromkeys(range(first, first + count), atom)
    lines = file.head_lines if new else file.base_lines
    touched = [one for one in paragraphs(lines) if any(row in at for row in range(one.start, one.end))]
    shown = tuple(one for one in touched if not deceives(b"".join(lines[one.start : one.end])))
    return Side(file, shown, frozenset(at.values()))


def _paired(sides: list[tuple[Side, Side]]) -> dict[tuple[int, int], list[Pair]]:
    """Paragraphs of one key, by the files that they went between, most in common first; each once, in order."""
    places: dict[bytes, set[int]] = defaultdict(set)
    for j, (_, new) in enumerate(sides):
        for one in new.touched:
            places[one.key].add(j)
    votes: Counter[tuple[int, int]] = Counter()
    for i, (old, _) in enumerate(sides):
        for one in old.touched:
            here = places.get(one.key, ())
            if one.words >= LEAST_WORDS and len(here) <= MOST_PLACES:
                votes.update({(i, j): one.words for j in here})
    used: tuple[set[tuple[int, int]], set[tuple[int, int]]] = (set(), set())
    found: dict[tuple[int, int], list[Pair]] = {}
    for (i, j), _words in sorted(votes.items(), key=lambda item: (-item[1], item[0]))[:MOST_PAIRS]:
        gone = [one for one in sides[i][0].touched if (i, one.start) not in used[0]]
        come = [one for one in sides[j][1].touched if (j, one.start) not in used[1]]
        matcher = SequenceMatcher(None, [one.key for one in gone], [one.key for one in come], autojunk=False)
        for a, b, size in matcher.get_matching_blocks():
            if sum(one.words for one in gone[a : a + size]) >= LEAST_WORDS:
                pair = Pair(sides[i][0], sides[j][1], tuple(gone[a : a + size]), tuple(come[b : b + size]))
                found.setdefault((i, j), []).append(pair)
                used[0].update((i, one.start) for one in pair.gone)
                used[1].update((j, one.start) for one in pair.come)
    return found


def _rows(parts: Iterable[Paragraph]) -> set[int]:
    return {row for one in parts for row in range(one.start, one.end)}


def _taken(old: Side, new: Side, pairs: Sequence[Pair]) -> list[int]:
    """The atoms (through the change) of pairs that pass the gate together; none where they do not.

    With only these atoms taken, or only these taken back, a reader reads the same: in one file the same row of
    paragraphs, between two files what is gone from one is new in the other. Blank lines behind or before paragraphs go
    with them, whichever keeps the rest apart.
    """
    gone, come = _rows(one for pair in pairs for one in pair.gone), _rows(one for pair in pairs for one in pair.come)
    if not pairs:
        return []
    keys = [one.key for pair in pairs for one in pair.gone]
    if old.file is new.file:
        return next((found for some in _around(old, gone, come) if (found := _reads_on(old.file, some))), [])
    left = next((found for some in _around(old, gone, set()) if (found := _differs_by(old.file, some, keys, True))), [])
    put = next((found for some in _around(new, set(), come) if (found := _differs_by(new.file, some, keys, False))), [])
    return sorted(left + put) if left and put else []


def _around(side: Side, gone: set[int], come: set[int]) -> Iterator[set[int]]:
    """Atoms of a file all of whose lines are among some of its base or its head, with the blank lines around these."""
    file = side.file
    for behind, before in ((True, False), (False, True), (True, True)):
        base = gone | _blanks(file.base_lines, gone, behind, before)
        head = come | _blanks(file.head_lines, come, behind, before)
        found = set()
        for atom in side.free:
            span = file.span(atom)
            old, new = range(span.base_at, span.base_at + span.base_n), range(span.head_at, span.head_at + span.head_n)
            if base.issuperset(old) and head.issuperset(new):
                found.add(atom)
        yield found


def _blanks(lines: Sequence[bytes], rows: set[int], behind: bool, before: bool) -> set[int]:
    """The blank lines right behind or before some rows."""
    found = set()
    for step in [1] * behind + [-1] * before:
        for row in rows:
            at = row + step
            while 0 <= at < len(lines) and not lines[at].strip():
                found.add(at)
                at += step
    return found


def _reads_on(file: FileReading, atoms: set[int]) -> list[int]:
    """The atoms through the change, if the file's row of paragraphs is the same without them."""
    sides = (file.base, file.with_only(atoms)), (file.without(atoms), file.head)
    same = all(_keys(before) == _keys(after) for before, after in sides)
    return sorted(file.first + atom for atom in atoms) if same else []


def _differs_by(file: FileReading, atoms: set[int], keys: list[bytes], gone: bool) -> list[int]:
    """The atoms through the change, if all that they do is to take these paragraphs away (or put them in)."""
    sides = (file.base, file.with_only(atoms)), (file.without(atoms), file.head)
    same = all(_without(_keys(more), keys) == _keys(less) for more, less in (s if gone else s[::-1] for s in sides))
    return sorted(file.first + atom for atom in atoms) if same else []


def _keys(text: bytes) -> list[bytes]:
    return [one.key for one in paragraphs(text.split(b"\n"))]


def _without(keys: list[bytes], some: Iterable[bytes]) -> list[bytes]:
    """Keys without some, one by one in order; all of them where one is not there."""
    waiting = list(some)[::-1]
    left = []
    for key in keys:
        if waiting and waiting[-1] == key:
            waiting.pop()
        else:
            left.append(key)
    return keys if waiting else left


def _blank(old: Side, new: Side) -> list[int]:
    """Blank lines of a file that stays, if a reader does not see them."""
    if old.file.file.status not in ("M", "R"):
        return []
    lines = {atom: (*old.file.removed(atom), *old.file.added(atom)) for atom in old.free | new.free}
    return _reads_on(old.file, {atom for atom, own in lines.items() if not b"".join(own).strip()})


def _claims(reading: Reading, files: Sequence[FileReading], held: dict[tuple[int, int], list[int]]) -> list[Claim]:
    stayed = sorted(atom for (i, j), atoms in held.items() if i == j for atom in atoms)
    between = {pair: atoms for pair, atoms in sorted(held.items()) if pair[0] != pair[1]}
    small = [pair for pair, atoms in between.items() if reading.lines(_ranges(atoms)) < FEW]
    every = _ranges(sorted(atom for atoms in held.values() for atom in atoms))
    if reading.lines(every) * LEAST_SHARE < reading.change.added + reading.change.removed:
        return []
    claims = [_claim(reading, "Prose wrapped anew or in another markup", ((IN_PLACE, stayed),))]
    for (i, j), atoms in between.items():
        if (i, j) not in small or len(small) == 1:
            paths = [p.decode("utf-8", "backslashreplace") for p in (files[i].file.old_path, files[j].file.path)]
            claims.append(_claim(reading, f"Move paragraphs from {paths[0]} to {paths[1]}", ((ELSEWHERE, atoms),)))
    if len(small) > 1:
        shared = sorted(atom for pair in small for atom in between[pair])
        few = stayed if reading.lines(_ranges(stayed)) < FEW else []
        claims = claims[1:] if few else claims
        title = f"Move paragraphs between {len({*sum(small, ())})} files" + ", or wrap them anew" * bool(few)
        claims.append(_claim(reading, title, ((IN_PLACE, few), (ELSEWHERE, shared))))
    return [claim for claim in claims if claim.atoms]


def _ranges(atoms: Sequence[int]) -> Ranges:
    return tuple(merged((atom, atom + 1) for atom in atoms))


def _claim(reading: Reading, title: str, proved: Sequence[tuple[str, list[int]]]) -> Claim:
    every = sorted(atom for _claim, atoms in proved for atom in atoms)
    ranges = _ranges(every)
    proofs = tuple(Proof(claim, "paragraphs", _ranges(atoms)) for claim, atoms in proved if atoms)
    return Claim(
        "prose", title, title, ranges, proofs, (every[0], every[0] + 1) if every else None,
        reproduce=f"exosuit change materialize {reading.change.id} --group {{group}} --out DIR  # compare paragraphs",
    )  # fmt: skip
