"""The line before a supply, over real HTTP: every call of a switch passes it, and it is nobody's silence."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from exosuit.models.failures import Kind, NoAnswer
from exosuit.models.meter import Meter
from exosuit.models.switch import RouteModel, Switch
from tests.providers import Answer, Provider, unavailable
from tests.providers.dialect import Ask
from tests.providers.log import Received
from tests.switching import scripted_key, switch

__all__ = ["scripted_key"]
pytestmark = pytest.mark.usefixtures("scripted_key")
GOOD = Answer(text="All is well.", wait=0.05)
FEW: ModelSettings = {"max_tokens": 50}


async def asked(model: RouteModel, text: str = "Say it.") -> ModelResponse:
    request: list[ModelMessage] = [ModelRequest.user_text_prompt(text)]
    return await model.request(request, FEW, ModelRequestParameters(allow_text_output=True))


def at_once(entries: list[Received]) -> int:
    """The most requests that a provider had at one time."""
    return max(sum(other.began <= one.began < other.ended for other in entries) for one in entries)


def said(entry: Received) -> str:
    return str(entry.request.body["messages"][-1]["content"])


def served(response: ModelResponse) -> list[dict[str, Any]]:
    assert response.metadata is not None
    return list(response.metadata["exosuit"]["served"])


def together(made: Switch, calls: int) -> list[ModelResponse]:
    """So many calls of the route at once."""

    async def main() -> list[ModelResponse]:
        return await asyncio.gather(*(asked(made.route("r")) for _ in range(calls)))

    return asyncio.run(main())


def test_a_supply_is_asked_for_so_many_answers_at_once_and_no_more() -> None:
    with Provider([GOOD]) as a:
        responses = together(switch([(a, "openai")], supply="concurrency = 2"), 8)
        entries = a.log.wait(8)
    assert at_once(entries) == 2
    assert sum(served(response)[0]["waited"] > 0.04 for response in responses) >= 6


def test_time_in_line_is_not_the_supply_s_silence() -> None:
    with Provider([Answer(text="Well.", wait=0.15)]) as a, Provider([GOOD]) as b:
        responses = together(switch([(a, "openai"), (b, "openai")], supply="patience = 0.4\nconcurrency = 1"), 5)
        assert len(a.log.entries()) == 5 and not b.log.entries()
    assert [one["outcome"] for response in responses for one in served(response)] == ["whole"] * 5


def test_who_asks_little_does_not_stand_behind_who_asks_much() -> None:
    with Provider([GOOD]) as a:
        made = switch([(a, "openai")], supply="concurrency = 1")

        async def main() -> None:
            flood = [asyncio.create_task(asked(made.route("r", app="flood"), "flood")) for _ in range(8)]
            await asyncio.sleep(0.12)
            await asked(made.route("r", app="light"), "light")
            await asyncio.gather(*flood)

        asyncio.run(main())
        order = [said(entry) for entry in a.log.wait(9)]
    assert "light" in order[2:5]


def test_background_gives_way() -> None:
    with Provider([GOOD]) as a:
        made = switch([(a, "openai")], supply="concurrency = 1")

        async def main() -> None:
            calls = [asked(made.route("r", app="batch", background=True), "batch") for _ in range(4)]
            calls += [asked(made.route("r", app="person"), "person") for _ in range(3)]
            await asyncio.gather(*calls)

        asyncio.run(main())
        order = [said(entry) for entry in a.log.wait(7)]
    assert order == ["batch", *["person"] * 3, *["batch"] * 3]


def test_who_stands_in_line_holds_no_money(tmp_path: Path) -> None:
    held = []

    def answer(_ask: Ask) -> Answer:
        held.extend(meter._database.query("SELECT count(*) FROM calls WHERE state = 'held'"))
        return GOOD

    with Provider([answer]) as a, Meter.open(folder=tmp_path) as meter:
        made = switch([(a, "openai")], supply="concurrency = 1")
        made.meter = meter
        together(made, 5)
    assert held == [(1,)] * 5


def test_who_stands_in_line_while_the_supply_fails_does_not_meet_the_outage() -> None:
    with Provider([unavailable()]) as a, Provider([GOOD]) as b:
        responses = together(switch([(a, "openai"), (b, "openai")], supply="concurrency = 1"), 8)
        assert len(a.log.entries()) == 3
    assert [served(response)[-1]["supply"] for response in responses] == ["b"] * 8
    assert sum(len(served(response)) for response in responses) == 8 + 3


def test_who_is_cancelled_twice_gives_its_place_back_and_settles_all_the_same(tmp_path: Path) -> None:
    with Provider([Answer(text="on and on " * 200, pace=0.02)]) as a, Meter.open(folder=tmp_path) as meter:
        made = switch([(a, "openai")], supply="concurrency = 1")
        made.meter = meter

        async def main() -> None:
            task = asyncio.create_task(asked(made.route("r")))
            while not a.log.entries():  # noqa: ASYNC110 - it comes in another thread
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            for _ in range(100):
                if not made.supplies["a"].line.running:
                    break
                await asyncio.sleep(0.05)

        asyncio.run(main())
        states = meter._database.query("SELECT state, outcome FROM calls")
    assert (made.supplies["a"].line.running, states) == (0, [("lost", "cancelled")])


def test_a_deadline_that_passes_in_line_ends_the_call_and_says_nothing_about_the_supply() -> None:
    with Provider([Answer(text="Well.", wait=1)]) as a:
        made = switch([(a, "openai")], supply="patience = 5\nconcurrency = 1")

        async def main() -> None:
            first = asyncio.create_task(asked(made.route("r")))
            await asyncio.sleep(0.1)
            short = made.route("r")
            short.table = short.table.model_copy(update={"deadline": 0.3})
            with pytest.raises(NoAnswer) as caught:
                await asked(short)
            assert [failure.kind for _, failure in caught.value.failures] == [Kind.LATE]
            await first

        asyncio.run(main())
        assert len(a.log.entries()) == 1
    assert (made.supplies["a"].health.breaker.troubles, made.supplies["a"].line.running) == (0, 0)


@pytest.mark.parametrize("metered", [False, True])
def test_who_is_cancelled_hangs_up_and_lets_the_next_one_go(metered: bool, tmp_path: Path) -> None:
    with Provider([Answer(text="on and on " * 200, pace=0.02), GOOD]) as a, Meter.open(folder=tmp_path) as meter:
        made = switch([(a, "openai")], supply="concurrency = 1")
        made.meter = meter if metered else None

        async def main() -> float:
            first = asyncio.create_task(asked(made.route("r", app="first")))
            await asyncio.sleep(0.3)
            waiting = [asyncio.create_task(asked(made.route("r", app=name))) for name in ("second", "third")]
            await asyncio.sleep(0.05)
            waiting[0].cancel()
            first.cancel()
            began = time.monotonic()
            await asyncio.gather(first, *waiting, return_exceptions=True)
            assert waiting[0].cancelled() and first.cancelled() and waiting[1].result().text
            return began

        began = asyncio.run(main())
        gone, answered = a.log.wait(2)
        states = meter._database.query("SELECT app, state, outcome FROM calls ORDER BY rowid")
    assert (gone.outcome, answered.outcome) == ("gone", "answered")
    assert gone.ended - began < 1
    assert states == ([("first", "lost", "cancelled"), ("third", "settled", "done")] if metered else [])
    assert made.supplies["a"].line.running == 0
