"""The gate in front of every route of the server, WebSockets and static files too: it answers its user and nobody else.

In this order: a sane path, the Host of this server (which stops DNS rebinding), the Origin of this server (which stops
other sites), a key, then a body that is small enough and arrives in time. A refusal is problem JSON.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import parse_qsl, quote, urlencode

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exosuit.core.errors import ExosuitError
from exosuit.faces.keys import Keys
from exosuit.faces.problem import problem

BODY_BYTES = 16 * 1024 * 1024
BODY_SECONDS = 20.0
DRAIN_SECONDS = 0.5
METHODS = frozenset({"GET", "HEAD", "POST", "DELETE"})
SAME_SITE = frozenset({"same-origin", "none"})
BAD_PATH = re.compile(r"[\x00-\x1f\x7f\\]|%(2e|2f|5c|00|25)|(^|/)\.{1,2}(/|$)|//", re.IGNORECASE)
"""What no address of ours contains once decoded: control characters, backslashes, dot segments, escapes of escapes."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
"""Set on every response that does not set its own."""


class RefusedError(ExosuitError):
    """A request that the guard turns away, with the status that says why."""

    def __init__(self, status: int, code: str, message: str, hint: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code, message, hint)
        self.status = status
        self.headers = headers or {}


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, keys: Keys, port: int) -> None:
        self.app = app
        self.keys = keys
        self.hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        send = _with_headers(send)
        try:
            answer = self._admit(scope)
            if answer is None and scope["type"] == "http":
                receive = await self._body(scope, receive)
        except RefusedError as error:
            if error.status == 413:
                await _drain(receive)
            # Closing ends what the client may still be sending: nobody reads on for a caller that was turned away.
            answer = problem(error, error.status, {**error.headers, "Connection": "close"})
        except ConnectionResetError:
            return
        if answer is not None:
            await answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _admit(self, scope: Scope) -> Response | None:
        """None to go on, or the answer that sends a link's visitor to the address without its token."""
        if BAD_PATH.search(scope["path"]) or not scope["path"].startswith("/"):
            raise RefusedError(400, "bad-path", "no such address is served", "open the address that exosuit printed")
        host = _only(scope, b"host")
        if host not in self.hosts:
            raise RefusedError(421, "wrong-host", "this server does not answer to that name", f"use {min(self.hosts)}")
        origin = self._check_origin(scope, host)
        if scope["type"] == "http" and scope["method"] not in METHODS:
            raise RefusedError(
                405, "bad-method", f"{scope['method']} is not served", "use GET or POST", {"Allow": "GET, POST"}
            )
        return self._check_key(scope, origin)

    def _check_origin(self, scope: Scope, host: str) -> str | None:
        origin = _only(scope, b"origin")
        if origin is not None and origin != f"http://{host}":
            raise RefusedError(
                403, "wrong-origin", "another site may not call this server", "call it from its own page"
            )
        site = _only(scope, b"sec-fetch-site")
        if site is not None and site not in SAME_SITE:
            raise RefusedError(
                403, "wrong-origin", "another site may not lead here", "open the printed address yourself"
            )
        return origin

    def _check_key(self, scope: Scope, origin: str | None) -> Response | None:
        bearer = _only(scope, b"authorization")
        if bearer is not None:
            if self.keys.admits_bearer(bearer):
                scope["exosuit.actor"] = "http"
                return None
            raise _no_key()
        if scope["type"] == "http" and scope["method"] == "GET" and (answer := self._redeem(scope)):
            return answer
        if not self.keys.admits_cookie("; ".join(_all(scope, b"cookie"))):
            raise _no_key()
        if origin is None and (scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")):
            raise RefusedError(
                403, "wrong-origin", "a page's request must say its origin", "send Origin, or use the token"
            )
        scope["exosuit.actor"] = "gui"
        return None

    def _redeem(self, scope: Scope) -> Response | None:
        """Exchange `?token=` for the cookie, and lead to the same page without it."""
        if scope["path"].startswith(("/api/", "/mcp", "/assets/")) or b"token=" not in scope["query_string"]:
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=20)
        given = [value for name, value in query if name == "token"]
        if len(given) != 1 or not self.keys.redeem(given[0]):
            raise _no_key()
        rest = urlencode([pair for pair in query if pair[0] != "token"])
        target = quote(scope["path"], safe="/") + (f"?{rest}" if rest else "")
        return RedirectResponse(target, 303, {"Set-Cookie": self.keys.set_cookie()})

    async def _body(self, scope: Scope, receive: Receive) -> Receive:
        """Read the whole body, bounded in bytes and seconds, and hand it on as one message."""
        declared = _only(scope, b"content-length")
        if declared is not None and int(declared) > BODY_BYTES:
            raise self._too_large()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self._read(receive)
        except TimeoutError:
            hint = f"send it within {BODY_SECONDS:g} seconds"
            raise RefusedError(408, "slow-body", "the request took too long to arrive", hint) from None
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return messages.pop() if messages else await receive()

        return replay

    async def _read(self, receive: Receive) -> bytes:
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise ConnectionResetError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            more = message.get("more_body", False)
            if size > BODY_BYTES:
                raise self._too_large()
        return b"".join(parts)

    def _too_large(self) -> RefusedError:
        hint = "hand over a file's path instead"
        return RefusedError(413, "too-large", f"a request holds at most {BODY_BYTES:,} bytes", hint)


async def _drain(receive: Receive) -> None:
    """Let a client finish sending for a moment: one that is cut off while it sends never sees the answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while (await receive()).get("more_body", False):
                pass


def _no_key() -> RefusedError:
    hint = "open the address that exosuit printed, or send its token as Authorization: Bearer"
    return RefusedError(401, "no-key", "this server answers its user only", hint, {"WWW-Authenticate": "Bearer"})


def _all(scope: Scope, name: bytes) -> list[str]:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return [value.decode("latin-1") for key, value in headers if key == name]


def _only(scope: Scope, name: bytes) -> str | None:
    """A header that may come once; twice is an attack or a mistake."""
    found = _all(scope, name)
    if len(found) > 1:
        raise RefusedError(400, "bad-header", f"{name.decode()} was sent more than once", "send it once")
    return found[0] if found else None


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = list(message.get("headers", []))
            there = {key.lower() for key, _ in headers}
            extra = [(k.lower().encode(), v.encode()) for k, v in HEADERS.items() if k.lower().encode() not in there]
            message = {**message, "headers": headers + extra}
        await send(message)

    return sending
