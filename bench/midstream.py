"""Answers cut at random places in text, tool calls and JSON: what the consumer has in the end, beside FallbackModel.

    python -m bench.midstream [--cuts N] [--seed N] [--at-once N]

The first of two scripted providers is cut, the second is well: it goes on from the text so far where the supply says
that it can (half of the text and JSON cuts in two dialects), else it answers anew, in other words. Calls go through an
agent that streams. `lost` is a result that is not whole, `doubled` one in which something stands twice; `events wrong`
means that a consumer who goes by the events' indices alone has another text. The seam is from the failure to the first
event of who took over, stalls left out: they end with the patience of 2 s. Exits 1 if the switch loses, doubles, halves
or runs anything twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx2
from pydantic import BaseModel
from pydantic_ai import Agent, PromptedOutput
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from exosuit.models.receipt import KEY as RECEIPT
from tests.providers import KEY, MODEL, Answer, Fault, Provider, Tool
from tests.providers.dialect import Ask
from tests.switching import DIALECTS, VARIABLE, address, going_on, switch

KINDS = ("text", "tools", "json")
AT_BYTE = ("reset", "close", "early_end", "truncated_utf8", "garbage")
AT_EVENT = ("error_event", "malformed")
WORDS = 'the suit größer 走る 🧵 {brace} "quote" back\\slash a an of\n\n  spaced\ttab, end.'.split(" ")
TRUST = httpx2.create_ssl_context()
BOUND = 20.0


class Item(BaseModel):
    """What JSON answers hold."""

    name: str
    numbers: list[int]


@dataclass
class Trial:
    """One cut; `first` and `second` are what the two suppliers would say."""

    kind: str
    dialect: str
    goes_on: bool
    fault: Fault
    first: str
    second: str
    tools: tuple[Tool, ...] = ()


@dataclass
class Seen:
    """What the consumer had of one call."""

    output: Any = None
    error: str = ""
    texts: dict[int, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    half: int = 0
    seams: list[float] = field(default_factory=list)
    unnamed: bool = False


def prose(dice: random.Random) -> str:
    return " ".join(dice.choice(WORDS) for _ in range(dice.randint(8, 60))) + dice.choice(["", " ", "\n"])


def document(dice: random.Random) -> str:
    item = {"name": prose(dice), "numbers": [dice.randint(0, 10**6) for _ in range(dice.randint(1, 40))]}
    return json.dumps(item, ensure_ascii=dice.random() < 0.5, indent=dice.choice([None, 1]))


def trial(dice: random.Random) -> Trial:
    """One cut by chance; a few stall."""
    kind, dialect = dice.choice(KINDS), dice.choice(DIALECTS)
    say = document if kind == "json" else prose
    goes_on = kind != "tools" and dialect != "openai-responses" and dice.random() < 0.5
    first = say(dice)
    at_event = dice.random() < 0.3
    cut = "stall" if dice.random() < 0.02 else dice.choice(AT_EVENT if at_event else AT_BYTE)
    place = {"event": dice.randint(1, 60)} if at_event else {"byte": dice.randint(20, 9000)}
    tools: tuple[Tool, ...] = ()
    if kind == "tools":
        tools = tuple(
            Tool(name="note", arguments={"place": place, "text": prose(dice)}, cut=dice.randint(1, 12))
            for place in range(dice.randint(1, 3))
        )
    return Trial(kind, dialect, goes_on, Fault.model_validate({"kind": cut, **place}), first, say(dice), tools)


def script(one: Trial) -> tuple[Any, Any]:
    """What the two providers say; after the tools' results both say DONE."""
    if one.kind == "tools":

        def begins(ask: Ask) -> Answer:
            fault = None if b"NOTED" in ask.request.raw else one.fault
            return Answer(text="DONE") if fault is None else Answer(text=one.first, tools=one.tools, fault=fault)

        def takes_over(ask: Ask) -> Answer:
            return Answer(text="DONE") if b"NOTED" in ask.request.raw else Answer(text=one.second, tools=one.tools)

        return begins, takes_over
    return Answer(text=one.first, fault=one.fault), going_on(one.first) if one.goes_on else Answer(text=one.second)


def ours(one: Trial, first: Provider, second: Provider) -> Model:
    prefill = f"prefill = {str(one.goes_on).lower()}"
    return switch([(first, one.dialect), (second, one.dialect)], supply=prefill).route("r")


def fallback(one: Trial, first: Provider, second: Provider) -> Model:
    return FallbackModel(*(driver(one.dialect, provider) for provider in (first, second)))


def driver(dialect: str, provider: Provider) -> Model:
    """A model of pydantic-ai with its defaults; certificates are read once for all, which takes most of the time."""
    url, http = address(provider, dialect), httpx2.AsyncClient(verify=TRUST, timeout=600)
    if dialect == "anthropic":
        return AnthropicModel(MODEL, provider=AnthropicProvider(api_key=KEY, base_url=url, http_client=http))
    made = OpenAIChatModel if dialect == "openai" else OpenAIResponsesModel
    return made(MODEL, provider=OpenAIProvider(api_key=KEY, base_url=url, http_client=http))


