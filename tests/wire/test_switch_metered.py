"""The switch at the meter: what is held before a request, and what it is settled at, against what a provider billed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from exosuit.core.errors import ExosuitError
from exosuit.models.meter import Budgets, Meter
from exosuit.models.switch import Switch
from tests.providers import Answer, Fault, Provider, fails, unavailable
from tests.switching import DIALECTS, scripted_key, switch

__all__ = ["scripted_key"]
pytestmark = pytest.mark.usefixtures("scripted_key")
PRICED = "patience = 0.3\nprefill = false\nprice = { input = 1.0, output = 10.0 }"
FEW: ModelSettings = {"max_tokens": 50}
GOOD = Answer(text="All is well.")


async def asked(made: Switch, settings: ModelSettings | None = FEW) -> ModelResponse:
    request: list[ModelMessage] = [ModelRequest.user_text_prompt("Say it.")]
    return await made.route("r", app="test").request(request, settings, ModelRequestParameters(allow_text_output=True))


def recorded(meter: Meter) -> list[tuple[str, str, str]]:
    """Supply, state and outcome of each request, in their order."""
    rows = meter._database.query("SELECT supply, state, outcome FROM calls ORDER BY began, supply")
    return [(str(supply), str(state), str(outcome)) for supply, state, outcome in rows]


def spent(meter: Meter) -> float:
    [(pico,)] = meter._database.query("SELECT coalesce(sum(cost), 0) FROM calls")
    return float(pico) / 1e12


@pytest.mark.parametrize("driver", DIALECTS)
def test_a_call_is_settled_at_what_the_provider_billed(driver: str, tmp_path: Path) -> None:
    with Provider([GOOD]) as a, Meter.open(folder=tmp_path) as meter:
        made = switch([(a, driver)], supply=PRICED)
        made.meter = meter
        asyncio.run(asked(made))
        billed = a.log.billed()
        assert recorded(meter) == [("a", "settled", "done")]
        assert [(entry.call,) for entry in a.log.entries()] == meter._database.query("SELECT id FROM calls")
        assert spent(meter) == pytest.approx((billed.input * 1 + billed.output * 10) / 1e6)


def test_what_never_was_answered_is_free_and_what_nobody_knows_stays_spent_at_its_worst(tmp_path: Path) -> None:
    broken = Answer(text="one two three", fault=Fault(kind="reset", event=3))
    faults = [unavailable(), broken, fails("hang")]
    with Provider(faults) as a, Provider([GOOD]) as b, Meter.open(folder=tmp_path) as meter:
        made = switch([(a, "openai"), (b, "openai")], supply=PRICED)
        made.meter = meter

        async def calls() -> None:
            for _ in faults:
                await asked(made)

        asyncio.run(calls())
        states = [(state, outcome) for supply, state, outcome in recorded(meter) if supply == "a"]
        assert states == [("released", "down"), ("lost", "down"), ("lost", "silent")]


def test_a_call_that_could_cost_more_than_there_is_left_is_not_made(tmp_path: Path) -> None:
    with Provider([GOOD]) as a, Meter.open(Budgets.dollars(day=0.0001), folder=tmp_path) as meter:
        made = switch([(a, "openai")], supply=PRICED)
        made.meter = meter
        with pytest.raises(ExosuitError) as caught:
            asyncio.run(asked(made))
        assert caught.value.code == "over-budget"
        assert a.log.entries() == []


def test_where_the_first_is_too_dear_a_cheaper_one_is_asked(tmp_path: Path) -> None:
    with Provider([GOOD]) as a, Provider([GOOD]) as b, Meter.open(Budgets.dollars(day=0.1), folder=tmp_path) as meter:
        made = switch([(a, "openai"), (b, "openai")], supply=PRICED)
        made.meter = meter
        dear = made.supplies["a"].table.price
        assert dear is not None
        made.supplies["a"].table = made.supplies["a"].table.model_copy(
            update={"price": dear.model_copy(update={"output": 1e6})}
        )
        response = asyncio.run(asked(made))
        assert response.metadata is not None
        assert [one["supply"] for one in response.metadata["exosuit"]["served"]] == ["b"]


def test_a_call_that_names_no_limit_of_tokens_gets_one_so_that_it_has_a_worst_case(tmp_path: Path) -> None:
    with Provider([GOOD]) as a, Meter.open(folder=tmp_path) as meter:
        made = switch([(a, "openai")], supply=PRICED)
        made.meter = meter
        asyncio.run(asked(made, None))
        [entry] = a.log.entries()
        assert (entry.request.body.get("max_completion_tokens") or entry.request.body.get("max_tokens")) == 8192


def test_a_call_that_is_cancelled_is_settled_all_the_same(tmp_path: Path) -> None:
    with Provider([Answer(text="on and on " * 100, pace=0.05)]) as a, Meter.open(folder=tmp_path) as meter:
        made = switch([(a, "openai")], supply=PRICED)
        made.meter = meter

        async def leave() -> None:
            task = asyncio.create_task(asked(made))
            await asyncio.sleep(0.5)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(leave())
        assert recorded(meter) == [("a", "lost", "cancelled")]


def test_a_switch_that_is_loaded_is_metered_under_the_budgets_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXOSUIT_STATE", str(tmp_path / "state"))
    file = tmp_path / "exosuit.toml"
    file.write_text('[supply.a]\ndriver = "ollama"\nmodel = "m"\n[route.r]\nsupplies = ["a"]\n[budget]\nday = 2.5\n')
    with Switch.load(file) as made:
        assert made.meter is not None
        assert str(made.meter.budgets.day) == "$2.50"
