"""A path that is printed is one that can be given back, whatever its bytes: to decide, to open, to save, to resolve."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.escapes import path_bytes
from exosuit.faces.human import render
from tests.repository import Repository

NAMES = [b"n%cn" % byte for byte in range(1, 256) if byte != ord("/")] + [
    b"back\\slash", b"lit\\n", b"lit\\x41", b"litA", b"lit\n", b"\\", b"*", b"[ab]", b"a", b"-dash", b" ", b"'",
    b"d\xff/\x1b[2J", "é\u202e".encode(), "\u0085".encode(), b"\x85", "\ue000".encode(), b"end\\",
]  # fmt: skip


@dataclass
class Odd:
    """A plain folder of oddly named files, and what the command line prints of a command there."""

    root: Path

    def __post_init__(self) -> None:
        self.session = Session(self.root, actor="test")

    def call(self, name: str, **fields: Any) -> Any:
        return load().dispatch(name, self.session, fields)

    def printed(self, name: str, **fields: Any) -> list[str]:
        return render(self.call(name, **fields), colour=False).decode().splitlines()


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Odd:
    """Two folders that differ in every file of `NAMES`, as one change of the second."""
    old, new = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("new")
    for folder, text in ((old, "before\n"), (new, "after\n")):
        for name in NAMES:
            path = folder / os.fsdecode(name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    made = Odd(new)
    made.call("change.import", dirs=[str(old), str(new)])
    return made


def test_every_path_that_show_prints_names_its_file_and_no_other(odd: Odd) -> None:
    lines = [line for line in odd.printed("change.show", change="last") if " M  " in line]
    printed = [line.split(" M  ", 1)[1].rsplit("  +1 -1", 1)[0] for line in lines]
    assert sorted(map(path_bytes, printed)) == sorted(NAMES)
    for path in printed:
        named = odd.call("change.show", change="last", path=path, no_atoms=True).files
        assert [path_bytes(file.path) for file in named] == [path_bytes(path)], path


def test_a_path_may_be_given_as_it_stands_where_that_is_no_other_files_notation(odd: Odd) -> None:
    for path in NAMES:
        as_typed = os.fsdecode(path)
        shown = odd.call("change.show", change="last", path=as_typed, no_atoms=True).files
        assert len(shown) == 1
        assert path_bytes(shown[0].path) == (path_bytes(as_typed) if path_bytes(as_typed) in NAMES else path)


@pytest.mark.parametrize(
    ("glob", "count"), [("[n]?n", 254), (r"d\xff/*", 1), (r"*\x1b*", 2), (r"*\x85*", 2), (r"*\u0085*", 1), ("lit*", 4)]
)
def test_globs_reach_names_by_their_bytes(odd: Odd, glob: str, count: int) -> None:
    assert len(odd.call("change.show", change="last", path=glob, no_atoms=True).files) == count


def test_every_path_that_list_prints_can_be_opened_and_saved(odd: Odd) -> None:
    printed = odd.printed("file.list", limit=10_000)
    assert sorted(map(path_bytes, printed)) == sorted(NAMES)
    for path in printed:
        opened = odd.call("file.read", path=path)
        assert (path_bytes(opened.path), opened.text) == (path_bytes(path), "after\n")
    for path in (r"lit\n", r"lit\\n", r"n\xffn", r"d\xff/\x1b[2J", r"\\"):
        opened = odd.call("file.read", path=path)
        saved = odd.call("file.save", path=opened.path, text="mine\n", id=opened.id)
        assert (saved.path, saved.conflicts) == (path, [])
        assert (odd.root / os.fsdecode(path_bytes(path))).read_text() == "mine\n"
        odd.call("change.undo", change=saved.change)
        assert (odd.root / os.fsdecode(path_bytes(path))).read_text() == "after\n"


def test_a_new_file_is_made_under_the_name_that_is_written(odd: Odd) -> None:
    saved = odd.call("file.save", path=r"fresh\tand\xfe", text="x", id="")
    assert (odd.root / os.fsdecode(b"fresh\tand\xfe")).read_text() == "x"
    odd.call("change.undo", change=saved.change)


def test_the_line_that_a_conflict_hints_at_resolves_it(workspace: Repository) -> None:
    name = os.fsdecode(b"a\n\xff\\n \x1b'.txt")
    workspace.commit("base", {name: "one\n"})
    workspace.git("checkout", "--quiet", "-b", "work")
    workspace.commit("work", {name: "two\n"})
    workspace.git("checkout", "--quiet", "main")
    workspace.write({name: "three\n"})
    odd = Odd(workspace.path)
    odd.call("change.import", revisions="main..work")
    odd.call("change.accept", change="last", all=True)
    hint = next(line for line in odd.printed("change.apply", change="last") if "change resolve" in line)
    words = shlex.split(hint.partition(" (or")[0])
    assert words[:3] == ["exosuit", "change", "resolve"]
    odd.call("change.resolve", change=words[3], path=words[4], take="theirs")
    assert odd.call("change.apply", change="last").conflicts == []
    assert workspace.read(name) == b"two\n"


@pytest.mark.parametrize("name", [b"a \n\xff\\n'\x1b.txt", b"plain.txt", b"it's $HOME.txt", b"-dash"])
def test_the_line_that_shows_a_files_history_can_be_pasted(workspace: Repository, name: bytes) -> None:
    workspace.commit("first of all", {os.fsdecode(name): "one\n"})
    workspace.write({os.fsdecode(name): "two\n"})
    odd = Odd(workspace.path)
    odd.call("change.import", worktree=True)
    line = odd.call("review.facts", change="last", file=1).reproduce
    done = subprocess.run(["bash", "-c", line], cwd=workspace.path, capture_output=True, env=os.environ, check=True)
    assert b"first of all" in done.stdout


@pytest.mark.parametrize("command", ["file.read", "file.save", "change.resolve"])
def test_no_notation_brings_a_nul_byte_in(odd: Odd, command: str) -> None:
    fields = {
        "file.read": {},
        "file.save": {"text": "", "id": ""},
        "change.resolve": {"change": "last", "take": "mine"},
    }
    with pytest.raises(UsageError, match="NUL"):
        odd.call(command, path=r"a\x00b", **fields[command])


def test_no_notation_leads_out_of_the_workspace(odd: Odd) -> None:
    (odd.root.parent / "outside").write_text("secret")
    for path in (r"..\x2foutside", r"\x2e\x2e/outside", r"\x2fetc\x2fpasswd"):
        with pytest.raises(ExosuitError) as error:
            odd.call("file.read", path=path)
        assert error.value.code in ("unsafe-path", "no-such-file")
