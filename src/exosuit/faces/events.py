"""`/api/events`: a WebSocket that says which change has news, whoever made them, in this process or another.

Each message is `{"seq": 12, "change": "…"}`: the ledger has events of that change up to that seq. With `?since=SEQ`
what was missed comes first, so that a client that reconnects loses nothing. What the client sends is ignored.

With `?calls=1` come, too, calls that take longer than a second, as often as they tell how far they are:
`{"call": "…", "command": "change.import", "done": 64, "total": 500, "what": "files"}`, and at its end `{"call": "…",
"over": true}`. The name is the one of `faces.calls`; a total of 0 is unknown.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import anyio.to_thread
from starlette.websockets import WebSocket, WebSocketDisconnect

from exosuit.core.errors import ExosuitError
from exosuit.faces.problem import problem

News = list[tuple[str, int]]
Told = Mapping[str, dict[str, Any]]
POLL_SECONDS = 0.1
MOST_WATCHERS = 64


class Watchers:
    """One poller of the ledger for all sockets, at work only while there are any."""

    def __init__(self, news: Callable[[int], News], newest: Callable[[], int], calls: Callable[[], Told]) -> None:
        self._news = news
        self._newest = newest
        self._calls = calls
        self._watchers: set[_Watcher] = set()
        self._poller: asyncio.Task[None] | None = None

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one socket until either side ends it."""
        if len(self._watchers) >= MOST_WATCHERS:
            busy = ExosuitError("busy", "too many pages watch this workspace", "close some of them", retryable=True)
            await socket.send_denial_response(problem(busy))
            return
        since = _number(socket.query_params.get("since"))
        # The starting point is read before the socket is accepted: what comes after a client's `open` is never missed.
        newest = await anyio.to_thread.run_sync(self._newest)
        start = newest if since is None else min(since, newest)
        watcher = _Watcher(wants_calls=socket.query_params.get("calls") == "1")
        self._watchers.add(watcher)
        try:
            await socket.accept()
            if self._poller is None:
                self._poller = asyncio.create_task(self._poll(start))
            else:
                watcher.take(await anyio.to_thread.run_sync(self._news, start))
            await watcher.serve(socket)
        finally:
            self._watchers.discard(watcher)

    async def _poll(self, last: int) -> None:
        try:
            while self._watchers:
                news = await anyio.to_thread.run_sync(self._look, last)
                last = max([last, *(seq for _, seq in news)])
                calls = self._calls()
                for watcher in self._watchers:
                    watcher.take(news)
                    watcher.take_calls(calls)
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._poller = None

    def _look(self, last: int) -> News:
        """The news, or none while another process holds the ledger: the next look finds them."""
        try:
            return self._news(last)
        except ExosuitError:
            return []


class _Watcher:
    """One socket, and what it has yet to be sent: one line a change and one a call, never a queue that grows."""

    def __init__(self, *, wants_calls: bool) -> None:
        self._wants_calls = wants_calls
        self._woken = asyncio.Event()
        self._changes: dict[str, int] = {}
        self._calls: dict[str, dict[str, Any]] = {}
        self._known: Told = {}

    def take(self, news: News) -> None:
        """Changes with news."""
        for change, seq in news:
            self._changes[change] = max(seq, self._changes.get(change, 0))
            self._woken.set()

    def take_calls(self, calls: Told) -> None:
        """How far the calls are; one that was told of and is not among them is over."""
        if not self._wants_calls or calls == self._known:
            return
        over = {name: {"over": True} for name in self._known if name not in calls}
        self._calls |= over | {name: told for name, told in calls.items() if told != self._known.get(name)}
        self._known = calls
        self._woken.set()

    async def serve(self, socket: WebSocket) -> None:
        """Send what there is until the client goes."""
        gone = asyncio.create_task(_until_gone(socket))
        try:
            while not gone.done():
                news = asyncio.create_task(self._woken.wait())
                await asyncio.wait({gone, news}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                self._woken.clear()
                while (line := self._line()) and not gone.done():
                    await socket.send_text(json.dumps(line))
        except WebSocketDisconnect:
            return
        finally:
            gone.cancel()

    def _line(self) -> dict[str, Any] | None:
        if self._changes:
            change = next(iter(self._changes))
            return {"seq": self._changes.pop(change), "change": change}
        if self._calls:
            name = next(iter(self._calls))
            return {"call": name, **self._calls.pop(name)}
        return None


async def _until_gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 19 else None
