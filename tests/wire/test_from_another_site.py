"""A page of another site in a real browser that holds our cookie: it reaches nothing and changes nothing."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.wire.serving import Served, serving

ATTACKS = """async (base) => {
  const tried = {};
  const attempt = async (name, act) => {
    try { tried[name] = await act(); } catch (error) { tried[name] = "refused"; }
  };
  const write = base + "/api/note.write";
  const body = JSON.stringify({ subject: "attack", words: ["x"] });
  await attempt("read", async () => (await fetch(base + "/api/note.list", { credentials: "include" })).status);
  for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
    const headers = { "Content-Type": type };
    await attempt("blind " + type, async () => {
      await fetch(write, { method: "POST", mode: "no-cors", credentials: "include", headers, body });
      return "sent";
    });
  }
  await attempt("json", async () => (await fetch(write, {
    method: "POST", credentials: "include", headers: { "Content-Type": "application/json" }, body,
  })).status);
  await attempt("beacon", async () => navigator.sendBeacon(write, new Blob([body], { type: "text/plain" })) && "sent");
  const loads = (tag, attribute, path) => new Promise((done) => {
    const element = document.createElement(tag);
    element.onload = () => done("loaded");
    element.onerror = () => done("refused");
    element[attribute] = base + path;
    document.body.append(element);
    setTimeout(() => done("refused"), 1500);
  });
  await attempt("script", () => loads("script", "src", "/api/note.list"));
  await attempt("picture", () => loads("img", "src", "/api/note.list"));
  await attempt("socket", () => new Promise((done) => {
    const socket = new WebSocket(base.replace("http", "ws") + "/api/events");
    socket.onopen = () => done("opened");
    socket.onerror = () => done("refused");
  }));
  await attempt("frame", async () => {
    await loads("iframe", "src", "/");
    const frame = document.querySelector("iframe");
    try { return frame.contentDocument ? "seen" : "refused"; } catch { return "refused"; }
  });
  await attempt("form", () => new Promise((done) => {
    const form = document.createElement("form");
    form.method = "POST"; form.action = write; form.enctype = "text/plain"; form.target = "hole";
    const field = document.createElement("input");
    field.name = body.slice(0, -1) + ',"a":"'; field.value = '"}';
    form.append(field); document.body.append(form);
    const hole = document.createElement("iframe");
    hole.name = "hole"; document.body.append(hole);
    form.submit();
    setTimeout(() => done("sent"), 500);
  }));
  return tried;
}"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, tmp_path, module="tests.wire.notes") as server:
        yield server


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[int]:
    """A site on another port of the same machine: the nearest that another site can be."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<!doctype html><title>elsewhere</title><body></body>")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        yield site.server_port
        site.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_page_elsewhere_reaches_nothing_with_the_cookie_in_its_browser(
    browser: Browser, served: Served, elsewhere: int, name: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.told["url"])
    base = f"http://{served.host}"
    own = page.evaluate("async () => (await fetch('/api/note.list')).status")
    assert own == 200
    page.goto(f"http://{name}:{elsewhere}/")
    tried = page.evaluate(ATTACKS, base)
    assert {key: value for key, value in tried.items() if value not in ("refused", "sent")} == {}
    assert set(tried) >= {"read", "json", "script", "picture", "socket", "frame", "form", "beacon"}
    assert served.post("note.list", {"subject": "attack"}).json == {"notes": []}
    page.evaluate("(base) => { location.href = base + '/change/1'; }", base)
    page.wait_for_url(f"{base}/change/1")
    assert "wrong-origin" in page.content()
    context.close()


def test_the_token_leaves_the_address_bar_and_the_history(browser: Browser, served: Served) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://{served.host}/change/1?token={served.token}")
    assert page.url == f"http://{served.host}/change/1"
    assert page.evaluate("document.cookie") == ""
    assert served.token not in page.content()
    page.reload()
    assert page.url == f"http://{served.host}/change/1"
    context.close()
