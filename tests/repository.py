"""A small git repository for tests, driven by the real git with fixed settings, names and dates."""

from __future__ import annotations

import os
import site
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SETTINGS = {
    "user.name": "A Tester",
    "user.email": "tester@example.invalid",
    "init.defaultBranch": "main",
    "commit.gpgSign": "false",
    "core.autocrlf": "false",
    "core.hooksPath": os.devnull,
    "gc.auto": "0",
    "protocol.file.allow": "always",
}
FIRST_DATE = 1_700_000_000


def git(folder: Path, *arguments: str | bytes | Path, given: bytes | None = None, date: int = FIRST_DATE) -> bytes:
    """Run git in `folder` and return what it printed; raises CalledProcessError with git's own words as a note."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
    }
    environment |= {"GIT_AUTHOR_DATE": f"{date} +0000", "GIT_COMMITTER_DATE": f"{date} +0000"}
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    done = subprocess.run(
        ["git", *settings, *arguments], cwd=folder, input=given or b"", capture_output=True, env=environment
    )
    if done.returncode:
        error = subprocess.CalledProcessError(done.returncode, ["git", *arguments], done.stdout, done.stderr)
        error.add_note(done.stderr.decode("utf-8", "replace"))
        raise error
    return done.stdout


@dataclass
class Repository:
    """A git repository at `path`. Content is bytes, or text that is written as UTF-8 with its newlines untouched."""

    path: Path
    commits: int = 0

    @classmethod
    def make(cls, path: Path) -> Repository:
        """A new repository with one commit that holds a README."""
        path.mkdir(parents=True)
        git(path, "init", "--quiet")
        repository = cls(path)
        repository.commit("start", {"README.md": "# A workspace\n"})
        return repository

    def git(self, *arguments: str | bytes | Path, given: bytes | None = None) -> str:
        """Run git here; what it printed, decoded, without the newline at the end."""
        output = git(self.path, *arguments, given=given, date=FIRST_DATE + 60 * self.commits)
        return os.fsdecode(output).rstrip("\n")

    def write(self, files: dict[str, str | bytes | None]) -> None:
        """Write files into the working tree by relative path; None deletes."""
        for name, content in files.items():
            target = self.path / name
            if content is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)

    def equip(self) -> None:
        """Make an environment of its own in `.venv`, in which pytest is installed."""
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.path / ".venv"], check=True)
        own = next((self.path / ".venv" / "lib").glob("python3*/site-packages"))
        (own / "elsewhere.pth").write_text("\n".join(site.getsitepackages()))

    def commit(self, message: str, files: dict[str, str | bytes | None] | None = None) -> str:
        """Write `files`, stage everything, commit; the new commit's id. Commits are a minute apart."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        self.commits += 1
        return self.head

    @property
    def head(self) -> str:
        """The id of the commit that HEAD names."""
        return self.git("rev-parse", "HEAD")

    def read(self, name: str) -> bytes:
        """The bytes of a file in the working tree."""
        return (self.path / name).read_bytes()

    def files(self) -> dict[str, bytes]:
        """All regular files of the working tree by relative path, without .git."""
        return {
            found.relative_to(self.path).as_posix(): found.read_bytes()
            for found in sorted(self.path.rglob("*"))
            if found.is_file() and not found.is_symlink() and ".git" not in found.relative_to(self.path).parts
        }
