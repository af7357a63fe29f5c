"""What is heard of a request below its driver: each byte keeps it alive, and headers tell its rate limits."""

from __future__ import annotations

import functools
import ssl
import time
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import httpx2


class Ear:
    """Listens to one request; `at` is the monotonic time of the last sign of life."""

    __slots__ = ("at", "headers", "status")

    def __init__(self) -> None:
        self.at = time.monotonic()
        self.headers: dict[str, str] = {}
        self.status = 0

    @property
    def refused(self) -> bool:
        """Whether an HTTP error came, so that nothing was answered and nothing is billed."""
        return self.status >= 400

    def sign(self) -> None:
        """A sign of life."""
        self.at = time.monotonic()


listening: ContextVar[Ear | None] = ContextVar("exosuit_listening", default=None)
"""The ear of the request that the current task makes."""


class _Heard(httpx2.AsyncByteStream):
    """A body that tells an ear of each of its chunks."""

    def __init__(self, inner: Any, ear: Ear) -> None:
        self._inner = inner
        self._ear = ear

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            self._ear.sign()
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


async def listen(response: httpx2.Response) -> None:
    """A hook of the HTTP client: keeps the headers, and puts the ear to the body."""
    ear = listening.get()
    if ear is not None:
        ear.sign()
        ear.headers, ear.status = dict(response.headers), response.status_code
        response.stream = _Heard(response.stream, ear)


@functools.cache
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted: reading them takes some 50 ms, once."""
    return httpx2.create_ssl_context()


def client(seconds: float) -> httpx2.AsyncClient:
    """An HTTP client that is listened to. Redirects are not followed: a key must not go where an answer points."""
    return httpx2.AsyncClient(
        verify=_trust(),
        timeout=httpx2.Timeout(seconds, connect=10.0),
        limits=httpx2.Limits(max_connections=1000, max_keepalive_connections=100),
        event_hooks={"response": [listen]},
        follow_redirects=False,
    )
