"""Each operator by itself on this project's own code, with edits hidden in it: no proof ever covers one of them."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bench.collapse import wrong
from bench.collapse_seeds import OPERATORS, Files, Seeded, annotated, hide
from tests.counterexamples.planned import planned
from tests.property.test_proofs import FILES


def without_annotations(text: str) -> str:
    """Code with no annotations of functions, so that there are some to put in."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    return "import re\n" + ast.unparse(tree).replace("from __future__ import annotations\n", "") + "\n"


BARE = [(path, without_annotations(text)) for path, text in FILES]


@pytest.mark.slow
@pytest.mark.parametrize("operator", OPERATORS, ids=lambda one: one.__name__)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 32))
def test_no_proof_covers_an_edit_hidden_in_an_operator(
    operator: Callable[[Files, random.Random], Seeded], seed: int
) -> None:
    rng = random.Random(seed)
    made = operator(dict(rng.sample(BARE if operator is annotated else FILES, 3)), rng)
    hide(made, rng, rng.randrange(4))
    assume(made.base != made.head)
    assert wrong(planned(made.base, made.head), made) == []
