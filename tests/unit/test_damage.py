"""A damaged store, a full disk, a folder that cannot be written: one error with a hint, nothing half done."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from exosuit.changes.review import Review
from exosuit.changes.sources import Folders, Revisions, WorkingTree
from exosuit.changes.workspace import Workspace
from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError
from tests.repository import Repository

IMPORT = """
import os, sys
from pathlib import Path
from exosuit.changes.sources import WorkingTree
from exosuit.changes.workspace import Workspace
from exosuit.core.errors import ExosuitError
if "nobody" in sys.argv:
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
try:
    Workspace.open(Path(sys.argv[1])).bring_in(WorkingTree(), "test")
except ExosuitError as error:
    print(error.code, "|", error.hint)
"""

APPLY = """
import os, sys
from pathlib import Path
from exosuit.changes.delivery import apply_change
from exosuit.changes.review import Review
from exosuit.changes.sources import Revisions
from exosuit.changes.workspace import Workspace
from exosuit.core.errors import ExosuitError
if "nobody" in sys.argv:
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
opened = Workspace.open(Path(sys.argv[1]))
review = Review(opened, opened.bring_in(Revisions("main", "feature"), "test")[0].id, "test")
review.decide("accept", [(0, review.change.atoms)])
try:
    apply_change(review)
except ExosuitError as error:
    print(error.message, "|", error.code)
