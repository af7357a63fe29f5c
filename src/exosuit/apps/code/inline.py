"""Which characters of a line changed: token by token, with islands too small to mean anything washed away."""

from __future__ import annotations

import re

from rapidfuzz.distance import Indel

CELLS = 9000
"""Lines with more (old × new) tokens than this are marked between their common beginning and end only."""

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_WASHED = 2
"""An equal stretch of no more characters than this between two changes is marked too."""


def marks(old: str, new: str) -> tuple[list[int], list[int]]:
    """Flat pairs (start, end) of changed characters in the old and in the new line; none if nothing stayed plain."""
    olds, news = _TOKEN.findall(old), _TOKEN.findall(new)
    if len(olds) * len(news) > CELLS:
        return _between(old, new)
    left: list[tuple[int, int]] = []
    right: list[tuple[int, int]] = []
    old_at, new_at = _starts(olds), _starts(news)
    for step in Indel.opcodes(olds, news):
        if step.tag == "equal":
            continue
        if step.src_end > step.src_start:
            left.append((old_at[step.src_start], old_at[step.src_end]))
        if step.dest_end > step.dest_start:
            right.append((new_at[step.dest_start], new_at[step.dest_end]))
    return _flat(left, old), _flat(right, new)


def _starts(tokens: list[str]) -> list[int]:
    at, result = 0, [0]
    for token in tokens:
        at += len(token)
        result.append(at)
    return result


def _flat(found: list[tuple[int, int]], text: str) -> list[int]:
    joined: list[list[int]] = []
    for start, end in found:
        if joined and (start - joined[-1][1] <= _WASHED or not text[joined[-1][1] : start].strip()):
            joined[-1][1] = end
        else:
            joined.append([start, end])
    if joined and joined[0][0] <= len(text) - len(text.lstrip()) and joined[0][1] >= len(text.rstrip()):
        return []
    return [edge for pair in joined for edge in pair]


def _between(old: str, new: str) -> tuple[list[int], list[int]]:
    """What is left between the common beginning and the common end."""
    limit = min(len(old), len(new))
    start = next((i for i in range(limit) if old[i] != new[i]), limit)
    end = next((i for i in range(limit - start) if old[-1 - i] != new[-1 - i]), limit - start)
    left = [start, len(old) - end] if len(old) - end > start else []
    right = [start, len(new) - end] if len(new) - end > start else []
    return left, right
