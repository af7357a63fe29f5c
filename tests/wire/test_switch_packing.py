"""Messages that are too long for every supply: told, or made shorter by a callback and asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters

from exosuit.models.failures import NoAnswer
from exosuit.models.fitness import estimate
from exosuit.models.meter import Meter
from exosuit.models.packing import MOST_TIMES, Repack, drop_oldest
from exosuit.models.switch import Switch
from tests.providers import Answer, Provider, fails
from tests.providers.dialect import Ask
from tests.switching import scripted_key, switch

__all__ = ["scripted_key"]
pytestmark = pytest.mark.usefixtures("scripted_key")
GOOD = Answer(text="All is well.")
WORDS = {
    "openai": "This model's maximum context length is 400 tokens. However, your messages resulted in more.",
    "anthropic": "prompt is too long: 900 tokens > 400 maximum",
}
LONG: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart("the task")])]
for turn in range(20):
    LONG += [ModelResponse(parts=[TextPart("said " * 40)]), ModelRequest(parts=[UserPromptPart(f"question {turn}")])]


def asked(made: Switch, repack: Repack | None = None) -> ModelResponse:
    model = made.route("r", repack=repack)
    return asyncio.run(model.request(LONG, {"max_tokens": 50}, ModelRequestParameters(allow_text_output=True)))


def receipt(response: ModelResponse) -> dict[str, Any]:
    assert response.metadata is not None
    return dict(response.metadata["exosuit"])


def taking(most: int, words: str) -> Any:
    """Answers requests of so many characters, and finds others too long."""
    return lambda ask: GOOD if len(ask.request.raw) <= most else fails("status", status=400, message=words)


def test_without_a_callback_it_is_told_what_is_too_long_for_whom() -> None:
    with Provider([GOOD]) as a, pytest.raises(NoAnswer) as caught:
        asked(switch([(a, "openai")], supply="context = 500"))
    assert a.log.entries() == []
    assert f"about {estimate(LONG)} tokens are more than its context of 500" in caught.value.message
    assert caught.value.hint == "send less, or add a supply with a larger context to the route"


def test_who_has_room_is_asked_before_anything_is_left_out() -> None:
    with Provider([GOOD]) as a, Provider([GOOD]) as b:
        made = switch([(a, "openai"), (b, "openai")])
        made.supplies["a"].table = made.supplies["a"].table.model_copy(update={"context": 500})
        response = asked(made, drop_oldest)
        [entry] = b.log.entries()
        assert a.log.entries() == [] and "question 0" in str(entry.request.body)
    assert receipt(response)["packed"] == []


def test_what_is_known_to_be_too_long_is_packed_before_it_is_sent() -> None:
    with Provider([GOOD]) as a:
        response = asked(switch([(a, "openai")], supply="context = 500"), drop_oldest)
        [entry] = a.log.entries()
    sent = str(entry.request.body["messages"])
    assert "the task" in sent and "question 19" in sent and "question 0'" not in sent
    assert receipt(response)["packed"] == [estimate(LONG)]


@pytest.mark.parametrize("driver", ["openai", "anthropic"])
def test_what_a_provider_finds_too_long_is_packed_until_it_fits(driver: str, tmp_path: Path) -> None:
    with Provider([taking(2500, WORDS[driver])]) as a, Meter.open(folder=tmp_path) as meter:
        made = switch([(a, driver)], supply="price = { input = 1.0, output = 1.0 }")
        made.meter = meter
        response = asked(made, drop_oldest)
        states = [state for (state,) in meter._database.query("SELECT state FROM calls ORDER BY rowid")]
        worst = [int(most) for (most,) in meter._database.query("SELECT worst FROM calls ORDER BY rowid")]
    packed = receipt(response)["packed"]
    assert response.text == "All is well." and 1 < len(packed) <= MOST_TIMES
    assert packed == sorted(packed, reverse=True) and packed[0] == estimate(LONG)
    assert states == ["released"] * len(packed) + ["settled"]
    assert worst == sorted(worst, reverse=True) and worst[0] > worst[-1]


def test_a_callback_that_cannot_make_it_shorter_is_asked_once() -> None:
    calls: list[int] = []

    async def same(messages: Sequence[ModelMessage], tokens: int) -> Sequence[ModelMessage]:
        calls.append(tokens)
        return messages

    with Provider([GOOD]) as a, pytest.raises(NoAnswer):
        asked(switch([(a, "openai")], supply="context = 500"), same)
    assert calls == [450]


def test_what_never_fits_ends() -> None:
    def never(_ask: Ask) -> Answer:
        return fails("status", status=400, message=WORDS["openai"])

    with Provider([never]) as a, pytest.raises(NoAnswer):
        asked(switch([(a, "openai")]), drop_oldest)
    assert len(a.log.entries()) == MOST_TIMES + 1
