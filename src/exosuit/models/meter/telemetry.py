"""Calls as OpenTelemetry spans, in the file format of OTLP: one line of JSON, one export request.

Attribute names are those of the GenAI conventions (opentelemetry.io/docs/specs/semconv/gen-ai); what they have no name
for is under `exosuit.`. A collector reads such files with its `otlpjsonfile` receiver. No contents are in them: the
ledger has none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from exosuit.models.meter.usage import plain_dollars

CLIENT = 3
"""The kind of a span that calls out."""
OK, ERROR = 1, 2
BATCH = 500
"""Spans in a line."""
GOOD = frozenset({"", "done"})


def as_otlp(rows: Iterator[dict[str, Any]], version: str) -> Iterator[str]:
    """Lines with a batch of spans each; calls that are still on their way are left out."""
    ended = (row for row in rows if row["ended"] is not None and row["state"] != "released")
    while batch := list(islice(ended, BATCH)):
        scope = {"scope": {"name": "exosuit.meter", "version": version}, "spans": [span(row) for row in batch]}
        resource = {"attributes": attributes({"service.name": "exosuit", "service.version": version})}
        request = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}
        yield json.dumps(request, separators=(",", ":"), ensure_ascii=False)


def span(row: dict[str, Any]) -> dict[str, Any]:
    """One call. Its trace is made from its run, or else from what was asked for: calls of a run are together."""
    good = row["outcome"] in GOOD
    told = {
        "gen_ai.operation.name": row["operation"],
        "gen_ai.provider.name": row["provider"] or row["supply"],
        "gen_ai.request.model": row["model"],
        "gen_ai.usage.input_tokens": row["input"],
        "gen_ai.usage.cache_read.input_tokens": row["cached"],
        "gen_ai.usage.cache_creation.input_tokens": row["written"],
        "gen_ai.usage.output_tokens": row["output"],
        "gen_ai.usage.reasoning.output_tokens": row["reasoning"],
        "error.type": "" if good else row["outcome"],
        "exosuit.cost.usd": plain_dollars(row["cost"]),
        "exosuit.cost.known": row["state"] == "settled" and row["price"] != "unknown",
        "exosuit.price": row["price"],
    }
    told |= {f"exosuit.{name}": row[name] for name in ("app", "run", "change", "route", "supply", "call", "state")}
    if row["first"] is not None:
        told["exosuit.seconds_to_first_token"] = (row["first"] - row["began"]).total_seconds()
    return {
        "traceId": digest(row["run"] or row["call"], 32),
        "spanId": digest(row["id"], 16),
        "name": f"{row['operation']} {row['model']}".strip(),
        "kind": CLIENT,
        "startTimeUnixNano": nanoseconds(row["began"]),
        "endTimeUnixNano": nanoseconds(row["ended"]),
        "attributes": attributes(told),
        "status": {"code": OK} if good else {"code": ERROR, "message": row["outcome"]},
    }


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Names and values as OTLP writes them; what is empty is left out."""
    return [{"key": key, "value": _typed(value)} for key, value in values.items() if value != ""]


def digest(text: str, digits: int) -> str:
    """An id in hexadecimal digits that is always the same for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def nanoseconds(moment: datetime) -> str:
    """Since 1970; a string, as 64-bit numbers are in the JSON of protocol buffers."""
    return str(int(moment.timestamp() * 1000) * 1_000_000)


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": str(value)}
