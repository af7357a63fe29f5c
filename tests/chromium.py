"""The browser that tests and pictures of the GUI are made with."""

from __future__ import annotations

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--headless",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--mute-audio",
]


def chromium_path() -> str | None:
    """The path of a chromium on PATH, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)
