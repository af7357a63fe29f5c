"""What was used: sums of the ledger by day, app, model and so on, and its calls one by one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from exosuit.core.database import Database
from exosuit.core.errors import UsageError
from exosuit.models.meter.ledger import SCHEMA
from exosuit.models.meter.money import Money
from exosuit.models.meter.tokens import Tokens

By = Literal["day", "app", "model", "change", "run", "route", "supply"]
COLUMNS = (
    "id", "call", "app", "run", "change", "route", "supply", "provider", "model", "operation", "state", "outcome",
    "day", "began", "first", "ended", "input", "cached", "written", "output", "reasoning", "worst", "cost", "price",
)  # fmt: skip
NAMES = ", ".join(COLUMNS)
MOST_DOLLARS = 1_000_000
"""That a person may say of one call."""
AMOUNTS = ("worst", "cost")
MOMENTS = ("began", "first", "ended")


@dataclass(frozen=True, slots=True)
class Sum:
    """Calls under one heading. `spent` holds all that counts: of it `lost` at the worst, since nobody knows the cost.

    `held` is set aside for calls on their way. `unpriced` calls have no known price and count as nothing.
    """

    key: tuple[str, ...]
    calls: int
    tokens: Tokens
    spent: Money
    lost: Money
    held: Money
    unpriced: int


def opened(folder: Path) -> Database | None:
    """The ledger in a meter's folder, or None if nothing was ever metered there."""
    path = folder / "calls.db"
    return Database(path, SCHEMA) if path.exists() else None


def sums(database: Database, by: Sequence[By], since: str = "", until: str = "") -> list[Sum]:
    """One sum for each combination that occurs, in order; days are local dates like 2026-11-23, both ends included.

    Calls that were released never went out, and are not counted.
    """
    keys = ", ".join(f'"{name}"' for name in by) or "''"
    where, values = _between(since, until)
    rows = database.query(
        f"SELECT {keys}, count(*), sum(input), sum(cached), sum(output), sum(reasoning), sum(written),"  # noqa: S608 - names of a closed list
        " sum(CASE WHEN state = 'held' THEN 0 ELSE cost END), sum(CASE WHEN state = 'lost' THEN cost ELSE 0 END),"
        " sum(CASE WHEN state = 'held' THEN worst ELSE 0 END), sum(price = 'unknown')"
        f" FROM calls WHERE state != 'released' AND {where} GROUP BY {keys} ORDER BY {keys}",
        values,
    )
    found = []
    for row in rows:
        calls, given, cached, output, reasoning, written, spent, lost, held, unpriced = row[-10:]
        key = tuple(map(str, row[:-10])) if by else ()
        tokens = Tokens(given, cached, output, reasoning, written)
        found.append(Sum(key, calls, tokens, Money(spent), Money(lost), Money(held), unpriced))
    return found


def calls(database: Database, since: str = "", until: str = "") -> Iterator[dict[str, Any]]:
    """The calls one by one, oldest first; times are datetimes (UTC), amounts are Money."""
    where, values = _between(since, until)
    for row in database.query(f"SELECT {NAMES} FROM calls WHERE {where} ORDER BY began, rowid", values):  # noqa: S608 - ours
        yield _fields(row)


def lost_calls(database: Database, most: int) -> list[dict[str, Any]]:
    """The newest of the calls of which nobody knows how they ended."""
    rows = database.query(
        f"SELECT {NAMES} FROM calls WHERE state = 'lost' ORDER BY began DESC, rowid DESC LIMIT ?",  # noqa: S608 - ours
        (most,),
    )
    return [_fields(row) for row in rows]


def as_csv(rows: Iterator[dict[str, Any]]) -> str:
    """Calls as CSV (RFC 4180): amounts in dollars, exact; before what a spreadsheet would run stands an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return text.getvalue()


def plain_dollars(amount: Money) -> str:
    """An exact amount as a number: `0.0375`."""
    text = f"{amount.exact:.12f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def dollars_of(text: str) -> Money:
    """An amount that a person wrote; raises `bad-amount`."""
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except ArithmeticError:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= MOST_DOLLARS:
        raise UsageError("bad-amount", f"{text!r} is not an amount in dollars", "write it like 0.0375")
    return Money.dollars(amount)


def _fields(row: tuple[Any, ...]) -> dict[str, Any]:
    fields = dict(zip(COLUMNS, row, strict=True))
    for name in MOMENTS:
        fields[name] = None if fields[name] is None else datetime.fromtimestamp(fields[name] / 1000, UTC)
    return fields | {name: Money(fields[name]) for name in AMOUNTS}


def _between(since: str, until: str) -> tuple[str, tuple[str, str]]:
    for day in filter(None, (since, until)):
        try:
            datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise UsageError("bad-day", f"{day!r} is not a day", "write it like 2026-11-23") from None
    return "day >= ? AND day <= ?", (since, until or "9999-12-31")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Money):
        return plain_dollars(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
