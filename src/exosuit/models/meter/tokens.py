"""How many tokens a call used, or may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Tokens:
    """`cached` (read from a cache) and `written` (to it) are parts of `input`, `reasoning` is a part of `output`."""

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    written: int = 0

    def __post_init__(self) -> None:
        if min(self.input, self.cached, self.output, self.reasoning, self.written) < 0:
            raise ValueError(f"tokens are not negative: {self}")

    @classmethod
    def of(cls, usage: Any) -> Self:
        """The same from what pydantic-ai says of a request (`RequestUsage`)."""
        return cls(
            input=usage.input_tokens,
            cached=usage.cache_read_tokens,
            output=usage.output_tokens,
            reasoning=usage.output_reasoning_tokens,
            written=usage.cache_write_tokens,
        )

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(
            self.input + other.input,
            self.cached + other.cached,
            self.output + other.output,
            self.reasoning + other.reasoning,
            self.written + other.written,
        )
