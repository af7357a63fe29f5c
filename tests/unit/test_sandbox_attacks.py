"""What a hostile check may try, tried for real: on every back end, as root and as a plain user."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.sandboxing import BACKENDS, PAIRS, QUICK, USERS, Held, Runner, runner

pytestmark = pytest.mark.slow

FIRST_PROGRAM = Path("/usr/bin/env")


@pytest.fixture(scope="module")
def runners() -> Iterator[dict[str, Runner]]:
    with ExitStack() as stack:
        yield {user: stack.enter_context(runner(user)) for user in USERS}


@pytest.fixture(params=PAIRS, ids=" ".join)
def held(request: pytest.FixtureRequest, runners: dict[str, Runner]) -> Held:
    user, backend = request.param
    return Held(runners[user], BACKENDS[backend])


def alive(token: str) -> list[str]:
    """The command lines on this machine that hold a word."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        found += [line.decode("utf-8", "replace")] if token.encode() in line else []
    return found


def test_a_fork_bomb_is_ended_whole(held: Held) -> None:
    token = uuid4().hex
    bomb = f"import os, time  # {token}\nend = time.time() + 15\nwhile time.time() < end:\n    os.fork()"
    outcome = held.python(bomb)
    assert outcome.hit == "processes"
    assert alive(token) == []


def test_a_fork_bomb_whose_parents_end_at_once_is_ended_whole(held: Held) -> None:
    token = uuid4().hex
    bomb = (
        f"import os, time  # {token}\nend = time.time() + 8\nos.fork(); os.fork()\n"
        "while time.time() < end:\n    if os.fork():\n        os._exit(0)"
    )
    held.python(bomb, limits=replace(QUICK, seconds=1))
    assert alive(token) == []


def test_ten_gigabytes_of_output_are_cut_off_early(held: Held) -> None:
    outcome = held("echo first; cat /dev/zero")
    assert outcome.hit == "output"
    assert outcome.output.startswith(b"first\n")
    assert len(outcome.output) <= 2 * QUICK.kept
    assert outcome.cut > 0


def test_what_is_written_outside_does_not_arrive(held: Held) -> None:
    home, tree = held.runner.home, held.runner.tree
    script = f"cd {home} && echo x > stolen; echo x > {home}/stolen; echo x > {tree}/new; echo x > {tree}/a.txt"
    held(script + "; echo mine > a.txt; rm -rf /usr/bin/env /tree/../etc; echo x > /usr/bin/env")
    assert sorted(path.name for path in home.iterdir()) == [".ssh"]
    assert (tree / "a.txt").read_text() == "as it was\n"
    assert [path.name for path in tree.iterdir()] == ["a.txt"]
    assert FIRST_PROGRAM.stat().st_size > 100


def test_links_left_behind_are_named_and_not_followed(held: Held) -> None:
    secret = held.runner.home / ".ssh" / "id_ed25519"
    outcome = held(
        f'cd "$EXOSUIT_OUT" && ln -s {secret} link && mkfifo pipe && mkdir folder && echo good > file '
        f"&& ln {secret} hard; ln -s / root; exit 0"
    )
    assert outcome.files == {"file": b"good\n"}
    assert set(outcome.dropped) == {"link", "pipe", "folder", "root"}


def test_the_out_folder_itself_turned_into_a_link_gives_nothing(held: Held) -> None:
    home = held.runner.home
    outcome = held(f'cd /; rm -rf "$EXOSUIT_OUT" && ln -s {home}/.ssh "$EXOSUIT_OUT"; exit 0')
    assert outcome.files == {}


def test_a_private_key_cannot_be_read(held: Held) -> None:
    secret = held.runner.home / ".ssh" / "id_ed25519"
    outcome = held(f'cat {secret} ~/.ssh/id_ed25519; cp {secret} "$EXOSUIT_OUT"; ln -s {secret} here; cat here')
    assert b"private" not in outcome.output
    assert outcome.files == {}


def test_secrets_of_the_machine_cannot_be_read(held: Held) -> None:
    outcome = held("for f in /etc/shadow /etc/sudoers /root/.bashrc /var/lib/dpkg/status; do cat $f && echo read; done")
    assert b"read\n" not in outcome.output.replace(b": read", b"")


def test_our_environment_is_not_passed_on(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "sk-very-secret")
    assert b"very-secret" not in held("env; cat /proc/self/environ").output


def test_the_state_folder_is_out_of_sight(held: Held, state: Path) -> None:
    (state / "workspaces").mkdir()
    (state / "workspaces" / "ledger").write_text("decisions")
    outcome = held(
        f"cat {state}/workspaces/ledger; ls {state} && echo listed; echo x > {state}/planted; ls -R /proc/1/root"
    )
    assert b"decisions" not in outcome.output
    assert b"listed" not in outcome.output
    assert [path.name for path in state.iterdir() if path.name == "planted"] == []


