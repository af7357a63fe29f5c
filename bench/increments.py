"""Increments of real ranges: how many, how large, and whether every prefix and random closed subsets still compile.

    bench/increments [--prefixes N] [--subsets N] [--seed N] [--no-growth] [PATH=RANGE…] [OLD_FOLDER::NEW_FOLDER…]

PATH is a git directory or a working tree, RANGE is `old..new`; two folders are two unpacked releases. A set is green
here if every Python file of the change compiles and every file that tree-sitter has a grammar for parses (where both
ends do), and no relative `from m import name` between its Python files finds less than at both ends; tests are not run.
`read` is how many of the files in other languages both ends of which parse. Minified files are left out. Baselines in
the same run: file by file, and the commits of the range in their order. Then growth: time at 1,000, 10,000 and 100,000
generated lines. Exits 1 if a closed set of ours is red.
"""

from __future__ import annotations

import argparse
import ast
import math
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench.increments_scripts import Script, lacking
from exosuit.changes.atoms import REGULAR
from exosuit.changes.change import Change, Provenance
from exosuit.changes.decisions import ACCEPTED, Range
from exosuit.changes.diff import diff_trees
from exosuit.changes.materialize import materialize_file
from exosuit.changes.shadow import EMPTY_TREE, Shadow
from exosuit.verify.increments.closure import Closure
from exosuit.verify.increments.increments import increments, price
from exosuit.verify.plan.grammars import grammars_of, parsed
from exosuit.verify.plan.reading import Reading

PYTHON = (b".py", b".pyi")
SKIPPED = (".map", ".min.js", ".min.mjs", ".tgz", ".umd.js")
Trees = dict[bytes, bytes]
Wanted = tuple[int, str, str]
"""A name imported by a relative import: the dots, the module, the name."""


class Judge:
    """Whether a set of atoms compiles and imports; the result for a file's bytes is kept."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._compiled: dict[tuple[bytes, bytes], bool] = {}
        self._names: dict[bytes, tuple[set[str], set[Wanted]]] = {}
        change = reading.change
        ends = [self.tree([]), self.tree([(0, change.atoms)])]
        self._broken = {path for end in ends for path, data in end.items() if not self._compiles(path, data)}
        self.others = {path for end in ends for path in end if not path.endswith(PYTHON)}
        self.read = self.others - self._broken
        self._modules = {module(path) for end in ends for path in end if path.endswith(PYTHON)}
        self._scripts: dict[tuple[bytes, bytes], Script] = {}
        self._missing = self._all_lacking(ends[0]) | self._all_lacking(ends[1])

    def tree(self, taken: Iterable[Range]) -> Trees:
        """The files of the change that can be judged, with some atoms taken."""
        states = bytearray(self._reading.change.atoms)
        for first, end in taken:
            states[first:end] = bytes([ACCEPTED]) * (end - first)
        found = {}
        for file in self._reading.files:
            if file.is_readable and (file.file.path.endswith(PYTHON) or grammars_of(file.file.path)):
                own = bytes(states[file.first : file.first + file.file.atoms])
                placed = materialize_file(file.file, file.base, file.head, own)
                if placed.data is not None:
                    found[placed.path] = placed.data
        return found

    def is_green(self, tree: Trees) -> bool:
        for path, data in tree.items():
            if path not in self._broken and not self._compiles(path, data):
                return False
        return self._all_lacking(tree) <= self._missing

    def _all_lacking(self, tree: Trees) -> set[tuple[str, str]]:
        """The same of scripts too, and of these also names that their own file does not declare."""
        return self._lacking(tree) | lacking(tree, self._scripts)

    def _compiles(self, path: bytes, data: bytes) -> bool:
        ending = path[path.rfind(b".") :]
        if (ending, data) not in self._compiled:
            fine = compiles(data) if ending in PYTHON else any(parsed(one, data) for one in grammars_of(path))
            self._compiled[ending, data] = fine
        return self._compiled[ending, data]

    def _lacking(self, tree: Trees) -> set[tuple[str, str]]:
        """(module, name) that some file imports by a relative import, and that the module in the tree does not bind."""
        bound: dict[str, set[str]] = {}
        wanted: set[tuple[str, str]] = set()
        for path, data in tree.items():
            if not path.endswith(PYTHON):
                continue
            has, wants = self._said(data)
            bound[module(path)] = has
            folder = path.decode("utf-8", "replace").split("/")[:-1]
            wanted |= {
                ("/".join([*folder[: len(folder) + 1 - level], *name.split(".")]), one) for level, name, one in wants
            }
        return {(m, name) for m, name in wanted if m in self._modules and name not in bound.get(m, set())}

    def _said(self, data: bytes) -> tuple[set[str], set[Wanted]]:
        """Names bound outside functions, and what is imported from modules at the top level."""
        if data not in self._names:
            has: set[str] = set()
            wants: set[Wanted] = set()
            if compiles(data):
                waiting: list[ast.AST] = [ast.parse(data)]
                while waiting:
                    for node in ast.iter_child_nodes(waiting.pop()):
                        _bind(node, has, wants)
                        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                            waiting.append(node)
            self._names[data] = has, wants
        return self._names[data]


def compiles(data: bytes) -> bool:
    """Whether Python can compile a module."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, "bench", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def module(path: bytes) -> str:
    """A file's module as its path without the ending."""
    return path.decode("utf-8", "replace").removesuffix(".py").removesuffix("/__init__")


