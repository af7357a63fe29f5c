"""The real commands on real servers: the review that opens, MCP over HTTP, the page and its files."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import jsonschema  # type: ignore[import-untyped]
import pytest
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ListToolsResult
from starlette.requests import Request

from exosuit.faces.mcp import tools
from exosuit.faces.static import BUNDLE, SCREENS, Static, bundle
from exosuit.faces.suit import REAL
from tests.repository import Repository
from tests.wire.serving import TIMEOUT, Answer, Served, serving

EXOSUIT = [sys.executable, "-m", "exosuit"]


@pytest.fixture
def feature(workspace: Repository) -> Repository:
    workspace.commit("base", {"a.txt": "one\ntwo\nthree\n"})
    workspace.git("checkout", "--quiet", "-b", "feature")
    workspace.commit("head", {"a.txt": "one\n2\nthree\n", "b.txt": "new\n"})
    workspace.git("checkout", "--quiet", "main")
    return workspace


@pytest.fixture
def served(feature: Repository, tmp_path: Path) -> Iterator[Served]:
    with serving(feature.path, tmp_path, "review", "main..feature", "--no-open") as server:
        yield server


def test_review_imports_and_tells_where_the_review_is(served: Served, feature: Repository) -> None:
    assert set(served.told) == {"url", "change", "pid"}
    assert served.told["pid"] == served.process.pid
    assert urlsplit(served.told["url"]).path == f"/change/{served.told['change']}"
    answer = served.post("change.show", {"change": served.told["change"], "no_atoms": True})
    assert [file["path"] for file in answer.json["files"]] == ["a.txt", "b.txt"]
    assert served.stop() == 0


@pytest.mark.parametrize(
    "words",
    [
        ("review", "last"),
        ("review", "feature"),
        ("review", "--worktree", "--against", "feature"),
        ("review", "--dirs", "{0}/x", "{0}/y"),
    ],
)
def test_review_takes_every_source_and_a_change_that_is_there(
    feature: Repository, tmp_path: Path, words: tuple[str, ...]
) -> None:
    for name, text in (("x", "1"), ("y", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text(text)
    subprocess.run([*EXOSUIT, "-C", feature.path, "change", "import", "main..feature"], check=True, capture_output=True)
    filled = [word.format(tmp_path) for word in words]
    with serving(feature.path, tmp_path, *filled, "--no-open") as server:
        assert server.post("review.overview", {"change": server.told["change"]}).status == 200


@pytest.mark.parametrize(
    ("words", "code"),
    [([], 2), (["nowhere"], 1), (["main..nowhere"], 1), (["--patch", "none"], 1), (["main..feature", "--worktree"], 2)],
)
def test_review_of_nothing_is_an_error_and_starts_no_server(feature: Repository, words: list[str], code: int) -> None:
    done = subprocess.run(
        [*EXOSUIT, "review", *words], cwd=feature.path, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert (done.returncode, done.stdout) == (code, "")
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")


def test_the_browser_gets_an_address_that_works_once_and_is_not_the_printed_one(
    feature: Repository, tmp_path: Path
) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.new && mv {opened}.new {opened}\n')
    browser.chmod(0o755)
    with serving(feature.path, tmp_path, "review", "main..feature", BROWSER=f"{browser} %s") as server:
        deadline = time.monotonic() + TIMEOUT
        while not opened.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        url = opened.read_text()
        assert server.token not in url
        parts = urlsplit(url)
        assert parts.path == f"/change/{server.told['change']}"
        target = f"{parts.path}?{parts.query}"
        assert server.get(target, {}).status == 303
        assert server.get(target, {}).status == 401


def test_a_browser_that_cannot_be_started_does_no_harm(feature: Repository, tmp_path: Path) -> None:
    with serving(feature.path, tmp_path, "review", "main..feature", BROWSER="/no/such/browser %s") as server:
        assert server.get("/api/workspace.show").status == 200
        assert server.stop() == 0
        assert server.errors.read_text() == ""


def test_events_say_who_did_it(served: Served) -> None:
    body = json.dumps({"change": "last", "all": True}).encode()
    page = {"Host": served.host, "Origin": f"http://{served.host}", "Cookie": served.cookie()}
    page |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    assert served.say("POST /api/change.accept HTTP/1.1", page, body).status == 200
    served.post("change.undo", {"change": "last"})
    decisions = served.post("change.show", {"change": "last"}).json["decisions"]
    assert [event["actor"] for event in decisions] == ["cli", "gui", "http"]


def test_two_clients_that_decide_at_once_lose_nothing(served: Served) -> None:
    async def race() -> list[int]:
        async with httpx2.AsyncClient(base_url=f"http://{served.host}", headers=served.bearer, timeout=60) as client:
            calls = [
                client.post("/api/change.comment", json={"change": "last", "text": f"comment {i}"}) for i in range(60)
            ]
            return [answer.status_code for answer in await asyncio.gather(*calls)]

    assert set(asyncio.run(race())) == {200}
    comments = served.post("change.show", {"change": "last", "no_atoms": True}).json["comments"]
    assert sorted(comment["text"] for comment in comments) == sorted(f"comment {i}" for i in range(60))


def test_mcp_over_http_is_the_same_tools_behind_the_same_guard(served: Served) -> None:
    async def talk() -> tuple[ListToolsResult, CallToolResult, CallToolResult, CallToolResult]:
        async with (
            httpx2.AsyncClient(headers=served.bearer, timeout=30) as http,
            streamable_http_client(f"http://{served.host}/mcp", http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as client,
        ):
            await client.initialize()
            listed = await client.list_tools()
            good = await client.call_tool("change_list", {})
            bad = await client.call_tool("change_show", {"change": "none"})
            unknown = await client.call_tool("change_none", {})
            assert isinstance(good, CallToolResult)
            assert isinstance(bad, CallToolResult)
            assert isinstance(unknown, CallToolResult)
            return listed, good, bad, unknown

    listed, good, bad, unknown = asyncio.run(talk())
    assert [tool.name for tool in listed.tools] == [command.tool for command in REAL.load()]
    assert good.structured_content["changes"][0]["change"] == served.told["change"]
    for answer, code in ((bad, "no-such-change"), (unknown, "no-such-command")):
        assert answer.is_error
        error = json.loads(answer.content[0].text)  # type: ignore[union-attr]
        assert (error["code"], set(error)) == (code, {"code", "message", "hint", "retryable"})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer no"}, 401),
        ({"Origin": "http://evil.example"}, 403),
        ({"Host": "evil"}, 421),
    ],
)
def test_mcp_refuses_strangers(served: Served, headers: dict[str, str], status: int) -> None:
    key = {} if status == 401 else served.bearer
    sent = {"Host": served.host, "Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
    sent |= {"Content-Length": str(len(body)), **key, **headers}
    assert served.say("POST /mcp HTTP/1.1", sent, body).status == status


def test_the_tools_say_what_they_may_do() -> None:
    hints = {tool.name: tool.annotations for tool in tools(REAL.load())}
    assert all(hint is not None for hint in hints.values())
    reading = {name for name, hint in hints.items() if hint is not None and hint.read_only_hint}
    assert {"change_show", "change_list", "file_read", "review_rows"} <= reading
    assert not reading & {"change_apply", "change_accept", "change_export", "change_materialize", "file_save"}
    destroying = {name for name, hint in hints.items() if hint is not None and hint.destructive_hint}
    assert {"change_apply", "file_save", "change_export"} <= destroying
    assert not destroying & {"change_accept", "change_comment", "change_import"}


def test_the_page_of_a_screen_names_files_that_are_there(served: Served) -> None:
    if not BUNDLE.joinpath("index.html").is_file():
        pytest.fail("the bundle is not built")
    pages = [served.get(path) for path in (f"/change/{served.told['change']}", "/", "/change/x/a%20file.py")]
    for page in pages:
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert page.headers["cache-control"] == "no-store"
        policy = page.headers["content-security-policy"]
        nonce = re.search(r"'nonce-([\w-]+)'", policy)
        assert nonce is not None
        assert f'name="csp-nonce" content="{nonce[1]}"'.encode() in page.body
    found = re.findall(rb'(?:src|href)="(/[^"]+)"', pages[0].body)
    assert found
    for name in found:
        asset = served.get(name.decode())
        assert asset.status == 200
        assert asset.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert asset.headers["content-type"].split(";")[0] in ("text/javascript", "text/css", "image/svg+xml")


def test_only_regular_files_below_the_bundle_are_served(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "assets" / "app-abcdefgh.js").write_text("1")
    (web / "plain.js").write_text("2")
    os.symlink(tmp_path / "secret", web / "assets" / "link.js")
    os.symlink(tmp_path, web / "all")
    found = bundle(web)
    assert set(found) == {"/assets/app-abcdefgh.js", "/plain.js"}
    assert [asset.hashed for asset in found.values()] == [True, False]


def test_without_a_bundle_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    ask = Request(
        {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "server": ("x", 1)}
    )
    answer = Static(tmp_path / "none")(ask)
    assert b"make web" in bytes(answer.body)
    assert "" in SCREENS


def test_an_openapi_document_that_fits_every_answer(served: Served) -> None:
    api = served.get("/api/openapi.json").json
    assert api["openapi"] == "3.1.0"
    assert set(api["paths"]) == {f"/api/{command.name}" for command in REAL.load()}

    def fits(answer: Answer, schema: dict[str, object]) -> None:
        jsonschema.validate(answer.json, {**schema, "components": api["components"]})

    for name in ("change.list", "workspace.show"):
        content = api["paths"][f"/api/{name}"]["get"]["responses"]["200"]["content"]
        fits(served.get(f"/api/{name}"), content["application/json"]["schema"])
    wrong = api["components"]["responses"]["422"]["content"]["application/problem+json"]["schema"]
    fits(served.post("change.list", {"x": 1}), wrong)
    for refused in (served.get("/api/change.list", {}), served.get("/nope"), served.post("change.list", b"{")):
        fits(refused, wrong)
