"""The receipt of a call: which supplies were asked, what each gave, what was replaced."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_ai.messages import ModelResponsePart, ToolCallPart

KEY = "exosuit"
"""Where a receipt is in the metadata of a response."""


@dataclass
class Served:
    """One request to one supply; times in seconds since the call began.

    `outcome` is `whole`, `lost` (a hedged request that another one beat), `cancelled`, or a kind of failure. `epoch`
    counts answers that were begun anew; `continued` says that it went on with what another supply had written.
    `waited` is its time in line for the supply, before `began`. `request` is its id at the meter, sent along as its
    idempotency key.
    """

    supply: str
    model: str
    epoch: int
    began: float
    request: str = ""
    waited: float = 0.0
    first: float | None = None
    ended: float | None = None
    outcome: str = ""
    why: str = ""
    continued: bool = False


@dataclass
class Receipt:
    """What one call came to. `replaced` holds the texts that were begun, shown, and begun anew.

    `packed` has about how many tokens the messages were each time before they were made shorter.
    """

    route: str
    call: str = field(default_factory=lambda: uuid.uuid4().hex)
    served: list[Served] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    packed: list[int] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    """The idempotency key of each tool call by its id: the same for the same place in the same call."""

    def key_calls(self, parts: Sequence[ModelResponsePart]) -> None:
        """Give each tool call its key."""
        calls = [part.tool_call_id for part in parts if isinstance(part, ToolCallPart)]
        self.keys = {name: f"{self.call}-{place}" for place, name in enumerate(calls)}

    def as_metadata(self) -> dict[str, Any]:
        """As it is put into the metadata of a response."""
        return {KEY: {**vars(self), "served": [dict(vars(one)) for one in self.served]}}
