"""Content is text: it runs nowhere, hides nothing, and however long it is the page stays small."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.screen import Screen


def test_hostile_content_is_shown_as_text_and_never_runs(screen: Screen) -> None:
    screen.file("docs/hostile.md")
    lines = screen.page.locator("exo-diff .code")
    expect(lines.filter(has_text="<script>window.__pwned = 1</script>").first).to_be_visible()
    expect(lines.filter(has_text="<img src=x onerror=")).to_have_count(1)
    assert screen.page.locator("exo-diff script, exo-diff img").count() == 0
    for search in ("<img", "script"):
        screen.press("/")
        screen.page.get_by_role("combobox", name="Search").fill(search)
        expect(screen.options.first).to_be_visible()
        screen.press("Escape")
    assert screen.page.evaluate("window.__pwned") is None


def test_characters_that_hide_are_drawn(screen: Screen) -> None:
    screen.file("docs/hostile.md")
    text = screen.page.locator("exo-diff").inner_text()
    for character in "\u202e\u202c\u2066\u2069\u200b\x1b\x07":
        assert character not in text
        assert f"{ord(character):x}" in text.lower()


def test_a_line_of_a_megabyte_is_cut_and_the_cut_is_said(screen: Screen) -> None:
    screen.file("docs/wide.md")
    expect(screen.page.locator("exo-diff")).to_contain_text("more characters")
    assert len(screen.page.locator("exo-diff").inner_text()) < 20_000
    expect(screen.row("short")).to_be_visible()


def test_bytes_that_are_no_text_are_one_thing_to_decide(screen: Screen) -> None:
    screen.file("logo.bin")
    expect(screen.page.locator(".ln.tell").first).to_be_visible()
    screen.decide("y")
    screen.counts(accepted=1)


def test_folds_open_where_they_are(screen: Screen) -> None:
    screen.file("docs/long.md")
    fold = screen.page.locator(".ln.fold").first
    expect(fold).to_contain_text("unchanged lines")
    fold.click()
    expect(screen.row("Line 20 of the manual.")).to_be_visible()


def test_the_page_holds_few_rows_of_a_file_of_many_and_both_ends_are_reached(screen: Screen) -> None:
    text = "".join(f"value_{n} = {n}\n" for n in range(30_000))
    patch = "diff --git a/many.py b/many.py\nnew file mode 100644\n--- /dev/null\n+++ b/many.py\n@@ -0,0 +1,30000 @@\n"
    patch += "".join(f"+{line}\n" for line in text.splitlines())
    answer = screen.server.post("change.import", {"patch_text": patch})
    assert answer.status == 200, answer.body
    screen.change = answer.json["change"]
    screen.open()
    assert screen.page.locator(".ln").count() <= 150
    screen.page.locator("exo-diff").evaluate("(diff) => { diff.scrollTop = diff.scrollHeight; }")
    expect(screen.row("value_29999 = 29999")).to_be_visible()
    assert screen.page.locator(".ln").count() <= 150
    screen.page.locator("exo-diff").evaluate("(diff) => { diff.scrollTop = 0; }")
    expect(screen.row("value_0 = 0")).to_be_visible()
    screen.press("/")
    screen.page.get_by_role("combobox", name="Search").fill("value_17342 ")
    expect(screen.options).to_have_count(1)
    screen.press("Enter")
    expect(screen.page.locator(".ln.cur")).to_contain_text("value_17342 = 17342")


def test_in_the_split_view_removed_and_added_lines_of_one_edit_meet(screen: Screen) -> None:
    screen.file("src/depot/store.py").press("m")
    line = screen.page.locator(".ln.cur")
    expect(line).to_contain_text("self.values = {}")
    expect(line).to_contain_text("self.values: dict[str, str] = {}")
    label = line.get_attribute("aria-label") or ""
    assert label.startswith("removed line 14:")
    assert "; added line 14:" in label
