"""The meter: reserved before, settled after; nothing is forgotten, nobody goes over, nobody is refused falsely."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from exosuit.core.errors import ExosuitError
from exosuit.models.meter import FREE, Budgets, CallInfo, Meter, Money, Rates, Tokens, find_price
from exosuit.models.meter.telemetry import as_otlp
from exosuit.models.meter.usage import as_csv, calls, opened, sums

CENT = Rates.dollars(10_000, 10_000)
"""A cent a token."""
INFO = CallInfo(app="code", run="r1", change="c1", route="smart", supply="a", provider="openai", model="m")


def tokens(count: int) -> Tokens:
    return Tokens(input=count)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "meter"


@pytest.fixture
def meter(folder: Path) -> Iterator[Meter]:
    with Meter.open(Budgets.dollars(day="1.00", run="0.50", call="0.40"), folder) as opened_meter:
        yield opened_meter


def spent(folder: Path) -> Money:
    database = opened(folder)
    assert database is not None
    [total] = sums(database, [])
    database.close()
    return total.spent


def refused(meter: Meter, count: int, info: CallInfo = INFO, wait: float = 0) -> ExosuitError:
    with pytest.raises(ExosuitError) as caught:
        meter.reserve(info, CENT, tokens(count), wait=wait)
    return caught.value


def test_money_is_exact_and_rounds_up_what_is_finer_than_it_holds() -> None:
    assert str(Money.dollars(0.1) + Money.dollars("0.2")) == "$0.30"
    assert Money.dollars("0.0375").exact == Decimal("0.0375")
    assert Money.dollars("0.0000000000001") == Money(1)
    assert str(Money.dollars("-1.5")) == "-$1.50"
    assert sum([Rates.dollars("0.0375", 0).cost(tokens(1))] * 3, Money()) == Money(112_500)


def test_a_call_costs_what_it_used_and_its_worst_is_what_it_may_use() -> None:
    price = Rates(Decimal(4), Decimal(10), cached=Decimal(1), written=Decimal(5))
    used = Tokens(input=1_000_000, cached=500_000, written=100_000, output=100_000, reasoning=50_000)
    assert price.cost(used) == Money.dollars("1.6") + Money.dollars("0.5") + Money.dollars("0.5") + Money.dollars("1")
    assert price.worst(Tokens(input=1_000_000, output=100_000)) == Money.dollars(6)


def test_the_price_of_a_vendor_holds_at_its_own_address_only() -> None:
    price = find_price(driver="openai", model="gpt-4o")
    assert price is not None and price.source == "listed"
    most = Tokens(input=1000, output=1000)
    assert Money() < price.cost(Tokens(input=1000, cached=1000, output=1000)) < price.worst(most)
    assert find_price(driver="openai", model="gpt-4o", base_url="https://api.openai.com/v1") is not None
    assert find_price(driver="openai", model="gpt-4o", base_url="http://127.0.0.1:9/v1") is None
    assert find_price(driver="openai", model="nobody-knows-it") is None
    assert find_price(driver="openai", model="nobody-knows-it", guess=CENT) == CENT
    assert find_price(driver="openai", model="gpt-4o", configured=CENT) == CENT
    assert find_price(driver="ollama", model="gpt-4o") == FREE


def test_no_settlement_of_a_listed_price_is_above_its_worst_case() -> None:
    for driver, model in (("openai", "gpt-4o"), ("anthropic", "claude-sonnet-4-5"), ("google", "gemini-2.5-pro")):
        price = find_price(driver=driver, model=model)
        assert price is not None, model
        worst = price.worst(Tokens(input=300_000, output=5000))
        for used in (
            Tokens(300_000, 0, 5000),
            Tokens(300_000, 0, 5000, written=300_000),
            Tokens(300_000, 300_000, 5000),
        ):
            assert price.cost(used) <= worst, model


def test_what_is_held_and_what_is_spent_both_count(meter: Meter) -> None:
    held = meter.reserve(INFO, CENT, tokens(40))
    error = refused(meter, 20)
    assert (error.code, error.retryable) == ("budget-busy", True)
    assert held.settle(tokens(15)) == Money.dollars("0.15")
    meter.reserve(INFO, CENT, tokens(35)).settle(tokens(35))
    error = refused(meter, 1)
    assert (error.code, error.retryable) == ("over-budget", False)
    assert error.message == "the budget of the run r1 has $0.00 left of $0.50, and this call may cost $0.01"
    other = CallInfo(app="code", run="r2")
    meter.reserve(other, CENT, tokens(40)).settle(tokens(40))
    assert refused(meter, 11, other).message.startswith("the budget of the day")


def test_a_call_has_a_budget_of_its_own_and_so_has_an_app(folder: Path) -> None:
    with Meter.open(Budgets.dollars(call="0.10", app={"code": "0.15"}), folder) as meter:
        assert refused(meter, 11).message == "this call may cost $0.11, and a call may cost $0.10"
        meter.reserve(INFO, CENT, tokens(10)).settle(tokens(10))
        assert "the app code" in refused(meter, 6).message
        meter.reserve(CallInfo(app="course"), CENT, tokens(10)).settle(tokens(10))


def test_a_new_day_has_a_new_budget_and_a_run_keeps_its_own(folder: Path) -> None:
    now = datetime.now().astimezone()
    meter = Meter(folder, Budgets.dollars(day="0.10", run="0.15"), lambda: now)
    meter.reserve(INFO, CENT, tokens(10)).settle(tokens(10))
    assert refused(meter, 1).code == "over-budget"
    now += timedelta(days=1)
    assert "the run r1" in refused(meter, 6).message
    meter.reserve(INFO, CENT, tokens(5)).settle(tokens(5))
    meter.close()


def test_who_comes_too_early_waits_and_is_served_in_order(meter: Meter) -> None:
    first = meter.reserve(INFO, CENT, tokens(35))
    order: list[int] = []  # of those below no two fit at once, so that each waits for the one before

    def ask(number: int, count: int) -> None:
        held = meter.reserve(INFO, CENT, tokens(count), wait=10)
        order.append(number)
        held.settle(tokens(1))

    waiting = []
    for number, count in enumerate((40, 12, 40)):
        waiting.append(threading.Thread(target=ask, args=(number, count)))
        waiting[-1].start()
        time.sleep(0.05)
    assert order == []  # the small one would fit, and does not overtake
    first.release()
    for thread in waiting:
        thread.join()
    assert order == [0, 1, 2]


def test_who_waits_for_one_run_holds_up_no_other(meter: Meter) -> None:
    held = meter.reserve(INFO, CENT, tokens(40))
    waiting = threading.Thread(target=lambda: meter.reserve(INFO, CENT, tokens(40), wait=10).release())
    waiting.start()
    time.sleep(0.05)
    meter.reserve(CallInfo(run="r2"), CENT, tokens(10), wait=0).release()
    held.release()
    waiting.join()


def test_who_is_cancelled_while_waiting_holds_nothing(meter: Meter, folder: Path) -> None:
    async def run() -> None:
        held = await meter.areserve(INFO, CENT, tokens(40))
        task = asyncio.create_task(meter.areserve(INFO, CENT, tokens(40)))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await held.asettle(tokens(10))
        await (await meter.areserve(INFO, CENT, tokens(40), wait=1)).arelease()

    asyncio.run(run())
    assert spent(folder) == Money.dollars("0.10")


def test_sixty_four_threads_never_go_over_and_use_all_that_there_is(folder: Path) -> None:
    budget = 100
    codes: set[str] = set()
    with Meter.open(Budgets.dollars(day="1.00"), folder) as meter:

        def call(number: int) -> int:
            try:
                with meter.reserve(CallInfo(run=f"r{number}"), CENT, tokens(5)) as held:
                    held.settle(tokens(2))
            except ExosuitError as error:
                codes.add(error.code)
                return 0
            return 2

        with ThreadPoolExecutor(64) as pool:
            costs = list(pool.map(call, range(200)))
    assert budget - 5 < sum(costs) <= budget
    assert codes == {"over-budget"}
    assert spent(folder) == Money.dollars(Decimal(sum(costs)) / 100)


def test_what_costs_more_than_its_worst_case_is_booked_as_it_is(meter: Meter, folder: Path) -> None:
    meter.reserve(INFO, CENT, tokens(10)).settle(tokens(120))
    assert spent(folder) == Money.dollars("1.20")
    assert "has $0.00 left" in refused(meter, 1).message


def test_without_an_end_the_worst_case_stays_spent_until_someone_knows(meter: Meter, folder: Path) -> None:
    with meter.reserve(INFO, CENT, tokens(30)) as held:
        pass
    assert meter.lost() == [held.id]
    assert spent(folder) == Money.dollars("0.30")
    meter.reconcile(held.id, tokens(12), Money.dollars("0.12"))
    assert (meter.lost(), spent(folder)) == ([], Money.dollars("0.12"))
    with pytest.raises(ExosuitError, match="was settled before"):
        meter.reconcile(held.id, tokens(12), Money.dollars("0.12"))
    with pytest.raises(ExosuitError, match="has ended before"):
        held.settle(tokens(1))
    with pytest.raises(ExosuitError, match="no call 'nothing'"):
        meter.reconcile("nothing", tokens(1), Money())


def test_a_call_of_unknown_price_needs_no_price_where_there_is_no_budget(meter: Meter, folder: Path) -> None:
    with pytest.raises(ExosuitError) as caught:
        meter.reserve(INFO, None, tokens(5))
    assert caught.value.code == "unknown-price" and "[supply.a.price]" in caught.value.hint
    with Meter.open(Budgets(), folder) as free:
        free.reserve(INFO, None, tokens(5)).settle(tokens(5))
    database = opened(folder)
    assert database is not None
    [total] = sums(database, [])
    assert (total.unpriced, total.spent, total.tokens.input) == (1, Money(), 5)
    database.close()


DYING = """
import sys, time
from pathlib import Path
from exosuit.models.meter import Budgets, CallInfo, Meter, Rates, Tokens
meter = Meter.open(Budgets.dollars(run="0.50"), Path(sys.argv[1]))
held = meter.reserve(CallInfo(run="r1"), Rates.dollars(10_000, 10_000), Tokens(input=30))
print(held.id, flush=True)
time.sleep(60)
"""


def test_what_a_killed_process_held_stays_spent_at_its_worst(folder: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", DYING, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    held = process.stdout.readline().strip()
    with Meter.open(Budgets.dollars(run="0.50"), folder) as meter:
        assert meter.lost() == []
        assert refused(meter, 30).code == "budget-busy"
        patient: list[ExosuitError] = []
        waiting = threading.Thread(target=lambda: patient.append(refused(meter, 30, wait=20)))
        waiting.start()
        time.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        waiting.join()
        assert [error.code for error in patient] == ["over-budget"]  # nobody will give it back
        assert meter.lost() == [held]
        assert spent(folder) == Money.dollars("0.30")
        meter.reconcile(held, tokens(1), Money.dollars("0.01"))
        meter.reserve(INFO, CENT, tokens(49)).settle(tokens(49))
    assert spent(folder) == Money.dollars("0.50")
    assert list((folder / "owners").iterdir()) == []


FORKING = """
import os, sys
from pathlib import Path
from exosuit.core.errors import ExosuitError
from exosuit.models.meter import Budgets, CallInfo, FREE, Meter, Tokens
meter = Meter.open(Budgets(), Path(sys.argv[1]))
if not os.fork():
    try:
        meter.reserve(CallInfo(), FREE, Tokens())
    except ExosuitError as error:
        print(error.code, flush=True)
    os._exit(0)
