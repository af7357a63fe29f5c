"""Prose read line by line: links, headings, code blocks and names in backticks; Markdown and reStructuredText.

The signs that matter here are few, and the same in every dialect: fences, brackets, backticks, hashes. What is inside
of a fence is code and nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

_FENCE = re.compile(r"^\s{0,12}(`{3,}|~{3,})\s*(?:\{?\.?([\w+-]*))?([^`]*)$")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^\s{0,3}(?:=+|-+|~+|\^+|\"+|\++|\*+|#+)\s*$")
_ANCHOR = re.compile(
    r"<[a-zA-Z]+\s[^>]{0,200}?\b(?:id|name)\s*=\s*[\"']([^\"']{1,100})[\"']"
    r"|\{:?\s?#([\w.:-]{1,100})[^}]*\}|^\s*\.\. _([^:]{1,100}):"
)
_LINK = re.compile(r"\]\(\s*<?([^()<>\s]{1,500}(?:\([^()\s]{0,100}\))?)>?(?:\s+[\"'(][^)]{0,300})?\)")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]^]{1,100}\]:\s*<?([^\s<>]{1,500})>?")
_HTML = re.compile(r"<(?:a|img)\s[^>]{0,300}?\b(?:href|src)\s*=\s*[\"']([^\"']{1,500})[\"']")
_DIRECTIVE = re.compile(r"^\s*\.\. (?:\|[^|]+\| )?(?:include|image|figure|literalinclude)::\s+(\S{1,500})")
_CODE = re.compile(r"(`+)(.+?)\1(?!`)")


@dataclass
class Link:
    """A target as it is written, on a line from 0."""

    line: int
    target: str


@dataclass
class Block:
    """A fenced block: its language, its text, its lines from the first inside to the last."""

    language: str
    text: str
    first: int
    last: int


@dataclass
class Prose:
    """What a document holds; `names` are what stands in backticks, by line.

    `counts` says how many headings have one name; `is_generated`: a tool adds headings that are not written there.
    """

    links: list[Link] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    names: list[tuple[int, str]] = field(default_factory=list)
    is_generated: bool = False
    counts: Counter[str] = field(default_factory=Counter)


def read_prose(lines: Sequence[bytes]) -> Prose:
    """A document taken apart."""
    found = Prose()
    texts = [line.decode("utf-8", "replace").rstrip("\r\n") for line in lines]
    fence, language, began = "", "", 0
    for at, text in enumerate(texts):
        mark = _FENCE.match(text) if len(text) < 300 else None
        if fence:
            if mark and mark[1][0] == fence[0] and len(mark[1]) >= len(fence) and not (mark[2] or mark[3].strip()):
                found.blocks.append(Block(language, "\n".join(texts[began:at]) + "\n", began, at - 1))
                fence = ""
            continue
        if mark:
            fence, language, began = mark[1], (mark[2] or "").lower(), at + 1
            continue
        found.is_generated |= text.startswith((":::", ".. auto", "```{auto"))
        if len(text) < 5_000:
            _line(found, at, text, texts)
    return found


def _line(found: Prose, at: int, text: str, texts: list[str]) -> None:
    if heading := _HEADING.match(text):
        _anchor(found, heading[1])
    elif at and _UNDERLINE.match(text) and texts[at - 1].strip():
        _anchor(found, texts[at - 1].strip())
    for match in _ANCHOR.finditer(text):
        found.anchors.add((match[1] or match[2] or match[3]).strip("`").lower())
    codes = list(_CODE.finditer(text))
    found.names += [(at, match[2].strip()) for match in codes]
    bare = text
    for match in codes:
        bare = bare[: match.start()] + "." * len(match[0]) + bare[match.end() :]
    for pattern in (_LINK, _REFERENCE, _HTML, _DIRECTIVE):
        found.links += [Link(at, match[1]) for match in pattern.finditer(bare)]


def _anchor(found: Prose, heading: str) -> None:
    """Add the anchor of a heading, with a number if there is one already."""
    name = slug(heading)
    found.anchors.add(f"{name}-{found.counts[name]}" if found.counts[name] else name)
    found.counts[name] += 1


def slug(heading: str) -> str:
    """A heading as an anchor: small letters, spaces as dashes, other signs left out."""
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    plain = re.sub(r"<[^>]+>", "", plain)
    return re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")


def same_anchor(name: str) -> str:
    """An anchor without what dialects do differently: repeated dashes and underscores."""
    return re.sub(r"[-_]+", "-", name.lower()).strip("-")
