"""Which call it is: the words under which its cost is found again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallInfo:
    """One request to one supply.

    `call` is the id of what was asked for: where the switch tries several supplies, or two at once, each request is
    metered by itself and they share their `call`. `run` and `change` are ids; `route` is the name that was asked for.
    `provider` is the vendor's name in OpenTelemetry's words (`openai`, `anthropic`), empty if it has none.
    """

    app: str = ""
    run: str = ""
    change: str = ""
    route: str = ""
    supply: str = ""
    provider: str = ""
    model: str = ""
    call: str = ""
    operation: str = "chat"
