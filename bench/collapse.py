"""Seeded operators on real Python code with semantic edits hidden inside: is what is proved right, and how much is?

    python -m bench.collapse FOLDER… [--trials N] [--seed N]

Each trial takes a few files of a folder, applies an operator, hides semantic edits in its files and plans the change.
"wrong" counts atoms under a proof that touch a hidden edit: any makes the exit code 1. "proved" is the share of the
operator's other lines that carry a proof, "explained" the share in any group but plain edits. The baseline is git's own
`--color-moved` and `-w` on the same changes: lines that it shows as moved or does not show.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bench.collapse_functions import functions
from bench.collapse_seeds import OPERATORS, Files, Seeded, composed, hide, parses
from exosuit.changes.shadow import Shadow
from exosuit.verify.plan.assembly import PLAIN
from tests.counterexamples.planned import Planned

WITH_OWN = ("replacement", "wrapper", "literals", "decorators", "dead code", "signature", "variables", "functions")
"""Operators that come with hidden edits of their own."""


def sources(folders: list[Path]) -> list[list[tuple[str, str]]]:
    """Python files of moderate size by folder."""
    found = []
    for folder in folders:
        files = []
        for path in sorted(folder.rglob("*.py")):
            with contextlib.suppress(UnicodeDecodeError, OSError):
                text = path.read_text("utf-8")
                usable = 400 < len(text) < 40_000 and "\r" not in text and "\f" not in text and text.endswith("\n")
                if usable and parses(text):
                    files.append((path.relative_to(folder).as_posix(), text))
        found.append(files)
    return found


def seeded(files: Files, rng: random.Random, number: int) -> Seeded:
    """One change: the operators in turn, functions and composed ones among them, with edits hidden in it."""
    kinds = [*OPERATORS, functions, composed]
    made = kinds[number % len(kinds)](files, rng)
    if made.operator not in WITH_OWN:  # a third of the trials without any: small moved blocks are else never whole
        hide(made, rng, (0, 1, 3)[number // len(kinds) % 3])
    return made


def drawn(pools: list[list[tuple[str, str]]], rng: random.Random, number: int) -> Iterator[Seeded]:
    """A trial on some files, on others if the operator finds nothing to do there."""
    for _try in range(8):
        yield seeded(dict(rng.sample(rng.choice(pools), 4)), rng, number)


def wrong(found: Planned, made: Seeded) -> list[str]:
    """Lines of hidden edits that stand under a proof."""
    hidden = []
    for atom in found.proved():
        file = found.reading.file_of(atom)
        if atom - file.first < len(file.file.opaque):
            continue
        span = file.span(atom - file.first)
        path = file.file.path.decode()
        for line in range(span.head_at, span.head_at + span.head_n):
            if (path, line) in made.hidden_head:
                hidden += [f"{path}:{line + 1}: {file.head_lines[line].decode().strip()}"]
        for line in range(span.base_at, span.base_at + span.base_n):
            if (path, line) in made.hidden_base:
                hidden += [f"{path}:-{line + 1}: {file.base_lines[line].decode().strip()}"]
    return hidden


def shares(found: Planned, made: Seeded) -> tuple[int, int, int]:
    """Lines of the operator (hidden edits left out): all, proved, explained by any group but a plain edit."""
    proved = found.proved()
    explained = {a for g in found.plan.groups if g.kind not in PLAIN for a in found.reading.atoms_of(g.atoms)}
    total = covered = folded = 0
    for atom in range(found.change.atoms):
        file = found.reading.file_of(atom)
        if atom - file.first < len(file.file.opaque):
            continue
        span = file.span(atom - file.first)
        path = file.file.path.decode()
        if any((path, line) in made.hidden_head for line in range(span.head_at, span.head_at + max(span.head_n, 1))):
            continue
        if any((path, line) in made.hidden_base for line in range(span.base_at, span.base_at + span.base_n)):
            continue
        lines = span.base_n + span.head_n
        total += lines
        covered += lines if atom in proved else 0
        folded += lines if atom in explained else 0
    return total, covered, folded


def missed(found: Planned, made: Seeded) -> int:
    """How many of the places that were left out are listed."""
    listed = set()
    for group in found.plan.groups:
        for place in group.missed:
            path = place.path.decode()
            listed.add((path, made.base[path].encode()[: place.base_start].count(b"\n")))
    return len(made.missed & listed)


def excepted(found: Planned, made: Seeded) -> int:
    """How many of the lines that were edited as well stand outside of every proof, as exceptions or edits."""
    return len(made.exceptions) - len(wrong(found, made))


def by_git(made: Seeded) -> int:
    """Lines that git leaves to read: with `-w`, moved ones told by `--color-moved` left out."""
    with tempfile.TemporaryDirectory() as folder:
        for side, files in (("a", made.base), ("b", made.head)):
            for path, text in files.items():
                target = Path(folder) / side / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
        colours = ["-c", "color.diff.oldMoved=blue", "-c", "color.diff.newMoved=blue"]
        done = subprocess.run(
            ["git", *colours, *"diff --no-index -w -M -C --color=always --color-moved=plain a b".split()],
            cwd=folder, capture_output=True, text=True,
        )  # fmt: skip
    return sum(line.startswith(("\x1b[31m-", "\x1b[32m+")) for line in done.stdout.splitlines())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--trials", type=int, default=320)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    pools = [files for files in sources(options.folders) if len(files) >= 4]
    table: dict[str, list[int]] = defaultdict(lambda: [0] * 12)
    lies: list[str] = []
    start = time.monotonic()
    for number in range(options.trials):
        rng = random.Random(f"{options.seed} {number}")
        made = next((one for one in drawn(pools, rng, number) if one.base != one.head), None)
        if made is None:
            continue
        with tempfile.TemporaryDirectory(prefix="exosuit-collapse-") as folder:
            found = Planned(Shadow(Path(folder) / "shadow.git"), made.base, made.head)
            false = wrong(found, made)
            lies += [f"{made.operator} (trial {number}) {line}" for line in false]
            figures = [
                1,
                *shares(found, made),
                len(made.hidden_head) + len(made.hidden_base),
                len(false),
                len(made.missed),
                missed(found, made),
            ]
            figures += [len(made.exceptions), excepted(found, made), by_git(made), found.plan.stats.lines]
        row = table[made.operator]
        for i, figure in enumerate(figures):
            row[i] += figure
    report(table, time.monotonic() - start)
    print("\n".join(lies))
    return 1 if lies else 0


def report(table: dict[str, list[int]], seconds: float) -> None:
    """Print one row an operator, and one for all."""
    print("operator                   trials  lines  proved  explained  hidden  wrong  missed found  kept  git leaves")
    rows = [*sorted(table.items()), ("all", [sum(column) for column in zip(*table.values(), strict=True)])]
    for name, (trials, lines, proved, explained, hidden, false, gone, seen, odd, kept, git, every) in rows:
        share = f"{proved / max(1, lines):7.3f}  {explained / max(1, lines):9.3f}"
        places = f"{seen:>6}/{gone:<6} {kept:>3}/{odd:<4}"
        print(f"{name:<27}{trials:>6}{lines:>7} {share}  {hidden:>6} {false:>6}  {places} {git / max(1, every):>9.3f}")
    print(f"{seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
