"""The interpreter and tools of a workspace: found without running anything of it, never ours."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from exosuit.core.errors import ExosuitError
from exosuit.verify.sandbox.system import PROGRAMS

_TMP = "/tmp"  # noqa: S108  the one inside the sandbox
_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")


@dataclass(frozen=True)
class Environment:
    """A Python with what is installed for it. `python` is as it is to be called, `how` says where it was found."""

    python: Path
    how: str

    @property
    def prefix(self) -> Path:
        return self.python.parent.parent

    @cached_property
    def is_venv(self) -> bool:
        return (self.prefix / "pyvenv.cfg").exists()

    @cached_property
    def chain(self) -> tuple[Path, ...]:
        """The folders that hold the interpreter, from the environment to the installation that it is a link to."""
        found, link = [self.prefix], self.python
        for _ in range(40):
            if not link.is_symlink():
                break
            link = Path(os.path.normpath(link.parent / os.readlink(link)))
            found.append(link.parent.parent)
        found.append(Path(os.path.realpath(self.python)).parent.parent)
        return tuple(dict.fromkeys(found))

    @cached_property
    def site(self) -> tuple[Path, ...]:
        """The folders that packages are installed in."""
        bases = [self.chain[0]] if self.is_venv and not self._sees_system() else list(self.chain)
        patterns = ("lib/python3*/site-packages", "lib/python3*/dist-packages", "lib/python3/dist-packages")
        return tuple(path for base in bases for pattern in patterns for path in sorted(base.glob(pattern)))

    @cached_property
    def readable(self) -> tuple[Path, ...]:
        """What a run has to see for this interpreter to work."""
        parts = [part for prefix in self.chain for part in self._parts(prefix)]
        return tuple(path for path in dict.fromkeys(parts) if not str(path).startswith(PROGRAMS))

    @cached_property
    def id(self) -> str:
        """The same as long as the same distributions are installed for the same interpreter."""
        names = sorted(path.name for folder in self.site for path in folder.glob("*.dist-info"))
        real = os.path.realpath(self.python)
        parts = (str(self.python), real, os.stat(real).st_mtime_ns, names)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def has(self, module: str) -> bool:
        """Whether a top-level module is installed, as far as names tell."""
        return any(
            (folder / module).is_dir() or (folder / f"{module}.py").is_file() for folder in (*self.site, *self.added)
        )

    @cached_property
    def added(self) -> tuple[Path, ...]:
        """Folders elsewhere that `.pth` files add: what is installed for development."""
        lines = [
            Path(line.strip())
            for folder in self.site
            for file in sorted(folder.glob("*.pth"))
            for line in file.read_text("utf-8", "replace").splitlines()
        ]
        return tuple(path for path in dict.fromkeys(lines) if path.is_absolute() and path.is_dir())

    def _parts(self, prefix: Path) -> list[Path]:
        """An installation; of one that is a whole home, no more than Python itself."""
        if is_private(prefix):
            return [prefix / "bin" / self.python.name, *sorted(prefix.glob("lib/python3*"))]
        return [prefix]

    def _sees_system(self) -> bool:
        text = (self.prefix / "pyvenv.cfg").read_text("utf-8", "replace").lower()
        return "include-system-site-packages = true" in text


def find(root: Path, named: str, env: Mapping[str, str]) -> Environment | None:
    """The workspace's Python: the one that is named, else its own environment, the active one, or the system's.

    None where there is none at all; raises `no-such-python` for a name that is none.
    """
    if named:
        path = root / Path(named).expanduser()
        python = path / "bin" / "python" if path.is_dir() else path
        if not os.access(python, os.X_OK):
            raise ExosuitError(
                "no-such-python", f"exosuit.toml names {named}, which is no Python", "mend [environment]"
            )
        return Environment(python, "named in exosuit.toml")
    for python, how in _candidates(root, env):
        if os.access(python, os.X_OK) and _is_program(python):
            return Environment(python, how)
    return None


def _candidates(root: Path, env: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    for name in (env.get("UV_PROJECT_ENVIRONMENT", ""), ".venv", "venv", "env"):
        if name:
            yield root / name / "bin" / "python", f"{name} of the workspace"
    with contextlib.suppress(OSError, ValueError):
        yield Path((root / ".pdm-python").read_text("utf-8").strip()), "chosen by pdm"
    for folder in _poetrys(root, env):
        yield folder / "bin" / "python", "made by poetry"
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if env.get(variable) and not _is_ours(Path(env[variable])):
            yield Path(env[variable]) / "bin" / "python", f"{variable}"
    for place in env.get("PATH", os.defpath).split(os.pathsep):
        if place and not _is_ours(Path(place).parent):
            yield Path(place) / "python3", "python3 on PATH"
    yield Path("/usr/bin/python3"), "the system's python3"


def _is_ours(prefix: Path) -> bool:
    return os.path.realpath(prefix) == os.path.realpath(sys.prefix)


def _is_program(python: Path) -> bool:
    """Whether it is a program and not a script that looks for one, such as a shim of pyenv."""
    try:
        with python.open("rb") as file:
            return file.read(2) != b"#!"
    except OSError:
        return False


def _poetrys(root: Path, env: Mapping[str, str]) -> list[Path]:
    """Environments that poetry keeps in its cache for this folder: their names end in a digest of its path."""
    cache = Path(env.get("POETRY_CACHE_DIR") or Path(env.get("HOME", "/nonexistent"), ".cache", "pypoetry"))
    digest = base64.urlsafe_b64encode(hashlib.sha256(os.fsencode(os.path.realpath(root))).digest()).decode()[:8]
    return sorted((cache / "virtualenvs").glob(f"*-{digest}-py*"), reverse=True)


def is_private(path: Path) -> bool:
    """Whether a folder is the user's home, or one that homes are in: never lent whole."""
    home = os.path.realpath(os.path.expanduser("~"))
    return f"{home}/".startswith(f"{os.path.realpath(path).rstrip('/')}/")


