"""Who holds a reservation: a process is told to be dead by the lock that only the living hold.

A file a meter, locked as long as its process lives: the kernel lets go of it however the process ends, and a number
that is used again, or another container's numbers, cannot deceive as process ids would.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from contextlib import suppress
from pathlib import Path

from exosuit.core.errors import ExosuitError


class Owner:
    """This process, as its reservations name it."""

    def __init__(self, folder: Path) -> None:
        self.name = uuid.uuid4().hex
        self._path = folder / self.name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = self._path.with_suffix(".new")
            self._held = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.rename(self._path)  # under this name it is locked from the first
        except OSError as error:
            raise ExosuitError(
                "read-only", f"cannot write {folder} ({error})", "check the folder's permissions, or set EXOSUIT_STATE"
            ) from error

    def close(self) -> None:
        """Be no one's owner any more."""
        self._path.unlink(missing_ok=True)
        os.close(self._held)


def is_dead(folder: Path, name: str) -> bool:
    """Whether the process behind an owner's name has ended."""
    try:
        seen = os.open(folder / name, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(seen, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        with suppress(FileNotFoundError):
            (folder / name).unlink()
        return True
    finally:
        os.close(seen)
