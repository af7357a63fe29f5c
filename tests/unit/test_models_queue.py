"""The queue before a supply: whoever used least is next, weights are kept, nobody starves and nobody is forgotten."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping

import pytest

from exosuit.models.queue import Line, Turn, Who
from exosuit.models.queue.shares import BACKGROUND_EVERY, Shares, Waiting

FLOOD, LIGHT = Who(app="flood"), Who(app="light")


def order(shares: Shares, calls: list[Waiting], used: Mapping[str, int] | None = None) -> list[Who]:
    """Who is served, one call after another; a call uses what its app is said to use, else what it was put in at."""
    for call in calls:
        shares.put(call)
    served = []
    while len(shares):
        call = shares.take()
        served.append(call.who)
        shares.end(call, (used or {}).get(call.who.app, call.tokens))
    return served


def share(served: list[Who], first: int) -> dict[str, float]:
    """Each app's share of the first turns."""
    counted = Counter(who.app for who in served[:first])
    return {app: count / first for app, count in counted.items()}


def test_who_comes_after_a_flood_is_next_and_the_flood_keeps_its_order() -> None:
    shares = Shares()
    flood = [Waiting(FLOOD, 100 + n) for n in range(50)]
    for call in flood:
        shares.put(call)
    first = shares.take()
    shares.put(Waiting(LIGHT, 100))
    assert first is flood[0]
    assert shares.take().who == LIGHT
    assert [shares.take() for _ in range(49)] == flood[1:]


def test_tokens_count_and_not_calls() -> None:
    long = [Waiting(Who(app="long"), 900) for _ in range(30)]
    served = order(Shares(), long + [Waiting(Who(app="short"), 100) for _ in range(270)])
    assert share(served, 100) == pytest.approx({"long": 0.1, "short": 0.9}, abs=0.02)


def test_what_a_call_really_used_counts_and_not_what_it_was_put_in_at() -> None:
    calls = [Waiting(Who(app=app), 100) for app in ("modest", "greedy") for _ in range(200)]
    served = order(Shares(), calls, used={"modest": 100, "greedy": 400})
    assert share(served, 100) == pytest.approx({"modest": 0.8, "greedy": 0.2}, abs=0.03)


def test_weights_are_shares_of_tokens() -> None:
    calls = [Waiting(Who(app=app), 10) for app in ("one", "two", "four") for _ in range(300)]
    served = order(Shares({"two": 2.0, "four": 4.0}), calls)
    assert share(served, 350) == pytest.approx({"one": 1 / 7, "two": 2 / 7, "four": 4 / 7}, abs=0.01)


def test_many_runs_of_an_app_share_what_is_the_app_s() -> None:
    runs = [Waiting(Who(app="many", run=f"r{n}"), 10) for n in range(10) for _ in range(20)]
    served = order(Shares(), runs + [Waiting(Who(app="single", run="r"), 10) for _ in range(100)])
    assert share(served, 100) == pytest.approx({"many": 0.5, "single": 0.5}, abs=0.02)
    assert set(Counter(who.run for who in served[:100] if who.app == "many").values()) == {5}


def test_nobody_saves_up_by_resting() -> None:
    shares = Shares()
    order(shares, [Waiting(FLOOD, 10) for _ in range(1000)])  # light has used nothing meanwhile
    served = order(shares, [Waiting(who, 10) for who in (FLOOD, LIGHT) for _ in range(100)])
    assert share(served, 50) == pytest.approx({"flood": 0.5, "light": 0.5}, abs=0.03)


def test_background_work_gives_way_and_does_not_starve() -> None:
    background = Who(app="batch", background=True)
    calls = [Waiting(background, 10) for _ in range(10)] + [Waiting(LIGHT, 10) for _ in range(160)]
    served = order(Shares(), calls)
    assert not served[0].background
    assert sum(who.background for who in served[:80]) == 80 // BACKGROUND_EVERY


def test_whoever_gives_up_is_passed_over_and_leaves_nothing_behind() -> None:
    dice, shares = random.Random(1), Shares()
    calls = [Waiting(Who(app=f"a{dice.randrange(4)}", run=f"r{dice.randrange(9)}"), 10) for _ in range(200)]
    for call in calls:
        shares.put(call)
    staying = [call for call in calls if dice.random() < 0.5]
    for call in calls:
        if call not in staying:
            shares.give_up(call)
    served = []
    while len(shares):
        call = shares.take()
        shares.end(call, 10)
        served.append(call)
    assert len(served) == len(staying) and set(served) == set(staying)
    assert not any(app.members for root in shares._roots.values() for app in root.members.values())


def test_as_many_run_as_there_are_slots_and_a_slot_is_never_idle() -> None:
    most = 0

    async def call(line: Line, who: Who) -> None:
        nonlocal most
        turn = await line.turn(who, 10)
        most = max(most, line.running)
        assert line.running == 3 or not len(line)
        await asyncio.sleep(0)
        turn.end(10)

    async def main() -> Line:
        line = Line(3)
        await asyncio.gather(*(call(line, Who(app=f"a{n % 5}")) for n in range(100)))
        return line

    line = asyncio.run(main())
    assert (most, line.running, len(line)) == (3, 0, 0)


def test_who_is_cancelled_in_line_or_at_its_very_turn_holds_no_slot() -> None:
    async def main() -> None:
        line = Line(1)
        first = await line.turn(FLOOD, 10)
        waiting = [asyncio.create_task(line.turn(FLOOD, 10)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        assert len(line) == 2
        first.end(10)  # the second has its turn now, and is cancelled before it knows
        waiting[1].cancel()
        last: Turn = await asyncio.wait_for(waiting[2], 5)
        assert waiting[0].cancelled() and waiting[1].cancelled()
        last.end(10)
        last.end(10)
        assert (line.running, len(line)) == (0, 0)

    asyncio.run(main())


def test_without_a_number_of_slots_nobody_waits() -> None:
    async def main() -> int:
        line = Line()
        for _ in range(100):
            await line.turn(FLOOD, 10)
        return line.running

    assert asyncio.run(main()) == 100
