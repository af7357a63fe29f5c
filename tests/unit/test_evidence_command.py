"""The evidence as a command, on a change of a real workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.core.errors import UsageError
from exosuit.verify.evidence.licences import Installed
from tests.repository import Repository


def call(session: Session, **fields: Any) -> Any:
    return load().dispatch("change.evidence", session, fields)


@pytest.fixture
def session(workspace: Repository) -> Session:
    workspace.commit(
        "one", {"m.py": "def f(a, b):\n    return a\n", "test_m.py": "def test_f():\n    assert f(1, 2) == 1\n"}
    )
    workspace.commit(
        "two", {"m.py": "def f(a):\n    return eval(a)\n", "test_m.py": "def test_f():\n    assert f(1)\n"}
    )
    opened = Session(workspace.path)
    load().dispatch("change.import", opened, {"revisions": "HEAD~1..HEAD"})
    return opened


def test_evidence_names_its_atoms_and_lines_and_how_to_see_it_again(session: Session) -> None:
    told = call(session, change="last")
    kinds = {(one.kind, one.strength) for one in told.evidence}
    assert {("capability", "against"), ("interface", "differs"), ("weakened test", "against")} <= kinds
    weak = next(one for one in told.evidence if one.kind == "weakened test")
    assert weak.atoms == ["2"]
    assert [(one.path, one.side, one.first, one.last) for one in weak.lines] == [
        ("test_m.py", "base", 2, 2),
        ("test_m.py", "head", 2, 2),
    ]
    assert weak.reproduce == f'exosuit change evidence {told.change} --only "weakened test"'


def test_one_kind_is_the_same_alone_and_an_unknown_kind_is_refused(session: Session) -> None:
    alone = call(session, change="last", only=["interface"]).evidence
    every = call(session, change="last").evidence
    assert [one.id for one in alone] == [one.id for one in every if one.kind == "interface"]
    with pytest.raises(UsageError) as refused:
        call(session, change="last", only=["nothing"])
    assert refused.value.code == "no-such-kind"


def test_licences_are_read_from_the_metadata_of_what_is_installed(tmp_path: Path) -> None:
    for name, text in {
        "left_pad-1.0": "License-Expression: MIT\n",
        "right_pad-1.0": "License: UNKNOWN\nClassifier: License :: OSI Approved :: Apache Software License\n",
        "no_pad-1.0": "Name: no-pad\n",
    }.items():
        folder = tmp_path / f"{name}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(text)
    licence = Installed([tmp_path])
    assert [licence(name) for name in ("Left.Pad", "right-pad", "no-pad", "absent")] == [
        "MIT", "Apache Software License", "", "",
    ]  # fmt: skip
