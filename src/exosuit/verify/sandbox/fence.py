"""The Landlock back end: file rules, seccomp, and what namespaces there are to be had (landlock(7)).

With namespaces the machine is read-only, the network and the processes are the run's own, and the tree stands where it
should. Without, the run can make no socket and change no mode, owner or time of a file: nothing else would keep it from
the machine's servers, or from files of ours that it may not open.
"""

from __future__ import annotations

import os
import socket
import struct

from exosuit.verify.sandbox import kernel, landlock, system
from exosuit.verify.sandbox.plan import Plan
from exosuit.verify.sandbox.room import Room

SHARED = kernel.NEWNS | kernel.NEWPID | kernel.NEWIPC
_TMP, _SHM = "/tmp", "/dev/shm"  # noqa: S108  places to mount the run's own at
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1


def become(plan: Plan, room: Room) -> None:
    """Replace this process by the command; with namespaces, we are the first of ours. Raises OSError."""
    places = (room["tree"], room["tmp"], room["out"], room["shm"])
    facts: list[str] = list(system.FACTS)
    if plan.namespaces:
        if not plan.network:
            _raise_loopback()
        places = _arrange(plan, room)
        facts = ["/proc"] if _own_processes() else facts
        _attend()
    tree, tmp, out, _shared = places
    env = {**plan.env, "EXOSUIT_TREE": tree, "EXOSUIT_OUT": out, "HOME": f"{tmp}/home", "TMPDIR": tmp}
    if tree != plan.at and "PYTHONPATH" in env:
        env["PYTHONPATH"] = env["PYTHONPATH"].replace(f"{plan.at}/src", f"{tree}/src")
    os.chdir(tree)
    program = _found(plan.command[0], env.get("PATH", os.defpath), tree)
    etc = ["/etc"] if plan.namespaces else [*system.of_etc(plan.network), "/etc/passwd", "/etc/group"]
    readable = [*system.PROGRAMS, *etc, *facts, *plan.readable]
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    landlock.enter(readable, list(places), list(system.DEVICES))
    code = plan.filter if plan.namespaces else plan.bare_filter
    if code:
        kernel.filter_calls(code)
    os.execve(program, plan.command, env)


def _arrange(plan: Plan, room: Room) -> tuple[str, str, str, str]:
    """Mount the room where the run looks for it, everything else read-only; where tree, tmp, out and shm are now."""
    kernel.unshare(kernel.NEWNS)  # the keeper goes on seeing the room where it was
    opened = {name: os.open(room[name], os.O_PATH) for name in ("tree", "tmp", "out", "shm")}
    inside = [path for path in plan.readable if path.startswith((f"{plan.at}/", f"{_TMP}/"))]
    etc = os.open(plan.etc, os.O_PATH)
    lent = {path: os.open(path, os.O_PATH) for path in inside}
    _show(opened["tmp"], _TMP)
    _show(opened["shm"], _SHM)
    _show(etc, "/etc")
    there = plan.at.startswith(f"{_TMP}/") or os.path.isdir(plan.at)  # nothing is made on the machine to mount on
    at, out = plan.at if there else f"{_TMP}/exosuit/tree", f"{_TMP}/exosuit/out"
    for folder in (at, out):
        os.makedirs(folder, 0o700, exist_ok=True)
    _show(opened["tree"], at)
    _show(opened["out"], out)
    for path, descriptor in lent.items():
        _prepare(path, descriptor)
        _show(descriptor, path)
    kernel.freeze("/")
    for path in (at, out, _TMP, _SHM):
        kernel.thaw(path)
    return at, _TMP, out, _SHM


def _show(descriptor: int, path: str) -> None:
    kernel.mount(f"/proc/self/fd/{descriptor}", path, "none", kernel.MS_BIND | kernel.MS_REC)


def _prepare(path: str, descriptor: int) -> None:
    """Something to mount on: a folder for a folder, an empty file for a file."""
    if os.path.lexists(path):
        return
    if os.path.isdir(f"/proc/self/fd/{descriptor}"):
        os.makedirs(path, 0o700)
    else:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _own_processes() -> bool:
    """Show the processes of this namespace only; not allowed where /proc is partly covered, as in some containers."""
    try:
        kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_RDONLY)
    except OSError:
        return False
    return True


def _raise_loopback() -> None:
    """Switch on the loopback of a new network namespace (netdevice(7))."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        asked = struct.pack("16sH22x", b"lo", 0)
        flags = struct.unpack("16sH22x", fcntl.ioctl(link, _GET_FLAGS, asked))[1]
        fcntl.ioctl(link, _SET_FLAGS, struct.pack("16sH22x", b"lo", flags | _UP))


def _attend() -> None:
    """Stay behind as the namespace's first process, reaping, while the caller goes on in a child; ends as that does."""
    child = os.fork()
    if child == 0:
        return
    for number in (0, 1, 2):
        os.close(number)
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def _found(name: str, path: str, tree: str) -> str:
    if "/" in name:
        return os.path.join(tree, name)
    for folder in path.split(":"):
        if folder and os.access(f"{folder}/{name}", os.X_OK):
            return f"{folder}/{name}"
    raise FileNotFoundError(2, "not found on PATH", name)
