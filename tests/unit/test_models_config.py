"""What exosuit.toml says of models, and what is said of a file that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from exosuit.core.errors import ExosuitError
from exosuit.models.keys import KeyName, scrubbed
from exosuit.models.settings import exposed, load, merged, parsed

GOOD = b"""
[supply.a]
driver = "openai"
base_url = "http://127.0.0.1:9001/v1"
model = "some-model"
key = "env:A_KEY"

[supply.b]
driver = "anthropic"
model = "other"

[route.smart]
supplies = ["a", "b"]

[budget]
day = 5.00
app = { code = 1.5 }

[check.tests]
command = "pytest"
"""


def test_the_tables_of_models_are_read_and_those_of_others_left_alone() -> None:
    settings = parsed(GOOD)
    assert settings.supply["a"].model == "some-model"
    assert settings.route["smart"].supplies == ("a", "b")
    assert settings.route["smart"].strategy == "order"
    assert settings.budget.day == 5.0
    assert settings.budget.app == {"code": 1.5}


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        (b'[supply.a]\ndrivr = "openai"\nmodel = "m"', "[supply.a] has no 'drivr'", "did you mean 'driver'?"),
        (b'[suply.a]\ndriver = "openai"', "no table [suply]", "did you mean [supply]?"),
        (b'[supply.a]\ndriver = "openia"\nmodel = "m"', "one of 'openai'", "docs/models.md"),
        (b'[supply.a]\ndriver = "openai"', "[supply.a] lacks model", "docs/models.md"),
        (b'[supply.a]\ndriver = "openai"\nmodel = "m"\nbase_url = "ftp://x"', "[supply.a] base_url", "docs/models.md"),
        (b"[queue]\nweigth = { code = 2 }", "[queue] has no 'weigth'", "did you mean 'weight'?"),
        (b"[queue.weight]\ncode = 0", "[queue] weight: a weight is more than 0", "see docs/models.md"),
        (b"[budget]\ndya = 5", "[budget] has no 'dya'", "did you mean 'day'?"),
        (b"[budget]\nday = -1", "[budget] day", "docs/models.md"),
        (b'[route.r]\nsupplies = ["a"]\nstratgy = "order"', "[route.r] has no 'stratgy'", "did you mean 'strategy'?"),
        (b"[route.r]\nsupplies = []", "[route.r] supplies", "docs/models.md"),
        (b"[supply]\na = 1", "[supply.a]", "docs/models.md"),
        (b"supply = 1", "[supply]", "docs/models.md"),
        (b"[supply.a", "Expected ']'", "docs/models.md"),
        (b"\xff\xfe", "utf-8", "docs/models.md"),
    ],
)
def test_a_typo_is_told_with_its_place_and_the_nearest_name(text: bytes, said: str, hint: str) -> None:
    with pytest.raises(ExosuitError) as caught:
        parsed(text)
    assert caught.value.code == "bad-config"
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_a_route_that_names_no_supply_is_told_the_nearest() -> None:
    with pytest.raises(ExosuitError, match=r"\[route\.smart\].*'clod'") as caught:
        merged({"f": b'[supply.cloud]\ndriver="openai"\nmodel="m"\n[route.smart]\nsupplies=["clod"]'})
    assert caught.value.hint == "did you mean 'cloud'?"


def test_the_workspace_file_is_over_the_users_file_name_by_name(tmp_path: Path) -> None:
    user, own = tmp_path / "user.toml", tmp_path / "exosuit.toml"
    user.write_bytes(GOOD)
    own.write_bytes(
        b'[supply.a]\ndriver = "ollama"\nmodel = "tiny"\n[route.fast]\nsupplies = ["a", "b"]\n[budget]\nday = 1'
    )
    settings = load(own, user=user)
    assert settings.supply["a"].model == "tiny"
    assert settings.supply["b"].model == "other"
    assert sorted(settings.route) == ["fast", "smart"]
    assert settings.budget.day == 1
    assert settings.budget.app == {"code": 1.5}
    assert settings.origin["supply.a"] == str(own)


def test_no_file_at_all_is_an_error_that_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(ExosuitError) as caught:
        load(tmp_path / "exosuit.toml", user=tmp_path / "user.toml")
    assert caught.value.code == "no-config"
    assert "exosuit model add" in caught.value.hint


def test_a_key_that_is_written_out_is_refused_and_not_repeated() -> None:
    with pytest.raises(ExosuitError) as caught:
        parsed(b'[supply.a]\ndriver = "openai"\nmodel = "m"\nkey = "sk-very-secret"')
    assert "where the key is" in caught.value.message
    assert "secret" not in caught.value.message + caught.value.hint
    assert caught.value.__cause__ is None
    assert "secret" not in repr(caught.value.__context__)


def test_a_key_is_read_from_the_environment_only_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    key = KeyName.parse("env:SOME_KEY")
    monkeypatch.setenv("SOME_KEY", "sk-very-secret")
    assert key.read() == "sk-very-secret"
    assert "secret" not in repr(key) + str(key)
    monkeypatch.delenv("SOME_KEY")
    with pytest.raises(ExosuitError, match="SOME_KEY") as caught:
        key.read()
    assert caught.value.code == "no-key"


def test_what_others_say_is_rid_of_the_key() -> None:
    assert scrubbed("Incorrect key: sk-very-secret.", "sk-very-secret") == "Incorrect key: ***."


@pytest.mark.parametrize(
    ("url", "key", "is_exposed"),
    [
        ("http://127.0.0.1:1/v1", "env:K", False),
        ("http://localhost/v1", "env:K", False),
        ("https://models.example/v1", "env:K", True),
        ("http://127.0.0.1.example/v1", "env:K", True),
        ("http://127.0.0.1@models.example/v1", "env:K", True),
        ("https://models.example/v1", "", False),
        ("", "env:K", False),
    ],
)
def test_a_key_that_would_go_to_an_address_of_the_files_own_is_noticed(url: str, key: str, is_exposed: bool) -> None:
    table = f'[supply.a]\ndriver = "openai"\nmodel = "m"\nbase_url = "{url}"\nkey = "{key}"'
    assert exposed(parsed(table.encode()).supply["a"]) is is_exposed
