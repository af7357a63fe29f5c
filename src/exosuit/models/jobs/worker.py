"""Works at jobs: takes those that wait, asks their routes in the background, writes down what came."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from exosuit.core.errors import ExosuitError
from exosuit.models.jobs.jobs import Jobs, milliseconds, read
from exosuit.models.jobs.store import MOST_ATTEMPTS, Row
from exosuit.models.switch import Switch

LOOK_SECONDS = 0.05
"""How often it looks for jobs that came, or that somebody cancelled."""
FUNERAL_SECONDS = 2.0
PAUSE, LONGEST_PAUSE = 2.0, 300.0
"""Seconds before a job that failed for now is asked again, doubled each time."""

P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """Up to `width` jobs at a time. Several may work at the same jobs, in one process or in many."""

    def __init__(self, jobs: Jobs, switch: Switch, *, width: int = 8) -> None:
        self._jobs = jobs
        self._switch = switch
        self._width = width
        self._running: dict[str, asyncio.Task[None]] = {}
        self._unwanted: set[str] = set()
        self._buried = time.monotonic()

    async def run(self, *, until_idle: bool = False) -> None:
        """Until it is cancelled, or nothing waits any more; when cancelled, what it is at waits again."""
        try:
            while await self._round() or not until_idle:
                if self._running:
                    await asyncio.wait(self._running.values(), timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED")
                else:
                    await asyncio.sleep(LOOK_SECONDS)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _round(self) -> bool:
        """Let go of what ended, stop what is not wanted, take what there is room for; whether anything is left."""
        for name in [name for name, task in self._running.items() if task.done()]:
            task = self._running.pop(name)
            self._unwanted.discard(name)
            if not task.cancelled():  # it may be, while its end was written
                task.result()
        for name in self._jobs.store.unwanted(self._jobs.owner) if self._running else ():
            if name in self._running and name not in self._unwanted:
                self._unwanted.add(name)
                self._running[name].cancel()
        if time.monotonic() - self._buried > FUNERAL_SECONDS:
            self._buried = time.monotonic()
            await written(self._jobs.bury)
        counts = self._jobs.store.counts()
        if counts.get("waiting") and len(self._running) < self._width:
            room = self._width - len(self._running)
            # Not in a thread: cancelled meanwhile, it would have taken jobs that nobody is at.
            for row in self._jobs.store.claim(self._jobs.owner, room, milliseconds()):
                self._running[row.id] = asyncio.create_task(self._do(row), name=f"job {row.id}")
        return bool(self._running or counts.get("waiting") or counts.get("running"))

    async def _do(self, row: Row) -> None:
        """Ask, and write down what came."""
        store, owner = self._jobs.store, self._jobs.owner
        try:
            answer = await self._ask(row)
        except asyncio.CancelledError:
            if row.id in self._unwanted:
                store.end(row.id, owner, "cancelled")
                return
            store.again(row.id, owner, 0)
            raise
        except ExosuitError as error:
            told = error.as_dict()
            if error.retryable and row.attempts + 1 < MOST_ATTEMPTS:
                pause = min(LONGEST_PAUSE, PAUSE * 2**row.attempts)
                await written(store.again, row.id, owner, milliseconds() + int(pause * 1000), json.dumps(told))
            else:
                await written(store.end, row.id, owner, "failed", None, json.dumps(told))
        except Exception as error:  # noqa: BLE001 - whatever a job raises is its own; the others go on
            told = ExosuitError("job-failed", f"{type(error).__name__}: {error}").as_dict()
            await written(store.end, row.id, owner, "failed", None, json.dumps(told))
        else:
            await written(store.end, row.id, owner, "done", answer)

    async def _ask(self, row: Row) -> bytes:
        from pydantic_ai.messages import ModelMessagesTypeAdapter
        from pydantic_ai.models import ModelRequestParameters

        model = self._switch.route(row.route, app=row.app, run=row.run, change=row.change, background=True)
        settings: Any = json.loads(row.settings)
        response = await model.request(read(row.messages), settings, ModelRequestParameters(allow_text_output=True))
        return ModelMessagesTypeAdapter.dump_json([response])


async def written(write: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Done in a thread, since it waits for the disk; what was begun is finished even if this is cancelled."""
    task = asyncio.ensure_future(asyncio.to_thread(write, *args, **kwargs))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
