"""The whole HTTP face: API, events, MCP and GUI behind one guard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from exosuit.core.errors import ExosuitError
from exosuit.core.registry import Registry
from exosuit.faces.api import Api
from exosuit.faces.calls import Calls
from exosuit.faces.events import Watchers
from exosuit.faces.guard import Guard
from exosuit.faces.keys import Keys
from exosuit.faces.problem import problem
from exosuit.faces.static import Static

if TYPE_CHECKING:
    from exosuit.faces.mcp import Streamable

Sessions = Callable[[str], Any]
"""The session of an actor, made once."""


def application(registry: Registry, session: Sessions, keys: Keys, port: int) -> ASGIApp:
    """The ASGI application of one server start on `port`."""
    calls = Calls()
    api, static, mcp = Api(registry, session, calls), Static(), Mcp(registry, session, calls)
    ledger: Callable[[], Any] = lambda: session("gui").workspace.ledger  # noqa: E731
    watchers = Watchers(lambda since: ledger().subjects(since), lambda: ledger().newest(), calls.told)

    async def page(request: Request) -> Response:
        return static(request)

    async def events(socket: WebSocket) -> None:
        await watchers(socket)

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        yield
        await mcp.close()

    router = Router(
        [
            Route("/api/openapi.json", api.openapi, methods=["GET"]),
            WebSocketRoute("/api/events", events),
            Route("/api/{name}", api.call, methods=["GET", "POST"]),
            Route("/mcp", mcp),
            Route("/{path:path}", page, methods=["GET"]),
        ],
        redirect_slashes=False,
        default=_nothing,
        lifespan=lifespan,
    )
    return Guard(router, keys, port)


class Mcp:
    """The MCP transport, imported when its first client comes: it would double the time the server takes to start."""

    def __init__(self, registry: Registry, session: Sessions, calls: Calls) -> None:
        self._registry = registry
        self._session = session
        self._calls = calls
        self._made: Streamable | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._made is None:
            async with self._making:
                await self._make()
        if self._made is not None:
            await self._made(scope, receive, send)

    async def _make(self) -> None:
        if self._made is None:
            made = await anyio.to_thread.run_sync(_import)
            self._made = made(self._registry, lambda: self._session("mcp"), self._calls)

    async def close(self) -> None:
        """End the transport if there is one."""
        if self._made is not None:
            await self._made.close()


def _import() -> type[Streamable]:
    from exosuit.faces.mcp import Streamable

    return Streamable


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """The answer where no route fits."""
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).close(1008)
        return
    error = ExosuitError("no-such-page", f"nothing is served at {scope['path'][:200]}", "start at /")
    await problem(error, 404)(scope, receive, send)
