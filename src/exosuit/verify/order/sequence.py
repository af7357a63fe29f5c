"""One after the other on one reader: the order with the least expected weight times time (1|prec|ΣwC).

Without precedence that is by weight per cost (Smith 1956), which is the best. With it the problem is NP-hard (Lawler
1978); here that set comes next which holds a job and all it still waits for, and has the most weight per cost of all
such sets. That is the first step of Sidney's decomposition (1975) among the sets that one job spans.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from exosuit.verify.increments.order import components


class Job(NamedTuple):
    """What is waited for, and what it takes; both more than 0."""

    weight: float
    cost: float


def sequenced(jobs: Sequence[Job], needs: Sequence[Collection[int]] = ()) -> list[int]:
    """The numbers of the jobs in order; each after those it needs, unless they need each other in a circle.

    Of equals the first stays first. Linear in n log n without needs, quadratic in the jobs with them.
    """
    if not any(needs):
        return sorted(range(len(jobs)), key=lambda at: (-jobs[at].weight / jobs[at].cost, at))
    waits = _waits(needs)
    left = set(range(len(jobs)))
    order: list[int] = []
    while left:
        spans = {at: waits[at] & left | {at} for at in left}
        chosen = min(left, key=lambda at: (-_ratio(jobs, spans[at]), len(spans[at]), at))
        part = sorted(spans[chosen], key=lambda at: (len(waits[at] & spans[chosen]), -_ratio(jobs, {at}), at))
        order += part
        left.difference_update(part)
    return order


def _ratio(jobs: Sequence[Job], some: Collection[int]) -> float:
    return sum(jobs[at].weight for at in some) / sum(jobs[at].cost for at in some)


def _waits(needs: Sequence[Collection[int]]) -> list[frozenset[int]]:
    """For each job all that it waits for, at however many removes; needs within a circle are dropped."""
    of = components([list(some) for some in needs])
    found: dict[int, frozenset[int]] = {}
    for at in sorted(range(len(needs)), key=lambda at: of[at]):  # components come after those that they reach
        direct = {other for other in needs[at] if of[other] != of[at]}
        found[at] = frozenset(direct.union(*(found[other] for other in direct)))
    return [found[at] for at in range(len(needs))]
