"""Whether a supply can take a request, known before it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic_ai.messages import BinaryContent, ImageUrl, ModelMessage
from pydantic_ai.models import ModelRequestParameters

from exosuit.models.config import SupplyTable
from exosuit.models.failures import Failure, Kind

CHARACTERS_A_TOKEN = 4
"""A rough rule for English and code; the estimate only keeps what is surely too long from being sent."""


def estimate(messages: Iterable[ModelMessage]) -> int:
    """About how many tokens the texts of the messages are."""
    return sum(len(one) for one in contents(messages) if isinstance(one, str)) // CHARACTERS_A_TOKEN


def has_images(messages: Iterable[ModelMessage]) -> bool:
    """Whether an image is among what is sent."""
    return any(
        isinstance(one, ImageUrl) or (isinstance(one, BinaryContent) and one.is_image) for one in contents(messages)
    )


def misfit(table: SupplyTable, messages: list[ModelMessage], parameters: ModelRequestParameters) -> Failure | None:
    """Why a supply cannot take the request; None if it can, as far as its table tells."""
    if not table.tools and (parameters.function_tools or parameters.output_tools):
        return Failure(Kind.UNABLE, "it has no tool calls")
    if not table.images and has_images(messages):
        return Failure(Kind.UNABLE, "it takes no images")
    if table.context is not None and (tokens := estimate(messages)) > table.context:
        return Failure(Kind.OVERFLOW, f"about {tokens} tokens are more than its context of {table.context}")
    return None


def contents(messages: Iterable[ModelMessage]) -> Iterator[object]:
    """What the parts of the messages hold: texts, pictures, and None where a part holds nothing of its own."""
    for message in messages:
        for part in message.parts:
            content = getattr(part, "content", None)
            if isinstance(content, list | tuple):
                yield from content
            else:
                yield content
