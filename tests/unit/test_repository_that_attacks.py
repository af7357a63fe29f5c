"""A repository whose own settings name programs: none of them is run, whatever is done with it (git runs them all)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from tests.repository import Repository, git

PROGRAMS = {
    "core.fsmonitor": "{0} fsmonitor",
    "core.pager": "{0} pager",
    "core.editor": "{0} editor",
    "core.sshCommand": "{0} ssh",
    "core.askPass": "{0} askpass",
    "core.alternateRefsCommand": "{0} alternates",
    "diff.external": "{0} external",
    "diff.trap.textconv": "{0} textconv",
    "diff.trap.command": "{0} driver",
    "filter.trap.clean": "{0} clean; cat",
    "filter.trap.smudge": "{0} smudge; cat",
    "filter.trap.required": "true",
    "merge.trap.driver": "{0} merge",
    "log.showSignature": "true",
    "gpg.program": "{0}",
    "credential.helper": "!{0} credential",
    "uploadpack.packObjectsHook": "{0} pack",
    "gc.auto": "1",
    "maintenance.auto": "true",
    "submodule.recurse": "true",
    "blame.ignoreRevsFile": "/dev/null",
    "protocol.ext.allow": "always",
    "remote.origin.url": "ext::{0} remote",
    "remote.origin.promisor": "true",
    "remote.origin.partialCloneFilter": "blob:none",
}
TEXT = "".join(f"line {i}\n" for i in range(40))


class Trap:
    """A repository that names a script wherever git takes a program; the script leaves a trace of each run."""

    def __init__(self, repository: Repository, folder: Path) -> None:
        self.repository, self.trace = repository, folder / "trace"
        script = folder / "script"
        script.write_text(f'#!/bin/sh\necho "$@" >> {self.trace}\n')
        script.chmod(0o755)
        repository.commit(
            "base", {"a.txt": TEXT, "b.bin": "b\n", ".gitattributes": "* diff=trap filter=trap merge=trap\n"}
        )
        repository.git("checkout", "--quiet", "-b", "work")
        repository.commit("work", {"a.txt": TEXT.replace("line 5\n", "line five\n"), "new.py": "x = 1\n"})
        repository.git("checkout", "--quiet", "main")
        repository.write({"a.txt": TEXT.replace("line 30\n", "line thirty\n"), "untracked": "u\n"})
        for hook in ("post-index-change", "post-checkout", "pre-commit", "reference-transaction", "fsmonitor-watchman"):
            link = repository.path / ".git" / "hooks" / hook
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(script)
        for name, value in PROGRAMS.items():
            repository.git("config", name, value.format(script))
        self.session = Session(repository.path, actor="test")

    def call(self, name: str, **fields: Any) -> Any:
        return load().dispatch(name, self.session, fields)

    def traces(self) -> str:
        return self.trace.read_text() if self.trace.exists() else ""


@pytest.fixture
def trap(workspace: Repository, tmp_path: Path) -> Iterator[Trap]:
    made = Trap(workspace, tmp_path)
    made.trace.unlink(missing_ok=True)
    yield made
    assert made.traces() == ""


def test_the_trap_is_one_that_git_walks_into(workspace: Repository, tmp_path: Path) -> None:
    trap = Trap(workspace, tmp_path)
    plain = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    for words in (["status"], ["diff"], ["blame", "a.txt"], ["diff", "main", "work"], ["add", "--dry-run", "."]):
        subprocess.run(["git", *words], cwd=workspace.path, env=plain, capture_output=True, timeout=20)
    assert {"fsmonitor", "textconv", "clean", "driver"} <= {line.split(" ")[0] for line in trap.traces().split("\n")}


def test_no_way_to_bring_a_change_in_runs_it(trap: Trap, tmp_path: Path) -> None:
    patch = tmp_path / "x.patch"
    patch.write_bytes(git(trap.repository.path, "diff", "--no-ext-diff", "--no-textconv", "main", "work"))
    trap.trace.unlink(missing_ok=True)  # git's own doing, just now
    trap.call("change.import", revisions="main..work")
    trap.call("change.import", revisions="main...work")
    trap.call("change.import", worktree=True)
    trap.call("change.import", dirs=[str(trap.repository.path), str(tmp_path)])
    trap.repository.write({"a.txt": TEXT})
    trap.call("change.import", patch=str(patch))


def test_nothing_in_a_review_runs_it(trap: Trap, tmp_path: Path) -> None:
    change = trap.call("change.import", revisions="main..work").change
    shown = trap.call("change.show", change=change)
    for file in shown.files:
        trap.call("review.facts", change=change, file=int(file.id))
        trap.call("review.rows", change=change, file=int(file.id))
    assert trap.call("review.facts", change=change, file=1).touched
    trap.call("change.plan", change=change)
    trap.call("review.stale", change=change)
    trap.call("workspace.show")
    trap.call("check.list", what=change)
    trap.call("change.export", change=change, all=True, out=str(tmp_path / "out.patch"))
    trap.call("change.materialize", change=change, all=True, out=str(tmp_path / "tree"))


def test_nothing_that_writes_runs_it(trap: Trap) -> None:
    change = trap.call("change.import", revisions="main..work").change
    trap.call("change.accept", change=change, all=True)
    applied = trap.call("change.apply", change=change)
    assert (sorted(applied.applied), applied.conflicts) == (["a.txt", "new.py"], [])
    trap.call("change.undo", change=change)
    opened = trap.call("file.read", path="b.bin")
    trap.call("file.save", path="b.bin", text="mine\n", id=opened.id)
    assert "b.bin" in trap.call("file.list").paths
