"""The whole loop by keyboard: read, decide, apply, look at the bytes, take it back."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser import depot
from tests.browser.screen import Screen
from tests.repository import Repository


def test_what_is_accepted_and_nothing_else_is_in_the_tree_after_apply_and_one_key_takes_it_back(
    screen: Screen, clean_tree: Repository
) -> None:
    before = clean_tree.files()
    screen.file("src/depot/store.py").decide("y", "x", "x")
    screen.file("src/depot/queue.py").decide("Y")
    screen.press("A")
    screen.says("2 files written")
    store = depot.STORE
    for old, new in depot.STORE_EDITS[:2]:
        store = store.replace(old, new)
    assert clean_tree.read("src/depot/store.py").decode() == store
    assert clean_tree.read("src/depot/queue.py").decode() == depot.QUEUE
    untouched = set(before) - {"src/depot/store.py"}
    assert {name: clean_tree.files()[name] for name in untouched} == {name: before[name] for name in untouched}

    screen.press("u")
    screen.says("Taken back: apply")
    assert clean_tree.files() == before


def test_a_line_is_decided_alone_and_the_same_key_clears_it(screen: Screen) -> None:
    screen.file("src/depot/store.py").press("Space")
    screen.counts(accepted=1, rejected=0)
    expect(screen.page.locator(".ln.cur")).to_have_attribute("aria-selected", "true")
    screen.press("Space")
    screen.counts(accepted=0)
    screen.press("Shift+Space")
    screen.counts(accepted=0, rejected=1)


def test_a_key_held_down_decides_once(screen: Screen) -> None:
    screen.file("docs/long.md")
    screen.page.wait_for_timeout(400)
    screen.page.keyboard.down("y")
    for _ in range(5):
        screen.page.wait_for_timeout(350)
        screen.page.keyboard.down("y")  # a second down without an up is the repeat of a held key
    screen.page.keyboard.up("y")
    screen.counts(accepted=1)


def test_what_was_not_in_sight_for_long_enough_is_not_decided(screen: Screen) -> None:
    screen.file("docs/long.md").decide("y").press("y")
    screen.says(re.compile(r"Nothing decided: this was on screen for only \d+ ms"))
    screen.counts(accepted=1)


def test_undo_and_redo_go_back_to_where_the_decision_was_made(screen: Screen) -> None:
    screen.file("src/depot/store.py").decide("y").press("]")
    expect(screen.title).not_to_have_text("src/depot/store.py")
    screen.press("u")
    screen.says("Taken back: accept")
    expect(screen.title).to_have_text("src/depot/store.py")
    assert "self.values = {}" in screen.cursor
    screen.counts(accepted=0)
    screen.press("Control+r")
    screen.says("Done again: accept")
    screen.counts(accepted=2)


def test_a_part_of_a_hunk_is_accepted_alone(screen: Screen) -> None:
    screen.file("src/depot/store.py").decide("a")
    screen.counts(accepted=1)


def test_a_split_hunk_is_decided_block_by_block(screen: Screen) -> None:
    screen.file("src/depot/store.py").press("s")
    screen.says("Split")
    inked = screen.page.locator(".ln.in")
    expect(inked).to_have_count(2)
    screen.decide("y")
    screen.counts(accepted=1)


def test_a_rejection_takes_its_reason_along(screen: Screen) -> None:
    screen.file("src/depot/store.py").press("r")
    box = screen.page.get_by_role("textbox")
    box.fill("no types here, please")
    box.press("Control+Enter")
    screen.counts(rejected=2)
    decisions = screen.call("change.show", no_atoms=True)["decisions"]
    assert [event["why"] for event in decisions if event["kind"] == "reject"] == ["no types here, please"]


def test_everything_decided_says_so_and_apply_stays_a_key_of_its_own(screen: Screen, clean_tree: Repository) -> None:
    before = clean_tree.files()
    screen.call("change.accept", all=True)
    screen.call("change.clear", atoms=[f"{_number(screen, 'src/depot/queue.py')}"])
    screen.file("src/depot/queue.py").decide("Y")
    expect(screen.page.get_by_role("region", name="Nothing left")).to_contain_text("Nothing left to decide")
    assert clean_tree.files() == before
    screen.press("Escape")
    expect(screen.page.get_by_role("region", name="Nothing left")).to_have_count(0)


def test_when_nothing_is_left_no_key_decides_what_is_not_on_screen_and_undo_goes_back_to_it(screen: Screen) -> None:
    screen.call("change.accept", all=True)
    screen.call("change.clear", atoms=[str(screen.number("src/depot/queue.py"))])
    screen.file("src/depot/queue.py").decide("Y")
    page = screen.page.get_by_role("region", name="Nothing left")
    expect(page).to_be_visible()
    expect(screen.page.get_by_role("button", name="Reject")).to_have_count(0)
    screen.decide("x").press("j", "n")
    screen.page.wait_for_timeout(150)
    screen.counts(rejected=0)
    expect(page).to_be_visible()
    screen.press("u")
    screen.says("Taken back: accept")
    expect(page).to_have_count(0)
    expect(screen.title).to_have_text("src/depot/queue.py")


def _number(screen: Screen, path: str) -> int:
    return int(screen.call("review.overview")["paths"].index(path)) + 1
