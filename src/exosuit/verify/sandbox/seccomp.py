"""The system calls that no check needs and that reach out of a sandbox, as a seccomp program (classic BPF).

The idea of a deny-list on top of namespaces, and most of what is on it, are those of container runtimes' default
profiles; the layout of programs is from Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Mapping
from functools import cache

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_KILL = 0x80000000
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000

_DENIED = {  # name: (x86_64, aarch64); None where the architecture has no such call
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "setns": (308, 268), "unshare": (272, 97),
    "open_by_handle_at": (304, 265), "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142),
    "acct": (163, 89), "quotactl": (179, 60), "syslog": (103, 116), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "iopl": (172, None), "ioperm": (173, None), "lookup_dcookie": (212, 18), "vhangup": (153, 58),
    "sethostname": (170, 161), "setdomainname": (171, 162), "nfsservctl": (180, 42), "fanotify_init": (300, 262),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "quotactl_fd": (443, 443),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
}  # fmt: skip
_ABSENT = {
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
}
"""Answered as by an old kernel: their flags are out of a filter's sight, and every caller knows how to go without."""
_CHANGES = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "setxattrat": (463, 463), "removexattrat": (466, 466), "file_setattr": (469, 469),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193),
    "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188),
    "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
}  # fmt: skip
"""What alters a file without opening it, and shared memory and queues: Landlock has no say in these."""

_CLONE, _SOCKET, _IOCTL, _PRLIMIT = (56, 220), (41, 198), (16, 29), (302, 261)
_NEW_NAMESPACES = 0x7E020000
_TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: type into a terminal that is shared with others
_FILE_FLAGS = (0x40086602, 0x401C5820)  # FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR
_FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: each network namespace has its own of these
_INTERNET = (2, 10)  # no AF_UNIX: through the socket of a session bus or an agent a check would act as the user


@cache
def program(*, alone: bool = True, network: bool = False) -> bytes:
    """The filter for this machine's architecture; empty for one whose call numbers are not listed here.

    If no namespaces leave the run `alone`, it can make no socket (but pairs, and with `network` those of the internet),
    change no mode, owner, time or attribute of a file, share no memory by key, and set no limit of another process.
    """
    machine = os.uname().machine
    if machine not in _AUDIT:
        return b""
    column = 0 if machine == "x86_64" else 1
    code = [_load(_ARCH), _unless(_EQUAL, _AUDIT[machine], _end(_KILL)), _load(_NUMBER)]
    if machine == "x86_64":
        code.append(_if(_AT_LEAST, _X32, _refuse(errno.ENOSYS)))
    tables: list[tuple[Mapping[str, tuple[int | None, ...]], int]] = [(_DENIED, errno.EPERM), (_ABSENT, errno.ENOSYS)]
    for table, number in tables if alone else [*tables, (_CHANGES, errno.EPERM)]:
        code += [_if(_EQUAL, call, _refuse(number)) for pair in table.values() if (call := pair[column]) is not None]
    asks = _TERMINAL_INPUT if alone else _TERMINAL_INPUT + _FILE_FLAGS
    code.append(_case(_CLONE[column], 0, [_if(_ANY_BIT, _NEW_NAMESPACES, _refuse(errno.EPERM))]))
    code.append(_case(_IOCTL[column], 1, [_if(_EQUAL, ask, _refuse(errno.EPERM)) for ask in asks]))
    if not alone:
        code.append(_case(_PRLIMIT[column], 0, [_unless(_EQUAL, 0, _refuse(errno.EPERM))]))
    allowed = _FAMILIES if alone else _INTERNET if network else ()
    families = [_if(_EQUAL, one, _end(_ALLOW)) for one in allowed]
    code.append(_case(_SOCKET[column], 0, [*families, _refuse(errno.EAFNOSUPPORT if alone else errno.EPERM)]))
    return b"".join([*code, _end(_ALLOW)])


def _step(code: int, value: int, then: int = 0, other: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, other, value)


def _load(offset: int) -> bytes:
    return _step(_LOAD, offset)


def _end(action: int) -> bytes:
    return _step(_RETURN, action)


def _refuse(number: int) -> bytes:
    return _end(_ERRNO | number)


def _if(test: int, value: int, then: bytes) -> bytes:
    return _step(test, value, 0, len(then) // 8) + then


def _unless(test: int, value: int, then: bytes) -> bytes:
    return _step(test, value, len(then) // 8, 0) + then


def _case(number: int, argument: int, steps: list[bytes]) -> bytes:
    """For one call, look at the low half of one argument; afterwards the number is loaded again."""
    inner = b"".join([_load(_ARGUMENTS + 8 * argument), *steps, _load(_NUMBER)])
    return _if(_EQUAL, number, inner)
