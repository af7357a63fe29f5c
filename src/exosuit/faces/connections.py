"""Connections that cannot be held for nothing: uvicorn's HTTP protocol with deadlines and a bound on their number.

uvicorn itself times out only the pause between two requests. Here the head of a request has a deadline too, so has a
client that does not read its answer, and when there are too many connections the one that has been idle longest goes.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

NOT_A_HANDSHAKE = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
HEAD_SECONDS = 10.0
STALL_SECONDS = 30.0
MOST_CONNECTIONS = 256


class Connection(H11Protocol):
    """One client. Each deadline is a timer of the event loop that ends the connection."""

    born = 0.0
    _head: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.born = self.loop.time()
        if len(self.connections) > MOST_CONNECTIONS and not self._make_room():
            transport.abort()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before or self.transport.get_protocol() is not self:
            self._stop_head()
        elif self.is_idle() and self._head is None:
            self._await_head()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        super().handle_websocket_upgrade(event)
        # What h11 takes for a header `websockets` may not; uvicorn then waits for ever for a handshake that has failed.
        if not getattr(self.transport.get_protocol(), "handshake_initiated", False):
            self.transport.write(NOT_A_HANDSHAKE)
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        super().resume_writing()

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _make_room(self) -> bool:
        """End the oldest idle connection; False when all are at work."""
        others = [c for c in self.connections if isinstance(c, Connection) and c is not self]
        oldest = min((c for c in others if c.is_idle()), key=lambda c: c.born, default=None)
        if oldest is None:
            return False
        oldest.transport.abort()
        self.connections.discard(oldest)
        return True

    def _await_head(self) -> None:
        self._stop_head()
        self._head = self.loop.call_later(HEAD_SECONDS, self._late)

    def _late(self) -> None:
        self._head = None
        if self.is_idle():
            self.transport.abort()

    def _stop_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _stop_timers(self) -> None:
        self._stop_head()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
