"""Jobs whose workers are killed with −9: is one lost, has one two results? And how soon does a cancelled one hang up?

    python -m bench.queue_jobs WAY FOLDER URL     (a worker; bench/queue starts and kills them)

Two workers at a time; one of them is killed again and again, whatever it is doing, and another takes its place. Ways:
`jobs`, ours; `pop`, the baseline: a job is taken off the list, asked, and its answer written. *Asked again* are
requests beyond one a job: they were on their way at a kill. *Answered again* are those of them that the provider had
answered whole, and the kill came before that was written down: who loses none cannot avoid them.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from pydantic_ai.messages import ModelRequest
from pydantic_ai.models import ModelRequestParameters

from exosuit.core.database import Database
from exosuit.models.jobs import Jobs, Worker
from exosuit.models.settings import parsed
from exosuit.models.switch import Switch
from tests.providers import MODEL, Answer, Provider
from tests.providers.dialect import Ask
from tests.switching import VARIABLE

SCHEMA = """
CREATE TABLE IF NOT EXISTS todo(name TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS done(name TEXT PRIMARY KEY, answer TEXT NOT NULL);
"""
WIDTH = 4
KILLS = 12
CANCELS = 20


def switch(url: str) -> Switch:
    table = (
        f'[supply.a]\ndriver = "openai"\nbase_url = "{url}"\nmodel = "{MODEL}"\nkey = "env:{VARIABLE}"\npatience = 60'
    )
    return Switch(parsed(f'{table}\nconcurrency = {WIDTH}\n[route.r]\nsupplies = ["a"]\n'.encode()))


def question(name: str) -> ModelRequest:
    return ModelRequest.user_text_prompt(name)


def echo(ask: Ask) -> Answer:
    """What was said, after a moment."""
    return Answer(text=[f"{ask.request.body['messages'][-1]['content']}", "."], wait=0.05, pace=0.05)


def on_and_on(_ask: Ask) -> Answer:
    return Answer(text=["word "] * 2000, pace=0.02)


async def popping(folder: Path, made: Switch) -> None:
    """The baseline: off the list, then asked."""
    database = Database(folder / "list.db", SCHEMA)

    async def one_by_one() -> None:
        while True:
            with database.transaction():
                found = database.query("DELETE FROM todo WHERE name = (SELECT min(name) FROM todo) RETURNING name")
            if not found:
                return
            [(name,)] = found
            response = await made.route("r").request(
                [question(name)], None, ModelRequestParameters(allow_text_output=True)
            )
            database.execute("INSERT INTO done VALUES (?, ?)", (name, response.text or ""))

    await asyncio.gather(*(one_by_one() for _ in range(WIDTH)))


def work(way: str, folder: Path, url: str) -> None:
    """A worker, until nothing is left."""
    made = switch(url)
    if way == "pop":
        asyncio.run(popping(folder, made))
        return
    with Jobs.open(folder) as jobs:
        asyncio.run(Worker(jobs, made, width=WIDTH).run(until_idle=True))


def start(way: str, folder: Path, url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "bench.queue_jobs", way, str(folder), url])


def killing(way: str, folder: Path, provider: Provider, jobs: int) -> int:
    """Two workers to the end, one killed after each part of the requests; how many were killed."""
    dice, kills = random.Random(1), 0
    running = [start(way, folder, provider.v1) for _ in range(2)]
    while any(one.poll() is None for one in running):
        time.sleep(0.01)
        if len(provider.log.entries()) > jobs * (kills + 1) / (KILLS + 1) and kills < KILLS:
            time.sleep(dice.random() * 0.1)
            victim = running.pop(dice.randrange(2))
            if victim.poll() is None:
                os.kill(victim.pid, signal.SIGKILL)
                kills += 1
            victim.wait()
            running.append(start(way, folder, provider.v1))
    return kills


def measured(way: str, folder: Path, jobs: int) -> tuple[int, int]:
    """Run one way and print its line; how many were lost, and how many have a wrong number of results."""
    folder.mkdir()
    names = [f"job {n}" for n in range(jobs)]
    with Provider([echo]) as provider:
        if way == "pop":
            database = Database(folder / "list.db", SCHEMA)
            database.execute_many("INSERT INTO todo VALUES (?)", [(name,) for name in names])
            kills = killing(way, folder, provider, jobs)
            results = [str(answer).rstrip(".") for (answer,) in database.query("SELECT answer FROM done")]
            database.close()
        else:
            with Jobs.open(folder) as store:
                ids = [store.add("r", [question(name)], key=name) for name in names]
                kills = killing(way, folder, provider, jobs)
                answers = [store.get(name).answer for name in ids]
            results = [(answer.text or "").rstrip(".") for answer in answers if answer is not None]
        entries = provider.log.entries()
    whole = Counter(
        str(entry.request.body["messages"][-1]["content"]) for entry in entries if entry.outcome == "answered"
    )
    lost, twice = len(set(names) - set(results)), len(results) - len(set(results))
    again = sum(count - 1 for count in whole.values())
    label = {"pop": "taken off, then asked", "jobs": "jobs (ours)"}[way]
    print(f"{label:22} {jobs} jobs, {kills} kills: {lost} lost, {twice} twice; ", end="")
    print(f"{len(entries) - jobs} asked again, of them {again} answered again", flush=True)
    return lost, twice


def cancelling(folder: Path) -> None:
    """How long after a job is cancelled its provider sees that nobody listens."""
    waits = []
    with Provider([on_and_on]) as provider, Jobs.open(folder) as jobs:
        made = switch(provider.v1)

        async def main() -> None:
            worker = asyncio.create_task(Worker(jobs, made).run())
            for n in range(CANCELS):
                name = jobs.add("r", [question(f"job {n}")])
                while len(provider.log.entries()) <= n:  # noqa: ASYNC110 - it comes in another thread
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.15)
                began = time.monotonic()
                jobs.cancel(name)
                await asyncio.to_thread(provider.log.wait, n + 1)
                waits.append(provider.log.entries()[n].ended - began)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

        asyncio.run(main())
    print(f"{CANCELS} jobs cancelled: the provider sees it after {statistics.median(waits) * 1000:.0f} ms, ", end="")
    print(f"most {max(waits) * 1000:.0f}", flush=True)


def report(folder: Path, jobs: int) -> int:
    """Both ways, and cancelling; 1 if ours lost one or has two results of one."""
    measured("pop", folder / "pop", jobs)
    lost, twice = measured("jobs", folder / "jobs", jobs)
    cancelling(folder / "cancel")
    if lost or twice:
        print(f"error: {lost} lost, {twice} twice", file=sys.stderr)
    return 1 if lost or twice else 0


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
