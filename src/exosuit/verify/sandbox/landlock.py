"""Landlock: which files a process, and all that it starts, may touch (docs.kernel.org/userspace-api/landlock.html)."""

from __future__ import annotations

import os
import stat
import struct

from exosuit.verify.sandbox import kernel

EXECUTE, WRITE, READ, LIST = 1, 2, 4, 8
TRUNCATE, DEVICE_CONTROL = 1 << 14, 1 << 15
_ALL_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_OF_FILES = EXECUTE | WRITE | READ | TRUNCATE | DEVICE_CONTROL
_SCOPES = 3  # abstract sockets and signals, ABI 6


def rights_of(version: int) -> int:
    """Every right on files that an ABI version knows, and so refuses unless allowed."""
    return _ALL_RIGHTS.get(version, (1 << 16) - 1)


def enter(readable: list[str], writable: list[str], devices: list[str]) -> None:
    """Hold this process to reading and executing what is readable, and to everything but devices in what is writable.

    What does not exist is left out. Where the kernel can, signals and abstract sockets do not leave the domain either.
    """
    version = kernel.landlock_version()
    every = rights_of(version)
    attributes = struct.pack("=QQQ", every, 0, _SCOPES) if version >= 6 else struct.pack("=Q", every)
    ruleset = kernel.landlock_ruleset(attributes)
    make_device = 1 << 6 | 1 << 11  # character and block
    granted = [(path, EXECUTE | READ | LIST) for path in readable]
    granted += [(path, every & ~make_device & ~DEVICE_CONTROL) for path in writable]
    granted += [(path, (READ | WRITE | DEVICE_CONTROL) & every) for path in devices]
    for path, rights in granted:
        try:
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        is_folder = stat.S_ISDIR(os.fstat(opened).st_mode)
        kernel.landlock_allow(ruleset, rights if is_folder else rights & _OF_FILES, opened)
        os.close(opened)
    kernel.landlock_enter(ruleset)
    os.close(ruleset)
