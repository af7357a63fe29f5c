"""MCP over standard input and output, line by line as an agent's program sees it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.wire.serving import TIMEOUT

HELLO = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


class Talk:
    """A running `exosuit mcp` that has been greeted."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.number = 0
        self.welcome = self.say(HELLO)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message: dict[str, Any] | bytes) -> None:
        assert self.process.stdin is not None
        line = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def say(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send, and read lines up to the answer; whatever comes has to be a message."""
        self.send(message)
        while True:
            answer = self.next()
            assert answer["jsonrpc"] == "2.0"
            if answer.get("id") == message["id"]:
                return answer

    def next(self) -> dict[str, Any]:
        """The next message; one that does not come fails the test rather than hanging it."""
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], TIMEOUT)[0], "no answer"
        line = self.process.stdout.readline()
        assert line, "it ended without an answer"
        return dict(json.loads(line))

    def call(self, tool: str, **fields: Any) -> dict[str, Any]:
        self.number += 1
        params = {"name": tool, "arguments": fields}
        answer = self.say({"jsonrpc": "2.0", "id": self.number, "method": "tools/call", "params": params})
        return dict(answer["result"])


@contextmanager
def talking(folder: Path) -> Iterator[Talk]:
    command = [sys.executable, "-m", "tests.wire.notes", "-C", str(folder), "mcp"]
    state = os.environ | {"EXOSUIT_STATE": str(folder / "state")}
    process = subprocess.Popen(
        command, bufsize=0, env=state, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        yield Talk(process)
    finally:
        process.kill()
        process.wait(TIMEOUT)
        for stream in (process.stdin, process.stdout, process.stderr):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    with talking(tmp_path_factory.mktemp("talk")) as going:
        yield going


def test_it_says_who_it_is_and_offers_the_commands_with_their_schemas(talk: Talk) -> None:
    assert talk.welcome["result"]["serverInfo"]["name"] == "exosuit"
    listed = talk.say({"jsonrpc": "2.0", "id": "x", "method": "tools/list"})["result"]["tools"]
    assert [tool["name"] for tool in listed] == ["note_write", "note_list", "note_fail", "note_dwell"]
    assert set(listed[0]["inputSchema"]["properties"]) >= {"subject", "with", "secret"}
    assert listed[0]["inputSchema"]["additionalProperties"] is False
    assert set(listed[0]["outputSchema"]["properties"]) == {"subject", "text", "pair", "tags", "seq"}
    assert listed[1]["annotations"]["readOnlyHint"] is True
    assert listed[0]["annotations"]["readOnlyHint"] is False


def test_a_call_has_an_effect_and_a_structured_answer(talk: Talk) -> None:
    written = talk.call("note_write", subject="a", words=["hé", "\x1b[31m"])
    assert written["structuredContent"] == json.loads(written["content"][0]["text"])
    assert talk.call("note_list", subject="a")["structuredContent"] == {"notes": [{"seq": 1, "text": "hé \x1b[31m"}]}


@pytest.mark.parametrize(
    ("tool", "fields", "code"),
    [
        ("note_fail", {"how": "busy"}, "busy"),
        ("note_fail", {"how": "defect"}, "internal"),
        ("note_fail", {"how": "half"}, "internal"),
        ("note_write", {}, "bad-input"),
        ("note_write", {"subject": "a", "nope": 1}, "bad-input"),
        ("note_write", {"subject": "a", "times": "many"}, "bad-input"),
        ("note_none", {}, "no-such-command"),
    ],
)
def test_an_error_is_a_tool_error_with_code_and_hint_and_the_talk_goes_on(
    talk: Talk, tool: str, fields: dict[str, Any], code: str
) -> None:
    answer = talk.call(tool, **fields)
    assert answer["isError"] is True
    error = json.loads(answer["content"][0]["text"])
    assert (error["code"], set(error)) == (code, {"code", "message", "hint", "retryable"})
    assert error["hint"]
    assert not talk.call("note_list", subject="a").get("isError")


@pytest.mark.parametrize(
    "line",
    [b"", b" ", b"{}", b"\xff\xfe", b'{"jsonrpc": "2.0", "id": 9, "method": "no/such"}'],
)
def test_a_line_that_is_no_message_does_not_end_the_talk(talk: Talk, line: bytes) -> None:
    talk.send(line)
    assert talk.call("note_list", subject="none")["structuredContent"] == {"notes": []}


HALF = "\\ud800"


@pytest.mark.parametrize(
    ("line", "number", "code"),
    [
        (f'{{"jsonrpc": "2.0", "id": 71, "method": "tools/call", "params": {{"name": "{HALF}"}}}}', 71, -32700),
        (f'{{"jsonrpc": "2.0", "id": "a", "method": "{HALF}"}}', "a", -32700),
        (f'{{"jsonrpc": "2.0", "id": "{HALF}", "method": "tools/list"}}', None, -32700),
        ('{"jsonrpc": "2.0", "id": 72, "method": "tools/call", "params": 5}', 72, -32600),
        ('{"jsonrpc": "1.0", "id": 73, "method": "tools/list"}', 73, -32600),
        ('{"id": 74}', 74, -32600),
        ("[1]", None, -32600),
        ("nonsense", None, -32700),
        ("[" * 50_000, None, -32700),
    ],
)
def test_a_line_that_is_no_message_is_answered_so_that_nobody_waits(
    talk: Talk, line: str, number: int | str | None, code: int
) -> None:
    talk.send(line.encode())
    answer = talk.next()
    assert (answer["id"], answer["error"]["code"]) == (number, code)
    assert len(json.dumps(answer)) < 1000


def test_halves_of_characters_in_a_call_are_an_error_of_the_call_or_text(talk: Talk) -> None:
    fields = f'{{"subject": "{HALF}", "words": ["{HALF}"]}}'
    params = f'{{"name": "note_write", "arguments": {fields}}}'
    talk.send(f'{{"jsonrpc": "2.0", "id": 75, "method": "tools/call", "params": {params}}}'.encode())
    assert talk.next()["error"]["code"] == -32700
    assert not talk.call("note_write", subject="whole", words=["\U0001f600"]).get("isError")


def test_it_ends_when_the_client_hangs_up(tmp_path: Path) -> None:
    with talking(tmp_path) as talk:
        assert talk.process.stdin is not None
        talk.process.stdin.close()
        assert talk.process.wait(TIMEOUT) == 0
        assert talk.process.stdout is not None
        assert talk.process.stdout.read() == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to(tmp_path: Path, number: int) -> None:
    with talking(tmp_path) as talk:
        talk.process.send_signal(number)
        assert talk.process.wait(TIMEOUT) == 128 + number
        assert talk.process.stderr is not None
        assert b"Traceback" not in talk.process.stderr.read()
