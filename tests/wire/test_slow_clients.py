"""Clients that hold on to a server: each gets a deadline, and the others are answered meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.wire.serving import TIMEOUT, Served, read, serving

pytestmark = pytest.mark.alone

SECONDS = 0.6


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("slow")
    state = {"EXOSUIT_STATE": str(folder / "state"), "NOTES_SECONDS": str(SECONDS)}
    with serving(folder, folder, module="tests.wire.notes", **state) as server:
        yield server


def answers(served: Served) -> bool:
    return served.get("/api/note.list").status == 200


def is_ended(link: socket.socket) -> bool:
    """Whether the server ends the connection without a word, before our own patience does."""
    with suppress(ConnectionResetError):
        return link.recv(1) == b""
    return True


def dribble(link: socket.socket, data: bytes) -> None:
    """A byte every 50 ms, until the server has had enough."""
    with suppress(OSError):
        for byte in data:
            link.sendall(bytes([byte]))
            time.sleep(0.05)


def test_a_client_that_says_nothing_is_ended(served: Served) -> None:
    with served.connect() as link:
        assert is_ended(link)
    assert answers(served)


def test_a_head_that_comes_byte_by_byte_is_ended(served: Served) -> None:
    with served.connect() as link:
        threading.Thread(target=dribble, args=(link, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 400)).start()
        assert is_ended(link)
    assert answers(served)


def test_a_head_that_stops_after_a_first_request_is_ended(served: Served) -> None:
    head = (
        f"GET /api/note.list HTTP/1.1\r\nHost: {served.host}\r\nAuthorization: Bearer {served.token}\r\n\r\n".encode()
    )
    with served.connect() as link:
        link.sendall(head)
        assert read(link).status == 200
        link.sendall(head[:20])
        assert is_ended(link)


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_body_that_comes_byte_by_byte_is_refused(served: Served, framing: str) -> None:
    head = [
        "POST /api/note.write HTTP/1.1",
        f"Host: {served.host}",
        f"Authorization: Bearer {served.token}",
        "Content-Type: application/json",
        framing,
    ]
    with served.connect() as link:
        link.sendall("".join(f"{line}\r\n" for line in [*head, ""]).encode())
        threading.Thread(target=dribble, args=(link, b"3e8\r\n" + b" " * 400)).start()
        answer = read(link)
        assert (answer.status, answer.json["code"]) == (408, "slow-body")
        assert is_ended(link)
    assert answers(served)


def test_a_body_that_follows_a_refusal_does_not_keep_the_connection(served: Served) -> None:
    with served.connect() as link:
        link.sendall(f"POST /api/note.write HTTP/1.1\r\nHost: {served.host}\r\nContent-Length: 10000\r\n\r\n".encode())
        threading.Thread(target=dribble, args=(link, b" " * 400)).start()
        assert read(link).status == 401
        assert is_ended(link)


def test_a_client_that_never_reads_its_answer_is_ended(served: Served) -> None:
    head = f"GET /api/note.fail?how=ok&filler=50000000 HTTP/1.1\r\nHost: {served.host}\r\n"
    with served.connect() as link:
        link.sendall(f"{head}Authorization: Bearer {served.token}\r\n\r\n".encode())
        time.sleep(SECONDS * 3)
        with suppress(ConnectionResetError):
            received = 0
            while data := link.recv(1 << 20):
                received += len(data)
            assert received < 50_000_000
    assert answers(served)


def test_many_idle_connections_do_not_lock_its_user_out(served: Served) -> None:
    with ExitStack() as held:
        links = [held.enter_context(served.connect()) for _ in range(400)]
        assert answers(served)
        assert is_ended(links[0])
    assert answers(served)


def test_many_idle_connections_that_have_begun_a_request_do_not_either(served: Served) -> None:
    with ExitStack() as held:
        for _ in range(400):
            link = held.enter_context(served.connect())
            link.sendall(b"GET / HTTP/1.1\r\n")
        assert answers(served)


def test_slow_commands_do_not_keep_the_server_from_refusing_and_stop_with_it(served: Served) -> None:
    def wait() -> None:
        with suppress(OSError):
            served.get("/api/note.fail?how=ok&seconds=1")

    waiting = [threading.Thread(target=wait) for _ in range(12)]
    for thread in waiting:
        thread.start()
    time.sleep(0.2)
    assert served.get("/", {}).status == 401
    assert answers(served)
    for thread in waiting:
        thread.join(TIMEOUT)
