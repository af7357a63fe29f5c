"""Several processes at work on one workspace: a small run of bench/many."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from checks.tree import ROOT


@pytest.mark.slow
def test_processes_that_decide_apply_and_undo_at_once_leave_ledger_and_tree_as_one(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "bench.many", "--processes", "3", "--operations", "40"]
    done = subprocess.run([*program, "--folder", str(tmp_path)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "apply" in done.stdout and "failed" not in done.stdout
