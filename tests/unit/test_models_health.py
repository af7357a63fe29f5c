"""Breakers, rate limits, patience and the order of supplies: pure, on a clock of the test's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from exosuit.models.breaker import COOL, LASTING_COOL, LONGEST, Breaker
from exosuit.models.config import Price, Strategy, SupplyTable
from exosuit.models.drivers import Supply
from exosuit.models.health import ENOUGH, Health, percentile
from exosuit.models.limits import LONGEST as LONGEST_WAIT
from exosuit.models.limits import Limits, duration
from exosuit.models.metering import price_to_compare
from exosuit.models.strategy import ordered


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(3):
        breaker.fail(now)
    return breaker


def test_two_failures_leave_it_closed_and_a_good_answer_makes_them_forgotten() -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.fail(0)
        breaker.fail(0)
        assert breaker.allows(0)
        breaker.succeed()


def test_the_third_opens_it_and_after_a_while_one_probe_at_a_time_may_pass() -> None:
    breaker = opened()
    assert not breaker.allows(COOL - 0.01)
    assert breaker.allows(COOL)
    breaker.begin()
    assert not breaker.allows(COOL)
    breaker.succeed()
    assert breaker.allows(COOL)
    breaker.begin()
    assert breaker.allows(COOL)


def test_each_probe_that_fails_doubles_the_wait_up_to_a_limit() -> None:
    breaker, now, waits = opened(), 0.0, []
    for _ in range(10):
        waits.append(breaker.seconds_left(now))
        now += waits[-1]
        breaker.begin()
        breaker.fail(now)
    assert waits[:4] == [COOL, 2 * COOL, 4 * COOL, 8 * COOL]
    assert waits[-1] == LONGEST


def test_a_probe_that_says_nothing_lets_another_pass() -> None:
    breaker = opened()
    breaker.begin()
    breaker.release()
    assert breaker.allows(COOL)


def test_what_does_not_mend_opens_it_at_once_and_for_longer() -> None:
    breaker = Breaker()
    breaker.fail(0, lasting=True)
    assert breaker.seconds_left(0) == LASTING_COOL


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1.5", 1.5),
        ("0", 0),
        ("20ms", 0.02),
        ("6m0s", 360),
        ("1h2m3.5s", 3723.5),
        ("1d", 86400),
        ("-3", 0),
        ("", None),
        ("soon", None),
        ("inf", None),
        ("nan", None),
        ("Tue, 01 Jan 2019 00:00:00 GMT", 0),
        ("2019-01-01T00:00:00Z", 0),
    ],
)
def test_what_headers_say_of_time(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds


def test_times_of_day_are_counted_from_now() -> None:
    later = datetime.now(UTC) + timedelta(seconds=100)
    for text in (later.isoformat(), later.strftime("%Y-%m-%dT%H:%M:%SZ"), format_datetime(later, usegmt=True)):
        seconds = duration(text)
        assert seconds is not None
        assert 90 < seconds <= 100


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "8s"},
        {"x-ratelimit-remaining-tokens": "99", "x-ratelimit-reset-tokens": "8s"},
    ],
)
def test_a_limit_that_is_used_up_is_kept_until_it_is_over(headers: dict[str, str]) -> None:
    limits = Limits()
    limits.learn(headers, now=10)
    assert limits.seconds_left(tokens=100, now=12) == 6
    assert limits.seconds_left(tokens=100, now=18) == 0


def test_what_is_sent_is_off_what_is_left_until_the_next_headers() -> None:
    limits = Limits()
    limits.learn({"x-ratelimit-remaining-requests": "2", "x-ratelimit-reset-requests": "1m"}, now=0)
    for _ in range(2):
        assert limits.seconds_left(1, now=0) == 0
        limits.spend(1, now=0)
    assert limits.seconds_left(1, now=0) == 60


def test_headers_that_make_no_sense_stop_nobody_for_ever() -> None:
    limits = Limits()
    limits.learn({"x-ratelimit-remaining-requests": "many", "x-ratelimit-reset-requests": "8s"}, now=0)
    assert limits.seconds_left(1, now=0) == 0
    limits.learn({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "9999h"}, now=0)
    limits.refused(1e12, now=0)
    assert limits.seconds_left(1, now=0) == LONGEST_WAIT


def test_patience_is_what_is_configured_until_its_own_p99_is_known_and_longer() -> None:
    health = Health()
    for _ in range(ENOUGH - 1):
        health.answered(first=7.0, gap=1.0)
    assert health.patience(2.0) == 2.0
    health.answered(first=7.0, gap=1.0)
    assert health.patience(2.0) == 7.0
    assert health.patience(9.0) == 9.0


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.95, 0.99, 1.0)] == [1, 50, 95, 99, 100]


def supplies() -> list[Supply]:
    """Three: dear and slow, unknown, cheap and fast."""
    made = [
        Supply(name, SupplyTable(driver="openai", model="m", price=price))
        for name, price in (("a", Price(input=9, output=9)), ("b", None), ("c", Price(input=1, output=1)))
    ]
    made[0].health.answered(3.0, 0.1)
    made[2].health.answered(1.0, 0.1)
    return made


@pytest.mark.parametrize(
    ("strategy", "names"), [("order", "abc"), ("cheapest", "cab"), ("fastest", "bca"), ("sticky", "cab")]
)
def test_the_order_of_supplies(strategy: Strategy, names: str) -> None:
    assert "".join(one.name for one in ordered(supplies(), strategy, "c", price_to_compare)) == names
