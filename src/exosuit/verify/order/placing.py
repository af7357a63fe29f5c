"""The order in which to look at the groups of a plan, with one line why for each. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from exosuit.changes.decisions import merged
from exosuit.verify.evidence.model import STRENGTHS, Evidence, Strength, about
from exosuit.verify.order.features import NAMES, UNSAID, features
from exosuit.verify.order.history import History
from exosuit.verify.order.model import Model, shipped
from exosuit.verify.order.pieces import Seen, pieces
from exosuit.verify.order.sequence import Job, sequenced
from exosuit.verify.plan.model import Group
from exosuit.verify.plan.reading import Reading

TOLD = 3
"""Contributions in a reason, at most."""
SLIGHT = 0.05
"""A contribution below this is not told."""
LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group stands: `times` is its expected defects per line of reading over that of the whole change.

    `parts` are what moves it, as (words, factor on the risk), largest first; `reason` is one line of that.
    """

    group: str
    times: float
    parts: tuple[tuple[str, float], ...]
    reason: str


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A group with its expected defects, the lines of reading it costs, and the mean of each feature by line."""

    group: Group
    defects: float
    reading: float
    lines: int
    means: Mapping[str, float]
    worst: Strength | None


def places(
    reading: Reading,
    groups: Sequence[Group],
    history: History,
    evidence: Iterable[Evidence] = (),
    needs: Sequence[Collection[int]] = (),
    model: Model | None = None,
) -> list[Place]:
    """The groups in order: most expected defects per line of reading first; `needs` names what comes before each."""
    using = model or shipped()
    told = [one for one in evidence if one.strength not in ("proof", "unknown")]
    parted = pieces(reading, [group.atoms for group in groups], history)
    weighed = [_weighed(using, *pair, told) for pair in zip(groups, parted, strict=True)]
    order = sequenced([Job(max(one.defects, LEAST), one.reading) for one in weighed], needs)
    mean = sum(one.defects for one in weighed) / (sum(one.reading for one in weighed) or 1.0)
    usual = _mean([(one.means, one.lines) for one in weighed])
    return [_place(using, weighed[at], mean or LEAST, usual) for at in order]


def _weighed(model: Model, group: Group, parted: Sequence[Seen], told: Sequence[Evidence]) -> _Weighed:
    proved = bytearray(1 + max((seen.atoms.stop for seen in parted), default=0) - group.atoms[0][0])
    start = group.atoms[0][0]
    for first, end in merged(part for proof in group.proofs for part in proof.atoms):
        proved[first - start : end - start] = b"\x01" * (end - first)
    defects = cost = 0.0
    seen_features = []
    for seen in parted:
        found = features(seen.piece)
        share = sum(proved[seen.atoms.start - start : seen.atoms.stop - start]) / len(seen.atoms)
        lines = max(1, seen.piece.lines)
        defects += model.rate(found) * lines * (1 - share * (1 - model.proved_risk))
        cost += lines * (1 - share * (1 - model.proved_reading))
        seen_features.append((found, lines))
    worst = _worst(group, told)
    lines = sum(lines for _found, lines in seen_features)
    factor = model.evidence[worst] if worst else 1.0
    return _Weighed(group, defects * factor, max(cost, LEAST), lines, _mean(seen_features), worst)


def _worst(group: Group, told: Sequence[Evidence]) -> Strength | None:
    """The worst strength of evidence about any atom of a group."""
    found = {one.strength for one in about(group.atoms, told)}
    return max(found, key=list(STRENGTHS).index, default=None)


def _mean(found: Sequence[tuple[Mapping[str, float], int]]) -> dict[str, float]:
    """The mean of each feature, by line."""
    total = sum(lines for _features, lines in found) or 1
    sums: dict[str, float] = {}
    for one, lines in found:
        for name, value in one.items():
            sums[name] = sums.get(name, 0.0) + value * lines
    return {name: value / total for name, value in sums.items()}


def _place(model: Model, one: _Weighed, mean: float, usual: Mapping[str, float]) -> Place:
    times = one.defects / one.reading / mean
    parts = _parts(model, one, usual)
    high = times >= 1
    said = [words for words, part in parts if (part > 0) == high and abs(part) >= SLIGHT][:TOLD]
    why = ", ".join(said) or "nothing about it stands out"
    return Place(one.group.id, times, tuple(parts), f"{_times(times)} the risk of an average line here: {why}")


def _times(times: float) -> str:
    return f"{times:.1f} ×" if times >= 0.95 else f"{times:.2f} ×" if times >= 0.01 else "under .01 ×"


def _parts(model: Model, one: _Weighed, usual: Mapping[str, float]) -> list[tuple[str, float]]:
    """What sets a group apart from the average line, in the exponent of its risk; the largest first."""
    found = []
    for name, weight in model.coefficients.items():
        more = one.means.get(name, 0.0) - usual.get(name, 0.0)
        if weight * more and not (more < 0 and name in UNSAID):
            found.append((NAMES[name][more < 0], weight * more))
    found.sort(key=lambda part: (-abs(part[1]), part[0]))
    if one.worst:
        found.insert(0, (_SAID[one.worst], {"against": 1.0, "differs": 1.0}.get(one.worst, -1.0)))
    if one.group.lines and one.group.unproved_lines < one.group.lines:
        share = 1 - one.group.unproved_lines / one.group.lines
        found.insert(0, (f"{share:.0%} of its lines are proved", -share))
    return found


_SAID: dict[Strength, str] = {
    "against": "evidence against it",
    "differs": "evidence that it does otherwise than before",
    "supports": "evidence that supports it",
}
