"""What goes wrong is said with what to do, and nothing is half done: conflicts, refusals, a server that is gone."""

from __future__ import annotations

import signal
from pathlib import Path

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

    conflict.press("y")
    screen.says("No conflict is left")
    screen.press("A")
    screen.says("1 file written")
    assert b"self.values: dict[str, str] = {}" in clean_tree.read("src/depot/store.py")


def test_keeping_ones_own_rejects_what_is_in_conflict(screen: Screen, clean_tree: Repository) -> None:
    mine = clean_tree.read("src/depot/store.py").replace(b"self.values = {}\n", b"self.values = dict()  # mine\n")
    clean_tree.write({"src/depot/store.py": mine})
    screen.file("src/depot/store.py").decide("Y").press("A")
    conflict = screen.page.get_by_role("region", name="Conflicts")
    expect(conflict).to_contain_text("Keep yours")
    conflict.press("x")
    screen.says("No conflict is left")
    screen.press("A")
    screen.says("1 file written")
    written = clean_tree.read("src/depot/store.py")
    assert b"# mine" in written
    assert b"temporary.replace" in written


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
