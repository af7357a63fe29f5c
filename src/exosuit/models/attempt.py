"""One request to one supply, made by a task of its own, so that it can be raced, left and cancelled at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Sequence
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
    """Started by `start`; its events come by `next`, the last of them a ModelResponse, or a Failure is raised."""

    def __init__(self, supply: Supply, ask: Ask, served: Served, prefix: str = "") -> None:
        self.supply = supply
        self.served = served
        self.prefix = prefix
        self.ear = Ear()
        self.began = time.monotonic()
        self.first_at = self.began
        self.longest_gap = 0.0
        self.first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.response: ModelResponse | None = None
        self._ask = ask
        self._items: deque[Item] = deque()
        self._news, self._room = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Send the request; making the driver ready, which imports it at the first call, is not the supply's time."""
        try:
            model = self.supply.model()
        except ExosuitError as error:
            self._items.append(classified(error))
            self.first.set_result(None)
            return
        self.ear.sign()
        self.began = self.ear.at
        self._task = asyncio.create_task(self._pump(model), name=f"ask {self.supply.name}")

    @property
    def silence(self) -> float:
        """Seconds since the last sign of life."""
        return time.monotonic() - self.ear.at

    async def next(self, patience: float, until: float) -> ModelResponseStreamEvent | ModelResponse:
        """The next event; raises Failure: its own, or for silence. `until` is the monotonic time of the deadline."""
        if not self._items:
            await self._wait(patience, until)
        item = self._items.popleft()
        self._room.set()
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
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=CANCEL_SECONDS)

    async def _wait(self, patience: float, until: float) -> None:
        """Until there is an item: time that the consumer took is not held against the supply."""
        since = time.monotonic()
        while not self._items:
            heard = max(self.ear.at, since)
            quiet = min(heard + patience, since + max(PINGS, patience))
            now = time.monotonic()
            if now >= until:
                raise Failure(Kind.LATE, "the deadline of the call has passed")
            if now >= quiet:
                raise Failure(Kind.SILENT, f"nothing came for {now - heard:.1f} s")
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(quiet, until) - now):
                    await self._news.wait()
        self.longest_gap = max(self.longest_gap, time.monotonic() - since)

    async def _put(self, item: Item) -> None:
        self._items.append(item)
        self._news.set()
        if not self.first.done():
            self.first_at = time.monotonic()
            self.first.set_result(None)
        while len(self._items) >= READ_AHEAD:
            self._room.clear()
            await self._room.wait()

    async def _pump(self, model: Model[Any]) -> None:
        listening.set(self.ear)
        try:
            await self._put(await self._stream(model))
        except Exception as error:  # noqa: BLE001 - whatever a driver raises is a failure of its supply
            failure = classified(error)
            await self._put(Failure(failure.kind, self.supply.scrub(failure.why), failure.retry_after, failure.sent))

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
                    await self._put(event)
            response = stream.get()
        if response.finish_reason is None or response.state == "incomplete":
            raise Failure(Kind.CUT, "the answer ended without its end")
        if response.finish_reason == "error":
            raise Failure(Kind.DOWN, "the provider says that it failed")
        return response


async def first_of(attempts: Sequence[Attempt], seconds: float) -> Attempt | None:
    """The attempt that has something first; None after `seconds`."""
    await asyncio.wait({one.first for one in attempts}, timeout=max(0.0, seconds), return_when="FIRST_COMPLETED")
    return next((one for one in attempts if one.first.done()), None)
