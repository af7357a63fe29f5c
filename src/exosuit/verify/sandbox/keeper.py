"""The keeper of one run: a process that makes the room, starts the command in it, watches it, ends it, reports.

It is told a plan over a socket and takes the end of what it is told as the word to stop, so that a run ends with the
process that asked for it, however that ended.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import resource
import select
import time

from exosuit.verify.sandbox import bubble, census, fence, kernel
from exosuit.verify.sandbox.plan import Plan
from exosuit.verify.sandbox.room import Room, bring_back, furnish

TICK, LONG_TICK, PATIENT_AFTER = 0.01, 0.05, 0.5
"""Seconds between two looks at what the run uses: often at first, then less so."""
LAST_LOOKS = 3
ENDING_SECONDS = 20.0
SIGKILL, SIGSTOP = 9, 19
NOT_STARTED = 125


class Transcript:
    """The beginning and the end of what was printed, and how much there was."""

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self.head = bytearray()
        self.tail = bytearray()
        self.total = 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = self.kept - len(self.head)
        self.head += data[:room] if room > 0 else b""
        self.tail += data[max(0, room) :]
        if len(self.tail) > 2 * self.kept:
            del self.tail[: -self.kept]

    def whole(self) -> bytes:
        return bytes(self.head + self.tail[-self.kept :])


class Watch:
    """What the run has used so far, and which limit it has reached."""

    def __init__(self, plan: Plan, room: Room) -> None:
        self.plan = plan
        self.room = room
        self.memory = 0
        self.cpu = 0.0
        self.began = time.monotonic()
        self.room_seen = 0.0

    def look(self) -> str:
        """The limit that has been reached, or nothing."""
        plan, now = self.plan, time.monotonic()
        found = census.take(plan.processes)
        if found.threads > plan.processes:
            return "processes"
        self.cpu = max(self.cpu, found.cpu)
        memory = found.memory
        if memory > plan.memory:
            memory = census.shared_fairly(found.pids)
        self.memory = max(self.memory, memory)
        if memory > plan.memory or census.scarce():
            return "memory"
        if now - self.began > plan.seconds:
            return "time"
        if self.cpu > plan.cpu:
            return "cpu"
        if now - self.room_seen > (0.0 if self.room.mounted else 0.25):
            self.room_seen = now
            return "disk" if self.room.full(plan.disk, plan.files) else ""
        return ""


def keep(wire: int) -> None:
    """Run the plan that comes over the socket `wire` and report there."""
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    try:
        size = int.from_bytes(_exactly(wire, 8), "little")
        plan = Plan(marshal.loads(_exactly(wire, size)))  # noqa: S302  written by the process that started us
        report = _run(plan, wire)
    except OSError as error:
        report = {"error": f"{error.strerror or error} {error.filename or ''}".strip()}
    except Exception as error:  # noqa: BLE001  nobody but the caller could ever see it
        report = {"error": f"{type(error).__name__}: {error}"}
    data = marshal.dumps(report)
    with contextlib.suppress(BrokenPipeError), open(wire, "wb") as out:
        out.write(data)


def _exactly(wire: int, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = os.read(wire, size - len(found))
        if not part:
            os._exit(0)
        found += part
    return found


def _run(plan: Plan, wire: int) -> dict[str, object]:
    apart = _enter(plan)
    room = furnish(plan.scratch, plan.tree, plan.disk, plan.files, apart=apart)
    os.mkdir(room["tmp"] + "/home", 0o700)
    printed, output = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    told, status = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    transcript, watch = Transcript(plan.kept), Watch(plan, room)
    child = os.fork()
    if child == 0:
        os.close(wire)
        _start(plan, room, output, status)
    os.close(output)
    os.close(status)
    code, hit = _supervise(child, printed, transcript, watch, wire)
    seconds = time.monotonic() - watch.began
    _end_all(child)
    _drain(printed, transcript, plan.output)
    said = _whole(told)
    if error := _failure(said, transcript):
        return {"error": error}
    if not hit and code and room.full(plan.disk, plan.files):
        hit = "disk"
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    files, dropped = bring_back(room["out"], plan.returned)
    output_kept = transcript.whole()
    return {
        "code": code, "hit": hit, "output": output_kept, "cut": transcript.total - len(output_kept),
        "seconds": seconds, "cpu": max(watch.cpu, used.ru_utime + used.ru_stime),
        "memory": max(watch.memory, used.ru_maxrss * 1024), "files": files, "dropped": dropped,
    }  # fmt: skip


def _enter(plan: Plan) -> bool:
    """Take the namespaces that the back end wants; whether we are in a mount namespace of our own."""
    inside = os.getuid() or 1000
    if plan.bwrap:
        try:
            kernel.enter_namespaces(kernel.NEWNS, inside)
        except OSError:  # bwrap may be let do what we are not: then the room is a copy on disk
            return False
    elif plan.namespaces:
        kernel.enter_namespaces(fence.SHARED | (0 if plan.network else kernel.NEWNET), inside)
    return bool(plan.bwrap) or plan.namespaces


def _start(plan: Plan, room: Room, output: int, status: int) -> None:
    """In the child: become the command; never returns."""
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.set_blocking(output, True)
        os.dup2(output, 1)
        os.dup2(output, 2)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        _limit(plan)
        if plan.bwrap:
            os.set_inheritable(status, True)
            bubble.become(plan, room, status)
        fence.become(plan, room)
    except OSError as error:
        os.write(status, f"!{error.strerror or error} {error.filename or ''}".strip().encode())
    finally:
        os._exit(NOT_STARTED)


def _limit(plan: Plan) -> None:
    """Limits that the kernel keeps, each process for itself: the backstop to what the watch adds up."""
    limits = {
        resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: plan.file, resource.RLIMIT_DATA: plan.memory,
        resource.RLIMIT_CPU: int(plan.cpu) + 1, resource.RLIMIT_NOFILE: 4096, resource.RLIMIT_MEMLOCK: 1 << 23,
    }  # fmt: skip
    if not plan.root:  # the kernel does not hold root to it
        limits[resource.RLIMIT_NPROC] = _processes_of_ours() + 2 * plan.processes
    for which, value in limits.items():
        _, hard = resource.getrlimit(which)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (allowed, allowed))


def _processes_of_ours() -> int:
    """How many threads run as our user on the machine: RLIMIT_NPROC counts them all."""
    user, count = os.stat("/proc/self").st_uid, 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == user:
                    count += len(os.listdir(f"/proc/{name}/task"))
    return count


def _supervise(child: int, printed: int, transcript: Transcript, watch: Watch, wire: int) -> tuple[int, str]:
    """Watch until the command has ended or a limit is reached: its exit code, and the limit."""
    ended = os.pidfd_open(child)
    poll = select.poll()
    for descriptor in (printed, ended, wire):
        poll.register(descriptor, select.POLLIN)
    looked = 0.0
    while True:
        tick = TICK if time.monotonic() - watch.began < PATIENT_AFTER else LONG_TICK
        ready = {descriptor for descriptor, _ in poll.poll(tick * 1000)}
        if printed in ready and not _read(printed, transcript):
            poll.unregister(printed)
        if ended in ready:
            return _code(child), ""
        if wire in ready and not os.read(wire, 1):
            return -SIGKILL, "stopped"
        if transcript.total > watch.plan.output:
            return -SIGKILL, "output"
        if time.monotonic() - looked >= tick:
            looked = time.monotonic()
            if hit := watch.look():
                return -SIGKILL, hit


def _code(child: int) -> int:
    """How the command ended; its number is not given back yet, so that its process group can still be named by it."""
    ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    if ended.si_code != os.CLD_EXITED:
        return -ended.si_status
    return 128 - ended.si_status if 128 < ended.si_status <= 192 else ended.si_status


def _read(printed: int, transcript: Transcript) -> bool:
    """Take what there is, up to a megabyte; False at the end of it."""
    for _ in range(16):
        try:
            data = os.read(printed, 1 << 16)
        except BlockingIOError:
            return True
        if not data:
            return False
        transcript.add(data)
    return True


def _end_all(first: int) -> None:
    """Kill every process that descends from the run, however it tried to get away, and wait until none is left.

    We are their subreaper, so an orphan's parent is this process. Stopping before killing keeps those that fork as fast
    as they die from winning: what is stopped cannot fork.
    """
    limit = time.monotonic() + ENDING_SECONDS
    with contextlib.suppress(OSError):
        os.killpg(first, SIGKILL)  # its whole group at once, which is most of them
    while time.monotonic() < limit:
        pids = census.take(1 << 20).pids
        for number in (SIGSTOP, SIGKILL):
            for pid in pids:
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        if not pids:
            time.sleep(0.001)
    raise OSError(110, "processes of the run could not be ended")


def _drain(printed: int, transcript: Transcript, most: int) -> None:
    for _ in range(most >> 20 or 1):
        before = transcript.total
        if not _read(printed, transcript) or transcript.total == before:
            return


def _whole(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return b""


def _failure(said: bytes, transcript: Transcript) -> str:
    """Why the command did not start, if it did not: our own word, or bwrap's."""
    if said.startswith(b"!"):
        return said[1:].decode("utf-8", "replace")
    printed = bytes(transcript.head)
    if printed.startswith(b"bwrap: ") and (b'"exit-code"' not in said or printed.startswith(b"bwrap: execvp ")):
        return printed.partition(b"\n")[0].decode("utf-8", "replace")
    return ""
