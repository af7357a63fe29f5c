"""Durable jobs: what was written down is never lost, has one answer, and is not asked when nobody wants it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelRequest

from exosuit.core.errors import ExosuitError
from exosuit.models.jobs import Jobs, Worker
from exosuit.models.jobs.store import MOST_ATTEMPTS
from tests.providers import Answer, Fault, Provider, fails, unavailable
from tests.providers.dialect import Ask
from tests.switching import scripted_key, switch

__all__ = ["scripted_key"]
pytestmark = pytest.mark.usefixtures("scripted_key")


def question(text: str = "Say it.") -> list[ModelMessage]:
    return [ModelRequest.user_text_prompt(text)]


def echo(ask: Ask) -> Answer:
    return Answer(text=f"You said: {ask.request.body['messages'][-1]['content']}", wait=0.02)


async def begun(provider: Provider) -> None:
    """Until a request has come."""
    while not provider.log.entries():  # noqa: ASYNC110 - it comes in another thread
        await asyncio.sleep(0.01)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    with Jobs.open(tmp_path / "jobs") as opened:
        yield opened


def work(jobs: Jobs, provider: Provider, supply: str = "patience = 5") -> None:
    """Work at the jobs until none is left."""
    made = switch([(provider, "openai")], supply=supply)
    asyncio.run(asyncio.wait_for(Worker(jobs, made).run(until_idle=True), 60))


def test_each_job_is_asked_once_and_keeps_its_answer(jobs: Jobs) -> None:
    names = [jobs.add("r", question(f"number {n}"), {"max_tokens": 40}, app="a") for n in range(20)]
    with Provider([echo]) as provider:
        work(jobs, provider)
        entries = provider.log.entries()
    assert sorted(str(entry.request.body["messages"][-1]["content"]) for entry in entries) == sorted(
        f"number {n}" for n in range(20)
    )
    for n, name in enumerate(names):
        job = jobs.get(name)
        assert (job.state, job.attempts) == ("done", 1)
        assert job.answer is not None and job.answer.text == f"You said: number {n}"


def test_the_same_key_is_the_same_job(jobs: Jobs) -> None:
    first = jobs.add("r", question(), key="chapter 3")
    assert jobs.add("r", question("other"), key="chapter 3") == first
    assert jobs.add("r", question()) != first
    assert jobs.store.counts() == {"waiting": 2}


def test_what_fails_for_now_is_asked_again_later_and_what_fails_for_good_is_not(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exosuit.models.jobs.worker.PAUSE", 0.01)
    for_now, for_good = jobs.add("r", question("now")), jobs.add("nowhere", question())
    with Provider([unavailable(), unavailable(), Answer(text="Well.")]) as provider:
        work(jobs, provider)
    job = jobs.get(for_now)
    assert job.state == "done" and job.attempts == 2  # the route asks a single supply twice
    job = jobs.get(for_good)
    assert (job.state, job.attempts, job.error["code"]) == ("failed", 1, "no-such-route")
    assert job.error["hint"]


def test_a_job_that_fails_each_time_is_given_up_with_the_reason(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exosuit.models.jobs.worker.PAUSE", 0.01)
    name = jobs.add("r", question())
    with Provider([fails("status", status=400, message="no such thing")]) as provider:
        work(jobs, provider)
    assert (jobs.get(name).state, jobs.get(name).attempts) == ("failed", 1)
    name = jobs.add("r", question())
    with Provider([Answer(text="It breaks.", fault=Fault(kind="reset", event=2))]) as provider:
        made = switch([(provider, "openai")])
        made.supplies["a"].health.breaker.fail = lambda *_args, **_more: None  # type: ignore[method-assign]
        asyncio.run(asyncio.wait_for(Worker(jobs, made).run(until_idle=True), 60))
    job = jobs.get(name)
    assert (job.state, job.attempts, job.error["code"]) == ("failed", MOST_ATTEMPTS, "no-answer")


@pytest.mark.parametrize("where", ["in the same process", "from elsewhere"])
def test_a_job_that_is_cancelled_hangs_up_and_one_that_waits_is_never_asked(
    where: str, jobs: Jobs, tmp_path: Path
) -> None:
    running, waiting = jobs.add("r", question("first")), jobs.add("r", question("second"))
    with Provider([Answer(text="on and on " * 300, pace=0.05)]) as provider:
        made = switch([(provider, "openai")])

        async def main() -> float:
            worker = asyncio.create_task(Worker(jobs, made, width=1).run(until_idle=True))
            await begun(provider)
            other = jobs if where == "in the same process" else Jobs.open(tmp_path / "jobs")
            assert other.cancel(waiting) and other.cancel(running)
            began = time.monotonic()
            await asyncio.wait_for(worker, 30)
            if other is not jobs:
                other.close()
            return began

        began = asyncio.run(main())
        [entry] = provider.log.wait(1)
    assert entry.outcome == "gone" and entry.ended - began < 2
    assert [jobs.get(name).state for name in (running, waiting)] == ["cancelled", "cancelled"]
    assert not jobs.cancel(running)


def test_a_worker_that_is_stopped_leaves_what_it_was_at_to_the_next(jobs: Jobs) -> None:
    name = jobs.add("r", question())
    with Provider([Answer(text="on and on " * 300, pace=0.05), Answer(text="Well.")]) as provider:
        made = switch([(provider, "openai")])

        async def stopped() -> None:
            worker = asyncio.create_task(Worker(jobs, made).run())
            await begun(provider)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

        asyncio.run(stopped())
        assert jobs.get(name).state == "waiting"
        work(jobs, provider)
    assert (jobs.get(name).state, jobs.get(name).attempts) == ("done", 2)


WORKER = """
import asyncio, sys
from pathlib import Path
from exosuit.models.jobs import Jobs, Worker
from exosuit.models.switch import Switch
from exosuit.models.settings import parsed
jobs = Jobs.open(Path(sys.argv[1]))
asyncio.run(Worker(jobs, Switch(parsed(sys.argv[2].encode()))).run())
"""


def killed(folder: Path, provider: Provider, requests: int) -> None:
    """A process that works at the jobs, killed with −9 once it has made so many requests."""
    text = f'[supply.a]\ndriver = "openai"\nbase_url = "{provider.v1}"\nmodel = "scripted-model"\n'
    text += 'key = "env:SCRIPTED_KEY"\npatience = 60\n[route.r]\nsupplies = ["a"]\n'
    process = subprocess.Popen([sys.executable, "-c", WORKER, str(folder), text])
    try:
        until = time.monotonic() + 60
        while len(provider.log.entries()) < requests and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def test_what_a_killed_process_was_at_is_asked_again_or_not_as_was_said(jobs: Jobs, tmp_path: Path) -> None:
    again, once = jobs.add("r", question("again")), jobs.add("r", question("once"), repeat=False)
    with Provider([fails("hang"), fails("hang"), Answer(text="Well.")]) as provider:
        killed(tmp_path / "jobs", provider, 2)
        assert jobs.store.counts() == {"running": 2}
        jobs.bury()
        work(jobs, provider)
        asked = [str(entry.request.body["messages"][-1]["content"]) for entry in provider.log.entries()]
    assert sorted(asked) == ["again", "again", "once"]
    assert (jobs.get(again).state, jobs.get(again).attempts) == ("done", 2)
    assert (jobs.get(once).state, jobs.get(once).attempts, jobs.get(once).answer) == ("unknown", 1, None)


def test_a_job_that_kills_its_process_each_time_is_given_up(jobs: Jobs) -> None:
    name = jobs.add("r", question())
    for _ in range(MOST_ATTEMPTS):
        assert jobs.store.claim("nobody", 1, 0)
        jobs.bury()
    assert (jobs.get(name).state, jobs.get(name).error["code"]) == ("failed", "job-died")


def test_what_has_ended_can_be_forgotten_and_what_has_not_cannot(jobs: Jobs) -> None:
    name = jobs.add("r", question())
    assert not jobs.forget(name)
    jobs.cancel(name)
    assert jobs.forget(name)
    with pytest.raises(ExosuitError) as caught:
        jobs.get(name)
    assert caught.value.code == "no-such-job"


def test_an_answer_comes_from_whoever_holds_the_job_only(jobs: Jobs) -> None:
    name = jobs.add("r", question())
    jobs.store.claim("first", 1, 0)
    jobs.bury()  # the first is dead, it seems
    jobs.store.claim("second", 1, 0)
    assert not jobs.store.end(name, "first", "done", json.dumps([]).encode())
    assert jobs.store.end(name, "second", "failed")
    assert not jobs.store.end(name, "second", "done")
