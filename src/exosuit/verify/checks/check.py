"""One check, and how it went on one snapshot."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["pass", "fail", "cannot-tell"]
TIMEOUT = 600.0


@dataclass(frozen=True)
class Check:
    """Something runnable. `lacking` says in words what it would need that is not there; it is not run then.

    `command` is a list of words; `env` comes on top of what every check gets. `found` is whether it was found in the
    tree rather than named in `exosuit.toml`.
    """

    name: str
    command: tuple[str, ...]
    timeout: float = TIMEOUT
    network: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    found: bool = True
    lacking: str = ""

    @property
    def id(self) -> str:
        """What its results are kept under: the same for the same command, under whatever name."""
        parts = (self.command, self.timeout, self.network, sorted(self.env.items()))
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SingleTest:
    """One test: its id as its tool writes it, how it went, how long it took."""

    id: str
    outcome: str
    seconds: float

    @property
    def failed(self) -> bool:
        return self.outcome in ("failed", "error")


@dataclass(frozen=True)
class Result:
    """How a check went on a snapshot.

    `flaky` holds the ids of tests that went one way and then the other (or the check's name, where it tells no tests);
    they are in no verdict. `output` is the end of what it printed.
    """

    verdict: Verdict
    why: str
    seconds: float = 0.0
    tests: tuple[SingleTest, ...] = ()
    flaky: tuple[str, ...] = ()
    output: str = ""
    cached: bool = False

    @property
    def failing(self) -> tuple[str, ...]:
        return tuple(test.id for test in self.tests if test.failed and test.id not in self.flaky)

    def counts(self) -> dict[str, int]:
        """How many tests went each way; empty where the tool tells no tests."""
        found: dict[str, int] = {}
        for test in self.tests:
            outcome = "flaky" if test.id in self.flaky else test.outcome
            found[outcome] = found.get(outcome, 0) + 1
        return found
