"""What is measured of an order: how much is read until the first line of the defect, with intervals by repository."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.order_pieces import Item
from exosuit.verify.order.model import Model

SHARE = 0.2
DRAWS = 2_000
SHUFFLES = 20


@dataclass(frozen=True)
class Reached:
    """The share of all lines that is read up to and with the first line of the defect."""

    repo: str
    share: float
    within: float


def read_until(order: Sequence[Item]) -> float:
    """Lines read until the defect, over all lines; pieces are read from top to bottom, removed lines too."""
    total = sum(item.lines for item in order) or 1
    read = 0
    for item in order:
        if item.first:
            return (read + item.first) / total
        read += item.lines
    return 1.0


Rule = Callable[[Sequence[Item]], list[Item]]


def _by(key: Callable[[Item], tuple[float, ...]]) -> Rule:
    return lambda items: sorted(items, key=key)


RULES: dict[str, Rule] = {
    "git order": _by(lambda item: (item.place,)),
    "largest first": _by(lambda item: (-item.lines, item.place)),
    "smallest first": _by(lambda item: (item.lines, item.place)),
    "Python, then smallest": _by(lambda item: (not item.path.endswith(".py"), item.lines, item.place)),
    "most changed file first": _by(lambda item: (-item.commits, item.place)),
}


def judged(repo: str, items: Sequence[Item], rule: Rule) -> Reached:
    """One case under one rule."""
    share = read_until(rule(items))
    return Reached(repo, share, float(share <= SHARE))


def at_random(repo: str, items: Sequence[Item]) -> Reached:
    """The mean of `SHUFFLES` shuffles."""
    shares = []
    for seed in range(SHUFFLES):
        order = list(items)
        random.Random(seed).shuffle(order)
        shares.append(read_until(order))
    return Reached(repo, sum(shares) / SHUFFLES, sum(share <= SHARE for share in shares) / SHUFFLES)


def by_model(model: Model) -> Rule:
    """Most expected defects per line first."""
    return lambda items: sorted(items, key=lambda item: (-model.rate(item.features), item.place))


def row(name: str, found: Sequence[Reached]) -> str:
    """A line of the table: the share of cases within the first 20 %, its 95 % interval, the mean share read."""
    low, high = interval(found)
    within = sum(one.within for one in found) / len(found)
    mean = sum(one.share for one in found) / len(found)
    return f"{name:<34} {len(found):>5} {within:>8.2f}  [{low:.2f}, {high:.2f}] {mean:>10.3f}"


HEAD = f"{'order':<34} {'pairs':>5} {'in 20 %':>8}  {'95 %':<12} {'read, mean':>10}"


def interval(found: Sequence[Reached]) -> tuple[float, float]:
    """By drawing whole repositories again and again (Efron 1979)."""
    by_repo: dict[str, list[float]] = {}
    for one in found:
        by_repo.setdefault(one.repo, []).append(one.within)
    names = sorted(by_repo)
    draw = random.Random(0)
    means = []
    for _ in range(DRAWS):
        values = [value for name in draw.choices(names, k=len(names)) for value in by_repo[name]]
        means.append(sum(values) / len(values))
    means.sort()
    return means[int(0.025 * DRAWS)], means[int(0.975 * DRAWS)]
