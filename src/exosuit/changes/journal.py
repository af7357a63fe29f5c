"""The write-ahead journal of an apply, and the lock that lets only one run at a time. Both live in the state folder.

One file per apply, `journal/<id>.<phase>`, JSON. A phase is a name, so going on to the next one is a rename: atomic,
and possible on a full disk.

    preparing   temporary files are being written; nothing stands in its place yet  → at the next start: removed
    prepared    all is written and synced; files are being put in place             → finished
    landed      all is in place and synced; to be recorded, then tidied             → recorded and tidied
    back        something failed; what was put in place is taken out again          → taken back
    restored    all is taken out again and synced; to be tidied                     → tidied

Contents are not in the journal but in a vault, by key; fingerprints tell at recovery what stands where.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, ValidationError

from exosuit.changes.disk import Disk
from exosuit.changes.entries import Entry, Print, digest_of
from exosuit.changes.safepath import RESERVED_PREFIX
from exosuit.changes.threeway import Step
from exosuit.core.errors import ExosuitError
from exosuit.core.progress import stop_if_asked


class Vault(Protocol):
    """Keeps contents by key. What `put` has returned a key for survives a crash; putting twice is harmless."""

    def put(self, data: bytes) -> str: ...

    def get(self, key: str) -> bytes: ...


# JSON has no bytes: each byte becomes the character of that number, so any path comes back as it was.
Path_ = Annotated[
    bytes,
    BeforeValidator(lambda value: value.encode("latin-1") if isinstance(value, str) else value),
    PlainSerializer(lambda value: value.decode("latin-1"), return_type=str),
]


@dataclass(frozen=True, slots=True)
class Ref:
    """An entry whose bytes are in the vault."""

    mode: int
    digest: str
    key: str
    permissions: int | None = None

    @property
    def print(self) -> Print:
        return Print(self.mode, self.digest)


@dataclass(frozen=True, slots=True)
class StepRef:
    """A step whose entries are in the vault."""

    path: Path_
    before: Ref | None
    after: Ref | None
    source: Path_ | None = None


@dataclass(frozen=True, slots=True)
class MoveRef:
    """At `path`, `was` becomes `then` by way of `slot`, a temporary name beside it.

    Before it has landed `then` stands in the slot, afterwards `was` does; so the slot tells which of the two it is.
    """

    path: Path_
    was: Ref | None
    then: Ref | None
    slot: Path_


@dataclass(frozen=True, slots=True)
class ConflictRef:
    """A path that the apply leaves alone, and why."""

    path: Path_
    why: str


@dataclass(frozen=True, slots=True)
class Unit:
    """Steps that land together: as asked for, as they come out on this tree, and how.

    `spare` are names of temporary files that hold nothing of the user's. Without moves there is nothing (left) to do.
    """

    asked: tuple[StepRef, ...]
    done: tuple[StepRef, ...]
    moves: tuple[MoveRef, ...]
    spare: tuple[Path_, ...] = ()
    conflicts: tuple[ConflictRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A version of the user's that could neither stay in place nor be merged: its bytes are in the vault."""

    path: Path_
    ref: Ref


@dataclass(frozen=True, slots=True)
class Record:
    """One apply. `label` is the caller's own word for it. `done` of its units is what undo inverts."""

    id: str
    label: str
    units: tuple[Unit, ...]
    made: tuple[Path_, ...] = ()
    kept: tuple[Kept, ...] = field(default=())

    @property
    def done(self) -> tuple[StepRef, ...]:
        """What stands otherwise than before, as steps."""
        return tuple(step for unit in self.units for step in unit.done)

    @property
    def conflicts(self) -> tuple[ConflictRef, ...]:
        return tuple(conflict for unit in self.units for conflict in unit.conflicts)

    def slot(self, folder: bytes, number: int) -> bytes:
        """The name of a temporary file of this apply."""
        name = RESERVED_PREFIX + b"%s-%d" % (self.id.encode(), number)
        return folder + b"/" + name if folder else name


class Phase(StrEnum):
    """How far an apply has come; see the module."""

    PREPARING = "preparing"
    PREPARED = "prepared"
    LANDED = "landed"
    BACK = "back"
    RESTORED = "restored"


_RECORD = TypeAdapter(Record)


def to_json(record: Record) -> str:
    """A record as JSON text."""
    return _RECORD.dump_json(record).decode()


def from_json(text: str | bytes) -> Record:
    """The record in JSON text; raises pydantic's ValidationError."""
    return _RECORD.validate_json(text)


def new_id() -> str:
    """A fresh journal id: 12 hex digits."""
    return secrets.token_hex(6)


