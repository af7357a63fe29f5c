"""Ties between tests and code that two runs refute: the head's tests on the base's code, and the other way round.

That a test and the code it names go together is a guess from names. A test whose new form passes on the old code needs
none of the new; one whose old form passes on the new code holds none of it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from exosuit.changes.decisions import Range, merged
from exosuit.verify.increments.lessons import place
from exosuit.verify.increments.model import Edge
from exosuit.verify.increments.units import is_test
from exosuit.verify.plan.reading import Reading

Passed = Mapping[str, bool]
"""Tests by their ids as pytest writes them (`path::Class::name[case]`), and whether they passed."""


def test_files(reading: Reading) -> list[Range]:
    """The atoms of all files that hold tests."""
    files = (file for file in reading.files if is_test(file.file.path))
    return merged((file.first, file.first + file.file.atoms) for file in files)


def refuted(reading: Reading, edges: Iterable[Edge], ahead: Passed, behind: Passed) -> list[Edge]:
    """The edges that do not hold; `ahead` is a run of the head's tests on the base's code, `behind` the opposite."""
    runs = [dict(_by_place(passed)) for passed in (ahead, behind)]
    found = []
    for edge in edges:
        if edge.kind == "test":
            test_needs = is_test(reading.file_of(edge.atom).file.path)
            path, name = place(reading, edge.atom if test_needs else edge.needs)
            if runs[0 if test_needs else 1].get((path, name)):
                found.append(edge)
    return found


def _by_place(passed: Passed) -> Iterator[tuple[tuple[str, str], bool]]:
    """By file and definition whether all tests there passed; what is no test itself stands for all of its file."""
    told: dict[tuple[str, str], bool] = {}
    for name, fine in passed.items():
        path, _, within = name.partition("::")
        names = within.partition("[")[0].split("::")
        for count in range(len(names) + 1):
            at = (path, ".".join(names[:count]))
            told[at] = told.get(at, True) and fine
    yield from told.items()
