"""The seam to the file system: no way out of the workspace, whichever call the kernel has."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from exosuit.changes.disk import Disk, UnsupportedError

WAYS = pytest.mark.parametrize("disk", [Disk(), Disk(openat2=False)], ids=["openat2", "component-wise"])


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    (folder / "inner").mkdir(parents=True)
    return folder


@pytest.fixture
def root(tmp_path: Path, outside: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "absolute").symlink_to(outside)
    (folder / "relative").symlink_to("../outside")
    (folder / "within").symlink_to("a")
    (folder / "a" / "up").symlink_to("..")
    (folder / "file").write_text("text")
    return folder


@WAYS
def test_a_folder_below_the_root_opens(disk: Disk, root: Path) -> None:
    with disk.root(root) as top, disk.folder(top, b"a/b") as folder:
        assert os.path.samestat(os.fstat(folder), os.stat(root / "a" / "b"))


@WAYS
@pytest.mark.parametrize("path", [b"absolute", b"relative/inner", b"within/b", b"a/up/a", b"absolute/inner"])
def test_a_link_in_a_path_is_never_followed(disk: Disk, root: Path, path: bytes) -> None:
    with disk.root(root) as top, pytest.raises(NotADirectoryError), disk.folder(top, path):
        pass


def test_the_kernel_refuses_to_climb_out(root: Path) -> None:
    with Disk().root(root) as top, pytest.raises(OSError) as caught, Disk().folder(top, b"a/../../outside"):
        pass
    assert caught.value.errno == errno.EXDEV


@WAYS
def test_the_root_may_be_named_through_a_link(disk: Disk, root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    with disk.root(tmp_path / "alias") as top, disk.folder(top, b"a"):
        pass


@WAYS
def test_a_file_or_a_missing_name_in_a_path_is_told_apart_from_a_link(disk: Disk, root: Path) -> None:
    with disk.root(root) as top:
        with pytest.raises(NotADirectoryError), disk.folder(top, b"file/x"):
            pass
        with pytest.raises(FileNotFoundError), disk.folder(top, b"a/none"):
            pass


def test_a_link_is_not_opened_as_a_file(root: Path) -> None:
    (root / "link").symlink_to("file")
    with Disk().root(root) as top, pytest.raises(OSError) as caught:
        Disk().open_file(top, b"link")
    assert caught.value.errno == errno.ELOOP


def test_a_pipe_does_not_block(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with Disk().root(root) as top:
        os.close(Disk().open_file(top, b"pipe"))


def test_exchange_swaps_and_move_never_replaces(root: Path) -> None:
    (root / "one").write_text("1")
    (root / "two").write_text("2")
    disk = Disk()
    with disk.root(root) as top:
        disk.exchange(top, b"one", top, b"two")
        with pytest.raises(FileExistsError):
            disk.move(top, b"one", top, b"two")
    assert ((root / "one").read_text(), (root / "two").read_text()) == ("2", "1")


def test_without_renameat2_both_say_so(root: Path) -> None:
    disk = Disk(renameat2=False)
    with disk.root(root) as top:
        with pytest.raises(UnsupportedError):
            disk.exchange(top, b"file", top, b"a")
        with pytest.raises(UnsupportedError):
            disk.move(top, b"file", top, b"new")


def test_a_file_is_quiet_only_while_nobody_has_it_open_for_writing(root: Path) -> None:
    disk = Disk()
    with disk.root(root) as top:
        file = disk.open_file(top, b"file")
        assert disk.is_quiet(file) is True
        with open(root / "file", "ab"):
            assert disk.is_quiet(file) is False
        with open(root / "file", "rb"):
            assert disk.is_quiet(file) is True
        os.close(file)


def test_an_operation_can_be_made_to_fail(root: Path) -> None:
    class Failing(Disk):
        def step(self, operation: str) -> None:
            if operation == "mkdir":
                raise OSError(errno.ENOSPC, "full")

    with Failing().root(root) as top, pytest.raises(OSError, match="full"):
        Failing().make_folder(top, b"new")
    assert not (root / "new").exists()
