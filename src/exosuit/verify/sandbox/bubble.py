"""The bubblewrap back end: a root made of nothing but what a run may see (github.com/containers/bubblewrap)."""

from __future__ import annotations

import os

from exosuit.verify.sandbox import system
from exosuit.verify.sandbox.plan import Plan
from exosuit.verify.sandbox.room import Room

OUT = "/exosuit-out"


def words(plan: Plan, room: Room) -> list[str]:
    """bwrap's options, but for those that name file descriptors."""
    found = ["--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--hostname", "sandbox", "--clearenv"]
    found += ["--share-net"] if plan.network else []
    for name, value in plan.env.items():
        found += ["--setenv", name, value]
    mounts = [(path, *_shown(path)) for path in system.PROGRAMS if os.path.lexists(path)]
    mounts += [(path, "--ro-bind", path) for path in plan.readable]
    mounts += [("/etc", "--ro-bind", plan.etc)]
    mounts += [(plan.at, "--bind", room["tree"]), ("/tmp", "--bind", room["tmp"])]  # noqa: S108
    mounts += [(OUT, "--bind", room["out"]), ("/dev", "--dev", ""), ("/dev/shm", "--bind", room["shm"])]  # noqa: S108
    mounts += [("/proc", "--proc", "")]
    for path, option, source in sorted(mounts, key=lambda mount: mount[0].split("/")):  # parents before what is in them
        found += [option, source, path] if source else [option, path]
    return [*found, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", plan.at]


def _shown(path: str) -> tuple[str, str]:
    """A folder is shown as it is, a link at the root as a link."""
    return ("--symlink", os.readlink(path)) if os.path.islink(path) else ("--ro-bind", path)


def become(plan: Plan, room: Room, status: int) -> None:
    """Replace this process by bwrap, which runs the command and says on `status` how it went; raises OSError."""
    options = words(plan, room)
    options += ["--seccomp", str(_given(plan.filter))] if plan.filter else []
    options += ["--json-status-fd", str(status)]
    arguments = _given(b"".join(os.fsencode(word) + b"\0" for word in options))
    os.execve(plan.bwrap, ["bwrap", "--args", str(arguments), "--", *plan.command], {})


def _given(data: bytes) -> int:
    """A descriptor that bwrap inherits and reads `data` from."""
    made = os.memfd_create("given", 0)
    os.write(made, data)
    os.lseek(made, 0, os.SEEK_SET)
    return made
