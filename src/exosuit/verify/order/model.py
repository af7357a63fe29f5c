"""The model: one coefficient for each feature, in a file that anyone can read. Nothing is learnt at run time.

The defects expected in a line are exp(Σ coefficient · feature), up to a factor that is the same through the change and
so has no bearing on the order. `bench/order-train` makes the coefficients; those for evidence are set by hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp
from typing import Any

from exosuit.verify.evidence.model import Strength
from exosuit.verify.order.features import NAMES, Features

FILE = "coefficients.json"
STEEPEST = 20.0
"""The exponent is held within this, so that no input makes a number that overflows."""


@dataclass(frozen=True, slots=True)
class Model:
    """`coefficients` by feature; `evidence` multiplies the risk of a group by the worst that is said of it.

    A proved line holds `proved_risk` of the defects of another, and costs `proved_reading` of its reading.
    """

    coefficients: Mapping[str, float]
    evidence: Mapping[Strength, float]
    proved_risk: float
    proved_reading: float

    def rate(self, features: Features) -> float:
        """Defects expected per line, up to a common factor."""
        total = sum(self.coefficients.get(name, 0.0) * value for name, value in features.items())
        return exp(max(-STEEPEST, min(STEEPEST, total)))


def read(data: Mapping[str, Any]) -> Model:
    """A model from plain data. Raises KeyError where something is missing, ValueError on a feature that is unknown."""
    unknown = data["coefficients"].keys() - NAMES.keys()
    if unknown:
        raise ValueError(f"no such feature: {', '.join(sorted(unknown))}")
    return Model(data["coefficients"], data["evidence"], data["proved_risk"], data["proved_reading"])


@cache
def shipped() -> Model:
    """The model of this package."""
    return read(json.loads(files(__package__).joinpath(FILE).read_text("utf-8")))
