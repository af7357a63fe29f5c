"""Commands that are watched say how far they are, and stop when they are told to with nothing half done."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from exosuit.changes import git as seam
from exosuit.changes.landing import Landing
from exosuit.commands import plans
from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError
from exosuit.core.progress import CancelledError, Watch, current, stop_if_asked, tell, to_the_end, wait_for, watched
from tests.repository import Repository

FILES = 70


@pytest.fixture
def many(workspace: Repository) -> Repository:
    """A branch `work` that changes every file."""
    names = [f"{i % 10}/f{i}.py" for i in range(FILES)]
    workspace.commit("base", {name: f"def f():\n    return {i}\n" for i, name in enumerate(names)})
    workspace.git("checkout", "--quiet", "-b", "work")
    workspace.commit("work", {name: f"def g():\n    return {i} + 1\n" for i, name in enumerate(names)})
    workspace.git("checkout", "--quiet", "main")
    return workspace


class Desk:
    """Calls with a watch, which may cancel when so much was told."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.session = Session(repository.path, actor="test")
        self.told: list[tuple[int, int, str]] = []

    def call(self, name: str, *, until: int | None = None, **fields: Any) -> Any:
        self.told = []
        watch = Watch(lambda *words: self._tell(watch, until, words))
        if until == 0:
            watch.cancel()
        with watched(watch):
            return load().dispatch(name, self.session, fields)

    def _tell(self, watch: Watch, until: int | None, words: tuple[int, int, str]) -> None:
        self.told.append(words)
        if until is not None and len(self.told) >= until:
            watch.cancel()


@pytest.fixture
def desk(many: Repository) -> Desk:
    return Desk(many)


def decided(desk: Desk) -> str:
    change: str = desk.call("change.import", revisions="main..work").change
    desk.call("change.accept", change=change, all=True)
    return change


def calls(change: str, out: Path) -> dict[str, dict[str, Any]]:
    return {
        "change.apply": {"change": change},
        "change.plan": {"change": change},
        "change.show": {"change": change},
        "change.materialize": {"change": change, "all": True, "out": str(out)},
    }


@pytest.mark.parametrize("name", ["change.apply", "change.plan", "change.show"])
def test_what_takes_long_says_how_far_it_is(desk: Desk, tmp_path: Path, name: str) -> None:
    change = decided(desk)
    plans.forget()
    desk.call(name, **calls(change, tmp_path / "out")[name])
    assert len(desk.told) >= 3
    assert all(0 <= done <= total for done, total, _ in desk.told)
    assert [done for done, _, _ in desk.told] == sorted(done for done, _, _ in desk.told)


def test_an_import_says_how_far_it_is(desk: Desk) -> None:
    desk.call("change.import", revisions="main..work")
    assert [(done, total) for done, total, _ in desk.told] == [(64, FILES)]


@pytest.mark.parametrize("until", [0, 1])
@pytest.mark.parametrize("source", [{"revisions": "main..work"}, {"worktree": True, "against": "work"}])
def test_an_import_that_is_cancelled_leaves_no_change(desk: Desk, source: dict[str, Any], until: int) -> None:
    with pytest.raises(CancelledError):
        desk.call("change.import", until=until, **source)
    assert desk.call("change.list").changes == []
    assert desk.call("change.import", **source).files == FILES


@pytest.mark.parametrize("until", [0, 3])
def test_an_apply_that_is_cancelled_writes_nothing_and_can_be_repeated(desk: Desk, until: int) -> None:
    change = decided(desk)
    before = desk.repository.files()
    with pytest.raises(CancelledError):
        desk.call("change.apply", change=change, until=until)
    assert desk.repository.files() == before
    assert not list(desk.repository.path.rglob(".exosuit-*"))
    assert len(desk.call("change.apply", change=change).applied) == FILES


def test_an_apply_is_whole_or_not_at_all_whenever_it_is_cancelled(desk: Desk) -> None:
    change = decided(desk)
    before = desk.repository.files()
    for until in range(1, 2 * FILES + 40, 41):
        try:
            desk.call("change.apply", change=change, until=until)
        except CancelledError:
            assert desk.repository.files() == before
        else:
            assert all(text.startswith(b"def g") for name, text in desk.repository.files().items() if "/" in name)
            return
    raise AssertionError("it was never let through")


