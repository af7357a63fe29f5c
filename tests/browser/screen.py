"""A page of the GUI as a person uses it: keys, what is to be read on it, and what the server says meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.wire.serving import Served

SEEN_MS = 330
"""A little more than a group must have been on screen before a key decides it."""


@dataclass
class Screen:
    """One tab on one change."""

    page: Page
    server: Served
    change: str
    map: str = "files"
    """What the map shows at first."""

    def __post_init__(self) -> None:
        self.page.add_init_script(f"sessionStorage['exosuit.map'] ??= '\"{self.map}\"'")

    @property
    def origin(self) -> str:
        return f"http://{self.server.host}"

    def call(self, name: str, **fields: Any) -> Any:
        """A command as a program calls it."""
        answer = self.server.post(name, {"change": self.change, **fields})
        assert answer.status == 200, answer.body
        return answer.json

    def open(self, query: str = "") -> Screen:
        """Load the change, and wait for its diff."""
        self.page.goto(f"{self.origin}/change/{self.change}{query}")
        if "first=1" not in query:
            expect(self.page.locator(".ln.cur")).to_have_count(1)
        return self

    def press(self, *keys: str) -> Screen:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def decide(self, *keys: str) -> Screen:
        """Press keys that decide, each after the group has been in sight for long enough."""
        for key in keys:
            self.page.wait_for_timeout(SEEN_MS)
            self.page.keyboard.press(key)
        return self

    def file(self, path: str) -> Screen:
        """Go to a file by the list of files."""
        self.press("t")
        self.page.get_by_role("combobox", name="File").fill(path)
        expect(self.options.filter(has_text=path).first).to_be_visible()
        self.press("Enter")
        expect(self.title).to_have_text(path)
        return self

    @property
    def title(self) -> Any:
        return self.page.locator(".centre h2").first

    @property
    def cursor(self) -> str:
        """What a screen reader says of the line under the cursor."""
        return str(self.page.locator(".ln.cur").get_attribute("aria-label"))

    @property
    def toast(self) -> Any:
        return self.page.locator(".toast")

    def says(self, text: str | re.Pattern[str]) -> None:
        """Wait until the status line says it."""
        expect(self.toast).to_contain_text(text)

    def counts(self, *, accepted: int | None = None, rejected: int | None = None, edited: int | None = None) -> None:
        """Wait until the server counts these decisions."""
        asked = {"accepted": accepted, "rejected": rejected, "edited": edited}
        want = {name: count for name, count in asked.items() if count is not None}
        found: dict[str, int] = {}
        for _ in range(100):
            found = self._summary(want)
            if found == want:
                return
            self.page.wait_for_timeout(30)
        raise AssertionError(f"wanted {want}, the server says {found}")

    def _summary(self, names: dict[str, int]) -> dict[str, int]:
        changes = self.server.post("change.list", {}).json["changes"]
        mine = next(one for one in changes if one["change"] == self.change)
        return {name: mine[name] for name in names}

    @property
    def root(self) -> str:
        """The folder that is worked on."""
        return str(self.server.post("workspace.show", {}).json["root"])

    def number(self, path: str) -> int:
        """The number of a file of the change."""
        return int(self.call("review.overview")["paths"].index(path)) + 1

    @property
    def groups(self) -> Any:
        """The map where it shows groups."""
        return self.page.get_by_role("listbox", name="Groups in the order in which to look")

    def group(self, text: str) -> Any:
        """A group in the map by a part of its row."""
        return self.groups.get_by_role("option").filter(has_text=text)

    @property
    def options(self) -> Any:
        """What the open dialog offers."""
        return self.page.locator("dialog").get_by_role("option")

    def row(self, text: str) -> Any:
        """A line of the diff by a part of its text."""
        return self.page.locator(".ln", has_text=text).first
