"""What a scripted provider received, how each request ended, and what it billed."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tests.providers.dialect import Request
from tests.providers.script import Tokens

Outcome = Literal["open", "answered", "failed", "refused", "gone"]


@dataclass
class Received:
    """One request: `outcome` is `open` until it ends, then whether it was answered whole, `failed` on command, was
    `refused` (key, model, limit, JSON), or the client had `gone`. Times are in seconds of the monotonic clock.
    """

    number: int
    request: Request
    dialect: str = ""
    model: str = ""
    stream: bool = False
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    outcome: Outcome = "open"
    fault: str = ""
    status: int = 0
    events: int = 0
    bytes_sent: int = 0
    billed: Tokens = field(default_factory=Tokens)

    @property
    def call(self) -> str:
        """The call that it belongs to, if the client said: its header `idempotency-key`."""
        return self.request.headers.get("idempotency-key", "")

    def as_data(self) -> dict[str, Any]:
        """All of it as JSON-ready data; keys are left out of the headers."""
        secret = ("authorization", "x-api-key", "x-goog-api-key")
        headers = {name: value for name, value in self.request.headers.items() if name not in secret}
        told = {name: value for name, value in asdict(self).items() if name not in ("request", "billed")}
        asked = {"method": self.request.method, "path": self.request.path, "headers": headers}
        return {**told, **asked, "call": self.call, "body": self.request.body, "billed": self.billed.model_dump()}


class Log:
    """Requests in the order in which they came; threads may read it while the provider serves."""

    def __init__(self) -> None:
        self._entries: list[Received] = []
        self._changed = threading.Condition()

    def open(self, request: Request) -> Received:
        with self._changed:
            entry = Received(len(self._entries) + 1, request)
            self._entries.append(entry)
            self._changed.notify_all()
            return entry

    def end(self, entry: Received, outcome: Outcome) -> None:
        with self._changed:
            entry.outcome, entry.ended = outcome, time.monotonic()
            self._changed.notify_all()

    def entries(self) -> list[Received]:
        with self._changed:
            return list(self._entries)

    def clear(self) -> None:
        with self._changed:
            self._entries = []

    def wait(self, ended: int, seconds: float = 10.0) -> list[Received]:
        """The entries once so many of them have ended; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._count_ended() >= ended, seconds):
                raise TimeoutError(f"{self._count_ended()} of {ended} requests ended within {seconds} s")
            return list(self._entries)

    def billed(self) -> Tokens:
        """All tokens billed so far."""
        sums = [entry.billed for entry in self.entries()]
        return Tokens(**{name: sum(getattr(one, name) for one in sums) for name in Tokens.model_fields})

    def _count_ended(self) -> int:
        return sum(entry.outcome != "open" for entry in self._entries)
