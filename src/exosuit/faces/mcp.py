"""The commands as MCP tools: `change.show` is the tool `change_show`, with the schemas of its models.

Over standard input and output for an agent that starts us, and over streamable HTTP at `/mcp` behind the same guard as
everything else. The `mcp` package takes half a second to import, so nothing here is imported before a client comes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from exosuit import __version__
from exosuit.core.errors import ExosuitError
from exosuit.core.registry import Command, Effect, Face, Registry, as_json
from exosuit.faces.defect import defect
from exosuit.faces.faults import relay
from exosuit.faces.guard import BODY_BYTES

WORKERS = 4
STOP_SECONDS = 5.0
INSTRUCTIONS = """Exosuit shows a change to its user, who decides it piece by piece. Import one with change_import, look
with change_show, say something with change_comment. Accept, reject and apply only what the user asked you to."""


def tools(registry: Registry) -> list[types.Tool]:
    """The tools, one a command."""
    return [_tool(command) for command in registry if Face.MCP in command.faces]


def _tool(command: Command) -> types.Tool:
    return types.Tool(
        name=command.tool,
        title=command.name,
        description=command.doc,
        input_schema=command.input.model_json_schema(by_alias=True, mode="validation"),
        output_schema=command.output.model_json_schema(by_alias=True, mode="serialization"),
        annotations=types.ToolAnnotations(
            title=command.summary,
            read_only_hint=command.effect is Effect.READ,
            destructive_hint=command.effect in (Effect.APPLY, Effect.EXTERNAL),
            open_world_hint=command.effect is Effect.EXTERNAL,
        ),
    )


def server(registry: Registry, session: Callable[[], Any], threads: anyio.CapacityLimiter) -> Server[Any]:
    """An MCP server over the registry; its commands run in so many threads."""
    offered = {command.tool: command for command in registry if Face.MCP in command.faces}
    listed = types.ListToolsResult(tools=tools(registry))

    async def on_list(_context: ServerRequestContext[Any], _ask: Any) -> types.ListToolsResult:
        return listed

    async def on_call(_context: ServerRequestContext[Any], ask: types.CallToolRequestParams) -> types.CallToolResult:
        command = offered.get(ask.name)
        if command is None:
            return _failed(ExosuitError("no-such-command", f"there is no tool {ask.name!r}", "tools/list names them"))
        run = _runner(registry, command, session)
        return await anyio.to_thread.run_sync(run, ask.arguments or {}, limiter=threads)

    return Server(
        "exosuit", version=__version__, instructions=INSTRUCTIONS, on_list_tools=on_list, on_call_tool=on_call
    )


def _runner(
    registry: Registry, command: Command, session: Callable[[], Any]
) -> Callable[[dict[str, Any]], types.CallToolResult]:
    def run(fields: dict[str, Any]) -> types.CallToolResult:
        try:
            output = as_json(registry.dispatch(command.name, session(), fields))
        except ExosuitError as error:
            return _failed(error)
        except Exception as error:  # noqa: BLE001  a tool answers with an error, whatever happened
            return _failed(defect(command.name, error))
        text = types.TextContent(type="text", text=json.dumps(output, ensure_ascii=False))
        return types.CallToolResult(content=[text], structured_content=output)

    return run


def _failed(error: ExosuitError) -> types.CallToolResult:
    """A tool error: the text is JSON with code, message, hint and retryable."""
    text = types.TextContent(type="text", text=json.dumps(error.as_dict(), ensure_ascii=False))
    return types.CallToolResult(content=[text], is_error=True)


def serve_stdio(registry: Registry, session: Any) -> None:
    """Serve one client over standard input and output until it closes them; nothing else goes to standard output."""

    async def serve() -> None:
        threads = anyio.CapacityLimiter(WORKERS)
        loop = asyncio.get_running_loop()
        stopping: set[asyncio.Task[None]] = set()

        def stop(number: int) -> None:
            stopping.add(loop.create_task(_stop(number, threads)))

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
        serving = server(registry, lambda: session, threads)
        onwards, messages = anyio.create_memory_object_stream[Any](0)
        async with stdio_server() as (incoming, outgoing), anyio.create_task_group() as group:
            group.start_soon(relay, incoming, onwards, outgoing)
            await serving.run(messages, outgoing, serving.create_initialization_options())

    asyncio.run(serve())


async def _stop(number: int, threads: anyio.CapacityLimiter) -> None:
    """End the process once the commands under way are done, or after a while: the thread that reads never wakes up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            for _ in range(WORKERS):  # all of them, so that no command has one
                await threads.acquire_on_behalf_of(object())
    os._exit(128 + number)


class Streamable:
    """The streamable HTTP transport as an ASGI application: no state between requests, answers as JSON."""

    def __init__(self, registry: Registry, session: Callable[[], Any]) -> None:
        self._manager = StreamableHTTPSessionManager(
            server(registry, session, anyio.CapacityLimiter(WORKERS)),
            json_response=True,
            stateless=True,
            max_request_body_size=BODY_BYTES,
        )
        self._ready = asyncio.Event()
        self._over = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with self._manager.run():
            self._ready.set()
            await self._over.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._ready.wait()
        await self._manager.handle_request(scope, receive, send)

    async def close(self) -> None:
        """End every request still under way."""
        self._over.set()
        await self._task
