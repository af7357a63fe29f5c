"""Changes with their own tests: consecutive releases by pip, and ranges of a history; each with its environment."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.laws_releases import release

PYTEST = ("pytest>=7.4,<8",)
GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class Suite:
    """How the tests of a package are run: what is installed besides the package itself, and folders of tests."""

    needs: tuple[str, ...] = ()
    folders: tuple[str, ...] = ("tests",)


SUITES = {
    "click": Suite(),
    "flask": Suite(),
    "jinja2": Suite(("trio",)),
    "packaging": Suite(("pretend",)),
    "attrs": Suite(("hypothesis", "zope-interface", "cloudpickle"), ("tests",)),
    "itsdangerous": Suite(("freezegun",)),
    "pluggy": Suite((), ("testing",)),
    "toolz": Suite((), ("toolz",)),
    "tabulate": Suite((), ("test",)),
    "cachetools": Suite(),
    "boltons": Suite(),
    "h11": Suite((), ("h11",)),
    "wsproto": Suite((), ("test",)),
    "pathspec": Suite(),
    "tomlkit": Suite(("pyyaml",)),
    "humanize": Suite(("freezegun",)),
    "marshmallow": Suite(("pytz", "simplejson")),
    "mistune": Suite(),
    "sqlparse": Suite(),
    "parso": Suite((), ("test",)),
    "voluptuous": Suite((), ("voluptuous",)),
    "pyflakes": Suite((), ("pyflakes",)),
    "wcwidth": Suite(),
    "prettytable": Suite(("pytest-lazy-fixture",)),
    "tinydb": Suite(("pyyaml",)),
    "markdown": Suite(("pyyaml",)),
    "pyparsing": Suite(("railroad-diagrams", "matplotlib"), ("tests/test_unit.py",)),
    "httpx": Suite(("trio", "trustme", "uvicorn", "chardet", "brotli", "zstandard", "h2", "socksio", "rich", "click")),
    "requests": Suite(("pytest-mock", "pytest-httpbin", "trustme", "pysocks"), ("tests",)),
}

RELEASES = (
    ("click", "8.1.6", "8.1.7"), ("click", "8.0.4", "8.1.0"), ("flask", "2.3.3", "3.0.0"), ("flask", "3.0.3", "3.1.0"),
    ("jinja2", "3.1.2", "3.1.3"), ("jinja2", "3.0.3", "3.1.0"), ("packaging", "23.1", "23.2"),
    ("itsdangerous", "2.1.2", "2.2.0"), ("pluggy", "1.0.0", "1.2.0"), ("pluggy", "1.2.0", "1.3.0"),
    ("toolz", "0.11.2", "0.12.0"), ("tabulate", "0.8.10", "0.9.0"), ("cachetools", "5.2.1", "5.3.0"),
    ("cachetools", "5.3.3", "5.4.0"), ("boltons", "21.0.0", "23.0.0"), ("h11", "0.13.0", "0.14.0"),
    ("wsproto", "1.1.0", "1.2.0"), ("pathspec", "0.10.3", "0.11.0"), ("pathspec", "0.11.2", "0.12.0"),
    ("tomlkit", "0.11.6", "0.12.0"), ("humanize", "4.6.0", "4.7.0"), ("marshmallow", "3.19.0", "3.20.0"),
    ("mistune", "2.0.4", "2.0.5"), ("mistune", "2.0.5", "3.0.0"), ("sqlparse", "0.4.3", "0.4.4"),
    ("sqlparse", "0.4.4", "0.5.0"), ("parso", "0.8.2", "0.8.3"), ("voluptuous", "0.13.1", "0.14.0"),
    ("pyflakes", "3.0.1", "3.1.0"), ("wcwidth", "0.2.6", "0.2.9"), ("tinydb", "4.7.1", "4.8.0"),
    ("markdown", "3.4.1", "3.4.2"), ("markdown", "3.4.4", "3.5"), ("pyparsing", "3.0.9", "3.1.0"),
    ("attrs", "22.2.0", "23.1.0"),
)  # fmt: skip

HISTORIES = (
    ("flask", "2.2.0..2.2.5"), ("flask", "2.3.0..2.3.3"), ("flask", "3.0.0..3.0.3"), ("flask", "3.1.0..3.1.3"),
    ("click", "8.0.1..8.0.4"), ("click", "8.1.0..8.1.3"), ("click", "8.1.3..8.1.7"), ("click", "8.1.7..8.1.8"),
    ("jinja2", "3.0.0..3.0.3"), ("jinja2", "3.1.0..3.1.2"), ("jinja2", "3.1.2..3.1.4"), ("jinja2", "3.1.4..3.1.6"),
    ("pluggy", "1.2.0..1.3.0"), ("pluggy", "1.3.0..1.4.0"), ("pluggy", "1.4.0..1.5.0"),
    ("cachetools", "v5.0.0..v5.2.0"), ("cachetools", "v5.2.0..v5.3.0"), ("cachetools", "v5.3.0..v5.4.0"),
    ("marshmallow", "3.18.0..3.19.0"), ("marshmallow", "3.19.0..3.20.0"), ("marshmallow", "3.20.0..3.21.0"),
    ("sqlparse", "0.4.2..0.4.3"), ("sqlparse", "0.4.3..0.4.4"), ("sqlparse", "0.4.4..0.5.0"),
    ("pyflakes", "2.5.0..3.0.0"), ("pyflakes", "3.0.0..3.1.0"), ("pyflakes", "3.1.0..3.2.0"),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A change to measure: a workspace at its head, its two revisions, a Python for both, and the folders of tests."""

    name: str
    root: Path
    base: str
    head: str
    python: Path
    folders: tuple[str, ...]
    has_history: bool = False


