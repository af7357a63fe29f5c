"""What a request takes before it goes out, and gives back once it has ended: a turn in line, and its worst cost."""

from __future__ import annotations

import time

from exosuit.models.attempt import Ask, Attempt
from exosuit.models.failures import Failure
from exosuit.models.fitness import estimate
from exosuit.models.meter import Reservation
from exosuit.models.metering import Metering
from exosuit.models.queue import Turn, Who


class Admission:
    """For the requests of one call, named `call` at the meter; without a meter they cost nothing."""

    def __init__(self, who: Who, ask: Ask, call: str, metering: Metering | None) -> None:
        self.asks(ask)
        self._who = who
        self._call = call
        self._metering = metering
        self._turns: dict[Attempt, Turn] = {}
        self._held: dict[Attempt, Reservation] = {}

    def asks(self, ask: Ask) -> None:
        """What is asked from now on."""
        self._ask = ask
        self.tokens = estimate(ask.messages)

    async def turn(self, attempt: Attempt) -> None:
        """Wait in line for the supply."""
        self._turns[attempt] = await attempt.supply.line.turn(self._who, self.tokens)

    async def pay(self, attempt: Attempt) -> None:
        """Set its worst cost aside; raises Failure (`budget`). The supply's limits know of it then, too."""
        if self._metering is not None:
            held = self._held[attempt] = await self._metering.hold(attempt.supply, self._call, self._ask)
            attempt.served.request = held.id
        health = attempt.supply.health
        health.breaker.begin()
        health.limits.spend(self.tokens, time.monotonic())
        health.calls += 1

    async def end(self, attempt: Attempt, failure: Failure | None) -> None:
        """Hang up, let the next in line go, and write down what it cost."""
        try:
            await attempt.close()
        finally:
            if (turn := self._turns.pop(attempt, None)) is not None:
                turn.end(used(attempt))
        if self._metering is not None and (held := self._held.pop(attempt, None)) is not None:
            await self._metering.end(held, attempt, failure)


def used(attempt: Attempt) -> int | None:
    """The tokens that a request counts at in the line: what it used, none if it never went out, else nobody knows."""
    if attempt.response is not None:
        return attempt.response.usage.input_tokens + attempt.response.usage.output_tokens
    return None if attempt.is_sent else 0
