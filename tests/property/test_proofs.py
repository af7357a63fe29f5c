"""Operators on this project's own code with semantic edits hidden in them: no proof ever covers a hidden edit."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import exosuit
from bench.collapse import seeded, wrong
from bench.collapse_seeds import Seeded
from exosuit.verify.plan.gate import is_same_program
from exosuit.verify.plan.python.standards import Aside, Standard
from tests.counterexamples.planned import Planned, planned

ROOT = Path(exosuit.__file__).parent
FILES = [
    (path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
    for path in sorted(ROOT.glob("c*/*.py"))
    if 800 < path.stat().st_size < 12_000
]


def trial(seed: int) -> tuple[Seeded, Planned]:
    rng = random.Random(seed)
    made = seeded(dict(rng.sample(FILES, 3)), rng, rng.randrange(100))
    assume(made.base != made.head)
    return made, planned(made.base, made.head)


@pytest.mark.slow
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 32))
def test_no_proof_covers_a_hidden_edit(seed: int) -> None:
    made, found = trial(seed)
    assert wrong(found, made) == []


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 32))
def test_the_proved_atoms_alone_leave_every_file_the_same_program(seed: int) -> None:
    _made, found = trial(seed)
    aside = Standard(frozenset({Aside.LOCALS, Aside.ORDER, Aside.DOCSTRINGS, Aside.ANNOTATIONS}))
    claims = ("same program", "same program but for docstrings", "same program but for annotations")
    proved = set().union(*(found.proved(claim) for claim in claims))
    for file in found.reading.files:
        own = [atom - file.first for atom in proved if file.first <= atom < file.first + file.file.atoms]
        assert not own or is_same_program(file, own, aside)


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 32))
def test_groups_partition_the_atoms_of_any_change(seed: int) -> None:
    _made, found = trial(seed)
    atoms = sorted(atom for group in found.plan.groups for atom in found.reading.atoms_of(group.atoms))
    assert atoms == list(range(found.change.atoms))
    assert sorted(found.plan.order) == sorted(group.id for group in found.plan.groups)
