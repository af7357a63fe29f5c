"""What tests/conftest.py promises: no network, no real home, nothing skipped in CI."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from checks.tree import ROOT
from exosuit.core.places import state_root
from no_network import NetworkReached, attempts
from tests.repository import Repository


def run_tests(folder: Path, source: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a test module under the project's own conftest in another process."""
    module = folder / "test_planted.py"
    module.write_text(source)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), str(module)]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)


def test_a_test_that_reaches_for_the_network_is_stopped() -> None:
    with pytest.raises(NetworkReached):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(NetworkReached):
        socket.getaddrinfo("example.invalid", 80)
    assert len(attempts) == 2
    attempts.clear()


def test_a_python_started_by_a_test_is_stopped_too() -> None:
    program = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert "a test reached for the network" in done.stderr


def test_the_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()


def test_a_swallowed_attempt_fails_the_test_all_the_same(tmp_path: Path) -> None:
    source = """
import socket
def test_swallows():
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    except BaseException:
        pass
"""
    done = run_tests(tmp_path, source)
    assert done.returncode == 1
    assert "reached for the network: socket.getaddrinfo '192.0.2.1'" in done.stdout


def test_home_state_and_git_settings_are_not_those_of_the_person(state: Path, workspace: Repository) -> None:
    assert state_root() == state
    assert Path.home() != Path(os.path.expanduser(f"~{os.environ.get('USER', '')}")) or os.environ.get("USER") is None
    settings = subprocess.run(
        ["git", "config", "--list", "--show-scope"], cwd=workspace.path, capture_output=True, text=True, check=True
    )
    assert {line.split("\t")[0] for line in settings.stdout.splitlines()} == {"local"}


SKIPPING = """
import pytest
def test_needs_a_part():
    pytest.skip("no such part here")
"""


def test_a_skip_passes_on_a_persons_machine_and_fails_in_ci(tmp_path: Path) -> None:
    assert run_tests(tmp_path, SKIPPING, CI="").returncode == 0
    done = run_tests(tmp_path, SKIPPING, CI="true")
    assert done.returncode == 1
    assert "skipped, which CI does not allow" in done.stdout
    assert "no such part here" in done.stdout


def test_a_module_skipped_while_it_is_imported_fails_in_ci_too(tmp_path: Path) -> None:
    source = "import pytest\npytest.importorskip('no_such_module')\n"
    assert run_tests(tmp_path, source, CI="").returncode in (0, 5)
    assert run_tests(tmp_path, source, CI="true").returncode not in (0, 5)


def test_a_browser_test_without_chromium_is_skipped_with_the_command_to_install_it(tmp_path: Path) -> None:
    source = "def test_looks(chromium): pass\n"
    done = run_tests(tmp_path, source, CI="", PATH=str(tmp_path))
    assert done.returncode == 0
    assert "apt install chromium" in done.stdout
    assert run_tests(tmp_path, source, CI="true", PATH=str(tmp_path)).returncode == 1
