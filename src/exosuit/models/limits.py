"""Rate limits, learned from the headers of answers, so that a supply is left alone before it refuses.

Headers are OpenAI's `x-ratelimit-*` (durations such as `6m0s`) and Anthropic's `anthropic-ratelimit-*` (RFC 3339), and
`retry-after` (RFC 9110: seconds or a date) of whoever sends it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST = 3600.0
"""Whatever a header says, no supply is left alone for longer without being asked again."""
_UNITS = {"d": 86400.0, "h": 3600.0, r"m(?!s)": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile("".join(rf"(?:(\d+(?:\.\d+)?){unit})?" for unit in _UNITS) + r"\Z")


@dataclass
class Bucket:
    """What is left of one limit until it is filled again, at `reset` on the caller's clock."""

    left: float
    reset: float


@dataclass
class Limits:
    """The limits of one supply; times are of a monotonic clock, in seconds, given by the caller."""

    requests: Bucket | None = None
    tokens: Bucket | None = None
    not_before: float = 0.0

    def learn(self, headers: Mapping[str, str], now: float) -> None:
        """Take in the headers of an answer; what cannot be read is passed over."""
        self.requests = _bucket(headers, "requests", now) or self.requests
        self.tokens = _bucket(headers, "tokens", now) or _bucket(headers, "input-tokens", now) or self.tokens

    def refused(self, retry_after: float | None, now: float) -> None:
        """A 429 came: leave it alone as long as it says, or a second where it does not."""
        self.not_before = max(self.not_before, now + min(LONGEST, retry_after if retry_after is not None else 1.0))

    def seconds_left(self, tokens: int, now: float) -> float:
        """How long until a request of about `tokens` may be sent; 0 if it may now."""
        waits = [self.not_before - now]
        for bucket, needed in ((self.requests, 1), (self.tokens, tokens)):
            if bucket is not None and now < bucket.reset and bucket.left < needed:
                waits.append(bucket.reset - now)
        return max(0.0, *waits)

    def spend(self, tokens: int, now: float) -> None:
        """A request is sent: it is off what is left until the next headers tell."""
        for bucket, spent in ((self.requests, 1), (self.tokens, tokens)):
            if bucket is not None and now < bucket.reset:
                bucket.left -= spent


def _bucket(headers: Mapping[str, str], name: str, now: float) -> Bucket | None:
    for left, reset in (
        (f"x-ratelimit-remaining-{name}", f"x-ratelimit-reset-{name}"),
        (f"anthropic-ratelimit-{name}-remaining", f"anthropic-ratelimit-{name}-reset"),
    ):
        seconds = duration(headers.get(reset, ""))
        try:
            amount = float(headers.get(left, ""))
        except ValueError:
            continue
        if seconds is not None and amount >= 0:
            return Bucket(amount, now + min(LONGEST, seconds))
    return None


def duration(text: str) -> float | None:
    """Seconds meant by `1.5`, `6m0s`, `20ms`, an RFC 3339 time or an HTTP date; None for anything else."""
    text = text.strip()
    try:
        return max(0.0, float(text)) if float(text) < float("inf") else None
    except ValueError:
        pass
    if text and (match := _DURATION.match(text)):
        return sum(float(part) * unit for part, unit in zip(match.groups(), _UNITS.values(), strict=True) if part)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except (ValueError, TypeError):
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    return None
