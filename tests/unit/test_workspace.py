"""The workspace's state: shared by threads and processes, whole or not at all, and carried from import to import."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from exosuit.changes.review import Review
from exosuit.changes.sources import Revisions, WorkingTree
from exosuit.changes.workspace import Workspace
from exosuit.core.database import Database
from exosuit.core.errors import ExosuitError
from exosuit.core.ledger import SCHEMA, Ledger
from tests.repository import Repository

LINES = "".join(f"line {i}\n" for i in range(30))


@pytest.fixture
def edited(workspace: Repository) -> Repository:
    workspace.commit("base", {"a": LINES})
    workspace.write({"a": LINES.replace("line 3\n", "line three\n").replace("line 20\n", "line twenty\n")})
    return workspace


def test_the_same_source_twice_is_the_same_change(edited: Repository) -> None:
    opened = Workspace.open(edited.path)
    one, new, _ = opened.bring_in(WorkingTree(), "test")
    other, again, _ = Workspace.open(edited.path).bring_in(WorkingTree(), "test")
    assert (one.id, new, again) == (other.id, True, False)
    assert [event.kind for event in opened.events(one.id)] == ["import"]


def test_decisions_come_along_where_the_bytes_still_match_and_are_asked_again_elsewhere(edited: Repository) -> None:
    opened = Workspace.open(edited.path)
    first, _, _ = opened.bring_in(WorkingTree(), "test")
    Review(opened, first.id, "test").decide("accept", [(0, 2)])
    edited.write({"a": edited.read("a").replace(b"line twenty\n", b"line 20, edited\n")})
    second, new, carried = opened.bring_in(WorkingTree(), "test")
    assert new and (carried.accepted, carried.asked_again) == ([(0, 1)], 1)
    assert bytes(opened.decisions(second.id).states) == b"\1\0"
    assert [event.kind for event in opened.events(second.id)] == ["import", "carry"]


def test_reading_while_another_thread_undoes_does_not_lock_up(edited: Repository) -> None:
    opened = Workspace.open(edited.path)
    change, _, _ = opened.bring_in(WorkingTree(), "test")
    until = time.monotonic() + 1.5

    def decide() -> None:
        review = Review(opened, change.id, "test")
        while time.monotonic() < until:
            review.decide("accept", [(0, 1)])
            review.undo()

    def read() -> None:
        while time.monotonic() < until:
            opened.decisions(change.id)

    threads = [threading.Thread(target=work, daemon=True) for work in (decide, read, read, decide)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def test_what_was_handed_out_stays_as_it_was(edited: Repository) -> None:
    opened = Workspace.open(edited.path)
    change, _, _ = opened.bring_in(WorkingTree(), "test")
    before = opened.decisions(change.id)
    Review(opened, change.id, "test").decide("accept", [(0, 2)])
    assert bytes(before.states) == b"\0\0" and bytes(opened.decisions(change.id).states) == b"\1\1"


def test_another_process_s_events_are_seen(edited: Repository) -> None:
    here, there = Workspace.open(edited.path), Workspace.open(edited.path)
    change, _, _ = here.bring_in(WorkingTree(), "test")
    assert there.decisions(change.id).undo is None
    Review(here, change.id, "test").decide("reject", [(1, 2)])
    assert bytes(there.decisions(change.id).states) == b"\0\2"


def test_equal_sides_are_no_change(workspace: Repository) -> None:
    opened = Workspace.open(workspace.path)
    for source in (WorkingTree(), Revisions("HEAD", "HEAD")):
        with pytest.raises(ExosuitError) as error:
            opened.bring_in(source, "test")
        assert error.value.code == "nothing-changed"
    assert opened.store.ids() == []


def test_a_change_is_found_by_the_beginning_of_its_id(edited: Repository) -> None:
    opened = Workspace.open(edited.path)
    change, _, _ = opened.bring_in(WorkingTree(), "test")
    for name in (change.id, change.id[:4], "last"):
        assert Workspace.open(edited.path).change(name).id == change.id
    for name in ("", "abc", change.id[:3], "zzzz", change.id + "0", "%", "_" * 12, "' OR 1"):
        with pytest.raises(ExosuitError) as error:
            opened.change(name)
        assert error.value.code == "no-such-change"


def test_a_loaded_change_is_the_one_that_was_stored(edited: Repository) -> None:
    stored, _, _ = Workspace.open(edited.path).bring_in(WorkingTree(), "test")
    loaded = Workspace.open(edited.path).change(stored.id)
    for name in ("id", "title", "created", "base", "head", "provenance", "atoms", "hunks", "added", "removed"):
        assert getattr(loaded, name) == getattr(stored, name)
    assert [list(file.runs) for file in loaded.files] == [list(file.runs) for file in stored.files]
    assert [list(file.hunks) for file in loaded.files] == [list(file.hunks) for file in stored.files]


def test_a_transaction_is_all_or_nothing_and_leaves_the_database_usable(tmp_path: Path) -> None:
    ledger = Ledger(Database(tmp_path / "state.db", SCHEMA))

    def interrupted() -> None:
        with ledger.transaction():
            ledger.append("c", "accept", "t", {})
            with ledger.transaction():
                ledger.append("c", "accept", "t", {})
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert ledger.newest() == 0
    assert ledger.append("c", "accept", "t", {}) == 1


def test_a_commit_that_fails_leaves_the_database_usable(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db", SCHEMA + "CREATE TABLE p(i INTEGER PRIMARY KEY);"
                        "CREATE TABLE q(i REFERENCES p(i) DEFERRABLE INITIALLY DEFERRED);")  # fmt: skip
    database.execute("PRAGMA foreign_keys=ON")

    def wrong() -> None:
        with database.transaction():
            database.execute("INSERT INTO q VALUES (7)")  # told only at the commit

    with pytest.raises(ExosuitError):
        wrong()
    with database.transaction():
        database.execute("INSERT INTO p VALUES (1)")
    assert database.query("SELECT i FROM p") == [(1,)] and database.query("SELECT i FROM q") == []


def test_an_event_with_a_key_is_written_once(tmp_path: Path) -> None:
    ledger = Ledger(Database(tmp_path / "state.db", SCHEMA))
    assert ledger.append("c", "apply", "t", {"n": 1}, key="k") == ledger.append("c", "apply", "t", {"n": 2}, key="k")
    assert [event.data for event in ledger.events("c")] == [{"n": 1}]
    assert ledger.subjects(0) == [("c", 1)] and ledger.subjects(1) == []


def test_the_database_is_the_owner_s_alone_and_survives_a_power_cut(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db", SCHEMA)
    assert (tmp_path / "state.db").stat().st_mode & 0o077 == 0
    assert database.query("PRAGMA synchronous") == [(2,)] and database.query("PRAGMA journal_mode") == [("wal",)]
    database.close()
    with closing(sqlite3.connect(tmp_path / "state.db")) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
