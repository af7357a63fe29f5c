"""One flooder and nine light apps before one supply: who waits, who gets how many tokens, how much of it is used.

    python -m bench.queue [--seconds N] [--jobs N] [--dbos PYTHON]

A scripted provider takes a millisecond for each token, ten answers at a time. Ways: the switch with its line; a first
come, first served semaphore around pydantic-ai's driver; a semaphore for each app (what partitions of a queue are);
with `--dbos`, a Python that has it, a queue of DBOS with a partition for each app.
*Light*: nine apps ask now and then for 100 tokens, alone and beside a flood of calls of 400, fifty of which wait at
any time; time is that from asking to the whole answer. *Full*: all ten want more than there is, with calls of
different lengths; Jain's index of the tokens that each got, 1 if all got the same. *Weights*: three apps with weights
1, 2 and 4, all wanting more than there is. *Use* is the share of the ten places that were taken, by the provider's log.

Then durable jobs, whose workers are killed with −9 again and again: see bench/queue_jobs.py. Exits 1 if a job is lost
or has two results.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic_ai.messages import ModelMessage, ModelRequest
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from bench import queue_jobs
from exosuit.models.settings import parsed
from exosuit.models.switch import Switch
from tests.providers import KEY, MODEL, Answer, Provider
from tests.providers.dialect import Ask
from tests.providers.script import Tokens
from tests.switching import VARIABLE

PLAIN = ModelRequestParameters(allow_text_output=True)
SLOTS = 10
PIECES = 4
LIGHT_APPS = [f"light{n}" for n in range(9)]
LIGHT, FLOOD = 100, 400
WIDE = 50
"""Calls of the flooder that are on their way or wait at any time."""
GAP = 0.8
"""Seconds between two calls of a light app, on average."""
WARM = 2.0
"""Seconds at the start that are not counted."""

Way = Callable[[str, int], Awaitable[None]]
"""One call of an app, of so many tokens."""


def answer(ask: Ask) -> Answer:
    """As many tokens as the question asks for, a millisecond each."""
    tokens = int(ask.request.body["messages"][-1]["content"].split()[1])
    return Answer(text=["word "] * PIECES, tokens=Tokens(input=10, output=tokens), pace=tokens / 1000 / (PIECES - 1))


def question(app: str, tokens: int) -> list[ModelMessage]:
    return [ModelRequest.user_text_prompt(f"{app} {tokens}")]


def switched(provider: Provider, weights: Mapping[str, float]) -> Way:
    """Ours."""
    table = f'[supply.a]\ndriver = "openai"\nbase_url = "{provider.v1}"\nmodel = "{MODEL}"\nkey = "env:{VARIABLE}"'
    shares = "".join(f"{app} = {weight}\n" for app, weight in weights.items())
    text = f'{table}\nconcurrency = {SLOTS}\n[route.r]\nsupplies = ["a"]\n[queue.weight]\n{shares}'
    switch = Switch(parsed(text.encode()))

    async def call(app: str, tokens: int) -> None:
        await switch.route("r", app=app).request(question(app, tokens), None, PLAIN)

    return call


def waiting(provider: Provider, place: Callable[[str], asyncio.Semaphore]) -> Way:
    """The driver behind semaphores."""
    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(api_key=KEY, base_url=provider.v1))

    async def call(app: str, tokens: int) -> None:
        async with place(app), model.request_stream(question(app, tokens), None, PLAIN) as stream:
            async for _ in stream:
                pass

    return call


def fifo(provider: Provider, _weights: Mapping[str, float]) -> Way:
    """First come, first served."""
    one = asyncio.Semaphore(SLOTS)
    return waiting(provider, lambda _app: one)


def partitioned(provider: Provider, _weights: Mapping[str, float]) -> Way:
    """A place for each app."""
    apps: dict[str, asyncio.Semaphore] = {}
    return waiting(provider, lambda app: apps.setdefault(app, asyncio.Semaphore(1)))


WAYS = {"switch": switched, "FIFO": fifo, "partitioned FIFO": partitioned}


@dataclass
class Seen:
    """What came of a run: seconds from asking to the answer by app, tokens by app, and the share of places taken."""

    since: float = 0.0
    times: dict[str, list[float]] = field(default_factory=dict)
    tokens: Counter[str] = field(default_factory=Counter)
    use: float = 0.0

    @property
    def jain(self) -> float:
        """Jain's index of the tokens of each app, those that got none among them."""
        got = [self.tokens[app] for app in ["flood", *LIGHT_APPS]]
        return sum(got) ** 2 / (len(got) * sum(one * one for one in got))

    def p95(self) -> float:
        """Of the light apps."""
        times = [took for app in LIGHT_APPS for took in self.times.get(app, [])]
        return statistics.quantiles(times, n=100)[94] if len(times) > 1 else math.inf

    def note(self, app: str, began: float) -> None:
        """A call has been answered."""
        if began >= self.since:
            self.times.setdefault(app, []).append(time.monotonic() - began)


async def often(call: Way, app: str, width: int, tokens: Callable[[], int], seen: Seen) -> None:
    """An app that has so many calls on their way at any time."""

    async def one_by_one() -> None:
        while True:
            began = time.monotonic()
            await call(app, tokens())
            seen.note(app, began)

    await asyncio.gather(*(one_by_one() for _ in range(width)))


async def sometimes(call: Way, app: str, seen: Seen) -> None:
    """An app that asks now and then, whether it has been answered or not."""
    dice, asked = random.Random(app), set()

    async def once() -> None:
        began = time.monotonic()
        await call(app, LIGHT)
        seen.note(app, began)

    while True:
        await asyncio.sleep(dice.expovariate(1 / GAP))
        asked.add(asyncio.create_task(once()))


