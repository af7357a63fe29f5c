"""What is seen of a piece of a change that may tell how likely it is to be wrong. Pure; linear in the piece's lines.

A *piece* is what one hunk has in one group. Every feature is a number near 0 to 10; none looks at names of people, at
anything after the base, or at a file as a whole but for its size and its past.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log1p

from exosuit.verify.order.history import Past
from exosuit.verify.plan.places import is_generated, is_locked, is_prose, is_test, is_vendored

Features = Mapping[str, float]

NAMES: dict[str, tuple[str, str]] = {
    "lines": ("a large piece", "a small piece"),
    "code": ("much code", "little code"),
    "branches": ("branches and loops", "hardly any branches"),
    "calls": ("many calls", "few calls"),
    "returns": ("returns and raises", "hardly any returns"),
    "handlers": ("error handling", "no error handling"),
    "logic": ("comparisons and boolean logic", "hardly any logic"),
    "indexing": ("indices and keys", "no indices or keys"),
    "numbers": ("numbers in the code", "hardly any numbers"),
    "assigns": ("assignments", "few assignments"),
    "outside": ("files, processes, network or text encodings", "nothing outside the program"),
    "definitions": ("definitions", "no definitions"),
    "imports": ("imports", "no imports"),
    "comments": ("comments", "few comments"),
    "literal": ("data or text", "little data or text"),
    "blank": ("blank lines", "few blank lines"),
    "depth": ("deeply nested", "hardly nested"),
    "long": ("long lines", "short lines"),
    "edit": ("existing lines rewritten", "nothing rewritten"),
    "removal": ("lines only removed", "not only removed"),
    "new file": ("a new file", "an existing file"),
    "gone": ("a file that goes", "a file that stays"),
    "moved": ("a file with a new name", "a file that keeps its name"),
    "python": ("Python", "no Python"),
    "other code": ("code of another language than Python", "no other language"),
    "test": ("a test", "not a test"),
    "prose": ("prose", "not prose"),
    "data": ("data or settings", "not data"),
    "machine made": ("generated, vendored or locked", "written by hand"),
    "aside": ("examples, documents or tools", "not beside the program"),
    "setup": ("packaging or start-up of a package", "not packaging"),
    "file churn": ("much of its file changes", "little of its file changes"),
    "file pieces": ("its file changes in many places", "its file changes in few places"),
    "file size": ("a large file", "a small file"),
    "busy": ("a file that changes often", "a file that rarely changed"),
    "fixed": ("a file that was mended often", "a file that was rarely mended"),
    "fix share": ("past changes of its file were mostly fixes", "few past changes of its file were fixes"),
    "authors": ("many people have changed its file", "few people have changed its file"),
    "recent": ("a file that changed lately", "a file that has not changed lately"),
}
"""Every feature with the words for it in a reason: where there is more of it than elsewhere, and where less."""

UNSAID = (
    "machine made", "test", "python", "prose", "other code", "data", "aside", "setup", "gone", "moved", "removal"
)  # fmt: skip
"""Features whose absence is no reason: what a file is not is told by what it is."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines that a hunk removes and adds, and what is known of its file.

    `status` is git's letter; `churn` counts the lines of the file that change, `pieces` its hunks, `size` the lines of
    its head (of its base where it goes); `past` is None for a file without any.
    """

    path: bytes
    status: str
    removed: Sequence[bytes]
    added: Sequence[bytes]
    churn: int
    pieces: int
    size: int
    past: Past | None = None

    @property
    def lines(self) -> int:
        return len(self.removed) + len(self.added)


LOOKED_AT = 1_000
"""Bytes of a line that are looked at: a line of code has no more, one that a program wrote may have a million."""

_CODE = re.compile(
    rb"\.(?:c|cc|cpp|cxx|h|hpp|java|js|jsx|ts|tsx|go|rs|rb|php|pl|pm|sh|bash|lua|cs|kt|swift|scala|m|r|jl|el|vue|sql)$",
    re.IGNORECASE,
)
_DATA = re.compile(
    rb"\.(?:jsonl?|ya?ml|toml|ini|cfg|conf|xml|csv|tsv|html?|css|scss|less|svg|lock|in|ui|qrc|spec|ipynb|sls|template)$",
    re.IGNORECASE,
)
_ASIDE = re.compile(rb"(?:^|/)(?:examples?|docs?|doc-src|demos?|contrib|tools?|scripts?|bench(?:marks)?|samples?)/")
_SETUP = re.compile(
    rb"(?:^|/)(?:setup\.py|setup\.cfg|pyproject\.toml|_?version\.py|__about__\.py|conf\.py|__init__\.py)$"
)
_BRANCH = re.compile(rb"\b(?:if|elif|else|for|while|switch|case|match|with)\b")
_CALL = re.compile(rb"\w\(")
_RETURN = re.compile(rb"\b(?:return|raise|throw|yield|break|continue)\b")
_HANDLER = re.compile(rb"\b(?:try|except|finally|catch|assert)\b")
_LOGIC = re.compile(rb"\b(?:and|or|not|is|in|None|null|True|False)\b|[=!<>]=|[<>](?!=)|&&|\|\|")
_INDEX = re.compile(rb"[\w)\]]\[")
_NUMBER = re.compile(rb"(?<![\w.])\d+")
_ASSIGN = re.compile(rb"[^=!<>]=(?!=)")
_OUTSIDE = re.compile(
    rb"\b(?:open|read|write|subprocess|Popen|system|socket|urlopen|requests?|connect|execute|encode|decode|bytes"
    rb"|unicode|str|path|os|sys|thread\w*|lock|json|loads?|dumps?|re)\b"
)
_DEFINITION = re.compile(rb"^\s*(?:async\s+)?(?:def|class|function|func|fn)\b")
_IMPORT = re.compile(rb"^\s*(?:import|from|#include|require|use|using|package)\b")
_COMMENT = re.compile(rb"^\s*(?:#|//|/\*|\*|;|--|<!--|\"\"\"|''')")
_LITERAL = re.compile(rb"^\s*+(?:[\"'\d\[{(\]}),-]|b?[\"']|[\w\"'. -]+:\s*[\"'\d\[{])")


def features(piece: Piece) -> dict[str, float]:
    """The features of a piece; those that are 0 are left out."""
    shown = [line[:LOOKED_AT] for line in piece.added or piece.removed]
    found = {**_counts(shown), **_place(piece.path, shown), **_context(piece), **_history(piece.past)}
    found["lines"] = log1p(piece.lines)
    return {name: value for name, value in found.items() if value}


def _counts(lines: Sequence[bytes]) -> dict[str, float]:
    """What the lines look like; counts by their logarithm, shares as they are."""
    total = len(lines) or 1
    code = [line for line in lines if line.strip() and not _COMMENT.match(line)]
    text = b"".join(code)
    indents = [len(line) - len(line.lstrip()) for line in code]
    return {
        "code": log1p(len(code)),
        "branches": log1p(len(_BRANCH.findall(text))),
        "calls": log1p(len(_CALL.findall(text))),
        "returns": log1p(len(_RETURN.findall(text))),
        "handlers": log1p(len(_HANDLER.findall(text))),
        "logic": log1p(len(_LOGIC.findall(text))),
        "indexing": log1p(len(_INDEX.findall(text))),
        "numbers": log1p(len(_NUMBER.findall(text))),
        "assigns": log1p(len(_ASSIGN.findall(text))),
        "outside": log1p(len(_OUTSIDE.findall(text))),
        "definitions": log1p(sum(bool(_DEFINITION.match(line)) for line in code)),
        "imports": sum(bool(_IMPORT.match(line)) for line in code) / total,
        "comments": sum(bool(_COMMENT.match(line)) for line in lines) / total,
        "literal": sum(bool(_LITERAL.match(line)) for line in code) / total,
        "blank": sum(not line.strip() for line in lines) / total,
        "depth": min(sum(indents) / (len(indents) or 1) / 8, 5.0),
        "long": min(len(text) / (len(code) or 1) / 40, 5.0),
    }


def _place(path: bytes, lines: Sequence[bytes]) -> dict[str, float]:
    """What its path says; exactly one of test, machine made, Python, prose, other code, data, or none."""
    found: dict[str, float] = {"aside": float(bool(_ASIDE.search(path))), "setup": float(bool(_SETUP.search(path)))}
    kinds = {
        "machine made": is_vendored(path) or is_locked(path) or is_generated(path, b"".join(lines[:20])),
        "test": is_test(path),
        "python": path.endswith((b".py", b".pyx", b".pyw")),
        "prose": is_prose(path),
        "other code": bool(_CODE.search(path)),
        "data": bool(_DATA.search(path)),
    }
    for name, holds in kinds.items():
        if holds:
            return {**found, name: 1.0}
    if lines and re.match(rb"#!.*python", lines[0]):
        found["python"] = 1.0
    return found


def _context(piece: Piece) -> dict[str, float]:
    return {
        "edit": float(bool(piece.removed and piece.added)),
        "removal": float(bool(piece.removed and not piece.added)),
        "new file": float(piece.status == "A"),
        "gone": float(piece.status == "D"),
        "moved": float(piece.status == "R"),
        "file churn": log1p(piece.churn),
        "file pieces": log1p(piece.pieces),
        "file size": log1p(piece.size),
    }


def _history(past: Past | None) -> dict[str, float]:
    if past is None:
        return {}
    return {
        "busy": log1p(past.commits),
        "fixed": log1p(past.fixes),
        "fix share": past.fixes / (past.commits + 2),
        "authors": log1p(past.authors),
        "recent": 1 / (1 + past.days / 30),
    }
