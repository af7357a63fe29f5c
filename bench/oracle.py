"""Real renames and moves, as people confirmed them: how many the plan of their commit tells.

    bench/oracle [--only WORD …] [--show] CLONE

CLONE is a clone of github.com/tsantalis/RefactoringMiner (MIT): its Python oracle names the refactorings of some 200
commits and holds their files. A rename is told if most lines that give one name for the other are in groups of an
operator (not in an `edit`), proved if all of these lines are; a move, if the line that begins the definition is in such
a group where it goes and where it comes. Beside it, in the same run, `git diff --color-moved`: definitions whose first
line git shows as moved. A rename or a move may be edited on the way, and often is: then no proof is to be had.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exosuit.changes.atoms import REGULAR
from exosuit.changes.change import Change, Provenance
from exosuit.changes.diff import diff_trees
from exosuit.changes.shadow import EMPTY_TREE, Shadow
from exosuit.verify.plan.listing import regular_files
from exosuit.verify.plan.model import Plan
from exosuit.verify.plan.operators.replay import FEWEST
from exosuit.verify.plan.planning import plan
from exosuit.verify.plan.reading import Reading

ORACLE = "src/test/resources/oracle"
_RENAMES = {
    "Rename Method": r"Rename Method \S+ (\w+)\(.*?\) renamed to \S+ (\w+)\(",
    "Rename Class": r"Rename Class (?:\S+\.)?(\w+) renamed to (?:\S+\.)?(\w+)",
    "Rename Attribute": r"Rename Attribute (\w+)(?: : \S+)? to (\w+)",
    "Rename Parameter": r"Rename Parameter (\w+)(?: : \S+)? to (\w+)",
    "Rename Variable": r"Rename Variable (\w+)(?: : \S+)? to (\w+)",
}
_MOVES = {
    "Move Method": r"Move Method \S+ (\w+)\(",
    "Move Class": r"Move Class \S+\.(\w+) moved to",
    "Pull Up Method": r"Pull Up Method \S+ (\w+)\(",
    "Push Down Method": r"Push Down Method \S+ (\w+)\(",
}


@dataclass(frozen=True)
class Named:
    """One confirmed refactoring: its type, and the old and the new name (of a move, one name)."""

    kind: str
    old: str
    new: str


class Commit:
    """A commit of the oracle, taken apart and planned."""

    def __init__(self, shadow: Shadow, base: dict[bytes, bytes], head: dict[bytes, bytes]) -> None:
        old, new = (
            shadow.replace(EMPTY_TREE, {path: (REGULAR, shadow.put(data)) for path, data in side.items()})
            for side in (base, head)
        )
        files = tuple(diff_trees(shadow.git_dir, old, new))
        change = Change("oracle", "", "", old, new, Provenance("dirs", "", ""), files)
        self.reading = Reading(change, shadow.blob)
        self.plan: Plan = plan(change, shadow.blob, lambda tree: regular_files(shadow, tree))
        kinds, proved = bytearray(change.atoms), bytearray(change.atoms)
        for group in self.plan.groups:
            known = bool(group.proofs) or group.kind not in ("edit", "new tests", "removal")
            for atom in self.reading.atoms_of(group.atoms):
                kinds[atom] = known
            for proof in group.proofs:
                for atom in self.reading.atoms_of(proof.atoms):
                    proved[atom] = 1
        self._kinds, self._proved = kinds, proved
        self._moved = moved_by_git(base, head)

    def told(self, one: Named) -> tuple[bool, bool, bool, bool] | None:
        """Whether a refactoring is told, proved, shown by git, and of `FEWEST` lines; None if no line shows it."""
        atoms = list(self._atoms(one))
        if not atoms:
            return None
        known = sum(self._kinds[atom] for atom in atoms) / len(atoms)
        shown = one.kind in _MOVES and one.old in self._moved
        least = 0.999 if one.kind in _MOVES else 0.5
        return known > least, all(self._proved[atom] for atom in atoms), shown, len(atoms) >= FEWEST

    def _atoms(self, one: Named) -> Iterator[int]:
        """The lines that show it: of a rename, pairs in which one name gives way; of a move, the beginnings."""
        old, new = (re.compile(rb"(?<!\w)%s(?!\w)" % name.encode()) for name in (one.old, one.new))
        begins = re.compile(rb"\s*(?:async\s+)?(?:def|class)\s+%s\b" % one.old.encode())
        for file in self.reading.files:
            for atom in file.text_atoms:
                gone, came = b"".join(file.removed(atom)), b"".join(file.added(atom))
                if one.kind in _MOVES:
                    shows = bool(begins.match(gone) or begins.match(came))
                else:
                    shows = bool(old.search(gone) and new.search(came) and not old.search(came))
                if shows:
                    yield file.first + atom


def moved_by_git(base: dict[bytes, bytes], head: dict[bytes, bytes]) -> set[str]:
    """Names of definitions whose first line `git diff --color-moved` shows as moved on both sides."""
    with tempfile.TemporaryDirectory() as scratch:
        for side, files in (("a", base), ("b", head)):
            for path, data in files.items():
                target = Path(scratch) / side / path.decode()
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            (Path(scratch) / side).mkdir(exist_ok=True)
        colours = ["-c", "color.diff.oldMoved=blue", "-c", "color.diff.newMoved=blue"]
        words = "diff --no-index -w -M -C --color=always --color-moved=plain a b".split()
        printed = subprocess.run(["git", *colours, *words], cwd=scratch, capture_output=True, check=False).stdout
    found: list[set[str]] = [set(), set()]
    for line in printed.decode("utf-8", "replace").splitlines():
        match = re.match(r"\x1b\[34m([-+])(?:\x1b\[m\x1b\[34m)?\s*(?:async\s+)?(?:def|class)\s+(\w+)", line)
        if match:
            found[match[1] == "+"].add(match[2])
    return found[0] & found[1]


def named(refactorings: Sequence[dict[str, Any]]) -> Iterator[Named]:
    """The confirmed renames and moves among the refactorings of a commit."""
    for told in refactorings:
        kind = told["type"]
        pattern = {**_RENAMES, **_MOVES}.get(kind)
        if pattern is None or told.get("validation") == "FP":
            continue
        match = re.match(pattern, told["description"])
        if match and match[1] != "__module__":
            yield Named(kind, match[1], match[match.lastindex or 1])


class Oracle:
    """The oracle in a clone, read without a working tree."""

    def __init__(self, clone: Path) -> None:
        self._git = ["git", "-C", str(clone)]
        self.commits = json.loads(self._show(f"{ORACLE}/python-dataset/data.json"))

    def sides(self, commit: dict[str, Any]) -> tuple[dict[bytes, bytes], dict[bytes, bytes]] | None:
        """The Python files of a commit before and after; None where the clone does not hold them."""
        name = commit["repository"].rpartition("/")[2].removesuffix(".git")
        try:
            told = json.loads(self._show(f"{ORACLE}/commits/{name}-{commit['sha1']}.json"))
            ends = ((told["parentCommitId"], told["filesBefore"]), (commit["sha1"], told["filesCurrent"]))
            base, head = (
                {path.encode(): self._show(f"{ORACLE}/commits/{name}-{sha}/{path}") for path in files}
                for sha, files in ends
            )
        except (subprocess.CalledProcessError, ValueError, KeyError):
            return None
        return base, head

    def _show(self, path: str) -> bytes:
        return subprocess.run([*self._git, "show", f"HEAD:{path}"], capture_output=True, check=True).stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--show", action="store_true", help="name what is not told")
    asked = parser.parse_args()
    oracle = Oracle(asked.clone)
    table: dict[str, Counter[str]] = {kind: Counter() for kind in (*_RENAMES, *_MOVES)}
    commits = absent = 0
    for commit in oracle.commits:
        wanted = set(named(commit["refactorings"]))
        if not wanted or (asked.only and not any(word in commit["url"] for word in asked.only)):
            continue
        sides = oracle.sides(commit)
        if sides is None:
            absent += 1
            continue
        commits += 1
        with tempfile.TemporaryDirectory() as scratch:
            planned = Commit(Shadow(Path(scratch) / "shadow.git"), *sides)
            for one in sorted(wanted, key=str):
                told = planned.told(one)
                if told is None:
                    table[one.kind]["without a line"] += 1
                    continue
                *answers, many = told
                words = ["all", *(w for w, on in zip(("told", "proved", "git"), answers, strict=True) if on)]
                table[one.kind].update(words)
                if many:
                    table[one.kind].update(f"many {word}" for word in words)
                if asked.show and not told[0]:
                    print(f"  not told: {one.kind} {one.old} {one.new}  {commit['url']}", flush=True)
    report(table, commits, absent)
    return 0


def report(table: dict[str, Counter[str]], commits: int, absent: int) -> None:
    print(f"{commits} commits" + (f", {absent} whose files the clone does not hold" if absent else ""))
    columns = f"{'confirmed':>10}{'told':>7}{'proved':>8}{'git':>6}{'share told':>12}"
    print(f"{'':20}{columns} |{columns}\n{'':20}{'':43} |   of these, shown by at least {FEWEST} lines")
    total: Counter[str] = Counter()
    for kind, found in table.items():
        total += found
        row(kind, found)
    row("all", total)
    print(f"left out: {total['without a line']} that no changed line shows")


def row(name: str, found: Counter[str]) -> None:
    cells = []
    for before in ("", "many "):
        all_, told, proved, git = (found[before + word] for word in ("all", "told", "proved", "git"))
        cells.append(f"{all_:>10}{told:>7}{proved:>8}{git:>6}{told / all_ if all_ else 0.0:>12.2f}")
    print(f"{name:20}" + " |".join(cells))


if __name__ == "__main__":
    sys.exit(main())
