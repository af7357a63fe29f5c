"""Pictures of every screen for docs/images, of the demo: python -m tests.browser.pictures [FOLDER]."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import logs
from tests.browser.conftest import WAIT_MS
from tests.browser.palette import reduced
from tests.browser.screen import Screen
from tests.chromium import FLAGS, chromium_path
from tests.repository import Repository
from tests.wire.serving import Served, serving

DOCS = Path(__file__).parents[2] / "docs" / "images"
WIDE, MIDDLE, NARROW = (1600, 1000), (1280, 800), (900, 900)
CARD = "src/postage/rate_card.py"


def review(screen: Screen) -> None:
    screen.file("src/postage/compare.py").decide("y").press("j")


def split(screen: Screen) -> None:
    screen.file(CARD).press("m", "n")


def narrow(screen: Screen) -> None:
    screen.file("src/postage/surcharges.py")


def edit(screen: Screen) -> None:
    screen.file("src/postage/surcharges.py").press("e")
    expect(screen.page.locator(".cm-content")).to_be_focused()


def by_groups(screen: Screen) -> None:
    """The map on the groups of the plan: it is there before it is asked for."""
    screen.call("review.groups", wait=120)
    screen.press("g")
    expect(screen.groups).to_be_visible()


def groups(screen: Screen) -> None:
    by_groups(screen)
    screen.group("Rename tariff to rate_card").click()
    expect(screen.page.locator(".facts dd code")).to_be_visible()


def exception(screen: Screen) -> None:
    groups(screen)
    screen.decide("y")
    expect(screen.page.locator(".facts h2")).to_have_text("Unknown: an exception")


def missed(screen: Screen) -> None:
    groups(screen)
    screen.press("E")
    screen.page.get_by_role("button", name="Show them").click()
    expect(screen.page.locator(".missed li").first).to_be_visible()


def checks(screen: Screen) -> None:
    by_groups(screen)
    screen.press("C")
    panel = screen.page.get_by_role("region", name="Checks", exact=True)
    panel.get_by_role("button", name="Run words").click()
    panel.get_by_text(re.compile("^words on head: fail")).click()
    panel.get_by_role("button", name="Run slow").click()
    expect(panel.get_by_role("progressbar")).to_have_attribute("aria-valuetext", re.compile("slow on base"))


def groups_narrow(screen: Screen) -> None:
    by_groups(screen)
    screen.group("Replace warn").click()


def comment(screen: Screen) -> None:
    screen.file("src/postage/insurance.py").press("j", "j", "c")
    screen.page.get_by_role("textbox").fill("Is the limit the carrier's, or ours?")
    screen.page.keyboard.press("Control+Enter")
    expect(screen.page.locator(".ln.say")).to_be_visible()


def search(screen: Screen) -> None:
    screen.press("/")
    screen.page.get_by_role("combobox", name="Search").fill("tariff")
    expect(screen.options.first).to_be_visible()


def keys(screen: Screen) -> None:
    screen.press("?")


def conflict(screen: Screen) -> None:
    changed = Path(screen.root) / "src/postage/surcharges.py"
    text = changed.read_text("utf-8")
    first = screen.call("review.region", atoms=f"{screen.number('src/postage/surcharges.py')}h1")["old"].splitlines()[0]
    changed.write_text(text.replace(first, first + "  # checked by hand", 1), "utf-8")
    screen.call("change.accept", all=True)
    expect(screen.page.locator("footer")).not_to_contain_text("0 accepted")
    screen.press("A")
    expect(screen.page.get_by_role("region", name="Conflicts")).to_be_visible()
    changed.write_text(text, "utf-8")


def done(screen: Screen) -> None:
    screen.call("change.accept", all=True)
    expect(screen.page.locator("footer")).not_to_contain_text("0 accepted")
    screen.decide("x")
    expect(screen.page.get_by_role("region", name="Nothing left")).to_be_visible()


def first(screen: Screen) -> None:
    screen.open("?first=1")


def changes(screen: Screen) -> None:
    screen.press("1")
    expect(screen.page.locator("tbody tr").first).to_be_visible()


def offline(screen: Screen) -> None:
    screen.page.route_web_socket("**/api/events", lambda socket: socket.close())
    screen.page.reload()
    expect(screen.page.get_by_text("The server does not answer.")).to_be_visible()


def refused(screen: Screen) -> None:
    screen.press("u")
    expect(screen.page.get_by_role("alert")).to_be_visible()


def missing(screen: Screen) -> None:
    screen.page.goto(f"{screen.origin}/change/0000")
    expect(screen.page.get_by_role("alert")).to_be_visible()


def by_hand(screen: Screen) -> None:
    screen.page.goto(f"{screen.origin}/file?path=src/postage/money.py")
    expect(screen.page.locator(".cm-content")).to_be_visible()


Size = tuple[int, int]
PICTURES: list[tuple[str, Callable[[Screen], None], Size, str]] = [
    ("first-start", first, MIDDLE, "light"),
    ("review-light", review, WIDE, "light"),
    ("review-dark", review, WIDE, "dark"),
    ("review-narrow", narrow, NARROW, "light"),
    ("groups-light", groups, WIDE, "light"),
    ("exception-dark", exception, MIDDLE, "dark"),
    ("missed", missed, MIDDLE, "light"),
    ("split-dark", split, MIDDLE, "dark"),
    ("edit", edit, MIDDLE, "light"),
    ("comment-dark", comment, MIDDLE, "dark"),
    ("search", search, MIDDLE, "light"),
    ("keys-dark", keys, MIDDLE, "dark"),
    ("conflict", conflict, MIDDLE, "light"),
    ("done", done, MIDDLE, "light"),
    ("changes", changes, MIDDLE, "light"),
    ("file-dark", by_hand, MIDDLE, "dark"),
    ("offline", offline, MIDDLE, "light"),
    ("refused-dark", refused, MIDDLE, "dark"),
    ("not-found", missing, NARROW, "light"),
]
"""Of the demo."""
OF_LOGS: list[tuple[str, Callable[[Screen], None], Size, str]] = [
    ("checks", checks, MIDDLE, "light"),
    ("groups-narrow-dark", groups_narrow, NARROW, "dark"),
]
"""Of the change that the tests review by groups, which has checks of its own."""


def picture(browser: Browser, served: Served, shot: tuple[str, Callable[[Screen], None], Size, str], to: Path) -> None:
    """One picture, in a window of its own, with nothing decided before."""
    name, prepare, (width, height), scheme = shot
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
    )
    context.set_default_timeout(WAIT_MS)
    key, _, value = served.cookie().partition("=")
    context.add_cookies([{"name": key, "value": value, "url": f"http://{served.host}"}])
    change = served.post("change.list", {}).json["changes"][-1]["change"]
    while served.post("change.undo", {"change": change}).status == 200:
        pass
    screen = Screen(context.new_page(), served, change).open()
    prepare(screen)
    screen.page.wait_for_timeout(500)
    taken = screen.page.screenshot()
    blank = browser.new_page()
    (to / f"{name}.png").write_bytes(reduced(blank, taken))
    blank.close()
    context.close()


def main() -> None:
    """Make all pictures, or into another folder."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=WAIT_MS)
    wanted = sys.argv[2:]
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        state = Path(scratch) / "state"
        state.mkdir()
        words = ("demo", "--no-open", "--dir", f"{scratch}/postage")
        browser = driver.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        settings = {"EXOSUIT_STATE": str(state), "HOME": os.environ["HOME"]}
        with serving(Path(scratch), state, *words, **settings) as served:
            for shot in PICTURES:
                if not wanted or shot[0] in wanted:
                    picture(browser, served, shot, folder)
        repository = Repository.make(Path(scratch) / "logs")
        logs.build(repository)
        with serving(repository.path, state, **settings) as served:
            served.post("change.import", {"revisions": f"{logs.BASE}..{logs.HEAD}", "title": "warn is warning now"})
            for shot in OF_LOGS:
                if not wanted or shot[0] in wanted:
                    picture(browser, served, shot, folder)
        browser.close()


if __name__ == "__main__":
    main()
