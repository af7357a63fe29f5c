"""What went wrong with a supply, sorted by what it means for the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic_ai.exceptions import (
    ContentFilterError,
    IncompleteToolCall,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    UserError,
)

from exosuit.core.errors import ExosuitError

MOST_TEXT = 300


class Kind(StrEnum):
    """Kinds of failure, each with a word that people can read."""

    DOWN = "down"
    """Not reached, reset, or an error of the server."""
    SILENT = "silent"
    """Nothing came for longer than its patience."""
    LATE = "late"
    """The call's own deadline passed while it was at work."""
    LIMITED = "limited"
    """A rate limit, told by the provider or known from its headers."""
    QUOTA = "quota"
    """Credits or the account's limit are used up."""
    KEY = "key"
    """The key is missing, wrong, or not allowed to do this."""
    MISSING = "missing"
    """No such model, or no such address."""
    OVERFLOW = "overflow"
    """The request is longer than the model's context."""
    REJECTED = "rejected"
    """The request itself was refused as malformed."""
    REFUSED = "refused"
    """The model or a filter would not answer."""
    BROKEN = "broken"
    """What came could not be read, or made no sense."""
    CUT = "cut"
    """The answer ended before its end."""
    LENGTH = "length"
    """The request's own limit of tokens cut a tool call: so it would elsewhere."""
    BUDGET = "budget"
    """It may cost more than there is left; it was not asked."""
    UNABLE = "unable"
    """The supply lacks what the request needs; it was not asked."""
    OPEN = "open"
    """Its breaker is open; it was not asked."""


TROUBLE = frozenset({Kind.DOWN, Kind.SILENT, Kind.BROKEN, Kind.CUT})
"""Failures that count against a supply's health: three in a row open its breaker."""
FINAL = frozenset({Kind.LENGTH})
"""Failures that end the call: no other supply would do better."""
LASTING = frozenset({Kind.QUOTA, Kind.KEY, Kind.MISSING})
"""Failures that asking again soon cannot mend: one opens the breaker, for longer."""


@dataclass(eq=False)
class Failure(Exception):  # noqa: N818 - it is data more often than it is raised
    """One supply's failure: `why` in words, `retry_after` in seconds where the provider said so.

    `sent` is false where the request surely never left this machine.
    """

    kind: Kind
    why: str
    retry_after: float | None = None
    sent: bool = True

    def __str__(self) -> str:
        return f"{self.kind}: {self.why}"


_KINDS: Sequence[tuple[type[BaseException], Kind]] = (
    (ModelRateLimitError, Kind.LIMITED),
    (ModelQuotaExceededError, Kind.QUOTA),
    (ModelContextWindowExceededError, Kind.OVERFLOW),
    (ModelAuthenticationError, Kind.KEY),
    (ModelNotFoundError, Kind.MISSING),
    (ModelRequestRejectedError, Kind.REJECTED),
    (ModelOverloadedError, Kind.DOWN),
    (ModelUnavailableError, Kind.DOWN),
    (ModelServerError, Kind.DOWN),
    (ModelTimeoutError, Kind.SILENT),
    (ModelRequestTimeout, Kind.SILENT),
    (ModelConnectionError, Kind.DOWN),
    (ContentFilterError, Kind.REFUSED),
    (IncompleteToolCall, Kind.BROKEN),
    (UserError, Kind.UNABLE),
    (OSError, Kind.DOWN),
)


def classified(error: Exception) -> Failure:
    """Any exception of a driver as a failure; one that no driver should raise means an answer nobody can read."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, ExosuitError):  # a key that is not there
        return Failure(Kind.KEY, error.message, sent=False)
    why = _why(error)
    retry_after = error.retry_after if isinstance(error, ModelAPIError) else None
    sent = not (isinstance(error, ModelConnectionError) and error.phase in ("pool", "connect"))
    for kind_of_error, kind in _KINDS:
        if isinstance(error, kind_of_error):
            return Failure(kind, why, retry_after, sent)
    if isinstance(error, ModelHTTPError):
        return Failure(_by_status(error.status_code), why, retry_after)
    if isinstance(error, ModelAPIError) and "finish_reason" in error.message:
        return Failure(Kind.CUT, "the answer ended without its end")
    return Failure(Kind.BROKEN, why)


def _by_status(status: int) -> Kind:
    return Kind.REJECTED if 400 <= status < 500 else Kind.DOWN


def _why(error: Exception) -> str:
    """A line about an exception; long ones are cut, and those without a text give their name."""
    if isinstance(error, ModelHTTPError):
        text = f"{error.status_code} {_said(error.body)}"
    else:
        text = str(error) or type(error).__name__
        cause = error.__cause__
        if cause is not None and str(cause) and str(cause) not in text:
            text = f"{text} ({cause})"
    text = " ".join(text.split())
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def _said(body: object) -> str:
    """The message in an error's body, in whatever dialect."""
    while isinstance(body, dict):
        body = body.get("error") or body.get("message") or body.get("detail") or str(body)
    return "" if body is None else str(body)


class NoAnswer(ExosuitError, ModelAPIError):  # noqa: N818 - it says what there is: no answer
    """No supply of a route gave a whole answer: the one error that the switch raises, with each supply and why.

    It is a `ModelAPIError` too, so that what handles errors of models handles this one.
    """

    def __init__(self, route: str, failures: Sequence[tuple[str, Failure]], what: str = "") -> None:
        told = "; ".join(f"{supply} {failure}" for supply, failure in failures) or "it has no supply to ask"
        soon = [failure.retry_after for _, failure in failures if failure.retry_after is not None]
        kinds = {failure.kind for _, failure in failures}
        message = f"no supply of route {route!r} gave a whole answer{what}: {told}"
        ModelAPIError.__init__(self, f"route:{route}", message, retry_after=min(soon, default=None))
        self.code, self.hint, self.retryable = "no-answer", hint(kinds, soon), bool(kinds - PERSISTENT)
        self.failures = list(failures)


PERSISTENT = LASTING | FINAL | {Kind.REJECTED, Kind.OVERFLOW, Kind.UNABLE, Kind.REFUSED, Kind.BUDGET}
"""Failures of which the same call would meet the same again."""


def hint(kinds: set[Kind], soon: Sequence[float]) -> str:
    """What to do about failures of these kinds."""
    if kinds == {Kind.KEY}:
        return "check the keys: exosuit model list"
    if kinds and kinds <= {Kind.OVERFLOW}:
        return "send less, or add a supply with a larger context to the route"
    if soon:
        return f"try again in {min(soon):.0f} s, or add a supply to the route"
    return "exosuit model list shows each supply; exosuit model test NAME asks one"
