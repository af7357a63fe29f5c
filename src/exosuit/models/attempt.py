"""One request to one supply, made by a task of its own, so that it can be raced, left and cancelled at any moment."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_ai.messages import (
    FinalResultEvent,
    ModelMessage,
    ModelResponse,
    ModelResponseStreamEvent,
    PartEndEvent,
    TextPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings, merge_model_settings
from pydantic_ai.tools import RunContext

from exosuit.core.errors import ExosuitError
from exosuit.models.drivers import Supply
from exosuit.models.failures import Failure, Kind, classified
from exosuit.models.heard import Ear, listening
from exosuit.models.receipt import Served

Admit = Callable[["Attempt"], Awaitable[None]]
"""Awaited before the request is sent; raises Failure (or ExosuitError) if it is not to be sent."""
Item = ModelResponseStreamEvent | ModelResponse | Failure
READ_AHEAD = 256
"""Events that may wait for a slow consumer before the supply is made to wait."""
PINGS = 60.0
"""Seconds for which bytes alone, without an event, keep a request alive."""
CANCEL_SECONDS = 1.0


@dataclass(frozen=True)
class Ask:
    """What is asked, as pydantic-ai puts it to a model."""

    messages: list[ModelMessage]
    settings: ModelSettings | None
    parameters: ModelRequestParameters
    context: RunContext[Any] | None = None


class Attempt:
    """Started by `start`; its events come by `wait` and `take`, the last a ModelResponse, or a Failure is raised."""

    def __init__(self, supply: Supply, ask: Ask, served: Served, admit: Admit, prefix: str = "") -> None:
        self.supply = supply
        self.served = served
        self.prefix = prefix
        self.is_sent = False
        self.ear = Ear()
        self.began = time.monotonic()
        self.first_at = self.began
        self.patience = supply.health.patience(supply.table.patience)
        self.longest_gap = 0.0
        self.first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.response: ModelResponse | None = None
        self._ask = ask
        self._admit = admit
        self._items: deque[Item] = deque()
        self._loop = asyncio.get_running_loop()
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Send the request once it is admitted; time in line and importing a driver are not its own."""
        try:
            model = self.supply.model()
        except ExosuitError as error:
            self._items.append(classified(error))
            self.first.set_result(None)
            return
        self._task = asyncio.create_task(self._pump(model), name=f"ask {self.supply.name}")

    @property
    def silence(self) -> float:
        """Seconds since the last sign of life; none while it is not sent."""
        return time.monotonic() - self.ear.at if self.is_sent else 0.0

    @property
    def has_news(self) -> bool:
        """Whether `take` has something to give."""
        return bool(self._items)

    def take(self) -> ModelResponseStreamEvent | ModelResponse:
        """The next event, which must be there; raises its Failure."""
        item = self._items.popleft()
        wake(self._writer)
        if isinstance(item, Failure):
            raise item
        if isinstance(item, ModelResponse):
            self.response = item
        return item

    def check(self) -> None:
        """Raises Failure if that is the first thing that came."""
        first = self._items[0] if self._items else None
        if isinstance(first, Failure):
            raise first

    async def close(self) -> None:
        """Hang up; returns once the connection is let go of, or after a second."""
        if self._alarm is not None:
            self._alarm.cancel()
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=CANCEL_SECONDS)

    async def wait(self, patience: float, until: float) -> None:
        """Until there is news; raises Failure after `patience` seconds of silence, or at `until`, a monotonic time.

        Time that the consumer took is not held against the supply.
        """
        since = time.monotonic()
        while not self._items:
            heard = max(self.ear.at, since)
            quiet = min(heard + patience, since + max(PINGS, patience))
            now = time.monotonic()
            if now >= until:
                raise Failure(Kind.LATE, "the deadline of the call has passed")
            if now >= quiet:
                raise Failure(Kind.SILENT, f"nothing came for {now - heard:.1f} s")
            self._reader = self._loop.create_future()
            self._set_alarm(self._loop.time() + min(quiet, until) - now)
            await self._reader
        self.longest_gap = max(self.longest_gap, time.monotonic() - since)

    def _set_alarm(self, when: float) -> None:
        """Look at the clock again at `when`, or sooner: an alarm that is set costs more than one that rings in vain."""
        if self._alarm is None or when < self._alarm.when():
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm = self._loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        wake(self._reader)

    def _put(self, item: Item) -> None:
        self._items.append(item)
        wake(self._reader)
        if not self.first.done():
            self.first_at = time.monotonic()
            self.first.set_result(None)

    async def _has_room(self) -> None:
        """Until the consumer has caught up."""
        while len(self._items) >= READ_AHEAD:
            self._writer = self._loop.create_future()
            await self._writer

    async def _pump(self, model: Model[Any]) -> None:
        listening.set(self.ear)
        try:
            await self._admit(self)
            self.ear.sign()
            self.is_sent, self.began = True, self.ear.at
            self._put(await self._stream(model))
        except Exception as error:  # noqa: BLE001 - whatever a driver raises is a failure of its supply
            failure = classified(error)
            told = Failure(failure.kind, self.supply.scrub(failure.why), failure.retry_after, failure.sent)
            told.__cause__ = failure.__cause__
            self._put(told)

    async def _stream(self, model: Model[Any]) -> ModelResponse:
        """Pass on the events; the response at the end, which must be a whole one."""
        ask = self._ask
        messages, settings = ask.messages, ask.settings
        if self.prefix:
            messages = [*messages, ModelResponse(parts=[TextPart(self.prefix)])]
            settings = merge_model_settings(settings, self.supply.continuation())
        if self.served.request:
            headers = {**((settings or {}).get("extra_headers") or {}), "idempotency-key": self.served.request}
            settings = merge_model_settings(settings, {"extra_headers": headers})
        prepared = model.prepare_messages(messages, ask.parameters)
        async with model.request_stream(prepared, settings, ask.parameters, ask.context) as stream:
            async for event in stream:
                if not isinstance(event, FinalResultEvent | PartEndEvent):
                    self.ear.sign()
                    self._put(event)
                    if len(self._items) >= READ_AHEAD:
                        await self._has_room()
            response = stream.get()
        if response.finish_reason is None or response.state == "incomplete":
            raise Failure(Kind.CUT, "the answer ended without its end")
        if response.finish_reason == "error":
            raise Failure(Kind.DOWN, "the provider says that it failed")
        return response


def wake(waiting: asyncio.Future[None] | None) -> None:
    """Let go on who waits, if anyone does."""
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


async def first_of(attempts: Sequence[Attempt], seconds: float) -> Attempt | None:
    """The attempt that has something first; None after `seconds`."""
    await asyncio.wait({one.first for one in attempts}, timeout=max(0.0, seconds), return_when="FIRST_COMPLETED")
    return next((one for one in attempts if one.first.done()), None)
