"""Snapshots laid out: byte for byte, shared between trees, safe from what runs on them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from exosuit.changes.atoms import EXECUTABLE, REGULAR, SYMLINK
from exosuit.changes.shadow import EMPTY_TREE, Shadow
from exosuit.changes.workspace import Workspace
from exosuit.core.errors import ExosuitError
from exosuit.verify.layout import STAMP, Layouts
from exosuit.verify.sandbox.job import Job
from exosuit.verify.sandbox.run import run
from tests.repository import Repository
from tests.sandboxing import BACKENDS, PAIRS


@pytest.fixture
def shadow(workspace: Repository) -> Shadow:
    return Workspace.open(workspace.path).shadow


@pytest.fixture
def layouts(shadow: Shadow, tmp_path: Path) -> Layouts:
    return Layouts(tmp_path / "layouts", shadow)


def tree_of(shadow: Shadow, files: dict[bytes, bytes]) -> str:
    return shadow.replace(EMPTY_TREE, {path: (REGULAR, shadow.put(data)) for path, data in files.items()})


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_tree_is_laid_out_as_git_would(layouts: Layouts, shadow: Shadow, tmp_path: Path) -> None:
    odd = "a name with ü and \udcff".encode("utf-8", "surrogateescape")
    entries: dict[bytes, tuple[int, str] | None] = {
        b"empty": (REGULAR, shadow.put(b"")), b"deep/er/run": (EXECUTABLE, shadow.put(b"#!/bin/sh\n")),
        b"deep/link": (SYMLINK, shadow.put(b"../empty")), odd: (REGULAR, shadow.put(b"\r\n\0")),
        b"deep/same": (REGULAR, shadow.put(b"#!/bin/sh\n")), b"away": (SYMLINK, shadow.put(b"/nowhere")),
    }  # fmt: skip
    tree = shadow.replace(EMPTY_TREE, entries)
    shadow.check_out(tree, tmp_path / "gits")
    with layouts.laid_out(tree) as folder:
        done = subprocess.run(["diff", "-r", "--no-dereference", tmp_path / "gits", folder], capture_output=True)
        assert (done.returncode, done.stdout) == (0, b"")
        assert {oct(p.lstat().st_mode) for p in (folder / "deep").iterdir()} == {"0o100644", "0o120777", "0o40755"}
        assert os.access(folder / "deep/er/run", os.X_OK)
        assert (folder / "empty").stat().st_mtime == STAMP


def test_trees_share_the_files_that_are_the_same(layouts: Layouts, shadow: Shadow) -> None:
    one, two = (tree_of(shadow, {b"same": b"same", b"other": n}) for n in (b"1", b"2"))
    with layouts.laid_out(one) as first, layouts.laid_out(two) as second:
        assert os.path.samefile(first / "same", second / "same")
        assert (second / "other").read_bytes() == b"2"


WRITING = (
    "for f in $(find . -type f); do echo damaged >> $f; done; find . -type f -exec sh -c 'echo x > $0' {} ';'; "
    "chmod -R a+rwx . ; touch -d 2020-01-01 *; ln same linked; echo damaged > linked; mv same moved; echo x > moved; "
    "truncate -s 0 other; rm -rf sub"
)


@pytest.mark.parametrize("backend", [name for user, name in PAIRS if user == "ourselves"])
def test_a_check_that_writes_everywhere_damages_neither_its_tree_nor_another(
    layouts: Layouts, shadow: Shadow, backend: str
) -> None:
    files = {b"same": b"same\n", b"other": b"1\n", b"sub/file": b"x\n"}
    one, two = tree_of(shadow, files), tree_of(shadow, files | {b"other": b"2\n"})
    with layouts.laid_out(one) as first, layouts.laid_out(two) as second:
        before = [(contents(folder), [p.stat() for p in sorted(folder.rglob("*"))]) for folder in (first, second)]
        outcome = run(Job(("sh", "-c", WRITING + "; cat moved"), first), BACKENDS[backend])
        assert outcome.output.endswith(b"x\n")
        after = [(contents(folder), [p.stat() for p in sorted(folder.rglob("*"))]) for folder in (first, second)]
        for (old, old_stats), (new, new_stats) in zip(before, after, strict=True):
            assert new == old
            for was, now in zip(old_stats, new_stats, strict=True):
                assert (now.st_mtime_ns, now.st_mode, now.st_nlink) == (was.st_mtime_ns, was.st_mode, was.st_nlink)


@pytest.mark.parametrize("damage", ["write", "add", "remove", "mode"])
def test_a_tree_that_somebody_else_damaged_is_made_anew_with_the_right_bytes(
    layouts: Layouts, shadow: Shadow, damage: str
) -> None:
    tree, other = tree_of(shadow, {b"a": b"right"}), tree_of(shadow, {b"a": b"right", b"b": b"b"})
    with layouts.laid_out(tree) as folder:
        path = folder / "a"
    actions: dict[str, Callable[[], object]] = {
        "write": lambda: path.write_bytes(b"wrong"), "add": lambda: (folder / "new").write_bytes(b""),
        "remove": path.unlink, "mode": lambda: path.chmod(0o600),
    }  # fmt: skip
    actions[damage]()
    for name in (tree, other):
        with layouts.laid_out(name) as folder:
            assert (folder / "a").read_bytes() == b"right"
            assert not (folder / "new").exists()


def test_what_was_not_used_for_longest_goes_first_but_never_what_is_held(shadow: Shadow, tmp_path: Path) -> None:
    layouts = Layouts(tmp_path / "layouts", shadow, most_trees=2)
    trees = [tree_of(shadow, {b"a": b"%d" % number}) for number in range(5)]
    with layouts.laid_out(trees[0]) as held:
        for tree in trees[1:]:
            with layouts.laid_out(tree) as folder:
                os.utime(folder, (1, 1))
        layouts.evict()
        assert (held / "a").read_bytes() == b"0"
        assert len(list(held.parent.iterdir())) <= 3


def test_contents_of_no_tree_go_too(shadow: Shadow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layouts = Layouts(tmp_path / "layouts", shadow, most_trees=0)
    with layouts.laid_out(tree_of(shadow, {b"a": b"some bytes"})):
        pass
    monkeypatch.setattr("exosuit.verify.layout.FRESH_SECONDS", -1.0)
    layouts.evict()
    layouts.evict()
    assert contents(tmp_path / "layouts") == {}


def test_many_at_a_time_give_the_same_tree(shadow: Shadow, tmp_path: Path) -> None:
    tree = tree_of(shadow, {b"%d/f" % number: b"%d" % number for number in range(50)})
    found: list[dict[str, bytes]] = []

    def one() -> None:
        with Layouts(tmp_path / "layouts", shadow).laid_out(tree) as folder:
            found.append(contents(folder))

    threads = [Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{f"{number}/f": b"%d" % number for number in range(50)}] * 6
    assert list((tmp_path / "layouts").glob("*/drafts/*")) == []


def test_what_was_laid_out_before_the_machine_was_started_is_not_used(shadow: Shadow, tmp_path: Path) -> None:
    old = tmp_path / "layouts" / "another-boot" / "trees"
    old.mkdir(parents=True)
    Layouts(tmp_path / "layouts", shadow)
    assert not old.exists()


def test_a_tree_that_no_git_would_make_is_refused(layouts: Layouts, shadow: Shadow, tmp_path: Path) -> None:
    raw = b"100644 ..\0" + bytes.fromhex(shadow.put(b"out"))
    done = subprocess.run(
        ["git", f"--git-dir={shadow.git_dir}", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
        input=raw, capture_output=True, check=True,
    )  # fmt: skip
    with pytest.raises(ExosuitError) as raised, layouts.laid_out(done.stdout.decode().strip()):
        pass
    assert raised.value.code == "unsafe-path"


def test_a_tree_that_is_gone_is_told(layouts: Layouts) -> None:
    with pytest.raises(ExosuitError) as raised, layouts.laid_out("1" * 40):
        pass
    assert raised.value.code == "lost-object"
