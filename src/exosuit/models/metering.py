"""The switch at the meter: each request to a supply is held at its worst before it goes out, and settled after."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from pydantic_ai.usage import RequestUsage

from exosuit.core.errors import ExosuitError
from exosuit.models.attempt import Ask, Attempt
from exosuit.models.config import BudgetTable, SupplyTable
from exosuit.models.drivers import Supply
from exosuit.models.failures import Failure, Kind
from exosuit.models.fitness import contents
from exosuit.models.meter import Budgets, CallInfo, Meter, Price, Rates, Reservation, Tokens, find_price
from exosuit.models.meter.prices import PROVIDERS

MOST_OUTPUT = 8192
"""Output tokens that a call may use if it does not say: without a limit it would have no worst case."""
PICTURE = 8192
"""Tokens that a picture or a document may take, at the least."""
AT_THE_DOOR = frozenset({Kind.KEY, Kind.MISSING, Kind.LIMITED, Kind.QUOTA, Kind.REJECTED, Kind.OVERFLOW, Kind.UNABLE})
"""Failures of a request that no vendor bills."""


@dataclass
class Metering:
    """A meter, and whose calls these are; prices are looked up once for each supply."""

    meter: Meter
    info: CallInfo
    prices: dict[str, Price | None] = field(default_factory=dict)

    def bounded(self, ask: Ask) -> Ask:
        """The request with a limit of output tokens: its own, or ours."""
        settings = ask.settings or {}
        return ask if settings.get("max_tokens") else replace(ask, settings={**settings, "max_tokens": MOST_OUTPUT})

    async def hold(self, supply: Supply, call: str, ask: Ask) -> Reservation:
        """Set the worst case aside; raises Failure (`budget`) with the meter's error as its cause."""
        table = supply.table
        info = replace(
            self.info, supply=supply.name, provider=PROVIDERS.get(table.driver, ""), model=table.model, call=call
        )
        if supply.name not in self.prices:
            self.prices[supply.name] = price_of(table)
        try:
            return await self.meter.areserve(info, self.prices[supply.name], most(ask))
        except ExosuitError as error:
            raise Failure(Kind.BUDGET, error.message) from error

    async def end(self, held: Reservation, attempt: Attempt, failure: Failure | None) -> None:
        """Write down what a request cost; its worst case, where nobody can know."""
        if attempt.response is not None:
            first = None if attempt.served.first is None else time.time() - (time.monotonic() - attempt.first_at)
            await held.asettle(tokens_of(attempt.response.usage), "done", first=first)
        elif failure is not None and (failure.kind in AT_THE_DOOR or not failure.sent or attempt.ear.refused):
            await held.arelease(str(failure.kind))
        else:
            await held.akeep(str(failure.kind) if failure is not None else attempt.served.outcome)


def budgets_of(table: BudgetTable) -> Budgets:
    """The meter's budgets as the configuration has them."""
    return Budgets.dollars(call=table.call, run=table.run, day=table.day, app=table.app)


def price_of(table: SupplyTable) -> Price | None:
    """What a supply costs: as configured, nothing on this machine, else as listed."""
    stated = None
    if table.price is not None:
        stated = Rates.dollars(table.price.input, table.price.output, table.price.cached)
    return find_price(driver=table.driver, model=table.model, base_url=table.base_url, configured=stated)


def price_to_compare(table: SupplyTable) -> float | None:
    """Dollars for a million tokens in and a fourth of it out, for the strategy `cheapest`; None where nobody knows."""
    price = price_of(table)
    return None if price is None else float(price.cost(Tokens(input=1_000_000, output=250_000)).exact)


def most(ask: Ask) -> Tokens:
    """The most that a request can use: a token is a byte or more, and a picture at most so many tokens."""
    others = sum(not isinstance(one, str) and one is not None for one in contents(ask.messages))
    sent = len(repr((ask.messages, ask.parameters)).encode())
    return Tokens(input=sent + PICTURE * others, output=int((ask.settings or {}).get("max_tokens") or MOST_OUTPUT))


def tokens_of(usage: RequestUsage) -> Tokens:
    """What a provider says that it billed, in the meter's words."""
    reasoning = usage.details.get("reasoning_tokens", 0)
    return Tokens(
        input=usage.input_tokens,
        cached=min(usage.cache_read_tokens, usage.input_tokens),
        output=usage.output_tokens,
        reasoning=min(reasoning, usage.output_tokens),
        written=min(usage.cache_write_tokens, usage.input_tokens),
    )
