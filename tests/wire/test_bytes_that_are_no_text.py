"""Bytes that are no text, where text is expected: folders, words of a command line, halves of characters in JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from exosuit.core.escapes import path_text
from tests.repository import Repository
from tests.wire.serving import TIMEOUT, Served, serving


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository in a folder whose name is not UTF-8, with a change of one file."""
    repository = Repository.make(tmp_path_factory.mktemp("odd") / os.fsdecode(b"na\xffme\n"))
    repository.commit("one", {"a.txt": "one\n"})
    repository.write({"a.txt": "two\n"})
    return repository


@pytest.fixture(scope="module")
def served(odd: Repository) -> Iterator[Served]:
    state = {"EXOSUIT_STATE": str(odd.path.parent / os.fsdecode(b"st\xfeate"))}
    with serving(odd.path, odd.path.parent, "review", "--worktree", "--no-open", **state) as server:
        yield server


def shell(odd: Repository, *words: str | bytes) -> dict[str, Any]:
    state = {"EXOSUIT_STATE": str(odd.path.parent / os.fsdecode(b"st\xfeate"))}
    line = [sys.executable, "-m", "exosuit", *words, "--json"]
    done = subprocess.run(line, cwd=odd.path, env=os.environ | state, capture_output=True, timeout=TIMEOUT)
    told = (done.stdout or done.stderr).decode("ascii")
    assert "\\ud" not in told
    return dict(json.loads(told))


def tool(served: Served, body: bytes) -> Any:
    sent = {"Host": served.host, "Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    sent |= {"Content-Length": str(len(body)), "MCP-Protocol-Version": "2025-06-18", **served.bearer}
    return served.say("POST /mcp HTTP/1.1", sent, body)


def called(served: Served, name: str, fields: dict[str, Any]) -> Any:
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": fields}}
    answer = tool(served, json.dumps(ask).encode())
    return json.loads(answer.json["result"]["content"][0]["text"])


def test_a_workspace_whose_name_is_no_text_is_told_alike_on_every_face(odd: Repository, served: Served) -> None:
    by_shell = shell(odd, "workspace", "show")
    assert by_shell["root"] == path_text(os.fsencode(odd.path))
    assert by_shell["name"] == r"na\xffme\n"
    assert served.get("/api/workspace.show").json == by_shell
    assert called(served, "workspace_show", {}) == by_shell


def test_an_error_that_names_such_a_folder_is_told_on_every_face(odd: Repository, served: Served) -> None:
    by_shell = shell(odd, "file", "read", "--path", "none")
    assert r"na\xffme\n" in by_shell["message"]
    assert served.post("file.read", {"path": "none"}).json["message"] == by_shell["message"]
    assert called(served, "file_read", {"path": "none"}) == by_shell
    wrong = shell(odd, "change", "import", "no\udcffwhere..HEAD")
    assert wrong["code"] == "no-such-revision"


def test_where_something_was_written_is_told_on_every_face(odd: Repository, served: Served) -> None:
    for name, verb in ((b"o\xfc1", "export"), (b"o\xfc2", "materialize")):
        told = shell(odd, "change", verb, "last", "--all", "--out", name)
        assert told["out"] == path_text(os.fsencode(odd.path) + b"/" + name)
        assert (odd.path / os.fsdecode(name)).exists()
    assert served.post("change.export", {"change": "last", "all": True, "out": "o3"}).status == 200
    assert served.post("change.materialize", {"change": "last", "all": True, "out": "o4"}).status == 200


def test_words_of_a_command_line_that_are_no_text_are_kept_as_they_are_shown(odd: Repository, served: Served) -> None:
    shell(odd, "change", "comment", "last", b"caf\xe9?")
    shell(odd, "change", "accept", "last", "--all", "--why", b"it is \xff")
    by_shell = shell(odd, "change", "show", "last")
    assert [comment["text"] for comment in by_shell["comments"]] == [r"caf\xe9?"]
    assert by_shell["decisions"][-1]["why"] == r"it is \xff"
    assert served.post("change.show", {"change": "last"}).json == by_shell
    assert called(served, "change_show", {"change": "last"}) == by_shell
    assert shell(odd, "change", "search", "last", b"\xff")["hits"] == []
    titled = shell(odd, "change", "import", "HEAD", "--title", b"t\xff", "--by", b"b\xfe", "--prompt", b"p\xfd")
    assert titled["title"] == r"t\xff"
    assert served.post("review.facts", {"change": titled["change"], "file": 1}).json["generator"] == r"b\xfe"
    assert served.get("/api/change.list").status == 200


@pytest.mark.parametrize("half", ["\\ud800", "\\udcff", "\\udfff\\ud800"])
def test_half_a_character_in_json_is_refused_and_nobody_waits(served: Served, half: str) -> None:
    for name, fields in (
        ("file.read", f'{{"path": "{half}"}}'),
        ("change.comment", f'{{"change": "last", "text": "{half}"}}'),
    ):
        answer = served.post(name, fields.encode())
        assert (answer.status, answer.json["code"]) == (400, "bad-json")
        params = f'{{"name": "{name.replace(".", "_")}", "arguments": {fields}}}'
        refused = tool(served, f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {params}}}'.encode())
        assert (refused.status, refused.json["error"]["code"]) == (400, -32700)
    assert served.get("/api/file.read?path=%ed%a0%80").status == 400
    assert served.get("/api/change.list").status == 200
