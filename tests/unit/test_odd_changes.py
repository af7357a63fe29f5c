"""The commands of the loop on what is odd: links, modes, bytes in names, ranges the wrong way round."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.faces.human import render
from tests.repository import Repository, git


class Odd:
    """A change of a link, a binary file, a mode, two names, a file whose name is not UTF-8, and a link made a file."""

    def __init__(self, repository: Repository) -> None:
        here = repository.path
        self.name = os.fsdecode(b"bad\xff.txt")
        for name, data in (("bin", b"\0one"), ("run.sh", b"echo\n"), ("empty", b""), (self.name, b"x\n")):
            (here / name).write_bytes(data)
        (here / "link").symlink_to("run.sh")
        (here / "pointer").symlink_to("bin")
        (here / "long.txt").write_text("a\nb\nc\n")
        repository.commit("base", {})
        repository.git("checkout", "--quiet", "-b", "feature")
        (here / "bin").write_bytes(b"\0three")
        (here / "run.sh").chmod(0o755)
        (here / "empty").unlink()
        (here / self.name).write_bytes(b"y\n")
        (here / "link").unlink()
        (here / "link").symlink_to("bin")
        (here / "pointer").unlink()
        (here / "pointer").write_text("a file now\n")
        (here / "long.txt").rename(here / "longer.txt")
        repository.commit("head", {})
        repository.git("checkout", "--quiet", "main")
        self.repository = repository
        self.session = Session(here, actor="test")
        self.change = self.call("change.import", revisions="main..feature").change  # type: ignore[attr-defined]

    def call(self, name: str, **fields: Any) -> object:
        return load().dispatch(name, self.session, fields)

    def on(self, name: str, **fields: Any) -> Any:
        return self.call(name, change=self.change, **fields)


@pytest.fixture
def odd(workspace: Repository) -> Odd:
    return Odd(workspace)


def test_hunks_without_lines_say_what_stood_there_and_what_does(odd: Odd) -> None:
    titles = {hunk.path: hunk.title for hunk in odd.on("change.show").hunks}
    assert titles["link"] == "symbolic link: run.sh → bin"
    assert titles["bin"] == "binary: 4 → 6 bytes"
    assert titles["pointer"] == "symbolic link: bin → a file of 11 bytes"
    assert titles["run.sh"] == "mode 100644 → 100755"


def test_a_file_whose_content_stays_is_not_called_empty(odd: Odd) -> None:
    shown = odd.on("change.show")
    kinds = {file.path: file.kind for file in shown.files}
    assert (kinds["run.sh"], kinds["longer.txt"], kinds["empty"]) == ("unchanged", "unchanged", "empty")
    letters = dict(zip((f.path for f in shown.files), odd.on("review.overview").kinds, strict=True))
    assert (letters["run.sh"], letters["empty"]) == ("u", "e")
    assert b"unchanged" not in render(shown, colour=False)


def test_a_name_that_is_not_utf8_is_named_by_its_bytes_or_as_it_is_shown(odd: Odd) -> None:
    for name in (odd.name, "bad\\xff.txt", os.fsdecode(b"bad\xff*")):
        assert odd.on("change.accept", path=name).accepted == 1
        odd.on("change.undo")
    with pytest.raises(ExosuitError) as error:
        odd.on("change.accept", path=os.fsdecode(b"nope\xff"))
    assert error.value.message.endswith(r"matches 'nope\xff'")


@pytest.mark.parametrize("name", ["3-1", "3.1-1.1", "\u0661", "1.\u0661", "3h1-1h1"])
def test_a_range_that_runs_backwards_or_a_digit_of_another_script_names_no_atom(odd: Odd, name: str) -> None:
    with pytest.raises(ExosuitError) as error:
        odd.on("change.accept", atoms=[name])
    assert error.value.code == "no-such-atom"
    assert [event.kind for event in odd.on("change.show", no_atoms=True).decisions] == ["import"]


def test_an_export_counts_the_files_not_the_sections_of_its_patch(odd: Odd, tmp_path: Path) -> None:
    exported = odd.on("change.export", all=True, out=str(tmp_path / "x.patch"))
    assert (tmp_path / "x.patch").read_bytes().count(b"\ndiff --git ") + 1 == 8
    assert exported.files == len(odd.on("change.show").files) == 7
    assert odd.on("change.export").files == 0


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("change.import", {"patch": "a\0b"}),
        ("change.import", {"dirs": ["a\0b", "."]}),
        ("change.edit", {"change": "last", "atom": "1.1", "with": "a\0b"}),
        ("change.export", {"change": "last", "out": "a\0b"}),
        ("change.materialize", {"change": "last", "all": True, "out": "a\0b"}),
        ("file.read", {"path": "a\0b"}),
    ],
)
def test_a_path_with_a_nul_byte_is_wrong_usage_everywhere(odd: Odd, command: str, fields: dict[str, object]) -> None:
    with pytest.raises(UsageError) as error:
        odd.call(command, **fields)
    assert "NUL" in error.value.message


def test_a_device_is_no_patch_however_long_it_goes_on(odd: Odd) -> None:
    with pytest.raises(ExosuitError) as error:
        odd.call("change.import", patch="/dev/zero")
    assert (error.value.code, "device" in error.value.message) == ("no-such-file", True)


@pytest.mark.parametrize("path", ["../outside", "sub/../../outside"])
def test_a_file_outside_the_workspace_is_not_read_and_said_to_be_outside(odd: Odd, path: str) -> None:
    (odd.repository.path.parent / "outside").write_text("secret")
    with pytest.raises(ExosuitError) as error:
        odd.call("file.read", path=path)
    assert "Invalid cross-device" not in error.value.message


def test_files_of_a_plain_folder_are_listed_as_those_of_a_repository(odd: Odd, tmp_path: Path) -> None:
    plain = tmp_path / "plain" / "sub"
    plain.mkdir(parents=True)
    for name in (b"bad\xff.txt", b"new\nline", b"good"):
        (plain / os.fsdecode(name)).write_text("x")
    listed: Any = load().dispatch("file.list", Session(plain.parent, actor="test"), {})
    assert sorted(listed.paths) == [r"sub/bad\xff.txt", "sub/good", r"sub/new\nline"]
    assert listed.model_dump_json()


def test_a_tree_that_no_folder_can_hold_makes_no_folder(odd: Odd, tmp_path: Path) -> None:
    here = odd.repository
    blob = here.git("hash-object", "-w", "--stdin", given=b"evil\n")
    tree = here.git("mktree", given=f"100644 blob {blob}\tconfig\n".encode())
    root = here.git("mktree", given=f"040000 tree {tree}\t.git\n".encode())
    here.git("branch", "evil", here.git("commit-tree", "-m", "evil", root))
    evil: Any = odd.call("change.import", revisions="main..evil")
    with pytest.raises(ExosuitError) as error:
        odd.call("change.materialize", change=evil.change, all=True, out=str(tmp_path / "out"))
    assert error.value.message == "invalid path '.git/config'"
    assert not (tmp_path / "out").exists()


def test_a_partial_clone_is_told_what_to_fetch(odd: Odd, tmp_path: Path) -> None:
    odd.repository.git("config", "uploadpack.allowFilter", "true")
    origin = f"file://{odd.repository.path}"
    git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", origin, "partial")
    session = Session(tmp_path / "partial", actor="test")
    ask = {"revisions": "origin/main..origin/feature"}
    with pytest.raises(ExosuitError) as error:
        load().dispatch("change.import", session, ask)
    assert error.value.message.startswith("git is unable to read ")
    git(tmp_path / "partial", *error.value.hint.partition("git ")[2].partition(" brings")[0].split())
    imported: Any = load().dispatch("change.import", session, ask)
    assert imported.files == 7


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("pages/[id].py", ["pages/[id].py"]),
        ("pages/[ix].py", ["pages/i.py"]),
        ("pages/[a]", ["pages/[a]/x.py"]),
        ("pages/[a]/", ["pages/[a]/x.py"]),
        ("pages", ["pages/[a]/x.py", "pages/[id].py", "pages/i.py"]),
        ("*.py", ["pages/[a]/x.py", "pages/[id].py", "pages/i.py"]),
        ("*", ["new\\nline", "pages/[a]/x.py", "pages/[id].py", "pages/i.py"]),
        ("new\nline", ["new\\nline"]),
        ("new\\nline", ["new\\nline"]),
    ],
)
def test_a_path_is_a_name_before_it_is_a_glob(workspace: Repository, pattern: str, files: list[str]) -> None:
    names = ("pages/[id].py", "pages/i.py", "pages/[a]/x.py", "new\nline")
    workspace.commit("base", dict.fromkeys(names, "1\n"))
    workspace.write(dict.fromkeys(names, "2\n"))
    session = Session(workspace.path, actor="test")
    load().dispatch("change.import", session, {"worktree": True})
    shown: Any = load().dispatch("change.show", session, {"change": "last", "path": pattern})
    assert [file.path for file in shown.files] == files
    decided: Any = load().dispatch("change.accept", session, {"change": "last", "path": pattern})
    assert decided.accepted == len(files)
