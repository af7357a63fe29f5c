"""One word for a group of atoms, and one line why. Never better than the worst of its lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from exosuit.changes.decisions import merged
from exosuit.verify.evidence.model import Evidence, Strength
from exosuit.verify.plan.model import Ranges

Word = Literal["proved", "supported", "unknown", "differs", "against"]

WORDS: tuple[Word, ...] = ("against", "differs", "unknown", "supported", "proved")
"""From the worst to the best."""

_OF: dict[Strength, Word] = {
    "against": "against", "differs": "differs", "unknown": "unknown", "supports": "supported", "proof": "proved",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence of a group amounts to. `ids` name the evidence that decided; none if there is too little."""

    word: Word
    why: str
    ids: tuple[str, ...]


def verdict(atoms: Ranges, evidence: Iterable[Evidence]) -> Verdict:
    """The verdict on some atoms. Pure; the order of the evidence does not matter.

    Of an atom: the worst that is said of it, an unknown that is settled left out; a proof lets support be forgotten;
    of what nothing is said, nothing is known. Of a group: that of its worst atom.
    """
    told = sorted(evidence, key=lambda one: one.id)
    words = [(stretch, *_of_stretch(about)) for stretch, about in _stretches(merged(atoms), told)]
    if not words:
        return Verdict("unknown", "there is nothing to judge", ())
    worst = min((word for _stretch, word, _by in words), key=WORDS.index)
    deciding = {one.id: one for _stretch, word, by in words if word == worst for one in by}
    bare = sum(end - first for (first, end), word, by in words if word == worst and not by)
    return Verdict(worst, _why(list(deciding.values()), bare), tuple(sorted(deciding)))


def _stretches(
    atoms: Sequence[tuple[int, int]], evidence: Sequence[Evidence]
) -> list[tuple[tuple[int, int], list[Evidence]]]:
    """The atoms cut where evidence begins or ends, each stretch with all that is said of it; in one sweep."""
    events: list[tuple[int, int, int]] = []
    for number, one in enumerate(evidence):
        for first, end in merged(one.atoms):
            events += [(first, 1, number), (end, 0, number)]
    for first, end in atoms:
        events += [(first, 3, -1), (end, 2, -1)]
    found: list[tuple[tuple[int, int], list[Evidence]]] = []
    open_now: set[int] = set()
    inside, since = False, 0
    for at, what, number in sorted(events):
        if inside and at > since:
            found.append(((since, at), [evidence[i] for i in sorted(open_now)]))
        since = at
        if number < 0:
            inside = what == 3
        elif what:
            open_now.add(number)
        else:
            open_now.discard(number)
    return found


def _of_stretch(about: list[Evidence]) -> tuple[Word, list[Evidence]]:
    """The word for atoms of which all the same is said, and what decided it."""
    good = {one.kind for one in about if one.strength in ("supports", "proof")}
    open_ends = [one for one in about if one.strength == "unknown" and not good & set(one.settled_by)]
    for strength in ("against", "differs", "unknown", "proof", "supports"):
        by = open_ends if strength == "unknown" else [one for one in about if one.strength == strength]
        if by:
            return _OF[strength], by
    return "unknown", []


def _why(deciding: list[Evidence], bare: int) -> str:
    """The sentence that covers most, and how many others there are."""
    if not deciding:
        return f"Nothing is known of {bare:,} atom{'' if bare == 1 else 's'}."
    first = min(deciding, key=lambda one: (-sum(end - start for start, end in one.atoms), one.title, one.id))
    others = len(deciding) - 1 + bool(bare)
    return first.title + (f" And {others:,} more." if others else "")
