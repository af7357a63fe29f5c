"""Makes the coefficients of the order: `bench/order-train --clones DIR --data FILE [--write]`.

Prints for several designs what is reached in repositories that were not learnt from (five parts, forks together), and
with `--write` puts the coefficients of the first design, learnt from all pairs, into the package.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.order_cases import SIZES, Known, folds, known_cases
from bench.order_figures import HEAD, Reached, by_model, judged, row
from bench.order_fit import asked, fitted
from exosuit.verify.order.features import NAMES
from exosuit.verify.order.model import Model, shipped

FILE = Path(__file__).parents[1] / "src/exosuit/verify/order/coefficients.json"
HISTORY = ("busy", "fixed", "fix share", "authors", "recent")
PATHS = ("lines", "python", "test", "prose", "data", "machine made", "other code")
DESIGNS: dict[str, tuple[Sequence[str], float]] = {
    "all features": (tuple(NAMES), 60.0),
    "all features, hardly held": (tuple(NAMES), 1.0),
    "without history": (tuple(name for name in NAMES if name not in HISTORY), 60.0),
    "paths and size only": (PATHS, 60.0),
}
"""The features of each, and how strongly their coefficients are held to 0."""


def learnt(found: Sequence[Known], names: Sequence[str], ridge: float) -> Model:
    """A model from cases; what is set by hand is as shipped."""
    questions = [asked(one.items, names, f"{one.case.fix} {one.size}") for one in found]
    by_hand = shipped()
    return Model(fitted(questions, names, ridge), by_hand.evidence, by_hand.proved_risk, by_hand.proved_reading)


def held_out(found: Sequence[Known], design: str) -> dict[int, list[Reached]]:
    """What a design reaches on cases of repositories that it was not learnt from, by size."""
    reached: dict[int, list[Reached]] = {size: [] for size in SIZES}
    for learn, judge in folds(found):
        rule = by_model(learnt(learn, *DESIGNS[design]))
        for one in judge:
            reached[one.size].append(judged(one.family, one.items, rule))
    return reached


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench/order-train")
    parser.add_argument("--clones", type=Path, required=True, help="a folder of clones named owner+name")
    parser.add_argument("--data", type=Path, required=True, help="the pairs")
    parser.add_argument("--write", action="store_true", help="write the coefficients into the package")
    told = parser.parse_args(arguments)
    found, lacking = known_cases(told.clones, told.data)
    print(f"{len(found)} cases of {len({one.family for one in found})} repositories; not used: {dict(lacking)}")
    print(" " * 8 + HEAD)
    for design in DESIGNS:
        for size, reached in held_out(found, design).items():
            print(f"{size:>6,}  " + (row(design, reached) if reached else "no case"), flush=True)
    if told.write:
        names, ridge = next(iter(DESIGNS.values()))
        made = learnt(found, names, ridge)
        coefficients = {name: round(value, 3) for name, value in sorted(made.coefficients.items())}
        data = {**json.loads(FILE.read_text("utf-8")), "coefficients": coefficients}
        FILE.write_text(json.dumps(data, indent=2) + "\n", "utf-8")
        print(f"{len(coefficients)} coefficients written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
