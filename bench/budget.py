#!/usr/bin/env python3
"""500 callers on one budget, three processes of theirs killed: is it kept, is anyone refused falsely, does it add up?

    python -m bench.budget [--callers N] [--processes N] [--kills N] [--dollars N] [--seed N]

A scripted provider answers with random usage, fails 3 % of requests with 503 and resets 2 % in the middle; its log says
what was really spent. Three ways in one run: ours; ours without waiting for what others hold; and the baseline, which
looks at the total, calls, and adds the cost after. *Falsely refused* are those that were told to come back, and those
that were refused for good although at the end there was room for them. After each run of ours the calls of which nobody
knew how they ended are settled from the provider's log, by the id that went out with them.

Exits 1 if ours goes over by anything, refuses anyone falsely, or differs from the provider's log.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.budget_callers import BODY, MOST, MOST_OUTPUT, PRICE, Tally, spent_by_checking
from exosuit.core.database import Database
from exosuit.models.meter import Budgets, Meter, Money, Tokens
from exosuit.models.meter.usage import opened, sums

WAYS = {"check": "check, call, add (baseline)", "refuse": "reserve, never wait", "reserve": "reserve, wait (ours)"}
ANSWERS = 20_000


@dataclass
class Result:
    """One way, run to its end: `log` is what the provider billed."""

    tally: Tally
    log: Money
    ledger: Money
    settled: Money
    lost: int
    seconds: float
    falsely: int


def script(seed: int) -> bytes:
    """Answers with random usage; some fail before they begin, some in the middle."""
    dice = random.Random(seed)
    answers = []
    for _ in range(ANSWERS):
        given = dice.randint(20, len(BODY))
        used = {"input": given, "cached": dice.randint(0, given), "output": dice.randint(8, MOST_OUTPUT)}
        answer: dict[str, Any] = {"text": "It is a good deal of money.", "tokens": used, "wait": 0.05, "pace": 0.01}
        luck = dice.random()
        if luck < 0.03:
            answer["fault"] = {"kind": "status", "status": 503}
        elif luck < 0.05:
            answer["fault"] = {"kind": "reset", "event": dice.randint(1, 6)}
        answers.append(answer)
    return json.dumps(answers).encode()


@contextmanager
def provider(folder: Path, seed: int) -> Iterator[str]:
    """A scripted provider in a process of its own; its address."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "script.json"
    path.write_bytes(script(seed))
    command = [sys.executable, "-m", "tests.providers", "--dialect", "openai", "--script", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def spent_by(name: str, folder: Path) -> Callable[[], Money]:
    """How to read what a way believes to have spent."""

    def reserved() -> Money:
        database = opened(folder)
        found = sums(database, []) if database else []
        if database:
            database.close()
        return found[0].spent if found else Money()

    def checked() -> Money:
        if not (folder / "total.db").exists():
            return Money()
        database = Database(folder / "total.db", "CREATE TABLE IF NOT EXISTS spent(cost INTEGER NOT NULL)")
        total = spent_by_checking(database)
        database.close()
        return total

    return checked if name == "check" else reserved


def crowd(name: str, url: str, folder: Path, asked: argparse.Namespace) -> Tally:
    """All callers to their end; processes are killed as the money goes, and others take their place."""
    each = asked.callers // asked.processes

    def start() -> subprocess.Popen[str]:
        words = [name, url, str(folder), str(asked.dollars), str(each)]
        command = [sys.executable, "-m", "bench.budget_callers", *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    spent = spent_by(name, folder)
    running = [start() for _ in range(asked.processes)]
    for kill in range(asked.kills):
        share = Money.dollars(asked.dollars * (kill + 1) / (asked.kills + 2))
        while spent() < share and any(one.poll() is None for one in running):
            time.sleep(0.05)
        victim = running.pop(0)
        os.kill(victim.pid, signal.SIGKILL)
        victim.communicate()
        running.append(start())
    total = Tally()
    for one in running:
        told = json.loads(one.communicate()[0])
        for field, value in told.items():
            setattr(total, field, getattr(total, field) + value)
    return total


def bills(url: str) -> dict[str, Tokens]:
    """What the provider billed, by the id of the call, once it has ended all."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        while True:
            entries = client.get("/_scripted/log").json()["requests"]
            if all(entry["outcome"] != "open" for entry in entries):
                return {entry["call"]: Tokens(**entry["billed"]) for entry in entries}
            time.sleep(0.1)


def measure(name: str, folder: Path, asked: argparse.Namespace) -> Result:
    """Run one way."""
    limit = Money.dollars(asked.dollars)
    with provider(folder, asked.seed) as url:
        began = time.monotonic()
        tally = crowd(name, url, folder / "meter", asked)
        seconds = time.monotonic() - began
        billed = bills(url)
    log = sum((PRICE.cost(tokens) for tokens in billed.values()), Money())
    if name == "check":
        ledger = settled = spent_by(name, folder / "meter")()
        lost = 0
    else:
        with Meter.open(Budgets(), folder / "meter") as meter:
            calls = meter.lost()
            ledger, lost = spent_by(name, folder / "meter")(), len(calls)
            for call in calls:
                used = billed.get(call, Tokens())
                meter.reconcile(call, used, PRICE.cost(used))
        settled = spent_by(name, folder / "meter")()
    there_was_room = name != "check" and ledger + PRICE.worst(MOST) <= limit
    falsely = tally.busy + (tally.refused if there_was_room else 0)
    return Result(tally, log, ledger, settled, lost, seconds, falsely)


def main() -> int:
    """Run all ways; print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--callers", type=int, default=500)
    parser.add_argument("--processes", type=int, default=5)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--dollars", type=float, default=150.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to work (a new temporary folder)")
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="exosuit-budget-"))
    limit = Money.dollars(asked.dollars)
    print(f"budget {limit}, {asked.callers} callers in {asked.processes} processes, {asked.kills} killed (−9)")
    print(f"a call may cost {PRICE.worst(MOST)}")
    head = ("whole", "cut", "503", "lost", "provider's log", "over", "ledger", "settled", "refused", "falsely", "s")
    print(f"{'':28}" + "".join(f"{name:>{max(9, len(name) + 2)}}" for name in head))
    wrong = []
    for name, label in WAYS.items():
        found = measure(name, folder / name, asked)
        over = max(found.log - limit, Money())
        tally = found.tally
        row = (
            f"{tally.whole:,}", f"{tally.cut:,}", f"{tally.failed:,}", f"{found.lost:,}",
            cents(found.log), cents(over), cents(found.ledger), cents(found.settled),
            f"{tally.refused:,}", f"{found.falsely:,}", f"{found.seconds:.1f}",
        )  # fmt: skip
        print(f"{label:28}" + "".join(f"{cell:>{max(9, len(n) + 2)}}" for cell, n in zip(row, head, strict=True)))
        if name == "reserve":
            wrong += [f"over by {over}"] if over else []
            wrong += [f"{found.falsely} refused falsely"] if found.falsely else []
            wrong += [f"ledger {found.settled}, log {found.log}"] if found.settled != found.log else []
            wrong += ["nothing was lost: the kills missed"] if asked.kills and not found.lost else []
    for fault in wrong:
        print(f"error: {fault}", file=sys.stderr)
    return 1 if wrong else 0


def cents(amount: Money) -> str:
    """An amount to the cent, for the table."""
    return f"${amount.exact:,.2f}"


if __name__ == "__main__":
    sys.exit(main())
