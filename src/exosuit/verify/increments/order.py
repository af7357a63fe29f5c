"""Atoms and edges in, increments out: strongly connected sets condensed, ordered, with no need said twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

from exosuit.changes.decisions import merged
from exosuit.verify.increments.model import Edge, Increment

REDUCED = 1 << 14
"""Needs that follow from others are left out among at most so many increments: the search grows with their square."""


def condensed(atoms: int, edges: Iterable[Edge]) -> tuple[Increment, ...]:
    """The increments in an order whose every prefix is closed: each comes after all that it needs.

    Among those that could come next it is the one with the first atom.
    """
    needs: list[list[int]] = [[] for _ in range(atoms)]
    for edge in edges:
        needs[edge.atom].append(edge.needs)
    of = components(needs)
    sets: list[list[int]] = [[] for _ in range(max(of, default=-1) + 1)]
    for atom, number in enumerate(of):
        sets[number].append(atom)
    outer: list[set[int]] = [set() for _ in sets]
    for atom, others in enumerate(needs):
        outer[of[atom]].update(of[other] for other in others)
    for number, others_of in enumerate(outer):
        others_of.discard(number)
    order = _ordered(sets, outer)
    kept = _reduced(order, outer)
    names = [_name(held) for held in sets]
    return tuple(
        Increment(
            names[number],
            tuple(merged((atom, atom + 1) for atom in sets[number])),
            tuple(names[other] for other in sorted(kept[number], key=lambda other: sets[other][0])),
        )
        for number in order
    )


def _name(atoms: list[int]) -> str:
    """The same for the same set of atoms of a change."""
    return "i" + hashlib.sha256(",".join(map(str, atoms)).encode()).hexdigest()[:8]


def components(needs: Sequence[Sequence[int]]) -> list[int]:
    """For each node the number of its strongly connected set (Tarjan 1972, without recursion)."""
    count = len(needs)
    index, low, of = [-1] * count, [0] * count, [-1] * count
    stack: list[int] = []
    seen = found = 0
    for root in range(count):
        if index[root] >= 0:
            continue
        work = [(root, 0)]
        while work:
            node, at = work.pop()
            if at == 0:
                index[node] = low[node] = seen
                seen += 1
                stack.append(node)
            others = needs[node]
            while at < len(others):
                other = others[at]
                at += 1
                if index[other] < 0:
                    work += ((node, at), (other, 0))
                    break
                if of[other] < 0:
                    low[node] = min(low[node], index[other])
            else:
                if low[node] == index[node]:
                    found = _popped(stack, node, of, found)
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
    return of


def _popped(stack: list[int], node: int, of: list[int], found: int) -> int:
    while True:
        other = stack.pop()
        of[other] = found
        if other == node:
            return found + 1


def _ordered(sets: list[list[int]], needs: list[set[int]]) -> list[int]:
    """A topological order, first atoms first (Kahn 1962)."""
    waiting = [len(others) for others in needs]
    needed_by: list[list[int]] = [[] for _ in sets]
    for number, others in enumerate(needs):
        for other in others:
            needed_by[other].append(number)
    ready: list[tuple[int, int]] = []
    for number, left in enumerate(waiting):
        if not left:
            heappush(ready, (sets[number][0], number))
    order = []
    while ready:
        number = heappop(ready)[1]
        order.append(number)
        for other in needed_by[number]:
            waiting[other] -= 1
            if not waiting[other]:
                heappush(ready, (sets[other][0], other))
    return order


def _reduced(order: list[int], needs: list[set[int]]) -> list[set[int]]:
    """The needs without those that follow from others (transitive reduction, by sets of bits)."""
    if len(order) > REDUCED:
        return needs
    place = {number: at for at, number in enumerate(order)}
    reach = [0] * len(order)
    kept: list[set[int]] = [set() for _ in needs]
    for at, number in enumerate(order):
        found = 0
        for other in sorted(needs[number], key=lambda other: -place[other]):
            if not found >> place[other] & 1:
                kept[number].add(other)
                found |= reach[place[other]] | 1 << place[other]
        reach[at] = found
    return kept
