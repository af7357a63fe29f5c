"""How an answer goes out: event by event, at its pace, and with its fault."""

from __future__ import annotations

from dataclasses import dataclass

from tests.providers.connection import Connection
from tests.providers.dialect import Dialect, Frame, compact
from tests.providers.script import Answer, Fault

GARBAGE = bytes((7 * i * i + 13 * i + 128) % 256 for i in range(97))
HALF_A_CHARACTER = "€".encode()[:2]
PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n"
STREAM_TYPE = "text/event-stream; charset=utf-8"
KNOWN_LENGTH = ("reset", "close", "stall", "drip")
"""Faults under which a body that is not a stream still states the length that it would have had."""

INSTEAD = ("status", "html", "garbage", "error_body")
"""Faults that are an answer of their own."""
LAST_BYTES = {"truncated_utf8": HALF_A_CHARACTER, "garbage": GARBAGE, "html": PAGE}
"""What comes last, before HTTP ends as it should."""


class LinkBroken(Exception):  # noqa: N818 - on command
    """The connection cannot be used for another request."""


@dataclass
class Delivery:
    """One answer on its way; `whole` counts the events that went out untouched."""

    link: Connection
    dialect: Dialect
    answer: Answer
    frames: list[Frame]
    stream: bool
    headers: dict[str, str]
    whole: int = 0

    async def run(self) -> None:
        """Send it all; raises ClientGone if the client left, LinkBroken after a fault that ends the connection."""
        fault = self.answer.fault
        if self.answer.wait:
            await self.link.pause(self.answer.wait)
        if fault is not None and not fault.is_midway and not await self._at_once(fault):
            return
        kind = STREAM_TYPE if self.stream else "application/json"
        known = not self.stream and (fault is None or fault.kind in KNOWN_LENGTH)
        length = sum(len(frame.data) for frame in self.frames) if known else None
        await self.link.head(200, {"content-type": kind} | self.headers, length)
        if fault is None:
            await self._pieces(self.frames)
        else:
            before, torn, after = split(self.frames, fault)
            await self._pieces(before)
            await self.link.piece(torn)
            await self._midway(fault, after)
        await self.link.end()

    async def _pieces(self, frames: list[Frame]) -> None:
        for frame in frames:
            if self.answer.pace and self.whole:
                await self.link.pause(self.answer.pace)
            await self.link.piece(frame.data)
            self.whole += 1

    async def _at_once(self, fault: Fault) -> bool:
        """A fault before anything else; says whether the answer goes on after it, as those do that need its head."""
        if fault.kind in ("hang", "stall"):
            await self.link.pause(None)
        elif fault.kind == "reset":
            self.link.reset()
            raise LinkBroken
        elif fault.kind == "close":
            raise LinkBroken
        elif fault.kind in INSTEAD and not (fault.kind == "garbage" and self.stream):
            await self._instead(fault)
            return False
        return True

    async def _instead(self, fault: Fault) -> None:
        """Another answer than the one that was asked for."""
        shape = self.dialect.error(fault.status, fault.message or "The server had an error")
        status, kind, body = fault.status, "application/json", b""
        if fault.kind == "html":
            status, kind, body = (fault.status if "status" in fault.model_fields_set else 200), "text/html", PAGE
        elif fault.kind == "error_body":
            status = 200
        elif fault.kind == "garbage":
            status, body = 200, GARBAGE
        body = body or compact(shape)
        await self.link.head(status, {"content-type": kind} | self.headers | fault.headers, len(body))
        await self.link.piece(body)

    async def _midway(self, fault: Fault, after: list[Frame]) -> None:
        """The fault itself, once the head and what comes before it are out."""
        if fault.kind in ("stall", "hang"):
            await self.link.pause(None)
        elif fault.kind == "drip":
            await self._drip(fault, after)
        elif fault.kind == "reset":
            self.link.reset()
            raise LinkBroken
        elif fault.kind == "close":
            raise LinkBroken
        elif fault.kind in ("error_event", "error_body", "status"):
            said = fault.message or "Overloaded"
            shape = self.dialect.error_frame(said) if self.stream else compact(self.dialect.error(500, said))
            await self.link.piece(shape)
        elif fault.kind == "malformed":
            await self._malformed(after)
        else:
            await self.link.piece(LAST_BYTES.get(fault.kind, b""))

    async def _drip(self, fault: Fault, after: list[Frame]) -> None:
        for frame in after:
            for at in range(len(frame.data)):
                await self.link.pause(fault.seconds)
                await self.link.piece(frame.data[at : at + 1])
            self.whole += 1

    async def _malformed(self, after: list[Frame]) -> None:
        """The next event with its JSON cut in two, then the others."""
        if after:
            data = after[0].data.rstrip()
            await self.link.piece(data[: len(data) * 2 // 3] + b"\n\n")
            await self._pieces(after[1:])


def split(frames: list[Frame], fault: Fault) -> tuple[list[Frame], bytes, list[Frame]]:
    """What goes out whole before a fault, the beginning of an event that it cuts, and what would have come then.

    A fault that would strike beyond the end strikes at the end.
    """
    if fault.byte is None:
        at = fault.event or 0
        return frames[:at], b"", frames[at:]
    left = fault.byte
    for at, frame in enumerate(frames):
        if left < len(frame.data):
            torn, rest = frame.data[:left], Frame(frame.data[left:], frame.tokens)
            return frames[:at], torn, [rest, *frames[at + 1 :]]
        left -= len(frame.data)
    return frames, b"", []
