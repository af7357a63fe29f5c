"""Evidence that is read from base and head: its time, how many lines it flags, and what it finds of planted faults.

    python -m bench.evidence_static [--pairs N] [--cache DIR] [--show KIND] [--seeds N] [PACKAGE…]

Changes are consecutive releases of well-known packages, clean as far as anybody knows. "against" and "flagged" are
shares of the changed lines that evidence of that strength, or any but support, names. "cpu" is processor time of all
detectors for 10,000 changed lines, files and parsing included; the baseline `git diff` prints the same change. "words"
is the share of the changed lines that the regular expression of the second baseline finds.

With --seeds faults of bench/evidence_seeds.py are planted into the heads of such changes, one at a time. "told" are
those that evidence of their kind names by their lines as against or differing, "noted" those that it names at all.
The baselines see the same changes: what ruff's rules S, PT, F, T10, PLE and B newly say, and a regular expression over
the added lines, which each count wherever and as whatever they find it.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.evidence_seeds import HARD, SEEDS, Plant
from bench.laws_releases import PAIRS, cache, release
from exosuit.changes.atoms import REGULAR
from exosuit.changes.change import Change, Provenance
from exosuit.changes.diff import diff_trees
from exosuit.changes.shadow import Shadow
from exosuit.changes.sources import Folders
from exosuit.changes.workspace import Workspace
from exosuit.verify.evidence.gathering import gathered
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.plan.listing import regular_files
from exosuit.verify.plan.reading import FileReading, Reading

MORE = (
    ("boltons", "21.0.0", "23.0.0"), ("cachetools", "5.3.3", "5.4.0"), ("h11", "0.13.0", "0.14.0"),
    ("humanize", "4.6.0", "4.7.0"), ("itsdangerous", "2.1.2", "2.2.0"), ("markdown", "3.4.1", "3.4.2"),
    ("markdown", "3.4.4", "3.5"), ("marshmallow", "3.19.0", "3.20.0"), ("mistune", "2.0.5", "3.0.0"),
    ("parso", "0.8.2", "0.8.3"), ("pathspec", "0.10.3", "0.11.0"), ("pluggy", "1.0.0", "1.2.0"),
    ("pyflakes", "3.0.1", "3.1.0"), ("pyparsing", "3.0.9", "3.1.0"), ("sqlparse", "0.4.4", "0.5.0"),
    ("tabulate", "0.8.10", "0.9.0"), ("tinydb", "4.7.1", "4.8.0"), ("tomlkit", "0.11.6", "0.12.0"),
    ("toolz", "0.11.2", "0.12.0"), ("voluptuous", "0.13.1", "0.14.0"), ("wcwidth", "0.2.6", "0.2.9"),
    ("wsproto", "1.1.0", "1.2.0"),
)  # fmt: skip
"""Smaller packages, so that no one house is all that is looked at."""


def changes(pairs: list[tuple[str, str, str]], folder: Path, state: Path) -> Iterator[tuple[str, Change, Shadow]]:
    """Each pair of releases as a change."""
    os.environ["EXOSUIT_STATE"] = str(state)
    for package, old, new in pairs:
        workspace = Workspace.open(release(folder, package, new))
        change, _new, _carried = workspace.bring_in(
            Folders(release(folder, package, old), release(folder, package, new)), "bench"
        )
        yield f"{package} {old}..{new}", change, workspace.shadow
        workspace.close()


def read(change: Change, shadow: Shadow) -> Reading:
    return Reading(change, shadow.blob, lambda tree: regular_files(shadow, tree))


def lines_of(reading: Reading, evidence: list[Evidence], *strengths: str) -> int:
    """Changed lines that evidence of some strengths is about."""
    atoms = {atom for one in evidence if one.strength in strengths for atom in reading.atoms_of(one.atoms)}
    return sum(reading.file_of(atom).lines(atom - reading.file_of(atom).first) for atom in atoms)


WORDS = re.compile(
    rb"(?i)password|secret|token|api_?key|PRIVATE KEY|\beval\(|\bexec\(|os\.system|subprocess|pickle|marshal|yaml\.load"
    rb"|verify=False|requests\.|socket|urlopen|rmtree|\.execute\(|\bskip|xfail|assert True|or True|<<<<<<<|>>>>>>>"
    rb"|breakpoint\(|set_trace"
    rb"|debugger|\.only\(|curl|wget|postinstall|pull_request_target|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]"
)
"""What one would look for by hand."""


def added(file: FileReading) -> list[bytes]:
    """The lines that a file gains."""
    return [line for atom in file.text_atoms for line in file.added(atom)]


SMALL = (
    ("click", "8.1.6", "8.1.7"), ("flask", "3.0.3", "3.1.0"), ("itsdangerous", "2.1.2", "2.2.0"),
    ("tinydb", "4.7.1", "4.8.0"), ("marshmallow", "3.19.0", "3.20.0"), ("cachetools", "5.3.3", "5.4.0"),
    ("jinja2", "3.1.2", "3.1.3"), ("voluptuous", "0.13.1", "0.14.0"), ("pluggy", "1.0.0", "1.2.0"),
    ("werkzeug", "3.0.0", "3.0.1"),
)  # fmt: skip
"""Changes that faults are planted into."""


@dataclass
class Ground:
    """A change to plant in: its head as text, and how to make a change of a head that was altered."""

    change: Change
    shadow: Shadow
    files: dict[str, str]

    @classmethod
    def of(cls, change: Change, shadow: Shadow) -> Ground:
        files = {}
        for path, blob in regular_files(shadow, change.head).items():
            with suppress(UnicodeDecodeError):
                files[path.decode()] = shadow.blob(blob).decode("utf-8")
        return cls(
            change, shadow, {path: text for path, text in files.items() if "\r" not in text and "\f" not in text}
        )

    def with_head(self, altered: dict[str, str]) -> Reading:
        entries: dict[bytes, tuple[int, str] | None] = {
            path.encode(): (REGULAR, self.shadow.put(text.encode("utf-8"))) for path, text in altered.items()
        }
        head = self.shadow.replace(self.change.head, entries)
        files = tuple(diff_trees(self.shadow.git_dir, self.change.base, head))
        change = Change("seeded", "", "", self.change.base, head, Provenance("dirs", "", ""), files)
        return read(change, self.shadow)


def touched(before: str, after: str) -> tuple[set[int], set[str]]:
    """Lines (from 1) of a text that are new in it, and the lines that are gone from the other."""
    old, new = before.splitlines(), after.splitlines()
    fresh: set[int] = set()
    lost: set[str] = set()
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            fresh |= set(range(c + 1, d + 1))
            lost |= set(old[a:b])
    return fresh, lost


def names(one: Evidence, reading: Reading, ground: Ground, altered: dict[str, str]) -> bool:
    """Whether evidence names lines of a planted fault: of two copies, either."""
    base = {file.file.old_path: file for file in reading.files}
    for lines in one.lines:
        path = lines.path.decode()
        if path not in altered:
            continue
        fresh, lost = touched(ground.files.get(path, ""), altered[path])
        span = range(lines.first, lines.last + 1)
        if lines.side == "head":
            after = altered[path].split("\n")
            news = {after[at - 1].strip() for at in fresh if len(after[at - 1].strip()) > 8}
            if fresh & set(span) or news & {after[at - 1].strip() for at in span}:
                return True
        if lines.side == "base" and lines.path in base:
            texts = {base[lines.path].base_lines[at - 1].decode("utf-8", "replace").rstrip("\r\n") for at in span}
            if texts & {text for text in lost if text.strip()}:
                return True
    return False


def by_ruff(ground: Ground, altered: dict[str, str]) -> bool:
    """Whether ruff says something of the altered files that it did not say before."""
    with tempfile.TemporaryDirectory() as folder:
        said = []
        for texts in ({path: ground.files.get(path, "") for path in altered}, altered):
            found: Counter[str] = Counter()
            for path, text in texts.items():
                target = Path(folder) / path
                if path.endswith(".py"):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(text, "utf-8")
                    command = [
                        sys.executable,
                        "-m",
                        "ruff",
                        "check",
                        "--isolated",
                        "--no-cache",
                        "--select",
                        "S,PT,F,T10,PLE,B",
                        "--ignore",
                        "S101",
                        "--output-format",
                        "json",
                        str(target),
                    ]
                    done = subprocess.run(command, capture_output=True, text=True)
                    found.update(f"{one['code']} {one['message']}" for one in json.loads(done.stdout or "[]"))
            said.append(found)
    return bool(said[1] - said[0])


def planted(folder: Path, rounds: int, seed: int) -> int:
    """Plant every fault, and print how many are found, kind by kind."""
    table: dict[str, Counter[str]] = {kind: Counter() for kind in SEEDS}
    missed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="exosuit-evidence-") as state:
        grounds = [Ground.of(change, shadow) for _name, change, shadow in opened(SMALL, folder, Path(state))]
        for kind, plants in SEEDS.items():
            for name, plant in plants.items():
                for number in range(rounds):
                    told, line = trial(kind, name, plant, grounds, random.Random(f"{seed} {kind} {name} {number}"))
                    table[kind].update(told)
                    missed += [line] if line else []
    print("kind                planted  of these hard   told  noted   ruff  words")
    for kind, row in [*table.items(), ("all", sum(table.values(), Counter()))]:
        shares = "  ".join(f"{row[one] / max(1, row['planted']):5.2f}" for one in ("told", "noted", "ruff", "words"))
        print(f"{kind:<20}{row['planted']:>7} {row['hard']:>14}  {shares}")
    print("not told:", *missed, sep="\n  ")
    return 0


def opened(pairs: tuple[tuple[str, str, str], ...], folder: Path, state: Path) -> Iterator[tuple[str, Change, Shadow]]:
    """Each pair as a change, in a workspace that stays open."""
    os.environ["EXOSUIT_STATE"] = str(state)
    for package, old, new in pairs:
        workspace = Workspace.open(release(folder, package, new))
        sides = Folders(release(folder, package, old), release(folder, package, new))
        yield f"{package} {old}..{new}", workspace.bring_in(sides, "bench")[0], workspace.shadow


def trial(kind: str, name: str, plant: Plant, grounds: list[Ground], rng: random.Random) -> tuple[Counter[str], str]:
    """Plant one fault where there is a place for it, and see who finds it; and the fault, if it is not told."""
    for ground in rng.sample(grounds, len(grounds)):
        altered = None
        with suppress(IndexError, SyntaxError):
            altered = plant(ground.files, rng)
        if not altered or all(ground.files.get(path) == text for path, text in altered.items()):
            continue
        reading = ground.with_head(altered)
        strengths = {
            one.strength for one in gathered(reading) if one.kind == kind and names(one, reading, ground, altered)
        }
        fresh = [
            text.splitlines()[at - 1] for path, text in altered.items()
            for at in touched(ground.files.get(path, ""), text)[0] if at <= len(text.splitlines())
        ]  # fmt: skip
        told = bool(strengths & {"against", "differs"})
        counts = Counter(
            planted=1, hard=name in HARD, told=told, noted=bool(strengths - {"supports"}),
            ruff=by_ruff(ground, altered),
            words=any(WORDS.search(line.encode()) for line in fresh),
        )  # fmt: skip
        where = f"{kind}: {name} ({', '.join(altered)}): {', '.join(sorted(strengths)) or 'nothing'}"
        return counts, "" if told else where + (" [hard]" if name in HARD else "")
    return Counter(), f"{kind}: {name}: no place for it"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--cache", type=Path, default=cache())
    parser.add_argument("--seeds", type=int, default=0, metavar="N", help="plant every seed N times instead")
    parser.add_argument("--seed", type=int, default=1, help="of chance, for --seeds")
    parser.add_argument("--show", default="", help="print the evidence of this kind; `all` for every kind")
    options = parser.parse_args()
    if options.seeds:
        return planted(options.cache, options.seeds, options.seed)
    pairs = [one for one in (*PAIRS, *MORE) if not options.packages or one[0] in options.packages][: options.pairs]
    print(f"load {os.getloadavg()[0]:.1f}")
    print(
        "change                          lines  git s  cpu s  /10,000  first s  against  flagged  words  pieces by kind"
    )
    with tempfile.TemporaryDirectory(prefix="exosuit-evidence-") as state:
        for name, change, shadow in changes(pairs, options.cache, Path(state)):
            row(name, change, shadow, options.show)
    return 0


def row(name: str, change: Change, shadow: Shadow, show: str) -> None:
    """One change: print its figures, and what was found where that is wanted."""
    began = time.perf_counter()
    subprocess.run(
        ["git", "--git-dir", str(shadow.git_dir), "diff", change.base, change.head], check=True, capture_output=True
    )
    by_git = time.perf_counter() - began
    reading = read(change, shadow)
    began, used = time.perf_counter(), time.process_time()
    first = 0.0
    found: list[Evidence] = []
    for one in gathered(reading):
        first = first or time.perf_counter() - began
        found.append(one)
    used = time.process_time() - used
    lines = max(1, change.added + change.removed)
    against = lines_of(reading, found, "against") / lines
    flagged = lines_of(reading, found, "against", "differs", "unknown") / lines
    words = sum(
        bool(WORDS.search(line)) for file in read(change, shadow).files if file.is_readable for line in added(file)
    )
    kinds = Counter((one.kind, one.strength) for one in found)
    told = ", ".join(f"{kind} {strength} {count}" for (kind, strength), count in sorted(kinds.items()))
    print(
        f"{name:<30}{lines:>7} {by_git:>6.2f} {used:>6.2f} {used / lines * 10_000:>8.2f} {first:>8.2f}"
        f" {against:>8.3f} {flagged:>8.3f} {words / lines:>6.3f}  {told}", flush=True,
    )  # fmt: skip
    for one in found:
        if show and show in (one.kind, "all"):
            print(f"    {lines_of(reading, [one], one.strength):>5} {one.strength:<8} {one.kind}: {one.title}")


if __name__ == "__main__":
    sys.exit(main())
