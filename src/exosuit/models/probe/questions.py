"""A small, public set of questions with exact answers, made anew from a seed: what a model is good at, and what not.

Seven skills in which models are known to be uneven. Each question is made by chance at a fixed difficulty, so that a
set of another day asks the same of a model and cannot be learned by heart. No model judges an answer.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic_ai.messages import ModelResponse, ToolCallPart
from pydantic_ai.tools import ToolDefinition

WORDS = (
    "strawberry", "committee", "parallel", "bookkeeper", "mississippi", "occurrence", "millennium", "accommodation",
    "possession", "embarrassment", "referee", "banana", "assessment", "tennessee", "successful", "onomatopoeia",
)  # fmt: skip
PLACES = ("harbour", "library", "orchard", "station", "lighthouse", "bakery", "museum", "quarry")
NEEDLE_LINES = 300
"""Lines of the long text: some 4,000 tokens."""


@dataclass(frozen=True)
class Question:
    """What is asked, and whether an answer is right."""

    skill: str
    text: str
    is_right: Callable[[ModelResponse], bool]
    tools: tuple[ToolDefinition, ...] = ()


def questions(seed: int, each: int) -> list[Question]:
    """So many of each skill, always the same for the same seed."""
    dice = random.Random
    return [make(dice(f"{seed} {skill} {n}")) for skill, make in SKILLS.items() for n in range(each)]


def arithmetic(dice: random.Random) -> Question:
    """A sum of decimals and a product."""
    a, b = (Decimal(dice.randint(1000, 99999)) / 100 for _ in range(2))
    c = dice.randint(12, 98)
    result = a * c - b
    text = f"What is {a} * {c} - {b}? Answer with the number alone."
    return Question("arithmetic", text, lambda response: number(said(response)) == result)


def letters(dice: random.Random) -> Question:
    """How often a letter is in two words."""
    words = dice.sample(WORDS, 2)
    letter = dice.choice(sorted(set("".join(words))))
    count = "".join(words).count(letter)
    text = f"How many times does the letter {letter} occur in the words {words[0]} and {words[1]} together?"
    return Question(
        "letters", f"{text} Answer with the number alone.", lambda response: number(said(response)) == count
    )


def instructions(dice: random.Random) -> Question:
    """Three formal demands at once."""
    count, first, last = dice.randint(4, 9), dice.choice(PLACES), dice.choice(PLACES)
    text = f"Write exactly {count} words separated by single spaces, all in lower case, without punctuation. "
    text += f"The first word is {first}, the last word is {last}."

    def is_right(response: ModelResponse) -> bool:
        words = said(response).split(" ")
        shape = all(re.fullmatch("[a-z]+", word) for word in words)
        return shape and len(words) == count and (words[0], words[-1]) == (first, last)

    return Question("instructions", text, is_right)


def structure(dice: random.Random) -> Question:
    """A JSON object out of prose, types and order of a list included."""
    name, stock, price = dice.choice(PLACES), dice.randint(2, 900), Decimal(dice.randint(100, 9999)) / 100
    tags = dice.sample(WORDS, 3)
    text = f"The {name} kit costs {price} euros, {stock} are in stock, and its tags are {', '.join(tags)}. "
    text += 'Answer with JSON alone, with the keys "name" (one word), "price" (a number), "stock" (an integer) and '
    text += '"tags" (sorted by alphabet).'
    wanted = {"name": name, "price": float(price), "stock": stock, "tags": sorted(tags)}
    return Question("structure", text, lambda response: parsed(said(response)) == wanted)


def tools(dice: random.Random) -> Question:
    """Which of four tools, with which arguments."""
    place, day = dice.choice(PLACES), dice.randint(1, 28)
    wanted, asks = dice.choice(
        [
            ("opening_hours", f"When does the {place} open on day {day} of the month?"),
            ("book_visit", f"Reserve a visit to the {place} for me on day {day} of the month."),
            ("cancel_visit", f"I can't come to the {place} on day {day} of the month after all; I had booked."),
            ("visitors", f"How many people were at the {place} on day {day} of the month?"),
        ]
    )

    def is_right(response: ModelResponse) -> bool:
        calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
        return [(call.tool_name, call.args_as_dict()) for call in calls] == [(wanted, {"place": place, "day": day})]

    return Question("tools", asks, is_right, TOOLS)


def needle(dice: random.Random) -> Question:
    """One line of a long text, among others that look like it."""
    codes = dice.sample(range(10_000, 99_999), NEEDLE_LINES)
    lines = [f"The code of locker {place} is {code}." for place, code in enumerate(codes)]
    dice.shuffle(lines)
    asked = dice.randrange(NEEDLE_LINES)
    text = "\n".join(lines) + f"\n\nWhat is the code of locker {asked}? Answer with the number alone."
    return Question("needle", text, lambda response: number(said(response)) == codes[asked])


def edits(dice: random.Random) -> Question:
    """A change of one line in the form of a search and replace block."""
    names = dice.sample(WORDS, 6)
    values = [dice.randint(10, 99) for _ in names]
    at, value = dice.randrange(6), dice.randint(100, 999)
    source = "\n".join(f"{name} = {old}" for name, old in zip(names, values, strict=True))
    text = f"{source}\n\nChange {names[at]} to {value}. Answer with one block alone, of exactly this form:\n"
    text += "<<<<<<< SEARCH\nthe line as it is\n=======\nthe line as it is to be\n>>>>>>> REPLACE"
    wanted = f"<<<<<<< SEARCH\n{names[at]} = {values[at]}\n=======\n{names[at]} = {value}\n>>>>>>> REPLACE"
    return Question("edits", text, lambda response: said(response) == wanted)


SKILLS: dict[str, Callable[[random.Random], Question]] = {
    "arithmetic": arithmetic,
    "letters": letters,
    "instructions": instructions,
    "structure": structure,
    "tools": tools,
    "needle": needle,
    "edits": edits,
}
TOOLS = tuple(
    ToolDefinition(
        name=name,
        description=about,
        parameters_json_schema={
            "type": "object",
            "properties": {"place": {"type": "string"}, "day": {"type": "integer"}},
            "required": ["place", "day"],
            "additionalProperties": False,
        },
    )
    for name, about in {
        "opening_hours": "When a place is open on a day of this month.",
        "book_visit": "Book a visit to a place.",
        "cancel_visit": "Cancel a visit that was booked.",
        "visitors": "How many visitors a place had on a day.",
    }.items()
)


def said(response: ModelResponse) -> str:
    """The text of an answer, without white space around it and without a fence of code around all of it."""
    text = (response.text or "").strip()
    fenced = re.fullmatch(r"```\w*\n(.*)\n```", text, re.DOTALL)
    return fenced[1].strip() if fenced else text


def number(text: str) -> Decimal | None:
    """The number that a text is, with commas between thousands or a full stop at its end; None if it is none."""
    plain = text.replace(",", "").removesuffix(".")
    return Decimal(plain) if re.fullmatch(r"-?\d+(\.\d+)?", plain) else None


def parsed(text: str) -> Any:
    """What JSON says; None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
