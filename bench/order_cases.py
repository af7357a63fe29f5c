"""All cases that clones give, as pieces, by several processes; and repositories dealt into parts, forks together."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.order_pairs import Case, Pair, case_of, clone_of
from bench.order_pieces import Item, hunks_of
from exosuit.changes.git import git
from exosuit.core.errors import ExosuitError

SIZES = (1_000, 10_000)
PARTS = 5
WORKERS = 2


@dataclass(frozen=True)
class Known:
    """A case of a size, taken apart; `family` is the same for repositories that share their first commit."""

    size: int
    family: str
    case: Case
    items: list[Item]


def known_cases(clones: Path, data: Path, sizes: Sequence[int] = SIZES) -> tuple[list[Known], Counter[str]]:
    """The cases that can be used, and how many pairs cannot, by the reason."""
    pairs: list[Pair] = json.loads(data.read_text("utf-8"))
    asked = [(str(clones), pair, size) for size in sizes for pair in pairs]
    with ProcessPoolExecutor(WORKERS) as pool:
        found = list(pool.map(_one, asked, chunksize=4))
    lacking = Counter(
        f"{size:,}: {one}" for (_, _, size), one in zip(asked, found, strict=True) if isinstance(one, str)
    )
    return [one for one in found if isinstance(one, Known)], lacking


def _one(asked: tuple[str, Pair, int]) -> Known | str:
    clones, pair, size = asked
    git_dir = clone_of(Path(clones), pair["repo"])
    if git_dir is None:
        return "no clone"
    try:
        case = case_of(pair, git_dir, size)
        if isinstance(case, str):
            return case
        items = hunks_of(case)
        if not any(item.first for item in items):
            return "the defect is not in the change"
        return Known(size, family(git_dir, pair["repo"]), case, items)
    except (ExosuitError, KeyError):
        return "the clone lacks objects"


def family(git_dir: str, repo: str) -> str:
    """The first commits of a repository, so that forks are known by them; its name where they cannot be read."""
    try:
        told = git(["rev-list", "--max-parents=0", "HEAD"], env={"GIT_DIR": git_dir})
    except ExosuitError:
        return repo
    return min(told.decode("ascii").split(), default=repo)


def parted(found: Iterable[Known]) -> dict[str, int]:
    """Each family in one of `PARTS` parts; the same for the same families."""
    names = sorted({one.family for one in found})
    random.Random(1).shuffle(names)
    return {name: at % PARTS for at, name in enumerate(names)}


def folds(found: Sequence[Known]) -> Iterator[tuple[list[Known], list[Known]]]:
    """What is learnt from and what is judged, part by part."""
    part = parted(found)
    for at in range(PARTS):
        yield [one for one in found if part[one.family] != at], [one for one in found if part[one.family] == at]
