"""The project's own rules, each with a planted violation: a check that cannot fail is no check."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from tests.offline.sitecustomize import NetworkReached, attempts


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
