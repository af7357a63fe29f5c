"""The meter itself: reserve before a call, settle after it.

What is promised:
- *Never over.* A call goes out only if all that is spent, all that is held and its own worst case fit each budget, in
  one transaction that no other thread or process comes between. Only a call that costs more than its stated worst case
  can pass a budget, and then the ledger says so.
- *Never refused falsely.* Where a call would fit once others settle, it waits (up to `wait` seconds), first come, first
  served; only then it is `budget-busy`, which may be retried. `over-budget` means that nothing given back would help.
- *Nothing forgotten.* A reservation is in the ledger before `reserve` returns. Whoever dies, by kill −9 too, leaves it
  there; it counts at its worst from the first moment and is marked `lost` by the next meter that looks. It stays spent
  at its worst until someone who knows the real cost settles it by its id (`Meter.reconcile`, `exosuit usage settle`).
  Only a power cut can take something: what is less than a second old.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Self

from exosuit.core.database import Database
from exosuit.core.errors import ExosuitError
from exosuit.core.places import state_root
from exosuit.models.meter.budget import Budgets, over_call, scopes, unknown_price
from exosuit.models.meter.call import CallInfo
from exosuit.models.meter.clerk import Clerk, Job
from exosuit.models.meter.ledger import SCHEMA, Blocked, CallLedger, Ending, Held
from exosuit.models.meter.money import Money
from exosuit.models.meter.owners import Owner, is_dead
from exosuit.models.meter.prices import Price
from exosuit.models.meter.tokens import Tokens

PATIENCE = 30.0
"""Seconds for which a call waits for others to give back what they hold."""

Clock = Callable[[], datetime]


def local_now() -> datetime:
    """The time with the local zone."""
    return datetime.now().astimezone()


def meter_folder() -> Path:
    """Where the meter of this user is: one for all workspaces, in the state folder."""
    return state_root() / "meter"


async def told(done: Future[None]) -> None:
    """Wait until an entry is written; cancelled, it is written all the same."""
    if done.done():
        done.result()
    else:
        await asyncio.shield(asyncio.wrap_future(done))


class Meter:
    """One per process; threads and tasks share it, and processes share its file."""

    def __init__(self, folder: Path, budgets: Budgets, clock: Clock = local_now) -> None:
        self.budgets = budgets
        self._clock = clock
        self._owners = folder / "owners"
        self._owner = Owner(self._owners)
        self._database = Database(folder / "calls.db", SCHEMA)
        self._database.execute("PRAGMA synchronous=NORMAL")  # the clerk says when the disk is waited for
        self._ledger = CallLedger(self._database)
        with self._database.transaction():
            self._bury()
        self._clerk = Clerk(self._ledger, self._bury)

    @classmethod
    def open(cls, budgets: Budgets | None = None, folder: Path | None = None) -> Meter:
        """The meter of this user: one for all workspaces, in the state folder unless `folder` is given."""
        return cls(folder or meter_folder(), budgets or Budgets())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End; what is still held then is lost, and stays spent at its worst."""
        self._clerk.close()
        self._database.close()
        self._owner.close()

    def reserve(self, info: CallInfo, price: Price | None, most: Tokens, *, wait: float = PATIENCE) -> Reservation:
        """Set the worst case of a call aside: up to `most.input` tokens in and `most.output` out.

        Raises `over-budget`, `budget-busy` (retryable, after `wait` seconds), or `unknown-price` where a budget
        applies and nobody knows the price; without a budget a call of unknown price is recorded as such.
        """
        reservation, job = self._wish(info, price, most, wait)
        self._clerk.submit(job).result()
        return reservation

    async def areserve(
        self, info: CallInfo, price: Price | None, most: Tokens, *, wait: float = PATIENCE
    ) -> Reservation:
        """The same without blocking the loop; when cancelled, nothing stays held."""
        reservation, job = self._wish(info, price, most, wait)
        done = self._clerk.submit(job)
        try:
            await told(done)
        except asyncio.CancelledError:
            job.given_up = True
            done.add_done_callback(reservation.drop)
            raise
        return reservation

    def reconcile(self, call: str, tokens: Tokens, cost: Money, outcome: str = "reconciled") -> None:
        """Put the real cost in the place of a worst case that stayed spent; raises `no-such-call`, `settled-before`."""
        self.submit(Ending(call, "settled", outcome, self.now(), None, tokens, cost)).result()

    def lost(self) -> list[str]:
        """The ids of the calls of which nobody knows how they ended, after a look at who has died."""
        with self._database.transaction():
            self._bury()
        return [
            str(name) for (name,) in self._database.query("SELECT id FROM calls WHERE state = 'lost' ORDER BY began")
        ]

    def now(self) -> int:
        """The time in milliseconds since 1970."""
        return int(self._clock().timestamp() * 1000)

    def submit(self, ending: Ending) -> Future[None]:
        """Have it written how a call ended."""
        return self._clerk.submit(Job(lambda: self._ledger.end(ending)))

    def _wish(self, info: CallInfo, price: Price | None, most: Tokens, wait: float) -> tuple[Reservation, Job]:
        if price is None and self.budgets.bind(info):
            raise unknown_price(info)
        worst = Money() if price is None else price.worst(most)
        if self.budgets.call is not None and worst > self.budgets.call:
            raise over_call(self.budgets.call, worst)
        day = self._clock().date().isoformat()
        source = "unknown" if price is None else price.source
        held = Held(uuid.uuid4().hex, info, self._owner.name, day, self.now(), worst, source)
        keys = frozenset(scope.key for scope in scopes(info, day))
        job = Job(lambda: self._reserve(held), keys, time.monotonic() + wait)
        return Reservation(self, held.id, info, price, worst), job

    def _reserve(self, held: Held) -> ExosuitError | Blocked | None:
        return self._ledger.reserve(held, self.budgets)

    def _bury(self) -> int:
        """Mark what the dead hold as lost; returns how many calls. Runs inside a transaction."""
        lost = 0
        for owner in self._ledger.owners():
            if owner != self._owner.name and is_dead(self._owners, owner):
                for call in self._ledger.held_by(owner):
                    self._ledger.end(Ending(call, "lost", "died", self.now()))
                    lost += 1
        return lost


