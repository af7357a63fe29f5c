"""Calls that take long: every face says how far they are, and stops them when nobody waits for the answer any more."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from exosuit.faces.mcp import WORKERS
from tests.wire.serving import TIMEOUT, Served, read, serving
from tests.wire.test_mcp_stdio import Talk, talking

pytestmark = pytest.mark.alone

LONG = {"how": "ok", "seconds": 50}
"""A call that nobody would wait for: half a second a step."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("long")
    with serving(folder, folder, module="tests.wire.notes", EXOSUIT_STATE=str(folder / "state")) as server:
        yield server


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as going:
        yield going


def watch(served: Served, query: str = "?calls=1") -> ClientConnection:
    return connect(f"ws://{served.host}/api/events{query}", additional_headers=served.bearer, legacy=True)


def told(watcher: ClientConnection, name: str) -> dict[str, Any]:
    """The next message about a call."""
    while True:
        message = json.loads(watcher.recv(TIMEOUT))
        if message.get("call") == name:
            return dict(message)


def begun(
    served: Served, path: str, fields: Any, *, key: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> socket.socket:
    """A request that was sent, whose answer nobody has read yet."""
    body = json.dumps(fields).encode()
    lines = {"Host": served.host, "Content-Type": "application/json", "Content-Length": str(len(body))}
    lines |= {"Accept": "application/json, text/event-stream", **(key or served.bearer), **(headers or {})}
    link = served.connect()
    link.sendall("".join([f"POST {path} HTTP/1.1\r\n", *(f"{k}: {v}\r\n" for k, v in lines.items()), "\r\n"]).encode())
    link.sendall(body)
    return link


def tool(seconds: float, *, token: str | None = None, number: int = 1) -> dict[str, Any]:
    meta = {"_meta": {"progressToken": token}} if token else {}
    params = {"name": "note_fail", "arguments": {"how": "ok", "seconds": seconds}, **meta}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def test_a_call_over_http_is_followed_on_the_socket_of_events(served: Served) -> None:
    with (
        watch(served) as watcher,
        begun(served, "/api/note.fail", {"how": "ok", "seconds": 3}, headers={"Exosuit-Call": "mine"}) as link,
    ):
        first, second = told(watcher, "mine"), told(watcher, "mine")
        assert (first["command"], first["total"], first["what"]) == ("note.fail", 100, "waiting")
        assert 0 < first["done"] < second["done"]
        assert read(link).status == 200
        while "over" not in (last := told(watcher, "mine")):
            assert last["done"] > second["done"]


def test_who_did_not_ask_is_told_of_changes_only(served: Served) -> None:
    with watch(served, "") as watcher, begun(served, "/api/note.fail", {"how": "ok", "seconds": 1.5}) as link:
        assert read(link).status == 200
        served.post("note.write", {"subject": "a"})
        assert set(json.loads(watcher.recv(TIMEOUT))) == {"seq", "change"}


def test_a_client_that_goes_stops_what_it_asked_for(served: Served) -> None:
    with watch(served) as watcher:
        for path, fields in (("/api/note.fail", LONG), ("/mcp", tool(50)), ("/mcp", tool(50, token="t"))):
            with ExitStack() as held:
                links = [held.enter_context(begun(served, path, fields)) for _ in range(WORKERS)]
                names: set[str] = set()
                while len(names) < len(links):  # one that began early is told of again before the last one begins
                    names.add(json.loads(watcher.recv(TIMEOUT))["call"])
            while names:
                message = json.loads(watcher.recv(TIMEOUT))
                names -= {message["call"]} if "over" in message else set()
            assert served.get("/api/note.fail?how=ok").status == 200


def test_what_a_page_began_to_write_goes_on_when_it_is_closed(served: Served) -> None:
    page = {"Cookie": served.cookie(), "Origin": f"http://{served.host}"}
    with watch(served) as watcher:
        for subject, key in (("page", page), ("program", served.bearer)):
            with begun(
                served, "/api/note.dwell", {"how": subject, "seconds": 2.5}, key=key, headers={"Exosuit-Call": subject}
            ):
                assert "over" not in told(watcher, subject)
            while "over" not in told(watcher, subject):
                pass
    notes = {subject: served.post("note.list", {"subject": subject}).json["notes"] for subject in ("page", "program")}
    assert ([note["text"] for note in notes["page"]], notes["program"]) == (["dwelt"], [])


def test_a_name_that_is_none_is_not_told_on(served: Served) -> None:
    with watch(served) as watcher, begun(served, "/api/note.fail", LONG, headers={"Exosuit-Call": "<b>\\u202e"}):
        assert json.loads(watcher.recv(TIMEOUT))["call"].isdigit()


def test_a_tool_over_http_reports_how_far_it_is_to_who_wants_it(served: Served) -> None:
    with begun(served, "/mcp", tool(1.0, token="mine"), headers={"MCP-Protocol-Version": "2025-06-18"}) as link:
        answer = read(link)
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [json.loads(line[6:]) for line in answer.body.decode().splitlines() if line.startswith("data: {")]
    reports = [line["params"] for line in lines if line.get("method") == "notifications/progress"]
    assert {report["progressToken"] for report in reports} == {"mine"}
    assert len(reports) > 1
    assert lines[-1]["result"]["structuredContent"]["done"] is True
    with begun(served, "/mcp", tool(0.1), headers={"MCP-Protocol-Version": "2025-06-18"}) as link:
        assert read(link).json["result"]["structuredContent"]["done"] is True


def test_a_tool_reports_how_far_it_is_in_steps_that_grow(talk: Talk) -> None:
    talk.send(tool(1.0, token="a", number=50))
    seen = []
    while (message := talk.next()).get("id") != 50:
        assert message["method"] == "notifications/progress"
        seen.append(message["params"])
    assert len(seen) > 1
    assert [one["progress"] for one in seen] == sorted({one["progress"] for one in seen})
    assert {(one["progressToken"], one["total"], one["message"]) for one in seen} == {("a", 100, "waiting")}


def test_a_tool_reports_nothing_to_who_did_not_ask(talk: Talk) -> None:
    talk.send(tool(0.5, number=51))
    assert talk.next()["id"] == 51


def test_a_tool_that_is_cancelled_makes_room_for_others(talk: Talk) -> None:
    numbers = range(60, 60 + WORKERS)
    for number in numbers:
        talk.send(tool(50, number=number))
    time.sleep(0.3)
    for number in numbers:
        cancelled = {"requestId": number, "reason": "no longer wanted"}
        talk.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled})
    began = time.monotonic()
    assert talk.call("note_list", subject="a")["structuredContent"] == {"notes": []}
    assert time.monotonic() - began < TIMEOUT
