"""What every dialect does: read what is asked, write an answer whole or as events, write an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count as counting
from typing import Any, Protocol

from tests.providers.script import Answer, Tokens, Tool, count

CREATED = 1_760_000_000
"""The time that answers bear, in seconds: always the same, so that recordings are."""

_numbers = counting(1)


@dataclass(frozen=True)
class Request:
    """What came in: header names in lower case; `body` is parsed JSON, or empty if it could not be parsed."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any]
    raw: bytes = b""


@dataclass(frozen=True)
class Ask:
    """A request for an answer, read by its dialect. `limit` is the most output tokens that it allows."""

    model: str
    stream: bool
    limit: int | None
    key: str
    request: Request
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with usage: OpenAI's chat completions give it only when asked."""
        return bool((self.request.body.get("stream_options") or {}).get("include_usage"))


@dataclass(frozen=True)
class Frame:
    """One event as it goes out, and the output tokens that are spent once it has."""

    data: bytes
    tokens: int = 0


class Dialect(Protocol):
    """One vendor's way of saying it."""

    name: str

    def ask(self, request: Request) -> Ask | None:
        """The request read, or None if it is not for this dialect."""

    def body(self, answer: Answer, ask: Ask, tokens: Tokens) -> dict[str, Any]: ...

    def frames(self, answer: Answer, ask: Ask, tokens: Tokens) -> Iterator[Frame]: ...

    def error(self, status: int, message: str) -> dict[str, Any]: ...

    def error_frame(self, message: str) -> bytes: ...

    def limit_headers(self, limit: int, left: int, seconds: float) -> dict[str, str]:
        """How many requests are allowed, left, and when there will be more."""


def compact(data: Any) -> bytes:
    """JSON as vendors write it: no spaces, characters beyond ASCII as they are."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()


def data_frame(data: Any, tokens: int = 0) -> Frame:
    """An event without a name."""
    return Frame(b"data: " + compact(data) + b"\n\n", tokens)


def named_frame(data: dict[str, Any], tokens: int = 0) -> Frame:
    """An event that is named after its `type`."""
    return Frame(f"event: {data['type']}\n".encode() + b"data: " + compact(data) + b"\n\n", tokens)


def arguments_text(tool: Tool) -> str:
    """The arguments of a call as the JSON text that a model would have written."""
    return tool.arguments if isinstance(tool.arguments, str) else json.dumps(tool.arguments, ensure_ascii=False)


def arguments_data(tool: Tool) -> Any:
    """The arguments of a call as data, for dialects that send them so."""
    return json.loads(tool.arguments) if isinstance(tool.arguments, str) else tool.arguments


def cuts(text: str, size: int) -> list[str]:
    """A text in pieces of `size` characters; one empty piece if it is empty."""
    return [text[at : at + size] for at in range(0, len(text), size)] or [""]


def tool_id(tool: Tool, ask: Ask, place: int, prefix: str) -> str:
    """The id of a call: the script's, or one that no other call of this process has."""
    return tool.id or f"{prefix}{ask.number:06d}{place:02d}"


def tool_tokens(tool: Tool) -> int:
    """What a call counts as output."""
    return count(tool.name) + count(arguments_text(tool))


def fitted(answer: Answer, limit: int | None) -> Answer:
    """The answer cut to a limit of output tokens: a piece or a call that does not fit is left out, and all after it."""
    if limit is None or spent(answer) <= limit:
        return answer
    left = limit
    kept: dict[str, list[str]] = {"reasoning": [], "text": []}
    for name, pieces in (("reasoning", answer.reasoning), ("text", answer.text)):
        for piece in pieces:
            left -= count(piece)
            if left < 0:
                break
            kept[name].append(piece)
    cut: dict[str, Any] = {name: tuple(pieces) for name, pieces in kept.items()}
    return answer.model_copy(update={**cut, "tools": (), "finish": "length"})


def spent(answer: Answer) -> int:
    """The output tokens of an answer by count."""
    return sum(map(count, (*answer.reasoning, *answer.text))) + sum(map(tool_tokens, answer.tools))


def usage(answer: Answer, ask: Ask) -> Tokens:
    """What the whole answer is billed: what the script says (within the limit), or what is counted."""
    if answer.tokens is None:
        asked = {
            name: value for name, value in ask.request.body.items() if name not in ("model", "stream", "stream_options")
        }
        reasoning = sum(map(count, answer.reasoning))
        return Tokens(input=count(compact(asked).decode()), output=spent(answer), reasoning=reasoning)
    if ask.limit is None:
        return answer.tokens
    said = answer.tokens
    return said.model_copy(update={"output": min(said.output, ask.limit), "reasoning": min(said.reasoning, ask.limit)})


def billed(total: Tokens, frames: list[Frame], sent: int) -> Tokens:
    """What a stream costs of which only the first `sent` events were made: all input, and its share of the output."""
    weight = sum(frame.tokens for frame in frames)
    if not weight or sent >= len(frames):
        return total
    share = sum(frame.tokens for frame in frames[:sent])
    return total.model_copy(
        update={"output": total.output * share // weight, "reasoning": total.reasoning * share // weight}
    )


def bearer(request: Request) -> str:
    """The key that a request bears in its Authorization."""
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()


def whole_number(value: Any) -> int | None:
    """A limit as given, if it is one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
