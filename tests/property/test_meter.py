"""Laws of the meter: whatever several processes' meters do in whatever order, sums are right and budgets hold."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from exosuit.core.errors import ExosuitError
from exosuit.models.meter import Budgets, CallInfo, Meter, Money, Rates, Reservation, Tokens
from exosuit.models.meter.usage import sums

PRICE = Rates.dollars(1_000_000, 1_000_000)
"""A dollar a token, so that amounts below are dollars."""
DAY, RUN, APP, CALL = 30, 20, 15, 12
BUDGETS = Budgets.dollars(day=DAY, run=RUN, app={"code": APP}, call=CALL)


@dataclass
class Entry:
    """What the model knows of a call: what counts against its budgets now."""

    app: str
    run: str
    day: str
    worst: int
    counts: int
    meter: int
    state: str = "held"
    over: int = 0


class Metering(RuleBasedStateMachine):
    """Three meters on one folder, as three processes have them; one may end without a word, and be replaced."""

    held: Bundle[tuple[int, Reservation]] = Bundle("held")
    lost: Bundle[str] = Bundle("lost")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="exosuit-meter-"))
        self.now = datetime(2026, 11, 23, 12).astimezone()
        self.entries: dict[str, Entry] = {}
        self.meters: list[Meter] = []
        self.born: list[int] = []
        self.births = 0

    @initialize()
    def open(self) -> None:
        for _ in range(3):
            self.meters.append(self.fresh())

    def fresh(self) -> Meter:
        self.births += 1
        self.born.append(self.births)
        return Meter(self.folder, BUDGETS, lambda: self.now)

    def sum(self, **wanted: str) -> int:
        chosen = [one for one in self.entries.values() if all(getattr(one, k) == v for k, v in wanted.items())]
        return sum(one.counts for one in chosen)

    @rule(
        target=held,
        which=st.integers(0, 2),
        app=st.sampled_from(["code", "course"]),
        run=st.sampled_from(["r1", "r2"]),
        worst=st.integers(0, 14),
    )
    def reserve(
        self, which: int, app: str, run: str, worst: int
    ) -> MultipleResults[tuple[int, Reservation]] | tuple[int, Reservation]:
        day = self.now.date().isoformat()
        sums_now = [self.sum(day=day) + worst <= DAY, self.sum(run=run) + worst <= RUN]
        sums_now += [app != "code" or self.sum(app=app, day=day) + worst <= APP, worst <= CALL]
        expected = "over-budget" if self.never_fits(app, run, day, worst) else "" if all(sums_now) else "budget-busy"
        got: Reservation | None = None
        code = ""
        try:
            got = self.meters[which].reserve(CallInfo(app=app, run=run), PRICE, Tokens(output=worst), wait=0)
        except ExosuitError as error:
            code = error.code
        assert code == expected
        if got is None:
            return multiple()
        self.entries[got.id] = Entry(app, run, day, worst, worst, self.born[which])
        return which, got

    def never_fits(self, app: str, run: str, day: str, worst: int) -> bool:
        """Whether nothing that is held could make room by being given back."""
        done = [one for one in self.entries.values() if one.state != "held"]
        by_day = [one for one in done if one.day == day]
        return (
            worst > CALL
            or sum(one.counts for one in by_day) + worst > DAY
            or sum(one.counts for one in done if one.run == run) + worst > RUN
            or (app == "code" and sum(one.counts for one in by_day if one.app == app) + worst > APP)
        )

    @rule(item=consumes(held), used=st.integers(0, 14))
    def settle(self, item: tuple[int, Reservation], used: int) -> None:
        entry = self.mine(item)
        if entry is not None:
            assert item[1].settle(Tokens(input=used)) == Money.dollars(used)
            entry.counts, entry.state, entry.over = used, "settled", max(0, used - entry.worst)

    @rule(item=consumes(held))
    def release(self, item: tuple[int, Reservation]) -> None:
        entry = self.mine(item)
        if entry is not None:
            item[1].release()
            entry.counts, entry.state = 0, "released"

    @rule(target=lost, item=consumes(held))
    def keep(self, item: tuple[int, Reservation]) -> MultipleResults[str] | str:
        entry = self.mine(item)
        if entry is None:
            return multiple()
        item[1].keep()
        entry.state = "lost"
        return item[1].id

    @rule(which=st.integers(0, 2), call=consumes(lost), used=st.integers(0, 14))
    def reconcile(self, which: int, call: str, used: int) -> None:
        entry = self.entries[call]
        self.meters[which].reconcile(call, Tokens(input=used), Money.dollars(used))
        entry.counts, entry.state, entry.over = used, "settled", max(0, used - entry.worst)

    @rule(target=lost, which=st.integers(0, 2))
    def die(self, which: int) -> MultipleResults[str]:
        """A process ends with what it holds; the next one finds it."""
        self.meters[which].close()
        gone = self.born[which]
        self.births += 1
        self.born[which] = self.births
        self.meters[which] = Meter(self.folder, BUDGETS, lambda: self.now)
        ids = [call for call, one in self.entries.items() if one.meter == gone and one.state == "held"]
        for call in ids:
            self.entries[call].state = "lost"
        return multiple(*ids)

    @rule()
    def midnight(self) -> None:
        self.now += timedelta(days=1)

    def mine(self, item: tuple[int, Reservation]) -> Entry | None:
        """The entry of a reservation whose process still lives."""
        entry = self.entries[item[1].id]
        return entry if entry.state == "held" else None

    @invariant()
    def the_running_totals_are_the_sums_of_the_calls(self) -> None:
        if not self.meters:
            return
        database = self.meters[0]._database
        for scope, spent, held in database.query("SELECT scope, spent, held FROM totals"):
            kind, _, rest = scope.partition(" ")
            where = {"day": "day = ?", "run": "run = ?", "app": "day || ' ' || app = ?"}[kind]
            [(cost, worst)] = database.query(
                "SELECT coalesce(sum(CASE state WHEN 'held' THEN 0 ELSE cost END), 0),"
                f" coalesce(sum(CASE state WHEN 'held' THEN worst ELSE 0 END), 0) FROM calls WHERE {where}",
                (rest,),
            )
            assert (spent, held) == (cost, worst), scope

    @invariant()
    def the_ledger_says_what_happened_and_no_budget_is_passed_but_by_calls_beyond_their_worst(self) -> None:
        if not self.meters:
            return
        found = {one.key: one for one in sums(self.meters[0]._database, ["day", "run", "app"])}
        told = sum((one.spent + one.held for one in found.values()), Money())
        assert told == Money.dollars(self.sum())
        for name, limit in (("day", DAY), ("run", RUN)):
            for value in {getattr(one, name) for one in self.entries.values()}:
                beyond = sum(one.over for one in self.entries.values() if getattr(one, name) == value)
                assert self.sum(**{name: value}) <= limit + beyond

    def teardown(self) -> None:
        for meter in self.meters:
            meter.close()
        shutil.rmtree(self.folder)


TestMetering = Metering.TestCase
TestMetering.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
