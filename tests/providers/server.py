"""A scripted provider: a real HTTP server on loopback that speaks the vendors' dialects and fails on command."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from tests.providers.anthropic_messages import AnthropicMessages
from tests.providers.catalogue import embeddings, models
from tests.providers.connection import ClientGone, Connection
from tests.providers.delivery import Delivery, LinkBroken
from tests.providers.dialect import Ask, Dialect, Frame, Request, billed, compact, fitted, usage
from tests.providers.google_content import GoogleContent
from tests.providers.log import Log, Outcome, Received
from tests.providers.openai_chat import OpenAIChat
from tests.providers.openai_responses import OpenAIResponses
from tests.providers.script import Answer, Fault

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for dialect in (OpenAIChat(), OpenAIResponses(), AnthropicMessages(), GoogleContent())
}
KEY = "scripted-key"
MODEL = "scripted-model"

Scripted = Answer | Callable[[Ask], Answer]
ANSWERS = TypeAdapter(list[Answer])
DEFAULT = Answer(text="Hello from a scripted provider.")


@dataclass(frozen=True)
class Limits:
    """So many requests in each window of so many seconds; the rest get 429 with the vendor's headers."""

    requests: int
    seconds: float


class Provider:
    """Serves from a thread of its own: `with Provider(answers) as provider: …`.

    The answers are given out in the order in which requests come; the last one is repeated. An answer may be a
    function of the request. `dialects`: which it speaks (all). `keys`, `models`: what it accepts; None accepts any.
    """

    def __init__(
        self,
        answers: Iterable[Scripted] = (),
        *,
        dialects: Iterable[str] = tuple(DIALECTS),
        keys: Iterable[str] | None = (KEY,),
        models: Iterable[str] | None = (MODEL,),
        limits: Limits | None = None,
        port: int = 0,
    ) -> None:
        self.log = Log()
        self.port = port
        self._answers: list[Scripted] = list(answers)
        self._given = 0
        self._dialects = [DIALECTS[name] for name in dialects]
        self._keys = None if keys is None else set(keys)
        self._models = None if models is None else list(models)
        self._limits = limits
        self._window = (0.0, 0)
        self._links: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Its address without a path, as Anthropic's and Google's clients want it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def v1(self) -> str:
        """Its address as OpenAI's clients want it."""
        return f"{self.url}/v1"

    def script(self, *answers: Scripted) -> None:
        """From now on answer this, from the first one on."""
        self._answers, self._given = list(answers), 0

    def __enter__(self) -> Self:
        ready = threading.Event()
        failed: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(self._until_stopped(ready))
            except OSError as error:
                failed.append(error)
                ready.set()

        self._thread = threading.Thread(target=run, name="scripted provider", daemon=True)
        self._thread.start()
        ready.wait()
        if failed:
            raise failed[0]
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _until_stopped(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self.start()
        ready.set()
        await self._stop.wait()
        server.close()
        for link in list(self._links):
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def start(self) -> asyncio.Server:
        """Listen in the running loop; `port` is then the real one."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        link = Connection(reader, writer)
        try:
            while (request := await link.request()) is not None:
                await self._answer(link, request)
        except (ClientGone, LinkBroken, asyncio.CancelledError):
            pass
        finally:
            self._links.discard(task)
            await link.close()

    async def _answer(self, link: Connection, request: Request) -> None:
        if request.path.startswith("/_scripted/"):
            await self._control(link, request)
            return
        entry = self.log.open(request)
        outcome: Outcome = "refused"
        try:
            outcome = await self._reply(link, request, entry)
        except ClientGone:
            outcome = "gone"
            raise
        except LinkBroken:
            outcome = "failed"
            raise
        finally:
            entry.bytes_sent = link.sent
            self.log.end(entry, outcome)

    async def _reply(self, link: Connection, request: Request, entry: Received) -> Outcome:
        found = next(((one, ask) for one in self._dialects if (ask := one.ask(request)) is not None), None)
        if found is None:
            return await self._other(link, request, entry)
        dialect, ask = found
        entry.dialect, entry.model, entry.stream = dialect.name, ask.model, ask.stream
        status, message = self._refusal(ask)
        limits = self._limit_headers(dialect)
        if not status and self._window_is_full():
            status, message = 429, "Rate limit reached for requests"
            limits |= {"retry-after": f"{self._seconds_left():.3f}"}
        if status:
            entry.status = status
            await self._send(link, status, dialect.error(status, message), limits)
            return "refused"
        return await self._deliver(link, dialect, ask, entry, limits)

    async def _deliver(
        self, link: Connection, dialect: Dialect, ask: Ask, entry: Received, limits: dict[str, str]
    ) -> Outcome:
        answer = fitted(self._next(ask), ask.limit)
        total = usage(answer, ask)
        frames = (
            list(dialect.frames(answer, ask, total))
            if ask.stream
            else [Frame(compact(dialect.body(answer, ask, total)), total.output)]
        )
        entry.fault = answer.fault.kind if answer.fault else ""
        entry.status = answer.fault.status if answer.fault and answer.fault.kind == "status" else 200
        identity = {"x-request-id": f"req_{ask.number:08d}", "request-id": f"req_{ask.number:08d}"}
        delivery = Delivery(link, dialect, answer, frames, ask.stream, identity | limits | answer.headers)
        try:
            await delivery.run()
        finally:
            entry.events = delivery.whole
            if delivery.whole or _has_billed_all(answer.fault, delivery):
                entry.billed = billed(total, frames, delivery.whole)
        return "failed" if answer.fault else "answered"

    def _next(self, ask: Ask) -> Answer:
        scripted = self._answers[min(self._given, len(self._answers) - 1)] if self._answers else DEFAULT
        self._given += 1
        return scripted if isinstance(scripted, Answer) else scripted(ask)

    def _refusal(self, ask: Ask) -> tuple[int, str]:
        """A status and a message, or 0 if the request is fine."""
        if self._keys is not None and ask.key not in self._keys:
            return 401, "Incorrect API key provided"
        if "unreadable" in ask.request.body:
            return 400, "We could not parse the JSON body of your request"
        if self._models is not None and ask.model not in self._models:
            return 404, f"The model `{ask.model}` does not exist or you do not have access to it"
        return 0, ""

    def _window_is_full(self) -> bool:
        """Counts a request in the window; says whether it was one too many."""
        if self._limits is None:
            return False
        began, used = self._window
        if time.monotonic() - began >= self._limits.seconds:
            began, used = time.monotonic(), 0
        self._window = (began, used + 1)
        return used >= self._limits.requests

    def _seconds_left(self) -> float:
        assert self._limits is not None
        return max(0.0, self._limits.seconds - (time.monotonic() - self._window[0]))

    def _limit_headers(self, dialect: Dialect) -> dict[str, str]:
        if self._limits is None:
            return {}
        began, used = self._window
        fresh = time.monotonic() - began >= self._limits.seconds
        left = self._limits.requests - 1 if fresh else max(0, self._limits.requests - used - 1)
        return dialect.limit_headers(
            self._limits.requests, left, self._limits.seconds if fresh else self._seconds_left()
        )

    async def _other(self, link: Connection, request: Request, entry: Received) -> Outcome:
        names = self._models if self._models is not None else [MODEL]
        shape = models(request, names) if request.method == "GET" else None
        if shape is None and request.path == "/v1/embeddings":
            shape, entry.billed = embeddings(request)
        entry.status = 200 if shape is not None else 404
        await self._send(link, entry.status, shape or DIALECTS["openai"].error(404, f"Unknown address {request.path}"))
        return "answered" if shape is not None else "refused"

    async def _control(self, link: Connection, request: Request) -> None:
        """How another process scripts it and reads its log."""
        if (request.method, request.path) == ("GET", "/_scripted/log"):
            entries = [entry.as_data() for entry in self.log.entries()]
            await self._send(link, 200, {"requests": entries, "billed": self.log.billed().model_dump()})
        elif (request.method, request.path) == ("DELETE", "/_scripted/log"):
            self.log.clear()
            await self._send(link, 200, {})
        elif (request.method, request.path) == ("PUT", "/_scripted/script"):
            try:
                self.script(*ANSWERS.validate_json(request.raw))
                await self._send(link, 200, {"answers": len(self._answers)})
            except ValidationError as error:
                await self._send(link, 400, {"error": str(error)})
        else:
            await self._send(link, 404, {"error": f"unknown address {request.path}"})

    async def _send(
        self, link: Connection, status: int, shape: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        body = compact(shape)
        await link.head(status, {"content-type": "application/json"} | (headers or {}), len(body))
        await link.piece(body)


def _has_billed_all(fault: Fault | None, delivery: Delivery) -> bool:
    """Whether a body that is not a stream was made: then it is billed, however it arrives."""
    return not delivery.stream and delivery.link.sent > 0 and (fault is None or fault.is_midway)
