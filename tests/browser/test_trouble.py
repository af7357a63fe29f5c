"""What goes wrong is said with what to do, and nothing is half done: conflicts, refusals, a server that is gone."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, WebSocketRoute, expect

from tests.browser.screen import Screen
from tests.repository import Repository
from tests.wire.serving import serving


def test_a_conflict_blocks_only_its_file_and_is_one_more_decision(screen: Screen, clean_tree: Repository) -> None:
    mine = clean_tree.read("src/depot/store.py").replace(b"self.values = {}\n", b"self.values = dict()  # mine\n")
    clean_tree.write({"src/depot/store.py": mine})
    screen.call("change.accept", all=True)
    screen.press("A")
    conflict = screen.page.get_by_role("region", name="Conflicts")
    expect(conflict).to_contain_text("src/depot/store.py")
    expect(conflict).to_contain_text("self.values = dict()  # mine")
    expect(conflict).to_contain_text("self.values: dict[str, str] = {}")
    assert clean_tree.read("src/depot/store.py") == mine
    assert clean_tree.read("src/depot/queue.py")

    screen.decide("y")
    screen.says("No conflict is left")
    screen.press("A")
    screen.says("1 file written")
    assert b"self.values: dict[str, str] = {}" in clean_tree.read("src/depot/store.py")


def test_the_panel_belongs_to_the_file_in_conflict_and_its_keys_decide_that(
    screen: Screen, clean_tree: Repository
) -> None:
    mine = clean_tree.read("src/depot/store.py").replace(b"self.values = {}\n", b"self.values = dict()  # mine\n")
    clean_tree.write({"src/depot/store.py": mine})
    screen.file("src/depot/store.py").decide("Y")
    screen.file("docs/long.md").press("A")
    panel = screen.page.get_by_role("region", name="What is known", exact=True)
    expect(panel.get_by_role("heading")).to_have_text("Conflict")
    expect(panel).to_contain_text("src/depot/store.py")
    expect(panel.get_by_role("button", name="Keep yours")).to_contain_text("x")
    expect(panel.get_by_role("button", name="Reject")).to_have_count(0)
    expect(screen.title).to_have_text("src/depot/store.py")
    screen.page.reload()
    expect(panel.get_by_role("heading")).to_have_text("Conflict")
    screen.decide("x")
    screen.says("No conflict is left")
    screen.press("A")
    screen.says("1 file written")
    written = clean_tree.read("src/depot/store.py")
    assert b"# mine" in written
    assert b"temporary.replace" in written


def test_each_of_two_conflicts_is_decided_by_itself(screen: Screen, clean_tree: Repository) -> None:
    paths = ("src/depot/store.py", "tests/test_store.py")
    mine = clean_tree.read(paths[0]).replace(b"self.values = {}\n", b"self.values = dict()  # mine\n")
    clean_tree.write({paths[0]: mine, paths[1]: clean_tree.read(paths[1]).replace(b'"1"', b'"uno"')})
    for path in paths:
        screen.file(path).decide("Y")
    screen.press("A")
    panel = screen.page.get_by_role("region", name="What is known", exact=True)
    expect(panel).to_contain_text("File 1 of 2")
    expect(panel).to_contain_text(paths[0])
    screen.press("n")
    expect(panel).to_contain_text(paths[1])
    expect(screen.title).to_have_text(paths[1])
    screen.decide("y")
    screen.says("The change's text wins in tests/test_store.py")
    expect(panel).to_contain_text(paths[0])
    screen.decide("x").says("No conflict is left")
    screen.press("A")
    screen.says("2 files written")
    assert b'"uno"' not in clean_tree.read(paths[1])
    assert b"# mine" in clean_tree.read(paths[0])


def test_an_undo_that_would_lose_an_edit_says_so_and_offers_only_what_works(
    screen: Screen, clean_tree: Repository
) -> None:
    before = clean_tree.read("src/depot/store.py")
    screen.file("src/depot/store.py").decide("Y").press("A")
    screen.says("1 file written")
    applied = clean_tree.read("src/depot/store.py")
    mine = applied.replace(b"dict[str, str] = {}", b"dict[str, str] = dict()  # mine")
    clean_tree.write({"src/depot/store.py": mine})
    screen.press("u")
    page = screen.page.get_by_role("region", name="Conflicts")
    panel = screen.page.get_by_role("region", name="What is known", exact=True)
    expect(page).to_contain_text("One file could not be taken back")
    expect(page).to_contain_text("Nothing was changed: the apply still stands.")
    expect(page).to_contain_text("dict()  # mine")
    expect(panel.get_by_role("button")).to_have_text(
        [re.compile("Take it back again"), re.compile("Open"), re.compile("Close")]
    )
    assert clean_tree.read("src/depot/store.py") == mine
    clean_tree.write({"src/depot/store.py": applied})
    screen.press("u")
    screen.says("Taken back: apply")
    expect(page).to_have_count(0)
    assert clean_tree.read("src/depot/store.py") == before


def test_an_undo_that_leaves_one_file_alone_says_what_became_of_the_others(
    screen: Screen, clean_tree: Repository
) -> None:
    for path in ("src/depot/store.py", "src/depot/queue.py"):
        screen.file(path).decide("Y")
    screen.press("A")
    screen.says("2 files written")
    mine = clean_tree.read("src/depot/store.py").replace(b"str] = {}", b"str] = dict()  # mine")
    clean_tree.write({"src/depot/store.py": mine})
    screen.press("u")
    page = screen.page.get_by_role("region", name="Conflicts")
    expect(page).to_contain_text("All else is as it was before the apply")
    panel = screen.page.get_by_role("region", name="What is known", exact=True)
    expect(panel.get_by_role("button")).to_have_text([re.compile("Open"), re.compile("Close")])
    assert clean_tree.read("src/depot/store.py") == mine
    assert "src/depot/queue.py" not in clean_tree.files()
    screen.press("o")
    expect(screen.page.locator(".cm-content")).to_contain_text("# mine")


def test_a_conflict_that_is_gone_by_the_time_it_is_decided_is_said(screen: Screen, clean_tree: Repository) -> None:
    text = clean_tree.read("src/depot/store.py")
    clean_tree.write({"src/depot/store.py": text.replace(b"self.values = {}\n", b"self.values = dict()  # mine\n")})
    screen.file("src/depot/store.py").decide("Y").press("K")
    page = screen.page.get_by_role("region", name="Conflicts")
    expect(page).to_contain_text("Apply would leave one file alone")
    clean_tree.write({"src/depot/store.py": text})
    screen.decide("x")
    screen.says("Nothing is in the way")
    expect(page).to_have_count(0)
    screen.press("K")
    screen.says("Apply would leave no file alone")


def test_a_file_saved_by_hand_and_edited_elsewhere_since_is_not_said_to_be_taken_back(
    screen: Screen, clean_tree: Repository
) -> None:
    screen.page.goto(f"{screen.origin}/file?path=run.sh")
    editor = screen.page.locator(".cm-content")
    expect(editor).to_contain_text("echo depot")
    editor.press("Control+End")
    screen.page.keyboard.insert_text("echo by one hand\n")
    editor.press("Control+s")
    back = screen.page.get_by_role("button", name="Take it back")
    expect(back).to_be_visible()
    mine = clean_tree.read("run.sh").replace(b"by one hand", b"by another hand")
    clean_tree.write({"run.sh": mine})
    back.click()
    alert = screen.page.get_by_role("alert")
    expect(alert).to_contain_text("error: run.sh was not taken back")
    expect(alert).to_contain_text("hint:  the file stays as it is")
    assert clean_tree.read("run.sh") == mine


def test_what_the_server_refuses_is_taken_back_on_screen_and_said(screen: Screen) -> None:
    screen.page.route(
        "**/api/change.accept",
        lambda route: route.fulfill(
            status=409, json={"code": "disk-full", "message": "the disk is full", "hint": "make room, then try again"}
        ),
    )
    screen.file("src/depot/store.py").decide("y")
    alert = screen.page.get_by_role("alert")
    expect(alert).to_contain_text("error: the disk is full")
    expect(alert).to_contain_text("hint:  make room, then try again")
    expect(screen.page.locator("footer")).to_contain_text("0 accepted")
    expect(screen.page.locator("footer")).to_contain_text("0 of")


def test_a_save_that_wrote_nothing_is_not_said_to_be_saved(screen: Screen, clean_tree: Repository) -> None:
    before = clean_tree.read("run.sh")
    screen.page.goto(f"{screen.origin}/file?path=run.sh")
    editor = screen.page.locator(".cm-content")
    expect(editor).to_contain_text("echo depot")
    editor.press("Control+End")
    screen.page.keyboard.insert_text("echo twice\n")
    editor.press("Control+s")
    expect(screen.page.get_by_text("Saved: accepted and written")).to_be_visible()
    clean_tree.write({"run.sh": before})
    screen.page.reload()
    expect(editor).not_to_contain_text("echo twice")
    editor.press("Control+End")
    screen.page.keyboard.insert_text("echo twice\n")
    editor.press("Control+s")
    status = screen.page.locator(".byhand [role=status]")
    expect(status).to_have_text(re.compile("^(Saved:|Not saved)"))
    assert status.inner_text().startswith("Not saved") == (clean_tree.read("run.sh") == before)


@pytest.mark.parametrize("where", ["diff", "comment", "dialog", "changes"])
def test_whatever_is_refused_is_said_with_a_hint_where_one_is(screen: Screen, where: str) -> None:
    page = screen.page
    no_hint = {"status": 500, "json": {"code": "odd", "message": "something odd happened"}}
    page.route("**/api/change.*", lambda route: route.fulfill(**no_hint))
    page.route("**/api/file.list", lambda route: route.fulfill(**no_hint))
    if where == "comment":
        screen.press("c")
        page.get_by_role("textbox").fill("a question")
        page.get_by_role("textbox").press("Control+Enter")
    elif where == "dialog":
        screen.press("t")
    elif where == "changes":
        page.unroute("**/api/change.*")
        screen.press("1")
        expect(page.locator("tbody tr").first).to_be_visible()
        screen.press("t")
    else:
        screen.press("u")
    alert = page.get_by_role("alert")
    expect(alert).to_be_visible()
    expect(alert).to_contain_text("error: something odd happened")
    expect(alert).to_contain_text("hint:  look at it again, then repeat")
    box = alert.bounding_box()
    assert box is not None
    inside = "([x, y]) => document.elementFromPoint(x, y)?.closest('[role=alert]') !== null"
    assert page.evaluate(inside, [box["x"] + 20, box["y"] + 12])
    screen.press("Escape")
    expect(alert).to_have_count(0)
    if where == "comment":
        assert page.get_by_role("textbox").input_value() == "a question"


def test_a_server_that_is_gone_is_said_and_found_again(
    context: BrowserContext, depot_repository: Repository, tmp_path: Path
) -> None:
    with serving(depot_repository.path, tmp_path, EXOSUIT_STATE=str(tmp_path)) as served:
        name, _, value = served.cookie().partition("=")
        context.add_cookies([{"name": name, "value": value, "url": f"http://{served.host}"}])
        change = served.post("change.import", {"revisions": "main..agent"}).json["change"]
        screen = Screen(context.new_page(), served, change).open()
        screen.page.wait_for_timeout(200)
        served.stop(signal.SIGKILL)
        expect(screen.page.get_by_text("The server does not answer.")).to_be_visible()
        screen.decide("y")
        expect(screen.page.get_by_role("alert")).to_contain_text("the server does not answer")
        expect(screen.page.locator("footer")).to_contain_text("0 accepted")


def test_after_a_break_of_the_line_the_page_catches_up(screen: Screen) -> None:
    sockets: list[WebSocketRoute] = []
    broken = [False]

    def route(socket: WebSocketRoute) -> None:
        if broken[0]:
            socket.close()
        else:
            socket.connect_to_server()
            sockets.append(socket)

    screen.page.route_web_socket("**/api/events", route)
    screen.page.reload()
    expect(screen.page.locator(".ln.cur")).to_have_count(1)
    screen.page.wait_for_timeout(200)
    broken[0] = True
    sockets[-1].close()
    expect(screen.page.get_by_text("The server does not answer.")).to_be_visible()
    screen.call("change.reject", atoms=["1"])
    broken[0] = False
    screen.page.get_by_role("button", name="Try now").click()
    expect(screen.page.get_by_text("The server does not answer.")).to_have_count(0)
    expect(screen.page.locator("footer")).not_to_contain_text("0 rejected")
