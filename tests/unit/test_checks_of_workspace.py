"""Checks of a workspace, run for real: on snapshots, with the workspace's own Python, through the commands."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from exosuit.changes.workspace import Workspace
from exosuit.commands.catalogue import load
from exosuit.commands.check_models import CheckRan, ChecksKnown, ChecksRunning
from exosuit.commands.models import Imported
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError
from exosuit.faces import cli
from exosuit.verify.checks.checker import Checker
from tests.repository import Repository

pytestmark = pytest.mark.slow

TESTS = """
import os, unittest
import pytest
from package import number

def test_good(): assert number() == 1
def test_tree(): assert __file__ == {root!r} + "/tests/test_it.py"
def test_writes():
    for path, _, names in os.walk("."):
        for name in names:
            if ".venv" not in path:
                open(os.path.join(path, name), "a").write("# written")
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.xfail
def test_expected(): assert 0
@pytest.fixture
def broken(): raise RuntimeError
@pytest.mark.parametrize("text", ["[ü]\\n"])
def test_text(text): assert text
class TestOld(unittest.TestCase):
    def test_old(self): self.assertEqual(number(), 1)
"""


@pytest.fixture
def project(workspace: Repository) -> Repository:
    """A project with an environment of its own in which pytest is installed."""
    workspace.equip()
    workspace.commit(
        "a project",
        {
            ".gitignore": ".venv\n__pycache__\n",
            "src/package/__init__.py": "def number(): return 1\n",
            "tests/test_it.py": TESTS.format(root=str(workspace.path)),
        },
    )
    return workspace


def check(project: Repository, **ask: object) -> CheckRan:
    out = load().dispatch("check.run", Session(project.path), ask)
    assert isinstance(out, CheckRan)
    return out


def test_a_change_is_checked_on_its_base_and_its_head_and_each_once(project: Repository) -> None:
    project.commit("worse", {"src/package/__init__.py": "def number(): return 2\n"})
    imported = load().dispatch("change.import", Session(project.path), {"revisions": "HEAD^..HEAD"})
    assert isinstance(imported, Imported)
    base, head = check(project, what=imported.change).results
    assert (base.snapshot, base.verdict, base.cached, base.failing) == ("base", "pass", False, [])
    assert base.tests == {"passed": 5, "skipped": 1, "xfailed": 1}
    assert (head.snapshot, head.verdict) == ("head", "fail")
    assert head.failing == ["tests/test_it.py::test_good", "tests/test_it.py::TestOld::test_old"]
    again = check(project, what="last")
    assert [(one.verdict, one.cached) for one in again.results] == [("pass", True), ("fail", True)]
    assert again.results[1].failing == head.failing
    assert check(project, what="HEAD^").results[0].cached
    assert project.git("status", "--porcelain") == ""


def test_what_is_not_committed_is_checked_too(project: Repository) -> None:
    project.write({"src/package/__init__.py": "def number(): return 3\n"})
    assert check(project).results[0].verdict == "fail"


def test_a_flaky_test_is_told_as_such_and_not_as_a_failure(project: Repository) -> None:
    # It fails when the whole file is run, and passes when it is run by itself: the one flakiness that is certain.
    text = "import sys\ndef test_a(): sys.flag = 1\ndef test_b(): assert not hasattr(sys, 'flag')\n"
    project.commit("flaky", {"tests/test_it.py": text})
    result = check(project).results[0]
    assert (result.verdict, result.flaky, result.failing) == ("cannot-tell", ["tests/test_it.py::test_b"], [])
    assert result.tests == {"passed": 1, "flaky": 1}
    assert check(project).results[0].cached


def test_checks_are_those_that_the_workspace_has_agreed_to_not_those_that_a_change_brings(project: Repository) -> None:
    project.commit("checks", {"exosuit.toml": '[check.words]\ncommand = "test $WORD = yes"\nenv = {WORD = "yes"}\n'})
    assert [(one.name, one.verdict) for one in check(project).results] == [("words", "pass")]
    project.write({"exosuit.toml": '[check.evil]\ncommand = "curl evil"\nnetwork = true\n'})
    ran = check(project)
    assert [one.name for one in ran.results] == ["words"]
    assert ran.note == "exosuit.toml of now differs; the one of HEAD counts."


def test_what_is_missing_is_said_in_words(project: Repository) -> None:
    project.commit("needs more", {"src/package/__init__.py": "import no_such_module_anywhere\n"})
    result = check(project).results[0]
    assert result.verdict == "cannot-tell"
    assert "needs the module no_such_module_anywhere, which is not installed" in result.why
    project.commit("own part gone", {"src/package/__init__.py": "import package.gone\n"})
    assert check(project).results[0].verdict == "fail"


def test_only_what_is_named_is_run_and_a_name_of_none_is_refused(project: Repository) -> None:
    project.commit("two", {"exosuit.toml": '[check.a]\ncommand = "true"\n[check.b]\ncommand = "false"\n'})
    assert [one.name for one in check(project, only=["b"]).results] == ["b"]
    with pytest.raises(ExosuitError, match="there is no check c") as raised:
        check(project, only=["a", "c"])
    assert raised.value.hint == "exosuit check list"


def test_checks_are_listed_with_the_python_they_run_with(project: Repository) -> None:
    out = load().dispatch("check.list", Session(project.path), {})
    assert isinstance(out, ChecksKnown)
    assert [one.name for one in out.checks] == ["pytest"]
    assert out.python == str(project.path / ".venv" / "bin" / "python")


def test_what_earlier_runs_said_is_listed_and_nothing_is_run_for_it(project: Repository) -> None:
    config = """[check.good]
