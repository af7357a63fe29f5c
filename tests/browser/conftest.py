"""One server and one chromium for all browser tests; a change of its own for each."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser import depot, logs
from tests.browser.screen import Screen
from tests.repository import Repository
from tests.wire.serving import Served, serving

WEB = Path(__file__).parents[2] / "web"
Axe = Callable[..., list[str]]
WAIT_MS = 10_000
expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="session")
def depot_repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The workspace that is reviewed."""
    repository = Repository.make(tmp_path_factory.mktemp("browser") / "depot")
    depot.build(repository)
    logs.build(repository)
    return repository


@pytest.fixture(scope="session")
def server(depot_repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server of that workspace."""
    state = tmp_path_factory.mktemp("browser-state")
    with serving(depot_repository.path, state, EXOSUIT_STATE=str(state)) as served:
        yield served


@pytest.fixture
def context(browser: Browser, server: Served) -> Iterator[BrowserContext]:
    """A window of its own that has the key; an error in the page's code or a refusal of its policy fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    context.set_default_timeout(WAIT_MS)
    name, _, value = server.cookie().partition("=")
    context.add_cookies([{"name": name, "value": value, "url": f"http://{server.host}"}])
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    yield context
    context.close()
    assert not wrong, wrong


TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
NOT_ASKED = {"label-content-name-mismatch": {"enabled": False}}
"""A line of the diff is read with its side, its number and its decision, which stand around its text in other words."""

numbers = count(1)


@pytest.fixture
def imported(server: Served, depot_repository: Repository) -> Callable[[], str]:
    """Brings in the depot's change once more, with nothing decided; its id."""

    def bring() -> str:
        name = f"agent-{next(numbers)}"
        depot.branch(depot_repository, name)
        answer = server.post("change.import", {"revisions": f"main..{name}", "title": "Types, a queue and safe writes"})
        assert answer.status == 200, answer.body
        return str(answer.json["change"])

    return bring


@pytest.fixture
def screen(context: BrowserContext, server: Served, imported: Callable[[], str]) -> Screen:
    """A tab on a fresh change, loaded."""
    return Screen(context.new_page(), server, imported()).open()


@pytest.fixture
def groups(context: BrowserContext, server: Served, depot_repository: Repository) -> Screen:
    """A tab on a fresh change that has groups, with the map on them."""
    name = f"logs-{next(numbers)}"
    depot.branch(depot_repository, name, logs.HEAD)
    answer = server.post("change.import", {"revisions": f"{logs.BASE}..{name}", "title": "warn is warning now"})
    assert answer.status == 200, answer.body
    screen = Screen(context.new_page(), server, str(answer.json["change"]), map="groups").open()
    expect(screen.groups).to_be_visible()
    return screen


@pytest.fixture
def clean_tree(depot_repository: Repository) -> Iterator[Repository]:
    """The working tree, put back as the branch has it when the test is over."""
    yield depot_repository
    depot_repository.git("checkout", "--quiet", "--force", "main")
    depot_repository.git("clean", "-fdq")


@pytest.fixture(scope="session")
def axe() -> Axe:
    """Runs axe-core on a page: what it finds, a line each. Installed from web/package-lock.json if absent."""
    script = WEB / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("axe-core is not there: install Node, then run make web")
        done = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=WEB, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"axe-core cannot be installed: {done.stderr[-300:]}")
    source = script.read_text("utf-8")

    def run(page: Any, only: str | None = None) -> list[str]:
        page.evaluate(source + "; undefined")
        asked = {"type": "rule", "values": [only]} if only else {"type": "tag", "values": TAGS}
        options = {"runOnly": asked, "resultTypes": ["violations"], "rules": {} if only else NOT_ASKED}
        found = page.evaluate("(options) => axe.run(document, options)", options)
        return [f"{rule['id']}: {rule['help']}: {places(rule['nodes'][:4])}" for rule in found["violations"]]

    def places(nodes: list[Any]) -> str:
        return ", ".join(" ".join(map(str, node["target"])) for node in nodes)

    return run
