"""Further requests that somebody else might make, and things that other servers on this machine leave in a browser."""

from __future__ import annotations

import gzip
import http.cookiejar
import json
import os
import socket
import struct
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.wire.serving import TIMEOUT, Served, read, serving
from tests.wire.test_hostile_requests import WEBSOCKET, refused


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hostile")
    with serving(folder, folder, module="tests.wire.notes", EXOSUIT_STATE=str(folder / "state")) as server:
        yield server


@pytest.fixture(autouse=True)
def still_answers(served: Served) -> Iterator[None]:
    yield
    assert served.get("/api/note.list").status == 200
    assert served.process.poll() is None


@pytest.mark.parametrize(
    "host",
    [
        "2130706433:{port}",
        "0x7f.1:{port}",
        "127.1:{port}",
        "127.0.0.1.:{port}",
        "127.0.0.1:0{port}",
        "[::ffff:127.0.0.1]:{port}",
        "localhost.:{port}",
        "localhost:{port}#",
        "localhost:{port}/",
        "127.0.0.1:{port}\t",
        "::1:{port}",
        "[::1%25lo]:{port}",
        "\xe9.example:{port}",
        "127.0.0.1:{port}\x00",
    ],
)
def test_other_spellings_of_this_machine_are_not_our_name(served: Served, host: str) -> None:
    named = host.format(port=served.port)
    status = served.say("GET /api/note.list HTTP/1.1", {"Host": named, **served.bearer}).status
    assert status in (400, 421) or named.strip() == served.host


def test_an_address_of_another_host_in_the_first_line_does_not_outweigh_the_header(served: Served) -> None:
    for line in (
        "http://evil.example/api/note.list",
        f"http://{served.host}/api/note.list",
        f"//{served.host}/api/note.list",
    ):
        answer = served.say(f"GET {line} HTTP/1.1", {"Host": "evil.example", **served.bearer})
        assert answer.status in (400, 421)


def test_other_protocols_on_the_same_port_get_nothing(served: Served) -> None:
    hello = bytes.fromhex("1603010200010001fc0303") + os.urandom(500)
    for opening in (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"EHLO x\r\n\r\n",
        hello,
        b"\x05\x01\x00",
        b"*1\r\n$4\r\nPING\r\n",
    ):
        with served.connect() as link:
            link.sendall(opening)
            link.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError):
                assert link.recv(65536)[:12] in (b"", b"HTTP/1.1 400")
    upgrade = {
        "Host": served.host,
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": "h2c",
        "HTTP2-Settings": "AAMAAABk",
    }
    refused(served.say("GET /api/note.list HTTP/1.1", upgrade), 401, "no-key")


@pytest.mark.parametrize(
    "odd",
    [
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Content-Length: 2, 2",
        "Content-Length: +2",
        "Content-Length:",
        "X: a\r\n folded",
        "X\x00: a",
        ": empty",
    ],
)
def test_framing_that_two_readers_might_read_differently_is_refused(served: Served, odd: str) -> None:
    head = f"POST /api/note.list HTTP/1.1\r\nHost: {served.host}\r\nAuthorization: Bearer {served.token}\r\n"
    with served.connect() as link:
        link.sendall(f"{head}Content-Type: application/json\r\n{odd}\r\n\r\n{{}}".encode("latin-1"))
        with suppress(ConnectionResetError):
            answer = read(link)
            assert answer.status in ((400, 200, 501) if odd.startswith(("X:", "Content-Length: 2")) else (400, 501)), (
                answer
            )


def test_a_second_request_on_a_connection_is_looked_at_like_the_first(served: Served) -> None:
    good = f"GET /api/note.list HTTP/1.1\r\nHost: {served.host}\r\nAuthorization: Bearer {served.token}\r\n\r\n"
    bad = f"GET /api/note.list HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer {served.token}\r\n\r\n"
    keyless = f"GET /api/note.list HTTP/1.1\r\nHost: {served.host}\r\n\r\n"
    for second, status in ((bad, 421), (keyless, 401)):
        with served.connect() as link:
            link.sendall((good + second).encode())
            data = b""
            while data.count(b"HTTP/1.1 ") < 2 and (more := link.recv(65536)):
                data += more
        assert f"HTTP/1.1 {status} ".encode() in data


def test_a_packed_body_is_not_unpacked(served: Served) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    answer = served.post("note.write", bomb, {"Content-Encoding": "gzip"})
    refused(answer, 400, "bad-json")


def test_who_announces_a_large_body_without_a_key_is_not_asked_for_it(served: Served) -> None:
    head = f"POST /api/note.write HTTP/1.1\r\nHost: {served.host}\r\nContent-Length: 16000000\r\n"
    with served.connect() as link:
        link.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        refused(read(link), 401, "no-key")


@pytest.mark.parametrize(
    "body",
    [
        b'{"subject": "a", "subject": "b"}',
        b'{"subject": "x", "\\u0000": 1}',
        b'{"__proto__": {"subject": "x"}}',
        b'{"subject": ["x"]}',
        b'{"subject": {"x": 1}}',
        b"[" * 30 + b"]" * 30,
        b'\xef\xbb\xbf{"subject": "x"}',
        b'{"subject": "x"} {"subject": "y"}',
        b"{'subject': 'x'}",
        b'{"subject": "x", "times": 1e308}',
        b'{"subject": "x", "times": -1e999}',
    ],
)
def test_json_that_means_two_things_is_refused_or_means_one(served: Served, body: bytes) -> None:
    answer = served.post("note.write", body)
    assert answer.status in (200, 400, 422)
    assert answer.status != 200 or answer.json["subject"] == "b"


