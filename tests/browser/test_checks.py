"""Checks from the page: which there are, how they go on both sides, how far they are, and an end to them."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, expect

from tests.browser.screen import Screen


def opened(screen: Screen) -> Any:
    """The panel, by its key."""
    screen.press("C")
    panel = screen.page.get_by_role("region", name="Checks", exact=True)
    expect(panel.get_by_role("row")).to_have_count(3)
    return panel


def test_opening_the_panel_lists_the_checks_and_runs_nothing(groups: Screen) -> None:
    panel = opened(groups)
    expect(panel.get_by_role("row", name="words")).to_contain_text("not run")
    assert groups.server.post("check.status", {}).json["running"] == []


def test_a_check_is_told_by_side_and_what_it_printed_is_only_text(groups: Screen) -> None:
    panel = opened(groups)
    panel.get_by_role("button", name="Run words").click()
    cells = panel.get_by_role("row", name="words").get_by_role("cell")
    expect(cells.nth(0)).to_contain_text("pass")
    expect(cells.nth(1)).to_contain_text("fail")
    expect(panel.get_by_role("row", name="slow")).to_contain_text("not run")
    panel.get_by_text(re.compile("^words on head: fail")).click()
    expect(panel.locator("pre")).to_contain_text("<img src=x onerror=window.__pwned=4>")
    expect(panel.locator("pre")).to_contain_text("src/logs/theta.py:6")
    assert groups.page.evaluate("window.__pwned") is None


def test_a_run_tells_how_far_it_is_and_how_long_still_and_is_stopped(groups: Screen) -> None:
    panel = opened(groups)
    panel.get_by_role("button", name="Run slow").click()
    bar = panel.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuetext", re.compile(r"slow on base, 1 of 2, about \d+ s left"))
    groups.press("Escape")
    expect(groups.page.locator("footer")).to_contain_text("Checks: slow on base")
    groups.press("C")
    panel.get_by_role("button", name="Stop").click()
    cells = panel.get_by_role("row", name="slow").get_by_role("cell")
    expect(cells.nth(0)).to_contain_text("cannot tell")
    expect(cells.nth(1)).to_contain_text("cannot tell")
    expect(panel).to_contain_text("stopped")
    assert groups.server.post("check.status", {}).json["running"] == []


def test_a_run_that_was_begun_before_a_reload_is_seen_and_stopped(groups: Screen) -> None:
    panel = opened(groups)
    panel.get_by_role("button", name="Run slow").click()
    expect(panel.get_by_role("progressbar")).to_have_attribute("aria-valuetext", re.compile("slow on base"))
    groups.page.reload()
    expect(groups.page.locator(".ln.cur")).to_have_count(1)
    panel = opened(groups)
    expect(panel.get_by_role("progressbar")).to_have_attribute("aria-valuetext", re.compile("slow on base"))
    groups.press("Control+Shift+P")
    groups.page.get_by_role("combobox", name="Command").fill("stop the checks")
    groups.press("Enter")
    expect(panel.get_by_role("progressbar")).to_have_count(0)


def test_results_are_there_again_after_a_reload_and_in_another_tab(groups: Screen, context: BrowserContext) -> None:
    panel = opened(groups)
    panel.get_by_role("button", name="Run words").click()
    cells = panel.get_by_role("row", name="words").get_by_role("cell")
    expect(cells.nth(1)).to_contain_text("fail")
    panel.get_by_role("button", name="Run slow").click()
    panel.get_by_role("button", name="Stop").click()
    expect(panel.get_by_role("row", name="slow").get_by_role("cell").nth(1)).to_contain_text("cannot tell")
    groups.page.reload()
    expect(groups.page.locator(".ln.cur")).to_have_count(1)
    other = Screen(context.new_page(), groups.server, groups.change).open()
    for tab in (groups, other):
        panel = opened(tab)
        cells = panel.get_by_role("row", name="words").get_by_role("cell")
        expect(cells.nth(0)).to_contain_text("pass")
        expect(cells.nth(1)).to_contain_text("fail")
        expect(panel.get_by_role("row", name="slow").get_by_role("cell").nth(1)).to_contain_text("cannot tell")
        panel.get_by_text(re.compile("^words on head: fail")).click()
        expect(panel.locator("pre")).to_contain_text("src/logs/theta.py:6")
    assert groups.server.post("check.status", {}).json["running"] == []


def test_what_a_run_begun_before_a_reload_found_is_told_when_it_is_over(groups: Screen) -> None:
    panel = opened(groups)
    panel.get_by_role("button", name="Run slow").click()
    expect(panel.get_by_role("progressbar")).to_have_attribute("aria-valuetext", re.compile("slow on base"))
    groups.page.reload()
    expect(groups.page.locator(".ln.cur")).to_have_count(1)
    panel = opened(groups)
    expect(panel.get_by_role("progressbar")).to_be_visible()
    panel.get_by_role("button", name="Stop").click()
    expect(panel.get_by_role("row", name="slow").get_by_role("cell").nth(0)).to_contain_text("cannot tell")
