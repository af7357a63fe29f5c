"""OpenAI's chat completions: POST /v1/chat/completions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.providers.dialect import (
    CREATED,
    Ask,
    Frame,
    Request,
    arguments_text,
    bearer,
    cuts,
    data_frame,
    tool_id,
    tool_tokens,
    whole_number,
)
from tests.providers.script import Answer, Tokens, count

FINISH = {"stop": "stop", "length": "length", "filter": "content_filter"}
KINDS = {400: "invalid_request_error", 401: "invalid_request_error", 404: "invalid_request_error", 429: "requests"}
CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


class OpenAIChat:
    """Events without names, ended by `[DONE]`; usage comes last, in an event of its own, if asked for."""

    name = "openai"

    def ask(self, request: Request) -> Ask | None:
        if request.path != "/v1/chat/completions":
            return None
        body = request.body
        limit = whole_number(body.get("max_completion_tokens")) or whole_number(body.get("max_tokens"))
        return Ask(str(body.get("model", "")), body.get("stream") is True, limit, bearer(request), request)

    def body(self, answer: Answer, ask: Ask, tokens: Tokens) -> dict[str, Any]:
        message: dict[str, Any] = {
            "role": "assistant",
            "content": answer.whole_text if answer.text or not answer.tools else None,
            "refusal": None,
            "annotations": [],
        }
        if answer.tools:
            message["tool_calls"] = [
                {
                    "id": tool_id(tool, ask, place, "call_"),
                    "type": "function",
                    "function": {"name": tool.name, "arguments": arguments_text(tool)},
                }
                for place, tool in enumerate(answer.tools)
            ]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish(answer)}
        return {**head(ask, "chat.completion"), "choices": [choice], "usage": usage(tokens)}

    def frames(self, answer: Answer, ask: Ask, tokens: Tokens) -> Iterator[Frame]:
        top = head(ask, "chat.completion.chunk") | ({"usage": None} if ask.wants_usage else {})

        def chunk(delta: dict[str, Any], spent: int = 0, end: str | None = None) -> Frame:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": end}
            return data_frame({**top, "choices": [choice]}, spent)

        thought = sum(map(count, answer.reasoning))  # spent, never shown
        yield chunk({"role": "assistant", "content": "" if answer.text else None, "refusal": None}, thought)
        for piece in answer.text:
            yield chunk({"content": piece}, count(piece))
        for place, tool in enumerate(answer.tools):
            named = {"name": tool.name, "arguments": ""}
            call = {"index": place, "id": tool_id(tool, ask, place, "call_"), "type": "function", "function": named}
            yield chunk({"tool_calls": [call]}, tool_tokens(tool))
            for piece in cuts(arguments_text(tool), tool.cut):
                yield chunk({"tool_calls": [{"index": place, "function": {"arguments": piece}}]})
        yield chunk({}, end=finish(answer))
        if ask.wants_usage:
            yield data_frame({**top, "choices": [], "usage": usage(tokens)})
        yield Frame(b"data: [DONE]\n\n")

    def error(self, status: int, message: str) -> dict[str, Any]:
        return openai_error(status, message)

    def error_frame(self, message: str) -> bytes:
        return data_frame(openai_error(500, message)).data

    def limit_headers(self, limit: int, left: int, seconds: float) -> dict[str, str]:
        return openai_limit_headers(limit, left, seconds)


def openai_error(status: int, message: str) -> dict[str, Any]:
    """The body of an error of either dialect of OpenAI."""
    kind = KINDS.get(status, "server_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": CODES.get(status)}}


def openai_limit_headers(limit: int, left: int, seconds: float) -> dict[str, str]:
    """Requests and the time to the next ones, written like `1.5s`."""
    named = {"limit": str(limit), "remaining": str(left), "reset": f"{seconds:g}s"}
    return {f"x-ratelimit-{name}-requests": value for name, value in named.items()}


def head(ask: Ask, kind: str) -> dict[str, Any]:
    """The fields that an answer and each of its chunks start with."""
    return {
        "id": f"chatcmpl-{ask.number:08d}",
        "object": kind,
        "created": CREATED,
        "model": ask.model,
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def finish(answer: Answer) -> str:
    """Why it ended, in OpenAI's words."""
    return "tool_calls" if answer.tools and answer.finish == "stop" else FINISH[answer.finish]


def usage(tokens: Tokens) -> dict[str, Any]:
    """What is billed: cached tokens are among the prompt's, reasoning among the completion's."""
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": tokens.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
