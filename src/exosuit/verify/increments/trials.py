"""Edges between tests and the code that they are about, by names.

A new test needs the code that changes under the names that it says; a test that changes goes with it, for its old form
would fail on the new code and its new form on the old; a removed test goes first. What only changes annotations,
docstrings or comments ties nothing.
"""

from __future__ import annotations

from exosuit.verify.increments.ties import Ties
from exosuit.verify.increments.units import Index, Unit

MANY = 6
"""A name under which more units change than this is not what a test is about."""


def tie_tests(index: Index, ties: Ties) -> None:
    """All edges between tests and code of a change."""
    about: dict[str, list[Unit]] = {}
    for unit in index.units:
        if not unit.is_test and not unit.is_quiet:
            for name in unit.subjects:
                about.setdefault(name, []).append(unit)
    for test in index.units:
        if not test.is_test or test.is_quiet:
            continue
        for name in test.words & about.keys():
            if len(about[name]) > MANY:
                continue
            for code in about[name]:
                if test.has_new:
                    ties.need(test.told, [code.told], "test")
                if test.has_old:
                    ties.need(code.told, [test.told], "test")
