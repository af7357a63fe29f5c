"""A jaggedness card: how much of each skill a supply got right, asked through the switch like anything else."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic_ai.messages import ModelRequest
from pydantic_ai.models import Model, ModelRequestParameters

from exosuit.core.database import Database, parsing
from exosuit.core.places import state_root
from exosuit.models.config import SupplyTable
from exosuit.models.probe.drift import drift
from exosuit.models.probe.questions import Question, questions

WIDTH = 4
"""Questions on their way at a time."""
MOST_TOKENS = 2000
SCHEMA = """
CREATE TABLE IF NOT EXISTS probes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  supply TEXT NOT NULL,
  seed INTEGER NOT NULL,
  skills TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS probes_by_supply ON probes(supply, seq);
"""

Skills = Mapping[str, tuple[int, int]]
"""Of each skill how many were right, and how many were asked."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many right of so many; none asked is no share at all."""

    right: int
    asked: int

    @classmethod
    def of(cls, skills: Skills) -> Share:
        """Of all skills together."""
        return cls(sum(right for right, _ in skills.values()), sum(asked for _, asked in skills.values()))


async def asked(model: Model[object], seed: int, each: int, *, tools: bool = True) -> dict[str, tuple[int, int]]:
    """Ask so many questions of each skill; raises what the model raises, since no answer is no wrong answer."""
    places = asyncio.Semaphore(WIDTH)
    right: Counter[str] = Counter()
    set_of_today = [one for one in questions(seed, each) if tools or not one.tools]

    async def ask(question: Question) -> None:
        parameters = ModelRequestParameters(allow_text_output=True, function_tools=list(question.tools))
        message = ModelRequest.user_text_prompt(question.text)
        async with places:
            response = await model.request([message], {"max_tokens": MOST_TOKENS, "temperature": 0}, parameters)
        right[question.skill] += question.is_right(response)

    async with asyncio.TaskGroup() as group:
        for question in set_of_today:
            group.create_task(ask(question))
    counts = Counter(one.skill for one in set_of_today)
    return {skill: (right[skill], count) for skill, count in counts.items()}


class Records:
    """The cards of this user's supplies, oldest first; a supply is what is asked, not what it is called."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._database = Database(folder / "probes.db", SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def add(self, table: SupplyTable, seed: int, skills: Skills) -> None:
        """Keep a card."""
        self._database.execute(
            "INSERT INTO probes(supply, seed, skills) VALUES (?, ?, ?)", (identity(table), seed, json.dumps(skills))
        )

    def of(self, table: SupplyTable) -> list[dict[str, tuple[int, int]]]:
        """All cards of a supply."""
        rows = self._database.query("SELECT skills FROM probes WHERE supply = ? ORDER BY seq", (identity(table),))
        with parsing(self._database.path):
            return [{skill: (right, of) for skill, (right, of) in json.loads(text).items()} for (text,) in rows]


def probes_folder() -> Path:
    """Where the records of this user are."""
    return state_root() / "probes"


def worse(tables: Mapping[str, SupplyTable]) -> frozenset[str]:
    """The names of those that have become worse than their own record, as far as they were probed."""
    if not (probes_folder() / "probes.db").exists():
        return frozenset()
    records = Records(probes_folder())
    try:
        sums = {name: [Share.of(card) for card in records.of(table)] for name, table in tables.items()}
    finally:
        records.close()
    return frozenset(name for name, cards in sums.items() if drift([(one.right, one.asked) for one in cards]).is_worse)


def identity(table: SupplyTable) -> str:
    """What a supply's record is kept under: its model at its address, in its dialect."""
    return json.dumps([table.driver, table.address, table.model])
