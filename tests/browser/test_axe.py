"""axe-core finds nothing on any screen, in light and in dark, at three widths."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.screen import Screen
from tests.repository import Repository

SIZES = [(1600, 1000), (1280, 800), (900, 900)]
Axe = Callable[..., list[str]]


def review(screen: Screen) -> None:
    screen.file("src/depot/store.py").decide("y", "x").press("j")


def split(screen: Screen) -> None:
    screen.file("docs/long.md").press("m")


def dialogs(key: str, name: str) -> Callable[[Screen], None]:
    def show(screen: Screen) -> None:
        screen.press(key)
        expect(screen.page.get_by_role("dialog", name=name)).to_be_visible()

    return show


def search(screen: Screen) -> None:
    screen.press("/")
    screen.page.get_by_role("combobox", name="Search").fill("self")
    expect(screen.options.first).to_be_visible()


def comment(screen: Screen) -> None:
    screen.file("src/depot/store.py").press("c")
    expect(screen.page.get_by_role("textbox")).to_be_visible()


def edit(screen: Screen) -> None:
    screen.file("src/depot/store.py").press("e")
    expect(screen.page.locator(".cm-content")).to_be_visible()


def done(screen: Screen) -> None:
    screen.call("change.accept", all=True)
    expect(screen.page.locator("footer")).to_contain_text("47 accepted")
    screen.decide("y")
    expect(screen.page.get_by_role("region", name="Nothing left")).to_be_visible()


def conflict(screen: Screen) -> None:
    screen.call("change.accept", all=True)
    expect(screen.page.locator("footer")).to_contain_text("47 accepted")
    screen.press("A")
    expect(screen.page.get_by_role("region", name="Conflicts")).to_be_visible()


def trouble(screen: Screen) -> None:
    screen.page.goto(f"{screen.origin}/change/nonsense")
    expect(screen.page.get_by_role("alert")).to_be_visible()


def refused(screen: Screen) -> None:
    screen.press("u")
    expect(screen.page.get_by_role("alert")).to_be_visible()


def offline(screen: Screen) -> None:
    screen.page.route_web_socket("**/api/events", lambda socket: socket.close())
    screen.page.reload()
    expect(screen.page.get_by_text("The server does not answer.")).to_be_visible()


def first(screen: Screen) -> None:
    screen.open("?first=1")
    expect(screen.page.locator(".steps li")).to_have_count(5)


def changes(screen: Screen) -> None:
    screen.press("1")
    expect(screen.page.locator("tbody tr").first).to_be_visible()


def by_hand(screen: Screen) -> None:
    screen.page.goto(f"{screen.origin}/file?path=run.sh")
    expect(screen.page.locator(".cm-content")).to_be_visible()


SCREENS: dict[str, Callable[[Screen], None]] = {
    "review": review,
    "split": split,
    "keys": dialogs("?", "Keys"),
    "palette": dialogs("Control+Shift+P", "Every command"),
    "go to": dialogs("t", "Go to a file"),
    "search": search,
    "comment": comment,
    "edit": edit,
    "done": done,
    "conflict": conflict,
    "not found": trouble,
    "refused": refused,
    "offline": offline,
    "first start": first,
    "changes": changes,
    "file": by_hand,
}


def places(screen: Screen) -> None:
    screen.group("Replace warn").click()
    screen.decide("y")
    expect(screen.title).to_have_text("src/logs/theta.py")
    screen.page.get_by_role("slider", name="Place in the change").focus()
    expect(screen.page.locator(".tip")).to_be_visible()


def missed(screen: Screen) -> None:
    screen.group("Replace warn").click()
    screen.page.get_by_role("button", name="Show them").click()
    expect(screen.page.get_by_role("region", name="Not done", exact=True)).to_contain_text("iota")


def made(screen: Screen) -> None:
    screen.group("Replace warn").click()
    expect(screen.page.locator(".decide .main")).to_contain_text("regular")
    screen.press("M")
    expect(screen.page.get_by_role("link", name="Review it")).to_be_focused()


def checks(screen: Screen) -> None:
    screen.press("C")
    panel = screen.page.get_by_role("region", name="Checks", exact=True)
    panel.get_by_role("button", name="Run words").click()
    panel.get_by_text(re.compile("^words on head: fail")).click()
    expect(panel.locator("pre")).to_be_visible()


def running(screen: Screen) -> None:
    screen.press("C")
    screen.page.get_by_role("button", name="Run slow").click()
    expect(screen.page.get_by_role("progressbar")).to_have_attribute("aria-valuetext", re.compile("slow on base"))


BY_GROUP: dict[str, Callable[[Screen], None]] = {
    "groups": places,
    "missed": missed,
    "made": made,
    "checks": checks,
    "running": running,
}


@pytest.mark.parametrize("name", BY_GROUP)
def test_axe_finds_nothing_where_the_map_shows_groups(name: str, groups: Screen, axe: Axe) -> None:
    BY_GROUP[name](groups)
    _look(name, groups, axe)
    groups.server.post("check.stop", {})


@pytest.mark.parametrize("name", SCREENS)
def test_axe_finds_nothing(name: str, screen: Screen, axe: Axe, clean_tree: Repository) -> None:
    if name == "conflict":
        mine = clean_tree.read("src/depot/store.py").replace(b"self.values = {}\n", b"self.values = dict()\n")
        clean_tree.write({"src/depot/store.py": mine})
    SCREENS[name](screen)
    _look(name, screen, axe)


def _look(name: str, screen: Screen, axe: Axe) -> None:
    screen.page.wait_for_timeout(250)
    found = []
    for width, height in SIZES:
        screen.page.set_viewport_size({"width": width, "height": height})
        screen.page.emulate_media(color_scheme="light")
        screen.page.wait_for_timeout(50)
        found += [f"{name}, {width} px, light: {line}" for line in axe(screen.page)]
        screen.page.emulate_media(color_scheme="dark")
        screen.page.wait_for_timeout(50)
        # Nothing but colours is other in the dark.
        found += [f"{name}, {width} px, dark: {line}" for line in axe(screen.page, "color-contrast")]
    assert not found, "\n".join(found)


def test_the_whole_screen_is_reached_with_f6_and_the_map_and_the_diff_with_arrows(screen: Screen) -> None:
    here = "document.activeElement.closest('[data-region]')?.getAttribute('aria-label')"
    expect(screen.page.locator(".ln.cur")).to_be_focused()
    seen = {screen.page.evaluate(here)}
    for _ in range(2):
        screen.press("F6")
        seen.add(screen.page.evaluate(here))
    assert seen == {"Diff", "What is known", "Map of the change"}
    screen.page.get_by_role("listbox", name="Files in reading order").focus()
    before = screen.title.inner_text()
    screen.press("ArrowDown")
    expect(screen.title).not_to_have_text(before)


def test_lines_are_read_with_side_number_text_and_decision(screen: Screen) -> None:
    screen.file("src/depot/store.py").press("Space")
    line = screen.page.locator(".ln.cur")
    expect(line).to_have_attribute("aria-label", "removed line 14:         self.values = {}, accepted")
    expect(line).to_have_attribute("role", "option")
    assert int(line.get_attribute("aria-setsize") or 0) > 10
    list_name = screen.page.locator(".lines").get_attribute("aria-label")
    assert list_name == "src/depot/store.py, 13 changed lines"