class Filing:
    """Puts entries into a vault; bytes that come several times are hashed and put once."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._known: dict[int, tuple[bytes, str, str]] = {}  # by identity; holding the bytes keeps it theirs

    def ref(self, entry: Entry | None) -> Ref | None:
        """Put an entry's bytes into the vault."""
        if entry is None:
            return None
        known = self._known.get(id(entry.data))
        if known is None:
            known = (entry.data, digest_of(entry.data), self._vault.put(entry.data))
            self._known[id(entry.data)] = known
        return Ref(entry.mode, known[1], known[2], entry.permissions)

    def step(self, step: Step) -> StepRef:
        """A step with its contents put into the vault."""
        return StepRef(step.path, self.ref(step.before), self.ref(step.after), step.source)


def entry_of(ref: Ref | None, vault: Vault) -> Entry | None:
    """Take an entry out of the vault."""
    return None if ref is None else Entry(ref.mode, vault.get(ref.key), ref.permissions)


def step_of(ref: StepRef, vault: Vault) -> Step:
    """A step with its contents taken out of the vault."""
    return Step(ref.path, entry_of(ref.before, vault), entry_of(ref.after, vault), ref.source)


class Journal:
    """The journal files of one workspace. Use under `lock`."""

    def __init__(self, disk: Disk, state: Path) -> None:
        self._disk = disk
        self._folder = state / "journal"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def write(self, record: Record, phase: Phase) -> None:
        """Write a record as it is now, durably, in place of the one before."""
        name = f"{record.id}.{phase}".encode()
        fresh = f"{record.id}.new".encode()
        with self._disk.root(self._folder) as folder:
            with contextlib.suppress(FileNotFoundError):
                self._disk.remove(folder, fresh)
            file = self._disk.create(folder, fresh, 0o600)
            try:
                rest = memoryview(to_json(record).encode())
                while rest:
                    rest = rest[self._disk.write(file, rest) :]
                self._disk.sync(file)
            finally:
                os.close(file)
            self._disk.replace(folder, fresh, folder, name)
            self._disk.sync(folder)

    def mark(self, record: Record, old: Phase, new: Phase) -> None:
        """Go on to another phase, durably."""
        with self._disk.root(self._folder) as folder:
            self._disk.replace(folder, f"{record.id}.{old}".encode(), folder, f"{record.id}.{new}".encode())
            self._disk.sync(folder)

    def phase(self, record: Record) -> Phase | None:
        """The phase that the file of this record says, or None."""
        return next((phase for phase in Phase if (self._folder / f"{record.id}.{phase}").exists()), None)

    def close(self, record: Record, phase: Phase) -> None:
        """Remove the record. Should a power cut bring it back, there is only tidying to do, which is done."""
        with self._disk.root(self._folder) as folder, contextlib.suppress(FileNotFoundError):
            self._disk.remove(folder, f"{record.id}.{phase}".encode())

    def open_records(self) -> list[tuple[Record, Phase]]:
        """What was cut off. Raises `journal-damaged`."""
        found = []
        with self._disk.root(self._folder) as folder:
            for raw in sorted(self._disk.names(folder)):
                name = os.fsdecode(raw)
                if name.endswith(".new"):
                    self._disk.remove(folder, raw)
                    continue
                try:
                    phase = Phase(name.rpartition(".")[2])
                    found.append((from_json((self._folder / name).read_bytes()), phase))
                except (ValueError, ValidationError) as error:
                    raise ExosuitError(
                        "journal-damaged",
                        f"{self._folder / name} cannot be read as a journal",
                        "move that file away; files named .exosuit-* in the workspace may hold what was being replaced",
                    ) from error
        return found


@contextlib.contextmanager
def lock(state: Path, wait: float) -> Iterator[None]:
    """Be the only one, among all processes and threads, that changes this workspace.

    Waits `wait` seconds, then raises `workspace-busy`, naming the process that holds it. The kernel frees it when that
    process ends, however it ends.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.open(state / "apply.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait_for(file, wait)
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(file)


def _wait_for(file: int, wait: float) -> None:
    until, pause = time.monotonic() + wait, 0.001
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                holder = os.pread(file, 20, 0).decode("ascii", "replace").strip() or "unknown"
                raise ExosuitError(
                    "workspace-busy",
                    f"process {holder} is applying a change to this workspace (waited {wait:g} s)",
                    f"wait for it to end (ps -p {holder}), then repeat",
                    retryable=True,
                ) from None
        stop_if_asked()
        time.sleep(pause)
        pause = min(pause * 2, 0.02)
