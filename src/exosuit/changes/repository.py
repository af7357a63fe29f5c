"""The user's own repository, read only: where it is, what a revision means, what is ignored."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from exosuit.changes.git import attempt, git, trust_as_the_user_does
from exosuit.core.errors import ExosuitError
from exosuit.core.escapes import spelled_out


@dataclass(frozen=True)
class Repository:
    """A git work tree at `root` (its top level), with its git directory and the one it shares objects with."""

    root: Path
    git_dir: Path
    common_dir: Path

    @classmethod
    def at(cls, folder: Path) -> Repository | None:
        """The repository whose work tree holds `folder`; None for a plain folder.

        Raises `no-work-tree` in a bare repository or inside `.git`, `foreign-repository`, `unsupported-repository`, and
        `damaged-repository` where git cannot read what is there.
        """
        asked = ["rev-parse", *_ABSOLUTE, "--is-inside-work-tree", "--show-object-format", *_PLACES]
        done = attempt(asked, cwd=folder)
        if _FOREIGN in done.stderr and trust_as_the_user_does():
            done = attempt(asked, cwd=folder)
        if done.returncode:
            _refuse_odd_places(folder, done.stdout, done.stderr)
            return None
        _inside, kind, *places = done.stdout.removesuffix(b"\n").split(b"\n")
        if kind != b"sha1":
            raise ExosuitError(
                "unsupported-repository",
                f"{folder} is in a repository of {kind.decode('ascii', 'replace')} objects",
                "only repositories of SHA-1 objects can be read so far; --dirs compares folders of any kind",
            )
        if len(places) != len(_PLACES):  # a path with a newline in it
            places = [git(["rev-parse", *_ABSOLUTE, place], cwd=folder).removesuffix(b"\n") for place in _PLACES]
        return cls(*(Path(os.fsdecode(place)) for place in places))

    @property
    def objects(self) -> Path:
        return self.common_dir / "objects"

    def commit(self, revision: str) -> str:
        """The commit that a revision names; raises `no-such-revision`."""
        if revision and "\n" not in revision and "\0" not in revision:
            name = f"{revision}^{{commit}}"
            done = attempt(["rev-parse", "--verify", "-q", "--end-of-options", name], cwd=self.root)
            if done.returncode == 0:
                return done.stdout.decode().strip()
        raise self._no_such(revision)

    def tree(self, revision: str) -> str:
        """The tree of a revision; raises `no-such-revision`."""
        return self.trees(revision)[0]

    def trees(self, *revisions: str) -> list[str]:
        """The trees of revisions, by one run of git; raises `no-such-revision`."""
        for revision in revisions:
            if not revision or "\n" in revision or "\0" in revision:
                raise self._no_such(revision)
        asked = b"".join(os.fsencode(f"{revision}^{{tree}}\n") for revision in revisions)
        done = attempt(["cat-file", "--batch-check=%(objectname)"], cwd=self.root, data=asked)
        if done.returncode:  # git gives up at some odd names (`@{upstream}` without one) and does not say at which
            raise self._no_such(next((name for name in revisions if "@" in name), revisions[0]))
        told = done.stdout.splitlines()
        for revision, name in zip(revisions, told, strict=True):
            if not _NAME.fullmatch(name):
                raise self._no_such(revision)
        return [name.decode("ascii") for name in told]

    def is_first(self, revision: str) -> bool:
        """Whether a commit has no parent; raises `shallow-history` where it has one that was not fetched."""
        shown = attempt(["cat-file", "commit", self.commit(revision)], cwd=self.root).stdout
        if b"\nparent " not in shown.partition(b"\n\n")[0]:
            return True
        if attempt(["rev-parse", "--verify", "-q", "--end-of-options", f"{revision}^"], cwd=self.root).returncode:
            raise ExosuitError(
                "shallow-history",
                f"{revision} was cloned without what came before it",
                "git fetch --deepen=1 brings its parent",
            )
        return False

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
        parts = []
        for path in (_global_excludes(self.root), self.common_dir / "info" / "exclude"):
            with contextlib.suppress(OSError):  # absent, or not for us to read: git goes on without it too
                parts.append(path.read_text(encoding="utf-8", errors="surrogateescape"))
        return "\n".join(parts)

    def disk_settings(self) -> list[str]:
        """The repository's settings for how its files lie on the disk, as options of git; no others are passed on."""
        done = attempt(["config", "--null", "--get-regexp", _DISK_SETTINGS], cwd=self.root)
        pairs = [line.partition(b"\n") for line in done.stdout.split(b"\0") if line]
        return [part for name, _, value in pairs for part in ("-c", os.fsdecode(name + b"=" + value))]

    def _no_such(self, revision: str) -> ExosuitError:
        return ExosuitError(
            "no-such-revision",
            f"there is no revision '{spelled_out(revision)}' in {self.root}",
            "git log --oneline --all shows what there is",
        )


_FOREIGN = b"dubious ownership"
_NAME = re.compile(rb"[0-9a-f]{40}")
_ABSOLUTE = ("--path-format=absolute",)
_PLACES = ("--show-toplevel", "--absolute-git-dir", "--git-common-dir")
_DISK_SETTINGS = r"^core\.(filemode|symlinks|ignorecase|trustctime|checkstat|sparsecheckout)$"


def _refuse_odd_places(folder: Path, output: bytes, words: bytes) -> None:
    """Raise for what looks like a repository and cannot be worked in; a plain folder is fine."""
    told = words.decode("utf-8", "replace").strip().splitlines()[:1]
    if output.startswith(b"false"):
        raise ExosuitError(
            "no-work-tree",
            f"{folder} is in a git directory without files checked out",
            "name a folder with files with -C, or make one: git worktree add ../checkout",
        )
    if _FOREIGN in words:
        lines = [line.strip() for line in words.decode("utf-8", "surrogateescape").splitlines()]
        remedy = next((line for line in lines if line.startswith("git config ")), "git config --global safe.directory")
        raise ExosuitError(
            "foreign-repository",
            f"the repository at {folder} belongs to another user, so git refuses to read it",
            f"if you trust it: {remedy}",
        )
    real = folder.resolve()
    if b"not a git repository" in words and not any(os.path.lexists(at / ".git") for at in (real, *real.parents)):
        return
    reason = told[0].removeprefix("fatal: ") if told else "no reason given"
    raise ExosuitError(
        "damaged-repository",
        f"git cannot read the repository at {folder} ({reason})",
        "repair it (git fsck), or move its .git away to work on the plain folder",
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
