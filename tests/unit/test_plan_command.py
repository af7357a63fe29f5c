"""The plan as a command: groups partition the atoms, a group is decided by its id, a change has one plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exosuit.commands.catalogue import load
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
    from exosuit.commands import plan as module

    first = call(session, "change.plan", change="last")
    module._plans.clear()
    assert call(session, "change.plan", change="last") == first