def test_an_answer_that_no_encoding_has_is_a_defect_that_is_told(served: Served) -> None:
    refused(served.get("/api/note.fail?how=half"), 500, "internal")


def test_tools_over_http_take_no_list_of_calls_and_no_bomb(served: Served) -> None:
    sent = {"Host": served.host, "Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "note_write", "arguments": {"subject": "x"}},
    }
    for body in (
        json.dumps([call] * 1000).encode(),
        b"[" * 100_000,
        b'{"progressToken"' + b"[" * 100_000,
        b"",
        b"null",
    ):
        answer = served.say("POST /mcp HTTP/1.1", sent | served.bearer | {"Content-Length": str(len(body))}, body)
        assert answer.status == 400, body[:40]
    for method in ("PUT", "PATCH", "OPTIONS"):
        assert served.say(f"{method} /mcp HTTP/1.1", sent | served.bearer).status == 405


def test_streams_that_wait_for_news_do_not_use_the_server_up(served: Served) -> None:
    head = f"GET /mcp HTTP/1.1\r\nHost: {served.host}\r\nAuthorization: Bearer {served.token}\r\n"
    head += "Accept: text/event-stream\r\n\r\n"
    held = [served.connect() for _ in range(300)]
    try:
        for link in held:
            with suppress(OSError):
                link.sendall(head.encode())
        assert served.get("/api/note.list").status == 200
    finally:
        for link in held:
            link.close()


def frame(opcode: int, payload: bytes, *, final: bool = True, masked: bool = True, length: int | None = None) -> bytes:
    size = len(payload) if length is None else length
    head = bytes([(0x80 if final else 0) | opcode])
    head += bytes([(0x80 if masked else 0) | 127]) + struct.pack(">Q", size)
    return head + (b"\0\0\0\0" if masked else b"") + payload


@pytest.mark.parametrize(
    "frames",
    [
        frame(1, b"x", masked=False),
        frame(1, b"", length=1 << 62),
        frame(1, b"x" * 5000),
        frame(3, b"x"),
        frame(9, b"x" * 200),
        b"".join([frame(1, b"a", final=False), *(frame(0, b"a" * 100, final=False) for _ in range(200))]),
        frame(0, b"x"),
        frame(1, b"\xff\xfe"),
        b"\xff" * 4000,
        frame(8, b"\x00"),
    ],
    ids=[
        "unmasked",
        "endless",
        "long",
        "reserved",
        "long ping",
        "pieces",
        "no beginning",
        "no text",
        "noise",
        "bad end",
    ],
)
def test_frames_that_break_the_rules_end_their_own_socket_only(served: Served, frames: bytes) -> None:
    with connect(f"ws://{served.host}/api/events", additional_headers=served.bearer, legacy=True) as other:
        with served.connect() as link:
            lines = {"Host": served.host, **served.bearer, **WEBSOCKET}
            link.sendall(
                "".join(["GET /api/events HTTP/1.1\r\n", *(f"{k}: {v}\r\n" for k, v in lines.items()), "\r\n"]).encode()
            )
            assert link.recv(4096).startswith(b"HTTP/1.1 101")
            with suppress(OSError):
                link.sendall(frames)
                while link.recv(4096):
                    pass
        served.post("note.write", {"subject": "still"})
        assert json.loads(other.recv(TIMEOUT))["change"] == "still"


def test_a_flood_of_pings_does_not_keep_others_waiting(served: Served) -> None:
    stop = threading.Event()

    def flood() -> None:
        address = f"ws://{served.host}/api/events"
        with suppress(ConnectionClosed), connect(address, additional_headers=served.bearer, legacy=True) as link:
            while not stop.is_set():
                link.ping()

    flooding = threading.Thread(target=flood)
    flooding.start()
    try:
        time.sleep(0.3)
        for _ in range(5):
            assert served.get("/api/note.list").status == 200
    finally:
        stop.set()
        flooding.join(TIMEOUT)


@pytest.mark.parametrize(
    "others",
    [
        'a={"b": "c, d"}',
        "a=b c",
        "a",
        "=",
        "a[0]=1",
        'a="',
        "a=\xe9",
        "a=b=c",
        "exosuit-{port}=wrong",
        "; ;",
        "path=/; $Version=1",
    ],
)
def test_cookies_of_other_servers_on_this_machine_do_not_lock_its_user_out(served: Served, others: str) -> None:
    """A browser sends every cookie of 127.0.0.1 to every port of it: what other programs set there comes along."""
    theirs = others.replace("{port}", str(served.port))
    for line in (f"{theirs}; {served.cookie()}", f"{served.cookie()}; {theirs}"):
        assert served.get("/api/note.list", {"Cookie": line}).status == 200, line
    assert served.get("/api/note.list", {"Cookie": theirs}).status == 401


def test_many_cookies_of_other_servers_fit(served: Served) -> None:
    many = "; ".join(f"exosuit-{port}={'0' * 64}" for port in range(20_000, 20_180))
    assert served.get("/api/note.list", {"Cookie": f"{many}; {served.cookie()}"}).status == 200


def test_two_servers_in_one_browser_do_not_sign_each_other_out(served: Served, tmp_path: Path) -> None:
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar))
    with serving(tmp_path, tmp_path, module="tests.wire.notes") as other:
        for server in (served, other):
            assert browser.open(server.told["url"], timeout=TIMEOUT).status == 200
        assert len({(cookie.domain, cookie.path) for cookie in jar}) == 1
        assert sorted(cookie.name for cookie in jar) == sorted(f"exosuit-{server.port}" for server in (served, other))
        for server in (served, other, served):
            assert browser.open(f"http://{server.host}/api/note.list", timeout=TIMEOUT).status == 200
