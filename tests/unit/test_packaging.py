"""What a newcomer and a user get: the set-up of .venv, and a wheel that needs neither Node nor this checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from checks.tree import ROOT, files

BUNDLE = "exosuit/faces/web/"


def run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it prints."""
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)


def program(folder: Path, name: str, text: str) -> Path:
    """An executable script in a folder that stands for PATH."""
    folder.mkdir(exist_ok=True)
    script = folder / name
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)
    return script


def shell(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the project with only the programs of `path` and the shell's own basics."""
    for name in ("cat", "cksum", "dirname", "sed", "sh"):
        basic = path / name
        if not basic.exists():
            path.mkdir(exist_ok=True)
            basic.symlink_to(str(shutil.which(name)))
    return run("sh", *arguments, cwd=ROOT, env={"PATH": str(path)})


def python(folder: Path, name: str) -> None:
    """This Python under another name."""
    program(folder, name, f'exec "{sys.executable}" "$@"')


def test_the_newest_python_that_runs_is_picked_and_a_dead_shim_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "bin"
    program(path, "python3.13", "echo 'python3.13: command not found' >&2; exit 127")
    python(path, "python3.12")
    python(path, "python3.11")
    done = shell(path, "checks/setup.sh", "--pick")
    assert (done.returncode, done.stdout.strip()) == (0, str(path / "python3.12"))


def test_without_a_python_that_is_new_enough_the_error_says_what_to_type(tmp_path: Path) -> None:
    path = tmp_path / "bin"
    program(path, "python3", "echo 3.9.18; exit 1")
    done = shell(path, "checks/setup.sh", "--pick")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: no Python 3.11 or newer on PATH (python3 is 3.9.18)",
        "hint: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.12",
    ]


def test_a_python_without_venv_is_named_with_the_package_that_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "bin"
    program(path, "python3.11", f'case "$2" in *ensurepip*) exit 1;; esac; exec "{sys.executable}" "$@"')
    done = shell(path, "checks/setup.sh", "--pick")
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr


def test_the_web_build_says_kindly_that_it_needs_node(tmp_path: Path) -> None:
    done = shell(tmp_path / "bin", "checks/web.sh")
    assert done.returncode == 1
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: ") and hint.startswith("hint: ")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built without a network and without Node."""
    tree, path, target = (tmp_path_factory.mktemp(name) for name in ("tree", "path", "dist"))
    for found in files(ROOT) + [p for p in (ROOT / "src" / BUNDLE).rglob("*") if p.is_file()]:
        copy = tree / found.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(found, copy)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(tree)]
    done = run(*build, env=os.environ | {"PATH": str(path)})
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.mark.slow
def test_the_wheel_installs_in_a_clean_environment_and_its_command_answers(built: Path, tmp_path: Path) -> None:
    """Only the wheel is installed; what it depends on comes from this environment, since nothing may be downloaded."""
    (wheel,) = built.glob("*.whl")
    venv.create(tmp_path / "clean", with_pip=False)
    bin_folder = tmp_path / "clean" / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(bin_folder / "python")]
    done = run(*pip, "install", "--no-index", "--no-deps", str(wheel))
    assert done.returncode == 0, done.stderr
    (site,) = (tmp_path / "clean").glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for name in ("exosuit", "exo"):
        done = run(str(bin_folder / name), "--help", cwd=tmp_path, env={"PATH": str(bin_folder)})
        assert done.returncode == 0, done.stderr
        assert "review" in done.stdout
    done = run(str(bin_folder / "python"), "-c", "import exosuit; print(exosuit.__file__)", cwd=tmp_path)
    assert done.stdout.startswith(str(site))


@pytest.mark.slow
def test_the_wheel_holds_the_web_bundle_and_the_types(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    bundle = {
        f"{BUNDLE}{p.relative_to(ROOT / 'src' / BUNDLE).as_posix()}"
        for p in (ROOT / "src" / BUNDLE).rglob("*")
        if p.is_file()
    }
    needed = {"exosuit/py.typed"} | ({f"{BUNDLE}index.html"} if (ROOT / "web" / "package.json").exists() else set())
    assert needed | bundle <= names
    assert not [name for name in names if not name.startswith(("exosuit/", "exosuit-"))]


@pytest.mark.slow
def test_the_sdist_holds_what_it_takes_to_build_and_test_and_nothing_else(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in ("Makefile", "requirements.lock", "LICENSE", "README.md", "checks/setup.sh", "tests/conftest.py"):
        assert needed in names
    assert not [name for name in names if "node_modules" in name or name.startswith((".venv", ".git/"))]