async def watched(work: list[Awaitable[None]], provider: Provider, seconds: float, seen: Seen) -> Seen:
    """All of it for so long; what the provider did meanwhile, after a moment to warm up."""
    tasks = [asyncio.ensure_future(one) for one in work]
    began = seen.since = time.monotonic() + WARM
    await asyncio.sleep(WARM + seconds)
    ended = time.monotonic()
    for entry in provider.log.entries():
        app = str(entry.request.body["messages"][-1]["content"]).split()[0]
        if entry.outcome == "answered" and began <= entry.ended <= ended:
            seen.tokens[app] += entry.billed.input + entry.billed.output
    seen.use = use(provider, began, ended)
    for task in [*tasks, *(one for one in asyncio.all_tasks() if one is not asyncio.current_task())]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return seen


def use(provider: Provider, began: float, ended: float) -> float:
    """The share of its places that were taken between two moments."""
    spans = [(max(one.began, began), min(one.ended or ended, ended)) for one in provider.log.entries()]
    return sum(max(0.0, last - first) for first, last in spans) / (SLOTS * (ended - began))


def dbos(python: str, seconds: float, *, flood: bool) -> Seen:
    """The light apps through DBOS, in a process of its own."""
    seen = Seen()
    with Provider([answer]) as provider, tempfile.TemporaryDirectory(prefix="exosuit-dbos-") as folder:
        words = [provider.v1, KEY, MODEL, str(seconds), folder, "beside" if flood else "alone"]
        script = str(Path(__file__).with_name("queue_dbos.py"))
        done = subprocess.run([python, "-P", script, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        ended = time.monotonic()
        seen.times[LIGHT_APPS[0]] = json.loads(done.stdout)
        seen.use = use(provider, ended - seconds, ended)
    return seen


async def light(name: str, seconds: float, *, flood: bool) -> Seen:
    """The light apps, with or without the flood."""
    seen = Seen()
    with Provider([answer]) as provider:
        call = WAYS[name](provider, {})
        await call("first", LIGHT)  # which imports the driver
        work: list[Awaitable[None]] = [sometimes(call, app, seen) for app in LIGHT_APPS]
        if flood:
            work.append(often(call, "flood", WIDE, lambda: FLOOD, seen))
        return await watched(work, provider, seconds, seen)


async def full(name: str, seconds: float) -> Seen:
    """All want more than there is; the flooder twelve times as much as each other."""
    seen, dice = Seen(), random.Random(1)
    with Provider([answer]) as provider:
        call = WAYS[name](provider, {})
        await call("first", LIGHT)  # which imports the driver
        work: list[Awaitable[None]] = [often(call, "flood", WIDE, lambda: FLOOD, seen)]
        for place, app in enumerate(LIGHT_APPS):
            most = 100 + 40 * place
            work.append(often(call, app, 4, lambda most=most: dice.randint(50, most), seen))  # type: ignore[misc]
        return await watched(work, provider, seconds, seen)


async def weighted(seconds: float) -> Seen:
    """Three apps, weights 1, 2 and 4, with calls of different lengths."""
    seen, dice = Seen(), random.Random(1)
    with Provider([answer]) as provider:
        call = switched(provider, {"one": 1.0, "two": 2.0, "four": 4.0})
        await call("first", LIGHT)
        sizes = {"one": 100, "two": 300, "four": 150}
        work: list[Awaitable[None]] = [
            often(call, app, 30, lambda size=size: dice.randint(size // 2, size * 3 // 2), seen)  # type: ignore[misc]
            for app, size in sizes.items()
        ]
        return await watched(work, provider, seconds, seen)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < math.inf else "none came"


def line(name: str, alone: Seen, beside: Seen, more: str = "") -> None:
    """A line of the table."""
    ratio = beside.p95() / alone.p95()
    print(f"{name:17} light p95 {ms(alone.p95()):>7} alone, {ms(beside.p95()):>9} beside the flood ", end="")
    print(f"({ratio:5.2f} ×), use {beside.use:6.1%}{more}; load {os.getloadavg()[0]:.1f}", flush=True)


def report(seconds: float, python: str) -> None:
    """The table of those in line."""
    for name in WAYS:
        alone = asyncio.run(light(name, seconds, flood=False))
        beside = asyncio.run(light(name, seconds, flood=True))
        evenly = asyncio.run(full(name, seconds))
        line(name, alone, beside, f"; full: Jain {evenly.jain:.3f}, use {evenly.use:6.1%}")
    if python:
        line("DBOS, partitioned", dbos(python, seconds, flood=False), dbos(python, seconds, flood=True))
    seen = asyncio.run(weighted(seconds * 2))
    total = sum(seen.tokens.values())
    parts = {"one": 1 / 7, "two": 2 / 7, "four": 4 / 7}
    told = ", ".join(f"{app} {seen.tokens[app] / total / part - 1:+.1%}" for app, part in parts.items())
    print(f"weights 1 : 2 : 4 off by {told}; use {seen.use:.1%}", flush=True)


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--seconds", type=float, default=10.0, help="for each run")
    options.add_argument("--dbos", default="", help="a Python that has dbos and httpx")
    options.add_argument("--jobs", type=int, default=200)
    asked = options.parse_args()
    os.environ[VARIABLE] = KEY
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    if asked.seconds:
        report(asked.seconds, asked.dbos)
    with tempfile.TemporaryDirectory(prefix="exosuit-queue-") as folder:
        os.environ["EXOSUIT_STATE"] = str(Path(folder) / "state")
        return queue_jobs.report(Path(folder), asked.jobs) if asked.jobs else 0


if __name__ == "__main__":
    sys.exit(main())
