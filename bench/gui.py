"""The GUI at 10,000 and 1,000,000 changed lines: first paint, jumps, keys, heap, beside a page with every row."""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as PlaywrightError

from bench.gui_chromium import chromium, elements, first_groups, first_paint, heap, measured, opened
from bench.gui_plain import page as plain_page
from bench.gui_plain import serve
from bench.gui_workspace import make

AIMS = {
    10_000: {"first": 350, "groups": 2000, "jump": 60, "key": 40, "heap": 8},
    1_000_000: {"first": 1000, "jump": 100, "key": 40, "heap": 64},
}
STARTS, JUMPS, KEYS = 5, 24, 120
MOST_UNASKED = 200_000
"""Lines of a change that is planned without being asked."""
ROWS_AT_ONCE = 2000
Figures = dict[str, float]


class Review:
    """A running `exosuit review` of a generated change."""

    def __init__(self, folder: Path, lines: int, files: int) -> None:
        work = folder / "work"
        work.mkdir()
        make(work, lines, files)
        command = [sys.executable, "-m", "exosuit", "-C", str(work), "review", "base..head", "--no-open"]
        environment = {**os.environ, "EXOSUIT_STATE": str(folder / "state"), "PYTHONUNBUFFERED": "1"}
        began = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        self.url = next(re.findall(r"http\S+", line)[0] for line in self.process.stdout if "http" in line)
        self.import_seconds = time.perf_counter() - began
        self.token = self.url.rpartition("token=")[2]
        self.origin = re.match(r"http://[^/]+", self.url)[0]  # type: ignore[index]
        self.change = re.search(r"/change/([^?]+)", self.url)[1]  # type: ignore[index]

    def call(self, name: str, **fields: Any) -> Any:
        """A command over HTTP, as a program."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        body = json.dumps({"change": self.change, **fields}).encode()
        request = urllib.request.Request(f"{self.origin}/api/{name}", body, headers)
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)

    def rows(self) -> list[list[Any]]:
        """Every row of every file."""
        found = []
        for number in range(1, len(self.call("review.overview")["paths"]) + 1):
            rows: list[Any] = []
            total = 1
            while len(rows) < total:
                window = self.call("review.rows", file=number, start=len(rows), count=ROWS_AT_ONCE)
                rows += window["rows"]
                total = window["total"]
            found.append(rows)
        return found

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


def ours(browser: Any, review: Review, lines: int) -> Figures:
    """Figures of the GUI: starts in fresh contexts, then jumps and keys on the last page."""
    door = opened(browser)
    door.goto(review.url)
    door.wait_for_selector(".add, .del")
    groups = {"groups": first_groups(door)} if lines <= MOST_UNASKED else {}
    cookies = door.context.cookies()
    door.context.close()
    address = f"{review.origin}/change/{review.change}"
    page = opened(browser, cookies)
    starts = [first_paint(page, address)]
    for _ in range(STARTS - 1):
        page.context.close()
        page = opened(browser, cookies)
        starts.append(first_paint(page, address))
    page.wait_for_timeout(500)
    fresh = heap(page)
    box = page.locator(".terrain canvas").bounding_box()
    assert box is not None, "the strip is not on the page"
    dice = random.Random(3)

    def somewhere() -> None:
        page.mouse.click(box["x"] + dice.uniform(1, box["width"] - 1), box["y"] + 20)

    def jump(act: Callable[[], None]) -> float:
        page.evaluate("window.__before = document.querySelector('.lines').getAttribute('aria-label')")
        ready = (
            "() => document.querySelector('.lines').getAttribute('aria-label') !== window.__before"
            " && document.querySelector('.late') === null"
        )
        return measured(page, ready, act)

    jumps = [jump(somewhere) for _ in range(JUMPS)] + [jump(lambda: page.keyboard.press("]")) for _ in range(JUMPS)]
    keys = [measured(page, "", lambda: page.keyboard.press("j")) for _ in range(KEYS)]
    keys += [measured(page, "", lambda: page.keyboard.press("n")) for _ in range(KEYS // 4)]
    return figures(starts, jumps, keys) | groups | {"heap": max(fresh, heap(page)), "elements": elements(page)}


def plain(browser: Any, files: list[list[Any]]) -> Figures:
    """The same figures of the page with every row."""
    server = serve(plain_page(files))
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    many = sum(map(len, files))
    page = opened(browser)
    starts = [first_paint(page, address)]
    for _ in range(STARTS - 1 if many < 100_000 else 0):
        page = opened(browser)
        starts.append(first_paint(page, address))
    page.wait_for_load_state("load")
    dice = random.Random(3)
    page.evaluate("addEventListener('mousedown', () => jump('f' + window.__goal))")
    jumps = []
    for _ in range(JUMPS if many < 100_000 else 3):
        page.evaluate(f"window.__goal = {dice.randint(1, len(files))}")
        jumps.append(measured(page, "", lambda: page.mouse.click(300, 300)))
    keys = [measured(page, "", lambda: page.keyboard.press("j")) for _ in range(KEYS if many < 100_000 else 5)]
    found = figures(starts, jumps, keys) | {"heap": heap(page), "elements": elements(page)}
    page.context.close()
    server.shutdown()
    return found


def figures(starts: list[float], jumps: list[float], keys: list[float]) -> Figures:
    """Medians of starts, the worst jump, the 95th percentile of keys."""
    return {
        "first": statistics.median(starts),
        "jump": max(jumps),
        "jump_median": statistics.median(jumps),
        "key": sorted(keys)[int(len(keys) * 0.95)],
    }


def cell(found: Figures | str, key: str) -> str:
    """One figure; a dash where it was not measured, or why there are none."""
    if isinstance(found, str):
        return f"{found:>12}"
    return f"{found[key]:>12,.1f}" if key in found else f"{'-':>12}"


def show(lines: int, files: int, results: dict[str, Figures | str]) -> None:
    """The table of one size."""
    rows = (
        ("first", "first paint of the diff, ms (median)"), ("jump", "jump, ms (worst)"),
        ("groups", "first groups in the map, ms (first start)"),
        ("jump_median", "jump, ms (median)"), ("key", "key to paint, ms (p95)"), ("heap", "JavaScript heap, MB"),
        ("elements", "elements in the page"),
    )  # fmt: skip
    print(f"\n{lines:,} changed lines in {files} files, load of the machine {os.getloadavg()[0]:.1f}")
    print(f"{'':40}{'ours':>12}{'every row':>12}{'aim':>8}")
    for key, label in rows:
        cells = [cell(r, key) for r in results.values()]
        print(f"{label:40}{''.join(cells)}{AIMS.get(lines, {}).get(key, ''):>8}")


def main() -> None:
    """Measure one size, or both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="*", default=list(AIMS))
    parser.add_argument("--no-plain", action="store_true", help="leave the baseline out")
    asked = parser.parse_args()
    for lines in asked.lines:
        files = 200 if lines < 100_000 else 2000
        with tempfile.TemporaryDirectory(prefix="exosuit-gui-") as folder, chromium() as browser:
            review = Review(Path(folder), lines, files)
            results: dict[str, Figures | str] = {}
            try:
                results["ours"] = ours(browser, review, lines)
                if not asked.no_plain:
                    try:
                        results["plain"] = plain(browser, review.rows())
                    except PlaywrightError as error:  # the baseline may well die of its size, and that is a result
                        results["plain"] = "gave up"
                        print(f"the plain page gave up: {str(error).splitlines()[0]}")
            finally:
                review.stop()
            print(f"import and start: {review.import_seconds:.1f} s")
            show(lines, files, results)


if __name__ == "__main__":
    main()
