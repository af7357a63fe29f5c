"""Scripted providers on loopback for tests and benchmarks: docs/providers.md says how to use them."""

from tests.providers.script import Answer, Fault, Tokens, Tool, fails, rate_limited, unavailable
from tests.providers.server import DIALECTS, KEY, MODEL, Limits, Provider

__all__ = [
    "DIALECTS",
    "KEY",
    "MODEL",
    "Answer",
    "Fault",
    "Limits",
    "Provider",
    "Tokens",
    "Tool",
    "fails",
    "rate_limited",
    "unavailable",
]
