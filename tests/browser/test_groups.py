"""Review by groups: there after the first paint; one key decides one, others step through its odd and missed places."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from tests.browser.screen import Screen
from tests.repository import Repository
from tests.wire.serving import Served


def test_the_map_lists_groups_in_the_order_of_the_plan_with_what_is_proved_of_each(groups: Screen) -> None:
    planned = groups.call("change.plan")
    by_id = {group["id"]: group for group in planned["groups"]}
    rows = groups.groups.get_by_role("option")
    expect(rows).to_have_count(len(planned["order"]))
    for row, name in zip(rows.all(), planned["order"], strict=True):
        group = by_id[name]
        said = row.inner_text()
        assert group["title"] in said
        assert said.startswith("proved:" if not group["unproved_lines"] else "unknown:")
        box, count = row.bounding_box(), row.locator(".num").bounding_box()
        assert box is not None
        assert count is not None
        assert box["y"] <= count["y"]
        assert box["x"] + box["width"] - 60 < count["x"] + count["width"] <= box["x"] + box["width"]
        assert count["y"] + count["height"] <= box["y"] + box["height"]
    replaced = groups.group("Replace warn")
    expect(replaced).to_contain_text("≠1 ∅2")
    expect(replaced).to_contain_text("1 exception, 2 places not done")


def test_one_key_switches_between_groups_and_files_and_the_choice_is_kept(groups: Screen) -> None:
    groups.press("g")
    files = groups.page.get_by_role("listbox", name="Files in reading order")
    expect(files).to_be_visible()
    groups.page.reload()
    expect(files).to_be_visible()
    expect(groups.page.locator(".map .note").first).to_contain_text("groups")
    expect(files).to_be_visible()
    groups.press("g")
    expect(groups.groups).to_be_visible()


def test_the_map_does_not_become_another_while_somebody_reads_it(groups: Screen) -> None:
    page = groups.page
    held: list[Route] = []
    free = False

    def hold(route: Route) -> None:
        if free:
            route.continue_()
        else:
            held.append(route)

    page.route("**/api/review.groups", hold)
    page.reload()
    expect(page.locator(".ln.cur")).to_have_count(1)
    expect(page.locator(".map [role=status]:visible")).to_contain_text("grouping")
    groups.press("j")
    free = True
    for route in held:
        route.continue_()
    expect(page.locator(".map [role=status]:visible")).to_contain_text("groups ready")
    expect(page.get_by_role("listbox", name="Files in reading order")).to_be_visible()
    groups.press("g")
    expect(groups.groups).to_be_visible()


def test_a_draft_is_there_first_and_what_is_read_gives_way_only_when_asked(groups: Screen) -> None:
    page = groups.page
    found = groups.call("review.groups", wait=60)
    rough = [[name, kind, f"Draft of {title}", *rest] for name, kind, title, *rest in reversed(found["groups"])]
    last = len(rough) - 1
    runs = [n if k % 2 == 0 else 8 * (last - n // 8) + n % 8 for k, n in enumerate(found["runs"])]
    free = False

    def answer(route: Route) -> None:
        if '"draft":true' in (route.request.post_data or ""):
            route.fulfill(json=found | {"state": "draft", "groups": rough, "runs": runs})
        else:
            route.fulfill(json=found if free else found | {"state": "making", "groups": [], "runs": [], "stats": None})

    page.route("**/api/review.groups", answer)
    page.reload()
    expect(groups.groups.get_by_role("option")).to_contain_text(["Draft of"] * len(rough))
    expect(page.locator(".map [role=status]:visible")).to_contain_text("refining")
    groups.press("j")
    before = groups.groups.inner_text()
    free = True
    expect(page.locator(".map [role=status]:visible")).to_contain_text("refined")
    assert groups.groups.inner_text() == before
    groups.press("G")
    groups.says(f"{len(rough)} groups now")
    expect(groups.groups.get_by_text("Draft of")).to_have_count(0)


def test_a_draft_that_nobody_touched_gives_way_by_itself(groups: Screen) -> None:
    page = groups.page
    found = groups.call("review.groups", wait=60)
    rough = [[name, kind, f"Draft of {title}", *rest] for name, kind, title, *rest in found["groups"]]

    def answer(route: Route) -> None:
        if '"draft":true' in (route.request.post_data or ""):
            route.fulfill(json=found | {"state": "draft", "groups": rough})
        else:
            route.fulfill(json=found)

    page.route("**/api/review.groups", answer)
    page.reload()
    expect(groups.group("Replace warn")).to_be_visible()
    expect(groups.groups.get_by_text("Draft of")).to_have_count(0)


def test_a_group_is_read_place_by_place_over_the_borders_of_files(groups: Screen) -> None:
    groups.group("Replace warn").click()
    expect(groups.page.locator(".facts dd").first).to_contain_text(re.compile(r"place \d of 8"))
    seen = set()
    for _ in range(8):
        seen.add(groups.title.inner_text())
        assert "warn" in groups.cursor
        groups.press("n")
        groups.page.wait_for_timeout(60)
    expect(groups.toast).to_contain_text("last place of the group")
    assert len(seen) >= 7


def test_one_key_accepts_a_group_but_its_exceptions_which_come_next(groups: Screen) -> None:
    groups.group("Replace warn").click()
    main = groups.page.locator(".decide .main")
    expect(main).to_contain_text("Accept the 7 regular places")
    groups.decide("y")
    groups.counts(accepted=7)
    expect(groups.title).to_have_text("src/logs/theta.py")
    expect(main).to_contain_text("Accept this exception")
    expect(groups.page.locator(".ln.in")).to_have_count(2)
    groups.decide("x")
    groups.counts(accepted=7, rejected=1)
    expect(groups.group("Replace warn")).to_contain_text("decided, some rejected")
    expect(groups.group("Replace warn")).to_have_attribute("aria-selected", "false")
    groups.press("u")
    groups.says("Taken back: reject")
    groups.press("u")
    groups.counts(accepted=0, rejected=0)


def test_a_group_that_came_into_sight_just_now_is_not_decided(groups: Screen) -> None:
    groups.group("Replace warn").click()
    expect(groups.page.locator(".decide .main")).to_contain_text("7 regular places")
    groups.decide("y").press("y")
    groups.says(re.compile("Nothing decided: this was on screen for only"))
    groups.counts(accepted=7)


def test_exceptions_are_stepped_through_and_then_missed_places(groups: Screen) -> None:
    groups.group("Replace warn").click()
    groups.press("E")
    expect(groups.page.locator(".facts h2")).to_have_text("Unknown: an exception")
    groups.press("E")
    sheet = groups.page.get_by_role("region", name="Not done", exact=True)
    expect(sheet).to_contain_text("2 places not done")
    expect(sheet).to_contain_text("src/logs/iota.py:6")
    expect(sheet.locator(".del").first).to_contain_text('log.warn("iota was called")')
    expect(sheet.locator(".add").first).to_contain_text('log.warning("iota was called")')


def test_missed_places_become_a_change_of_their_own_and_this_one_stays(groups: Screen) -> None:
    before = groups.call("review.overview")["states"]
    groups.group("Replace warn").click()
    expect(groups.page.locator(".decide .main")).to_contain_text("7 regular places")
    groups.press("M")
    made = groups.page.get_by_role("region", name="A change of its own")
    expect(made).to_contain_text("2 places left out")
    made.get_by_role("link", name="Review it").click()
    expect(groups.page.locator(".map h1")).to_contain_text("2 places left out")
    changed = groups.server.post("change.list", {}).json["changes"]
    mine = next(one for one in changed if one["change"] in groups.page.url)
    assert (mine["lines_added"], mine["lines_removed"], mine["files"]) == (2, 2, 2)
    assert groups.call("review.overview")["states"] == before


def test_what_is_proved_is_told_with_its_claim_and_the_command_that_shows_it(groups: Screen) -> None:
    groups.group("Comments only").click()
    panel = groups.page.get_by_role("region", name="What is known", exact=True)
    expect(panel.get_by_role("heading")).to_have_text("Proved")
    expect(panel).to_contain_text("same program")
    expect(panel).to_contain_text("by comments")
    expect(panel.locator("code").last).to_contain_text("exosuit change materialize")
    assert ", proved" in groups.cursor
    groups.group("Replace warn").click()
    expect(panel.get_by_role("heading")).to_have_text("Unknown")
    expect(panel).to_contain_text("14 of 16 lines proved")


def test_a_file_that_only_went_elsewhere_is_proved_though_no_line_of_it_changed(
    server: Served, depot_repository: Repository, groups: Screen
) -> None:
    depot_repository.git("checkout", "--quiet", "-b", "moved", "logs")
    depot_repository.git("mv", "src/logs/eta.py", "src/logs/eta_new.py")
    depot_repository.git("commit", "--quiet", "--message", "eta is elsewhere")
    depot_repository.git("checkout", "--quiet", "main")
    change = server.post("change.import", {"revisions": "logs..moved"}).json["change"]
    moved = Screen(groups.page, server, change, map="groups").open()
    expect(moved.group("Rename src/logs/eta.py")).to_contain_text("proved:")


def test_when_the_last_group_is_decided_nothing_is_left(groups: Screen) -> None:
    page = groups.page
    for _ in range(20):
        if page.get_by_role("region", name="Nothing left").count():
            break
        groups.decide("y")
        page.wait_for_timeout(100)
    expect(page.get_by_role("region", name="Nothing left")).to_be_visible()
    overview = groups.call("review.overview")
    assert all(state == 1 for file in overview["states"] for _, state in file)


def test_the_strip_tells_of_every_place_what_is_known_of_it_by_pointer_and_by_key(groups: Screen) -> None:
    page = groups.page
    strip = page.get_by_role("slider", name="Place in the change")
    strip.focus()
    groups.press("Home")
    told = set()
    for _ in range(110):
        told.add(str(strip.get_attribute("aria-valuetext")))
        groups.press("ArrowRight")
    edits = {text.partition(":")[0] for text in told}
    overview = groups.call("review.overview")
    wanted = {
        f"{path}, edit {atom} of {count}"
        for path, count in zip(overview["paths"], overview["atom_counts"], strict=True)
        for atom in range(1, count + 1)
    }
    assert edits == wanted
    assert any("an exception to: Replace warn" in text for text in told)
    assert any(": proved · Comments only" in text for text in told)
    groups.press("Home", "PageDown", "Enter")
    expect(groups.title).to_have_text(overview["paths"][1])
    box = page.locator(".terrain canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 3, box["y"] + 20)
    expect(page.locator(".tip")).to_contain_text(f"{overview['paths'][0]}, edit 1 of")


def test_the_strip_draws_what_is_proved_solid_and_what_is_unknown_as_fog(groups: Screen) -> None:
    def filled(text: str) -> float:
        """The share of a column's pixels that are drawn, at the middle of the edits of a group."""
        groups.group(text).click()
        groups.page.wait_for_timeout(150)
        return float(
            groups.page.evaluate(
                """() => {
                  const canvas = document.querySelector('.terrain canvas');
                  const tick = /M(\\d+) 0h(\\d+)/.exec(document.querySelector('.ticks path').getAttribute('d'));
                  const x = (Number(tick[1]) + Number(tick[2]) / 2) * devicePixelRatio;
                  const data = canvas.getContext('2d').getImageData(x, 8, 8, 30).data;
                  let seen = 0;
                  for (let i = 3; i < data.length; i += 4) seen += data[i] > 200 ? 1 : 0;
                  return seen / (data.length / 4);
                }"""
            )
        )

    assert filled("Comments only") > 0.95
    assert 0.05 < filled("Add more") < 0.6


