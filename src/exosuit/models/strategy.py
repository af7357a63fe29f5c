"""In which order the supplies of a route are asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exosuit.models.config import Strategy, SupplyTable
from exosuit.models.drivers import Supply

Price = Callable[[SupplyTable], float | None]
"""Dollars for a million tokens in and a fourth of it out, or None where it is not known."""


def ordered(supplies: Sequence[Supply], strategy: Strategy, last: str, price: Price) -> list[Supply]:
    """The supplies, first choice first; ties stay in the order of the configuration.

    `cheapest`: those without a known price come last. `fastest`: by the median time to the first event; one that was
    never measured comes first, so that it is. `sticky`: the one that answered `last` stays, for its cache of prompts.
    """
    if strategy == "cheapest":
        costs = {one.name: price(one.table) for one in supplies}
        return sorted(supplies, key=lambda one: (costs[one.name] is None, costs[one.name] or 0.0))
    if strategy == "fastest":
        return sorted(supplies, key=lambda one: one.health.typical() or 0.0)
    if strategy == "sticky":
        return sorted(supplies, key=lambda one: one.name != last)
    return list(supplies)
