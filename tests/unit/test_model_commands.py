"""The commands of models: list, add, route, test."""

from __future__ import annotations

from pathlib import Path

import pytest

from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError
from exosuit.models import local
from exosuit.models.settings import user_file
from tests.providers import MODEL, Answer, Provider
from tests.switching import VARIABLE, scripted_key

__all__ = ["scripted_key"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration of the test's own, and no look at what runs on this machine."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(local, "found", list)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    (tmp_path / "workspace").mkdir()
    return Session(tmp_path / "workspace")


def call(session: Session, command: str, /, **fields: object) -> dict[str, object]:
    return load().dispatch(command, session, fields).model_dump()


def test_what_was_added_is_listed_and_adding_it_again_changes_nothing(session: Session) -> None:
    for _ in range(2):
        call(session, "model.add", name="a", driver="ollama", model="tiny")
        call(session, "model.route", name="smart", supplies=["a"])
    assert user_file().read_text().count("[supply.a]") == 1
    assert user_file().stat().st_mode & 0o777 == 0o600
    shown = load().dispatch("model.list", session, {}).model_dump()
    assert [(one["name"], one["address"], one["key_found"]) for one in shown["supplies"]] == [
        ("a", "http://127.0.0.1:11434/v1", True)
    ]
    assert [(one["name"], one["supplies"]) for one in shown["routes"]] == [("smart", ["a"])]


def test_a_name_that_is_taken_is_not_written_over(session: Session) -> None:
    call(session, "model.add", name="a", driver="ollama", model="tiny")
    with pytest.raises(ExosuitError) as caught:
        call(session, "model.add", name="a", driver="ollama", model="large")
    assert caught.value.code == "table-exists"
    assert "large" not in user_file().read_text()


@pytest.mark.parametrize("name", ["", "a.b", "a]\n[x", "ä", "x" * 41])
def test_a_name_that_is_none_is_refused(session: Session, name: str) -> None:
    with pytest.raises(ExosuitError) as caught:
        call(session, "model.add", name=name, driver="ollama", model="tiny")
    assert caught.value.code == "bad-name"
    assert not user_file().exists()


@pytest.mark.parametrize("model", ['a"b', "a\nb", "a\\b", "ü\x7f", "\u2028]"])
def test_whatever_a_model_is_called_the_file_holds_it(session: Session, model: str) -> None:
    call(session, "model.add", name="a", driver="ollama", model=model)
    call(session, "model.add", name="b", driver="ollama", model="m")
    shown = load().dispatch("model.list", session, {}).model_dump()
    assert [one["model"] for one in shown["supplies"]] == [model, "m"]


def test_a_key_that_is_written_out_goes_into_no_file(session: Session) -> None:
    with pytest.raises(ExosuitError) as caught:
        call(session, "model.add", name="a", driver="openai", model="m", key="sk-secret")
    assert "sk-secret" not in caught.value.message + caught.value.hint
    assert not user_file().exists()


def test_a_tool_may_not_say_where_a_key_is_sent(tmp_path: Path) -> None:
    session = Session(tmp_path, actor="mcp")
    with pytest.raises(ExosuitError) as caught:
        call(session, "model.add", name="a", driver="openai", model="m", key="env:K", base_url="https://models.example")
    assert caught.value.code == "not-by-tool"


def test_a_workspace_that_would_send_a_key_to_an_address_of_its_own_is_not_asked(session: Session) -> None:
    table = '[supply.a]\ndriver = "openai"\nmodel = "m"\nbase_url = "https://models.example/v1"\nkey = "env:K"\n'
    (session.root / "exosuit.toml").write_text(table)
    shown = load().dispatch("model.list", session, {}).model_dump()
    assert shown["supplies"][0]["note"]
    with pytest.raises(ExosuitError) as caught:
        call(session, "model.test", name="a")
    assert caught.value.code == "not-trusted"
    assert "exosuit model add" in caught.value.hint


@pytest.mark.usefixtures("scripted_key")
def test_a_supply_is_asked_and_what_came_back_is_shown(session: Session) -> None:
    with Provider([Answer(text="ready")]) as provider:
        call(session, "model.add", name="a", driver="openai", model=MODEL, base_url=provider.v1, key=f"env:{VARIABLE}")
        told = call(session, "model.test", name="a")
    assert told["answer"] == "ready"
    assert isinstance(told["served"], list)
    assert [(one["supply"], one["outcome"]) for one in told["served"]] == [("a", "whole")]


def test_a_name_that_nobody_has_is_told_the_nearest(session: Session) -> None:
    call(session, "model.add", name="smart", driver="ollama", model="tiny")
    with pytest.raises(ExosuitError) as caught:
        call(session, "model.test", name="smrt")
    assert caught.value.hint == "did you mean 'smart'?"
