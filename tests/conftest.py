"""What holds for every test: no network, no real home, no real state, no git settings of the person who runs it.

Also the fixtures that tests in several folders share: `workspace` (a git repository to work on), `chromium`
(the browser's path), and the rule that in CI a test that is skipped for a missing part fails.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

import no_network
from tests.chromium import FLAGS, chromium_path
from tests.repository import Repository

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")

settings.register_profile("ci", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile("dev", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if IN_CI else "dev"))


def pytest_configure(config: pytest.Config) -> None:
    """Give the whole run, and whatever it starts, a home of its own before any test module is imported."""
    home = Path(tempfile.mkdtemp(prefix="exosuit-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:  # as in a background job; what tests start would inherit it
            signal.signal(number, lambda *_: None)
    for name in [name for name in os.environ if name.startswith(("GIT_", "EXOSUIT_", "XDG_"))]:
        del os.environ[name]
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):  # no window opens on somebody's desktop
        os.environ.pop(name, None)
    for name in ("HOME", "EXOSUIT_STATE"):
        folder = home / name.lower()
        folder.mkdir(mode=0o700)
        os.environ[name] = str(folder)
    os.environ |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1"}
    offline = str(Path(no_network.__file__).parent)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [offline, os.environ.get("PYTHONPATH")]))


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder for each test, named by EXOSUIT_STATE."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("EXOSUIT_STATE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def offline() -> Iterator[None]:
    """Fails the test that reached beyond the loopback, even where the code under test swallowed the refusal."""
    no_network.attempts.clear()
    yield
    if no_network.attempts:
        pytest.fail("reached for the network: " + "; ".join(no_network.attempts))


@pytest.fixture
def workspace(tmp_path: Path) -> Repository:
    """A git repository with one commit (a README), at `workspace.path`; see tests/repository.py for what it can do."""
    return Repository.make(tmp_path / "workspace")


@pytest.fixture
def make_workspace(tmp_path: Path) -> Callable[[str], Repository]:
    """Makes further repositories by name."""
    return lambda name: Repository.make(tmp_path / name)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a chromium; without one the test is skipped, or fails in CI."""
    if found := chromium_path():
        return found
    pytest.skip("no chromium on PATH: install it to run the browser tests (Debian: apt install chromium)")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """A chromium without a window, driven by Playwright: one for the whole run, since two cannot be open at once."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that uses chromium carries the mark `browser`, and these run last.

    Playwright keeps an event loop running in the main thread as long as its browser is open, and a test that starts a
    loop of its own cannot do so then.
    """
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI nothing is skipped for a missing part: a skip is a failure there, with its reason."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"skipped, which CI does not allow: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that asks to be skipped while it is imported."""
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} is skipped, which CI does not allow: {report.longrepr}"
    return report
