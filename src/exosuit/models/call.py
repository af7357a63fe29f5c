"""One call of a route: supplies are asked, raced, left and gone on from, until one answer is whole."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence

from pydantic_ai.messages import ModelResponse, ModelResponseStreamEvent, TextPart

from exosuit.models.admission import Admission
from exosuit.models.attempt import Ask, Attempt, first_of
from exosuit.models.board import Board
from exosuit.models.config import RouteTable
from exosuit.models.drivers import Supply
from exosuit.models.failures import FINAL, LASTING, TROUBLE, Failure, Kind, NoAnswer
from exosuit.models.fitness import misfit
from exosuit.models.metering import Metering
from exosuit.models.packing import MOST_TIMES, Repack, packed, room
from exosuit.models.queue import Who
from exosuit.models.receipt import Receipt, Served

AGAIN = frozenset({Kind.DOWN, Kind.CUT, Kind.BROKEN})
"""Failures after which a supply that had begun to answer, or is the only one, is asked once more in the same call."""

TURNED_AWAY = frozenset({Kind.BUDGET, Kind.OPEN, Kind.LIMITED})
"""Why a request may not go out when its turn has come."""


class Call:
    """Made for one request of a consumer; `events` runs it, `close` ends it early."""

    def __init__(
        self,
        route: str,
        table: RouteTable,
        supplies: Sequence[Supply],
        ask: Ask,
        *,
        hold: bool,
        metering: Metering | None = None,
        who: Who | None = None,
        repack: Repack | None = None,
    ) -> None:
        self.table = table
        self.ask = ask if metering is None else metering.bounded(ask)
        self.repack = repack
        self.board = Board(hold=hold or table.restart == "hold")
        self.receipt = Receipt(route)
        self.response: ModelResponse | None = None
        self.winner = ""
        self.failures: list[tuple[str, Failure]] = []
        self.began = time.monotonic()
        self._until = self.began + table.deadline
        self._all = list(supplies)
        self._left = list(supplies)
        self._again: list[Supply] = []
        self._waited: set[str] = set()
        self._running: list[Attempt] = []
        self._admission = Admission(who or Who(), self.ask, self.receipt.call, metering)
        self._misfits: dict[str, Failure | None] = {}
        self._anew: set[str] = set()
        self._endings: list[asyncio.Task[None]] = []
        self._over: BaseException | None = None

    async def events(self) -> AsyncGenerator[ModelResponseStreamEvent]:
        """What the consumer is to see; raises NoAnswer, with each supply and why."""
        try:
            while self.response is None:
                attempt = await self._open()
                if attempt.prefix:
                    self.board.go_on()
                else:
                    for event in self._begin_anew():
                        yield event
                try:
                    while self.response is None:
                        for event in await self._go_on(attempt):
                            yield event
                except Failure as failure:
                    self._fail(attempt, failure)
        finally:
            await self.close()

    async def close(self) -> None:
        """Hang up on every supply that is still asked."""
        running, self._running = self._running, []
        for attempt in running:
            if attempt.is_sent:
                attempt.supply.health.breaker.release()
            self._end(attempt, "cancelled")
        endings, self._endings = self._endings, []
        await asyncio.shield(asyncio.gather(*endings))  # who is cancelled twice settles all the same

    def _begin_anew(self) -> list[ModelResponseStreamEvent]:
        """Take back what was shown of an answer that will not be finished."""
        if self.board.is_shown:
            shown = [part.content for part in self.board.final() if isinstance(part, TextPart)]
            self.receipt.replaced.append("".join(shown))
        return list(self.board.restart())

    async def _go_on(self, attempt: Attempt) -> Sequence[ModelResponseStreamEvent]:
        """What there is to show of an attempt next; once it is whole, the rest. Raises Failure."""
        if not attempt.has_news:
            others = self._may_ask(self._left + self._again)
            longest = max(attempt.patience, self.table.last_patience)
            await attempt.wait(attempt.patience if others else longest, self._until)
        item = attempt.take()
        if not isinstance(item, ModelResponse):
            return self.board.take(item)
        if item.finish_reason == "content_filter" and self.table.refusal == "elsewhere":
            self.board.spoil()
            raise Failure(Kind.REFUSED, "the model would not answer")
        rest = list(self.board.finish(item))
        self._succeed(attempt, item)
        return rest

    async def _open(self) -> Attempt:
        """Ask supplies until one begins to answer: the next one as soon as one fails, is silent, or is late."""
        due = True
        while True:
            if due and (supply := self._pick()) is not None:
                self._start(supply)
            elif not self._running:
                if not await self._pack_again():
                    await self._wait_for_a_limit()
                continue
            winner = await first_of(self._running, self._seconds_until_due())
            if winner is None:
                self._give_up_the_silent()
                due = not self._running or self._seconds_of_patience() <= 0
                if due and self._running:
                    self._running[-1].supply.health.hedges += 1
                continue
            due = False
            health = winner.supply.health
            health.limits.learn(winner.ear.headers, time.monotonic())
            try:
                winner.check()
            except Failure as failure:
                self._fail(winner, failure)
                due = True
                continue
            winner.served.first = self._now()
            self._leave_the_others(winner)
            return winner

    def _pick(self) -> Supply | None:
        """The next supply that may be asked now, none after the deadline; notes why the others may not."""
        while time.monotonic() < self._until and (self._left or (self._again and not self._running)):
            if not self._left:
                self._left, self._again = self._again, []
            supply = self._left.pop(0)
            reason = self._refusal(supply)
            if reason is None:
                return supply
            self.failures.append((supply.name, reason))
        return None

    def _refusal(self, supply: Supply) -> Failure | None:
        """Why a supply is not to be asked now; None if it is."""
        now = time.monotonic()
        health = supply.health
        if not health.breaker.allows(now):
            seconds = health.breaker.seconds_left(now)
            return Failure(Kind.OPEN, f"it failed before and is left alone for {seconds:.1f} s", seconds)
        if (seconds := health.limits.seconds_left(self._admission.tokens, now)) > 0:
            return Failure(Kind.LIMITED, f"its rate limit is used up for {seconds:.1f} s", seconds)
        if supply.name not in self._misfits:
            self._misfits[supply.name] = misfit(supply.table, self.ask.messages, self.ask.parameters)
        return self._misfits[supply.name]

    def _start(self, supply: Supply) -> None:
        """Ask a supply, as soon as it is the request's turn there."""
        prefix = self.board.prefix if supply.table.continues and supply.name not in self._anew else ""
        epoch = len(self.receipt.replaced) + (1 if self.board.is_shown and not prefix else 0)
        served = Served(supply.name, supply.table.model, epoch, self._now(), continued=bool(prefix))
        served.request = f"{self.receipt.call}-{len(self.receipt.served)}"
        attempt = Attempt(supply, self.ask, served, self._admit, prefix)
        self.receipt.served.append(served)
        self._running.append(attempt)
        attempt.start()

    async def _admit(self, attempt: Attempt) -> None:
        """Wait for its turn, then pay; raises Failure where the supply is not to be asked any more by then."""
        await self._admission.turn(attempt)
        if (reason := self._refusal(attempt.supply)) is not None:
            raise reason
        await self._admission.pay(attempt)
        served, now = attempt.served, self._now()
        served.waited, served.began = now - served.began, now

    def _may_ask(self, supplies: Sequence[Supply]) -> bool:
        """Whether one of these could take over now."""
        return any(self._refusal(supply) is None for supply in supplies)

    def _seconds_until_due(self) -> float:
        """How long to wait for the attempts that run before something is to be done."""
        silent = [max(one.supply.table.patience, self.table.last_patience) - one.silence for one in self._running]
        waits = [*silent, self._until - time.monotonic()]
        if self._may_ask(self._left):
            waits.append(self._seconds_of_patience())
        return max(0.0, min(waits))

    def _seconds_of_patience(self) -> float:
        """Until the newest attempt has been silent for too long, or is slow enough to ask another one beside it."""
        newest = self._running[-1]
        health = newest.supply.health
        seconds = health.patience(newest.supply.table.patience) - newest.silence
        if self.table.hedge and (slow := health.slow()) is not None:
            seconds = min(seconds, newest.began + slow - time.monotonic())
        return seconds

    def _give_up_the_silent(self) -> None:
        """Hang up on attempts that were silent for longer than anyone may be; all of them, at the deadline."""
        late = time.monotonic() >= self._until
        for attempt in list(self._running):
            most = max(attempt.supply.table.patience, self.table.last_patience)
            if late or attempt.silence >= most:
                why = "the deadline of the call has passed" if late else f"nothing came for {attempt.silence:.1f} s"
                silent = attempt.silence >= attempt.supply.table.patience
                self._fail(attempt, Failure(Kind.SILENT if silent else Kind.LATE, why))
        if late:
            self._left, self._again = [], []

    def _leave_the_others(self, winner: Attempt) -> None:
        """One has begun to answer: hang up on those that it was faster than."""
        others = [attempt for attempt in self._running if attempt is not winner]
        self._running = [winner]
        now = time.monotonic()
        for attempt in others:
            if attempt.silence >= attempt.supply.table.patience:
                why = f"nothing came for {attempt.silence:.1f} s"
                attempt.supply.health.breaker.fail(now)
                self._note(attempt, Failure(Kind.SILENT, why))
                continue
            self._end(attempt, "lost")
            self._left.append(attempt.supply)
            if attempt.is_sent:
                attempt.supply.health.breaker.release()
                attempt.supply.health.outrun(now - attempt.began)

    async def _pack_again(self) -> bool:
        """Have the messages made shorter for those that found them too long; false if that is not possible."""
        tight = [supply for supply in self._all if self._last_kind(supply.name) is Kind.OVERFLOW]
        if self.repack is None or not tight or len(self.receipt.packed) >= MOST_TIMES:
            return False
        shorter = await packed(self.repack, self.ask, max(room(supply.table, self.ask) for supply in tight))
        if shorter is None:
            return False
        self.receipt.packed.append(self._admission.tokens)
        self.ask, self._left = shorter, tight
        self._admission.asks(shorter)
        self._misfits.clear()
        return True

    async def _wait_for_a_limit(self) -> None:
        """All were asked: wait for the first whose rate limit is over soon; raises NoAnswer if there is none."""
        now = time.monotonic()
        most = min(self.table.wait, self._until - now)
        waits = [
            (supply.health.limits.seconds_left(self._admission.tokens, now), supply)
            for supply in self._all
            if supply.name not in self._waited and self._last_kind(supply.name) is Kind.LIMITED
        ]
        seconds, supply = min(waits, key=lambda one: one[0], default=(most + 1, None))
        if supply is None or seconds > most:
            if self._over is not None and all(one.kind is Kind.BUDGET for _, one in self.failures):
                raise self._over
            raise NoAnswer(self.receipt.route, self.failures)
        self._waited.add(supply.name)
        await asyncio.sleep(seconds)
        self._left = [supply]

    def _is_first(self, name: str) -> bool:
        """Whether a supply has failed but once in this call."""
        return sum(one == name for one, _ in self.failures) == 1

    def _last_kind(self, name: str) -> Kind | None:
        return next((failure.kind for supply, failure in reversed(self.failures) if supply == name), None)

    def _succeed(self, attempt: Attempt, response: ModelResponse) -> None:
        health = attempt.supply.health
        health.breaker.succeed()
        health.answered((attempt.served.first or 0.0) - attempt.served.began, attempt.longest_gap)
        self._end(attempt, "whole")
        self._running.remove(attempt)
        self.response, self.winner = response, attempt.supply.name

    def _fail(self, attempt: Attempt, failure: Failure) -> None:
        """Note a failure, tell the supply's health, and hang up; raises NoAnswer if nobody else would do better."""
        if failure.kind in TURNED_AWAY and not attempt.is_sent:
            self._turn_away(attempt, failure)
            return
        now = time.monotonic()
        health = attempt.supply.health
        self._note(attempt, failure)
        self._running.remove(attempt)
        if failure.kind in TROUBLE | LASTING:
            health.breaker.fail(now, lasting=failure.kind in LASTING)
        elif attempt.is_sent:
            health.breaker.release()
        if failure.kind is Kind.LIMITED:
            health.limits.refused(failure.retry_after, now)
        name = attempt.supply.name
        if failure.kind is Kind.REJECTED and attempt.prefix:  # it would not go on: let it begin anew
            self._anew.add(name)
            self._left.insert(0, attempt.supply)
        elif (
            failure.kind in AGAIN and (attempt.served.first is not None or len(self._all) == 1) and self._is_first(name)
        ):
            self._again.append(attempt.supply)
        if failure.kind in FINAL:
            raise NoAnswer(self.receipt.route, self.failures)

    def _turn_away(self, attempt: Attempt, failure: Failure) -> None:
        """It was not asked after all, when its turn came: that says nothing about the supply."""
        self.failures.append((attempt.supply.name, failure))
        self._running.remove(attempt)
        self.receipt.served = [one for one in self.receipt.served if one is not attempt.served]
        self._over = failure.__cause__ or self._over
        self._end(attempt, str(failure.kind))

    def _note(self, attempt: Attempt, failure: Failure) -> None:
        self.failures.append((attempt.supply.name, failure))
        attempt.served.why = failure.why
        self._end(attempt, str(failure.kind), failure)

    def _end(self, attempt: Attempt, outcome: str, failure: Failure | None = None) -> None:
        """Write down how a request ended; hanging up and settling go on beside what comes next."""
        attempt.served.outcome, attempt.served.ended = outcome, self._now()
        self._endings.append(asyncio.create_task(self._admission.end(attempt, failure)))

    def _now(self) -> float:
        return time.monotonic() - self.began
