"""The commands over HTTP: `POST /api/<noun>.<verb>` with JSON, and a GET with a query for those that only read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from urllib.parse import parse_qsl

import anyio
import anyio.to_thread
import pydantic_core
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.progress import Watch, watched
from exosuit.core.registry import Command, Effect, Face, Registry
from exosuit.faces.calls import HEADER, Calls, unless_gone
from exosuit.faces.defect import defect
from exosuit.faces.openapi import document
from exosuit.faces.problem import problem

WORKERS = 4
"""Commands that run at the same time, each in a thread: so many that read, and as many others beside them."""
MOST_WAITING = 128
MOST_PARAMETERS = 100


class Api:
    """Every command of the registry behind one route."""

    def __init__(self, registry: Registry, session: Callable[[str], Any], calls: Calls) -> None:
        self._registry = registry
        self._session = session
        self._calls = calls
        self._reading = anyio.CapacityLimiter(WORKERS)
        self._acting = anyio.CapacityLimiter(WORKERS)
        self._document: dict[str, Any] | None = None

    async def openapi(self, _request: Request) -> Response:
        """`GET /api/openapi.json`."""
        if self._document is None:
            self._document = await anyio.to_thread.run_sync(document, self._registry)
        return JSONResponse(self._document)

    async def call(self, request: Request) -> Response:
        """Run the command that the address names on the fields in the body or the query."""
        try:
            command = self._command(request)
            fields = _query(request, command) if request.method in ("GET", "HEAD") else await _body(request)
            with self._calls.begun(command.name, request.headers.get(HEADER, "")) as watch:
                # What a page began to write goes on when it is closed: its user has asked for that.
                stays = request.scope["exosuit.actor"] == "gui" and command.effect is not Effect.READ
                async with nullcontext() if stays else unless_gone(request.receive, watch):
                    return await self._run(command, fields, request.scope["exosuit.actor"], watch)
        except MalformedError as error:
            return problem(error, error.status)
        except ExosuitError as error:
            return problem(error)

    def _command(self, request: Request) -> Command:
        command = self._registry.get(request.path_params["name"])
        if Face.HTTP not in command.faces:
            raise UsageError("no-such-command", f"{command.name} is not served over HTTP", "see /api/openapi.json")
        if request.method in ("GET", "HEAD") and command.effect is not Effect.READ:
            raise MalformedError(405, "bad-method", f"{command.name} has effects: it takes POST", "send it as POST")
        return command

    async def _run(self, command: Command, fields: dict[str, Any], actor: str, watch: Watch) -> Response:
        threads = self._reading if command.effect is Effect.READ else self._acting
        if threads.statistics().tasks_waiting >= MOST_WAITING:
            raise ExosuitError("busy", "too many calls are waiting", "try again in a moment", retryable=True)
        try:
            return await anyio.to_thread.run_sync(self._answer, command, fields, actor, watch, limiter=threads)
        except ExosuitError:
            raise
        except Exception as error:
            raise defect(command.name, error) from error

    def _answer(self, command: Command, fields: dict[str, Any], actor: str, watch: Watch) -> Response:
        with watched(watch):
            output = self._registry.dispatch(command.name, self._session(actor), fields)
        return Response(output.model_dump_json(by_alias=True), media_type="application/json")


class MalformedError(UsageError):
    """A request that is wrong as HTTP, before any command sees it."""

    def __init__(self, status: int, code: str, message: str, hint: str) -> None:
        super().__init__(code, message, hint)
        self.status = status


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object in the body. Only as application/json, which a page of another site cannot send unasked."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise MalformedError(415, "bad-type", "the body must be application/json", "set Content-Type: application/json")
    try:
        data = pydantic_core.from_json(await request.body(), allow_inf_nan=False)
    except ValueError as error:
        raise MalformedError(400, "bad-json", f"the body is not JSON: {error}", "send one JSON object") from None
    if not isinstance(data, dict):
        raise MalformedError(400, "bad-json", "the body is not a JSON object", "send the fields as one JSON object")
    return data


def _query(request: Request, command: Command) -> dict[str, Any]:
    """The fields in the query: text, which the model turns into what it wants; lists by repetition."""
    try:
        text = request.scope["query_string"].decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise MalformedError(
            400, "bad-query", f"the query cannot be read: {error}", "percent-encode it as UTF-8"
        ) from None
    properties = command.input.model_json_schema(by_alias=True).get("properties", {})
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if _is_array(properties.get(name, {})):
            fields.setdefault(name, []).append(value)
        elif name in fields:
            raise MalformedError(400, "bad-query", f"{name[:100]} is given twice", "give it once")
        else:
            fields[name] = value
    return fields


def _is_array(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "array" or any(_is_array(option) for option in schema.get("anyOf", ()))
