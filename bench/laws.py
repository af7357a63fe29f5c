#!/usr/bin/env python3
"""The laws on real changes: consecutive releases of well-known packages, taken apart and put together again.

    python -m bench.laws [--pairs N] [--subsets N] [--orders N] [--seed N] [--cache DIR] [PACKAGE…]

For each pair: base + all = head and base + none = base, byte for byte with modes and links, as files and as trees; then
random subsets, each decided in several random orders, must give the same bytes, equal to the atoms of `change show`
spliced by hand. The baseline for the count of hunks is `git diff`. Exits 1 on any failure. Needs pip's index once.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.laws_releases import PAIRS, cache, release
from exosuit.changes.atoms import FileChange, line_offsets, split_lines
from exosuit.changes.change import Change
from exosuit.changes.decisions import ACCEPTED, Range, merged
from exosuit.changes.folding import fold
from exosuit.changes.git import git
from exosuit.changes.materialize import materialize, materialize_file, sides
from exosuit.changes.selection import also
from exosuit.changes.shadow import Shadow
from exosuit.changes.sources import Folders
from exosuit.changes.workspace import Workspace
from exosuit.core.ledger import Event


@dataclass
class Trial:
    """One change with the bytes of its files at hand, and what was found wrong with it."""

    change: Change
    shadow: Shadow
    contents: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.contents = {file.number: sides(file, self.shadow) for file in self.change.files}

    def check(self, holds: bool, law: str) -> None:
        if not holds:
            self.wrong.append(law)

    def tree(self, states: bytes) -> str:
        """The tree of a subset, file by file, without the short cut that `materialize` takes for all atoms."""
        entries: dict[bytes, tuple[int, str] | None] = {}
        for file in self.change.files:
            first, end = self.change.range_of(file)
            placed = materialize_file(file, *self.contents[file.number], states[first:end])
            entries.setdefault(file.old_path, None)
            if placed.data is not None:
                entries[placed.path] = (placed.mode, self.shadow.put(placed.data))
        return self.shadow.replace(self.change.base, entries)

    def ends(self) -> None:
        """All atoms are the head, no atoms the base."""
        count = self.change.atoms
        for states, wanted, law in (
            (bytes([ACCEPTED]) * count, self.change.head, "base + all = head"),
            (bytes(count), self.change.base, "base + none = base"),
        ):
            self.check(self.tree(states) == wanted, law)
            self.check(materialize(self.change, states, [], self.shadow) == wanted, f"{law} (tree)")

    def subset(self, dice: random.Random, orders: int) -> None:
        """One random subset, decided in several orders."""
        accepted = self.drawn(dice)
        events = [("accept", piece) for piece in pieces(accepted, dice)]
        left = inverse(accepted, self.change.atoms)
        events += [("reject", piece) for piece in pieces(left, dice)]
        seen = set()
        for _ in range(orders):
            dice.shuffle(events)
            told = [Event(i, "", "", kind, "", {"atoms": piece}) for i, (kind, piece) in enumerate(events, 1)]
            states = bytes(fold(told, self.change.atoms).states)
            seen.add(materialize(self.change, states, [], self.shadow))
        self.check(len(seen) == 1, "a subset is one tree in any order")
        wanted = bytearray(self.change.atoms)
        for first, end in accepted:
            wanted[first:end] = bytes([ACCEPTED]) * (end - first)
        for file in self.change.files:
            first, end = self.change.range_of(file)
            if (
                file.is_text
                and (got := materialize_file(file, *self.contents[file.number], wanted[first:end])).data is not None
            ):
                self.check(
                    got.data == spliced(file, *self.contents[file.number], wanted[first:end]), f"splice {file.path!r}"
                )

    def drawn(self, dice: random.Random) -> list[Range]:
        """Random stretches of atoms, from single ones to whole files, with what they need."""
        share, found = dice.random(), []
        at = 0
        while at < self.change.atoms:
            end = min(at + dice.choice((1, 1, 2, 5, 20, 100)), self.change.atoms)
            if dice.random() < share:
                found.append((at, end))
            at = end
        return merged([*found, *also(self.change, found, accepting=True)])


def pieces(ranges: list[Range], dice: random.Random) -> list[list[Range]]:
    """Ranges in some sixty decisions."""
    hands: list[list[Range]] = [[] for _ in range(60)]
    for one in ranges:
        dice.choice(hands).append(one)
    return [hand for hand in hands if hand]


def inverse(ranges: list[Range], end: int) -> list[Range]:
    """What the ranges leave out of [0, end)."""
    edges = [0, *(edge for one in ranges for edge in one), end]
    return merged(zip(edges[::2], edges[1::2], strict=True))


def spliced(file: FileChange, base: bytes, head: bytes, states: bytes | bytearray) -> bytes:
    """The accepted atoms put into the base by their byte ranges, one after the other."""
    old, new = line_offsets(split_lines(base)), line_offsets(split_lines(head))
    out, at = [], 0
    for span, state in zip(file.spans, states[len(file.opaque) :], strict=True):
        if state == ACCEPTED:
            out += [base[at : old[span.base_at]], head[new[span.head_at] : new[span.head_at + span.head_n]]]
            at = old[span.base_at + span.base_n]
    return b"".join([*out, base[at:]])


def git_hunks(trial: Trial) -> int:
    """Hunks as `git diff` counts them."""
    pair = (trial.change.base, trial.change.head)
    told = git(["diff-tree", "-r", "-M", "-p", *pair], env={"GIT_DIR": str(trial.shadow.git_dir)})
    return told.count(b"\n@@ -")


def tried(old: Path, new: Path, work: Path, asked: argparse.Namespace) -> Trial:
    """Import a pair of folders and hold it against every law."""
    opened = Workspace.open(work)
    change, _, _ = opened.bring_in(Folders(old, new), "bench")
    trial = Trial(opened.change(change.id), opened.shadow)
    trial.ends()
    dice = random.Random(f"{asked.seed} {old.name}")
    for _ in range(asked.subsets):
        trial.subset(dice, asked.orders)
    return trial


def main() -> int:
    """Fetch, try, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="*", help="only pairs of these packages")
    parser.add_argument("--pairs", type=int, default=len(PAIRS))
    parser.add_argument("--subsets", type=int, default=20)
    parser.add_argument("--orders", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=cache(), help="where releases are kept (%(default)s)")
    asked = parser.parse_args()
    chosen = [pair for pair in PAIRS if not asked.packages or pair[0] in asked.packages][: asked.pairs]
    failed = 0
    print(f"{'pair':30}{'files':>7}{'lines':>9}{'atoms':>9}{'per line':>9}{'hunks':>8}{'git diff':>9}{'s':>7}  result")
    with tempfile.TemporaryDirectory(prefix="exosuit-laws-") as scratch:
        os.environ["EXOSUIT_STATE"] = f"{scratch}/state"
        for package, before, after in chosen:
            old, new = release(asked.cache, package, before), release(asked.cache, package, after)
            work = Path(scratch) / f"{package}-{after}"
            work.mkdir()
            started = time.perf_counter()
            trial = tried(old, new, work, asked)
            change, lines = trial.change, trial.change.added + trial.change.removed
            failed += bool(trial.wrong)
            print(
                f"{f'{package} {before} → {after}':30}{len(change.files):>7,}{lines:>9,}{change.atoms:>9,}"
                f"{change.atoms / max(1, lines):>9.2f}{change.hunks:>8,}{git_hunks(trial):>9,}"
                f"{time.perf_counter() - started:>7.1f}  {'; '.join(sorted(set(trial.wrong))) or 'holds'}",
                flush=True,
            )
    print(f"{len(chosen)} pairs, {asked.subsets} subsets each in {asked.orders} orders, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
