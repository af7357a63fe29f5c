"""Open a page in the person's browser, or leave it: the address is printed anyway."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import webbrowser


def has_browser() -> bool:
    """True where a window can open: not over a plain ssh line, where a text browser would take the terminal over."""
    if sys.platform == "darwin" or os.environ.get("BROWSER"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))


def open_browser(url: str) -> None:
    """Ask the system to open `url`, off the main thread; never raises, never waits."""
    if has_browser():
        threading.Thread(target=_open, args=(url,), daemon=True).start()


def _open(url: str) -> None:
    with contextlib.suppress(webbrowser.Error, OSError):
        webbrowser.open(url)
