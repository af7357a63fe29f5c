"""The calls that a server answers right now: how far each is, and an end to those whose client has gone.

A client that wants to follow its call names it in the header `Exosuit-Call`, and reads `/api/events?calls=1`. To stop a
call it closes the connection that waits for the answer.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

from exosuit.core.progress import Watch

HEADER = "exosuit-call"
PATIENCE = 1.0
"""Seconds that a call may take before anybody is told of it."""

_NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


@dataclass(frozen=True)
class Call:
    """One call on its way."""

    command: str
    watch: Watch

    def told(self) -> dict[str, Any]:
        """What is said of it: of what it has not told, nothing is known."""
        done, total, what = self.watch.latest or (0, 0, "")
        return {"command": self.command, "done": done, "total": total, "what": what}


class Calls:
    """Those under way, by the name that their client gave or a number; two of one name are told as the later one."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._under_way: dict[str, Call] = {}

    @contextmanager
    def begun(self, command: str, name: str = "") -> Iterator[Watch]:
        """A watch for one call, which is told of until the block ends."""
        key = name if _NAME.fullmatch(name) else str(next(self._numbers))
        call = self._under_way[key] = Call(command, Watch())
        try:
            yield call.watch
        finally:
            if self._under_way.get(key) is call:
                del self._under_way[key]

    def told(self) -> Mapping[str, dict[str, Any]]:
        """What is said of every call that takes longer."""
        since = time.monotonic() - PATIENCE
        return {key: call.told() for key, call in self._under_way.items() if call.watch.began < since}


@asynccontextmanager
async def unless_gone(receive: Receive, watch: Watch) -> AsyncIterator[None]:
    """Within the block, a client that closes its connection cancels what it asked for."""

    async def wait() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        watch.cancel()

    waiting = asyncio.create_task(wait())
    try:
        yield
    finally:
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
