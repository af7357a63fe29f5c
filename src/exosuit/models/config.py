"""What `exosuit.toml` and the user's own file say of models: supplies, routes, budgets."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from exosuit.models.keys import KeyName

Driver = Literal[
    "openai", "openai-responses", "anthropic", "google", "mistral", "groq", "openrouter",
    "ollama", "lmstudio", "llamacpp", "vllm",
]  # fmt: skip
Strategy = Literal["order", "cheapest", "fastest", "sticky"]
LOCAL: dict[str, str] = {
    "ollama": "http://127.0.0.1:11434/v1",
    "lmstudio": "http://127.0.0.1:1234/v1",
    "llamacpp": "http://127.0.0.1:8080/v1",
    "vllm": "http://127.0.0.1:8000/v1",
}
"""Drivers of servers on this machine, with the address that each has unless it is told otherwise."""
COMPATIBLE: dict[str, str] = {
    "google": "https://generativelanguage.googleapis.com/v1beta/openai/",
    "mistral": "https://api.mistral.ai/v1",
    "groq": "https://api.groq.com/openai/v1",
    "openrouter": "https://openrouter.ai/api/v1",
}
"""Vendors that are asked in the dialect of OpenAI's chat completions, with the address that speaks it."""
CONTINUES = frozenset({"anthropic", "llamacpp", "vllm"})
"""Drivers whose servers go on with an answer that is given as the last message, says their documentation."""


class Table(BaseModel):
    """A table of the file: frozen, and strict, so that a typo is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Price(Table):
    """Dollars per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)


class SupplyTable(Table):
    """One model at one provider."""

    driver: Driver
    model: str = Field(min_length=1)
    base_url: str = Field(default="", pattern=r"^(https?://.+)?$")
    key: str = ""
    tools: bool = True
    images: bool = True
    context: int | None = Field(default=None, gt=0)
    prefill: bool | None = None
    finish: Literal["required", "optional"] = "required"
    patience: float = Field(default=2.0, gt=0)
    concurrency: int | None = Field(default=None, ge=1)
    price: Price | None = None

    @field_validator("key")
    @classmethod
    def names_a_place(cls, value: str) -> str:
        return str(KeyName.parse(value)) if value else ""

    @property
    def address(self) -> str:
        """Where it is asked; empty for the vendor's own address."""
        return self.base_url or LOCAL.get(self.driver) or COMPATIBLE.get(self.driver, "")

    @property
    def continues(self) -> bool:
        """Whether it can go on with an answer that another supply began."""
        return self.driver in CONTINUES if self.prefill is None else self.prefill


class RouteTable(Table):
    """An ordered set of supplies behind a name. Times are in seconds."""

    supplies: tuple[str, ...] = Field(min_length=1)
    strategy: Strategy = "order"
    deadline: float = Field(default=600.0, gt=0)
    last_patience: float = Field(default=30.0, gt=0)
    wait: float = Field(default=20.0, ge=0)
    hedge: bool = False
    restart: Literal["replace", "hold"] = "replace"
    refusal: Literal["answer", "elsewhere"] = "answer"


class BudgetTable(Table):
    """Dollars that may be spent: a call, a run, a day, an app a day."""

    call: float | None = Field(default=None, ge=0)
    run: float | None = Field(default=None, ge=0)
    day: float | None = Field(default=None, ge=0)
    app: dict[str, float] = {}

    @field_validator("app")
    @classmethod
    def no_debts(cls, value: dict[str, float]) -> dict[str, float]:
        if any(amount < 0 for amount in value.values()):
            raise ValueError("an amount is 0 or more")
        return value


class QueueTable(Table):
    """Who gets how much where supplies take no more at once: shares of apps, 1 for those that are not named."""

    weight: dict[str, float] = {}

    @field_validator("weight")
    @classmethod
    def some_share(cls, value: dict[str, float]) -> dict[str, float]:
        if any(not 0 < weight < math.inf for weight in value.values()):
            raise ValueError("a weight is more than 0")
        return value


class Settings(Table):
    """All that is configured; `origin` says which file each supply and route is from."""

    supply: dict[str, SupplyTable] = {}
    route: dict[str, RouteTable] = {}
    budget: BudgetTable = BudgetTable()
    queue: QueueTable = QueueTable()
    origin: dict[str, str] = {}
