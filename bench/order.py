"""How soon a defect is reached: `bench/order --clones DIR --data FILE [--sizes 1000,10000] [--groups N]`.

Pairs of a fix and the commit that brought the bug in, squashed with its neighbours; see `order_pairs`. Ours is
learnt from other repositories than the one that is judged. With `--groups` N cases of each size are planned too, and
read group by group as the plan shows them, each group from top to bottom.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.order_cases import Known, folds, known_cases
from bench.order_figures import HEAD, RULES, SHARE, Reached, at_random, by_model, judged, read_until, row
from bench.order_pieces import groups_of
from bench.order_train import DESIGNS, learnt
from exosuit.verify.order.model import Model

OURS = next(iter(DESIGNS))


def by_hunks(found: Sequence[Known], models: dict[str, Model]) -> None:
    """The table of rules that put hunks in order."""
    for name, rule in RULES.items():
        print(row(name, [judged(one.family, one.items, rule) for one in found]))
    print(row("random, mean of 20", [at_random(one.family, one.items) for one in found]))
    print(row("ours, hunk by hunk", [judged(one.family, one.items, by_model(models[one.family])) for one in found]))


def by_groups(found: Sequence[Known], models: dict[str, Model]) -> None:
    """The table of orders of the plan's groups, with ours hunk by hunk on the same cases."""
    reached: dict[str, list[Reached]] = {}
    for one in found:
        model = models[one.family]
        reached.setdefault("of these, ours hunk by hunk", []).append(judged(one.family, one.items, by_model(model)))
        for name, order in groups_of(one.case, model).items():
            share = read_until(order)
            reached.setdefault(name, []).append(Reached(one.family, share, float(share <= SHARE)))
    for name, shares in reached.items():
        print(row(name, shares))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench/order")
    parser.add_argument("--clones", type=Path, required=True, help="a folder of clones named owner+name")
    parser.add_argument("--data", type=Path, required=True, help="the pairs")
    parser.add_argument("--sizes", default="1000,10000", help="changed lines of a squash, at least")
    parser.add_argument("--groups", type=int, default=0, help="cases of each size to plan, which takes seconds each")
    told = parser.parse_args(arguments)
    sizes = [int(size) for size in told.sizes.split(",")]
    found, lacking = known_cases(told.clones, told.data, sizes)
    print("not used:", ", ".join(f"{reason} {count}" for reason, count in sorted(lacking.items())) or "none")
    models = {
        one.family: model for learn, judge in folds(found) for model in [learnt(learn, *DESIGNS[OURS])] for one in judge
    }
    for size in sizes:
        here = [one for one in found if one.size == size]
        families = len({one.family for one in here})
        print(f"\nsquashed to {size:,} lines or more: {len(here)} pairs of {families} repositories")
        print(HEAD)
        if here:
            by_hunks(here, models)
        if here and told.groups:
            by_groups(here[: told.groups], models)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