def tools(env: Mapping[str, str]) -> tuple[dict[str, str], tuple[Path, ...]]:
    """Variables and folders to read for tools that live in a home: node, cargo, go. Never what holds keys."""
    home = Path(env.get("HOME", "/nonexistent"))
    cargo, rustup = Path(env.get("CARGO_HOME", home / ".cargo")), Path(env.get("RUSTUP_HOME", home / ".rustup"))
    modules = Path(env.get("GOMODCACHE", home / "go" / "pkg" / "mod"))
    folders, seen = [], [cargo / "registry", cargo / "git", rustup / "toolchains", modules]
    if toolchain := _toolchain(rustup):  # its programs themselves: rustup's stand-ins want to write
        folders.append(str(toolchain / "bin"))
    for name in ("node", "cargo", "go"):
        found = shutil.which(name, path=env.get("PATH"))
        if found is not None and not found.startswith(PROGRAMS):
            folders.append(os.path.dirname(found))
            seen += [Path(found).parent, Path(os.path.realpath(found)).parent.parent]
    told = {
        "PATH": os.pathsep.join([*dict.fromkeys(folders), *_SYSTEM_PATH]),
        "CARGO_HOME": str(cargo), "RUSTUP_HOME": str(rustup), "CARGO_NET_OFFLINE": "true",
        "CARGO_TARGET_DIR": f"{_TMP}/cargo", "GOPROXY": "off", "GOMODCACHE": str(modules), "GOCACHE": f"{_TMP}/go",
    }  # fmt: skip
    lent = [path for path in dict.fromkeys(seen) if path.exists() and path != cargo and not is_private(path)]
    return told, tuple(lent)


def _toolchain(rustup: Path) -> Path | None:
    """The default toolchain of rustup; a file in the tree that asks for another is not heeded."""
    with contextlib.suppress(OSError, ValueError):
        name = tomllib.loads((rustup / "settings.toml").read_text("utf-8")).get("default_toolchain", "")
        if isinstance(name, str) and name:
            return next(iter(sorted((rustup / "toolchains").glob(f"{name}*"))), None)
    return None