"""


@pytest.fixture
def edited(workspace: Repository) -> Repository:
    workspace.commit("base", {"a": "one\ntwo\n"})
    workspace.write({"a": "one\n2\n"})
    return workspace


def state_of(repository: Repository) -> Path:
    opened = Workspace.open(repository.path)
    opened.bring_in(WorkingTree(), "test")
    opened.close()
    return opened.state


def error_of(call: Callable[[], object]) -> ExosuitError:
    with pytest.raises(ExosuitError) as error:
        call()
    assert error.value.hint and error.value.code
    return error.value


def in_a_process(
    folder: Path, *words: str, before: Callable[[], None] | None = None, program: str = IMPORT
) -> tuple[str, str]:
    """The two words that a process of its own prints of its error; fails if anything but one error came out."""
    run = subprocess.run(
        [sys.executable, "-c", program, str(folder), *words], capture_output=True, text=True, preexec_fn=before
    )
    assert run.returncode == 0, run.stderr
    code, _, hint = run.stdout.strip().partition(" | ")
    return code, hint


def as_somebody_else(*owned: Path) -> list[str]:
    """What to tell a process so that permissions mean something to it, even if root runs the tests."""
    if os.geteuid():
        return []
    for folder in owned:
        for path in (folder, *folder.rglob("*")):
            os.lchown(path, 65534, 65534)
        ours = Path(tempfile.gettempdir())
        for parent in (parent for parent in folder.parents if ours in parent.parents):
            parent.chmod(parent.stat().st_mode | 0o055)
    return ["nobody"]


@pytest.mark.parametrize("keep", [0, 50, 4096, 9000])
def test_a_cut_off_database_is_a_damaged_store(edited: Repository, keep: int) -> None:
    database = state_of(edited) / "state.db"
    data = database.read_bytes()[:keep]
    database.write_bytes(data)
    if not keep:  # an empty file is a new database: what was in it is gone, which is told where it is asked for
        assert Workspace.open(edited.path).store.ids() == []
        return
    assert error_of(lambda: Workspace.open(edited.path).change("last")).code == "damaged-store"


def test_a_database_of_garbage_is_a_damaged_store(edited: Repository) -> None:
    (state_of(edited) / "state.db").write_bytes(b"garbage" * 1000)
    opened = Workspace.open(edited.path)
    error = error_of(lambda: opened.store.ids())  # noqa: PLW0108 - the store itself is what fails
    assert error.code == "damaged-store" and "move" in error.hint


def test_a_page_of_garbage_inside_the_database_is_a_damaged_store(edited: Repository) -> None:
    path = state_of(edited) / "state.db"
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(data)
    assert error_of(lambda: Workspace.open(edited.path).change("last")).code == "damaged-store"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET data = '{'",
        "UPDATE events SET data = '[]'",
        "UPDATE changes SET provenance = 'x'",
        "UPDATE changes SET provenance = '{}'",
        "UPDATE files SET meta = '[1]'",
        "UPDATE files SET hunks = x'00'",
        "UPDATE files SET runs = x'0102'",
        "DELETE FROM files",
        "DELETE FROM files WHERE number = 2",
    ],
)
def test_a_database_that_can_be_read_but_makes_no_sense_is_a_damaged_store(edited: Repository, damage: str) -> None:
    edited.write({"b": "new\n"})
    path = state_of(edited) / "state.db"
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(damage)
    session = Session(edited.path, actor="test")
    error = error_of(lambda: load().dispatch("change.show", session, {"change": "last"}))
    assert error.code == "damaged-store"
    assert str(path) in error.message
    assert "move" in error.hint


def test_a_shadow_without_its_head_is_made_whole_again(edited: Repository) -> None:
    (state_of(edited) / "shadow.git" / "HEAD").unlink()
    assert Workspace.open(edited.path).bring_in(WorkingTree(), "test")[1] is False


def test_a_shadow_that_lost_objects_says_so_and_an_import_brings_them_back(edited: Repository) -> None:
    shadow = state_of(edited) / "shadow.git"
    for folder in (shadow / "objects").glob("??"):
        shutil.rmtree(folder)
    review = Review(Workspace.open(edited.path), "last", "test")
    assert error_of(lambda: review.tree_of([(0, 0)]) and review.region([(0, 1)])).code == "lost-object"
    Workspace.open(edited.path).bring_in(WorkingTree(), "test")
    assert Review(Workspace.open(edited.path), "last", "test").region([(0, 1)])[:2] == (b"two\n", b"2\n")


def test_a_shadow_that_is_a_file_is_a_damaged_store(edited: Repository) -> None:
    state = state_of(edited)
    shutil.rmtree(state / "shadow.git")
    (state / "shadow.git").write_text("not a folder")
    error_of(lambda: Workspace.open(edited.path).shadow)


@pytest.mark.parametrize("limit", [0, 2_000, 20_000, 60_000])
def test_a_disk_that_is_full_stores_nothing_and_says_so(edited: Repository, limit: int) -> None:
    edited.write({"big": os.urandom(200_000).hex()})

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    code, hint = in_a_process(edited.path, before=narrow)
    assert code in ("store-write-failed", "disk-full", "no-scratch-space", "git-failed", "read-only") and hint
    opened = Workspace.open(edited.path)
    assert opened.store.ids() == [] and opened.ledger.newest() == 0
    assert opened.bring_in(WorkingTree(), "test")[1] is True


def test_a_state_folder_that_cannot_be_written_is_said_to_be_so(
    edited: Repository, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = as_somebody_else(edited.path)
    locked = state / "locked"
    locked.mkdir(mode=0o555)
    state.chmod(0o755)
    monkeypatch.setenv("EXOSUIT_STATE", str(locked))
    code, hint = in_a_process(edited.path, *words)
    assert code == "read-only" and "EXOSUIT_STATE" in hint


def test_a_store_that_became_read_only_is_said_to_be_so(edited: Repository, state: Path) -> None:
    workspace_state = state_of(edited)
    edited.write({"a": "three\n"})
    words = as_somebody_else(edited.path, state)
    for path in (workspace_state, *workspace_state.rglob("*")):
        path.chmod(path.stat().st_mode & 0o555)
    code, hint = in_a_process(edited.path, *words)
    assert code in ("read-only", "store-write-failed") and "EXOSUIT_STATE" in hint


def test_a_file_that_cannot_be_read_is_named(edited: Repository, state: Path) -> None:
    edited.write({"secret": "x\n"})
    (edited.path / "secret").chmod(0)
    assert in_a_process(edited.path, *as_somebody_else(edited.path, state))[0] == "unreadable-file"


@pytest.mark.parametrize(("locked", "said"), [("sub", "in the folder sub"), (".", "in the top folder")])
def test_a_folder_that_cannot_be_written_is_named_and_nothing_is_applied(
    workspace: Repository, state: Path, locked: str, said: str
) -> None:
    workspace.commit("base", {"sub/a": "1\n", "b": "1\n"})
    workspace.git("checkout", "--quiet", "-b", "feature")
    workspace.commit("head", {"sub/a": "2\n", "b": "2\n"})
    workspace.git("checkout", "--quiet", "main")
    words = as_somebody_else(workspace.path, state)
    (workspace.path / locked).chmod(0o555)
    message, code = in_a_process(workspace.path, *words, program=APPLY)
    assert code == "no-permission"
    assert said in message
    assert ".exosuit-" not in message
    assert (workspace.read("sub/a"), workspace.read("b")) == (b"1\n", b"1\n")


def test_bad_sources_are_errors_and_leave_nothing(edited: Repository, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "file").write_text("x")
    for folder, source, code in (
        (edited.path, Revisions("nothing", "HEAD"), "no-such-revision"),
        (edited.path, WorkingTree("nothing"), "no-such-revision"),
        (edited.path, Folders(plain, tmp_path / "absent"), "no-such-folder"),
        (edited.path, Folders(plain / "file", plain), "no-such-folder"),
        (plain, Revisions("a", "b"), "not-a-repository"),
        (plain, WorkingTree(), "not-a-repository"),
    ):
        opened = Workspace.open(folder)
        assert error_of(lambda: opened.bring_in(source, "test")).code == code  # noqa: B023 - called at once
        assert opened.store.ids() == []
    for text in ("", "a..b..c", "..."):
        if text != "...":
            assert error_of(lambda: Revisions.parse(text)).code == "bad-range"  # noqa: B023
    assert error_of(lambda: Workspace.open(tmp_path / "absent")).code == "no-such-folder"