REACH = """
import socket, sys
for family, kind, address in {addresses!r}:
    try:
        with socket.socket(family, kind) as link:
            link.settimeout(2)
            link.connect(address if isinstance(address, str) else tuple(address))
            link.send(b"stolen")
            print("reached", address)
    except OSError as error:
        print("refused", error)
"""


def test_a_server_of_ours_cannot_be_reached(held: Held, tmp_path: Path) -> None:
    abstract, path = f"\0exosuit-{uuid4().hex}", str(held.runner.home / f"{uuid4().hex[:8]}.sock")
    kinds: list[tuple[int, Any]] = [
        (socket.AF_INET, ("127.0.0.1", 0)),
        (socket.AF_INET6, ("::1", 0)),
        (socket.AF_UNIX, abstract),
    ]
    servers = [socket.create_server(address, family=family) for family, address in kinds if _has(family, address)]
    servers.append(socket.socket(socket.AF_UNIX))
    servers[-1].bind(path)
    servers[-1].listen()
    os.chmod(path, 0o777)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    open_ones = [*servers, datagrams]
    addresses = [(int(s.family), int(s.type), _text(s.getsockname())) for s in open_ones]
    try:
        outcome = held.python(REACH.format(addresses=addresses))
        assert outcome.code == 0
        for server in open_ones:
            server.setblocking(False)
            with pytest.raises(BlockingIOError):
                server.recv(1) if server is datagrams else server.accept()
        assert outcome.output.count(b"refused") >= len(servers)
    finally:
        for server in open_ones:
            server.close()


def _text(name: object) -> object:
    return name.decode() if isinstance(name, bytes) else name


def _has(family: int, address: object) -> bool:
    if family != socket.AF_INET6:
        return True
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_the_network_beyond_cannot_be_reached(held: Held) -> None:
    addresses = [(2, 1, ("192.0.2.1", 80)), (2, 2, ("192.0.2.1", 53)), (40, 1, (2, 1024)), (17, 3, ("lo", 0))]
    outcome = held.python(REACH.format(addresses=addresses))
    assert outcome.code == 0
    assert outcome.output.count(b"refused") == 4


SNOOP = """
import ctypes, os, resource, signal
libc = ctypes.CDLL(None, use_errno=True)
victims = [{victim}, os.getppid(), 1, {tests}]
for pid in victims:
    print("ptrace", libc.ptrace(16, pid, 0, 0))
    for name in ("environ", "mem", "maps", "cwd/a.txt", "root/etc/shadow", "fd/0"):
        try:
            print(open(f"/proc/{{pid}}/{{name}}", "rb").read(1000))
        except OSError as error:
            print(error)
for pid in ({victim}, {tests}):
    for attempt in (lambda: os.kill(pid, signal.SIGKILL), lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1))):
        try:
            attempt()
            print("done to", pid)
        except OSError as error:
            print(error)
"""


def test_another_process_can_be_neither_traced_nor_read_nor_killed(held: Held) -> None:
    with held.runner.start("sleep", "30", TOKEN="sk-very-secret") as victim:
        time.sleep(0.1)
        outcome = held.python(SNOOP.format(victim=victim.pid, tests=os.getpid()))
        assert b"very-secret" not in outcome.output
        assert b"ptrace 0" not in outcome.output
        assert outcome.code == 0
        assert b"done to" not in outcome.output
        assert victim.poll() is None
        victim.kill()


def test_a_daemon_left_behind_is_found_and_ended(held: Held) -> None:
    token = uuid4().hex
    daemon = (
        f"import os, time  # {token}\nfor _ in range(2):\n    if os.fork():\n        os._exit(0)\n    os.setsid()\n"
        "os.closerange(0, 100)\ntime.sleep(60)"
    )
    began = time.monotonic()
    outcome = held.python(daemon)
    assert outcome.code == 0
    assert time.monotonic() - began < 15
    assert alive(token) == []


def test_a_filled_disk_ends_the_run_and_leaves_nothing(held: Held) -> None:
    for place in (".", "/tmp", "$EXOSUIT_OUT", "/dev/shm"):
        outcome = held(f"cd {place} && i=0; while :; do i=$((i+1)); head -c 8000000 /dev/zero > big$i; done")
        assert outcome.hit == "disk" or b"ermission denied" in outcome.output
        assert [path.name for path in held.runner.tree.iterdir()] == ["a.txt"]


