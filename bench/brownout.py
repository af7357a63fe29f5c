"""An outage and slow answers: what a breaker and hedging save, beside FallbackModel and the switch without hedging.

    python -m bench.brownout [--calls N]

Outage: the first of two scripted providers is down for a while, then well again. What a call costs while the breaker
is open is set against a route that has the second provider alone. Slow answers: one in twenty of each provider's takes
ten times as long; a loser's end is when its provider sees that nobody listens. Calls are made one after another.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelRequest
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from exosuit.models.call import Call
from exosuit.models.switch import Switch
from tests.providers import KEY, MODEL, Answer, Provider, unavailable
from tests.providers.dialect import Ask
from tests.switching import VARIABLE, switch

WELL = Answer(text="All is well.")
PLAIN = ModelRequestParameters(allow_text_output=True)
USUAL = 0.15
SLOW = 10 * USUAL
LEARNING = 40


async def asked(model: Model[Any]) -> float:
    """One call; its time in seconds."""
    messages: list[ModelMessage] = [ModelRequest.user_text_prompt("Say it.")]
    began = time.perf_counter()
    await model.request(messages, None, PLAIN)
    return time.perf_counter() - began


async def times(model: Model[Any], calls: int, before: int = 0) -> list[float]:
    """The times of so many calls, after some that are not counted."""
    return [await asked(model) for _ in range(before + calls)][before:]


def fallback(first: Provider, second: Provider) -> Model[Any]:
    """The baseline, with its defaults."""
    return FallbackModel(
        *(
            OpenAIChatModel(MODEL, provider=OpenAIProvider(api_key=KEY, base_url=provider.v1))
            for provider in (first, second)
        )
    )


async def outage(calls: int) -> None:
    """Down, and well again."""
    with Provider([WELL]) as first, Provider([WELL]) as second:
        made, alone = (
            switch([(first, "openai"), (second, "openai")], supply=""),
            switch([(second, "openai")], supply=""),
        )
        rival = fallback(first, second)
        for model in (made.route("r"), alone.route("r"), rival):
            await times(model, 5)
        first.script(unavailable())
        print(f"outage of the first provider, {calls} calls each")
        for name, model in (("switch", made.route("r")), ("FallbackModel", rival)):
            first.log.clear()
            took = await times(model, calls)
            hits = len(first.log.entries())
            late = statistics.median(took[calls // 2 :]) * 1000
            print(f"  {name:15} {hits:4} requests met the outage, {late:7.1f} ms a call once it is known")
        direct = statistics.median(await times(alone.route("r"), calls)) * 1000
        print(f"  {'second alone':15} {'':28}      {direct:7.1f} ms a call")
        await back(made, first)


async def back(made: Switch, first: Provider) -> None:
    """How the breaker closes again."""
    breaker = made.supplies["a"].health.breaker
    first.script(WELL)
    first.log.clear()
    began = time.perf_counter()
    while breaker.is_open:
        await asked(made.route("r"))
        await asyncio.sleep(0.02)
    seconds = time.perf_counter() - began
    print(f"  {len(first.log.entries())} probe closed the breaker, {seconds:.1f} s after the provider was well again")


def sometimes_slow(seed: int) -> Callable[[Ask], Answer]:
    """In each twenty answers one, at a place by chance, takes ten times as long."""
    dice = random.Random(seed)
    waits: list[float] = []

    def answer(_ask: Ask) -> Answer:
        if not waits:
            waits.extend([USUAL] * 19)
            waits.insert(dice.randrange(20), SLOW)
        return WELL.model_copy(update={"wait": waits.pop()})

    return answer


async def tail(calls: int) -> None:
    """Slow answers, with and without hedging."""
    print(f"one answer in twenty takes {SLOW * 1000:.0f} ms rather than {USUAL * 1000:.0f}, {calls} calls each")
    rows: list[tuple[str, Callable[[Provider, Provider], Awaitable[list[float]]]]] = [
        ("FallbackModel", lambda a, b: times(fallback(a, b), calls, LEARNING)),
        ("switch", lambda a, b: times(switch([(a, "openai"), (b, "openai")], supply="").route("r"), calls, LEARNING)),
        ("switch, hedged", lambda a, b: hedged(a, b, calls)),
    ]
    for name, run in rows:  # each starts with calls that are not counted, from which hedging learns
        with Provider([sometimes_slow(1)]) as first, Provider([sometimes_slow(2)]) as second:
            cuts = statistics.quantiles(await run(first, second), n=100)
            extra = (len(first.log.entries()) + len(second.log.entries())) / (calls + LEARNING) - 1
        p50, p95, p99 = (cuts[at] * 1000 for at in (49, 94, 98))
        print(f"  {name:15} p50 {p50:5.0f} ms, p95 {p95:5.0f} ms, p99 {p99:5.0f} ms, {extra:5.1%} more requests")


async def hedged(first: Provider, second: Provider, calls: int) -> list[float]:
    """The same with hedging; tells how soon losers are hung up on."""
    made = switch([(first, "openai"), (second, "openai")], "hedge = true", supply="")
    ended: dict[str, float] = {}

    def watch(call: Call) -> None:
        for served in call.receipt.served:
            if served.outcome == "lost" and served.ended is not None:
                ended[served.request] = call.began + served.ended

    made.watch = watch
    took = await times(made.route("r"), calls, LEARNING)
    await asyncio.sleep(0.2)
    entries = [*first.log.entries(), *second.log.entries()]
    waits = [entry.ended - ended[entry.call] for entry in entries if entry.call in ended and entry.ended]
    if waits:
        print(f"  {len(waits)} losers hung up on: median {statistics.median(waits) * 1000:.1f} ms, ", end="")
        print(f"most {max(waits) * 1000:.1f} ms after another was faster")
    return took


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--calls", type=int, default=300)
    asked_for = options.parse_args()
    os.environ[VARIABLE] = KEY
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    asyncio.run(outage(min(30, asked_for.calls)))
    asyncio.run(tail(asked_for.calls))
    return 0


if __name__ == "__main__":
    sys.exit(main())
