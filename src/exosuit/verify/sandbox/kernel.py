"""The system calls that Python has no function for, through ctypes. Imports little: the keeper's start is on the clock.

Numbers and structures are from the kernel's own headers (include/uapi/linux/{sched,mount,prctl,landlock}.h).
"""

from __future__ import annotations

import ctypes
import os
import struct

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 22, 36, 38

# From 424 on, system calls have the same number on every architecture.
_MOUNT_SETATTR, _LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 442, 444, 445, 446
_AT_FDCWD, _AT_RECURSIVE, _MOUNT_ATTR_RDONLY = -100, 0x8000, 1


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _syscall(number: int, *arguments: int | bytes | None) -> int:
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return int(_libc.syscall(ctypes.c_long(number), *wide))


def unshare(flags: int) -> None:
    """Leave the namespaces that `flags` name for new ones (unshare(2))."""
    _checked(_libc.unshare(flags))


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """mount(2); paths may be relative to the current folder."""
    _checked(_libc.mount(*(os.fsencode(part) for part in (source, target, kind)), flags, os.fsencode(options)))


def freeze(target: str) -> None:
    """Make every mount at and below `target` read-only, for this mount namespace (mount_setattr(2), Linux 5.12)."""
    _set_mount(target, _AT_RECURSIVE, struct.pack("QQQQ", _MOUNT_ATTR_RDONLY, 0, 0, 0))


def thaw(target: str) -> None:
    """Make the mount at `target` writable again."""
    _set_mount(target, 0, struct.pack("QQQQ", 0, _MOUNT_ATTR_RDONLY, 0, 0))


def _set_mount(target: str, flags: int, attributes: bytes) -> None:
    _checked(_syscall(_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(target), flags, attributes, len(attributes)))


def prctl(option: int, value: int, more: bytes | None = None) -> None:
    """prctl(2)."""
    nothing = ctypes.c_ulong(0)
    _checked(_libc.prctl(option, ctypes.c_ulong(value), more, nothing, nothing))


def filter_calls(program: bytes) -> None:
    """Let a seccomp program (an array of `struct sock_filter`) judge every system call from here on."""
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    prctl(PR_SET_SECCOMP, 2, header)


def landlock_version() -> int:
    """The ABI version of Landlock; 0 where the kernel has none or has it off."""
    return max(0, int(_syscall(_LANDLOCK_CREATE, None, 0, 1)))


def landlock_ruleset(attributes: bytes) -> int:
    """A new ruleset, as a file descriptor."""
    return _checked(_syscall(_LANDLOCK_CREATE, attributes, len(attributes), 0))


def landlock_allow(ruleset: int, rights: int, path: int) -> None:
    """Allow `rights` on and below the file or folder that `path` is an open O_PATH descriptor of."""
    _checked(_syscall(_LANDLOCK_ADD, ruleset, 1, struct.pack("=Qi", rights, path), 0))


def landlock_enter(ruleset: int) -> None:
    """Hold this process, and all that it starts, to a ruleset for good."""
    _checked(_syscall(_LANDLOCK_RESTRICT, ruleset, 0))


def enter_namespaces(flags: int, inside: int) -> None:
    """New namespaces, a user namespace among them, in which our own user is `inside`; raises OSError if not allowed."""
    user, group = os.getuid(), os.getgid()
    unshare(flags | NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{inside} {user} 1"), ("gid_map", f"{inside} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
