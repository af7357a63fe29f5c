"""Run the HTTP face: a port, a token, a start that is told, and a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn

from exosuit.core.errors import ExosuitError
from exosuit.core.pauses import settled
from exosuit.core.registry import Registry
from exosuit.faces.connections import Connection
from exosuit.faces.http import application
from exosuit.faces.keys import Keys

ACTORS = ("gui", "http", "mcp")
HOST = "127.0.0.1"
USUAL_PORT = 7457
KEEP_ALIVE_SECONDS = 15
STOPPING = (signal.SIGINT, signal.SIGTERM)
STOP_SECONDS = 5.0
FORCED = 130
SOCKET_MESSAGE_BYTES = 4096


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    port: int
    keys: Keys

    def url(self, path: str, *, once: bool = False) -> str:
        """The address of a page with the token in it; with `once`, one that works a single time."""
        key = self.keys.link() if once else self.keys.token
        return f"http://{HOST}:{self.port}{path}{'&' if '?' in path else '?'}token={key}"


class Server:
    """The registry served to one user on this machine, until SIGINT or SIGTERM.

    Each way in has a session of its own on one workspace that they share. `port` None means the usual one or, if that
    is taken, any free one.
    """

    def __init__(self, registry: Registry, session: Callable[[str], Any], port: int | None) -> None:
        self._registry = registry
        self._sessions = {actor: session(actor) for actor in ACTORS}
        self._port = port

    def run(self, started: Callable[[Running], None]) -> None:
        """Serve; `started` is called when connections are answered. Raises `port-taken`."""
        # Opened before anything is served: a damaged store is an error of the command line, not of the first request.
        workspace = self._sessions["gui"].workspace
        workspace.ledger.newest()
        for one in self._sessions.values():
            one.workspace = workspace
        listening = listen(self._port)
        port = listening.getsockname()[1]
        keys = Keys(port)
        config = uvicorn.Config(
            application(self._registry, self._sessions.__getitem__, keys, port),
            http=Connection,
            ws="websockets-sansio",
            ws_max_size=SOCKET_MESSAGE_BYTES,
            ws_per_message_deflate=False,
            lifespan="on",
            loop="asyncio",
            log_config=None,
            log_level=logging.ERROR,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        with listening:
            asyncio.run(_Quiet(config, lambda: started(Running(port, keys))).serve([listening]))


class _Quiet(uvicorn.Server):
    """uvicorn that tells when it answers, and for which a stop that was asked for is no error."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settled()
        self._on_start()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in STOPPING:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in STOPPING:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        """Stop when the commands under way are done; leave at once when told again, or when they take too long."""
        if self.should_exit:
            _leave()
        self.should_exit = True
        asyncio.get_running_loop().call_later(STOP_SECONDS, _leave)


def _leave() -> None:
    """End the process under a command that runs in a thread: what it wrote is journalled, hence whole or taken back."""
    print("stopped while a command was running; the next start finishes or takes back what it began", file=sys.stderr)
    sys.stderr.flush()
    os._exit(FORCED)


def listen(port: int | None) -> socket.socket:
    """A socket on the loopback: on the port asked for, or on the usual one, or on any that is free."""
    for wanted in (port,) if port is not None else (USUAL_PORT, 0):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HOST, wanted))
            made.listen(512)
        except OSError as error:
            made.close()
            if port is not None:
                raise ExosuitError(
                    "port-taken", f"port {port} cannot be used ({error.strerror})", "leave --port out to get a free one"
                ) from error
        else:
            return made
    raise ExosuitError("port-taken", "no free port on the loopback", "close a program that listens, then try again")
