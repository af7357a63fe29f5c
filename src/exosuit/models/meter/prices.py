"""Prices: what tokens cost at a supply, from the configuration or from the list of genai-prices."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, Protocol

from exosuit.models.meter.money import Money
from exosuit.models.meter.tokens import Tokens

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

Source = Literal["configured", "listed", "guess", "free", "unknown"]
LOCAL = frozenset({"ollama", "lmstudio", "llamacpp", "vllm"})
PROVIDERS = {
    "openai": "openai",
    "openai-responses": "openai",
    "anthropic": "anthropic",
    "google": "google",
    "mistral": "mistral",
    "groq": "groq",
    "openrouter": "openrouter",
}
"""Drivers, and the vendor whose prices hold at the vendor's own address."""
MILLION = Decimal(10**6)


class Price(Protocol):
    """What a call costs."""

    @property
    def source(self) -> Source: ...

    def cost(self, tokens: Tokens) -> Money:
        """What these tokens cost."""

    def worst(self, most: Tokens) -> Money:
        """The most that a call of up to so many input and output tokens can cost, whatever comes from a cache."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Dollars per million tokens; what is left out costs as input does."""

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    written: Decimal | None = None
    source: Source = "configured"

    @classmethod
    def dollars(
        cls, given: str | float, made: str | float, cached: str | float | None = None, source: Source = "configured"
    ) -> Rates:
        """Rates for input, output and cached input as a file holds them; a float counts as it is written."""
        return cls(
            Decimal(str(given)), Decimal(str(made)), None if cached is None else Decimal(str(cached)), source=source
        )

    def cost(self, tokens: Tokens) -> Money:
        cached = min(tokens.cached, tokens.input)
        written = min(tokens.written, tokens.input - cached)
        total = (tokens.input - cached - written) * self.input + tokens.output * self.output
        total += cached * (self.input if self.cached is None else self.cached)
        total += written * (self.input if self.written is None else self.written)
        return Money.dollars(total / MILLION)

    def worst(self, most: Tokens) -> Money:
        dearest = max(self.input, self.cached or self.input, self.written or self.input)
        return Money.dollars((most.input * dearest + most.output * self.output) / MILLION)


FREE = Rates(Decimal(0), Decimal(0), source="free")
"""A model on this machine."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A price of the list, at the moment at which it was looked up (some change with the hour)."""

    model: ModelInfo = field(repr=False)
    provider: Provider = field(repr=False)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    source: Source = "listed"

    def cost(self, tokens: Tokens) -> Money:
        cached = min(tokens.cached, tokens.input)
        return self._of(tokens.input, cached, min(tokens.written, tokens.input - cached), tokens.output)

    def worst(self, most: Tokens) -> Money:
        """Nothing cached, or all of it written to a cache, whichever is dearer."""
        return max(self._of(most.input, 0, 0, most.output), self._of(most.input, 0, most.input, most.output))

    def _of(self, given: int, cached: int, written: int, output: int) -> Money:
        from genai_prices import Usage

        used = Usage(input_tokens=given, cache_read_tokens=cached, cache_write_tokens=written, output_tokens=output)
        found = self.model.calc_price(used, self.provider, genai_request_timestamp=self.at, auto_update_timestamp=None)
        return Money.dollars(found.total_price)


def find_price(
    *,
    driver: str,
    model: str,
    base_url: str = "",
    configured: Rates | None = None,
    guess: Rates | None = None,
) -> Price | None:
    """The price at a supply: the configured one, nothing on this machine, the vendor's, a stated guess, or unknown.

    The list holds only at the address that it is for: the same model elsewhere has a price of its own.
    """
    if configured is not None:
        return configured
    if driver in LOCAL:
        return FREE
    return listed_price(driver, model, base_url) or guess


def listed_price(driver: str, model: str, base_url: str = "") -> Listed | None:
    """A price of the list for a vendor's own address, or None. The first look-up takes a tenth of a second."""
    from genai_prices import Usage, calc_price

    try:
        if base_url:
            found = calc_price(Usage(), model, provider_api_url=base_url)
        elif driver in PROVIDERS:
            found = calc_price(Usage(), model, provider_id=PROVIDERS[driver])
        else:
            return None
    except LookupError:
        return None
    if found.model_price.input_mtok is None:  # by the hour or the character: not what tokens are counted for
        return None
    return Listed(found.model, found.provider)
