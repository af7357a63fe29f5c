"""Messages made shorter: the task and what came last stay, no tool call is left without its return."""

from __future__ import annotations

import random

import pytest
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from exosuit.models.fitness import estimate
from exosuit.models.packing import drop_oldest


def history(dice: random.Random, turns: int) -> list[ModelMessage]:
    """A task, then answers, some with tool calls whose returns follow, some with another question."""
    messages: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart("the task " * dice.randint(1, 30))])]
    for turn in range(turns):
        if dice.random() < 0.6:
            calls = [f"{turn}-{n}" for n in range(dice.randint(1, 3))]
            messages.append(ModelResponse(parts=[ToolCallPart("look", {}, tool_call_id=one) for one in calls]))
            returns = [ToolReturnPart("look", "seen " * dice.randint(1, 200), tool_call_id=one) for one in calls]
            messages.append(ModelRequest(parts=returns))
        else:
            messages.append(ModelResponse(parts=[TextPart("said " * dice.randint(1, 100))]))
            messages.append(ModelRequest(parts=[UserPromptPart("and then " * dice.randint(1, 30))]))
    return messages


def ids(messages: list[ModelMessage], kind: type[ToolCallPart | ToolReturnPart]) -> list[str]:
    return [part.tool_call_id for message in messages for part in message.parts if isinstance(part, kind)]


@pytest.mark.parametrize("seed", range(30))
def test_what_is_left_fits_or_is_the_least_there_can_be_and_calls_have_their_returns(seed: int) -> None:
    dice = random.Random(seed)
    messages = history(dice, dice.randint(1, 20))
    tokens = dice.randint(10, 2 * estimate(messages))
    kept = drop_oldest(messages, tokens)
    assert kept[0] is messages[0] and kept[-2:] == messages[-2:]
    assert kept[1:] == messages[len(messages) - len(kept) + 1 :]
    assert ids(kept, ToolCallPart) == ids(kept, ToolReturnPart)
    assert estimate(kept) <= tokens or len(kept) == 3
    dropped = messages[1 : len(messages) - len(kept) + 1]
    assert not dropped or estimate([*kept, *dropped[-2:]]) > tokens


def test_a_single_message_cannot_become_shorter() -> None:
    alone: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart("long " * 1000)])]
    assert drop_oldest(alone, 10) == alone
    assert drop_oldest([], 10) == []
