"""OpenAI's Responses: POST /v1/responses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count as counting
from typing import Any

from tests.providers.dialect import (
    CREATED,
    Ask,
    Frame,
    Request,
    arguments_text,
    bearer,
    cuts,
    named_frame,
    tool_id,
    tool_tokens,
    whole_number,
)
from tests.providers.openai_chat import openai_error, openai_limit_headers
from tests.providers.script import Answer, Tokens, Tool, count

Event = tuple[dict[str, Any], int]
"""An event before it is numbered, and the output tokens that it spends."""

REASONS = {"length": "max_output_tokens", "filter": "content_filter"}


class OpenAIResponses:
    """Named events with a sequence number each; the last one holds the whole response."""

    name = "openai-responses"

    def ask(self, request: Request) -> Ask | None:
        if request.path != "/v1/responses":
            return None
        body = request.body
        limit = whole_number(body.get("max_output_tokens"))
        return Ask(str(body.get("model", "")), body.get("stream") is True, limit, bearer(request), request)

    def body(self, answer: Answer, ask: Ask, tokens: Tokens) -> dict[str, Any]:
        state = "completed" if answer.finish == "stop" else "incomplete"
        done = response(ask, state, items(answer, ask)) | {"usage": usage(tokens)}
        return done | {"incomplete_details": {"reason": REASONS[answer.finish]} if answer.finish in REASONS else None}

    def frames(self, answer: Answer, ask: Ask, tokens: Tokens) -> Iterator[Frame]:
        numbers = counting()
        for event, spent in self._events(answer, ask, tokens):
            yield named_frame(event | {"sequence_number": next(numbers)}, spent)

    def _events(self, answer: Answer, ask: Ask, tokens: Tokens) -> Iterator[Event]:
        started = response(ask, "in_progress", [])
        yield {"type": "response.created", "response": started}, 0
        yield {"type": "response.in_progress", "response": started}, 0
        for place, item in enumerate(items(answer, ask)):
            where = {"output_index": place}
            yield {"type": "response.output_item.added", **where, "item": opened(item)}, 0
            inside = {"output_index": place, "item_id": item["id"]}
            if item["type"] == "reasoning":
                yield from reasoning_events(answer, inside, item)
            elif item["type"] == "message":
                yield from text_events(answer, inside)
            else:
                tool = answer.tools[item_place(item, answer, ask)]
                yield from tool_events(tool, inside)
            yield {"type": "response.output_item.done", **where, "item": item}, 0
        whole = self.body(answer, ask, tokens)
        yield {"type": f"response.{whole['status']}", "response": whole}, 0

    def error(self, status: int, message: str) -> dict[str, Any]:
        return openai_error(status, message)

    def error_frame(self, message: str) -> bytes:
        said = {"type": "error", "code": "server_error", "message": message, "param": None, "sequence_number": 0}
        return named_frame(said).data

    def limit_headers(self, limit: int, left: int, seconds: float) -> dict[str, str]:
        return openai_limit_headers(limit, left, seconds)


def items(answer: Answer, ask: Ask) -> list[dict[str, Any]]:
    """What the response holds, whole: reasoning, the message, the calls."""
    found: list[dict[str, Any]] = []
    if answer.reasoning:
        summary = [{"type": "summary_text", "text": "".join(answer.reasoning)}]
        found.append({"id": f"rs_{ask.number:08d}", "type": "reasoning", "summary": summary})
    if answer.text or not answer.tools:
        part = text_part(answer.whole_text)
        message = {"id": f"msg_{ask.number:08d}", "type": "message", "role": "assistant", "content": [part]}
        found.append(message | {"status": "completed" if answer.finish == "stop" else "incomplete"})
    for place, tool in enumerate(answer.tools):
        call = {"id": item_id(ask, place), "type": "function_call", "call_id": tool_id(tool, ask, place, "call_")}
        found.append(call | {"name": tool.name, "arguments": arguments_text(tool), "status": "completed"})
    return found


def item_id(ask: Ask, place: int) -> str:
    """The id of the item that holds a call."""
    return f"fc_{ask.number:06d}{place:02d}"


def item_place(item: dict[str, Any], answer: Answer, ask: Ask) -> int:
    """Which call of the answer an item is."""
    return next(place for place in range(len(answer.tools)) if item_id(ask, place) == item["id"])


def opened(item: dict[str, Any]) -> dict[str, Any]:
    """An item as it is announced: nothing in it yet."""
    empty: dict[str, dict[str, Any]] = {
        "message": {"content": []},
        "function_call": {"arguments": ""},
        "reasoning": {"summary": []},
    }
    state = {} if item["type"] == "reasoning" else {"status": "in_progress"}
    return {**item, **empty[item["type"]], **state}


def text_part(text: str) -> dict[str, Any]:
    """A part of a message that holds text."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def text_events(answer: Answer, inside: dict[str, Any]) -> Iterator[Event]:
    """The text of a message, piece by piece."""
    here = inside | {"content_index": 0}
    yield {"type": "response.content_part.added", **here, "part": text_part("")}, 0
    for piece in answer.text:
        yield {"type": "response.output_text.delta", **here, "delta": piece, "logprobs": []}, count(piece)
    yield {"type": "response.output_text.done", **here, "text": answer.whole_text, "logprobs": []}, 0
    yield {"type": "response.content_part.done", **here, "part": text_part(answer.whole_text)}, 0


def reasoning_events(answer: Answer, inside: dict[str, Any], item: dict[str, Any]) -> Iterator[Event]:
    """The summary of reasoning, piece by piece."""
    here = inside | {"summary_index": 0}
    yield {"type": "response.reasoning_summary_part.added", **here, "part": {"type": "summary_text", "text": ""}}, 0
    for piece in answer.reasoning:
        yield {"type": "response.reasoning_summary_text.delta", **here, "delta": piece}, count(piece)
    [part] = item["summary"]
    yield {"type": "response.reasoning_summary_text.done", **here, "text": part["text"]}, 0
    yield {"type": "response.reasoning_summary_part.done", **here, "part": part}, 0


def tool_events(tool: Tool, inside: dict[str, Any]) -> Iterator[Event]:
    """The arguments of a call, piece by piece."""
    text = arguments_text(tool)
    spent = tool_tokens(tool)
    for piece in cuts(text, tool.cut):
        yield {"type": "response.function_call_arguments.delta", **inside, "delta": piece}, spent
        spent = 0
    yield {"type": "response.function_call_arguments.done", **inside, "name": tool.name, "arguments": text}, 0


def response(ask: Ask, state: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    """The object that stands for the whole response."""
    return {
        "id": f"resp_{ask.number:08d}",
        "object": "response",
        "created_at": CREATED,
        "status": state,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": ask.request.body.get("instructions"),
        "max_output_tokens": ask.limit,
        "metadata": {},
        "model": ask.model,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "service_tier": "default",
        "temperature": 1.0,
        "tool_choice": ask.request.body.get("tool_choice", "auto"),
        "tools": ask.request.body.get("tools", []),
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
    }


def usage(tokens: Tokens) -> dict[str, Any]:
    """What is billed: cached tokens are among the input's, reasoning among the output's."""
    return {
        "input_tokens": tokens.input,
        "input_tokens_details": {"cached_tokens": tokens.cached, "cache_write_tokens": 0},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.input + tokens.output,
    }
