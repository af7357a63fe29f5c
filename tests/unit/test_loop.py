"""The loop on a real repository, through the registry: import, decide, apply, undo."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from exosuit.changes.disk import Disk
from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError
from tests.repository import Repository

BASE = "".join(f"line {i}\n" for i in range(1, 41))


class Loop:
    """A repository with a branch `work` that changes two lines, adds a file and removes one."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        repository.commit("base", {"a.txt": BASE, "gone.txt": "bye\n"})
        repository.git("branch", "work")
        repository.git("checkout", "--quiet", "work")
        self.head = BASE.replace("line 5\n", "line five\n").replace("line 30\n", "line thirty\n")
        repository.commit("work", {"a.txt": self.head, "new.py": "def f():\n    return 1\n", "gone.txt": None})
        repository.git("checkout", "--quiet", "main")
        self.session = Session(repository.path, actor="test")
        self.change = self.call("change.import", revisions="main..work")["change"]

    def call(self, name: str, **fields: Any) -> dict[str, Any]:
        return load().dispatch(name, self.session, fields).model_dump()

    def on(self, name: str, **fields: Any) -> dict[str, Any]:
        return self.call(name, change=self.change, **fields)

    def text(self, name: str) -> str:
        return self.repository.read(name).decode()


@pytest.fixture
def loop(workspace: Repository) -> Loop:
    return Loop(workspace)


def test_only_what_is_accepted_lands_in_the_working_tree(loop: Loop) -> None:
    loop.on("change.accept", atoms=["1.1"])
    done = loop.on("change.apply")
    assert done["applied"] == ["a.txt"]
    assert loop.text("a.txt") == BASE.replace("line 5\n", "line five\n")
    assert loop.text("gone.txt") == "bye\n" and not (loop.repository.path / "new.py").exists()


def test_undo_gives_back_the_bytes_from_before_and_redo_the_ones_after(loop: Loop) -> None:
    loop.on("change.accept", all=True)
    loop.on("change.apply")
    after = loop.repository.files()
    assert "gone.txt" not in after and after["a.txt"].decode() == loop.head
    loop.on("change.undo")
    assert loop.text("a.txt") == BASE and loop.text("gone.txt") == "bye\n"
    loop.on("change.redo")
    assert loop.repository.files() == after
    loop.on("change.undo")
    undone = loop.on("change.undo")
    assert undone["kind"] == "accept" and undone["accepted"] == 0
    with pytest.raises(ExosuitError, match="nothing to undo"):
        loop.on("change.undo")


def test_accepting_more_and_applying_again_adds_just_that(loop: Loop) -> None:
    loop.on("change.accept", atoms=["1.1"])
    loop.on("change.apply")
    loop.on("change.accept", atoms=["1.2"])
    assert loop.on("change.apply")["applied"] == ["a.txt"]
    assert loop.text("a.txt") == loop.head
    loop.on("change.undo")
    assert loop.text("a.txt") == BASE.replace("line 5\n", "line five\n")


def test_rejecting_what_was_applied_takes_it_out_at_the_next_apply(loop: Loop) -> None:
    loop.on("change.accept", path="a.txt")
    loop.on("change.apply")
    loop.on("change.reject", atoms=["1.1"])
    loop.on("change.apply")
    assert loop.text("a.txt") == BASE.replace("line 30\n", "line thirty\n")


def test_what_the_user_edited_meanwhile_is_kept(loop: Loop) -> None:
    mine = BASE.replace("line 20\n", "line twenty, mine\n")
    loop.repository.write({"a.txt": mine})
    loop.on("change.accept", path="a.txt")
    loop.on("change.apply")
    assert loop.text("a.txt") == loop.head.replace("line 20\n", "line twenty, mine\n")
    loop.on("change.undo")
    assert loop.text("a.txt") == mine


def test_a_conflict_blocks_only_its_file_and_names_its_atoms(loop: Loop) -> None:
    mine = BASE.replace("line 5\n", "line 5, mine\n")
    loop.repository.write({"a.txt": mine})
    loop.on("change.accept", all=True)
    done = loop.on("change.apply")
    (conflict,) = done["conflicts"]
    assert (conflict["path"], conflict["atoms"]) == ("a.txt", ["1.1"])
    assert (conflict["mine"], conflict["theirs"]) == ("line 5, mine\n", "line five\n")
    assert loop.text("a.txt") == mine and loop.text("new.py").startswith("def f")
    assert not (loop.repository.path / "gone.txt").exists()


