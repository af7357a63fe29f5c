"""The switch over real HTTP, against scripted providers that fail on command."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable
from typing import Any

import pytest
from pydantic_ai import Agent, RunContext
from pydantic_ai.messages import AgentStreamEvent, ModelRequest, ModelResponse, ToolCallPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from exosuit.core.errors import ExosuitError
from exosuit.models.failures import Kind, NoAnswer
from exosuit.models.receipt import KEY as RECEIPT
from exosuit.models.switch import RouteModel
from tests.providers import KEY, Answer, Fault, Limits, Provider, Tool, fails, rate_limited, unavailable
from tests.switching import DIALECTS, going_on, scripted_key, switch

__all__ = ["scripted_key"]
pytestmark = pytest.mark.usefixtures("scripted_key")
dialects = pytest.mark.parametrize("driver", DIALECTS)
GOOD = Answer(text="All is well.")
PLAIN = ModelRequestParameters(allow_text_output=True)
TOOLS = ModelRequestParameters(
    allow_text_output=True,
    function_tools=[ToolDefinition(name="add", parameters_json_schema={"type": "object", "properties": {}})],
)


async def asked(model: RouteModel, parameters: ModelRequestParameters = PLAIN) -> ModelResponse:
    """One request, without an agent."""
    return await model.request([ModelRequest.user_text_prompt("Say it, if you please.")], None, parameters)


async def streamed(model: RouteModel, parameters: ModelRequestParameters = PLAIN) -> tuple[ModelResponse, list[Any]]:
    """One streamed request: the response at its end, and all events."""
    async with model.request_stream(
        [ModelRequest.user_text_prompt("Say it, if you please.")], None, parameters
    ) as stream:
        events = [event async for event in stream]
    return stream.get(), events


def text(response: ModelResponse) -> str:
    return response.text or ""


def outcomes(response: ModelResponse) -> list[tuple[str, str]]:
    """Who served what, as the receipt has it."""
    assert response.metadata is not None
    return [(one["supply"], one["outcome"]) for one in response.metadata[RECEIPT]["served"]]


@dialects
def test_a_route_is_a_model_that_an_agent_uses_without_knowing(driver: str) -> None:
    with Provider([GOOD]) as a:
        result = asyncio.run(Agent(switch([(a, driver)]).route("r")).run("Say it, if you please."))
    assert result.output == "All is well."
    assert outcomes(result.response) == [("a", "whole")]
    assert result.usage.input_tokens > 0


@dialects
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (unavailable(), "down"),
        (fails("status", status=401), "key"),
        (fails("status", status=404), "missing"),
        (fails("status", status=400, message="no such thing"), "rejected"),
        (rate_limited(30), "limited"),
        (fails("hang"), "silent"),
        (fails("reset"), "down"),
        (fails("close"), "down"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.fault.kind,
)
def test_what_fails_before_it_answers_is_left_for_the_next(driver: str, fault: Answer, kind: str) -> None:
    with Provider([fault]) as a, Provider([GOOD]) as b:
        response = asyncio.run(asked(switch([(a, driver), (b, driver)]).route("r")))
    assert text(response) == "All is well."
    assert outcomes(response) == [("a", kind), ("b", "whole")]


def test_if_all_fail_one_error_names_each_supply_and_why() -> None:
    with (
        Provider([unavailable()]) as a,
        Provider([fails("status", status=401)]) as b,
        pytest.raises(NoAnswer) as caught,
    ):
        asyncio.run(asked(switch([(a, "openai"), (b, "anthropic")]).route("r")))
    assert "a down: 503" in caught.value.message
    assert "b key: 401" in caught.value.message
    assert caught.value.code == "no-answer"
    assert caught.value.retryable
    assert {name for name, _ in caught.value.failures} == {"a", "b"}


def test_a_provider_that_repeats_the_key_does_not_get_it_into_the_error() -> None:
    repeats = fails("status", status=401, message=f"Incorrect key {KEY} given")
    with Provider([repeats]) as a, pytest.raises(NoAnswer) as caught:
        asyncio.run(asked(switch([(a, "openai")]).route("r")))
    assert KEY not in caught.value.message
    assert "Incorrect key *** given" in caught.value.message


def test_a_key_that_is_not_there_is_told_and_the_next_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with Provider([GOOD]) as a, Provider([GOOD]) as b:
        made = switch([(a, "openai"), (b, "openai")])
        made.supplies["a"].table = made.supplies["a"].table.model_copy(update={"key": "env:NOT_THERE"})
        response = asyncio.run(asked(made.route("r")))
        assert a.log.entries() == []
    assert outcomes(response) == [("a", "key"), ("b", "whole")]


def test_three_failures_open_the_breaker_and_one_probe_closes_it() -> None:
    with Provider([unavailable()]) as a, Provider([GOOD]) as b:
        made = switch([(a, "openai"), (b, "openai")])

        async def day() -> None:
            for _ in range(4):
                await asked(made.route("r"))
            assert len(a.log.entries()) >= 3
            before = len(a.log.entries())
            assert outcomes(await asked(made.route("r"))) == [("b", "whole")]
            assert len(a.log.entries()) == before
            a.script(GOOD)
            made.supplies["a"].health.breaker.open_until = time.monotonic()
            assert outcomes(await asked(made.route("r"))) == [("a", "whole")]
            assert not made.supplies["a"].health.breaker.is_open

        asyncio.run(day())


@dialects
def test_a_rate_limit_that_headers_tell_is_kept_before_it_is_hit(driver: str) -> None:
    with Provider([GOOD], limits=Limits(requests=2, seconds=60)) as a, Provider([GOOD]) as b:
        made = switch([(a, driver), (b, driver)])

        async def calls() -> list[ModelResponse]:
            return [await asked(made.route("r")) for _ in range(4)]

        responses = asyncio.run(calls())
        assert [entry.status for entry in a.log.entries()] == [200, 200]
    assert [outcomes(one)[-1][0] for one in responses] == ["a", "a", "b", "b"]


def test_where_all_are_limited_for_a_moment_the_call_waits() -> None:
    with Provider([rate_limited(0.2), GOOD]) as a:
        response = asyncio.run(asked(switch([(a, "openai")]).route("r")))
    assert outcomes(response) == [("a", "limited"), ("a", "whole")]


def test_a_supply_that_lacks_what_is_needed_is_not_asked() -> None:
    with Provider([GOOD]) as a, Provider([GOOD]) as b:
        made = switch([(a, "openai"), (b, "openai")])
        made.supplies["a"].table = made.supplies["a"].table.model_copy(update={"tools": False})
        made.supplies["b"].table = made.supplies["b"].table.model_copy(update={"context": 1})
        with pytest.raises(NoAnswer) as caught:
            asyncio.run(asked(made.route("r"), TOOLS))
        assert a.log.entries() == b.log.entries() == []
    assert [failure.kind for _, failure in caught.value.failures] == [Kind.UNABLE, Kind.OVERFLOW]
    assert not caught.value.retryable


def test_the_deadline_ends_a_call_that_nobody_answers() -> None:
    with Provider([fails("hang")]) as a, Provider([fails("hang")]) as b, pytest.raises(NoAnswer) as caught:
        asyncio.run(asked(switch([(a, "openai"), (b, "openai")], "deadline = 0.8").route("r")))
    assert "deadline" in caught.value.message


def test_a_deadline_in_the_middle_of_an_answer_is_not_held_against_the_supply() -> None:
    with Provider([Answer(text="on and on " * 50, pace=0.05)]) as a, Provider([GOOD]) as b:
        made = switch([(a, "openai"), (b, "openai")], "deadline = 0.6")
        with pytest.raises(NoAnswer) as caught:
            asyncio.run(asked(made.route("r")))
        assert b.log.entries() == []
    assert [failure.kind for _, failure in caught.value.failures] == [Kind.LATE]
    assert made.supplies["a"].health.breaker.troubles == 0


def test_sticky_stays_with_the_supply_that_answered_last() -> None:
    with Provider([unavailable(), GOOD]) as a, Provider([GOOD]) as b:
        made = switch([(a, "openai"), (b, "openai")], 'strategy = "sticky"')

        async def calls() -> list[ModelResponse]:
            return [await asked(made.route("r")) for _ in range(2)]

        assert [outcomes(one)[-1][0] for one in asyncio.run(calls())] == ["b", "b"]


def test_cancelling_hangs_up_on_the_supply() -> None:
    with Provider([Answer(text="on and on " * 200, pace=0.05)]) as a:

        async def leave() -> None:
            task = asyncio.create_task(asked(switch([(a, "openai")]).route("r")))
            await asyncio.sleep(0.5)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(leave())
        for _ in range(100):
            if a.log.entries()[0].outcome == "gone":
                break
            time.sleep(0.02)
        assert a.log.entries()[0].outcome == "gone"


def test_a_route_works_in_one_event_loop_after_another() -> None:
    with Provider([GOOD]) as a:
        model = switch([(a, "openai")]).route("r")
        assert [text(asyncio.run(asked(model))) for _ in range(3)] == ["All is well."] * 3


def test_a_route_that_is_not_there_is_told_the_nearest() -> None:
    with Provider([GOOD]) as a, pytest.raises(ExosuitError) as caught:
        switch([(a, "openai")]).route("rr")
    assert caught.value.hint == "did you mean 'r'?"


MIDWAY = ["reset", "close", "stall", "error_event", "early_end", "malformed", "truncated_utf8", "garbage", "html"]


@dialects
@pytest.mark.parametrize("kind", MIDWAY)
def test_a_stream_that_breaks_is_begun_anew_elsewhere_and_comes_out_whole(driver: str, kind: Any) -> None:
    broken = Answer(text="one two three four five six", fault=Fault(kind=kind, event=6))
    with Provider([broken]) as a, Provider([GOOD]) as b:
        response, events = asyncio.run(streamed(switch([(a, driver), (b, driver)], supply=NO_PREFILL).route("r")))
    assert text(response) == "All is well."
    assert replayed(events) == ["All is well."]
    assert outcomes(response)[-1] == ("b", "whole")
    assert response.metadata is not None
    assert "one two three four five six".startswith(*response.metadata[RECEIPT]["replaced"])
    assert response.state == "complete"


NO_PREFILL = "patience = 0.3\nprefill = false"
PREFILL = "patience = 0.3\nprefill = true"
WHOLE = "The quick  brown fox\n\njumps over the lazy dog. "


@pytest.mark.parametrize("driver", ["openai", "anthropic"])
@pytest.mark.parametrize("event", range(1, 14))
def test_where_a_supply_can_it_goes_on_from_what_was_shown(driver: str, event: int) -> None:
    with Provider([Answer(text=WHOLE, fault=Fault(kind="reset", event=event))]) as a, Provider([going_on(WHOLE)]) as b:
        response, events = asyncio.run(streamed(switch([(a, driver), (b, driver)], supply=PREFILL).route("r")))
    assert text(response) == WHOLE
    assert "".join(replayed(events)) == WHOLE
    assert response.metadata is not None
    assert response.metadata[RECEIPT]["replaced"] == []


def test_a_supply_that_will_not_go_on_is_asked_to_begin_anew() -> None:
    def refusing(ask: Any) -> Answer:
        if ask.request.body["messages"][-1]["role"] == "assistant":
            return fails("status", status=400, message="This model does not support assistant message prefill.")
        return GOOD

    broken = Answer(text="one two three", fault=Fault(kind="reset", event=5))
    with Provider([broken]) as a, Provider([refusing]) as b:
        response, events = asyncio.run(streamed(switch([(a, "anthropic"), (b, "anthropic")]).route("r")))
    assert replayed(events) == [text(response)] == ["All is well."]
    assert [one for one, _ in outcomes(response)] == ["a", "b", "b"]


CALLING = Answer(text="Let me add.", tools=(Tool(name="add", arguments={"a": 1, "b": [2, 3], "c": "x" * 40}, cut=4),))


@dialects
@pytest.mark.parametrize("place", range(6, 16, 3))
def test_a_tool_call_is_passed_on_whole_or_not_at_all(driver: str, place: int) -> None:
    broken = CALLING.model_copy(update={"fault": Fault(kind="reset", event=place)})
    with Provider([broken]) as a, Provider([CALLING]) as b:
        made = switch([(a, driver), (b, driver)], supply=NO_PREFILL)
        response, events = asyncio.run(streamed(made.route("r"), TOOLS))
    [call] = response.tool_calls
    assert call.args_as_dict() == {"a": 1, "b": [2, 3], "c": "x" * 40}
    begun = [event.part for event in events if event.event_kind == "part_start"]
    assert [part.args_as_dict() for part in begun if isinstance(part, ToolCallPart)] == [call.args_as_dict()]
    assert response.metadata is not None
    assert list(response.metadata[RECEIPT]["keys"]) == [call.tool_call_id]


@dialects
def test_no_tool_is_run_twice_though_the_stream_broke_in_the_middle_of_its_call(driver: str) -> None:
    broken = CALLING.model_copy(update={"fault": Fault(kind="reset", event=10)})
    ran: list[int] = []
    with Provider([broken]) as a, Provider([CALLING, GOOD]) as b:
        agent = Agent(switch([(a, driver), (b, driver)], supply=NO_PREFILL).route("r"))

        @agent.tool_plain
        def add(a: int, b: list[int], c: str) -> int:
            ran.append(a)
            return a + sum(b)

        async def handle(_context: RunContext[object], events: AsyncIterable[AgentStreamEvent]) -> None:
            async for _ in events:
                pass

        a.script(broken, unavailable())
        assert asyncio.run(agent.run("Add.", event_stream_handler=handle)).output == "All is well."
    assert ran == [1]


def test_arguments_that_are_no_json_are_a_failure_of_the_supply() -> None:
    broken = Answer(tools=(Tool(name="add", arguments='{"a": 1'),))
    with Provider([broken]) as a, Provider([CALLING]) as b:
        response = asyncio.run(asked(switch([(a, "openai"), (b, "openai")]).route("r"), TOOLS))
    assert outcomes(response)[0] == ("a", "broken")
    assert len(response.tool_calls) == 1


def test_a_tool_call_that_the_limit_of_tokens_cut_is_an_error_and_no_other_supply_is_asked() -> None:
    broken = Answer(tools=(Tool(name="add", arguments='{"a": 1'),), finish="length")
    with Provider([broken]) as a, Provider([CALLING]) as b:
        with pytest.raises(NoAnswer, match="limit of tokens"):
            asyncio.run(asked(switch([(a, "openai"), (b, "openai")]).route("r"), TOOLS))
        assert b.log.entries() == []


REFUSED = Answer(text="I would rather not.", finish="filter")


@dialects
def test_a_refusal_is_an_answer_unless_the_route_says_that_others_are_asked(driver: str) -> None:
    with Provider([REFUSED]) as a, Provider([GOOD]) as b:
        providers = [(a, driver), (b, driver)]
        kept = asyncio.run(asked(switch(providers).route("r")))
        asked_elsewhere = asyncio.run(streamed(switch(providers, 'refusal = "elsewhere"').route("r")))[0]
    assert (kept.finish_reason, outcomes(kept)) == ("content_filter", [("a", "whole")])
    assert text(asked_elsewhere) == "All is well."
    assert outcomes(asked_elsewhere) == [("a", "refused"), ("b", "whole")]


def test_held_answers_are_shown_at_their_end_and_nothing_is_ever_replaced() -> None:
    broken = Answer(text="one two three", fault=Fault(kind="reset", event=5))
    with Provider([broken]) as a, Provider([GOOD]) as b:
        made = switch([(a, "openai"), (b, "openai")], 'restart = "hold"')

        async def deltas() -> list[str]:
            async with Agent(made.route("r")).run_stream("Say it, if you please.") as result:
                return [one async for one in result.stream_text(delta=True, debounce_by=None)]

        assert asyncio.run(deltas()) == ["All is well."]


def test_a_slow_first_event_is_raced_by_another_supply_after_the_p95() -> None:
    slow = Answer(text="Slow.", wait=1.5)
    with Provider([GOOD]) as a, Provider([GOOD]) as b:
        made = switch([(a, "openai"), (b, "openai")], "hedge = true", "patience = 5")

        async def calls() -> ModelResponse:
            for _ in range(20):
                await asked(made.route("r"))
            a.script(slow)
            return await asked(made.route("r"))

        assert outcomes(asyncio.run(calls())) == [("a", "lost"), ("b", "whole")]
        assert not made.supplies["a"].health.breaker.is_open


def replayed(events: list[Any]) -> list[str]:
    """The texts that a consumer has in the end who goes by the events alone."""
    texts: dict[int, str] = {}
    for event in events:
        if event.event_kind == "part_start":
            texts[event.index] = getattr(event.part, "content", "")
        elif event.event_kind == "part_delta":
            texts[event.index] += event.delta.content_delta or ""
    return [one for _, one in sorted(texts.items()) if one]
