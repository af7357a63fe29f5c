"""Where one is, is kept: in the address, over a reload, in a second tab."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.browser.screen import Screen
from tests.wire.serving import Served


def test_a_link_leads_to_its_file_and_line(screen: Screen) -> None:
    number = screen.call("review.overview")["paths"].index("docs/long.md") + 1
    screen.open(f"?at={number}.3")
    expect(screen.title).to_have_text("docs/long.md")
    assert screen.cursor.startswith("removed line 120: Line 120 of the manual")
    screen.open("?path=docs/long.md&line=81")
    assert "81" in screen.cursor


def test_a_reload_keeps_file_line_view_and_decisions(screen: Screen) -> None:
    screen.file("docs/long.md").press("m").decide("y").press("j")
    expect(screen.page).to_have_url(re.compile(r"at=\d+"))
    screen.page.wait_for_timeout(400)
    cursor = screen.cursor
    screen.page.reload()
    expect(screen.title).to_have_text("docs/long.md")
    expect(screen.page.get_by_role("button", name="Split")).to_have_attribute("aria-pressed", "true")
    assert screen.cursor.split(":")[0] == cursor.split(":")[0]
    screen.counts(accepted=1)
    expect(screen.page.locator("footer")).to_contain_text("1 accepted")


def test_a_reload_right_after_a_move_opens_where_one_was_and_not_where_the_address_still_is(
    screen: Screen, context: BrowserContext
) -> None:
    slow = context.new_cdp_session(screen.page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    slow.send("Network.enable")
    line = {"offline": False, "latency": 250, "downloadThroughput": 1_000_000, "uploadThroughput": 1_000_000}
    slow.send("Network.emulateNetworkConditions", line)
    screen.page.evaluate("history.replaceState = () => undefined")  # an address that is behind for as long as it likes
    screen.file("src/depot/store.py").press("n")
    expect(screen.page.locator(".ln.cur")).to_contain_text("if key in self.values")
    screen.page.reload()
    expect(screen.title).to_have_text("src/depot/store.py")
    expect(screen.page.locator(".ln.cur")).to_contain_text("if key in self.values")


def test_a_link_opened_in_a_tab_that_was_elsewhere_counts_more_than_where_it_was(screen: Screen) -> None:
    screen.file("src/depot/store.py")
    number = screen.number("docs/long.md")
    screen.open(f"?at={number}.3")
    expect(screen.title).to_have_text("docs/long.md")
    screen.page.reload()
    expect(screen.title).to_have_text("docs/long.md")
    screen.file("src/depot/store.py").open("?path=docs/long.md&line=81")
    expect(screen.title).to_have_text("docs/long.md")


def test_the_address_of_a_screen_left_at_once_stays_its_own_and_back_leads_to_the_line(screen: Screen) -> None:
    screen.file("docs/long.md").press("n", "1")
    expect(screen.page.locator("tbody tr").first).to_be_visible()
    screen.page.wait_for_timeout(150)
    assert screen.page.url == f"{screen.origin}/"
    screen.page.go_back()
    expect(screen.title).to_have_text("docs/long.md")
    expect(screen.page.locator(".ln.cur")).to_contain_text("Line 80")


def test_two_tabs_and_other_programs_stay_in_step(screen: Screen, context: BrowserContext) -> None:
    other = Screen(context.new_page(), screen.server, screen.change).open()
    screen.file("src/depot/queue.py").decide("Y")
    number = screen.call("review.overview")["paths"].index("src/depot/queue.py")
    atoms = screen.call("review.overview")["atom_counts"][number]
    expect(other.page.locator("footer")).to_contain_text(f"{atoms} accepted")
    screen.call("change.reject", atoms=["1"])
    for tab in (screen, other):
        expect(tab.page.locator("footer")).not_to_contain_text("0 rejected")


def test_an_edit_in_one_tab_is_read_in_the_other(screen: Screen, context: BrowserContext) -> None:
    screen.file("src/depot/store.py")
    other = Screen(context.new_page(), screen.server, screen.change).open().file("src/depot/store.py")
    number = screen.call("review.overview")["paths"].index("src/depot/store.py") + 1
    screen.call("change.edit", atom=f"{number}.1", text="        self.values = dict()  # from elsewhere\n")
    for tab in (screen, other):
        expect(tab.row("from elsewhere")).to_be_visible()


def test_the_list_of_changes_is_kept_up_to_date(screen: Screen, imported: Callable[[], str]) -> None:
    screen.press("1")
    rows = screen.page.locator("tbody tr")
    expect(rows.first).to_be_visible()
    before = rows.count()
    imported()
    expect(rows).to_have_count(before + 1)
    screen.press("Enter")
    expect(screen.page.locator(".ln.cur")).to_have_count(1)


def test_the_first_start_says_in_five_lines_what_to_do_and_enter_begins(screen: Screen) -> None:
    screen.open("?first=1")
    expect(screen.page.locator(".steps li")).to_have_count(5)
    screen.press("Enter")
    expect(screen.page.locator(".ln.cur")).to_have_count(1)


def test_a_change_that_is_not_there_is_said_with_a_hint(context: BrowserContext, server: Served) -> None:
    page = context.new_page()
    page.goto(f"http://{server.host}/change/nonsense")
    expect(page.get_by_role("alert")).to_contain_text("error:")
    expect(page.get_by_role("alert")).to_contain_text("hint:")
    page.get_by_role("button", name="All changes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Changes|Nothing to review"))