def test_an_apply_that_has_begun_to_land_goes_to_its_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    change = decided(desk)
    real = Landing.land

    def land(landing: Landing) -> None:
        watch = current()
        assert watch is not None
        watch.cancel()
        stop_if_asked()
        real(landing)
        stop_if_asked()

    monkeypatch.setattr(Landing, "land", land)
    assert len(desk.call("change.apply", change=change).applied) == FILES
    assert all(text.startswith(b"def g") for name, text in desk.repository.files().items() if "/" in name)


@pytest.mark.parametrize("name", ["change.plan", "change.show", "change.materialize"])
@pytest.mark.parametrize("until", [0, 2])
def test_what_only_reads_stops_and_works_when_asked_again(desk: Desk, tmp_path: Path, name: str, until: int) -> None:
    change = decided(desk)
    plans.forget()
    ask = calls(change, tmp_path / "out")[name]
    if until == 0 or name != "change.materialize":  # which has nothing to tell: git writes it in one go
        with pytest.raises(CancelledError):
            desk.call(name, until=until, **ask)
    assert not (tmp_path / "out").exists()
    desk.call(name, **ask)


@pytest.mark.slow
@pytest.mark.parametrize("actor", ["mcp", "gui"])
def test_checks_end_with_who_asked_but_outlive_a_page(workspace: Repository, actor: str) -> None:
    workspace.commit("slow", {"exosuit.toml": '[check.slow]\ncommand = "sleep 1"\n'})
    watch = Watch(lambda *words: watch.cancel())
    with watched(watch):
        ran: Any = load().dispatch("check.run", Session(workspace.path, actor=actor), {})
    assert watch.latest is not None
    assert watch.latest[2] == "slow on now"
    assert [(one.verdict, one.why) for one in ran.results] == [
        ("pass", "it exited with 0") if actor == "gui" else ("cannot-tell", "it was stopped")
    ]


def test_a_git_that_takes_long_is_ended_when_nobody_waits(many: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seam, "_program", lambda: "sleep")
    monkeypatch.setattr(seam, "_QUIET", ())
    for act in (lambda: seam.attempt(["60"]), lambda: list(seam.stream(["60"]))):
        watch = Watch()
        threading.Timer(0.3, watch.cancel).start()
        began = time.monotonic()
        with watched(watch), pytest.raises(CancelledError):
            act()
        assert time.monotonic() - began < 20


def test_a_tree_that_is_cancelled_on_its_way_out_leaves_no_folder(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = decided(desk)
    real = seam.attempt

    def cut(arguments: Any, **options: Any) -> Any:
        done = real(arguments, **options)
        if "checkout-index" in arguments:
            raise CancelledError
        return done

    monkeypatch.setattr(seam, "attempt", cut)
    with pytest.raises(CancelledError):
        desk.call("change.materialize", change=change, all=True, out=str(tmp_path / "deep" / "out"))
    assert list((tmp_path / "deep").iterdir()) == []


def test_without_a_watch_nothing_is_told_and_nothing_stops() -> None:
    tell(1, 2, "x")
    stop_if_asked()
    assert not wait_for(threading.Event(), 0.01)


def test_a_watch_stops_its_own_command_only_and_not_what_must_come_to_its_end() -> None:
    watch, other = Watch(), Watch()
    watch.cancel()
    with watched(other):
        stop_if_asked()
        with watched(watch):
            with to_the_end():
                tell(1, 2, "x")
            with pytest.raises(CancelledError):
                tell(2, 2, "x")
        stop_if_asked()
    assert watch.latest == (1, 2, "x")


def test_waiting_ends_when_it_happens_or_when_nobody_wants_it() -> None:
    happened = threading.Event()
    threading.Timer(0.05, happened.set).start()
    with watched(Watch()):
        assert wait_for(happened)
    watch = Watch()
    threading.Timer(0.05, watch.cancel).start()
    with watched(watch), pytest.raises(CancelledError):
        wait_for(threading.Event())


def test_being_cancelled_is_an_error_like_any_other() -> None:
    error: ExosuitError = CancelledError()
    assert (error.code, error.retryable) == ("cancelled", True)
