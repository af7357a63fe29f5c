"""Models behind a transfer switch: supplies, routes, and what picks among them.

`Switch` is imported when it is first asked for: the drivers behind it take a second, and most commands need none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exosuit.models.switch import Switch

__all__ = ["Switch"]


def __getattr__(name: str) -> Any:
    if name == "Switch":
        from exosuit.models.switch import Switch

        return Switch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
