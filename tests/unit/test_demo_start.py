"""`exosuit demo`, which `make run` calls: the first start makes the workspace, every later one goes on in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.repository import git


def start(folder: Path) -> dict[str, Any]:
    """Start the demo in a folder and stop it; what it said when it was up."""
    call = [sys.executable, "-m", "exosuit", "demo", "--no-open", "--json", "--dir", str(folder)]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ, text=True) as running:
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
        finally:
            running.terminate()
            _, errors = running.communicate(timeout=30)
    assert line, errors
    said: dict[str, Any] = json.loads(line)
    return said


@pytest.mark.slow
def test_a_later_start_opens_the_same_change_and_keeps_the_work(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    first = start(folder)
    assert f"/change/{first['change']}?first=1" in first["url"]
    (folder / "README.md").write_text("my own words\n")
    again = start(folder)
    assert again["change"] == first["change"]
    assert (folder / "README.md").read_text() == "my own words\n"
    assert git(folder, "status", "--porcelain") == b" M README.md\n"