def _bind(node: ast.AST, has: set[str], wants: set[Wanted]) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        has.add(node.name)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        has.add(node.id)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        has.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and node.level:
            wants.update((node.level, node.module, alias.name) for alias in node.names if alias.name != "*")


def opened(shadow: Shadow, old: str, new: str) -> Change:
    """The change between two trees that the shadow repository can see."""
    return Change("bench", "", "", old, new, Provenance("", "", "revisions"), diff_trees(shadow.git_dir, old, new))


def asked_git(git_dir: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "--git-dir", str(git_dir), *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


def green(judge: Judge, trees: Iterable[Trees]) -> tuple[int, int]:
    """How many of some trees are green, and how many there are."""
    results = [judge.is_green(tree) for tree in trees]
    return sum(results), len(results)


def lengths(count: int, wanted: int, dice: random.Random) -> list[int]:
    return list(range(1, count)) if count - 1 <= wanted else sorted(dice.sample(range(1, count), wanted))


def drawn(count: int, dice: random.Random) -> list[int]:
    share = dice.random() ** 2
    return [at for at in range(count) if dice.random() < share]


def sets_of(
    count: int, close: Callable[[Iterable[int]], list[Range]], asked: argparse.Namespace
) -> tuple[list[list[Range]], list[list[Range]]]:
    """Prefixes and random subsets of `count` pieces, as atoms."""
    dice = random.Random(asked.seed)
    prefixes = [close(range(length)) for length in lengths(count, asked.prefixes, dice)]
    return prefixes, [close(drawn(count, dice)) for _ in range(asked.subsets)]


def commits(reading: Reading, git_dir: Path, span: str, wanted: int, dice: random.Random) -> list[Trees] | None:
    """The files of the change as they were at the commits of the range; None if the old end is no ancestor."""
    old, _, new = span.partition("..")
    if subprocess.run(["git", "--git-dir", str(git_dir), "merge-base", "--is-ancestor", old, new]).returncode:
        return None
    steps = asked_git(git_dir, "rev-list", "--reverse", "--first-parent", span).split()[:-1]
    paths = {path for file in reading.files for path in (file.file.path, file.file.old_path) if path.endswith(b".py")}
    found = []
    for step in dice.sample(steps, min(wanted, len(steps))):
        listed = subprocess.run(
            ["git", "--git-dir", str(git_dir), "ls-tree", "-r", "-z", step], capture_output=True, check=True
        ).stdout
        rows = [row.partition(b"\t") for row in listed.split(b"\0") if row]
        found.append({p: reading.blob(head.split()[2].decode()) for head, _, p in rows if p in paths})
    return found


def measured(change: Change, label: str, shadow: Shadow, asked: argparse.Namespace) -> tuple[Reading, bool]:
    """One change: print its row and that of file by file; whether every closed set of ours is green."""
    started = time.perf_counter()
    found = increments(change, shadow.blob)
    seconds = time.perf_counter() - started
    reading = Reading(change, shadow.blob)
    told, judge, closure = price(reading, found), Judge(reading), Closure(found)
    ours = sets_of(len(found), lambda chosen: closure.atoms(closure.of(chosen)), asked)
    print(f"{label:24}{told.lines:>8,}{change.atoms:>8,}{told.increments:>7,}{told.share:>8.2f}", end="")
    results = [green(judge, map(judge.tree, sets)) for sets in ours]
    print(
        "".join(f"{a:>6,}/{b:<5,}" for a, b in results) + f"{seconds:>7.2f}{len(judge.read):>7,}/{len(judge.others):,}"
    )
    files = list(change.files)
    theirs = sets_of(len(files), lambda chosen: [change.range_of(files[at]) for at in chosen], asked)
    marks = [green(judge, map(judge.tree, sets)) for sets in theirs]
    largest = max(file.added + file.removed for file in files) / max(1, told.lines)
    print(f"{'  file by file':40}{len(files):>7,}{largest:>8.2f}" + "".join(f"{a:>6,}/{b:<5,}" for a, b in marks))
    sys.stdout.flush()
    return reading, all(a == b for a, b in results)


def measured_range(git_dir: Path, span: str, shadow: Shadow, asked: argparse.Namespace) -> bool:
    """A range of a history, with its commits as a third row."""
    old, new = (asked_git(git_dir, "rev-parse", f"{end}^{{tree}}") for end in span.split(".."))
    reading, fine = measured(opened(shadow, old, new), span, shadow, asked)
    steps = commits(reading, git_dir, span, asked.prefixes, random.Random(asked.seed))
    if steps is not None:
        a, b = green(Judge(reading), steps)
        print(f"{'  commit order':40}{len(steps) + 1:>7,}{'':>8}{a:>6,}/{b:<5,}")
    return fine


def measured_folders(folders: Sequence[Path], shadow: Shadow, asked: argparse.Namespace) -> bool:
    """Two unpacked releases."""
    trees = []
    for folder in folders:
        found = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(SKIPPED)]
        entries = {str(path.relative_to(folder)).encode(): (REGULAR, shadow.put(path.read_bytes())) for path in found}
        trees.append(shadow.replace(EMPTY_TREE, dict(entries)))
    return measured(opened(shadow, *trees), "", shadow, asked)[1]