def test_a_disk_filled_with_empty_files_ends_the_run(held: Held) -> None:
    script = "import os\nfor i in range(10**6):\n    os.close(os.open(f'f{i}', os.O_CREAT, 0o600))"
    assert held.python(script, limits=replace(QUICK, files=1000)).hit == "disk"


def test_no_signal_but_the_last_is_needed_to_end_a_run(held: Held) -> None:
    outcome = held("trap '' TERM INT HUP QUIT; while :; do sleep 1; done", limits=replace(QUICK, seconds=0.5))
    assert outcome.hit == "time"
    assert outcome.seconds < 10


def test_a_run_that_closes_its_output_goes_on(held: Held) -> None:
    outcome = held('exec >&- 2>&-; sleep 0.3; echo later > "$EXOSUIT_OUT/late"; exit 7')
    assert outcome.code == 7
    assert outcome.files == {"late": b"later\n"}


def test_devices_can_be_neither_made_nor_found(held: Held) -> None:
    outcome = held("mknod disk b 8 0; mknod mem c 1 1; ls -l disk mem; head -c 1 /dev/mem && ls -l /dev/mem; exit 0")
    assert b"brw" not in outcome.output
    assert b"crw" not in outcome.output


def test_no_privilege_is_to_be_gained(held: Held) -> None:
    script = """
import ctypes, os
print("no new privileges", ctypes.CDLL(None).prctl(39, 0, 0, 0, 0))
for attempt in (lambda: os.setuid(0 if os.getuid() else 1), lambda: os.chown("a.txt", 1, 1), lambda: os.chroot("/tmp")):
    try:
        attempt()
        print("gained")
    except OSError as error:
        print(error)
libc = ctypes.CDLL(None)
for flag in (0x10000000, 0x00020000, 0x40000000):
    print("unshare", libc.unshare(flag))
print("mount", libc.mount(b"none", b"/tmp", b"tmpfs", 0, b""))
print("keyctl", libc.syscall(250, 0, -3, 1), "userfaultfd", libc.syscall(323, 0), "bpf", libc.syscall(321, 0, 0, 0))
"""
    outcome = held.python(script)
    assert b"no new privileges 1" in outcome.output
    assert b"gained" not in outcome.output
    assert outcome.output.count(b"unshare -1") == 3
    assert b"mount -1" in outcome.output
    assert outcome.output.count(b"-1") >= 7


def test_files_of_the_machine_keep_their_times_modes_and_owners(held: Held) -> None:
    shared = held.runner.home / "environment"
    shared.mkdir(exist_ok=True)
    (shared / "module.py").write_text("pass\n")
    os.chown(shared / "module.py", shared.stat().st_uid, -1)
    before = [
        (path.stat().st_mode, path.stat().st_mtime_ns, path.stat().st_uid) for path in (shared, shared / "module.py")
    ]
    outcome = held(
        f"cd {shared} && cat module.py && touch -d 2001-01-01 module.py .; chmod 777 . module.py; chown 1 module.py; "
        "exec 3<module.py; chmod 777 /proc/self/fd/3; touch /proc/self/fd/3; echo x >> module.py; rm -f module.py",
        readable=(shared,),
    )
    assert b"pass\n" in outcome.output
    after = [
        (path.stat().st_mode, path.stat().st_mtime_ns, path.stat().st_uid) for path in (shared, shared / "module.py")
    ]
    assert after == before


def test_memory_of_all_processes_together_is_limited(held: Held) -> None:
    script = (
        "import os, time\nfor _ in range(4):\n    if not os.fork():\n"
        "        data = b'x' * (60 << 20)\n        time.sleep(20)\ntime.sleep(20)"
    )
    assert held.python(script, limits=replace(QUICK, memory=150 << 20)).hit == "memory"


def test_memory_of_one_process_is_limited_before_it_is_touched(held: Held) -> None:
    outcome = held.python("data = bytearray(2 << 30)", limits=replace(QUICK, memory=200 << 20))
    assert outcome.code != 0
    assert outcome.memory < 250 << 20


def test_processor_time_of_all_processes_together_is_limited(held: Held) -> None:
    script = "import os\nfor _ in range(3):\n    os.fork()\nwhile True: pass"
    outcome = held.python(script, limits=replace(QUICK, cpu=1))
    assert outcome.hit == "cpu"


def test_a_terminal_cannot_be_typed_into(held: Held) -> None:
    script = """
import fcntl, os
for descriptor in (0, 1, 2):
    try:
        fcntl.ioctl(descriptor, 0x5412, b"x")
        print("typed")
    except OSError as error:
        print(error)
os.open("/dev/tty", 2)
"""
    outcome = held.python(script)
    assert b"typed" not in outcome.output
    assert outcome.code != 0
