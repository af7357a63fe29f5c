"""Lines that are no MCP message: each gets an error, so that nobody waits for an answer that never comes.

The package drops what it cannot parse, a request whose text holds half of a surrogate pair among it. JSON-RPC 2.0 (5.1)
wants -32700 for what is no JSON, -32600 for what is no request, with the id wherever it can be made out.
"""

from __future__ import annotations

import json
from typing import Any

import anyio
import mcp_types as types
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from exosuit.core.escapes import spelled_out

NO_JSON, NO_REQUEST = -32700, -32600

Incoming = Any
"""The package's stream of messages and exceptions; its type is not public."""


async def relay(incoming: Incoming, onwards: Incoming, outgoing: Incoming) -> None:
    """Hand messages on, and answer what is none, until the client hangs up."""
    async with onwards:
        async for item in incoming:
            if not isinstance(item, Exception):
                try:
                    await onwards.send(item)
                except anyio.BrokenResourceError:  # nobody serves any more
                    return
            elif (answer := refusal(item)) is not None:
                await outgoing.send(SessionMessage(answer))


def refusal(error: Exception) -> types.JSONRPCError | None:
    """The answer to a line that failed to parse; none to an empty one."""
    faults = error.errors(include_url=False, include_context=False) if isinstance(error, ValidationError) else []
    why = spelled_out(faults[0]["msg"]) if faults else str(error)
    if faults and faults[0]["type"] == "json_invalid":
        line = str(faults[0]["input"])
        if not line.strip():
            return None
        return _told(NO_JSON, _loaded(line), why)
    # A message lacks what at least one of the four kinds needs, and that fault comes with the whole of it.
    return _told(NO_REQUEST, next((one["input"] for one in faults if isinstance(one["input"], dict)), None), why)


def _told(code: int, message: object, why: str) -> types.JSONRPCError:
    told = types.ErrorData(code=code, message=f"not a message of JSON-RPC 2.0: {why[:200]}")
    return types.JSONRPCError(jsonrpc="2.0", id=_id(message), error=told)


def _loaded(line: str) -> object:
    """A line that the package cannot read, read by a parser that takes lone surrogates; None where it is no JSON."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _id(message: object) -> str | int | None:
    """The id of a request, where it has one that an answer can carry."""
    found = message.get("id") if isinstance(message, dict) else None
    if isinstance(found, str) and spelled_out(found) == found:
        return found
    return found if isinstance(found, int) and not isinstance(found, bool) else None
