"""The plan as a command: groups partition the atoms, a group is decided by its id, a change has one plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exosuit.commands.catalogue import load
from exosuit.commands.plans import forget
from exosuit.commands.session import Session
from exosuit.core.errors import UsageError
from tests.repository import Repository

BASE = "import os\n\n\n# adds\ndef add(a, b):\n    return a+b\n\n\ndef sub(a, b):\n    return a - b\n"
HEAD = "import os\n\n\n# sums up\ndef add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return b - a\n"
HEAD += "\n\ndef new():\n    return 1\n"


@pytest.fixture
def session(workspace: Repository) -> Session:
    workspace.commit("one", {"m.py": BASE, "README.md": "# A\n"})
    workspace.commit("two", {"m.py": HEAD, "README.md": "# A\n\nMore.\n"})
    opened = Session(workspace.path)
    call(opened, "change.import", revisions="HEAD~1..HEAD")
    return opened


def call(session: Session, name: str, **fields: Any) -> Any:
    return load().dispatch(name, session, fields)


def test_groups_partition_the_atoms_and_the_figures_add_up(session: Session) -> None:
    planned = call(session, "change.plan", change="last")
    chosen = [atom for group in planned.groups for atom in group.atoms]
    call(session, "change.accept", change="last", atoms=chosen)
    decided = call(session, "change.accept", change="last", atoms=chosen)
    assert decided.undecided == 0
    assert sorted(planned.order) == sorted(group.id for group in planned.groups)
    assert planned.stats.lines == sum(group.lines for group in planned.groups)
    assert planned.stats.proved == sum(group.lines - group.unproved_lines for group in planned.groups)


def test_what_is_unknown_comes_first_code_before_prose_and_what_is_proved_last(session: Session) -> None:
    planned = call(session, "change.plan", change="last")
    groups = {group.id: group for group in planned.groups}
    kinds = [groups[name].kind for name in planned.order]
    assert kinds[:2] == ["edit", "edit"]
    assert sorted(kinds[2:]) == ["comments", "whitespace"]
    assert "m.py" in groups[planned.order[0]].title
    assert groups[planned.order[0]].title == "Add new; change sub in m.py"


def test_a_group_is_accepted_and_materialized_by_its_id(session: Session, tmp_path: Path) -> None:
    planned = call(session, "change.plan", change="last")
    group = next(group for group in planned.groups if group.kind == "comments")
    decided = call(session, "change.accept", change="last", group=group.id)
    assert decided.accepted == 1
    call(session, "change.materialize", change="last", group=group.id, out=str(tmp_path / "out"))
    assert (tmp_path / "out" / "m.py").read_text() == BASE.replace("# adds", "# sums up")
    assert group.reproduce.startswith(f"exosuit change materialize {planned.change} --group {group.id}")


def test_a_group_that_is_not_there_is_said(session: Session) -> None:
    with pytest.raises(UsageError, match="no group"):
        call(session, "change.accept", change="last", group="g0")


def test_the_same_change_has_the_same_plan_when_it_is_made_again(session: Session) -> None:
    first = call(session, "change.plan", change="last")
    forget()
    assert call(session, "change.plan", change="last") == first


USES = "def twice(x):\n    return x + x\n\n\ndef four():\n    return twice(2)\n"


@pytest.fixture
def stacked(workspace: Repository) -> Session:
    """A change in which one new function calls another, and a third has nothing to do with them."""
    workspace.commit("one", {"m.py": "import os\n", "n.py": "def other():\n    return 1\n"})
    workspace.commit("two", {"m.py": f"import os\n\n\n{USES}", "n.py": "def other():\n    return 2\n"})
    opened = Session(workspace.path)
    call(opened, "change.import", revisions="HEAD~1..HEAD")
    return opened


def test_increments_partition_the_atoms_and_come_after_what_they_need(stacked: Session) -> None:
    increments = call(stacked, "change.plan", change="last").increments
    seen: set[str] = set()
    for one in increments:
        assert set(one.after) <= seen
        seen.add(one.id)
    called, caller, other = increments
    assert (called.after, caller.after, other.after) == ([], [called.id], [])
    decided = call(stacked, "change.accept", change="last", atoms=[a for one in increments for a in one.atoms])
    assert decided.undecided == 0


def test_an_increment_is_materialized_with_what_it_needs_and_nothing_else(stacked: Session, tmp_path: Path) -> None:
    called, caller, other = call(stacked, "change.plan", change="last").increments
    for asked, held in [([caller.id], [called, caller]), ([f"{called.id},{other.id}"], [called, other])]:
        out = tmp_path / asked[0]
        made = call(stacked, "change.materialize", change="last", increments=asked, out=str(out))
        assert made.increments == [one.id for one in held]
        assert ("def four" in (out / "m.py").read_text()) is (caller in held)
        assert ("return 2" in (out / "n.py").read_text()) is (other in held)
        compile((out / "m.py").read_text(), "m.py", "exec")


def test_accepting_an_increment_takes_what_it_needs_and_rejecting_takes_what_needs_it(stacked: Session) -> None:
    called, caller, _other = call(stacked, "change.plan", change="last").increments
    atoms = call(stacked, "change.accept", change="last", increment=caller.id).accepted
    assert call(stacked, "change.show", change="last").atoms[0].state == "accepted"
    decided = call(stacked, "change.reject", change="last", increment=called.id)
    assert (decided.accepted, decided.rejected) == (0, atoms)


def test_an_increment_that_is_not_there_is_said(stacked: Session, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no increment 'i0'"):
        call(stacked, "change.reject", change="last", increment="i0")
    with pytest.raises(UsageError, match="no increment 'i0'"):
        call(stacked, "change.materialize", change="last", increments=["i0"], out=str(tmp_path / "out"))


def test_groups_alone_are_had_without_waiting_for_increments(stacked: Session) -> None:
    planned = call(stacked, "change.plan", change="last", increments=False)
    assert planned.increments == [] and planned.groups
