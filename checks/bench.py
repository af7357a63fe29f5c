"""Lists the benchmarks, or runs one: python -m checks.bench [NAME [ARGUMENT…]]."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from checks.tree import ROOT


def benchmarks(folder: Path) -> dict[str, Path]:
    """The scripts that are run by themselves, by name: those with a `__main__` part."""
    scripts = {path.stem: path for path in sorted(folder.glob("*.py"))}
    return {name: path for name, path in scripts.items() if '__name__ == "__main__"' in path.read_text("utf-8")}


def main(arguments: list[str]) -> int:
    """Print the list, or run the benchmark named first with the other arguments; its exit code."""
    found = benchmarks(ROOT / "bench")
    if not arguments:
        for name, path in found.items():
            said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
            print(f"  make bench BENCH={name:<13} {said.partition(chr(10))[0]}")
        return 0
    name, *others = arguments  # run as a module of the folder: it imports its neighbours as bench.…
    if name not in found:
        print(f"error: there is no benchmark {name!r}\nhint: one of {', '.join(found) or 'none yet'}", file=sys.stderr)
        return 2
    return subprocess.run([sys.executable, "-m", f"bench.{name}", *others], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
