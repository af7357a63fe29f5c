"""All that programs say of a change, in the order in which the plan hears them."""

from __future__ import annotations

import threading

from exosuit.changes.change import Change
from exosuit.verify.checks.checker import Checker
from exosuit.verify.plan.reading import Output
from exosuit.verify.rerun.codemod import repeated
from exosuit.verify.rerun.formatters import formatted
from exosuit.verify.rerun.generators import regenerated


def outputs(checker: Checker, change: Change, stop: threading.Event | None = None) -> tuple[Output, ...]:
    """What the command that made the change, its generators and formatters make; only what differs from the base.

    What cannot be run has no say. Raises `bad-config`.
    """
    return (*repeated(checker, change, stop), *regenerated(checker, change, stop), *formatted(checker, change, stop))
