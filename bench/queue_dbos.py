"""The light apps and the flood of bench/queue through a queue of DBOS with a partition for each app.

    PYTHON -P bench/queue_dbos.py URL KEY MODEL SECONDS FOLDER ALONE      (ALONE is `alone` or `beside`)

Run by bench/queue with a Python of its own that has `dbos` and `httpx` (`pip install dbos httpx`). Ten calls at a time
in all and in each partition, looked for every .05 s; a workflow a call, in SQLite. Prints a line of JSON: the seconds
from asking to the answer of the light apps' calls.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

LIGHT, FLOOD, GAP, WARM, SLOTS, APPS = 100, 400, 0.8, 2.0, 10, 9


async def main(url: str, key: str, model: str, seconds: float, folder: Path, flood: int) -> None:
    library, httpx = importlib.import_module("dbos"), importlib.import_module("httpx")
    dbos = library.DBOS
    dbos(config={"name": "bench", "system_database_url": f"sqlite:///{folder / 'dbos.sqlite'}", "log_level": "ERROR"})
    client = httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=60)

    @dbos.workflow()  # type: ignore[untyped-decorator, unused-ignore]
    async def call(app: str, tokens: int) -> None:
        body = {"model": model, "stream": True, "messages": [{"role": "user", "content": f"{app} {tokens}"}]}
        async with client.stream("POST", "/chat/completions", json=body) as answer:
            async for _ in answer.aiter_lines():
                pass

    dbos.launch()
    await dbos.register_queue_async(
        "models", global_concurrency=SLOTS, partition_concurrency=SLOTS, polling_interval_sec=0.05
    )
    times: list[float] = []
    since = time.monotonic() + WARM

    async def asked(app: str, tokens: int) -> None:
        began = time.monotonic()
        with library.SetEnqueueOptions(queue_partition_key=app):
            handle: Any = await dbos.enqueue_workflow_async("models", call, app, tokens)
        await handle.get_result(polling_interval_sec=0.05)
        if tokens == LIGHT and began >= since:
            times.append(time.monotonic() - began)

    async def often() -> None:
        while True:
            await asked("flood", FLOOD)

    async def sometimes(app: str) -> None:
        dice, calls = random.Random(app), set()
        while True:
            await asyncio.sleep(dice.expovariate(1 / GAP))
            calls.add(asyncio.create_task(asked(app, LIGHT)))

    tasks = [asyncio.create_task(sometimes(f"light{n}")) for n in range(APPS)]
    tasks += [asyncio.create_task(often()) for _ in range(flood)]
    await asyncio.sleep(WARM + seconds)
    print(json.dumps(times), flush=True)
    failed = [error for task in tasks if task.done() and (error := task.exception())]
    if failed:
        print(repr(failed[0]), file=sys.stderr, flush=True)
    os._exit(1 if failed else 0)  # it would otherwise see the queue through to its end


if __name__ == "__main__":
    told = sys.argv[1:]
    asyncio.run(main(told[0], told[1], told[2], float(told[3]), Path(told[4]), 0 if told[5] == "alone" else 50))