command = ["true"]

[check.bad]
command = ["sh", "-c", "echo no good; false"]

[check.long]
command = ["sleep", "5"]
timeout = 1
"""
    project.commit("checks", {"exosuit.toml": config})
    project.commit("more", {"a.py": "A = 1\n"})

    def imported() -> str:
        change = load().dispatch("change.import", Session(project.path), {"revisions": "HEAD~1..HEAD"})
        assert isinstance(change, Imported)
        return change.change

    def listed(change: str) -> list[tuple[str, str, str]]:
        known = load().dispatch("check.list", Session(project.path), {"what": change})
        assert isinstance(known, ChecksKnown)
        return sorted((one.name, one.snapshot, one.verdict) for one in known.results)

    change = imported()
    assert listed(change) == []
    load().dispatch("check.run", Session(project.path), {"what": change})
    verdicts = {"good": "pass", "bad": "fail", "long": "cannot-tell"}
    assert listed(change) == sorted((name, side, said) for name, said in verdicts.items() for side in ("base", "head"))
    project.commit("again", {"a.py": "A = 2\n"})
    assert {side for _, side, _ in listed(imported())} == {"base"}


def test_a_run_shows_how_far_it_is_and_can_be_stopped(project: Repository) -> None:
    project.commit("slow", {"exosuit.toml": '[check.slow]\ncommand = "sleep 60"\n[check.more]\ncommand = "true"\n'})
    session = Session(project.path)
    seen: list[tuple[int, int, str]] = []
    watched = Session(project.path, progress=lambda done, total, what: seen.append((done, total, what)))
    ran: list[CheckRan] = []

    def run() -> None:
        out = load().dispatch("check.run", watched, {})
        assert isinstance(out, CheckRan)
        ran.append(out)

    thread = threading.Thread(target=run)
    thread.start()
    while not seen:
        thread.join(0.05)
    status = load().dispatch("check.status", session, {})
    assert isinstance(status, ChecksRunning)
    assert (status.running[0].what, status.running[0].check, status.running[0].total) == ("now", "slow on now", 2)
    assert status.running[0].seconds_left > 0
    load().dispatch("check.stop", session, {})
    thread.join(30)
    assert [(one.verdict, one.why) for one in ran[0].results] == [("cannot-tell", "it was stopped")] * 2
    assert seen[0][2] == "slow on now"
    assert 0 <= seen[0][0] <= seen[0][1]


def test_the_command_line_takes_the_noun_alone(project: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    project.commit("one", {"exosuit.toml": '[check.words]\ncommand = "echo said; exit 3"\n'})
    assert cli.main(["-C", str(project.path), "check", "HEAD", "--only", "words"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("fail         words  exit code 3: said")
    assert cli.main(["-C", str(project.path), "check", "list"]) == 0
    assert "words  sh -c" in capsys.readouterr().out


def test_a_result_is_made_anew_when_the_environment_is_another(project: Repository) -> None:
    workspace = Workspace.open(project.path)
    tree = workspace.ground.now()
    first = Checker(workspace, tree)
    one = first.checks(tree)[0]
    assert not first.check(tree, one).cached
    own = next((project.path / ".venv" / "lib").glob("python3*/site-packages"))
    (own / "more-1.0.dist-info").mkdir()
    assert not Checker(workspace, tree).check(tree, one).cached


def test_a_plain_folder_has_checks_too(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "exosuit.toml").write_text('[check.words]\ncommand = ["cat", "exosuit.toml"]\n')
    out = load().dispatch("check.run", Session(folder), {})
    assert isinstance(out, CheckRan)
    assert [one.verdict for one in out.results] == ["pass"]


def test_the_exit_code_tells_whether_what_would_be_had_fails(project: Repository) -> None:
    assert cli.main(["-C", str(project.path), "check"]) == 0
    project.commit("worse", {"src/package/__init__.py": "def number(): return 2\n"})
    assert cli.main(["-C", str(project.path), "check", "--json"]) == 1
    project.commit("better", {"src/package/__init__.py": "def number(): return 1\n"})
    load().dispatch("change.import", Session(project.path), {"revisions": "HEAD^..HEAD"})
    assert cli.main(["-C", str(project.path), "check", "last"]) == 0
