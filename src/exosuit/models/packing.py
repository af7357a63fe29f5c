"""What to do about messages that are longer than a supply's context: a callback makes them shorter, or the call fails.

`drop_oldest` is one; an app that knows what its messages are worth brings its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from pydantic_ai.messages import ModelMessage, ModelResponse

from exosuit.models.attempt import Ask
from exosuit.models.config import SupplyTable
from exosuit.models.fitness import estimate

Repack = Callable[[Sequence[ModelMessage], int], Sequence[ModelMessage] | Awaitable[Sequence[ModelMessage]]]
"""Gets the messages and about how many tokens of them may stay; gives shorter ones, or the same if it cannot."""
MOST_TIMES = 4
"""Times that messages are made shorter in one call: estimates are rough, so once may not do."""
SHRINK = 0.7
"""Of its length, where a provider finds too long what ought to fit, or its context is not known."""


def drop_oldest(messages: Sequence[ModelMessage], tokens: int) -> list[ModelMessage]:
    """The first message, which holds the instructions and the task, and as many of the last ones as fit.

    An answer goes with all that follows it up to the next answer, so that no tool call is without its return. The last
    such group stays whatever its length.
    """
    first, groups = list(messages[:1]), grouped(messages[1:])
    kept: list[ModelMessage] = groups.pop() if groups else []
    left = tokens - estimate([*first, *kept])
    while groups and (left := left - estimate(groups[-1])) >= 0:
        kept = groups.pop() + kept
    return first + kept


def grouped(messages: Sequence[ModelMessage]) -> list[list[ModelMessage]]:
    """Messages in groups that each begin with an answer; what comes before the first answer is one, too."""
    groups: list[list[ModelMessage]] = []
    for message in messages:
        if isinstance(message, ModelResponse) or not groups:
            groups.append([])
        groups[-1].append(message)
    return groups


def room(table: SupplyTable, ask: Ask) -> int:
    """About how many tokens of messages a supply takes that found these too long."""
    shorter = int(estimate(ask.messages) * SHRINK)
    if table.context is None:
        return shorter
    most = (ask.settings or {}).get("max_tokens") or 0
    return min(shorter, table.context - min(most, table.context // 2))


async def packed(repack: Repack, ask: Ask, tokens: int) -> Ask | None:
    """The same with shorter messages; None if they did not become shorter."""
    made = repack(list(ask.messages), tokens)
    messages = list(await made if inspect.isawaitable(made) else made)
    if not messages or estimate(messages) >= estimate(ask.messages):
        return None
    return replace(ask, messages=messages)
