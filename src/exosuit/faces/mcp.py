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
from contextvars import ContextVar
from typing import Any

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Message, Receive, Scope, Send

from exosuit import __version__
from exosuit.core.errors import ExosuitError
from exosuit.core.progress import TICK_SECONDS, Watch, watched
from exosuit.core.registry import Command, Effect, Face, Registry, as_json
from exosuit.faces.calls import Calls
from exosuit.faces.defect import defect
from exosuit.faces.faults import relay
from exosuit.faces.guard import BODY_BYTES

WORKERS = 4
STOP_SECONDS = 5.0
PROGRESS_TOKEN = b'"progressToken"'
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


def server(registry: Registry, session: Callable[[], Any], threads: anyio.CapacityLimiter, calls: Calls) -> Server[Any]:
    """An MCP server over the registry; its commands run in so many threads."""
    offered = {command.tool: command for command in registry if Face.MCP in command.faces}
    listed = types.ListToolsResult(tools=tools(registry))

    async def on_list(_context: ServerRequestContext[Any], _ask: Any) -> types.ListToolsResult:
        return listed

    async def on_call(context: ServerRequestContext[Any], ask: types.CallToolRequestParams) -> types.CallToolResult:
        command = offered.get(ask.name)
        if command is None:
            return _failed(ExosuitError("no-such-command", f"there is no tool {ask.name!r}", "tools/list names them"))
        with calls.begun(command.name) as watch:
            async with anyio.create_task_group() as group:
                group.start_soon(_follow, context, watch)
                run = _runner(registry, command, session, watch)
                answer = await anyio.to_thread.run_sync(run, ask.arguments or {}, limiter=threads)
                group.cancel_scope.cancel()
        return answer

    return Server(
        "exosuit", version=__version__, instructions=INSTRUCTIONS, on_list_tools=on_list, on_call_tool=on_call
    )


async def _follow(context: ServerRequestContext[Any], watch: Watch) -> None:
    """Report how far a call is, if its client wants that, and stop it when the client no longer wants it.

    A call that is cancelled ends this task at once, while the thread that runs the command ends at its next step.
    """
    gone, last = _gone.get(), 0
    try:
        while gone is None or not gone.is_set():
            await anyio.sleep(TICK_SECONDS)
            done, total, what = watch.latest or (0, 0, "")
            if done > last:  # it must grow, says the protocol
                last = done
                await context.session.report_progress(done, total or None, what)
    finally:
        watch.cancel()


_gone: ContextVar[asyncio.Event | None] = ContextVar("gone", default=None)
"""Set once the client of an HTTP request has gone."""


def _runner(
    registry: Registry, command: Command, session: Callable[[], Any], watch: Watch
) -> Callable[[dict[str, Any]], types.CallToolResult]:
    def run(fields: dict[str, Any]) -> types.CallToolResult:
        try:
            with watched(watch):
                output = as_json(registry.dispatch(command.name, session(), fields))
            told = json.dumps(output, ensure_ascii=False)
            told.encode()  # what cannot be would end the whole connection
        except ExosuitError as error:
            return _failed(error)
        except Exception as error:  # noqa: BLE001  a tool answers with an error, whatever happened
            return _failed(defect(command.name, error))
        return types.CallToolResult(content=[types.TextContent(type="text", text=told)], structured_content=output)

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
        serving = server(registry, lambda: session, threads, Calls())
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
    """The streamable HTTP transport as an ASGI application: no state between requests.

    Answers are JSON, but for a call that wants to be told how far it is: only a stream of events can carry that.
    """

    def __init__(self, registry: Registry, session: Callable[[], Any], calls: Calls) -> None:
        serving = server(registry, session, anyio.CapacityLimiter(WORKERS), calls)
        self._json, self._events = (
            StreamableHTTPSessionManager(
                serving, json_response=as_json, stateless=True, max_request_body_size=BODY_BYTES
            )
            for as_json in (True, False)
        )
        self._ready = asyncio.Event()
        self._over = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with self._json.run(), self._events.run():
            self._ready.set()
            await self._over.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._ready.wait()
        first = await receive()
        manager = self._events if PROGRESS_TOKEN in first.get("body", b"") else self._json
        messages: asyncio.Queue[Message] = asyncio.Queue()
        gone = asyncio.Event()

        async def pump() -> None:
            message = first
            while message["type"] != "http.disconnect":
                messages.put_nowait(message)
                message = await receive()
            gone.set()
            messages.put_nowait(message)

        _gone.set(gone)
        pumping = asyncio.create_task(pump())
        try:
            await manager.handle_request(scope, messages.get, send)
        finally:
            pumping.cancel()

    async def close(self) -> None:
        """End every request still under way."""
        self._over.set()
        await self._task
