"""Apply and undo: what lands, what is a conflict, what stays as it was."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from pathlib import Path

import pytest

from exosuit.changes.apply import Outcome, apply_steps, steps_of
from exosuit.changes.entries import Entry
from exosuit.changes.merge import Region
from exosuit.changes.threeway import Step
from exosuit.core.errors import ExosuitError
from tests.applying import FILE, LINK, PROGRAM, SUBMODULE, FolderVault, Workplace, numbered, text


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


def reasons(outcome: Outcome) -> dict[bytes, str]:
    return {conflict.path: conflict.why for conflict in outcome.conflicts}


def test_a_change_of_every_kind_lands_and_undo_gives_back_every_byte(place: Workplace) -> None:
    place.write("edit", numbered().data)
    place.write("old/gone", b"gone\n")
    place.write("from", numbered().data)
    place.write("script", b"#!\n")
    place.write("link", b"here", LINK)
    place.write("picture", b"\0\1\2")
    before = place.entries()
    steps = [
        Step(b"edit", numbered(), numbered(replaced={3})),
        Step(b"new/deep/file", None, Entry(PROGRAM, b"")),
        Step(b"old/gone", text(b"gone"), None),
        Step(b"to/there", numbered(), numbered(replaced={5}), source=b"from"),
        Step(b"script", Entry(FILE, b"#!\n"), Entry(PROGRAM, b"#!\n")),
        Step(b"link", Entry(LINK, b"here"), Entry(LINK, b"/else where")),
        Step(b"picture", Entry(FILE, b"\0\1\2"), Entry(FILE, b"\0\3")),
        Step(b"-rf \n\xff", None, Entry(FILE, b"odd name, no newline")),
    ]
    outcome = place.apply(*steps)
    assert not outcome.conflicts
    assert place.entries() == {
        b"edit": numbered(replaced={3}),
        b"new/deep/file": Entry(PROGRAM, b""),
        b"to/there": numbered(replaced={5}),
        b"script": Entry(PROGRAM, b"#!\n"),
        b"link": Entry(LINK, b"/else where"),
        b"picture": Entry(FILE, b"\0\3"),
        b"-rf \n\xff": Entry(FILE, b"odd name, no newline"),
    }
    assert not (place.tree / "old").exists()
    place.undo(outcome)
    assert place.entries() == before
    assert not (place.tree / "new").exists()
    assert not (place.tree / "to").exists()
    assert place.left_over() == []


def test_edits_made_meanwhile_are_kept_by_apply_and_by_undo(place: Workplace) -> None:
    place.write("f", numbered(replaced={1}, word=b"mine").data)
    outcome = place.apply(Step(b"f", numbered(), numbered(replaced={9})))
    assert b"mine 1\n" in place.read("f")
    assert b"new 9\n" in place.read("f")
    place.write("f", place.read("f").replace(b"line 15\n", b"later\n"))
    undone = place.undo(outcome)
    assert not undone.conflicts
    assert place.read("f") == numbered(replaced={1}, word=b"mine").data.replace(b"line 15\n", b"later\n")


def test_undo_of_an_undo_is_the_change_again(place: Workplace) -> None:
    place.write("f", numbered().data)
    outcome = place.apply(Step(b"f", numbered(), numbered(replaced={9})), Step(b"n", None, text(b"n")))
    place.undo(place.undo(outcome))
    assert place.entries() == {b"f": numbered(replaced={9}), b"n": text(b"n")}


def test_undo_says_what_it_cannot_take_back_and_takes_back_the_rest(place: Workplace) -> None:
    place.write("f", numbered().data)
    outcome = place.apply(Step(b"f", numbered(), numbered(replaced={9})), Step(b"n", None, text(b"n")))
    place.write("n", b"n\nand more\n")
    undone = place.undo(outcome)
    assert reasons(undone) == {b"n": "The change deletes this file, but it has been edited since."}
    assert place.entries() == {b"f": numbered(), b"n": text(b"n", b"and more")}


def test_a_conflict_blocks_its_own_file_only_and_names_the_lines(place: Workplace) -> None:
    place.write("f", numbered(replaced={9}, word=b"mine").data)
    place.write("g", numbered().data)
    outcome = place.apply(
        Step(b"f", numbered(), numbered(replaced={4, 9})), Step(b"g", numbered(), numbered(replaced={9}))
    )
    assert [(c.path, c.regions) for c in outcome.conflicts] == [(b"f", (Region((9, 10), (9, 10), (9, 10)),))]
    assert outcome.conflicts[0].why == "You and the change edited the same lines."
    assert outcome.conflicts[0].mine == numbered(replaced={9}, word=b"mine")
    assert place.entries() == {b"f": numbered(replaced={9}, word=b"mine"), b"g": numbered(replaced={9})}


@pytest.mark.parametrize(
    ("mine", "step", "why"),
    [
        (None, Step(b"f", text(b"1"), text(b"2")), "The change edits this file, but it is not here any more."),
        (
            text(b"x"),
            Step(b"f", None, text(b"1")),
            "The change adds this file, but a different one stands here already.",
        ),
        (text(b"x"), Step(b"f", text(b"1"), None), "The change deletes this file, but it has been edited since."),
        (
            Entry(FILE, b"\0mine"),
            Step(b"f", Entry(FILE, b"\0"), Entry(FILE, b"\0theirs")),
            "Both you and the change edited this binary file.",
        ),
        (
            Entry(LINK, b"mine"),
            Step(b"f", Entry(LINK, b"base"), Entry(LINK, b"theirs")),
            "Both you and the change replaced this, and one of them is not a plain file.",
        ),
        (
            None,
            Step(b"g", text(b"1"), text(b"2"), source=b"f"),
            "The change renames this file, but it is not here any more.",
        ),
    ],
    ids=[
        "edit of a deleted file",
        "add over another",
        "delete of an edited file",
        "binary",
        "link",
        "rename of nothing",
    ],
)
def test_what_cannot_be_merged_is_left_alone_and_said_in_words(
    place: Workplace, mine: Entry | None, step: Step, why: str
) -> None:
    if mine is not None:
        place.write("f", mine.data, mine.mode)
    before = place.entries()
    outcome = place.apply(step)
    assert reasons(outcome) == {step.path: why}
    assert outcome.id == ""
    assert place.entries() == before
    assert place.records == []


def test_what_is_there_already_is_fine(place: Workplace) -> None:
    place.write("f", text(b"2").data)
    place.write("to", text(b"r").data)
    outcome = place.apply(
        Step(b"f", text(b"1"), text(b"2")),
        Step(b"gone", text(b"1"), None),
        Step(b"to", text(b"r"), text(b"r"), source=b"from"),
    )
    assert outcome.converged == (b"f", b"gone", b"to")
    assert (outcome.done, outcome.conflicts, place.records) == ((), (), [])


def test_a_rename_takes_edits_of_the_old_file_along(place: Workplace) -> None:
    place.write("old", numbered(replaced={1}, word=b"mine").data)
    outcome = place.apply(Step(b"new", numbered(), numbered(replaced={9}), source=b"old"))
    assert list(place.entries()) == [b"new"]
    assert b"mine 1\n" in place.read("new")
    assert b"new 9\n" in place.read("new")
    place.write("new", place.read("new").replace(b"line 15", b"later"))
    place.undo(outcome)
    assert list(place.entries()) == [b"old"]
    assert place.read("old") == numbered(replaced={1}, word=b"mine").data.replace(b"line 15", b"later")


def test_a_rename_that_the_user_made_by_hand_becomes_an_edit_under_the_new_name(place: Workplace) -> None:
    place.write("new", numbered(replaced={1}, word=b"mine").data)
    place.apply(Step(b"new", numbered(), numbered(replaced={9}), source=b"old"))
    assert b"mine 1\n" in place.read("new")
    assert b"new 9\n" in place.read("new")


def test_a_rename_onto_another_file_is_a_conflict(place: Workplace) -> None:
    place.write("old", b"1\n")
    place.write("new", b"other\n")
    outcome = place.apply(Step(b"new", text(b"1"), text(b"1"), source=b"old"))
    assert reasons(outcome) == {b"new": "The change renames a file to this name, but another file stands here."}
    assert place.entries() == {b"old": text(b"1"), b"new": text(b"other")}


def test_a_chain_and_a_swap_of_renames_land_whole_or_not_at_all(place: Workplace) -> None:
    for name in "abxy":
        place.write(name, name.encode() * 3 + b"\n")
    a, b, x, y = (text(name * 3) for name in (b"a", b"b", b"x", b"y"))
    steps = (
        Step(b"b", a, a, source=b"a"),
        Step(b"c", b, b, source=b"b"),
        Step(b"y", x, x, source=b"x"),
        Step(b"x", y, y, source=b"y"),
    )
    outcome = place.apply(*steps)
    assert place.entries() == {b"b": a, b"c": b, b"x": y, b"y": x}
    place.undo(outcome)
    assert place.entries() == {b"a": a, b"b": b, b"x": x, b"y": y}
    place.write("b", b"\0mine")
    place.write("c", b"in the way")
    outcome = place.apply(*steps)
    assert {conflict.path for conflict in outcome.conflicts} == {b"b", b"c"}
    assert place.entries() == {
        b"a": a,
        b"b": Entry(FILE, b"\0mine"),
        b"c": Entry(FILE, b"in the way"),
        b"x": y,
        b"y": x,
    }


def test_a_file_becomes_a_folder_and_a_folder_a_file(place: Workplace) -> None:
    place.write("f", b"f\n")
    place.write("d/e/g", b"g\n")
    before = place.entries()
    outcome = place.apply(
        Step(b"f/in/side", None, text(b"new")),
        Step(b"f", text(b"f"), None),
        Step(b"d", None, text(b"d")),
        Step(b"d/e/g", text(b"g"), None),
    )
    assert place.entries() == {b"f/in/side": text(b"new"), b"d": text(b"d")}
    place.undo(outcome)
    assert place.entries() == before


def test_a_folder_with_files_of_the_users_own_does_not_become_a_file(place: Workplace) -> None:
    place.write("d/g", b"g\n")
    place.write("d/mine", b"mine\n")
    before = place.entries()
    outcome = place.apply(Step(b"d", None, text(b"d")), Step(b"d/g", text(b"g"), None))
    assert reasons(outcome)[b"d"] == "A folder stands here, with files that the change does not know."
    assert place.entries() == before


def test_a_file_where_a_folder_is_needed_is_a_conflict(place: Workplace) -> None:
    place.write("a", b"mine\n")
    outcome = place.apply(Step(b"a/b", None, text(b"new")))
    assert reasons(outcome) == {b"a/b": "a is a file where a folder should be."}
    assert place.entries() == {b"a": text(b"mine")}


def test_a_pipe_in_the_way_is_a_conflict_and_does_not_hang(place: Workplace) -> None:
    os.mkfifo(place.tree / "f")
    outcome = place.apply(Step(b"f", None, text(b"new")))
    assert reasons(outcome) == {b"f": "What stands here is neither a file nor a link nor a folder."}


def test_a_dry_run_tells_the_same_and_writes_nothing(place: Workplace) -> None:
    place.write("f", numbered().data)
    place.write("g", b"mine\n")
    before = place.entries()
    steps = (Step(b"f", numbered(), numbered(replaced={9})), Step(b"g", text(b"1"), text(b"2")))
    dry = place.apply(*steps, dry_run=True)
    assert place.entries() == before
    assert place.records == []
    real = place.apply(*steps)
    assert (dry.done, dry.conflicts, dry.id) == (real.done, real.conflicts, "")


def test_a_submodule_is_skipped_and_said_so(place: Workplace) -> None:
    outcome = place.apply(Step(b"sub", None, Entry(SUBMODULE, b"0" * 40)), Step(b"f", None, text(b"1")))
    assert [(skipped.path, "submodule" in skipped.why) for skipped in outcome.skipped] == [(b"sub", True)]
    assert place.entries() == {b"f": text(b"1")}


@pytest.mark.parametrize("path", [b".git/config", b"../out", b"/abs", b"a/.GIT/x", b"git~1"])
def test_one_unsafe_path_refuses_the_whole_change(place: Workplace, path: bytes) -> None:
    with pytest.raises(ExosuitError, match="not a path that a change may write"):
        place.apply(Step(b"fine", None, text(b"1")), Step(path, None, text(b"1")))
    assert place.entries() == {}


@pytest.mark.parametrize(
    "steps",
    [
        (Step(b"f", None, text(b"1")), Step(b"f", None, text(b"2"))),
        (Step(b"f", None, text(b"1")), Step(b"f/g", None, text(b"2"))),
        (Step(b"l", None, Entry(LINK, b"/etc")), Step(b"l/passwd", None, text(b"2"))),
        (Step(b"g", text(b"1"), text(b"1"), source=b"f"), Step(b"h", text(b"1"), text(b"1"), source=b"f")),
        (Step(b"f", None, Entry(0o100666, b"")),),
        (Step(b"f", None, Entry(LINK, b"")),),
    ],
)
def test_steps_that_contradict_each_other_are_refused(place: Workplace, steps: tuple[Step, ...]) -> None:
    with pytest.raises(ExosuitError) as caught:
        place.apply(*steps)
    assert caught.value.code == "steps-clash"
    assert place.entries() == {}


def test_a_record_says_what_was_and_is_so_that_undo_needs_nothing_else(place: Workplace) -> None:
    place.write("f", numbered(replaced={1}, word=b"mine").data)
    place.write("secret", b"s\n")
    (place.tree / "secret").chmod(0o600)
    outcome = place.apply(Step(b"f", numbered(), numbered(replaced={9})), Step(b"secret", text(b"s"), None))
    (record,) = place.records
    vault = FolderVault(place.folder / "vault")
    assert record.id == outcome.id
    assert steps_of(record.done, vault) == outcome.done
    place.undo(Outcome(done=steps_of(record.done, vault)))
    assert place.read("f") == numbered(replaced={1}, word=b"mine").data
    assert stat.S_IMODE((place.tree / "secret").stat().st_mode) == 0o600


def test_a_commit_that_raises_takes_the_tree_back(place: Workplace) -> None:
    place.write("f", numbered().data)
    site = place.site()

    def refuse(_record: object) -> None:
        raise ExosuitError("ledger-full", "no room")

    refusing = type(site)(site.root, site.state, site.vault, refuse)
    with pytest.raises(ExosuitError, match="no room"):
        apply_steps(refusing, [Step(b"f", numbered(), numbered(replaced={9})), Step(b"d/n", None, text(b"n"))])
    assert place.entries() == {b"f": numbered()}
    assert not (place.tree / "d").exists()
    assert place.left_over() == []


def fingerprint(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_users_git_is_not_touched_at_all(place: Workplace) -> None:
    def git(*arguments: str) -> bytes:
        return subprocess.run(["git", *arguments], cwd=place.tree, check=True, capture_output=True).stdout

    git("init", "-q")
    git("config", "user.name", "a")
    git("config", "user.email", "a@b")
    place.write("f", numbered().data)
    place.write("g", b"g\n")
    git("add", ".")
    git("commit", "-qm", "one")
    place.write("g", b"stashed\n")
    git("stash")
    place.write("g", b"staged\n")
    git("add", "g")
    (place.tree / ".git" / "hooks" / "post-checkout").write_text("#!/bin/sh\ntouch hook-ran\n")
    (place.tree / ".git" / "hooks" / "post-checkout").chmod(0o755)
    before = fingerprint(place.tree / ".git")
    place.write("g", b"in the tree\n")
    outcome = place.apply(
        Step(b"f", numbered(), numbered(replaced={9})),
        Step(b"new", None, text(b"n")),
        Step(b"h", text(b"in the tree"), text(b"in the tree"), source=b"g"),
    )
    place.undo(outcome)
    assert fingerprint(place.tree / ".git") == before
    assert not (place.tree / "hook-ran").exists()
    assert git("show", ":g") == b"staged\n"
    assert place.read("g") == b"in the tree\n"
