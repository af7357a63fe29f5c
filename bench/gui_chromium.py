"""Chromium for the GUI's benchmark: how it is started, and what is measured on a page of ours or a plain one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--headless",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
PROBE = Path(__file__).with_name("gui_probe.js").read_text("utf-8")
WAIT_MS = 120_000


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """One browser for the whole run."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def opened(browser: Browser, cookies: list[Any] | None = None) -> Page:
    """A fresh page with the probe in it, with nothing cached."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000}, color_scheme="light")
    if cookies:
        context.add_cookies(cookies)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.add_init_script(PROBE)
    return page


def first_paint(page: Page, url: str) -> float:
    """Milliseconds from the start of the navigation to the frame that shows changed lines."""
    page.goto(url, wait_until="commit", timeout=WAIT_MS)
    return settled(page, "window.__probe.first", "window.__probe.first")


def first_groups(page: Page) -> float:
    """Milliseconds from the start of the navigation to the first group in the map."""
    return settled(page, "document.querySelectorAll('.row.group').length", "performance.now()")


def measured(page: Page, ready: str, act: Any) -> float:
    """Milliseconds from an input made by `act` to the first frame in which the script `ready` is true."""
    page.evaluate(f"window.__probe.arm({ready})")
    act()
    return settled(page, "window.__probe.end", "window.__probe.end - window.__probe.start")


def settled(page: Page, until: str, value: str) -> float:
    """Waits in the page until something is above zero. (From outside it would need eval, which the page forbids.)"""
    wait = f"while (!({until} > 0)) await new Promise((go) => setTimeout(go, 8));"
    late = f"new Promise((_, fail) => setTimeout(() => fail(new Error('nothing within {WAIT_MS} ms')), {WAIT_MS}))"
    return float(page.evaluate(f"() => Promise.race([(async () => {{ {wait} return {value}; }})(), {late}])"))


def heap(page: Page) -> float:
    """JavaScript heap in MB after a full collection."""
    tools = page.context.new_cdp_session(page)
    tools.send("HeapProfiler.enable")
    tools.send("HeapProfiler.collectGarbage")
    used = tools.send("Runtime.getHeapUsage")["usedSize"]
    tools.detach()
    return float(used) / 1e6


def elements(page: Page) -> int:
    """Elements in the document."""
    return int(page.evaluate("document.getElementsByTagName('*').length"))