def test_a_reason_is_kept_for_the_group_that_is_rejected(groups: Screen) -> None:
    groups.group("Comments only").click()
    expect(groups.page.locator(".facts h2")).to_have_text("Proved")
    groups.press("r")
    box = groups.page.get_by_role("textbox", name="Why “Comments only” is rejected")
    box.fill("says the same")
    box.press("Control+Enter")
    groups.counts(rejected=1)
    decisions = groups.call("change.show", no_atoms=True)["decisions"]
    assert [event["why"] for event in decisions if event["kind"] == "reject"] == ["says the same"]


def test_a_change_too_large_to_be_grouped_unasked_says_so_with_the_key(screen: Screen) -> None:
    count = 200_001
    patch = "diff --git a/many.txt b/many.txt\nnew file mode 100644\n--- /dev/null\n+++ b/many.txt\n"
    patch += f"@@ -0,0 +1,{count} @@\n" + "".join(f"+{n}\n" for n in range(count))
    answer = screen.server.post("change.import", {"patch_text": patch})
    assert answer.status == 200, answer.body
    screen.change = answer.json["change"]
    page, asked = screen.page, list[str]()

    def making(route: Route) -> None:
        asked.append(route.request.post_data or "")
        route.fulfill(json={"state": "making", "why": "", "groups": [], "runs": [], "stats": None})

    page.route("**/api/review.groups", making)
    screen.open()
    words = page.locator(".map .head")
    expect(words).to_contain_text("Not grouped: above 200,000 lines that takes minutes. g begins")
    page.wait_for_timeout(300)
    assert not any(screen.change in body for body in asked)
    screen.press("g")
    expect(words).to_contain_text("grouping")
    expect(words).not_to_contain_text("Not grouped")
    page.reload()
    expect(words).to_contain_text("grouping")
    assert any(screen.change in body for body in asked)
    page.evaluate("sessionStorage.clear()")
    page.set_viewport_size({"width": 640, "height": 800})
    page.reload()
    expect(page.locator(".map .small")).to_have_text("not grouped g")
