"""The journal's phases and the lock."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from exosuit.changes.apply import recover
from exosuit.changes.disk import Disk
from exosuit.changes.journal import (
    Journal,
    MoveRef,
    Phase,
    Record,
    Ref,
    StepRef,
    Unit,
    from_json,
    lock,
    new_id,
    to_json,
)
from exosuit.core.errors import ExosuitError
from tests.applying import FILE, Workplace

REF = Ref(FILE, "0" * 64, "key")
ODD = bytes(range(1, 256))
RECORD = Record(
    "0123456789ab", "label", (Unit((StepRef(ODD, None, REF),), (), (MoveRef(ODD, REF, None, b"slot"),)),), (b"made",)
)


def test_a_record_with_any_path_comes_back_from_json() -> None:
    assert from_json(to_json(RECORD)) == RECORD


def test_a_journal_goes_through_its_phases_and_is_gone_at_the_end(tmp_path: Path) -> None:
    journal = Journal(Disk(), tmp_path)
    journal.write(RECORD, Phase.PREPARING)
    for old, new in [(Phase.PREPARING, Phase.PREPARED), (Phase.PREPARED, Phase.BACK)]:
        journal.mark(RECORD, old, new)
        assert journal.phase(RECORD) is new
        assert journal.open_records() == [(RECORD, new)]
    journal.close(RECORD, Phase.BACK)
    assert journal.open_records() == []
    assert list((tmp_path / "journal").iterdir()) == []


def test_half_a_journal_is_not_a_journal(tmp_path: Path) -> None:
    journal = Journal(Disk(), tmp_path)
    (tmp_path / "journal" / "0123456789ab.new").write_text('{"id": "01')
    assert journal.open_records() == []
    assert list((tmp_path / "journal").iterdir()) == []


def test_a_damaged_journal_is_reported_with_what_to_do(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    recover(place.site())
    (place.state / "journal" / "0123456789ab.prepared").write_text("{}")
    with pytest.raises(ExosuitError) as caught:
        recover(place.site())
    assert caught.value.code == "journal-damaged"
    assert "0123456789ab.prepared" in caught.value.message


def test_ids_are_twelve_hex_digits_and_do_not_repeat() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(one) == 12 and int(one, 16) >= 0 for one in ids)


def test_a_second_holder_is_told_who_has_the_lock_after_a_bounded_wait(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from exosuit.changes.journal import lock\n"
        "with lock(Path(sys.argv[1]), 1):\n    print('held', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    with pytest.raises(ExosuitError) as caught, lock(tmp_path, 0.1):
        pass
    assert caught.value.code == "workspace-busy"
    assert f"process {child.pid}" in caught.value.message
    assert caught.value.retryable
    child.kill()  # however the holder ends, the kernel frees the lock
    child.communicate()
    with lock(tmp_path, 5):
        assert (tmp_path / "apply.lock").read_text() == str(os.getpid())


def test_two_threads_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    with lock(tmp_path, 1), pytest.raises(ExosuitError, match=f"process {os.getpid()}"), lock(tmp_path, 0):
        pass
