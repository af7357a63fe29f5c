"""Groups for the screen: columns that cover every atom, one group in full, missed places as a change of their own."""

from __future__ import annotations

import time
from typing import Any

import pytest

from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.core.errors import UsageError
from exosuit.verify.plan.planning import draft
from tests.repository import Repository

NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
PROVED, EXCEPTION, STARTS, PER_GROUP = 1, 2, 4, 8


def module(name: str, call: str) -> str:
    return f"import log\n\n\ndef {name}(x):\n    log.{call}('{name} was called')\n    return x\n"


@pytest.fixture
def session(workspace: Repository) -> Session:
    """`log.warn` becomes `log.warning` in six files of eight, and one function changes besides."""
    before = {f"{name}.py": module(name, "warn") for name in NAMES}
    after = {f"{name}.py": module(name, "warning" if name < "theta" else "warn") for name in NAMES}
    after["alpha.py"] += "\n\ndef more(y):\n    return y * 2\n"
    workspace.commit("one", dict(before))
    workspace.commit("two", dict(after))
    opened = Session(workspace.path)
    load().dispatch("change.import", opened, {"revisions": "HEAD~1..HEAD"})
    return opened


def call(session: Session, name: str, **fields: Any) -> Any:
    return load().dispatch(name, session, {"change": "last", **fields})


def test_the_columns_say_of_every_atom_what_the_plan_says(session: Session) -> None:
    planned = call(session, "change.plan", change="last")
    found = call(session, "review.groups", wait=60)
    assert found.state == "ready"
    assert [row[0] for row in found.groups] == planned.order
    by_id = {group.id: group for group in planned.groups}
    counts, codes = found.runs[::2], found.runs[1::2]
    sizes = []
    for place, (name, kind, title, lines, unproved, _, _, missed) in enumerate(found.groups):
        group = by_id[name]
        assert (kind, title, lines, unproved) == (group.kind, group.title, group.lines, group.unproved_lines)
        assert missed == len(group.missed)
        mine = sum(count for count, code in zip(counts, codes, strict=True) if code // PER_GROUP == place)
        selected = call(session, "change.accept", atoms=group.atoms)
        assert selected.accepted == mine
        sizes.append(mine)
        call(session, "change.undo")
    overview = call(session, "review.overview")
    assert sum(counts) == sum(sizes) == overview.atoms
    assert sum(1 for code in codes if code & STARTS) == overview.hunks


def test_a_missed_place_is_shown_as_whole_lines_and_becomes_a_change_of_its_own(session: Session) -> None:
    rows = call(session, "review.groups", wait=60).groups
    name = next(row[0] for row in rows if row[7])
    known = call(session, "review.group", group=name)
    assert [(one.path, one.line, one.before, one.after) for one in known.missed] == [
        (f"{at}.py", 5, [f"    log.warn('{at} was called')"], [f"    log.warning('{at} was called')"])
        for at in ("theta", "zeta")
    ]
    one = call(session, "change.missed", group=name, places=[2])
    assert [file.path for file in call(session, "change.show", change=one.change).files] == ["zeta.py"]


def test_a_draft_covers_the_same_atoms_and_claims_nothing_that_the_plan_does_not(session: Session) -> None:
    change = session.workspace.change("last")
    made = draft(change, session.workspace.shadow.blob)
    covered = sorted(atom for group in made.groups for first, end in group.atoms for atom in range(first, end))
    assert covered == list(range(change.atoms))
    assert made.stats.proved == 0
    assert [group.missed for group in made.groups if group.missed] == []


def test_where_a_draft_will_do_either_is_given_and_the_plan_after_it(session: Session) -> None:
    first = call(session, "review.groups", wait=60, draft=True)
    assert first.state in ("draft", "ready")
    last = call(session, "review.groups", wait=60)
    assert last.state == "ready"
    assert sum(first.runs[::2]) == sum(last.runs[::2])
    for row in (*first.groups, *last.groups):
        assert call(session, "review.group", group=row[0]).title


def test_a_plan_that_cannot_be_made_says_why_and_is_tried_again_when_asked(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> Any:
        """As the page asks: without waiting, again and again."""
        found = call(session, "review.groups", draft=True)
        while found.state == "making":
            time.sleep(0.02)
            found = call(session, "review.groups", draft=True)
        return found

    with monkeypatch.context() as broken:
        broken.setattr("sys.executable", "/bin/false")
        found = ask()
    assert (found.state, found.groups) == ("failed", [])
    assert "ended with 1" in found.why
    assert ask().state in ("draft", "ready")


def test_missed_places_are_made_a_change_once(session: Session) -> None:
    at = call(session, "review.overview").change
    name = next(row[0] for row in call(session, "review.groups", wait=60).groups if row[7])
    first = call(session, "change.missed", change=at, group=name)
    assert (first.files, first.lines_added, first.lines_removed, first.already) == (2, 2, 2, False)
    again = call(session, "change.missed", change=at, group=name)
    assert (again.change, again.already) == (first.change, True)


def test_a_place_that_was_not_missed_is_refused(session: Session) -> None:
    rows = call(session, "review.groups", wait=60).groups
    name = next(row[0] for row in rows if row[7])
    with pytest.raises(UsageError, match="missed"):
        call(session, "change.missed", group=name, places=[99])
    with pytest.raises(UsageError, match="no group"):
        call(session, "review.group", group="g0")
