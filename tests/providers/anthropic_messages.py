"""Anthropic's messages: POST /v1/messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.providers.dialect import (
    Ask,
    Frame,
    Request,
    arguments_data,
    arguments_text,
    bearer,
    cuts,
    named_frame,
    tool_id,
    tool_tokens,
    whole_number,
)
from tests.providers.script import Answer, Tokens, count

FINISH = {"stop": "end_turn", "length": "max_tokens", "filter": "refusal"}
KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
SIGNATURE = "c2NyaXB0ZWQ="
"""What vouches for reasoning that is sent back."""


class AnthropicMessages:
    """Named events; blocks of content are opened, filled and closed; usage comes at the start and at the end."""

    name = "anthropic"

    def ask(self, request: Request) -> Ask | None:
        if request.path != "/v1/messages":
            return None
        body = request.body
        key = request.headers.get("x-api-key") or bearer(request)
        limit = whole_number(body.get("max_tokens"))
        return Ask(str(body.get("model", "")), body.get("stream") is True, limit, key, request)

    def body(self, answer: Answer, ask: Ask, tokens: Tokens) -> dict[str, Any]:
        content: list[dict[str, Any]] = []
        if answer.reasoning:
            content.append({"type": "thinking", "thinking": "".join(answer.reasoning), "signature": SIGNATURE})
        if answer.text or not answer.tools:
            content.append({"type": "text", "text": answer.whole_text})
        for place, tool in enumerate(answer.tools):
            call = {"type": "tool_use", "id": tool_id(tool, ask, place, "toolu_"), "name": tool.name}
            content.append(call | {"input": arguments_data(tool)})
        return message(ask, content, usage(tokens)) | {"stop_reason": finish(answer)}

    def frames(self, answer: Answer, ask: Ask, tokens: Tokens) -> Iterator[Frame]:
        first = usage(tokens) | {"output_tokens": 1}
        yield named_frame({"type": "message_start", "message": message(ask, [], first)})
        yield named_frame({"type": "ping"})
        for index, (opening, deltas) in enumerate(blocks(answer, ask)):
            yield named_frame({"type": "content_block_start", "index": index, "content_block": opening})
            for delta, spent in deltas:
                yield named_frame({"type": "content_block_delta", "index": index, "delta": delta}, spent)
            yield named_frame({"type": "content_block_stop", "index": index})
        end = {"stop_reason": finish(answer), "stop_sequence": None}
        yield named_frame({"type": "message_delta", "delta": end, "usage": usage(tokens)})
        yield named_frame({"type": "message_stop"})

    def error(self, status: int, message: str) -> dict[str, Any]:
        kind = KINDS.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_scripted"}

    def error_frame(self, message: str) -> bytes:
        return named_frame({"type": "error", "error": {"type": "overloaded_error", "message": message}}).data

    def limit_headers(self, limit: int, left: int, seconds: float) -> dict[str, str]:
        again = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        named = {"limit": str(limit), "remaining": str(left), "reset": again}
        return {f"anthropic-ratelimit-requests-{name}": value for name, value in named.items()}


Delta = tuple[dict[str, Any], int]
"""What is added to a block, and the output tokens that it spends."""


def blocks(answer: Answer, ask: Ask) -> Iterator[tuple[dict[str, Any], list[Delta]]]:
    """The blocks of content in their order: each as it is opened, and what is added to it."""
    if answer.reasoning:
        thoughts: list[Delta] = [({"type": "thinking_delta", "thinking": one}, count(one)) for one in answer.reasoning]
        thoughts.append(({"type": "signature_delta", "signature": SIGNATURE}, 0))
        yield {"type": "thinking", "thinking": "", "signature": ""}, thoughts
    if answer.text or not answer.tools:
        yield {"type": "text", "text": ""}, [({"type": "text_delta", "text": one}, count(one)) for one in answer.text]
    for place, tool in enumerate(answer.tools):
        pieces = ["", *cuts(arguments_text(tool), tool.cut)]
        deltas: list[Delta] = [({"type": "input_json_delta", "partial_json": piece}, 0) for piece in pieces]
        deltas[0] = (deltas[0][0], tool_tokens(tool))
        yield {"type": "tool_use", "id": tool_id(tool, ask, place, "toolu_"), "name": tool.name, "input": {}}, deltas


def message(ask: Ask, content: list[dict[str, Any]], spent: dict[str, Any]) -> dict[str, Any]:
    """The object that stands for the whole answer."""
    return {
        "id": f"msg_{ask.number:08d}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": content,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": spent,
    }


def finish(answer: Answer) -> str:
    """Why it ended, in Anthropic's words."""
    return "tool_use" if answer.tools and answer.finish == "stop" else FINISH[answer.finish]


def usage(tokens: Tokens) -> dict[str, Any]:
    """What is billed: cached tokens stand beside the input's, not among them; reasoning is among the output's."""
    return {
        "input_tokens": tokens.input - tokens.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.output,
        "output_tokens_details": {"thinking_tokens": tokens.reasoning},
        "service_tier": "standard",
    }