def grown(lines: int) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Two sides with about so many changed lines between them: functions edited, added, renamed with their calls."""
    old: dict[str, bytes] = {}
    new: dict[str, bytes] = {}
    for number in range(max(1, lines // 100)):
        before, after = [f"from module_{max(0, number - 1)} import call_0"], []
        after.append(before[0] + ", fresh_0" if number else before[0])
        for i in range(40):
            head = [f"def call_{i}(first, second):", f"    total = first * {i}"]
            before += [*head, f"    kept = second + {number}", f"    return total + kept + {i}", ""]
            if i % 2:
                head.append(f"    wider_{number}_{i} = total - second")
                after += [*head, f"    kept = second - {number}", f"    return wider_{number}_{i} + kept", ""]
            else:
                after += [*head, f"    kept = second + {number}", f"    return total + kept + {i}", ""]
        after += ["def fresh_0():", f"    return call_{number % 40}({number}, 2)", ""]
        old[f"module_{number}.py"], new[f"module_{number}.py"] = (
            "\n".join(side).encode() + b"\n" for side in (before, after)
        )
    return old, new


def growth(shadow: Shadow) -> None:
    """Time by size, and the time per line × log(lines) against that of the first size."""
    print(f"\n{'generated':>12}{'lines':>9}{'increments':>12}{'s':>8}{'per n log n':>13}")
    first = 0.0
    for size in (1_000, 10_000, 100_000):
        sides = []
        for side in grown(size):
            entries = {name.encode(): (0o100644, shadow.put(data)) for name, data in side.items()}
            sides.append(shadow.replace(EMPTY_TREE, dict(entries)))
        change = opened(shadow, *sides)
        started = time.perf_counter()
        found = increments(change, shadow.blob)
        seconds = time.perf_counter() - started
        lines = change.added + change.removed
        each = seconds / (lines * math.log2(lines))
        first = first or each
        print(f"{size:>12,}{lines:>9,}{len(found):>12,}{seconds:>8.2f}{each / first:>12.2f}×", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("ranges", nargs="*", metavar="PATH=RANGE | OLD::NEW")
    parser.add_argument("--prefixes", type=int, default=200)
    parser.add_argument("--subsets", type=int, default=59)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-growth", action="store_true")
    asked = parser.parse_args(arguments)
    fine = True
    with tempfile.TemporaryDirectory(prefix="exosuit-increments-") as scratch:
        if asked.ranges:
            print(
                f"{'range':24}{'lines':>8}{'atoms':>8}{'pieces':>7}{'largest':>8}{'prefixes':>12}{'subsets':>11}{'s':>7}{'read':>9}"
            )
        for number, one in enumerate(asked.ranges):
            shadow = Shadow(Path(scratch) / f"{number}.git")
            if "::" in one:
                folders = [Path(folder) for folder in one.split("::")]
                print(" → ".join(folder.name for folder in folders))
                fine &= measured_folders(folders, shadow, asked)
                continue
            path, _, span = one.rpartition("=")
            git_dir = Path(path) / ".git" if (Path(path) / ".git").exists() else Path(path)
            shadow.borrow((git_dir / "objects").resolve())
            print(f"{Path(path).parent.name if git_dir.name in ('repo', '.git') else Path(path).name}")
            fine &= measured_range(git_dir, span, shadow, asked)
        if not asked.no_growth:
            growth(Shadow(Path(scratch) / "growth.git"))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
