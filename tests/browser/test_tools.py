"""Search, go to, palette, comment, edit in place, files by hand."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.screen import Screen
from tests.repository import Repository


def test_search_finds_in_the_whole_change_and_goes_there(screen: Screen) -> None:
    screen.press("/")
    screen.page.get_by_role("combobox", name="Search").fill("temporary.replace")
    expect(screen.options).to_have_count(1)
    screen.press("Enter")
    expect(screen.title).to_have_text("src/depot/store.py")
    assert "temporary.replace(self.path)" in screen.cursor


def test_a_wrong_pattern_is_said_and_breaks_nothing(screen: Screen) -> None:
    screen.press("/")
    screen.page.get_by_title("Regular expression").click()
    screen.page.get_by_role("combobox", name="Search").fill("(")
    expect(screen.page.locator("dialog").get_by_role("alert")).to_contain_text(
        re.compile(r"error: .*\(.*hint: ", re.DOTALL)
    )
    screen.page.get_by_role("combobox", name="Search").fill("tempor.ry")
    expect(screen.options.first).to_be_visible()


def test_every_command_is_in_the_palette_and_runs_from_there(screen: Screen) -> None:
    screen.press("Control+Shift+P")
    screen.page.get_by_role("combobox", name="Command").fill("theme")
    screen.press("Enter")
    screen.says("Theme: light")
    expect(screen.page.locator("html")).to_have_attribute("data-theme", "light")


def test_a_comment_stands_under_its_line(screen: Screen) -> None:
    screen.file("src/depot/store.py").press("c")
    box = screen.page.get_by_role("textbox")
    box.fill("why not a <b>TypedDict</b>?")
    box.press("Control+Enter")
    expect(screen.page.locator(".ln.say")).to_contain_text("why not a <b>TypedDict</b>?")
    assert screen.call("review.overview")["comments"][0]["actor"] == "gui"
    screen.page.reload()
    expect(screen.page.locator(".ln.say")).to_contain_text("TypedDict")


def test_a_hunk_is_given_ones_own_words_and_apply_writes_them(screen: Screen, clean_tree: Repository) -> None:
    screen.file("src/depot/store.py").press("n", "e")
    editor = screen.page.locator(".cm-content")
    expect(editor).to_be_focused()
    editor.press("Control+a")
    screen.page.keyboard.insert_text("        self.values.pop(key, None)  # in my words\n")
    screen.page.wait_for_timeout(350)
    editor.press("Control+Enter")
    expect(screen.row("in my words")).to_be_visible()
    screen.press("A")
    screen.says("1 file written")
    assert b"in my words" in clean_tree.read("src/depot/store.py")
    assert b"dict[str, str]" not in clean_tree.read("src/depot/store.py")


def test_letters_typed_into_a_text_decide_nothing(screen: Screen) -> None:
    screen.file("src/depot/store.py").press("c")
    screen.page.wait_for_timeout(400)
    screen.page.get_by_role("textbox").press_sequentially("yxYX aA")
    screen.press("Escape")
    screen.page.wait_for_timeout(100)
    screen.counts(accepted=0, rejected=0)


def test_single_keys_can_be_turned_off(screen: Screen) -> None:
    screen.press("Control+Shift+P")
    screen.page.get_by_role("combobox", name="Command").fill("single keys")
    screen.press("Enter")
    screen.decide("y")
    screen.counts(accepted=0)


def test_a_file_opened_by_hand_is_saved_as_a_change_and_taken_back(screen: Screen, clean_tree: Repository) -> None:
    before = clean_tree.read("run.sh")
    screen.page.goto(f"{screen.origin}/file?path=run.sh")
    editor = screen.page.locator(".cm-content")
    expect(editor).to_contain_text("echo depot")
    editor.press("Control+End")
    screen.page.keyboard.insert_text("echo by hand\n")
    editor.press("Control+s")
    expect(screen.page.get_by_role("button", name="Take it back")).to_be_visible()
    assert clean_tree.read("run.sh") == before + b"echo by hand\n"
    screen.page.get_by_role("button", name="Take it back").click()
    expect(screen.page.get_by_text("Taken back.")).to_be_visible()
    assert clean_tree.read("run.sh") == before


def test_carriage_returns_survive_an_edit_by_hand(screen: Screen, clean_tree: Repository) -> None:
    clean_tree.write({"dos.txt": "one\r\ntwo\r\n"})
    screen.page.goto(f"{screen.origin}/file?path=dos.txt")
    editor = screen.page.locator(".cm-content")
    expect(editor).to_contain_text("two")
    editor.press("Control+End")
    screen.page.keyboard.insert_text("three")
    editor.press("Control+s")
    expect(screen.page.get_by_role("button", name="Take it back")).to_be_visible()
    assert clean_tree.read("dos.txt") == b"one\r\ntwo\r\nthree"


def test_the_keys_are_listed(screen: Screen) -> None:
    screen.press("?")
    dialog = screen.page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("Accept this hunk or group, go on")
    screen.press("Escape")
    expect(dialog).to_have_count(0)
    expect(screen.page.locator(".ln.cur")).to_be_focused()
