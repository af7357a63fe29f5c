"""Crashes and failing disks: the short run of bench/crash, real limits, and proof that the bench would notice."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench import crash
from tests.applying import Workplace, numbered

ROOT = Path(__file__).parents[2]


def test_no_kill_and_no_failing_operation_leaves_anything_mixed_lost_or_behind() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.crash", "--points", "150", "--faults", "140", "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    kills = {name: counts for name, counts in rows.items() if name.startswith("kill") and "baseline" not in name}
    assert sum(counts["kills"] for counts in kills.values()) >= 150
    assert sum(counts.get("before", 0) for counts in kills.values()) > 10
    assert sum(counts.get("after", 0) for counts in kills.values()) > 10
    assert rows["kill: baseline: files written in place"]["wrong"] > 0


BROKEN = {
    "no recovery": ("bench.crash_trials", "recover", lambda _site: ()),
    "nothing put in place at recovery": ("exosuit.changes.landing.Landing", "land", lambda _self: None),
}


@pytest.mark.parametrize("what", BROKEN)
def test_the_bench_notices_a_broken_mechanism(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, instead = BROKEN[what]
    monkeypatch.setattr(f"{where}.{name}", instead)
    tally = crash.kill_row(tmp_path / "trial", "apply", 20, 3)
    assert tally.counts["wrong"] > 0


LIMITED = """
import resource, sys
from pathlib import Path
from exosuit.changes.apply import Step
from exosuit.changes.entries import Entry
from exosuit.core.errors import ExosuitError
from tests.applying import Workplace, numbered
place = Workplace(Path(sys.argv[1]))
steps = [Step(b"f", numbered(), numbered(replaced={3})), Step(b"d/big", None, Entry(0o100644, b"x" * 300_000))]
if sys.argv[2] == "limit":
    place.site().vault.put(b"x" * 300_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    type(place.site().vault).put = lambda self, data: __import__("hashlib").sha256(data).hexdigest()
try:
    place.apply(*steps)
except ExosuitError as error:
    print(error.code, "|", error.hint)
"""


def check_as_before(place: Workplace) -> None:
    assert place.entries() == {b"f": numbered()}
    assert not (place.tree / "d").exists()
    assert place.left_over() == []


def test_a_limit_on_file_sizes_is_reported_and_nothing_is_changed(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    place.write("f", numbered().data)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path), "limit"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.startswith("disk-full | raise the limit"), done.stderr
    check_as_before(place)


def test_a_file_system_that_is_really_full_is_reported_and_nothing_is_changed(tmp_path: Path) -> None:
    """A tiny tmpfs in a namespace of our own, which needs no root where user namespaces are allowed."""
    script = (
        'mount -t tmpfs -o size=200k none "$1" && mkdir "$1/tree" && cp "$2" "$1/tree/f" && '
        'mkdir "$1/vault" && mount -t tmpfs none "$1/vault" && "$3" -c "$4" "$1" full && '
        'find "$1/tree" "$1/state/journal" | sort && cmp "$1/tree/f" "$2"'
    )
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-Urm", "true"], capture_output=True).returncode != 0:
        pytest.skip("no user namespaces here")
    (tmp_path / "mount").mkdir()
    (tmp_path / "f").write_bytes(numbered().data)
    mount = str(tmp_path / "mount")
    done = subprocess.run(
        [unshare, "-Urm", "sh", "-c", script, "sh", mount, str(tmp_path / "f"), sys.executable, LIMITED],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said, *files = done.stdout.splitlines()
    assert said == "disk-full | free some space, then repeat"
    assert files == [f"{mount}/state/journal", f"{mount}/tree", f"{mount}/tree/f"]
