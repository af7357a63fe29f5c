"""`/api/events`: a WebSocket that says which change has news, whoever made them, in this process or another.

Each message is `{"seq": 12, "change": "…"}`: the ledger has events of that change up to that seq. With `?since=SEQ`
what was missed comes first, so that a client that reconnects loses nothing. What the client sends is ignored.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import anyio.to_thread
from starlette.websockets import WebSocket, WebSocketDisconnect

from exosuit.core.errors import ExosuitError
from exosuit.faces.problem import problem

News = list[tuple[str, int]]
POLL_SECONDS = 0.1
MOST_WATCHERS = 64


class Watchers:
    """One poller of the ledger for all sockets, at work only while there are any."""

    def __init__(self, news: Callable[[int], News], newest: Callable[[], int]) -> None:
        self._news = news
        self._newest = newest
        self._pending: dict[asyncio.Event, dict[str, int]] = {}
        self._poller: asyncio.Task[None] | None = None

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one socket until either side ends it."""
        if len(self._pending) >= MOST_WATCHERS:
            busy = ExosuitError("busy", "too many pages watch this workspace", "close some of them", retryable=True)
            await socket.send_denial_response(problem(busy))
            return
        since = _number(socket.query_params.get("since"))
        # The starting point is read before the socket is accepted: what comes after a client's `open` is never missed.
        newest = await anyio.to_thread.run_sync(self._newest)
        start = newest if since is None else min(since, newest)
        woken, pending = asyncio.Event(), dict[str, int]()
        self._pending[woken] = pending
        try:
            await socket.accept()
            if self._poller is None:
                self._poller = asyncio.create_task(self._poll(start))
            else:
                _merge(pending, await anyio.to_thread.run_sync(self._news, start))
                woken.set()
            await self._serve(socket, woken, pending)
        finally:
            del self._pending[woken]

    async def _serve(self, socket: WebSocket, woken: asyncio.Event, pending: dict[str, int]) -> None:
        gone = asyncio.create_task(_until_gone(socket))
        try:
            while not gone.done():
                news = asyncio.create_task(woken.wait())
                await asyncio.wait({gone, news}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                woken.clear()
                while pending and not gone.done():
                    change = next(iter(pending))
                    await socket.send_text(json.dumps({"seq": pending.pop(change), "change": change}))
        except WebSocketDisconnect:
            return
        finally:
            gone.cancel()

    async def _poll(self, last: int) -> None:
        try:
            while self._pending:
                news = await anyio.to_thread.run_sync(self._look, last)
                last = max([last, *(seq for _, seq in news)])
                for woken, pending in self._pending.items() if news else ():
                    _merge(pending, news)
                    woken.set()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._poller = None

    def _look(self, last: int) -> News:
        """The news, or none while another process holds the ledger: the next look finds them."""
        try:
            return self._news(last)
        except ExosuitError:
            return []


def _merge(pending: dict[str, int], news: News) -> None:
    """A slow socket keeps one line a change, never a queue that grows."""
    for change, seq in news:
        pending[change] = max(seq, pending.get(change, 0))


async def _until_gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 19 else None
