"""The same edit of syntax trees in many places: a pattern is guessed from statements, run on the base, and compared.

What patterns give exactly, the layout of the same tree aside, is proved to be their output, at places where the names
that they bring mean the same as everywhere else. Edited statements in which a pattern fires and gives something else
are its exceptions, untouched ones in which it fires are missed places. Words put for words are left to `replay`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from exosuit.verify.plan.claims import Claim, Free
from exosuit.verify.plan.gate import withdrawn
from exosuit.verify.plan.model import Missed, Proof
from exosuit.verify.plan.operators.edited import Edited, edited, holds, ranges_of
from exosuit.verify.plan.operators.meaning import unlike
from exosuit.verify.plan.operators.replay import FEWEST, FEWEST_OTHERS, LEAST_PRECISION
from exosuit.verify.plan.operators.unedited import Unedited
from exosuit.verify.plan.python.decorators import Header, decorator_styles
from exosuit.verify.plan.python.patterns import (
    Bound,
    Chain,
    Pattern,
    Spelling,
    differences,
    fires_in,
    generalised,
    is_node,
    names,
    ran,
    rewritten,
    shown,
    tightened,
    words_in,
)
from exosuit.verify.plan.python.signatures import signature_styles
from exosuit.verify.plan.python.source import Shape
from exosuit.verify.plan.python.styles import STYLES, Style
from exosuit.verify.plan.reading import Reading

CLAIM = "same tool output but for layout"

Statement = tuple[frozenset[str], Shape, Shape]
"""The words of an edited statement in the base, and its shape before and after."""

MOST_PATTERNS = 60
"""Patterns looked at in one change, the most frequent first."""

WIDEST = 3
"""How many expressions around a difference a pattern may take in, the difference counted."""

MOST_EDITS = 16
"""Differences in one statement, at most; what differs in more is another statement."""

MOST_EXCEPTIONS = 60
"""Lines of exceptions that one pattern keeps; the others are left to other decisions."""


@dataclass(eq=False)
class Fired:
    """Where a pattern fires: places that it explains, others, and untouched statements."""

    pattern: Spelling
    explained: list[Edited] = field(default_factory=list)
    exceptions: list[Edited] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)


def patterns(reading: Reading, free: Free) -> list[Claim]:
    """One claim for each pattern in many places, and one for all those in few."""
    places = list(edited(reading, free))
    lines = reading.change.added + reading.change.removed
    many = FEWEST_OTHERS + lines // 1500
    established = list(_established(reading, places))
    uses = _explain(places, established)
    found = [one for one in established if len(one.explained) >= FEWEST]
    unclear = {id(place) for one, some in uses.items() for place in unlike(one, some)}
    proved = {id(p) for p in _gated([p for one in found for p in one.explained if id(p) not in unclear])}
    claims = []
    small = []
    for one in found:
        held = [place for place in one.explained if id(place) in proved]
        is_news = bool(held and one.missed) and len(one.explained) + len(one.exceptions) >= FEWEST + lines // 5000
        if len(held) >= many or is_news:
            claims.append(_claim(reading, one, held))
        elif len(held) >= FEWEST:
            small.append((one, held))
    if sum(len(held) - 1 for _one, held in small) >= many:
        claims.append(_pooled(reading, small))
    return claims


def _established(reading: Reading, places: Sequence[Edited]) -> Iterator[Fired]:
    """The patterns that the change holds to, and the untouched statements that they fire in.

    Differences come first, the most frequent before others; what they do not hold to is looked at with more around it.
    """
    rest = Unedited(reading, places)
    statements = [(frozenset(words_in(old)), old, new) for place in places for old, new in place.shapes()]
    known: list[Spelling] = []
    for style in _styles(places, rest):
        fired = Fired(style)
        if _is_held_to(fired, statements, rest):
            known.append(style)
            yield fired
    chains = [(number, chain) for number, place in enumerate(places) for chain in _chains(place)]
    looked_at = 0
    for around in range(WIDEST):
        done: set[Pattern] = set()
        for found in _examples(chains, around):
            if len(found.places) < FEWEST or looked_at >= MOST_PATTERNS:
                break
            if all(rewritten(old, known, set()) == new for old, new in found.pairs):
                continue
            looked_at += 1
            pattern = tightened(found.widest, found.bound)
            fired = Fired(pattern)
            if pattern.words and _is_held_to(fired, statements, rest):
                done.add(found.widest)
                known.append(fired.pattern)
                yield fired
        chains = [one for one in chains if len(one[1]) > around + 1 and generalised(*one[1][around])[0] not in done]


def _styles(places: Sequence[Edited], rest: Unedited) -> Iterator[Style]:
    """Styles that need no example, and those that the headers of definitions are examples of."""
    headers = [Header(place.file.file.old_path, old, new) for place in places for old, new in place.shapes()]
    yield from STYLES
    yield from decorator_styles(headers, shown, names)
    yield from signature_styles(((one.old, one.new) for one in headers), rest.definitions)


def _chains(place: Edited) -> Iterator[Chain]:
    """The differences of a place, each with the expressions around it."""
    for old, new in place.shapes():
        chains = list(differences(old, new))
        for chain in chains if len(chains) <= MOST_EDITS else ():
            inner = list(takewhile(lambda pair: all(map(_is_expression, pair)), chain))
            if inner:
                yield inner


@dataclass(eq=False)
class Examples:
    """The widest pattern of some expressions, the places where they stand, and what its holes stand for in each."""

    widest: Pattern
    places: set[int] = field(default_factory=set)
    pairs: set[tuple[Shape, Shape]] = field(default_factory=set)
    bound: list[Bound] = field(default_factory=list)


def _examples(chains: Sequence[tuple[int, Chain]], around: int) -> list[Examples]:
    """Patterns of differences with so many expressions around them, the most frequent first."""
    found: dict[Pattern, Examples] = {}
    for number, chain in chains:
        widest, bound = generalised(*chain[around])
        here = found.setdefault(widest, Examples(widest))
        here.places.add(number)
        here.pairs.add(chain[around])
        here.bound.append(bound)
    return sorted(found.values(), key=lambda one: (-len(one.places), str(one.widest)))


_NO_EXPRESSIONS = frozenset(["arguments", "arg", "keyword", "alias", "withitem", "comprehension"])


def _is_expression(part: Shape) -> bool:
    return is_node(part) and len(part) > 1 and part[0] not in _NO_EXPRESSIONS and part[0] not in _STATEMENTS


_STATEMENTS = frozenset(
    ["FunctionDef", "AsyncFunctionDef", "ClassDef", "Return", "Delete", "Assign", "AugAssign", "AnnAssign", "For",
     "AsyncFor", "While", "If", "With", "AsyncWith", "Match", "Raise", "Try", "TryStar", "Assert", "Import",
     "ImportFrom", "Global", "Nonlocal", "Expr", "ExceptHandler", "match_case", "TypeAlias"]
)  # fmt: skip


def _is_held_to(fired: Fired, statements: Sequence[Statement], rest: Unedited) -> bool:
    """Whether the author acted in at least half of the places where a pattern fires; missed ones are noted."""
    acted = idle = 0
    for words, old, new in statements:
        if _may_fire(fired.pattern, words) and fires_in(fired.pattern, old):
            was_run = ran(fired.pattern, old, new)
            acted, idle = acted + was_run, idle + (not was_run)
    limit = acted / LEAST_PRECISION - acted - idle
    if acted < FEWEST or limit < 0:
        return False  # before files that the change does not touch are parsed
    for missed in rest.fired(fired.pattern, int(limit) + 1):
        fired.missed.append(missed)
    return len(fired.missed) <= limit


def _may_fire(pattern: Spelling, words: frozenset[str]) -> bool:
    return isinstance(pattern, Style) or pattern.words <= words


def _explain(places: Sequence[Edited], established: Sequence[Fired]) -> dict[Spelling, list[Edited]]:
    """Give each place to the most frequent pattern that fires in it, as explained or as an exception.

    What comes back are the places that are explained by each pattern that has a part in it.
    """
    order = sorted((p for one in established if isinstance(p := one.pattern, Pattern)), key=lambda one: -_size(one.old))
    styles = [one.pattern for one in established if isinstance(one.pattern, Style)]
    kept: Counter[Spelling] = Counter()
    uses: dict[Spelling, list[Edited]] = {}
    for place in places:
        fired: set[Spelling] = set()
        whole = all(rewritten(old, [*styles, *_alternatives(order, new)], fired) == new for old, new in place.shapes())
        is_torn = any((place.file.span(a).base_n, place.file.span(a).head_n) != (1, 1) for a in place.atoms)
        own = [one for one in established if one.pattern in fired]
        first = next((one for one in own if not one.pattern.is_plain or (whole and is_torn)), None)
        if first is None:
            continue
        if whole:
            first.explained.append(place)
            for one in fired:
                uses.setdefault(one, []).append(place)
        elif (
            any(ran(first.pattern, *one) for one in place.shapes())
            and kept[first.pattern] + place.lines <= MOST_EXCEPTIONS
        ):
            kept[first.pattern] += place.lines
            first.exceptions.append(place)
    return uses


def _alternatives(order: Sequence[Pattern], new: Shape) -> list[Pattern]:
    """Of patterns for the same expression, those that bring only words that stand in what became of a statement."""
    counts = Counter(one.old for one in order)
    if len(counts) == len(order):
        return list(order)
    words = set(words_in(new))
    return [one for one in order if counts[one.old] == 1 or words.issuperset(words_in(one.new))]


def _size(part: Shape) -> int:
    return 1 + sum(map(_size, part)) if isinstance(part, tuple) else 1


def _gated(places: list[Edited]) -> list[Edited]:
    """The places that the gate lets through, file by file."""
    by_file: dict[int, list[Edited]] = {}
    for place in sorted(places, key=lambda one: (one.file.first, one.atoms.start)):
        by_file.setdefault(place.file.file.number, []).append(place)
    return [place for own in by_file.values() for place in withdrawn(own, holds)]


def _claim(reading: Reading, one: Fired, held: Sequence[Edited]) -> Claim:
    files = len({place.file.file.number for place in one.explained})
    return Claim(
        "replace", str(one.pattern),
        f"Replace {one.pattern}: {len(one.explained):,} places in {files:,} files",
        ranges_of([*one.explained, *one.exceptions]),
        (Proof(CLAIM, "replay of a tree pattern", ranges_of(held)),),
        held[0].ranges[0], ranges_of(one.exceptions), tuple(one.missed),
        f"exosuit change materialize {reading.change.id} --group {{group}} --out DIR  # {one.pattern}",
    )  # fmt: skip


def _pooled(reading: Reading, small: Sequence[tuple[Fired, list[Edited]]]) -> Claim:
    """Patterns in few places as one decision; the first place of each has no proof, so that it is read."""
    explained = [place for one, _held in small for place in one.explained]
    held = [place for _one, some in small for place in some[1:]]
    files = len({place.file.file.number for place in explained})
    named = "; ".join(str(one.pattern) for one, _held in small[:2])
    more = f" and {len(small) - 2:,} more" if len(small) > 2 else ""
    return Claim(
        "replace", "small", f"Replace {named}{more}: {len(explained):,} places in {files:,} files",
        ranges_of(explained), (Proof(CLAIM, "replay of a tree pattern", ranges_of(held)),), small[0][1][0].ranges[0],
        missed=tuple(place for one, _held in small for place in one.missed),
        reproduce=f"exosuit change materialize {reading.change.id} --group {{group}} --out DIR  # "
        + "; ".join(str(one.pattern) for one, _held in small),
    )  # fmt: skip
