"""Runs the checks and says in one line each how they went: python -m checks [NAME…]."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from checks import bundle, changelog, dependencies, docs, licences, sizes, words
from checks.tree import ROOT


@dataclass(frozen=True)
class Outcome:
    """How a check went: what is wrong (nothing, if it passed), what is worth knowing, why it was left out."""

    problems: list[str]
    notes: list[str] = field(default_factory=list)
    left_out: str = ""


def command(*arguments: str) -> Callable[[], Outcome]:
    """A check that is a command of the virtual environment: it passes when it exits 0."""

    def check() -> Outcome:
        program = Path(sys.executable).parent / arguments[0]
        done = subprocess.run([program, *arguments[1:]], cwd=ROOT, capture_output=True, text=True)
        return Outcome((done.stdout + done.stderr).strip().splitlines() or ["no output"] if done.returncode else [])

    return check


def rule(
    problems: Callable[[Path], list[str]], notes: Callable[[Path], list[str]] | None = None
) -> Callable[[], Outcome]:
    """A check that is a function from the tree to its problems."""
    return lambda: Outcome(problems(ROOT), notes(ROOT) if notes else [])


def built() -> Outcome:
    """The bundle check: it installs packages and builds for a minute, so it runs in CI or when asked for by name."""
    if not (ROOT / "web" / "package.json").exists():
        return Outcome([], left_out="there is no web/package.json")
    if os.environ.get("CI") or "bundle" in sys.argv[1:]:
        return Outcome(bundle.problems(ROOT))
    return Outcome([], left_out="runs in CI, or by name: python -m checks bundle")


CHECKS: dict[str, Callable[[], Outcome]] = {
    "format": command("ruff", "format", "--check", "--output-format=concise", "."),
    "lint": command("ruff", "check", "--quiet", "--output-format=concise", "."),
    "types": command("mypy"),
    "layers": command("lint-imports", "--no-logo"),
    "sizes": rule(sizes.problems, sizes.notes),
    "words": rule(words.problems),
    "changelog": rule(changelog.problems),
    "dependencies": rule(dependencies.problems),
    "licences": rule(licences.problems),
    "docs": rule(docs.problems, docs.notes),
    "bundle": built,
}


def timed(check: Callable[[], Outcome]) -> tuple[Outcome, float]:
    """Run a check; its outcome and the seconds it took."""
    start = time.perf_counter()
    return check(), time.perf_counter() - start


def report(name: str, outcome: Outcome, seconds: float) -> None:
    """Print a check's line, its notes, and what is wrong."""
    state = "FAILED" if outcome.problems else "left out" if outcome.left_out else "ok"
    reason = f": {outcome.left_out}" if outcome.left_out else ""
    print(f"check {name:<13}{state}{reason} ({seconds:.1f} s)")
    for line in outcome.notes:
        print(f"    note: {line}")
    for line in outcome.problems:
        print(f"    {line}", flush=True)


def main(names: list[str]) -> int:
    """Run the checks of these names, or all, two at a time; 1 if any failed, 2 for a name that is none."""
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"error: no check named {', '.join(unknown)}\nhint: one of {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    chosen = {name: check for name, check in CHECKS.items() if not names or name in names}
    failed = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for name, (outcome, seconds) in zip(chosen, pool.map(timed, chosen.values()), strict=True):
            report(name, outcome, seconds)
            failed += [name] if outcome.problems else []
    print(f"checks failed: {', '.join(failed)}" if failed else f"{len(chosen)} checks passed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
