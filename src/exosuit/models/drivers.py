"""From a supply's table to a model of pydantic-ai that speaks its dialect; only the driver in use is imported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import httpx2
from pydantic_ai.models import Model
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.settings import ModelSettings

from exosuit.models.config import SupplyTable
from exosuit.models.health import Health
from exosuit.models.heard import client
from exosuit.models.keys import KeyName, scrubbed
from exosuit.models.queue import Line

HTTP_SECONDS = 600.0
"""The HTTP client's own limit on one read; the switch is quicker, so this only bounds what is forgotten."""

Keeper = tuple[AsyncGenerator[None], asyncio.Task[None]]


class Supply:
    """One model at one provider, ready to be asked: its table, its line, its health, its model for each event loop."""

    def __init__(self, name: str, table: SupplyTable, weights: Mapping[str, float] | None = None) -> None:
        self.name = name
        self.table = table
        self.line = Line(table.concurrency, weights)
        self.health = Health()
        self._models: WeakKeyDictionary[asyncio.AbstractEventLoop, Model[Any]] = WeakKeyDictionary()
        self._keepers: WeakKeyDictionary[asyncio.AbstractEventLoop, Keeper] = WeakKeyDictionary()
        self._key = ""

    def __repr__(self) -> str:
        return f"Supply({self.name!r}, {self.table.driver!r}, {self.table.model!r})"

    def model(self) -> Model[Any]:
        """The model for the running event loop: connections belong to the loop that opened them. Raises `no-key`."""
        loop = asyncio.get_running_loop()
        found = self._models.get(loop)
        if found is None:
            self._key = KeyName.parse(self.table.key).read() if self.table.key else ""
            http = client(HTTP_SECONDS)
            found = build(self.table, self._key, http)
            keeper = _closing(http)
            self._models[loop], self._keepers[loop] = found, (keeper, loop.create_task(_opened(keeper)))
        return found

    async def aclose(self) -> None:
        """Close the connections of the running event loop; asked again, it opens others."""
        loop = asyncio.get_running_loop()
        self._models.pop(loop, None)
        if (found := self._keepers.pop(loop, None)) is not None:
            keeper, opened = found
            await opened
            await keeper.aclose()

    def scrub(self, text: str) -> str:
        """A text of the provider without our key in it."""
        return scrubbed(text, self._key)

    def continuation(self) -> ModelSettings:
        """What a request needs besides to go on with the last message rather than answer it."""
        if self.table.driver == "vllm":
            return {"extra_body": {"continue_final_message": True, "add_generation_prompt": False}}
        return {}


async def _opened(keeper: AsyncGenerator[None]) -> None:
    await anext(keeper)


async def _closing(http: httpx2.AsyncClient) -> AsyncGenerator[None]:
    """Held open as long as its event loop: `asyncio.run` closes generators at its end, and this one its client."""
    try:
        yield
    finally:
        await http.aclose()


def build(table: SupplyTable, key: str, http: httpx2.AsyncClient) -> Model[Any]:
    """The model of a table."""
    settings: ModelSettings = {"max_retries": 0}  # the switch retries, elsewhere
    profile: Any = ModelProfile(context_window=table.context) if table.context else {}
    key = key or "none"  # servers of this machine need none, but drivers want one
    if table.driver == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        spoken = AnthropicProvider(api_key=key, base_url=table.address or None, http_client=http)
        return AnthropicModel(table.model, provider=spoken, settings=settings, profile=profile)
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(api_key=key, base_url=table.address or "https://api.openai.com/v1", http_client=http)
    if table.driver == "openai-responses":
        return OpenAIResponsesModel(table.model, provider=provider, settings=settings, profile=profile)
    profile |= {"openai_chat_streaming_requires_finish_reason": table.finish == "required"}
    return OpenAIChatModel(table.model, provider=provider, settings=settings, profile=profile)
