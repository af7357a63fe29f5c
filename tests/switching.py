"""Switches over scripted providers, for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from exosuit.models.settings import parsed
from exosuit.models.switch import Switch
from tests.providers import KEY, MODEL, Answer, Provider
from tests.providers.dialect import Ask

DIALECTS = ("openai", "openai-responses", "anthropic")
VARIABLE = "SCRIPTED_KEY"


@pytest.fixture
def scripted_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of scripted providers, where the switch looks for it."""
    monkeypatch.setenv(VARIABLE, KEY)


def going_on(whole: str, anew: Answer | None = None) -> Callable[[Ask], Answer]:
    """Answers by the rest of `whole` where the last message is its beginning, else by `anew` or all of it."""

    def answer(ask: Ask) -> Answer:
        messages = ask.request.body.get("messages") or [{}]
        last = messages[-1]
        said = last.get("content", "") if last.get("role") == "assistant" else ""
        said = said if isinstance(said, str) else "".join(one["text"] for one in said)
        assert said == said.rstrip(), "vendors refuse a last message that ends in white space"
        assert whole.startswith(said)
        return anew if anew is not None and not said else Answer(text=whole[len(said) :])

    return answer


def address(provider: Provider, driver: str) -> str:
    """A provider's address as a driver wants it."""
    return provider.url if driver == "anthropic" else provider.v1


def switch(providers: Sequence[tuple[Provider, str]], route: str = "", supply: str = "patience = 0.3") -> Switch:
    """A switch whose route `r` has the supplies `a`, `b`, … in this order, each a provider and a driver."""
    names = "abcdefgh"[: len(providers)]
    tables = [
        f'[supply.{name}]\ndriver = "{driver}"\nbase_url = "{address(provider, driver)}"\n'
        f'model = "{MODEL}"\nkey = "env:{VARIABLE}"\n{supply}\n'
        for name, (provider, driver) in zip(names, providers, strict=True)
    ]
    return Switch(parsed("".join([*tables, f"[route.r]\nsupplies = {list(names)}\n{route}\n"]).encode()))
