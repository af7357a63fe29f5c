#!/usr/bin/env python3
"""Opens the terminal review of a change in a pseudo-terminal and answers keys, beside a plain dump of the same diff.

    python -m bench.terminal [--files N] [--lines N] [--keys N] [--size COLUMNSxLINES]

The change has N files of N changed lines each. `open` counts from when the session is there and the change imported to
when the first screen is drawn; `key` from the byte that is typed to the last byte drawn for it; the baseline writes
the output of `git diff` to the same pseudo-terminal.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from exosuit.commands.catalogue import load
from exosuit.commands.session import Session

GOALS = {"open": 300.0, "key": 30.0}
QUIET = 0.06
START = """
import sys, time
from pathlib import Path
from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.faces.terminal import review_in_terminal
load()
session = Session(Path(sys.argv[1]), "terminal")
session.workspace.change(sys.argv[2])
sys.stdout.write("READY\\n")
sys.stdout.flush()
review_in_terminal(session, sys.argv[2])
"""
MOVES = ["j", "k", "n", "p", "\x1b[6~", "\x1b[5~", "]", "[", "m", "m"]
DECISIONS = ["y", "x", "u", " ", "Y", "u"]


class Child:
    """A program in a pseudo-terminal; nothing is done with what it draws but to note when it came."""

    def __init__(self, words: list[str], size: tuple[int, int], folder: Path) -> None:
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(words[0], words, os.environ | {"TERM": "xterm-256color", "GIT_PAGER": "cat"})
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def burst(self, patience: float = 20.0, quiet: float = QUIET) -> tuple[float, bytes]:
        """When the last byte of what is written next came, and the bytes; it is over after a quiet while."""
        last, data = time.perf_counter(), b""
        while True:
            ready, _, _ = select.select([self.master], [], [], quiet if data else patience)
            if not ready:
                return last, data
            try:
                part = os.read(self.master, 1 << 16)
            except OSError:
                return last, data
            last, data = time.perf_counter(), data + part

    def until(self, words: bytes) -> float:
        """When these words had been written."""
        data = b""
        while words not in data:
            data += os.read(self.master, 1 << 16)
        return time.perf_counter()

    def cpu(self) -> float:
        """Milliseconds of processor time so far (proc(5), in ticks of the clock); 0 where there is no /proc."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.master)


def make_change(folder: Path, files: int, lines: int) -> None:
    """A repository of two commits; every third stretch of twelve lines is another in the second."""

    def git(*words: str) -> None:
        named = ["-c", "user.name=Bench", "-c", "user.email=bench@example.invalid"]
        subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True)

    def write(changed: bool) -> None:
        for number in range(files):
            text = [f"def name_{i}(value):  # {number}\n" for i in range(lines * 3 // 2)]
            new = [f"def renamed_{i}(value, more):  # {number}\n" for i in range(lines * 3 // 2)]
            body = [n if changed and i // 12 % 3 == 0 else t for i, (t, n) in enumerate(zip(text, new, strict=True))]
            (folder / f"module_{number:04}.py").write_text("".join(body))

    folder.mkdir()
    git("init", "--quiet")
    for changed in (False, True):
        write(changed)
        git("add", "--all")
        git("commit", "--quiet", "--message", "one" if not changed else "two")


def review(folder: Path, change: str, size: tuple[int, int], keys: int) -> tuple[float, dict[str, list[float]]]:
    """Milliseconds from session to first screen, of each key, and of processor time by key of either kind."""
    child = Child([sys.executable, "-c", START, str(folder), change], size, folder)
    times: dict[str, list[float]] = {"move": [], "decide": [], "cpu": []}
    try:
        start = child.until(b"READY")
        opened = 1000 * (child.burst()[0] - start)
        for kind, letters, pause in (("move", MOVES, 0.0), ("decide", DECISIONS, 0.3)):
            before = child.cpu()
            for i in range(keys):
                time.sleep(pause)
                start = time.perf_counter()
                os.write(child.master, letters[i % len(letters)].encode())
                last, data = child.burst(1.0)
                if data:
                    times[kind].append(1000 * (last - start))
            times["cpu"].append((child.cpu() - before) / keys)
    finally:
        child.end()
    return opened, times


def dump(folder: Path, size: tuple[int, int]) -> tuple[float, int]:
    """Milliseconds that `git diff` takes to write all of it, and how many bytes."""
    start = time.perf_counter()
    child = Child(["git", "diff", "--color=always", "HEAD~1", "HEAD"], size, folder)
    last, data = child.burst(quiet=0.5)
    child.end()
    return 1000 * (last - start), len(data)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--lines", type=int, default=50)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--size", default="120x40")
    given = parser.parse_args()
    columns, _, lines = given.size.partition("x")
    size = (int(columns), int(lines))
    with tempfile.TemporaryDirectory(prefix="exosuit-bench-") as place:
        os.environ["EXOSUIT_STATE"] = f"{place}/state"
        folder = Path(place) / "workspace"
        make_change(folder, given.files, given.lines)
        fields = {"revisions": "HEAD~1..HEAD"}
        change = load().dispatch("change.import", Session(folder, "bench"), fields)
        total = change.lines_added + change.lines_removed  # type: ignore[attr-defined]
        opened, times = review(folder, change.change, size, given.keys)  # type: ignore[attr-defined]
        plain, written = dump(folder, size)
    load_now = os.getloadavg()[0]
    print(f"{given.files} files, {total:,} changed lines, {given.size}, {os.cpu_count()} cores, load {load_now:.1f}")
    print(f"{'':34}{'median ms':>10}{'p95 ms':>10}{'cpu ms':>10}{'goal ms':>10}")
    print(f"{'open: session to first screen':34}{opened:10.1f}{'':20}{GOALS['open']:10.0f}")
    for kind, cpu in zip(("move", "decide"), times["cpu"], strict=True):
        values = times[kind]
        name = f"key that {kind}s ({len(values)})"
        print(
            f"{name:34}{percentile(values, 0.5):10.1f}{percentile(values, 0.95):10.1f}{cpu:10.1f}{GOALS['key']:10.0f}"
        )
    print(f"{'baseline: git diff, all of it':34}{plain:10.1f}   ({written / 1e6:.1f} MB through the terminal)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
