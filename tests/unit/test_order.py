"""The order in which to look, on real changes: what comes first, why, and that nothing after the base is looked at."""

from __future__ import annotations

from typing import Any

import pytest

from exosuit.commands.catalogue import load
from exosuit.commands.ordering import past_of
from exosuit.commands.plans import forget
from exosuit.commands.session import Session
from exosuit.core.errors import UsageError
from exosuit.verify.order.features import NAMES
from exosuit.verify.order.history import log_of, past
from exosuit.verify.order.model import read, shipped
from tests.repository import Repository

CODE = "def load(path, strict=False):\n    if not path:\n        return None\n    return read(path)[0]\n"
MORE = (
    CODE
    + "\n\ndef save(path, rows):\n    for row in rows:\n        if row and row[0] > 3:\n            write(path, row)\n"
)
CASE = "def test_load():\n    assert load('a') == 'a'\n"


def call(session: Session, name: str, **fields: Any) -> Any:
    return load().dispatch(name, session, fields)


@pytest.fixture
def session(workspace: Repository) -> Session:
    workspace.commit("one", {"store.py": CODE, "test_store.py": CASE, "notes.md": "# Notes\n"})
    workspace.commit("Fix a crash", {"store.py": CODE.replace("[0]", "[1]")})
    workspace.commit(
        "two", {"store.py": MORE, "test_store.py": CASE * 2, "notes.md": "# Notes\n\nSaving is new.\n" * 5}
    )
    opened = Session(workspace.path)
    call(opened, "change.import", revisions="HEAD~1..HEAD")
    return opened


def test_code_comes_before_tests_and_prose_and_every_place_has_its_reason(session: Session) -> None:
    made = call(session, "change.plan", change="last")
    groups = {group.id: group for group in made.groups}
    ordered = [groups[name] for name in made.order]
    assert "store.py" in ordered[0].title
    assert sorted(made.order) == sorted(groups)
    assert all("the risk of an average line here: " in group.reason for group in ordered)
    assert "Python" in ordered[0].reason


def test_the_order_is_the_same_when_it_is_made_anew(session: Session) -> None:
    before = call(session, "change.plan", change="last", increments=False).order
    forget()
    assert call(session, "change.plan", change="last", increments=False).order == before


def test_why_tells_the_place_the_verdict_and_what_would_settle_it(session: Session) -> None:
    made = call(session, "change.plan", change="last", increments=False)
    for at, name in enumerate(made.order, 1):
        told = call(session, "change.why", change="last", group=name)
        assert (told.place, told.of) == (at, len(made.order))
        assert told.reason == next(group.reason for group in made.groups if group.id == name)
    first = call(session, "change.why", change="last", group=made.order[0])
    assert first.times > 1 > call(session, "change.why", change="last", group=made.order[-1]).times
    assert first.verdict.word == "unknown"
    assert any("exosuit check run" in words for words in first.settle)
    with pytest.raises(UsageError) as refused:
        call(session, "change.why", change="last", group="g0")
    assert refused.value.code == "no-such-group"


def test_the_past_of_a_file_ends_at_the_base(session: Session, workspace: Repository) -> None:
    change = session.workspace.change("last")
    before = past_of(session.workspace, change)
    assert (before[b"store.py"].commits, before[b"store.py"].fixes) == (2, 1)
    assert before[b"notes.md"].commits == 1
    workspace.commit("Fix what was wrong", {"store.py": CODE})
    assert past_of(session.workspace, change) == before


def test_a_base_that_is_no_commit_has_no_past(session: Session, workspace: Repository) -> None:
    workspace.write({"notes.md": "# Notes\n", "store.py": CODE * 2})
    patch = "--- a/notes.md\n+++ b/notes.md\n@@ -1 +1 @@\n-# Notes\n+# Note\n"
    name = call(session, "change.import", patch_text=patch).change
    assert past_of(session.workspace, session.workspace.change(name)) == {}


def test_the_log_is_read_whatever_paths_and_subjects_hold(workspace: Repository) -> None:
    workspace.commit("a subject\x1f with \x1e signs of ours", {"odd\nname é.py": "a = 1\n"})
    found = past(log_of(str(workspace.path / ".git"), "HEAD"))
    assert "odd\nname é.py".encode() in found


def test_the_model_names_only_features_that_there_are() -> None:
    assert shipped().coefficients.keys() <= NAMES.keys()
    data = {"coefficients": {"luck": 1.0}, "evidence": {}, "proved_risk": 0.1, "proved_reading": 0.1}
    with pytest.raises(ValueError, match="luck"):
        read(data)


def test_evidence_against_a_group_brings_it_forward(workspace: Repository) -> None:
    texts = {f"part{number}.py": f"def part{number}(a):\n    return a + {number}\n" for number in range(3)}
    base: dict[str, str | bytes | None] = {name: text * 40 for name, text in texts.items()}
    hidden: dict[str, str | bytes | None] = {name: (text * 40).replace("a +", "a -") for name, text in texts.items()}
    hidden["part2.py"] = str(hidden["part2.py"]).replace("return", "# \u202e\n    return", 1)
    workspace.commit("base", base)
    workspace.commit("head", hidden)
    opened = Session(workspace.path)
    call(opened, "change.import", revisions="HEAD~1..HEAD")
    made = call(opened, "change.plan", change="last", increments=False)
    first = next(group for group in made.groups if group.id == made.order[0])
    assert "evidence against it" in first.reason
