"""What the switch adds to a streamed call in process, meter and keys on, beside pydantic-ai's driver alone.

    python -m bench.overhead [--calls N] [--chunks N]

One scripted provider in a process of its own sends answers of so many chunks. The three ways take turns, so that a busy
machine is busy for all: the driver alone, FallbackModel with it alone, and a route with it alone, without a meter and
metered. `ms` is the median of a call's time on the clock, `processor` its mean on the processor, which other work on
the machine distorts less; at 64 and 512 calls at once, streams a second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelRequest
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from exosuit.models.settings import parsed
from exosuit.models.switch import Switch
from tests.providers import KEY, MODEL
from tests.switching import VARIABLE

PLAIN = ModelRequestParameters(allow_text_output=True)


async def streamed(model: Model[Any]) -> float:
    """One streamed call; its time in seconds."""
    messages: list[ModelMessage] = [ModelRequest.user_text_prompt("Say it.")]
    began = time.perf_counter()
    async with model.request_stream(messages, {"max_tokens": 4000}, PLAIN) as stream:
        async for _ in stream:
            pass
    assert stream.get().text
    return time.perf_counter() - began


@contextmanager
def provider(chunks: int) -> Iterator[str]:
    """A scripted provider in a process of its own; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.providers", "--dialect", "openai"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        script = json.dumps([{"text": [f"word{n} " for n in range(chunks)]}]).encode()
        urllib.request.urlopen(urllib.request.Request(f"{url}/_scripted/script", script, method="PUT")).close()
        yield url
    finally:
        process.terminate()
        process.wait()


def ways(url: str) -> dict[str, Model[Any]]:
    """The same driver, alone and behind each."""

    def driver() -> Model[Any]:
        return OpenAIChatModel(MODEL, provider=OpenAIProvider(api_key=KEY, base_url=f"{url}/v1"))

    table = f'driver = "openai"\nbase_url = "{url}/v1"\nmodel = "{MODEL}"\nkey = "env:{VARIABLE}"\npatience = 60'
    price = "price = { input = 1.0, output = 4.0 }"
    text = f'[supply.a]\n{table}\n{price}\n[route.r]\nsupplies = ["a"]\n[budget]\nday = 1000000.0\n'
    switch = Switch.metered(parsed(text.encode()))
    return {
        "driver": driver(),
        "FallbackModel": FallbackModel(driver()),
        "switch, no meter": Switch(switch.settings).route("r"),
        "switch": switch.route("r", app="bench"),
    }


async def alone(models: dict[str, Model[Any]], calls: int) -> None:
    """One call at a time, the ways in turn."""
    took: dict[str, list[float]] = {name: [] for name in models}
    busy = dict.fromkeys(models, 0.0)
    for _ in range(calls):
        for name, model in models.items():
            before = time.process_time()
            took[name].append(await streamed(model))
            busy[name] += (time.process_time() - before) * 1000 / calls
    for name, times in took.items():
        median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        extra = (median - statistics.median(took["driver"])) * 1000
        added = f"added {extra:5.2f}; processor {busy[name]:6.2f} ms, added {busy[name] - busy['driver']:5.2f}"
        print(f"  {name:17}{median * 1000:8.2f} ms, p99 {p99 * 1000:7.2f}; {added}")


async def at_once(models: dict[str, Model[Any]], width: int, rounds: int) -> None:
    """So many calls at once, the ways in turn; the median round."""
    rates: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(rounds):
        for name, model in models.items():
            began = time.perf_counter()
            await asyncio.gather(*(streamed(model) for _ in range(width)))
            rates[name].append(width / (time.perf_counter() - began))
    for name, found in rates.items():
        print(f"  {name:17}{statistics.median(found):8.1f} streams/s")


async def measure(url: str, calls: int) -> None:
    models = ways(url)
    for model in models.values():
        await streamed(model)
    print("one at a time", flush=True)
    await alone(models, calls)
    for width, rounds in ((64, 3), (512, 1)):
        print(f"{width} at once", flush=True)
        await at_once(models, width, rounds)


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--calls", type=int, default=200)
    options.add_argument("--chunks", type=int, default=60)
    asked = options.parse_args()
    os.environ[VARIABLE] = KEY
    with tempfile.TemporaryDirectory(prefix="exosuit-overhead-") as state:
        os.environ["EXOSUIT_STATE"] = str(Path(state))
        print(f"{asked.chunks} chunks; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
        with provider(asked.chunks) as url:
            asyncio.run(measure(url, asked.calls))
    return 0


if __name__ == "__main__":
    sys.exit(main())
