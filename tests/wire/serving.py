"""A server in a process of its own, and clients that say exactly the bytes they are told to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qs, urlsplit

TIMEOUT = 20.0


@dataclass
class Answer:
    """A response, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """A running server: where it is, its token, and what it wrote."""

    process: subprocess.Popen[bytes]
    told: dict[str, Any]
    errors: Path
    port: int = field(init=False)
    token: str = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.told["url"])
        assert parts.port is not None
        self.port = parts.port
        self.token = parse_qs(parts.query)["token"][0]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def cookie(self) -> str:
        """The cookie that a browser gets for the printed address."""
        answer = self.say(f"GET /?token={self.token} HTTP/1.1", {"Host": self.host})
        assert answer.status == 303
        return answer.headers["set-cookie"].partition(";")[0]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), TIMEOUT)

    def say(self, line: str, headers: dict[str, str] | list[tuple[str, str]], body: bytes = b"") -> Answer:
        """Send one request, byte for byte as given, and read the answer."""
        pairs = list(headers.items()) if isinstance(headers, dict) else headers
        head = "".join(f"{line}\r\n" for line in [line, *(f"{name}: {value}" for name, value in pairs)])
        with self.connect() as link:
            with suppress(BrokenPipeError, ConnectionResetError):  # the answer may be there already
                link.sendall(head.encode("latin-1") + b"\r\n" + body)
            return read(link, head_only=line.startswith("HEAD"))

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.say(f"GET {path} HTTP/1.1", {"Host": self.host} | (self.bearer if headers is None else headers))

    def post(self, name: str, fields: Any, headers: dict[str, str] | None = None) -> Answer:
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        sent = {"Host": self.host, "Content-Type": "application/json", "Content-Length": str(len(body))}
        return self.say(f"POST /api/{name} HTTP/1.1", sent | self.bearer | (headers or {}), body)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT)


def read(link: socket.socket, *, head_only: bool = False) -> Answer:
    """One response off a socket."""
    stream = cast("BinaryIO", link.makefile("rb"))
    status = stream.readline().split(b" ", 2)
    if len(status) < 2:
        raise ConnectionResetError("closed without an answer")
    headers: dict[str, str] = {}
    while line := stream.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    length = headers.get("content-length")
    chunked = headers.get("transfer-encoding") == "chunked"
    if head_only or status[1] in (b"101", b"204", b"303"):
        body = b""
    elif chunked:
        body = b"".join(_chunks(stream))
    else:
        body = stream.read(int(length)) if length is not None else stream.read()
    return Answer(int(status[1]), headers, body)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while size := int(stream.readline().strip() or b"0", 16):
        yield stream.read(size)
        stream.readline()


@contextmanager
def serving(folder: Path, logs: Path, *words: str, module: str = "exosuit", **settings: str) -> Iterator[Served]:
    """`exosuit serve` (or other words) on `folder` in a process of its own, ended by its pid."""
    command = [sys.executable, "-m", module, "-C", str(folder), *(words or ("serve",)), "--json"]
    errors = logs / f"stderr-{time.monotonic_ns()}"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=stderr, stdin=subprocess.DEVNULL, env=os.environ | settings,
            start_new_session=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, errors.read_text()
        yield Served(process, json.loads(line), errors)
    finally:
        process.kill()
        process.wait(TIMEOUT)
        assert process.stdout is not None
        process.stdout.close()
