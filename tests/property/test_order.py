"""Laws of the order in which to look at a change."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from exosuit.verify.order.features import NAMES, Piece, features
from exosuit.verify.order.history import Past
from exosuit.verify.order.model import shipped
from exosuit.verify.order.sequence import Job, sequenced

numbers = st.integers(1, 50).map(float)
jobs = st.lists(st.builds(Job, numbers, numbers), max_size=12)
small = st.lists(st.builds(Job, numbers, numbers), min_size=1, max_size=5)
lines = st.lists(st.binary(max_size=60).map(lambda line: line + b"\n"), max_size=8)


def cost(some: list[Job], order: list[int]) -> float:
    """Σ wC: each weight times the time until its job is done."""
    total = time = 0.0
    for at in order:
        time += some[at].cost
        total += some[at].weight * time
    return total


@given(jobs)
def test_the_order_is_a_permutation_and_the_same_each_time(some: list[Job]) -> None:
    order = sequenced(some)
    assert sorted(order) == list(range(len(some)))
    assert order == sequenced(some)


@given(small)
def test_without_needs_no_order_costs_less(some: list[Job]) -> None:
    found = cost(some, sequenced(some))
    assert found <= min(cost(some, list(other)) for other in permutations(range(len(some)))) * (1 + 1e-9)


@given(jobs.filter(bool), st.data())
def test_more_risk_never_puts_a_job_later(some: list[Job], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(some) - 1))
    riskier = [job._replace(weight=job.weight * 2) if number == at else job for number, job in enumerate(some)]
    assert sequenced(riskier).index(at) <= sequenced(some).index(at)


@given(jobs.filter(bool), st.data())
def test_each_job_comes_after_those_it_needs(some: list[Job], data: st.DataObject) -> None:
    count = len(some)
    ranks = data.draw(st.permutations(range(count)))
    needs = [
        data.draw(st.sets(st.sampled_from([b for b in range(count) if ranks[b] < ranks[a]] or [a])).map(lambda s: s))
        for a in range(count)
    ]
    order = sequenced(some, needs)
    place = {job: at for at, job in enumerate(order)}
    assert sorted(order) == list(range(count))
    assert all(place[other] < place[job] for job in range(count) for other in needs[job] if other != job)


def test_jobs_that_need_each_other_in_a_circle_are_put_in_order_all_the_same() -> None:
    assert sequenced([Job(1, 1), Job(5, 1), Job(9, 1)], [[1], [0], []]) == [2, 1, 0]


def test_a_dull_job_comes_early_where_a_telling_one_waits_for_it() -> None:
    some = [Job(3, 1), Job(0.1, 1), Job(9, 1)]
    assert sequenced(some) == [2, 0, 1]
    assert sequenced(some, [[], [], [1]]) == [1, 2, 0]


@given(lines, lines, st.binary(max_size=30), st.sampled_from("AMDRT"))
def test_any_bytes_have_features_that_the_model_knows_and_a_finite_risk(
    removed: list[bytes], added: list[bytes], path: bytes, status: str
) -> None:
    piece = Piece(path, status, removed, added, 10, 2, 100, Past(3, 1, 2, 4.0))
    found = features(piece)
    assert found.keys() <= NAMES.keys()
    assert 0 < shipped().rate(found) < float("inf")
    assert found == features(piece)


def test_what_stands_far_out_in_a_long_line_is_not_looked_at() -> None:
    long = Piece(b"a.py", "M", (), [b" " * 1_000_000 + b"x = f(y[0])\n"] * 10, 10, 1, 10)
    blank = Piece(b"a.py", "M", (), [b" " * 1_000_000] * 10, 10, 1, 10)
    assert features(long) == features(blank)
