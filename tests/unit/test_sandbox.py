"""What a run in the sandbox gives a check, and what it gives us."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from exosuit.core.errors import ExosuitError
from exosuit.core.places import state_root
from exosuit.verify.sandbox.job import Job, Limits
from exosuit.verify.sandbox.run import LANDLOCK, Backend, candidates, clear, run, trouble
from tests.sandboxing import BACKENDS, PAIRS, USERS, Held, Runner, runner

OURS = [name for user, name in PAIRS if user == "ourselves"]


@pytest.fixture(scope="module")
def plain() -> Iterator[Runner]:
    with runner(USERS[-1]) as made:
        yield made


@pytest.fixture(params=[name for user, name in PAIRS if user == USERS[-1]])
def held(request: pytest.FixtureRequest, plain: Runner) -> Held:
    return Held(plain, BACKENDS[request.param])


@pytest.fixture(params=OURS)
def backend(request: pytest.FixtureRequest) -> Backend:
    return BACKENDS[request.param]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "a tree, with: odd = signs\\"
    folder.mkdir()
    (folder / "a.txt").write_text("as it was\n")
    return folder


def test_a_check_reads_its_tree_writes_into_its_own_copy_and_says_how_it_went(held: Held) -> None:
    outcome = held("cat a.txt; echo new > a.txt; mkdir -p deep/er; echo x > deep/er/f; rm a.txt; ls; exit 3")
    assert (outcome.code, outcome.hit, outcome.ok) == (3, "", False)
    assert outcome.output == b"as it was\ndeep\n"
    assert (held.runner.tree / "a.txt").read_text() == "as it was\n"
    assert not (held.runner.tree / "deep").exists()


def test_two_runs_see_nothing_of_each_other(held: Held) -> None:
    held("echo x > left; echo x > /tmp/left; echo x > $HOME/left; echo x > $TMPDIR/left")
    assert held("ls; ls $HOME $TMPDIR").output.count(b"left") == 0


def test_a_signal_that_ended_it_is_told(held: Held) -> None:
    assert held("kill -SEGV $$").code == -signal.SIGSEGV


def test_the_beginning_and_the_end_of_long_output_are_kept(held: Held) -> None:
    outcome = held("echo first; seq 100000; echo last", limits=Limits(kept=1000))
    assert outcome.output.startswith(b"first\n1\n2\n")
    assert outcome.output.endswith(b"100000\nlast\n")
    assert len(outcome.output) == 2000
    assert outcome.cut + 2000 == len(b"first\nlast\n") + sum(len(str(n)) + 1 for n in range(1, 100001))


def test_time_memory_and_processor_time_are_told(held: Held) -> None:
    outcome = held.python(
        "import time\nx = b'x' * (50 << 20)\nend = time.process_time() + .2\nwhile time.process_time() < end: pass"
    )
    assert outcome.memory > 50 << 20
    assert 0.15 < outcome.cpu < 5
    assert outcome.seconds >= 0.15


def test_servers_on_the_loopback_work_inside(backend: Backend, tree: Path) -> None:
    script = (
        "import socket\nwith socket.create_server(('127.0.0.1', 0)) as s:\n"
        "    c = socket.create_connection(s.getsockname()); c.send(b'x'); print(s.accept()[0].recv(1))"
    )
    if backend.namespaces:
        assert run(Job(("python3", "-I", "-S", "-c", script), tree), backend).output == b"b'x'\n"


def test_a_check_that_is_allowed_the_network_has_the_machines(backend: Backend, tree: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = f"import socket; socket.create_connection({server.getsockname()}).send(b'hello')"
        assert run(Job(("python3", "-I", "-S", "-c", script), tree, network=True), backend).ok
        with server.accept()[0] as link:
            assert link.recv(5) == b"hello"


def test_a_check_that_is_allowed_the_network_reaches_no_socket_of_the_users(backend: Backend, tree: Path) -> None:
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tree.parent / "agent"))
        agent.listen()
        script = f"import socket; socket.socket(socket.AF_UNIX).connect({agent.getsockname()!r})"
        assert not run(Job(("python3", "-I", "-S", "-c", script), tree, network=True), backend).ok


def test_what_is_named_as_readable_can_be_read_at_its_own_place_and_not_written(
    backend: Backend, tree: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "tool").write_text("#!/bin/sh\necho I am $0\n")
    (tools / "tool").chmod(0o755)
    outcome = run(Job(("tool",), tree, env={"PATH": f"{tools}:/usr/bin:/bin"}, readable=(tools,)), backend)
    assert outcome.output.decode() == f"I am {tools}/tool\n"
    assert not run(Job(("touch", f"{tools}/more"), tree, readable=(tools,)), backend).ok


def test_the_tree_stands_where_the_workspace_does_with_what_the_snapshot_lacks_beside_it(
    backend: Backend, tree: Path, tmp_path: Path
) -> None:
    root = tmp_path / "workspace"
    (root / ".venv").mkdir(parents=True)
    (root / ".venv" / "tool").write_text("an environment\n")
    (root / "a.txt").write_text("what the workspace has now\n")
    beside = ".venv" if backend.namespaces else f"{root}/.venv"  # without namespaces the tree stands elsewhere
    job = Job(("sh", "-c", f"pwd; cat a.txt {beside}/tool"), tree, at=root, readable=(root / ".venv",))
    place, *contents = run(job, backend).output.decode().splitlines()
    assert contents == ["as it was", "an environment"]
    assert (place == str(root)) is backend.namespaces
    assert sorted(path.name for path in root.iterdir()) == [".venv", "a.txt"]


def test_a_command_that_is_not_there_is_an_error_and_not_a_result(backend: Backend, tree: Path) -> None:
    with pytest.raises(ExosuitError, match="no-such-tool") as raised:
        run(Job(("no-such-tool",), tree), backend)
    assert raised.value.code == "cannot-start"


def test_a_run_can_be_stopped(backend: Backend, tree: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    outcome = run(Job(("sleep", "60"), tree), backend, stop)
    assert outcome.hit == "stopped"
    assert outcome.seconds < 30


def test_a_run_ends_with_the_process_that_asked_for_it_and_its_folder_goes_at_the_next_run(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = uuid4().hex
    script = (
        "import sys\nfrom pathlib import Path\nfrom exosuit.verify.sandbox.job import Job\n"
        "from exosuit.verify.sandbox.run import run, LANDLOCK\n"
        f"run(Job(('sh', '-c', 'sleep 60; : {token}'), Path(sys.argv[1])), LANDLOCK)"
    )
    with subprocess.Popen([sys.executable, "-c", script, tree]) as caller:
        wait_for(lambda: token_alive(token))
        caller.kill()
    wait_for(lambda: not token_alive(token))
    assert len(list((state_root() / "runs").iterdir())) == 1
    monkeypatch.setattr("exosuit.verify.sandbox.run._ABANDONED_SECONDS", 0.0)
    assert run(Job(("true",), tree), LANDLOCK).ok
    assert list((state_root() / "runs").iterdir()) == []


def token_alive(token: str) -> bool:
    done = subprocess.run(["pgrep", "-f", f"^sh -c sleep 60; : {token}"], stdout=subprocess.DEVNULL)
    return done.returncode == 0


def wait_for(holds: object) -> None:
    assert callable(holds)
    limit = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_many_runs_at_a_time_keep_apart(backend: Backend, tree: Path) -> None:
    found: dict[int, bytes] = {}

    def one(number: int) -> None:
        found[number] = run(Job(("sh", "-c", f"echo {number} > a.txt; sleep 0.1; cat a.txt"), tree), backend).output

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: f"{number}\n".encode() for number in range(8)}


def test_a_folder_that_holds_our_state_is_never_lent(tree: Path) -> None:
    with pytest.raises(ExosuitError) as raised:
        run(Job(("true",), tree, readable=(state_root().parent,)))
    assert raised.value.code == "exposed-state"


def test_a_folder_as_deep_as_it_is_closed_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "left"
    folder.mkdir()
    (tmp_path / "mine").write_text("mine")
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", 0o700, dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.symlink(tmp_path, "link", dir_fd=here)
    os.fchmod(here, 0)
    os.close(here)
    clear(str(folder))
    assert not folder.exists()
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_bubblewrap_that_does_not_work_is_noticed_by_trying(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    broken.chmod(0o755)
    assert "No permissions" in trouble(Backend("bubblewrap", str(broken)))


FIND = "from exosuit.verify.sandbox.run import available; print(available().name)"
WITHOUT_BWRAP = f"import os; os.environ['PATH'] = '/nowhere'; {FIND}"


def where_user_namespaces_are_off(program: str, *, root: bool) -> subprocess.CompletedProcess[str]:
    """Run Python in a user namespace below which there can be no other."""
    who = ["--map-root-user"] if root else ["--map-user=1000", "--map-group=1000", "--keep-caps"]
    script = f'echo 0 > /proc/sys/user/max_user_namespaces && exec {sys.executable} -c "$0"'
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = ["unshare", "--user", *who, "sh", "-c", script, program]
    return subprocess.run(words, capture_output=True, text=True, env=env)


def test_where_user_namespaces_are_off_a_plain_user_is_held_by_landlock_alone() -> None:
    done = where_user_namespaces_are_off(FIND, root=False)
    assert done.stdout == "landlock without namespaces\n", done.stderr


def test_where_user_namespaces_are_off_and_bubblewrap_is_missing_root_is_refused_with_what_to_do() -> None:
    done = where_user_namespaces_are_off(WITHOUT_BWRAP, root=True)
    assert done.stdout == ""
    assert "nothing here can hold a check in" in done.stderr
    assert "root cannot be held in" in done.stderr


def test_what_is_refused_is_refused_and_never_run_unheld(
    monkeypatch: pytest.MonkeyPatch, tree: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr("exosuit.verify.sandbox.run.candidates", list)
    monkeypatch.setattr("exosuit.verify.sandbox.run._chosen", [])
    with pytest.raises(ExosuitError) as raised:
        run(Job(("touch", str(tmp_path / "ran")), tree))
    assert raised.value.code == "no-sandbox"
    assert "bubblewrap" in raised.value.hint
    assert not (tmp_path / "ran").exists()


def test_the_first_back_end_is_bubblewrap_where_it_is_installed() -> None:
    names = [backend.name for backend in candidates()]
    assert names[0] == ("bubblewrap" if shutil.which("bwrap") else "landlock")


def test_limits_differ_by_run(backend: Backend, tree: Path) -> None:
    slow = Job(("sleep", "5"), tree)
    assert run(replace(slow, limits=Limits(seconds=0.2)), backend).hit == "time"
