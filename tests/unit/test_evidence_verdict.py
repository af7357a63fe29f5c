"""The verdict on a group is never better than its worst line, and evidence keeps what it says as JSON."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exosuit.changes.decisions import merged
from exosuit.verify.evidence.model import STRENGTHS, Evidence, Lines, Strength, as_json, from_json, proved
from exosuit.verify.evidence.verdict import WORDS, verdict
from exosuit.verify.plan.model import Proof

RANGE = st.tuples(st.integers(0, 30), st.integers(1, 8)).map(lambda one: (one[0], one[0] + one[1]))
ATOMS = st.lists(RANGE, min_size=1, max_size=3).map(lambda found: tuple(merged(found)))
KINDS = st.sampled_from(["tests", "revert", "secret", "interface"])


def evidence(strength: Strength, atoms: tuple[tuple[int, int], ...], kind: str = "tests", **more: object) -> Evidence:
    made = Evidence(kind, strength, f"It is {strength}.", atoms, (), "true", ("b" * 40, "h" * 40))
    return Evidence(**{**{name: getattr(made, name) for name in made.__dataclass_fields__}, **more})


PIECES = st.builds(
    evidence, st.sampled_from(sorted(STRENGTHS)), ATOMS, KINDS,
    settled_by=st.lists(KINDS, max_size=2).map(tuple), title=st.sampled_from(["One.", "Two."]),
)  # fmt: skip


def rank(atoms: tuple[tuple[int, int], ...], pieces: list[Evidence]) -> int:
    """From the worst, 0."""
    return WORDS.index(verdict(atoms, pieces).word)


@given(ATOMS, st.lists(PIECES, max_size=8))
def test_a_group_is_what_its_worst_atom_is(atoms: tuple[tuple[int, int], ...], pieces: list[Evidence]) -> None:
    single = [rank(((atom, atom + 1),), pieces) for first, end in atoms for atom in range(first, end)]
    assert rank(atoms, pieces) == min(single)


@given(ATOMS, st.lists(PIECES, max_size=8), PIECES)
def test_what_speaks_against_never_helps_and_support_never_hurts(
    atoms: tuple[tuple[int, int], ...], pieces: list[Evidence], one: Evidence
) -> None:
    before, after = rank(atoms, pieces), rank(atoms, [*pieces, one])
    if one.strength in ("against", "differs", "unknown"):
        assert after <= before
    if one.strength in ("supports", "proof"):
        assert after >= before


@given(ATOMS, st.lists(PIECES, max_size=8), st.integers())
def test_the_order_of_the_evidence_does_not_matter(
    atoms: tuple[tuple[int, int], ...], pieces: list[Evidence], seed: int
) -> None:
    mixed = list(pieces)
    random.Random(seed).shuffle(mixed)
    assert verdict(atoms, pieces) == verdict(atoms, mixed)


@given(ATOMS, st.lists(PIECES, max_size=8), PIECES)
def test_evidence_about_other_atoms_says_nothing(
    atoms: tuple[tuple[int, int], ...], pieces: list[Evidence], one: Evidence
) -> None:
    far = evidence(one.strength, tuple((first + 100, end + 100) for first, end in one.atoms), one.kind)
    assert verdict(atoms, pieces) == verdict(atoms, [*pieces, far])


@given(PIECES)
def test_evidence_survives_json(one: Evidence) -> None:
    assert from_json(json.loads(json.dumps(as_json(one)))) == one


def test_json_keeps_paths_that_are_no_text() -> None:
    odd = evidence("against", ((0, 1),), lines=(Lines(b"caf\xe9.py", "head", 1, 2),))
    assert from_json(json.loads(json.dumps(as_json(odd)))) == odd
    with pytest.raises(ValueError, match="no strength"):
        from_json({**as_json(odd), "strength": "excellent"})


def test_a_line_of_which_nothing_is_said_is_unknown() -> None:
    found = verdict(((0, 10),), [evidence("proof", ((0, 9),))])
    assert (found.word, found.why, found.ids) == ("unknown", "Nothing is known of 1 atom.", ())


def test_an_unknown_is_settled_by_what_it_names_and_by_nothing_else() -> None:
    gap = evidence("unknown", ((0, 4),), "coverage", settled_by=("revert",))
    assert verdict(((0, 4),), [gap, evidence("supports", ((0, 4),), "tests")]).word == "unknown"
    assert verdict(((0, 4),), [gap, evidence("supports", ((0, 4),), "revert")]).word == "supported"
    assert verdict(((0, 4),), [gap, evidence("supports", ((0, 3),), "revert")]).word == "unknown"


def test_a_proof_outdoes_support_and_nothing_else() -> None:
    proof = proved(Proof("same program", "comments", ((0, 4),)), ("b", "h"), "true")
    assert verdict(((0, 4),), [proof, evidence("supports", ((0, 2),))]).word == "proved"
    for strength in ("against", "differs", "unknown"):
        assert verdict(((0, 4),), [proof, evidence(strength, ((0, 1),))]).word == strength


def test_the_reason_is_the_sentence_that_covers_most_and_how_many_others_there_are() -> None:
    pieces = [
        evidence("against", ((0, 1),), title="Small."),
        evidence("against", ((1, 5),), title="Large."),
        evidence("differs", ((0, 9),), title="Not this."),
    ]
    assert verdict(((0, 9),), pieces).why == "Large. And 1 more."


def test_evidence_goes_stale_with_its_snapshots_and_keeps_its_name_whatever_it_cost() -> None:
    one = evidence("supports", ((0, 1),))
    assert not one.is_stale(["b" * 40, "h" * 40, "x"])
    assert one.is_stale(["b" * 40, "x"])
    assert one.lasting(2.5).id == one.id
    assert one.lasting(2.5).seconds == 2.5
