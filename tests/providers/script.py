"""What a scripted provider answers: text, reasoning and tool calls in the pieces in which they go out, and faults.

All of it is plain data that can be written as JSON, so a provider in another process is scripted in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

FaultKind = Literal[
    "status",  # an HTTP error in the dialect's shape, before anything else: 503, 429, 401, 404, 400 …
    "hang",  # the request is read, and nothing ever comes back
    "stall",  # the answer begins, then nothing comes any more
    "drip",  # from there on, one byte every `seconds`
    "error_event",  # an error in the stream, in the dialect's shape, then the end
    "error_body",  # status 200, the right content type, and an error as the body
    "reset",  # a TCP reset
    "close",  # the connection is closed without the end that HTTP wants
    "early_end",  # HTTP ends as it should, the answer does not
    "malformed",  # an event whose JSON is cut, then the rest
    "truncated_utf8",  # half of a character, then the end
    "garbage",  # bytes that mean nothing
    "html",  # the page of a proxy, with its content type
]


class Data(BaseModel):
    """Frozen, and strict about names: a misspelled field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tokens(Data):
    """What a call is billed: `cached` is a part of `input`, `reasoning` a part of `output`."""

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0


class Tool(Data):
    """A tool call: its arguments as JSON text go out in pieces of `cut` characters."""

    name: str
    arguments: dict[str, Any] | str = {}
    id: str = ""
    cut: int = 8


class Fault(Data):
    """One failure on command.

    It strikes before event `event` of the stream (0 is the first), or once `byte` bytes of the body are out; with
    neither, before the head of the answer. `status`, `headers` and `message` are those of an HTTP error.
    """

    kind: FaultKind
    event: int | None = None
    byte: int | None = None
    seconds: float = 0.05
    status: int = 503
    headers: dict[str, str] = {}
    message: str = ""

    @model_validator(mode="after")
    def one_place(self) -> Self:
        if self.event is not None and self.byte is not None:
            raise ValueError("a fault strikes at an event or at a byte, not at both")
        if self.kind in ("error_event", "malformed") and self.byte is not None:
            raise ValueError(f"{self.kind} strikes at an event")
        return self

    @property
    def is_midway(self) -> bool:
        """Whether an answer has begun when it strikes."""
        return self.event is not None or self.byte is not None


class Answer(Data):
    """One answer of a script.

    `text` given as one string goes out word by word. `tokens` left out are counted (see docs/providers.md). `wait` is
    the time in seconds before the head, `pace` the time between events. An answer longer than the request's limit
    is cut there, with the finish `length`.
    """

    text: Sequence[str] = ()
    reasoning: Sequence[str] = ()
    tools: tuple[Tool, ...] = ()
    finish: Literal["stop", "length", "filter"] = "stop"
    tokens: Tokens | None = None
    fault: Fault | None = None
    wait: float = 0.0
    pace: float = 0.0
    headers: dict[str, str] = {}

    @field_validator("text", "reasoning", mode="before")
    @classmethod
    def in_words(cls, value: Any) -> Any:
        """A string is cut before each stretch of white space, so that the pieces together are the string."""
        return tuple(re.findall(r"\s*\S+|\s+$", value)) if isinstance(value, str) else value

    @property
    def whole_text(self) -> str:
        return "".join(self.text)


def fails(kind: FaultKind, **fields: Any) -> Answer:
    """An answer that is a fault before anything else: `fails("status", status=503)`."""
    return Answer(text="It never comes to this.", fault=Fault(kind=kind, **fields))


def unavailable() -> Answer:
    """503, as when a vendor is down."""
    return fails("status", status=503, message="The server is overloaded or not ready yet")


def rate_limited(retry_after: float = 1.0, **headers: str) -> Answer:
    """429 with `retry-after` in seconds and whatever headers the caller adds."""
    sent = {"retry-after": f"{retry_after:g}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return fails("status", status=429, headers=sent, message="Rate limit reached for requests")


def count(text: str) -> int:
    """The tokens of a text as scripted providers count: one for each four bytes begun."""
    return -(-len(text.encode()) // 4)