async def seen(one: Trial, make: Any) -> Seen:
    """Run an agent against one cut, and keep what it and a consumer of events get."""
    found = Seen()
    begins, takes_over = script(one)

    async def consume(_context: object, events: Any) -> None:
        async for event in events:
            if event.event_kind == "part_start":
                found.texts[event.index] = getattr(event.part, "content", "") or ""
            elif event.event_kind == "part_delta":
                found.texts[event.index] += getattr(event.delta, "content_delta", "") or ""

    def note(place: int, text: str) -> str:
        found.ran.append(f"{place} {text}")
        return "NOTED"

    with Provider([begins]) as first, Provider([takes_over]) as second:
        output: Any = PromptedOutput(Item) if one.kind == "json" else str
        agent: Agent[None, Any] = Agent(make(one, first, second), output_type=output, tools=[note])
        try:
            async with asyncio.timeout(BOUND):
                result = await agent.run("Go.", event_stream_handler=consume)
        except Exception as error:  # noqa: BLE001 - any error is explicit
            found.error = type(error).__name__
            return found
    found.output = result.output
    _read_receipts(result.all_messages(), found)
    return found


def _read_receipts(messages: list[Any], found: Seen) -> None:
    for message in messages:
        receipt = (getattr(message, "metadata", None) or {}).get(RECEIPT)
        served = receipt["served"] if receipt else []
        found.unnamed |= bool(receipt) and sum(one["outcome"] == "whole" for one in served) != 1
        for left, next_one in pairwise(served):
            if next_one["first"] is not None and left["outcome"] != "silent":
                found.seams.append(next_one["first"] - left["ended"])


def judged(one: Trial, got: Seen) -> list[str]:
    """What is to be said of one call: nothing if all is well."""
    wanted_runs = [f"{tool.arguments['place']} {tool.arguments['text']}" for tool in one.tools]  # type: ignore[index]
    said = []
    if len(got.ran) != len(set(got.ran)):
        said.append("tools run twice")
    if any(ran not in wanted_runs for ran in got.ran):
        said.append("half tool calls")
    if got.error:
        return [*said, "hung" if got.error == "TimeoutError" else "errors"]
    whole = [one.first, one.second] if one.kind != "tools" else ["DONE"]
    output = got.output.model_dump() if isinstance(got.output, Item) else got.output
    if output not in ([json.loads(text) for text in whole] if one.kind == "json" else whole):
        said.append("doubled" if isinstance(output, str) and any(text in output for text in whole) else "lost")
    if one.kind != "tools" and "".join(got.texts[place] for place in sorted(got.texts)) not in whole:
        said.append("events wrong")
    if one.kind == "tools" and sorted(got.ran) != sorted(wanted_runs):
        said.append("tool calls lost")
    return [*said, *(["unnamed"] if got.unnamed else [])]


async def measure(trials: list[Trial], make: Any, width: int) -> list[Seen]:
    """All trials, some at once."""
    room = asyncio.Semaphore(width)

    async def one(trial: Trial) -> Seen:
        async with room:
            return await seen(trial, make)

    return list(await asyncio.gather(*map(one, trials)))


def show(name: str, trials: list[Trial], results: list[Seen]) -> Counter[str]:
    """Lines by kind of answer, and all faults counted."""
    total: Counter[str] = Counter()
    for kind in KINDS:
        counted: Counter[str] = Counter()
        chosen = [(one, got) for one, got in zip(trials, results, strict=True) if one.kind == kind]
        for one, got in chosen:
            counted.update(judged(one, got) or ["whole"])
        print(
            f"{name:14} {kind:6} {len(chosen):5} cuts: " + ", ".join(f"{n} {what}" for what, n in counted.most_common())
        )
        total += counted
    return total


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--cuts", type=int, default=1000)
    options.add_argument("--seed", type=int, default=6)
    options.add_argument("--at-once", type=int, default=6)
    asked = options.parse_args()
    os.environ[VARIABLE] = KEY
    dice = random.Random(asked.seed)
    trials = [trial(dice) for _ in range(asked.cuts)]
    asyncio.run(measure(trials[:12], ours, 1))  # imports are not what is measured
    print(
        f"{asked.cuts} cuts, seed {asked.seed}; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True
    )
    results = asyncio.run(measure(trials, ours, asked.at_once))
    total = show("switch", trials, results)
    seams = sorted(seam * 1000 for got in results for seam in got.seams)
    if len(seams) > 1:
        cuts = statistics.quantiles(seams, n=100)
        said = f"median {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, most {seams[-1]:.0f} ms"
        print(f"{'switch':14} {len(seams)} seams: {said}")
    show("FallbackModel", trials, asyncio.run(measure(trials, fallback, asked.at_once)))
    return 1 if set(total) - {"whole"} else 0


if __name__ == "__main__":
    sys.exit(main())
