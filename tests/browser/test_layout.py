"""At every width all that is needed is on screen: the four keys, the row under the cursor, words clear of outlines."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.screen import Screen

SIZES = [(1600, 1000), (1440, 900), (1280, 800), (1024, 768), (640, 800)]


def box(element: Any) -> dict[str, float]:
    found = element.bounding_box()
    assert found is not None
    return dict(found)


def sized(screen: Screen, size: tuple[int, int]) -> None:
    screen.page.set_viewport_size({"width": size[0], "height": size[1]})
    screen.page.wait_for_timeout(100)


def inside(one: dict[str, float], other: dict[str, float]) -> bool:
    return (
        other["x"] <= one["x"] + 0.5
        and other["y"] <= one["y"] + 0.5
        and one["x"] + one["width"] <= other["x"] + other["width"] + 0.5
        and one["y"] + one["height"] <= other["y"] + other["height"] + 0.5
    )


@pytest.mark.parametrize("view", ["unified", "split"])
def test_the_keys_that_decide_are_whole_at_every_width(screen: Screen, view: str) -> None:
    screen.file("src/depot/store.py").press(*(["m"] if view == "split" else []))
    for size in SIZES:
        sized(screen, size)
        rail = view == "split" and 1100 <= size[0] < 1440
        buttons = screen.page.locator(".decide .btn:visible")
        expect(buttons).to_have_count(1 if rail else 4)
        for button in buttons.all():
            assert inside(box(button), {"x": 0, "y": 0, "width": size[0], "height": size[1]}), size
            assert inside(box(button.locator("kbd")), box(button)), size


def test_no_width_makes_the_page_wider_than_the_window_while_checks_run(groups: Screen) -> None:
    groups.press("C")
    groups.page.get_by_role("button", name="Run slow").click()
    expect(groups.page.locator("footer .checking")).to_contain_text("slow on base")
    for size in SIZES:
        sized(groups, size)
        for part in ("main", "footer", "header", "footer .btn"):
            found = box(groups.page.locator(part).first)
            assert found["x"] + found["width"] <= size[0], (part, size)
    groups.server.post("check.stop", {})


def test_the_map_keeps_the_row_under_the_cursor_in_view_when_it_gets_smaller(screen: Screen) -> None:
    screen.file("tests/test_store.py")
    row = screen.page.locator(".map .row[aria-selected=true]")
    for size in SIZES:
        sized(screen, size)
        assert inside(box(row), box(screen.page.get_by_role("listbox", name="Files in reading order"))), size


def test_what_is_said_in_passing_covers_no_key(screen: Screen) -> None:
    for size in SIZES:
        sized(screen, size)
        screen.press("K")
        screen.says("Apply would leave no file alone")
        toast = box(screen.toast)
        for button in screen.page.locator(".decide .btn:visible, footer .btn").all():
            key = box(button)
            apart = toast["y"] + toast["height"] <= key["y"] or toast["x"] >= key["x"] + key["width"]
            assert apart or toast["x"] + toast["width"] <= key["x"], size


def test_when_nothing_is_left_the_page_stands_where_diff_and_panel_were(screen: Screen) -> None:
    screen.call("change.accept", all=True)
    expect(screen.page.locator("footer")).to_contain_text("47 accepted")
    screen.decide("y")
    page = screen.page.get_by_role("region", name="Nothing left")
    expect(page).to_be_visible()
    for size in SIZES:
        sized(screen, size)
        found, whole = box(page), box(screen.page.locator(".review"))
        assert found["x"] + found["width"] == whole["x"] + whole["width"], size
        assert found["y"] + found["height"] == whole["y"] + whole["height"], size
        assert box(screen.page.locator(".map"))["height"] > 150, size


@pytest.mark.parametrize("name", ["first start", "not found", "done", "changes"])
def test_the_outline_of_the_focus_keeps_clear_of_the_words(screen: Screen, name: str) -> None:
    page = screen.page
    if name == "first start":
        screen.open("?first=1")
    elif name == "not found":
        page.goto(f"{screen.origin}/change/nonsense")
    elif name == "changes":
        screen.press("1")
    else:
        screen.call("change.accept", all=True)
        expect(page.locator("footer")).to_contain_text("47 accepted")
        screen.decide("y")
    expect(page.locator(".page .acts button, tbody a").first).to_be_focused()
    gap = page.evaluate(
        """() => {
          const range = document.createRange();
          range.selectNodeContents(document.activeElement);
          const [edge, words] = [document.activeElement.getBoundingClientRect(), range.getBoundingClientRect()];
          const style = getComputedStyle(document.activeElement);
          const outline = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
          return words.left - edge.left + Math.min(0, outline) - (outline < 0 ? 0 : parseFloat(style.outlineWidth));
        }"""
    )
    assert gap >= 6