class Reservation:
    """What is set aside for one call; end it once, by `settle`, `keep` or `release`.

    As a context manager: left without an end, it is kept.
    """

    def __init__(self, meter: Meter, name: str, info: CallInfo, price: Price | None, worst: Money) -> None:
        self._meter = meter
        self._ended = False
        self.id = name
        self.info = info
        self.price = price
        self.worst = worst

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if not self._ended:
            self.keep()

    def settle(self, tokens: Tokens, outcome: str = "done", *, first: float | None = None) -> Money:
        """The call cost this; `first` is the time of its first token, in seconds since 1970. Returns the cost."""
        ending, cost = self._settled(tokens, outcome, first)
        self._meter.submit(ending).result()
        return cost

    async def asettle(self, tokens: Tokens, outcome: str = "done", *, first: float | None = None) -> Money:
        """The same without blocking the loop; it is written even if this is cancelled."""
        ending, cost = self._settled(tokens, outcome, first)
        await told(self._meter.submit(ending))
        return cost

    def keep(self, outcome: str = "unknown") -> None:
        """Nobody can know what the call cost: its worst case is spent."""
        self._meter.submit(self._end("lost", outcome)).result()

    async def akeep(self, outcome: str = "unknown") -> None:
        """The same without blocking the loop."""
        await told(self._meter.submit(self._end("lost", outcome)))

    def release(self, outcome: str = "not-sent") -> None:
        """The call cost nothing, for certain: it never left, or was refused at the door (401, 404, 429, 503)."""
        self._meter.submit(self._end("released", outcome, cost=Money())).result()

    async def arelease(self, outcome: str = "not-sent") -> None:
        """The same without blocking the loop."""
        await told(self._meter.submit(self._end("released", outcome, cost=Money())))

    def drop(self, granted: Future[None]) -> None:
        """Give back what was granted to one who did not wait for it."""
        if granted.exception() is None and not self._ended:
            self._meter.submit(self._end("released", "cancelled", cost=Money()))

    def _settled(self, tokens: Tokens, outcome: str, first: float | None) -> tuple[Ending, Money]:
        cost = Money() if self.price is None else self.price.cost(tokens)
        when = None if first is None else int(first * 1000)
        return self._end("settled", outcome, first=when, tokens=tokens, cost=cost), cost

    def _end(
        self,
        state: str,
        outcome: str,
        *,
        first: int | None = None,
        tokens: Tokens | None = None,
        cost: Money | None = None,
    ) -> Ending:
        if self._ended:
            raise ExosuitError("settled-before", f"the call {self.id} has ended before", "a call ends once")
        self._ended = True
        return Ending(self.id, state, outcome, self._meter.now(), first, tokens, cost)
