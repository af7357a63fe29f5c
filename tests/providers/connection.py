"""One connection of HTTP/1.1, down to the bytes: what comes in is parsed, what goes out may be cut, torn or reset."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.providers.dialect import Request

MOST_HEAD = 64 << 10
MOST_BODY = 64 << 20
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


class ClientGone(Exception):  # noqa: N818 - nothing went wrong here
    """The client closed the connection, or reset it."""


class Connection:
    """Reads requests and writes answers; notices at any pause that the client has gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = b""
        self._watch: asyncio.Task[bytes] | None = None
        self.sent = 0
        """Bytes of the body of the answer on its way."""
        self._chunked = False
        writer.transport.set_write_buffer_limits(0)

    async def request(self) -> Request | None:
        """The next request, or None at the end; raises ClientGone if it breaks off."""
        while b"\r\n\r\n" not in self._buffer:
            if not (data := await self._more()):
                return None
            self._buffer += data
            if len(self._buffer) > MOST_HEAD + MOST_BODY:
                raise ClientGone
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        line, *rest = head.decode("latin-1").split("\r\n")
        method, _, target = line.rpartition(" ")[0].partition(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
        raw = await self._body(headers)
        parts = urlsplit(target)
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            body = None
        kept = body if isinstance(body, dict | list) else {"unreadable": True}
        path = unquote(parts.path)
        fields = kept if isinstance(kept, dict) else {"items": kept}
        return Request(method, path, dict(parse_qsl(parts.query)), headers, fields, raw)

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            parts = []
            while size := int((await self._until(b"\r\n")).partition(b";")[0] or b"0", 16):
                parts.append((await self._exactly(size + 2))[:-2])
            await self._until(b"\r\n")
            return b"".join(parts)
        return await self._exactly(int(headers.get("content-length", "0")))

    async def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            if size > MOST_BODY or not (data := await self._more()):
                raise ClientGone
            self._buffer += data
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    async def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            if not (data := await self._more()):
                raise ClientGone
            self._buffer += data
        data, _, self._buffer = self._buffer.partition(end)
        return data

    async def _more(self) -> bytes:
        try:
            if self._watch is None:
                return await self._reader.read(65536)
            watch, self._watch = self._watch, None
            return await watch
        except OSError as error:
            raise ClientGone from error

    async def pause(self, seconds: float | None) -> None:
        """Wait, for ever if None; raises ClientGone as soon as the client has left."""
        loop = asyncio.get_running_loop()
        until = None if seconds is None else loop.time() + seconds
        while True:
            self._watch = self._watch or asyncio.create_task(self._reader.read(65536))
            left = None if until is None else max(0.0, until - loop.time())
            done, _ = await asyncio.wait({self._watch}, timeout=left)
            if not done:
                return
            if not (data := await self._more()):
                raise ClientGone
            self._buffer += data

    async def head(self, status: int, headers: dict[str, str], length: int | None) -> None:
        """Start an answer; without a length its body goes out in chunks."""
        self.sent, self._chunked = 0, length is None
        framing = {"transfer-encoding": "chunked"} if length is None else {"content-length": str(length)}
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Scripted')}"]
        lines += [f"{name}: {value}" for name, value in (headers | framing).items()]
        await self._write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    async def piece(self, data: bytes) -> None:
        """Send a piece of the body at once."""
        if data:
            await self._write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
            self.sent += len(data)

    async def end(self) -> None:
        """End the body as HTTP wants it."""
        if self._chunked:
            await self._write(b"0\r\n\r\n")

    async def _write(self, data: bytes) -> None:
        if self._writer.transport.is_closing():
            raise ClientGone
        self._writer.write(data)
        try:
            await self._writer.drain()
        except OSError as error:
            raise ClientGone from error

    def reset(self) -> None:
        """Break the connection with a TCP reset (SO_LINGER of 0 seconds)."""
        plug = self._writer.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def close(self) -> None:
        """Let go of it."""
        if self._watch is not None:
            self._watch.cancel()
        self._writer.close()
