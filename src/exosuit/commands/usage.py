"""What models were used for and what that cost, from the meter's ledger: the same for all workspaces of a user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from exosuit import __version__
from exosuit.commands.registry import command
from exosuit.commands.session import Session
from exosuit.commands.usage_models import (
    LostCall,
    UsageAsk,
    UsageExportAsk,
    UsageExported,
    UsageRow,
    UsageSettleAsk,
    UsageSettled,
    UsageShown,
)
from exosuit.core.database import Database
from exosuit.core.errors import ExosuitError
from exosuit.core.escapes import folder_text
from exosuit.core.registry import Effect
from exosuit.models.meter.meter import Meter, meter_folder
from exosuit.models.meter.money import Money
from exosuit.models.meter.telemetry import as_otlp
from exosuit.models.meter.tokens import Tokens
from exosuit.models.meter.usage import Sum, as_csv, calls, dollars_of, lost_calls, opened, plain_dollars, sums

MOST_LOST = 100


@command("usage.show", effect=Effect.READ)
def show(_session: Session, ask: UsageAsk) -> UsageShown:
    """What was used and spent, by day, app, model, change, run, route or supply, in all workspaces.

    A call of which nobody knows how it ended (its process was killed, say) counts at its worst until it is settled.
    """
    with _ledger() as ledger:
        rows = sums(ledger, ask.by, ask.since, ask.until) if ledger else []
        total = sums(ledger, [], ask.since, ask.until) if ledger else []
        lost = lost_calls(ledger, MOST_LOST) if ledger else []
    nothing = Sum((), 0, Tokens(), Money(), Money(), Money(), 0)
    return UsageShown(
        by=list(ask.by),
        rows=[_row(one) for one in rows],
        total=_row(total[0] if total else nothing, []),
        lost=[
            LostCall(
                call=one["id"],
                day=one["day"],
                supply=one["supply"],
                model=one["model"],
                outcome=one["outcome"],
                worst=plain_dollars(one["cost"]),
            )
            for one in lost
        ],
    )


@command("usage.export", effect=Effect.EXTERNAL)
def export(session: Session, ask: UsageExportAsk) -> UsageExported:
    """Every call as a row of a table (CSV), or as spans of OpenTelemetry's conventions for generative AI."""
    with _ledger() as ledger:
        rows = list(calls(ledger, ask.since, ask.until)) if ledger else []
    text = as_csv(iter(rows)) if ask.format == "csv" else _lines(as_otlp(iter(rows), __version__))
    if ask.out is None:
        return UsageExported(calls=len(rows), text=text)
    out = session.workspace.root / ask.out
    try:
        out.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise ExosuitError("cannot-write", f"cannot write {out} ({error.strerror})", "name another file") from error
    return UsageExported(calls=len(rows), text="", out=folder_text(out))


@command("usage.settle", effect=Effect.PROPOSE)
def settle(_session: Session, ask: UsageSettleAsk) -> UsageSettled:
    """Say what a call cost of which nobody knew how it ended; the vendor's bill or log knows."""
    cost = dollars_of(ask.cost)
    if not (meter_folder() / "calls.db").exists():
        raise ExosuitError("no-such-call", f"the ledger has no call {ask.call!r}", "exosuit usage show lists them")
    with Meter.open() as meter:
        meter.reconcile(ask.call, Tokens(input=ask.input, output=ask.output), cost)
    return UsageSettled(call=ask.call, cost=plain_dollars(cost))


@contextmanager
def _ledger() -> Iterator[Database | None]:
    """The ledger to read, None if nothing was ever metered; what the dead held is found first."""
    if (meter_folder() / "calls.db").exists():
        Meter.open().close()
    found = opened(meter_folder())
    try:
        yield found
    finally:
        if found is not None:
            found.close()


def _row(one: Sum, key: list[str] | None = None) -> UsageRow:
    return UsageRow(
        key=list(one.key) if key is None else key,
        calls=one.calls,
        input=one.tokens.input,
        cached=one.tokens.cached,
        output=one.tokens.output,
        reasoning=one.tokens.reasoning,
        spent=plain_dollars(one.spent),
        lost=plain_dollars(one.lost),
        held=plain_dollars(one.held),
        unpriced=one.unpriced,
    )


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
