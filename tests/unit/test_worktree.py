"""What survives when a file is replaced, and what nothing is written through."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from exosuit.changes.disk import Disk
from exosuit.changes.entries import Entry
from exosuit.changes.threeway import Step
from exosuit.core.errors import ExosuitError
from tests.applying import FILE, LINK, PROGRAM, Workplace, in_memory, numbered, text

WAYS = pytest.mark.parametrize(
    "disk", [Disk(), Disk(openat2=False), Disk(renameat2=False)], ids=["new", "no openat2", "no renameat2"]
)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with in_memory(tmp_path) as found:
        yield found


def permissions(place: Workplace, path: str) -> int:
    return stat.S_IMODE((place.tree / path).lstat().st_mode)


@pytest.mark.parametrize("bits", [0o600, 0o640, 0o664, 0o444, 0o755, 0o700, 0o775])
def test_permissions_that_git_does_not_know_survive_apply_and_undo(place: Workplace, bits: int) -> None:
    mode = PROGRAM if bits & 0o100 else FILE
    place.write("f", b"1\n")
    (place.tree / "f").chmod(bits)
    outcome = place.apply(Step(b"f", Entry(mode, b"1\n"), Entry(mode, b"2\n")))
    assert (place.read("f"), permissions(place, "f")) == (b"2\n", bits)
    place.undo(outcome)
    assert (place.read("f"), permissions(place, "f")) == (b"1\n", bits)


@pytest.mark.parametrize(("bits", "with_x"), [(0o600, 0o700), (0o640, 0o750), (0o664, 0o775)])
def test_an_execute_bit_comes_and_goes_where_one_may_read(place: Workplace, bits: int, with_x: int) -> None:
    place.write("f", b"1\n")
    (place.tree / "f").chmod(bits)
    outcome = place.apply(Step(b"f", Entry(FILE, b"1\n"), Entry(PROGRAM, b"1\n")))
    assert permissions(place, "f") == with_x
    place.undo(outcome)
    assert permissions(place, "f") == bits


def test_a_mode_of_the_users_and_a_text_of_the_changes_both_land(place: Workplace) -> None:
    place.write("f", b"1\n", PROGRAM)
    place.apply(Step(b"f", text(b"1"), text(b"2")))
    assert (place.read("f"), permissions(place, "f")) == (b"2\n", 0o755)


def test_a_new_file_has_the_umasks_permissions(place: Workplace) -> None:
    before = os.umask(0o027)
    try:
        place.apply(Step(b"d/f", None, text(b"1")), Step(b"x", None, Entry(PROGRAM, b"1")))
    finally:
        os.umask(before)
    assert (permissions(place, "d"), permissions(place, "d/f"), permissions(place, "x")) == (0o750, 0o640, 0o750)


def test_user_attributes_survive(place: Workplace) -> None:
    place.write("f", b"1\n")
    try:
        os.setxattr(place.tree / "f", "user.origin", b"here")
    except OSError:
        pytest.skip("this file system has no user attributes")
    place.apply(Step(b"f", text(b"1"), text(b"2")))
    assert os.getxattr(place.tree / "f", "user.origin") == b"here"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_the_owner_survives_and_where_it_cannot_the_file_is_left_alone() -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        check_owner(Workplace(Path(folder)))


def check_owner(place: Workplace) -> None:
    place.write("f", b"1\n")
    os.chown(place.tree / "f", 4321, 8765)
    place.apply(Step(b"f", text(b"1"), text(b"2")))
    found = (place.tree / "f").stat()
    assert (found.st_uid, found.st_gid) == (4321, 8765)
    for folder in (place.folder, place.tree, place.state, place.state / "journal", place.folder / "vault"):
        folder.chmod(0o777)
    for file in (place.state / "apply.lock", *(place.folder / "vault").iterdir()):
        file.chmod(0o666)
    os.seteuid(65534)
    try:
        outcome = place.apply(Step(b"f", text(b"2"), text(b"3")), Step(b"n", None, text(b"n")))
    finally:
        os.seteuid(0)
    assert [(c.path, "another user" in c.why) for c in outcome.conflicts] == [(b"f", True)]
    assert place.entries() == {b"f": text(b"2"), b"n": text(b"n")}


def test_another_hard_link_keeps_the_old_bytes(place: Workplace) -> None:
    """As git does: the other name may lie outside of the workspace, and nothing is written there."""
    place.write("f", b"1\n")
    os.link(place.tree / "f", place.folder / "outside")
    outcome = place.apply(Step(b"f", text(b"1"), text(b"2")))
    assert (place.folder / "outside").read_bytes() == b"1\n"
    place.undo(outcome)
    assert ((place.folder / "outside").read_bytes(), place.read("f")) == (b"1\n", b"1\n")


@WAYS
def test_a_link_is_replaced_and_never_written_through(place: Workplace, disk: Disk) -> None:
    (place.folder / "outside").write_bytes(b"1\n")
    place.write("f", b"../outside", LINK)
    outcome = place.apply(Step(b"f", Entry(LINK, b"../outside"), text(b"2")), disk=disk)
    assert (place.folder / "outside").read_bytes() == b"1\n"
    assert place.entries() == {b"f": text(b"2")}
    place.undo(outcome, disk)
    assert place.entries() == {b"f": Entry(LINK, b"../outside")}


@WAYS
def test_a_link_in_place_of_a_file_that_the_change_edits_is_a_conflict(place: Workplace, disk: Disk) -> None:
    (place.folder / "outside").write_bytes(b"1\n")
    place.write("f", b"../outside", LINK)
    outcome = place.apply(Step(b"f", text(b"1"), text(b"2")), disk=disk)
    assert len(outcome.conflicts) == 1
    assert (place.folder / "outside").read_bytes() == b"1\n"


@WAYS
@pytest.mark.parametrize("target", ["outside", "tree/real"])
def test_nothing_is_written_through_a_link_to_a_folder(place: Workplace, disk: Disk, target: str) -> None:
    (place.folder / target).mkdir()
    (place.folder / target / "f").write_bytes(b"1\n")
    (place.tree / "d").symlink_to(place.folder / target)
    outcome = place.apply(
        Step(b"d/new", None, text(b"n")), Step(b"d/f", text(b"1"), text(b"2")), Step(b"d/e/new", None, text(b"n")),
        Step(b"ok", None, text(b"ok")), disk=disk,
    )  # fmt: skip
    why = "d is a link where a folder should be; nothing is written through links."
    assert {conflict.path: conflict.why for conflict in outcome.conflicts} == dict.fromkeys(
        (b"d/new", b"d/f", b"d/e/new"), why
    )
    assert os.listdir(place.folder / target) == ["f"]
    assert (place.folder / target / "f").read_bytes() == b"1\n"
    assert place.read("ok") == b"ok\n"


@WAYS
def test_a_link_put_in_place_of_a_folder_while_applying_is_not_followed(place: Workplace, disk: Disk) -> None:
    """The swap happens before each operation in turn; wherever it hits, nothing outside is written or removed."""
    (place.folder / "outside").mkdir()

    class Swapping(Disk):
        count = 0
        at = -1

        def step(self, operation: str) -> None:
            if self.count == self.at:
                os.rename(place.tree / "d", place.tree / "moved")
                os.symlink("../outside", place.tree / "d")
            self.count += 1

    total, at = 1, 0
    while at < total:
        for path in [*place.tree.glob("*"), *(place.folder / "outside").glob("*")]:
            if path.is_symlink() or path.is_file():
                path.unlink()
            else:
                shutil.rmtree(path)
        place.write("d/f", numbered().data)
        place.write("g", numbered().data)
        (place.folder / "outside" / "f").write_bytes(numbered().data)
        swapping = Swapping(openat2=disk._openat2, renameat2=disk._renameat2)
        swapping.at = at
        try:
            place.apply(
                Step(b"d/f", numbered(), numbered(replaced={9})), Step(b"d/n", None, text(b"n")),
                Step(b"g", numbered(), numbered(replaced={3})), disk=swapping,
            )  # fmt: skip
        except ExosuitError:
            place.apply()
        assert os.listdir(place.folder / "outside") == ["f"]
        assert (place.folder / "outside" / "f").read_bytes() == numbered().data
        held = place.tree / "moved" / "f" if (place.tree / "moved").exists() else place.tree / "d" / "f"
        assert held.read_bytes() in (numbered().data, numbered(replaced={9}).data)
        total, at = max(total, swapping.count), at + 1
    assert total > 50


class Folding(Disk):
    """Stands in for a case-insensitive, case-preserving file system, which cannot be had here without root."""

    def _real(self, folder: int, name: bytes) -> bytes:
        names = [os.fsencode(other) for other in os.listdir(folder)]
        return next((other for other in names if other.lower() == name.lower()), name)

    def lstat(self, folder: int, name: bytes) -> os.stat_result:
        return super().lstat(folder, self._real(folder, name))

    def open_file(self, folder: int, name: bytes) -> int:
        return super().open_file(folder, self._real(folder, name))


def test_another_spelling_of_a_name_is_not_overwritten_where_case_does_not_count(place: Workplace) -> None:
    place.write("README", b"1\n")
    outcome = place.apply(Step(b"readme", None, text(b"2")), Step(b"Src/x", None, text(b"x")), disk=Folding())
    assert [(c.path, c.why) for c in outcome.conflicts] == [
        (b"readme", "README stands here, which this file system takes as the same name.")
    ]
    assert place.entries() == {b"README": text(b"1"), b"Src/x": text(b"x")}


def test_two_new_names_that_are_one_where_case_does_not_count_are_refused(place: Workplace) -> None:
    place.write("other", b"1\n")
    steps = (Step(b"make", None, text(b"1")), Step(b"Make", None, text(b"2")))
    with pytest.raises(ExosuitError) as caught:
        place.apply(*steps, disk=Folding())
    assert caught.value.code == "names-collide"
    assert place.entries() == {b"other": text(b"1")}
    assert place.apply(*steps).conflicts == ()


def test_a_rename_may_change_case_only_where_case_does_not_count(place: Workplace) -> None:
    place.write("readme", b"1\n")
    place.apply(Step(b"README", text(b"1"), text(b"1"), source=b"readme"), disk=Folding())
    assert place.entries() == {b"README": text(b"1")}


def test_a_name_that_the_file_system_refuses_is_a_conflict(place: Workplace) -> None:
    outcome = place.apply(Step(b"n" * 300, None, text(b"1")), Step(b"ok", None, text(b"1")))
    assert [conflict.why for conflict in outcome.conflicts] == ["The file system refuses this name."]
    assert place.entries() == {b"ok": text(b"1")}
