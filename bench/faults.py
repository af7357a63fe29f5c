"""Faults of a provider in three dialects: how a call ends by the switch, beside FallbackModel, default settings.

    python -m bench.faults [--bound SECONDS] [--at-once N] [--only NAME …]

The first of two scripted providers has the fault, the second is well. Each fault meets a call that streams and one that
does not, through an agent. A call ends `whole`, with an `error`, `cut` (a text that is not whole, given as if it were)
or not within the bound, `hung`. The second one goes on with a text where it is asked to (Anthropic's dialect). The
baseline has the same drivers and its own defaults. Exits 1 if the switch cuts or hangs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pydantic_ai import Agent
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from tests.providers import KEY, MODEL, Answer, Fault, Provider
from tests.switching import DIALECTS, VARIABLE, address, going_on, switch

BROKEN = "The first supply says one two three four five six seven eight nine ten."
WELL = "The second supply answers this, whole and well."
ORDER = ("whole", "error", "cut", "hung")


@dataclass(frozen=True)
class Trial:
    """One fault in one dialect and one way of asking."""

    fault: str
    dialect: str
    streams: bool
    answer: Answer


@dataclass(frozen=True)
class End:
    """How a call ended, and after how many seconds."""

    outcome: str
    seconds: float


def at_once() -> dict[str, Fault]:
    """Faults before anything of an answer."""
    statuses = {
        f"status {status}": Fault(kind="status", status=status) for status in (400, 401, 404, 500, 502, 503, 529)
    }
    limited = Fault(kind="status", status=429, headers={"retry-after": "30"})
    page = {"html, 200": Fault(kind="html"), "html, 502": Fault(kind="html", status=502)}
    others = {kind: Fault(kind=kind) for kind in ("hang", "reset", "close", "error_body", "garbage")}
    return {**statuses, "status 429": limited, **page, **others}


def midway(streams: bool) -> dict[str, Fault]:
    """Faults in the middle of an answer: at an event of a stream, at a byte of a body."""
    place = {"event": 7} if streams else {"byte": 250}
    kinds = ["stall", "reset", "close", "early_end", "truncated_utf8", "garbage", "html"]
    kinds += ["error_event", "malformed"] if streams else []
    found = {f"{kind}, midway": Fault.model_validate({"kind": kind, **place}) for kind in kinds}
    found["drip, midway"] = Fault.model_validate({"kind": "drip", "seconds": 0.001, **place})
    if streams:
        first = {"error_event, first": "error_event", "early_end, first": "early_end", "stall, first": "stall"}
        found |= {name: Fault.model_validate({"kind": kind, "event": 0}) for name, kind in first.items()}
        found |= {"early_end, last": Fault(kind="early_end", event=-1)}
    return found


def trials(only: Iterable[str]) -> list[Trial]:
    """All of them; `early_end, last` leaves out what says that the answer is over, and nothing else."""
    made = []
    for dialect in DIALECTS:
        for streams in (True, False):
            for name, fault in {**at_once(), **midway(streams)}.items():
                place = fault
                if fault.event == -1:
                    place = fault.model_copy(update={"event": last_event(dialect)})
                if not only or name in only:
                    made.append(Trial(name, dialect, streams, Answer(text=BROKEN, fault=place)))
    return made


def last_event(dialect: str) -> int:
    """The number of the event that says why the answer ended, counted as the dialect writes BROKEN."""
    from tests.providers import DIALECTS as SPOKEN
    from tests.providers.dialect import Ask, Request, usage

    ask = Ask(MODEL, True, None, KEY, Request("POST", "/", {}, {}, {}))
    answer = Answer(text=BROKEN)
    frames = [frame.data for frame in SPOKEN[dialect].frames(answer, ask, usage(answer, ask))]
    marks = (b'"finish_reason":"stop"', b"message_delta", b"response.completed")
    return next(place for place, data in enumerate(frames) if any(mark in data for mark in marks))


def driver(dialect: str, provider: Provider) -> Model:
    """A model of pydantic-ai as one makes it without a thought."""
    url = address(provider, dialect)
    if dialect == "anthropic":
        return AnthropicModel(MODEL, provider=AnthropicProvider(api_key=KEY, base_url=url))
    made = OpenAIChatModel if dialect == "openai" else OpenAIResponsesModel
    return made(MODEL, provider=OpenAIProvider(api_key=KEY, base_url=url))


def ours(dialect: str, first: Provider, second: Provider) -> Model:
    return switch([(first, dialect), (second, dialect)], supply="").route("r")


def fallback(dialect: str, first: Provider, second: Provider) -> Model:
    return FallbackModel(driver(dialect, first), driver(dialect, second))


async def ended(trial: Trial, make: Callable[[str, Provider, Provider], Model], bound: float) -> End:
    """Make one call and see how it ends."""

    async def consume(_context: object, events: object) -> None:
        async for _ in events:  # type: ignore[attr-defined]
            pass

    with Provider([trial.answer]) as first, Provider([going_on(BROKEN, Answer(text=WELL))]) as second:
        agent = Agent(make(trial.dialect, first, second))
        began = time.perf_counter()
        try:
            async with asyncio.timeout(bound):
                result = await agent.run("Go.", event_stream_handler=consume if trial.streams else None)
            outcome = "whole" if result.output in (BROKEN, WELL) else "cut"
        except TimeoutError:
            outcome = "hung"
        except Exception:  # noqa: BLE001 - any error is explicit
            outcome = "error"
        return End(outcome, time.perf_counter() - began)


async def measure(
    chosen: list[Trial], make: Callable[[str, Provider, Provider], Model], bound: float, width: int
) -> list[End]:
    """All trials, some at once."""
    room = asyncio.Semaphore(width)

    async def one(trial: Trial) -> End:
        async with room:
            return await ended(trial, make, bound)

    return list(await asyncio.gather(*map(one, chosen)))


def table(chosen: list[Trial], by_switch: list[End], by_fallback: list[End]) -> None:
    """One line a fault, then the sums."""
    print(f"{'fault':24} {'switch':34} slowest   {'FallbackModel':34} slowest")
    for name in dict.fromkeys(trial.fault for trial in chosen):
        places = [place for place, trial in enumerate(chosen) if trial.fault == name]
        cells = [cell([ends[place] for place in places]) for ends in (by_switch, by_fallback)]
        print(f"{name:24} {cells[0]}   {cells[1]}")
    print(f"{f'{len(chosen)} calls':24} {cell(by_switch)}   {cell(by_fallback)}")


def cell(ends: list[End]) -> str:
    counted = Counter(end.outcome for end in ends)
    said = ", ".join(f"{counted[outcome]} {outcome}" for outcome in ORDER if counted[outcome])
    return f"{said:34} {max(end.seconds for end in ends):6.2f}s"


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--bound", type=float, default=12.0)
    options.add_argument("--at-once", type=int, default=6)
    options.add_argument("--only", nargs="*", default=[])
    asked = options.parse_args()
    os.environ[VARIABLE] = KEY
    chosen = trials(asked.only)
    asyncio.run(measure(trials(["status 503"]), ours, asked.bound, 1))  # imports are not what is measured
    faults = len({trial.fault for trial in chosen})
    print(f"{faults} faults, {len(DIALECTS)} dialects, bound {asked.bound:g} s; {os.cpu_count()} processors, ", end="")
    print(f"load {os.getloadavg()[0]:.1f}", flush=True)
    by_switch = asyncio.run(measure(chosen, ours, asked.bound, asked.at_once))
    by_fallback = asyncio.run(measure(chosen, fallback, asked.bound, asked.at_once * 2))
    table(chosen, by_switch, by_fallback)
    return 1 if any(end.outcome in ("cut", "hung") for end in by_switch) else 0


if __name__ == "__main__":
    sys.exit(main())
