"""A route's answer as it comes, as pydantic-ai wants it: what a call shows, and the response with its receipt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pydantic_ai._parts_manager import ModelResponsePartsManager  # what StreamedResponse reads its parts from
from pydantic_ai.messages import ModelResponse, ModelResponsePart, ModelResponseStreamEvent
from pydantic_ai.models import ModelRequestParameters, StreamedResponse

from exosuit.models.call import Call


def answer(call: Call) -> ModelResponse:
    """The response of a call that is whole, with its receipt."""
    assert call.response is not None
    parts = call.board.final()
    call.receipt.key_calls(parts)
    metadata = (call.response.metadata or {}) | call.receipt.as_metadata()
    return replace(call.response, parts=parts, metadata=metadata)


class _Shown(ModelResponsePartsManager):
    """The parts that StreamedResponse ends and reports: those on the board."""

    def __init__(self, parameters: ModelRequestParameters, call: Call) -> None:
        super().__init__(parameters)
        self._call = call

    def get_parts(self) -> list[ModelResponsePart]:
        return self._call.board.parts()


@dataclass
class SwitchedStream(StreamedResponse):
    """A streamed answer that outlives the supply that began it."""

    call: Call
    _timestamp: datetime = field(default_factory=lambda: datetime.now(UTC), init=False)

    def __post_init__(self) -> None:
        self.__dict__["_parts_manager"] = _Shown(self.model_request_parameters, self.call)

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        async for event in self.call.events():
            yield event
        whole = answer(self.call)
        self.finish_reason = whole.finish_reason
        self.provider_response_id = whole.provider_response_id
        self.provider_details = whole.provider_details
        self.canonical_system = whole.canonical_system
        self.metadata = whole.metadata
        self._usage = whole.usage

    async def close_stream(self) -> None:
        await self.call.close()

    def get(self) -> ModelResponse:
        """The answer so far; the parts that were replaced are not in it."""
        return replace(super().get(), parts=self.call.board.final())

    @property
    def model_name(self) -> str:
        response = self.call.response
        return (response and response.model_name) or f"route:{self.call.receipt.route}"

    @property
    def provider_name(self) -> str | None:
        return self.call.response.provider_name if self.call.response else None

    @property
    def provider_url(self) -> str | None:
        return self.call.response.provider_url if self.call.response else None

    @property
    def timestamp(self) -> datetime:
        return self._timestamp
