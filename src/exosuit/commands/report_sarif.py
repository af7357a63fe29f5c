"""A report as SARIF 2.1.0 (OASIS 2020), for hosts that show findings beside the lines.

Only what asks for a person is in it: evidence that is against, differs, or leaves something unknown. Proofs and support
are not findings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from exosuit import __version__
from exosuit.commands.report_facts import Report
from exosuit.verify.evidence.model import Evidence, Lines

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"against": "error", "differs": "warning", "unknown": "note"}


def sarif(report: Report) -> str:
    """The report as SARIF, ASCII only."""
    found = [one for one in report.evidence if one.strength in LEVELS]
    kinds = sorted({one.kind for one in found})
    results = [_result(report, one, kinds.index(one.kind)) for one in found]
    return document([_rule(kind) for kind in kinds], results, report.change.id)


def document(rules: list[dict[str, Any]], results: list[dict[str, Any]], name: str) -> str:
    """A log of one run."""
    run = {
        "tool": {"driver": {"name": "Exosuit", "version": __version__, "rules": rules}},
        "automationDetails": {"id": f"exosuit/{name}"},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def message(text: str) -> str:
    """A text from outside as the text of a message: no placeholder and no link in it (3.11.5 and 3.11.6)."""
    seen = text.encode("utf-8", "backslashreplace").decode("utf-8")
    plain = seen.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return plain.replace("{", "{{").replace("}", "}}") or "(nothing)"


def _rule(kind: str) -> dict[str, Any]:
    return {"id": _rule_id(kind), "name": kind.title().replace(" ", ""), "shortDescription": {"text": message(kind)}}


def _rule_id(kind: str) -> str:
    return "exosuit/" + kind.replace(" ", "-")


def _result(report: Report, one: Evidence, rule: int) -> dict[str, Any]:
    said = f"{one.title} {one.detail}".strip()
    return {
        "ruleId": _rule_id(one.kind),
        "ruleIndex": rule,
        "level": LEVELS[one.strength],
        "message": {"text": message(said)},
        "locations": [_location(at) for at in _places(report, one)],
        "partialFingerprints": {"exosuit/v1": one.id},
        "properties": {"strength": one.strength, "settledBy": list(one.settled_by), "reproduce": one.reproduce},
    }


def _places(report: Report, one: Evidence) -> Iterable[Lines]:
    """Lines of the head that it names; else the files of its atoms, since lines of the base are nowhere to be shown."""
    head = [at for at in one.lines if at.side == "head"]
    if head:
        return head[:1]
    paths = [report.change.file_of(first).path for first, _end in one.atoms[:1]]
    return [Lines(path, "head", 1, 1) for path in paths]


def _location(at: Lines) -> dict[str, Any]:
    place = {"uri": quote(at.path), "uriBaseId": "%SRCROOT%"}
    region = {"startLine": max(1, at.first), "endLine": max(1, at.first, at.last)}
    return {"physicalLocation": {"artifactLocation": place, "region": region}}