def test_a_conflict_can_be_decided_either_way(loop: Loop) -> None:
    mine = BASE.replace("line 5\n", "line 5, mine\n").replace("line 12\n", "line 12, mine\n")
    loop.repository.write({"a.txt": mine})
    loop.on("change.accept", path="a.txt")
    assert loop.on("change.apply")["conflicts"]
    loop.on("change.resolve", path="a.txt", take="mine")
    assert not loop.on("change.apply")["conflicts"]
    assert loop.text("a.txt") == mine.replace("line 30\n", "line thirty\n")
    for _ in range(2):
        loop.on("change.undo")
    assert loop.text("a.txt") == mine
    loop.on("change.resolve", path="a.txt", take="theirs")
    assert not loop.on("change.apply")["conflicts"]
    assert loop.text("a.txt") == loop.head.replace("line 12\n", "line 12, mine\n")
    loop.on("change.undo")
    assert loop.text("a.txt") == mine


@pytest.mark.parametrize("take", ["mine", "theirs"])
@pytest.mark.parametrize("path", ["new.py", "*", "a.tx?", "nowhere"])
def test_what_is_no_conflict_cannot_be_decided_as_one(loop: Loop, path: str, take: str) -> None:
    loop.repository.write({"a.txt": BASE.replace("line 5\n", "line 5, mine\n")})
    loop.on("change.accept", all=True)
    before = loop.on("change.show")["decisions"]
    with pytest.raises(ExosuitError) as error:
        loop.on("change.resolve", path=path, take=take)
    assert (error.value.code, bool(error.value.hint)) == ("no-conflict", True)
    assert loop.on("change.show")["decisions"] == before


def test_an_edit_keeps_its_own_text_when_its_file_is_accepted(loop: Loop) -> None:
    loop.on("change.edit", atom="1.1", text="line FIVE\n")
    counts = loop.on("change.accept", path="a.txt")
    assert (counts["edited"], counts["accepted"]) == (1, 1)
    loop.on("change.apply")
    assert loop.text("a.txt") == loop.head.replace("line five", "line FIVE")


def test_deciding_a_part_of_an_edit_drops_the_edit(loop: Loop) -> None:
    loop.on("change.edit", atom="1.1-1.2", text="all of it\n")
    counts = loop.on("change.reject", atoms=["1.2"])
    assert (counts["edited"], counts["rejected"], counts["accepted"]) == (0, 1, 0)


def test_a_change_made_in_the_working_tree_is_applied_by_taking_the_rejected_out(workspace: Repository) -> None:
    workspace.commit("base", {"a.txt": BASE})
    now = BASE.replace("line 5\n", "line five\n").replace("line 30\n", "line thirty\n").replace("line 12\n", "twelve\n")
    workspace.write({"a.txt": now, "junk.txt": "left by an agent\n"})
    session = Session(workspace.path, actor="test")
    change = load().dispatch("change.import", session, {"worktree": True}).model_dump()["change"]
    for verdict, atoms in (("accept", ["1.1"]), ("reject", ["1.3", "2"])):
        load().dispatch(f"change.{verdict}", session, {"change": change, "atoms": atoms})
    load().dispatch("change.apply", session, {"change": change})
    assert workspace.read("a.txt").decode() == now.replace("line thirty\n", "line 30\n")
    assert not (workspace.path / "junk.txt").exists()
    load().dispatch("change.undo", session, {"change": change})
    assert workspace.read("a.txt").decode() == now and workspace.read("junk.txt") == b"left by an agent\n"


def test_decisions_come_along_to_a_newer_import_where_the_bytes_still_match(loop: Loop) -> None:
    loop.on("change.accept", all=True)
    loop.repository.git("checkout", "--quiet", "work")
    loop.repository.commit("more", {"a.txt": loop.head.replace("line thirty\n", "line thirty and more\n")})
    loop.repository.git("checkout", "--quiet", "main")
    assert loop.on("review.stale")["stale"]
    newer = loop.on("change.refresh")
    assert newer["change"] != loop.change and newer["asked_again"] == 1
    shown = loop.call("change.show", change=newer["change"])
    assert {atom["id"]: atom["state"] for atom in shown["atoms"]}["1.2"] == "undecided"
    assert sum(atom["state"] == "accepted" for atom in shown["atoms"]) == newer["carried"] == newer["atoms"] - 1


def test_a_file_that_was_put_back_by_others_is_saved_again(loop: Loop) -> None:
    opened, mine = loop.call("file.read", path="a.txt"), BASE.replace("line 1\n", "line one\n")
    for _ in range(3):
        saved = loop.call("file.save", path="a.txt", text=mine, id=opened["id"])
        assert loop.text("a.txt") == mine and not saved["conflicts"]
        loop.repository.write({"a.txt": BASE})
    again = loop.call("file.save", path="a.txt", text=mine, id=opened["id"])
    loop.call("change.undo", change=again["change"])
    assert loop.text("a.txt") == BASE
    kept = loop.call("file.save", path="a.txt", text=mine, id=opened["id"])
    assert kept["change"] == again["change"] and loop.text("a.txt") == mine


