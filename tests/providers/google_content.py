"""Google's generateContent: POST /v1beta/models/MODEL:generateContent, and :streamGenerateContent?alt=sse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.providers.dialect import (
    Ask,
    Frame,
    Request,
    arguments_data,
    bearer,
    data_frame,
    tool_tokens,
    whole_number,
)
from tests.providers.script import Answer, Tokens, count

ADDRESS = re.compile(r"/v1(?:beta|alpha)?/models/([^/:]+):(generateContent|streamGenerateContent)")
FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY"}
STATES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class GoogleContent:
    """Events without names, each a whole response with its part of the content; nothing marks the end but a finish."""

    name = "google"

    def ask(self, request: Request) -> Ask | None:
        found = ADDRESS.fullmatch(request.path)
        if found is None:
            return None
        settings = request.body.get("generationConfig") or {}
        key = request.headers.get("x-goog-api-key") or request.query.get("key") or bearer(request)
        stream = found[2] == "streamGenerateContent"
        return Ask(found[1], stream, whole_number(settings.get("maxOutputTokens")), key, request)

    def body(self, answer: Answer, ask: Ask, tokens: Tokens) -> dict[str, Any]:
        said = [{"text": "".join(answer.reasoning), "thought": True}] if answer.reasoning else []
        said += [{"text": answer.whole_text}] if answer.text or not answer.tools else []
        return response(ask, said + calls(answer), FINISH[answer.finish], usage(tokens))

    def frames(self, answer: Answer, ask: Ask, tokens: Tokens) -> Iterator[Frame]:
        begun = {"promptTokenCount": tokens.input, "totalTokenCount": tokens.input}
        for piece in answer.reasoning:
            yield data_frame(response(ask, [{"text": piece, "thought": True}], None, begun), count(piece))
        for piece in answer.text:
            yield data_frame(response(ask, [{"text": piece}], None, begun), count(piece))
        for tool, part in zip(answer.tools, calls(answer), strict=True):
            yield data_frame(response(ask, [part], None, begun), tool_tokens(tool))
        yield data_frame(response(ask, [{"text": ""}], FINISH[answer.finish], usage(tokens)))

    def error(self, status: int, message: str) -> dict[str, Any]:
        return {"error": {"code": status, "message": message, "status": STATES.get(status, "INTERNAL")}}

    def error_frame(self, message: str) -> bytes:
        return data_frame(self.error(503, message)).data

    def limit_headers(self, limit: int, left: int, seconds: float) -> dict[str, str]:
        """Google sends none."""
        return {}


def calls(answer: Answer) -> list[dict[str, Any]]:
    """The calls as parts of content; each comes whole."""
    return [{"functionCall": {"name": tool.name, "args": arguments_data(tool)}} for tool in answer.tools]


def response(ask: Ask, parts: list[dict[str, Any]], finish: str | None, spent: dict[str, Any]) -> dict[str, Any]:
    """A response, or the part of it that one event holds."""
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    return {
        "candidates": [candidate | ({"finishReason": finish} if finish else {})],
        "usageMetadata": spent,
        "modelVersion": ask.model,
        "responseId": f"scripted-{ask.number:08d}",
    }


def usage(tokens: Tokens) -> dict[str, Any]:
    """What is billed: thoughts stand beside the candidates' tokens, cached ones are among the prompt's."""
    return {
        "promptTokenCount": tokens.input,
        "cachedContentTokenCount": tokens.cached,
        "candidatesTokenCount": tokens.output - tokens.reasoning,
        "thoughtsTokenCount": tokens.reasoning,
        "totalTokenCount": tokens.input + tokens.output,
    }
