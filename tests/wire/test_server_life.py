"""A server's start, its news and its end."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from exosuit.faces.server import listen
from tests.wire.serving import TIMEOUT, Served, serving

pytestmark = pytest.mark.alone


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, tmp_path, module="tests.wire.notes") as server:
        yield server


def watch(served: Served, query: str = "", key: str = "bearer") -> ClientConnection:
    headers = served.bearer if key == "bearer" else {"Cookie": served.cookie(), "Origin": f"http://{served.host}"}
    return connect(f"ws://{served.host}/api/events{query}", additional_headers=headers, legacy=True)


def note(folder: Path, subject: str) -> None:
    command = [sys.executable, "-m", "tests.wire.notes", "-C", str(folder), "note", "write", subject, "hello"]
    subprocess.run(command, check=True, capture_output=True)


def test_news_of_this_process_and_of_others_reach_every_watcher(served: Served, tmp_path: Path) -> None:
    with watch(served) as first, watch(served, key="cookie") as second:
        served.post("note.write", {"subject": "a"})
        for watcher in (first, second):
            assert json.loads(watcher.recv(TIMEOUT)) == {"seq": 1, "change": "a"}
        note(tmp_path, "b")
        for watcher in (first, second):
            assert json.loads(watcher.recv(TIMEOUT)) == {"seq": 2, "change": "b"}


def test_a_watcher_that_comes_back_gets_what_it_missed(served: Served) -> None:
    for subject in ("a", "b", "b"):
        served.post("note.write", {"subject": subject})
    with watch(served, "?since=1") as watcher:
        assert json.loads(watcher.recv(TIMEOUT)) == {"seq": 3, "change": "b"}
        served.post("note.write", {"subject": "a"})
        assert json.loads(watcher.recv(TIMEOUT)) == {"seq": 4, "change": "a"}


def test_a_watcher_that_is_ahead_of_the_ledger_takes_nothing_from_the_others(served: Served) -> None:
    with watch(served, "?since=999999999999"), watch(served) as other:
        served.post("note.write", {"subject": "a"})
        assert json.loads(other.recv(TIMEOUT)) == {"seq": 1, "change": "a"}


def test_a_watcher_may_say_what_it_likes_but_nothing_long(served: Served) -> None:
    with watch(served) as watcher:
        watcher.send("anything")
        served.post("note.write", {"subject": "a"})
        assert json.loads(watcher.recv(TIMEOUT))["change"] == "a"
        watcher.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            watcher.recv(TIMEOUT)
    assert served.get("/api/note.list").status == 200


def test_watchers_that_leave_are_forgotten_and_too_many_are_turned_away(served: Served) -> None:
    for _ in range(3):
        held = [watch(served) for _ in range(64)]
        with pytest.raises(InvalidStatus) as refusal:
            watch(served)
        assert (refusal.value.response.status_code, json.loads(refusal.value.response.body)["code"]) == (503, "busy")
        for watcher in held:
            watcher.close()
    with watch(served) as watcher:
        served.post("note.write", {"subject": "a"})
        assert watcher.recv(TIMEOUT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_when_asked_with_a_page_open(served: Served, number: int) -> None:
    with watch(served) as watcher:
        began = time.monotonic()
        assert served.stop(number) == 0
        assert time.monotonic() - began < 5
        with pytest.raises(ConnectionClosed):
            watcher.recv(TIMEOUT)
    assert served.errors.read_text() == ""


def test_a_command_that_runs_is_finished_before_the_server_stops(served: Served) -> None:
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(served.get("/api/note.fail?how=ok&seconds=1").status))
    asking.start()
    time.sleep(0.4)
    assert served.stop() == 0
    asking.join(TIMEOUT)
    assert answers == [200]


def test_a_second_ctrl_c_does_not_wait_for_a_command_that_runs(served: Served) -> None:
    def ask() -> None:
        with suppress(OSError):
            served.get("/api/note.fail?how=ok&seconds=30")

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.4)
    served.process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert served.stop(signal.SIGINT) == 130
    asking.join(TIMEOUT)
    assert served.errors.read_text().startswith("stopped while a command was running")


def test_an_answer_does_not_wait_for_the_reader_to_acknowledge_its_first_part() -> None:
    """asyncio turns Nagle's algorithm off only where a socket names its protocol; with it answers came 40 ms late."""
    delays: list[int] = []

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        delays.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async def ask() -> None:
        with listen(None) as listening:
            async with await asyncio.start_server(answer, sock=listening):
                reader, writer = await asyncio.open_connection(*listening.getsockname())
                await reader.read()
                writer.close()

    asyncio.run(ask())
    assert delays == [1]


def test_a_port_that_is_taken_is_an_error_only_where_it_was_asked_for(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "tests.wire.notes", "-C", str(tmp_path), "serve", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"error: port {port} cannot be used (Address already in use)",
        "hint: leave --port out to get a free one",
    ]


def test_two_servers_share_a_workspace_on_two_ports_and_with_two_keys(served: Served, tmp_path: Path) -> None:
    with serving(tmp_path, tmp_path, module="tests.wire.notes") as other:
        assert other.port != served.port
        assert other.token != served.token
        assert other.get("/api/note.list", served.bearer).status == 401
        assert other.get("/api/note.list", {"Cookie": served.cookie()}).status == 401
        with watch(other) as watcher:
            served.post("note.write", {"subject": "a"})
            assert json.loads(watcher.recv(TIMEOUT)) == {"seq": 1, "change": "a"}


@pytest.mark.parametrize("port", ["0", "-1", "65536", "http", "\uff11"])
def test_a_port_that_is_none_is_wrong_usage(tmp_path: Path, port: str) -> None:
    command = [sys.executable, "-m", "tests.wire.notes", "-C", str(tmp_path), "serve", f"--port={port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"error: {port} is not a port")