def test_a_file_saved_by_hand_is_a_change_that_can_be_undone(loop: Loop) -> None:
    opened = loop.call("file.read", path="a.txt")
    loop.repository.write({"a.txt": BASE.replace("line 40\n", "line forty, meanwhile\n")})
    saved = loop.call("file.save", path="a.txt", text=BASE.replace("line 1\n", "line one\n"), id=opened["id"])
    both = BASE.replace("line 1\n", "line one\n").replace("line 40\n", "line forty, meanwhile\n")
    assert loop.text("a.txt") == both and saved["conflicts"] == []
    loop.call("change.undo", change=saved["change"])
    assert loop.text("a.txt") == BASE.replace("line 40\n", "line forty, meanwhile\n")


def test_a_save_over_lines_that_others_changed_writes_nothing(loop: Loop) -> None:
    opened = loop.call("file.read", path="a.txt")
    theirs = BASE.replace("line 1\n", "line one, theirs\n")
    loop.repository.write({"a.txt": theirs})
    saved = loop.call("file.save", path="a.txt", text=BASE.replace("line 1\n", "line one, mine\n"), id=opened["id"])
    assert saved["conflicts"] and loop.text("a.txt") == theirs


def test_a_new_file_can_be_saved_by_hand(loop: Loop) -> None:
    saved = loop.call("file.save", path="notes/today.md", text="# Today\n", id="")
    assert loop.text("notes/today.md") == "# Today\n" and saved["conflicts"] == []


def test_an_export_is_a_patch_that_git_takes(loop: Loop, tmp_path: Path) -> None:
    loop.on("change.accept", atoms=["1.2", "2", "3"])
    patch = loop.on("change.export")["patch"]
    subprocess.run(["git", "apply", "-"], cwd=loop.repository.path, input=patch.encode(), check=True)
    assert loop.text("a.txt") == BASE.replace("line 30\n", "line thirty\n")
    assert not (loop.repository.path / "gone.txt").exists()


def test_materialize_writes_any_subset_into_a_new_folder(loop: Loop, tmp_path: Path) -> None:
    for name, subset in (("all", {"all": True}), ("none", {"none": True}), ("one", {"atoms": ["1.1"]})):
        loop.on("change.materialize", out=str(tmp_path / name), **subset)
    assert (tmp_path / "all" / "a.txt").read_text() == loop.head and not (tmp_path / "all" / "gone.txt").exists()
    assert (tmp_path / "none" / "a.txt").read_text() == BASE and (tmp_path / "none" / "gone.txt").exists()
    assert (tmp_path / "one" / "a.txt").read_text() == BASE.replace("line 5\n", "line five\n")
    with pytest.raises(ExosuitError, match="not empty"):
        loop.on("change.materialize", out=str(tmp_path / "all"), none=True)


def test_applying_never_touches_the_users_git(loop: Loop) -> None:
    loop.repository.write({"staged.txt": "staged\n"})
    loop.repository.git("add", "staged.txt")
    before = {p: p.read_bytes() for p in sorted((loop.repository.path / ".git").rglob("*")) if p.is_file()}
    loop.on("change.accept", all=True)
    loop.on("change.apply")
    loop.on("change.undo")
    assert before == {p: p.read_bytes() for p in sorted((loop.repository.path / ".git").rglob("*")) if p.is_file()}


def _apply_and_die(path: Path, change: str, step: int) -> None:
    """In a child: apply, killed for good before the `step`-th touch of the disk."""
    left = step

    def counted(self: Disk, operation: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    Disk.step = counted  # type: ignore[method-assign]
    load().dispatch("change.apply", Session(path, actor="child"), {"change": change})
    os._exit(0)


@pytest.mark.parametrize("step", [1, 4, 9, 14, 19, 24, 29, 34, 39, 44, 49, 59, 69, 79])
def test_after_a_kill_the_tree_is_the_one_or_the_other_and_the_ledger_says_which(loop: Loop, step: int) -> None:
    before = loop.repository.files()
    loop.on("change.accept", all=True)
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            _apply_and_die(loop.repository.path, loop.change, step)
        os._exit(3)
    assert os.waitpid(child, 0)[1] in (signal.SIGKILL, 0)
    fresh = Session(loop.repository.path, actor="test")
    applied = load().dispatch("change.list", fresh, {}).model_dump()["changes"][0]["applied"]
    after = loop.repository.files()
    assert after == before if not applied else (after["a.txt"].decode() == loop.head and "gone.txt" not in after)
    assert not [name for name in after if ".exosuit-" in name]
    if applied:
        load().dispatch("change.undo", fresh, {"change": loop.change})
        assert loop.repository.files() == before
