"""Callers on one budget, in a process of their own, and the ways in which they may keep it.

    python -m bench.budget_callers WAY URL FOLDER LIMIT CALLERS

Each caller asks the scripted provider again and again until it is refused. Prints a line of JSON at the end.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from exosuit.core.database import Database
from exosuit.core.errors import ExosuitError
from exosuit.models.meter import Budgets, CallInfo, Meter, Money, Rates, Reservation, Tokens
from tests.providers import KEY, MODEL

PRICE = Rates.dollars(250, 1000, 25)
"""Dollars per million tokens: dear, so that cents are visible."""
MOST_OUTPUT = 64
PATIENCE = 120.0
QUESTION = {"model": MODEL, "stream": True, "stream_options": {"include_usage": True}, "max_tokens": MOST_OUTPUT}
BODY = json.dumps(QUESTION | {"messages": [{"role": "user", "content": "How much is it?"}]}).encode()
MOST = Tokens(input=len(BODY), output=MOST_OUTPUT)
"""No tokenizer makes more tokens than there are bytes."""


class Held(Protocol):
    """What a way has set aside for a call; `name` goes out with the request."""

    @property
    def name(self) -> str: ...

    async def settle(self, tokens: Tokens) -> None: ...

    async def keep(self) -> None: ...

    async def release(self) -> None: ...


@dataclass
class Tally:
    """What happened: `refused` for good, `busy` although there may have been room."""

    whole: int = 0
    cut: int = 0
    failed: int = 0
    refused: int = 0
    busy: int = 0


class Reserving:
    """Ours: reserve, call, settle. `wait` of 0: refuse at once instead of waiting for what others hold."""

    def __init__(self, folder: Path, limit: Money, wait: float) -> None:
        self._meter = Meter.open(Budgets(day=limit), folder)
        self._wait = wait

    async def ask(self) -> Held:
        info = CallInfo(app="bench", supply="scripted", model=MODEL)
        return _Reserved(await self._meter.areserve(info, PRICE, MOST, wait=self._wait))

    def close(self) -> None:
        self._meter.close()


@dataclass
class _Reserved:
    held: Reservation

    @property
    def name(self) -> str:
        return self.held.id

    async def settle(self, tokens: Tokens) -> None:
        await self.held.asettle(tokens)

    async def keep(self) -> None:
        await self.held.akeep()

    async def release(self) -> None:
        await self.held.arelease()


class Checking:
    """The baseline: look whether the total is still under the limit, call, then add the cost."""

    def __init__(self, folder: Path, limit: Money) -> None:
        folder.mkdir(exist_ok=True)
        self._database = Database(folder / "total.db", "CREATE TABLE IF NOT EXISTS spent(cost INTEGER NOT NULL)")
        self._limit = limit

    async def ask(self) -> Held:
        if spent_by_checking(self._database) + PRICE.worst(MOST) > self._limit:
            raise ExosuitError("over-budget", "the limit is reached")
        return _Checked(self._database)

    def close(self) -> None:
        self._database.close()


@dataclass
class _Checked:
    database: Database
    name: str = field(default_factory=lambda: uuid.uuid4().hex)

    async def settle(self, tokens: Tokens) -> None:
        self.database.execute("INSERT INTO spent VALUES (?)", (PRICE.cost(tokens).pico,))

    async def keep(self) -> None:
        """Nothing was said of its cost, so nothing is added."""

    async def release(self) -> None:
        """Nothing was set aside."""


def spent_by_checking(database: Database) -> Money:
    """The total of the baseline."""
    return Money(database.query("SELECT coalesce(sum(cost), 0) FROM spent")[0][0])


def way(name: str, folder: Path, limit: Money) -> Reserving | Checking:
    """A way by its name."""
    if name == "check":
        return Checking(folder, limit)
    return Reserving(folder, limit, PATIENCE if name == "reserve" else 0)


async def caller(client: httpx.AsyncClient, budget: Reserving | Checking, tally: Tally) -> None:
    """Call until refused; one refusal that may pass is one too many, and ends it too."""
    while True:
        try:
            held = await budget.ask()
        except ExosuitError as error:
            tally.busy += error.retryable
            tally.refused += not error.retryable
            return
        try:
            tokens = await call(client, held.name)
        except httpx.HTTPStatusError:
            tally.failed += 1
            await held.release()
        except httpx.HTTPError:
            tally.cut += 1
            await held.keep()
        else:
            tally.whole += 1
            await held.settle(tokens)


async def call(client: httpx.AsyncClient, name: str) -> Tokens:
    """One streamed request; what it says that it used. Raises httpx.HTTPError."""
    headers = {"idempotency-key": name, "content-type": "application/json"}
    used: dict[str, Any] | None = None
    async with client.stream("POST", "/v1/chat/completions", content=BODY, headers=headers) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            if line.startswith("data: {") and '"usage":{' in line:
                used = json.loads(line[6:])["usage"]
    if used is None:
        raise httpx.RemoteProtocolError("the stream ended without its usage")
    cached = used["prompt_tokens_details"]["cached_tokens"]
    return Tokens(input=used["prompt_tokens"], cached=cached, output=used["completion_tokens"])


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client without limits of its own."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    auth = {"authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=url, headers=auth, timeout=60, limits=limits, trust_env=False) as client:
        yield client


async def run(name: str, url: str, folder: Path, limit: Money, callers: int) -> Tally:
    """All callers of this process, to the end."""
    budget, tally = way(name, folder, limit), Tally()
    async with connected(url) as client:
        await asyncio.gather(*(caller(client, budget, tally) for _ in range(callers)))
    budget.close()
    return tally


if __name__ == "__main__":
    told = sys.argv[1:]
    done = asyncio.run(run(told[0], told[1], Path(told[2]), Money.dollars(told[3]), int(told[4])))
    print(json.dumps(done.__dict__))
