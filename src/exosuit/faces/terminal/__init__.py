"""The review in a terminal: a pure state machine, a pure view of it, and a thin shell of curses around both."""

from __future__ import annotations

from typing import Any


def review_in_terminal(session: Any, change: str) -> int:
    """Review a change full-screen; returns the exit code. Raises `no-terminal` where there is none to draw on."""
    from exosuit.faces.terminal.shell import run

    return run(session, change)