def of_releases(folder: Path, cache: Path, package: str, old: str, new: str) -> Case:
    """Two releases as two commits. Raises RuntimeError where they cannot be had."""
    sides = [release(cache, package, version) for version in (old, new)]
    root = folder / f"{package}-{new}"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    git(root, "init", "--quiet", "--initial-branch=main")
    suite = SUITES[package]
    python = environment(folder, suite, f"{package}=={new}")
    revisions = []
    for side in sides:
        for path in root.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(side, root, dirs_exist_ok=True, symlinks=True)
        revisions.append(committed(root, python))
    base, head = revisions
    return Case(f"{package} {old} → {new}", root, base, head, python, suite.folders)


def of_history(folder: Path, package: str, repository: Path, span: str) -> Case:
    """A range of a history, in a clone of it; both ends get our settings on top."""
    root = folder / f"{package}-{span.replace('..', '-')}"
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "clone", "--quiet", "--shared", str(repository), str(root)], check=True)
    suite = SUITES[package]
    python = environment(folder, suite, package)
    revisions = []
    for end in span.split(".."):
        git(root, "checkout", "--quiet", "--detach", end)
        revisions.append(committed(root, python))
    base, head = revisions
    return Case(f"{package} {span}", root, base, head, python, suite.folders, has_history=True)


def committed(root: Path, python: Path) -> str:
    (root / "exosuit.toml").write_text(f'[environment]\npython = "{python}"\n')
    git(root, "add", "--all", "--force")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "a side")
    return git(root, "rev-parse", "HEAD")


def git(root: Path, *words: str) -> str:
    done = subprocess.run([*GIT, *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def environment(folder: Path, suite: Suite, package: str) -> Path:
    """A virtual environment with pytest, the package's requirements, and the package for its metadata; made once."""
    wanted = [*PYTEST, *suite.needs, package]
    place = folder / "environments" / hashlib.sha256(repr(wanted).encode()).hexdigest()[:12]
    if not (place / "made").exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        done = subprocess.run(
            [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
            capture_output=True, text=True, env={**os.environ, "PIP_NO_INPUT": "1"},
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{package}: {(done.stderr.strip().splitlines() or ['pip failed'])[-1]}")
        (place / "made").touch()
    return place / "bin" / "python"
