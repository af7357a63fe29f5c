"""What is to be run, under which limits, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Hit = Literal["", "time", "cpu", "memory", "processes", "output", "disk", "stopped"]
"""Which limit ended a run; empty: none did."""

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True)
class Limits:
    """What a run may use before it is ended.

    `seconds` of wall time; `cpu` seconds of all its processes together; `memory` bytes resident in all of them (and of
    data in any one); `processes` counts threads too; `output` bytes on standard output and error, of which the first
    and last `kept` are kept; `file` bytes in one file; `disk` bytes and `files` in everything it writes; `returned`
    bytes of what it leaves in its out folder.
    """

    seconds: float = 600.0
    cpu: float = 3600.0
    memory: int = 4 * GIB
    processes: int = 512
    output: int = 256 * MIB
    kept: int = 256 * KIB
    file: int = 1 * GIB
    disk: int = 2 * GIB
    files: int = 200_000
    returned: int = 64 * MIB


@dataclass(frozen=True)
class Job:
    """One command on one tree.

    `tree` is never written: the command sees a private copy of it at `at`, which is its folder too (where the machine
    cannot mount, the copy stands elsewhere; `EXOSUIT_TREE` names it in any case). `readable` are folders and files of
    the machine that it may read beside the system's own (an interpreter, an environment), at the same path. `env` is
    its whole environment but for HOME, TMPDIR, LANG and the like. What it writes as files into the folder that
    `EXOSUIT_OUT` names comes back in the outcome.
    """

    command: tuple[str, ...]
    tree: Path
    at: Path = Path("/tree")
    env: Mapping[str, str] = field(default_factory=dict)
    readable: tuple[Path, ...] = ()
    network: bool = False
    limits: Limits = Limits()


@dataclass(frozen=True)
class Outcome:
    """How a run went.

    `code` is the exit code, or minus the number of the signal that ended it. `output` is standard output and error as
    they came, with `cut` bytes left out of the middle. `memory` is the peak of all processes together, in bytes, as
    sampled. `files` are those left in the out folder; `dropped` names what was there and not taken: links, folders,
    what was too large.
    """

    code: int
    hit: Hit
    output: bytes
    cut: int
    seconds: float
    cpu: float
    memory: int
    files: Mapping[str, bytes]
    dropped: tuple[str, ...]
    backend: str

    @property
    def ok(self) -> bool:
        return self.code == 0 and not self.hit
