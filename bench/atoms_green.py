"""Whether increments keep real test suites green: prefixes and random closed sets, before and after learning.

    bench/atoms-green [--prefixes N] [--subsets N] [--learn RUNS] [--quiet N] [--seed N] [--jobs N] [--only WORD …]
                      [--folder DIR] [--mirrors DIR] [--history PACKAGE=PATH=OLD..NEW …] [--no-releases]

Changes are consecutive releases, fetched by pip, and squashed ranges of histories: those of `HISTORIES` for which there
is a clone in `--mirrors` (a folder `name` or `owner+name/repo`), and others that are given. What is asked of a set:
each test that passes on both ends passes. Sets that are measured after learning are drawn anew: none was learned from.
Baselines in the same run: files in their order, random sets of files, and the commits of a range.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from bench.atoms_green_cases import HISTORIES, RELEASES, Case, git, of_history, of_releases
from bench.laws_releases import cache
from exosuit.changes.decisions import Range
from exosuit.changes.sources import Revisions
from exosuit.changes.workspace import Workspace
from exosuit.core.errors import ExosuitError
from exosuit.verify.checks.check import Check
from exosuit.verify.checks.checker import Checker
from exosuit.verify.increments.closure import Closure
from exosuit.verify.increments.increments import edges, price
from exosuit.verify.increments.learn import learn
from exosuit.verify.increments.model import Increment
from exosuit.verify.increments.order import condensed
from exosuit.verify.plan.reading import Reading
from exosuit.verify.standing import Demand, Standing, demanded, is_met

TIMEOUT = 120.0
STEADY = 2
"""Runs on each end: a test must pass in all of them, for nothing is run again in between."""
AIM_SHARE, AIM_GREEN = 0.30, 0.95


@dataclass
class Marks:
    """How many of some sets were green, red, or could not be judged."""

    green: int = 0
    red: int = 0
    unknown: int = 0

    def add(self, verdict: bool | None) -> None:
        self.green += verdict is True
        self.red += verdict is False
        self.unknown += verdict is None

    @property
    def all_green(self) -> bool:
        return not self.red and self.green > 0

    def __str__(self) -> str:
        return f"{self.green}/{self.green + self.red}" + (f"?{self.unknown}" if self.unknown else "")


@dataclass
class Row:
    """One change, measured."""

    name: str
    lines: int
    tests: int
    seconds: float
    pieces: int
    share: float
    before: tuple[Marks, Marks]
    runs: int
    learned: int
    pieces_after: int
    share_after: float
    after: tuple[Marks, Marks]
    files: tuple[Marks, Marks]
    commits: Marks = field(default_factory=Marks)


def made_and_measured(make: Callable[[], Case], asked: argparse.Namespace) -> Row:
    return measured(make(), asked)


def measured(case: Case, asked: argparse.Namespace) -> Row:
    """Everything about one case. Raises ExosuitError where its tests say nothing."""
    workspace = Workspace.open(case.root)
    change, _, _ = workspace.bring_in(Revisions(case.base, case.head), "bench")
    checker = replace(Checker(workspace, change.base), reruns=0)
    check = Check("pytest", ("python", "-m", "pytest", "-q", "-o", f"testpaths={' '.join(case.folders)}"), TIMEOUT)
    began = time.perf_counter()
    ends = [
        demanded(checker, change, [replace(check, timeout=TIMEOUT + again)], threading.Event())[0][0]
        for again in range(STEADY)
    ]  # another timeout is another check: nothing is answered from what is known
    standing = Standing(checker, change, (Demand(check, frozenset.intersection(*(end.tests for end in ends))),))
    if not standing.tests:
        raise ExosuitError("nothing-passes", "no test passes on both ends", "")
    seconds = (time.perf_counter() - began) / 2 / STEADY
    reading = Reading(change, workspace.shadow.blob)
    known = edges(reading)
    plain = condensed(change.atoms, known)
    dice = random.Random(asked.seed)
    before = marked(standing, plain, asked, dice)
    refuted = {*standing.refuted(reading, known)}
    known = [edge for edge in known if edge not in refuted]
    told = learn(standing.green, change.atoms, known, asked.learn, asked.prefixes, asked.quiet, standing.focused)
    after = marked(standing, told.increments, asked, random.Random(asked.seed + 1))
    files = [change.range_of(file) for file in change.files]
    by_file = sets_of(len(files), lambda chosen: [files[at] for at in sorted(chosen)], asked, dice)
    row = Row(
        case.name, change.added + change.removed, standing.tests, seconds,
        len(plain), price(reading, plain).share, before, told.runs + 2, len(told.edges),
        len(told.increments), price(reading, told.increments).share, after,
        (judged(standing, by_file[0]), judged(standing, by_file[1])),
    )  # fmt: skip
    if case.has_history:
        steps = git(case.root, "rev-list", "--reverse", "--first-parent", f"{case.base}^..{case.head}^").split()[:-1]
        for step in dice.sample(steps, min(asked.prefixes, len(steps))):
            assert workspace.repository is not None
            result = checker.check(workspace.repository.tree(step), check)
            row.commits.add(is_met(standing.demands[0], result))
    return row


def marked(
    standing: Standing, increments: Sequence[Increment], asked: argparse.Namespace, dice: random.Random
) -> tuple[Marks, Marks]:
    closure = Closure(increments)
    prefixes, subsets = sets_of(len(increments), lambda chosen: closure.atoms(sorted(closure.of(chosen))), asked, dice)
    return judged(standing, prefixes), judged(standing, subsets)


def sets_of(
    count: int, close: Callable[[Iterable[int]], list[Range]], asked: argparse.Namespace, dice: random.Random
) -> tuple[list[list[Range]], list[list[Range]]]:
    """Random prefixes and random sets of `count` pieces, as atoms."""
    lengths = sorted(dice.sample(range(1, count), min(asked.prefixes, count - 1))) if count > 1 else []
    subsets = []
    for _ in range(asked.subsets if count > 1 else 0):
        chance = dice.random()
        subsets.append(close([at for at in range(count) if dice.random() < chance]))
    return [close(range(length)) for length in lengths], subsets


def judged(standing: Standing, sets: Iterable[list[Range]]) -> Marks:
    marks = Marks()
    for one in sets:
        marks.add(standing.green(one))
    return marks


def shown(row: Row) -> str:
    cells = [
        f"{row.name:32}{row.lines:>7,}{row.tests:>7,}{row.seconds:>6.1f}",
        f"{row.pieces:>6,}{row.share:>6.2f}" + "".join(f"{marks!s:>8}" for marks in row.before),
        f"{row.runs:>5}{row.learned:>4}",
        f"{row.pieces_after:>6,}{row.share_after:>6.2f}" + "".join(f"{marks!s:>8}" for marks in row.after),
        "".join(f"{marks!s:>8}" for marks in row.files) + (f"{row.commits!s:>8}" if row.commits != Marks() else ""),
    ]
    return " |".join(cells)


HEAD = (
    f"{'change':32}{'lines':>7}{'tests':>7}{'s':>6} |"
    f"{'sets':>6}{'most':>6}{'prefix':>8}{'random':>8} |{'runs':>5}{'+':>4} |"
    f"{'sets':>6}{'most':>6}{'prefix':>8}{'random':>8} |{'prefix':>8}{'random':>8}{'commits':>8}\n"
    f"{'':52} |{'from the text alone':^28} |{'learned':^9} |{'after learning, sets anew':^28} |{'file by file':^16}"
)


def summary(rows: list[Row]) -> str:
    """How many changes hold the whole aim."""
    fine = [row for row in rows if all(marks.all_green for marks in row.after) and row.share_after <= AIM_SHARE]
    green = [row for row in rows if all(marks.all_green for marks in row.after)]
    alone = [row for row in rows if all(marks.all_green for marks in row.before)]
    plain = [row for row in rows if all(marks.all_green for marks in row.files)]
    count, median = len(rows), statistics.median(row.share_after for row in rows)
    return (
        f"\n{count} changes: all sets green on {len(alone)} from the text alone, on {len(green)} after learning "
        f"({len(green) / count:.0%}, aim {AIM_GREEN:.0%}), with no set above {AIM_SHARE:.0%} of the lines on "
        f"{len(fine)} ({len(fine) / count:.0%}); median largest {median:.2f}; file by file all green on {len(plain)}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--prefixes", type=int, default=12)
    parser.add_argument("--subsets", type=int, default=12)
    parser.add_argument("--learn", type=int, default=200, metavar="RUNS")
    parser.add_argument(
        "--quiet", type=int, default=16, help="random sets in a row that teach nothing end the learning"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--mirrors", type=Path)
    parser.add_argument("--history", nargs="*", default=[], metavar="PACKAGE=PATH=RANGE")
    parser.add_argument("--no-releases", action="store_true")
    asked = parser.parse_args(arguments)
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="exosuit-atoms-"))
    os.environ["EXOSUIT_STATE"] = str(folder / "state")
    makers: list[tuple[str, Callable[[], Case]]] = []
    for package, old, new in () if asked.no_releases else RELEASES:
        makers.append((f"{package} {old} → {new}", partial(of_releases, folder, cache(), package, old, new)))
    for package, span in HISTORIES if asked.mirrors else ():
        name = package.rstrip("2")
        clones = [path for path in (asked.mirrors / name, *asked.mirrors.glob(f"*+{name}/repo")) if path.exists()]
        makers += [(f"{package} {span}", partial(of_history, folder, package, clone, span)) for clone in clones[:1]]
    for one in asked.history:
        package, path, span = one.split("=")
        makers.append((f"{package} {span}", partial(of_history, folder, package, Path(path), span)))
    makers = [(name, make) for name, make in makers if not asked.only or any(word in name for word in asked.only)]
    print(HEAD, flush=True)
    rows = []
    with ThreadPoolExecutor(asked.jobs) as pool:
        waiting = {pool.submit(made_and_measured, make, asked): name for name, make in makers}
        for done in as_completed(waiting):
            try:
                rows.append(done.result())
                print(shown(rows[-1]), flush=True)
            except (ExosuitError, RuntimeError) as error:
                print(f"{waiting[done]:32}left out: {error}", flush=True)
    if rows:
        print(summary(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
