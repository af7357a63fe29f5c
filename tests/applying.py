"""What tests of apply share: a workspace with a state folder, a vault of files, and short ways to say trees."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from exosuit.changes.apply import Outcome, Record, Site, apply_steps, undo_steps
from exosuit.changes.disk import Disk
from exosuit.changes.entries import Entry
from exosuit.changes.threeway import Step

FILE, PROGRAM, LINK, SUBMODULE = 0o100644, 0o100755, 0o120000, 0o160000


class FolderVault:
    """Contents as files named by their hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        key = hashlib.sha256(data).hexdigest()
        (self._folder / key).write_bytes(data)
        return key

    def get(self, key: str) -> bytes:
        return (self._folder / key).read_bytes()


@dataclass
class Workplace:
    """A workspace at `tree`; `records` collects what commits report."""

    folder: Path
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tree.mkdir(parents=True, exist_ok=True)

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def site(self, disk: Disk | None = None, wait: float = 30.0) -> Site:
        vault = FolderVault(self.folder / "vault")
        return Site(self.tree, self.state, vault, self.records.append, disk or Disk(), wait)

    def apply(self, *steps: Step, disk: Disk | None = None, dry_run: bool = False) -> Outcome:
        return apply_steps(self.site(disk), steps, dry_run=dry_run)

    def undo(self, outcome: Outcome, disk: Disk | None = None) -> Outcome:
        return apply_steps(self.site(disk), undo_steps(outcome.done))

    def write(self, path: str | bytes, data: bytes, mode: int = FILE) -> None:
        target = os.path.join(os.fsencode(self.tree), os.fsencode(path))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if mode == LINK:
            os.symlink(data, target)
            return
        with open(target, "wb") as file:
            file.write(data)
        os.chmod(target, 0o755 if mode == PROGRAM else 0o644)

    def read(self, path: str | bytes) -> bytes:
        with open(os.path.join(os.fsencode(self.tree), os.fsencode(path)), "rb") as file:
            return file.read()

    def entries(self, below: str = "") -> dict[bytes, Entry]:
        """All files and links of the tree."""
        found = {}
        top = os.fsencode(self.tree)
        for above, inside, names in os.walk(os.path.join(top, os.fsencode(below))):
            for name in (*inside, *names):
                full = os.path.join(above, name)
                if os.path.islink(full):
                    found[os.path.relpath(full, top)] = Entry(LINK, os.readlink(full))
                elif os.path.isfile(full):
                    with open(full, "rb") as file:
                        data = file.read()
                    found[os.path.relpath(full, top)] = Entry(PROGRAM if os.access(full, os.X_OK) else FILE, data)
        return found

    def left_over(self) -> list[bytes]:
        """Temporary files in the tree, and open journals."""
        journal = self.state / "journal"
        names = [os.fsencode(name) for name in os.listdir(journal)] if journal.exists() else []
        return [path for path in self.entries() if b".exosuit-" in path] + names


@contextlib.contextmanager
def in_memory(tmp_path: Path) -> Iterator[Workplace]:
    """A workplace where fsync costs nothing, if there is such a place: for tests that apply hundreds of times."""
    if not os.path.isdir("/dev/shm"):
        yield Workplace(tmp_path)
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="exosuit-test-") as folder:
        yield Workplace(Path(folder))


def text(*lines: bytes) -> Entry:
    return Entry(FILE, b"".join(line + b"\n" for line in lines))


def numbered(count: int = 20, replaced: Iterable[int] = (), word: bytes = b"new") -> Entry:
    """A file of numbered lines, some of which say something else."""
    replaced = set(replaced)
    return text(*(b"%s %d" % (word if number in replaced else b"line", number) for number in range(count)))


def python(code: str, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=timeout)
