"""The user's own repository, read only: where it is, what a revision means, what is ignored."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from exosuit.changes.git import attempt
from exosuit.core.errors import ExosuitError


@dataclass(frozen=True)
class Repository:
    """A git work tree at `root` (its top level), with its git directory and the one it shares objects with."""

    root: Path
    git_dir: Path
    common_dir: Path

    @classmethod
    def at(cls, folder: Path) -> Repository | None:
        """The repository whose work tree holds `folder`; None for a plain folder."""
        done = attempt(
            ["rev-parse", "--path-format=absolute", "--show-toplevel", "--absolute-git-dir", "--git-common-dir"],
            cwd=folder,
        )
        if done.returncode:
            if b"dubious ownership" in done.stderr:
                raise ExosuitError(
                    "foreign-repository",
                    f"{folder} belongs to another user, so git refuses to read it",
                    f"chown it, or work as its owner: {folder}",
                )
            return None
        root, git_dir, common = done.stdout.split(b"\n")[:3]
        return cls(Path(os.fsdecode(root)), Path(os.fsdecode(git_dir)), Path(os.fsdecode(common)))

    @property
    def objects(self) -> Path:
        return self.common_dir / "objects"

    def commit(self, revision: str) -> str:
        """The commit that a revision names; raises `no-such-revision`."""
        return self._resolve(revision, "commit")

    def tree(self, revision: str) -> str:
        """The tree of a revision; raises `no-such-revision`."""
        return self._resolve(revision, "tree")

    def merge_base(self, a: str, b: str) -> str:
        """The commit where two revisions parted; raises `no-merge-base`."""
        done = attempt(["merge-base", self.commit(a), self.commit(b)], cwd=self.root)
        if done.returncode:
            raise ExosuitError("no-merge-base", f"{a} and {b} have no common ancestor", f"compare them as {a}..{b}")
        return done.stdout.decode().strip()

    def has_commits(self) -> bool:
        """Whether HEAD names a commit."""
        return attempt(["rev-parse", "--verify", "-q", "HEAD"], cwd=self.root).returncode == 0

    def branch(self) -> str:
        """The branch checked out; empty when HEAD is detached."""
        return (
            attempt(["symbolic-ref", "-q", "--short", "HEAD"], cwd=self.root).stdout.decode("utf-8", "replace").strip()
        )

    def exclusions(self) -> str:
        """Ignore rules that don't live in the tree: the user's global file and `.git/info/exclude`."""
        files = [path for path in (_global_excludes(self.root), self.common_dir / "info" / "exclude") if path.is_file()]
        return "\n".join(path.read_text(encoding="utf-8", errors="surrogateescape") for path in files)

    def has_file_modes(self) -> bool:
        """Whether the executable bit means something here (`core.fileMode`)."""
        return attempt(["config", "--type=bool", "core.filemode"], cwd=self.root).stdout.strip() != b"false"

    def _resolve(self, revision: str, kind: str) -> str:
        name = f"{revision}^{{{kind}}}"
        if "\n" not in name and "\0" not in name and revision:
            done = attempt(["rev-parse", "--verify", "-q", "--end-of-options", name], cwd=self.root)
            if done.returncode == 0:
                return done.stdout.decode().strip()
        raise ExosuitError(
            "no-such-revision",
            f"there is no revision {revision!r} in {self.root}",
            "git log --oneline --all shows what there is",
        )


def _global_excludes(root: Path) -> Path:
    """The user's global ignore file: the one thing that their global config is read for."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(
        ["git", "config", "--type=path", "--get", "core.excludesFile"],
        cwd=root,
        env=kept,
        capture_output=True,
        check=False,
    )
    if done.returncode == 0 and done.stdout.strip():
        return Path(os.fsdecode(done.stdout.rstrip(b"\n")))
    config_home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(config_home) / "git" / "ignore"
