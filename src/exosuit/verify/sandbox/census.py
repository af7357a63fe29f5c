"""Who is there, and what they use: the processes that descend from this one, read from /proc."""

from __future__ import annotations

import os

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")


class Census:
    """Totals over all descendants at one moment: threads, resident bytes, processor seconds."""

    def __init__(self) -> None:
        self.pids: list[int] = []
        self.threads = 0
        self.memory = 0
        self.cpu = 0.0


def take(most: int) -> Census:
    """Count the descendants of this process; stops counting once there are more than `most` threads."""
    found = Census()
    waiting = _children(os.getpid())
    while waiting and found.threads <= most:
        pid = waiting.pop()
        fields = _stat(pid)
        if fields is None:
            continue
        found.pids.append(pid)
        found.threads += int(fields[17])
        found.memory += max(0, int(fields[21])) * _PAGE
        found.cpu += sum(map(int, fields[11:15])) / _TICK
        waiting += _children(pid)
    return found


def shared_fairly(pids: list[int]) -> int:
    """Resident bytes with pages that several share counted once altogether (PSS); dear, so only asked near a limit."""
    total = 0
    for pid in pids:
        text = _read(f"/proc/{pid}/smaps_rollup")
        _, _, rest = text.partition(b"\nPss:")
        total += int(rest.split(None, 1)[0]) * 1024 if rest else 0
    return total


def scarce() -> bool:
    """Whether the machine itself is about to run out of memory: less than a twentieth of it is to be had."""
    text = _read("/proc/meminfo")
    amounts = [text.partition(name)[2].split(None, 1) for name in (b"MemTotal:", b"MemAvailable:")]
    if not all(amounts):
        return False
    total, available = (int(words[0]) for words in amounts)
    return available * 20 < total


def _stat(pid: int) -> list[bytes] | None:
    """The fields of /proc/PID/stat from the third on, or None for one that is gone or dead.

    A first thread that has ended while others go on looks dead too, but for the number of threads.
    """
    text = _read(f"/proc/{pid}/stat")
    fields = text[text.rfind(b")") + 2 :].split()
    return None if len(fields) < 22 or (fields[0] in b"ZX" and int(fields[17]) < 2) else fields


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for thread in threads:
        found += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    return found


def _read(path: str) -> bytes:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(opened, 1 << 16)
    except OSError:
        return b""
    finally:
        os.close(opened)
