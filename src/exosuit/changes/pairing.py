"""Which removed line became which added line: the alignment inside a run of differing lines.

A maximal-weight monotone alignment (Needleman–Wunsch without gap cost) over the normalised indel similarity of the
stripped lines; what is less alike than `ALIKE` stays apart. Large runs are aligned only along the diagonal, so that the
cost per changed line is bounded.
"""

from __future__ import annotations

from rapidfuzz.fuzz import ratio

ALIKE = 60.0
"""Lines less similar than this (percent) are not edits of each other."""

CELLS = 1600
"""Runs with more (removed × added) lines than this are aligned by position only."""

LONGEST = 2000
"""Longer lines (bytes) are compared by their beginning."""

Pairs = tuple[tuple[int, int], ...]


def pair_lines(old: list[bytes], new: list[bytes]) -> Pairs:
    """Pairs (index in `old`, index in `new`), both rising, of lines that are edits of each other."""
    if len(old) == 1 and len(new) == 1:  # alike or not, one line gave way to one line
        return ((0, 0),) if bool(old[0].strip()) == bool(new[0].strip()) else ()
    olds = [line.strip()[:LONGEST] for line in old]
    news = [line.strip()[:LONGEST] for line in new]
    if len(old) * len(new) > CELLS:
        return tuple((i, i) for i, (a, b) in enumerate(zip(olds, news, strict=False)) if _alike(a, b))
    return _align([[_alike(a, b) for b in news] for a in olds])


def _alike(a: bytes, b: bytes) -> float:
    """Similarity in percent, 0 below the threshold; empty lines pair with nothing but themselves."""
    if not a or not b:
        return ALIKE if a == b else 0.0
    return ratio(a, b, score_cutoff=ALIKE)


def _align(weights: list[list[float]]) -> Pairs:
    """The monotone set of cells with the largest sum; on ties the earliest pairs win."""
    rows, columns = len(weights), len(weights[0])
    if not any(map(any, weights)):
        return ()
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        row, below, here = weights[i], best[i + 1], best[i]
        for j in range(columns - 1, -1, -1):
            keep = below[j + 1] + row[j] if row[j] else 0.0
            skip = below[j] if below[j] > here[j + 1] else here[j + 1]
            here[j] = keep if keep >= skip else skip
    pairs = []
    i = j = 0
    while i < rows and j < columns:
        weight = weights[i][j]
        if weight and best[i][j] == best[i + 1][j + 1] + weight:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return tuple(pairs)