os.wait()
meter.reserve(CallInfo(), FREE, Tokens()).release()
meter.close()
"""


def test_a_meter_that_was_carried_over_a_fork_says_so_instead_of_waiting_for_ever(folder: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKING, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr, done.returncode) == ("forked-meter\n", "", 0)


def test_a_ledger_that_cannot_be_written_fails_the_call_and_not_the_meter(meter: Meter) -> None:
    meter._database.execute("ALTER TABLE totals RENAME TO away")
    with pytest.raises(ExosuitError) as caught:
        meter.reserve(INFO, CENT, tokens(1))
    assert caught.value.code == "damaged-store"
    meter._database.execute("ALTER TABLE away RENAME TO totals")
    meter.reserve(INFO, CENT, tokens(1)).release()


def test_a_writer_elsewhere_does_not_stop_the_loop_of_who_waits_for_it(meter: Meter, folder: Path) -> None:
    other = sqlite3.connect(folder / "calls.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def main() -> int:
        waiting = asyncio.create_task(meter.areserve(INFO, CENT, tokens(1)))
        ticks = 0
        for _ in range(20):
            await asyncio.sleep(0.01)
            ticks += not waiting.done()
        other.execute("ROLLBACK")
        await (await asyncio.wait_for(waiting, 20)).asettle(tokens(1))
        return ticks

    assert asyncio.run(main()) == 20
    other.close()
    assert spent(folder) == Money.dollars("0.01")


def test_what_is_a_moment_old_is_in_the_file_itself(
    meter: Meter, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held_in_the_file() -> int:
        copy = tmp_path / "copy"
        copy.mkdir(exist_ok=True)
        (copy / "calls.db").write_bytes((folder / "calls.db").read_bytes())  # without the log beside it
        database = opened(copy)
        assert database is not None
        [(count,)] = database.query("SELECT count(*) FROM calls")
        database.close()
        return int(count)

    monkeypatch.setattr("exosuit.models.meter.clerk.SYNC_SECONDS", 0.2)
    meter.reserve(INFO, CENT, tokens(1))
    assert held_in_the_file() == 0
    until = time.monotonic() + 10
    while not held_in_the_file() and time.monotonic() < until:
        time.sleep(0.05)
    assert held_in_the_file() == 1


def test_usage_is_summed_by_what_is_asked_for(meter: Meter, folder: Path) -> None:
    meter.reserve(INFO, CENT, Tokens(input=20, output=10)).settle(Tokens(input=12, cached=2, output=3, reasoning=1))
    meter.reserve(CallInfo(app="course", model="n"), CENT, tokens(10)).keep()
    meter.reserve(CallInfo(app="course", model="n"), CENT, tokens(3)).release()
    held = meter.reserve(CallInfo(app="course", model="n"), CENT, tokens(4))
    database = opened(folder)
    assert database is not None
    code, course = sums(database, ["app", "model"])
    assert (code.key, code.calls, code.spent) == (("code", "m"), 1, Money.dollars("0.15"))
    assert code.tokens == Tokens(input=12, cached=2, output=3, reasoning=1)
    assert (course.calls, course.spent, course.lost) == (2, Money.dollars("0.10"), Money.dollars("0.10"))
    assert course.held == Money.dollars("0.04")
    assert sums(database, ["day"], since="2999-01-01") == []
    with pytest.raises(ExosuitError, match="is not a day"):
        sums(database, ["day"], since="yesterday")
    held.release()
    database.close()


def test_calls_leave_as_csv_that_a_spreadsheet_does_not_run(meter: Meter, folder: Path) -> None:
    meter.reserve(CallInfo(app="=cmd()", model="m"), CENT, tokens(10)).settle(tokens(7), first=1e9)
    database = opened(folder)
    assert database is not None
    [row] = csv.DictReader(io.StringIO(as_csv(calls(database))))
    database.close()
    assert (row["app"], row["cost"], row["worst"], row["input"]) == ("'=cmd()", "0.07", "0.1", "7")
    assert row["first"] == "2001-09-09T01:46:40.000+00:00"


def test_calls_leave_as_spans_of_the_genai_conventions(meter: Meter, folder: Path) -> None:
    meter.reserve(INFO, CENT, tokens(10)).settle(Tokens(input=7, cached=2))
    meter.reserve(INFO, CENT, tokens(10)).keep("timeout")
    held = meter.reserve(INFO, CENT, tokens(1))
    database = opened(folder)
    assert database is not None
    [line] = as_otlp(calls(database), "1.0")
    database.close()
    held.release()
    [resource] = json.loads(line)["resourceSpans"]
    good, bad = resource["scopeSpans"][0]["spans"]
    told = {one["key"]: next(iter(one["value"].values())) for one in good["attributes"]}
    assert told["gen_ai.operation.name"] == "chat" and told["gen_ai.provider.name"] == "openai"
    assert told["gen_ai.usage.input_tokens"] == "7" and told["gen_ai.usage.cache_read.input_tokens"] == "2"
    assert told["exosuit.cost.usd"] == "0.07" and told["exosuit.cost.known"] is True
    assert (good["name"], good["status"]["code"], bad["status"]) == ("chat m", 1, {"code": 2, "message": "timeout"})
    assert good["traceId"] == bad["traceId"] and good["spanId"] != bad["spanId"]
    assert int(good["endTimeUnixNano"]) >= int(good["startTimeUnixNano"])
