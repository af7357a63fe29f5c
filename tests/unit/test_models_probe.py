"""Probes: questions with exact answers, a card of skills, and a record against which a supply is held."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart

from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError
from exosuit.models.config import RouteTable, Settings, SupplyTable
from exosuit.models.probe.card import Records, probes_folder
from exosuit.models.probe.drift import LEARNED, drift
from exosuit.models.probe.questions import SKILLS, questions
from exosuit.models.switch import Switch
from tests.providers import MODEL, Answer, Provider, Tool, unavailable
from tests.providers.dialect import Ask
from tests.switching import VARIABLE, scripted_key

__all__ = ["scripted_key"]
Solved = str | tuple[str, dict[str, Any]]


def arithmetic(text: str) -> str:
    a, c, b = (Decimal(one) for one in re.findall(r"\d+(?:\.\d+)?", text))
    return f"{a * c - b:,}"


def letters(text: str) -> str:
    found = re.search(r"letter (\w) occur in the words (\w+) and (\w+)", text)
    assert found
    return f"{(found[2] + found[3]).count(found[1])}."


def instructions(text: str) -> str:
    found = re.search(r"exactly (\d+) words.*first word is (\w+), the last word is (\w+)\.", text)
    assert found
    return " ".join([found[2], *["very"] * (int(found[1]) - 2), found[3]])


def structure(text: str) -> str:
    found = re.search(r"The (\w+) kit costs ([\d.]+) euros, (\d+) are in stock, and its tags are ([\w, ]+)\.", text)
    assert found
    tags = sorted(found[4].split(", "))
    told = {"name": found[1], "price": float(found[2]), "stock": int(found[3]), "tags": tags}
    return f"```json\n{json.dumps(told)}\n```"


def tools(text: str) -> Solved:
    words = {"open": "opening_hours", "Reserve": "book_visit", "after all": "cancel_visit", "people": "visitors"}
    found = re.search(r"the (\w+) (?:open )?(?:for me )?on day (\d+)", text)
    assert found
    return next(tool for word, tool in words.items() if word in text), {"place": found[1], "day": int(found[2])}


def needle(text: str) -> str:
    asked = re.search(r"code of locker (\d+)\?", text)
    assert asked
    found = re.search(rf"locker {asked[1]} is (\d+)\.", text)
    assert found
    return found[1]


def edits(text: str) -> str:
    asked = re.search(r"Change (\w+) to (\d+)", text)
    assert asked
    line = re.search(rf"^{asked[1]} = \d+$", text, re.MULTILINE)
    assert line
    return f"<<<<<<< SEARCH\n{line[0]}\n=======\n{asked[1]} = {asked[2]}\n>>>>>>> REPLACE"


SOLVERS: dict[str, Callable[[str], Solved]] = {
    "arithmetic": arithmetic, "letters": letters, "instructions": instructions, "structure": structure,
    "tools": tools, "needle": needle, "edits": edits,
}  # fmt: skip


def respond(solved: Solved) -> ModelResponse:
    if isinstance(solved, str):
        return ModelResponse(parts=[TextPart(solved)])
    return ModelResponse(parts=[ToolCallPart(solved[0], solved[1])])


@pytest.mark.parametrize("skill", SKILLS)
def test_the_right_answer_is_right_and_another_question_s_is_wrong(skill: str) -> None:
    asked = [one for one in questions(7, 20) if one.skill == skill]
    solved = [respond(SOLVERS[skill](one.text)) for one in asked]
    assert all(question.is_right(answer) for question, answer in zip(asked, solved, strict=True))
    wrong = [question.is_right(answer) for question, answer in zip(asked, solved[1:] + solved[:1], strict=True)]
    assert sum(wrong) <= (8 if skill == "letters" else 1)  # counts of letters are often the same
    for text in ("", "I can't say.", "{", "12,,3", "```", "<<<<<<< SEARCH\n"):
        assert not any(question.is_right(respond(text)) for question in asked)


def test_a_day_s_questions_are_its_own_and_always_the_same() -> None:
    assert [one.text for one in questions(1, 3)] == [one.text for one in questions(1, 3)]
    assert not {one.text for one in questions(1, 3)} & {one.text for one in questions(2, 3)}
    assert [one.skill for one in questions(1, 3)] == [skill for skill in SKILLS for _ in range(3)]


def days(rate: float, count: int, seed: int = 1) -> list[tuple[int, int]]:
    dice = random.Random(seed)
    return [(sum(dice.random() < rate for _ in range(28)), 28) for _ in range(count)]


def test_what_stays_as_it_was_or_becomes_better_is_not_said_to_be_worse() -> None:
    assert drift(days(0.8, LEARNED - 1)).record is None
    assert not drift(days(0.8, LEARNED + 200)).is_worse
    assert not drift(days(0.6, LEARNED) + days(0.9, 60)).is_worse


def test_what_becomes_worse_is_said_within_days_and_what_recovers_is_taken_back() -> None:
    fallen = days(0.85, LEARNED) + days(0.5, 4)
    assert drift(fallen).is_worse
    assert not drift(fallen + days(0.85, 30)).is_worse


SIGNS = {
    "arithmetic": " * ", "letters": "occur in the words", "instructions": "Write exactly", "structure": "kit costs",
    "needle": "locker", "edits": "SEARCH", "tools": "of the month",
}  # fmt: skip


def model(weak: str = "") -> Callable[[Ask], Answer]:
    """Answers that are right, but for one skill."""

    def answer(ask: Ask) -> Answer:
        text = str(ask.request.body["messages"][-1]["content"])
        skill = next(one for one, sign in SIGNS.items() if sign in text)
        solved = "I would rather not." if skill == weak else SOLVERS[skill](text)
        if isinstance(solved, str):
            return Answer(text=solved)
        return Answer(tools=(Tool(name=solved[0], arguments=solved[1]),))

    return answer


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "workspace").mkdir()
    return Session(tmp_path / "workspace")


def probed(session: Session, provider: Provider, each: int = 2) -> dict[str, Any]:
    """Probe the supply `a`, which is the provider."""
    table = {"name": "a", "driver": "openai", "model": MODEL, "base_url": provider.v1, "key": f"env:{VARIABLE}"}
    registry = load()
    registry.dispatch("model.add", session, table)
    return registry.dispatch("model.probe", session, {"name": "a", "each": each}).model_dump()


@pytest.mark.usefixtures("scripted_key")
def test_a_card_shows_what_a_supply_is_bad_at(session: Session) -> None:
    with Provider([model(weak="letters")]) as provider:
        first, second = probed(session, provider), probed(session, provider)
    shares = {one["skill"]: (one["right"], one["asked"]) for one in first["skills"]}
    assert shares == {skill: (0 if skill == "letters" else 2, 2) for skill in SKILLS}
    assert (first["right"], first["asked"], first["probes"], first["record"]) == (12, 14, 1, None)
    assert second["probes"] == 2 and {one["before"] for one in second["skills"]} == {0.0, 1.0}


@pytest.mark.usefixtures("scripted_key")
def test_a_supply_that_became_worse_than_its_record_is_told(session: Session) -> None:
    with Provider([model()]) as provider:
        good = probed(session, provider, each=4)
        records = Records(probes_folder())
        table = SupplyTable(driver="openai", model=MODEL, base_url=provider.v1)
        for seed in range(LEARNED - 1):
            records.add(table, seed, dict.fromkeys(SKILLS, (4, 4)))
        records.close()
        assert not good["is_worse"]
        assert not probed(session, provider, each=4)["is_worse"]
        provider.script(model(weak="tools"))
        fallen = [probed(session, provider, each=4) for _ in range(4)]
    assert not fallen[0]["is_worse"]
    assert fallen[-1]["is_worse"] and fallen[-1]["suspicion"] >= 1 and fallen[-1]["record"] > 0.95


@pytest.mark.usefixtures("scripted_key")
def test_no_answer_is_no_wrong_answer(session: Session) -> None:
    with Provider([unavailable()]) as provider, pytest.raises(ExosuitError) as caught:
        probed(session, provider)
    assert caught.value.code == "no-answer"
    assert not (probes_folder() / "probes.db").exists()


def test_a_supply_that_is_not_there_is_told_the_nearest(session: Session) -> None:
    load().dispatch("model.add", session, {"name": "local", "driver": "ollama", "model": "m"})
    with pytest.raises(ExosuitError) as caught:
        load().dispatch("model.probe", session, {"name": "locl"})
    assert (caught.value.code, caught.value.hint) == ("no-such-supply", "did you mean 'local'?")


def test_what_became_worse_is_asked_last_until_it_has_recovered() -> None:
    names = ("first", "second")
    tables = {name: SupplyTable(driver="ollama", model=name) for name in names}
    settings = Settings(supply=tables, route={"r": RouteTable(supplies=names)})

    def order() -> list[str]:
        with Switch.metered(settings) as made:
            return [one.name for one in made.order("r", settings.route["r"])]

    def probes(right: int, count: int) -> None:
        records = Records(probes_folder())
        for seed in range(count):
            records.add(tables["first"], seed, {"letters": (right, 28)})
        records.close()

    assert order() == ["first", "second"]
    probes(24, LEARNED)
    assert order() == ["first", "second"]
    probes(12, 3)
    assert order() == ["second", "first"]
    probes(24, 30)
    assert order() == ["first", "second"]
