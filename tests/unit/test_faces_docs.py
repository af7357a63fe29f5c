"""The page of commands is made from the registry, whole, and never stale."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from exosuit.core.registry import Command, Effect
from exosuit.faces import docs
from exosuit.faces.cli import parse
from exosuit.faces.nouns import NOUNS
from exosuit.faces.signature import wire_name
from exosuit.faces.spelling import words
from exosuit.faces.suit import REAL

COMMANDS = list(REAL.load())
named = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
PAGE = Path(__file__).parents[2] / docs.PAGE


def test_the_page_in_the_repository_is_what_the_registry_gives() -> None:
    assert PAGE.read_text(encoding="utf-8") == docs.page(REAL.load()), "run python -m exosuit.faces.docs"


def test_a_stale_page_is_found_and_a_fresh_one_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert docs.main(["--check"]) == 1
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    docs.PAGE.write_text("old")
    assert docs.main(["--check"]) == 1


@named
def test_each_command_says_what_it_does_and_what_each_field_is(command: Command) -> None:
    assert command.summary.endswith((".", "…")), command.summary
    undescribed = [name for name, field in command.input.model_fields.items() if not field.description]
    assert not undescribed
    text = docs.section(command)
    for name, field in command.input.model_fields.items():
        assert f"`{wire_name(name, field)}`" in text
    for part in (command.doc, f"`{command.tool}`", f"/api/{command.name}", command.effect.value):
        assert part in text


@named
def test_the_curl_line_is_a_call_that_the_model_takes(command: Command) -> None:
    line = shlex.split(docs.curl(command).replace("$TOKEN", "x"))
    command.input.model_validate(json.loads(line[line.index("--json") + 1]))


@named
def test_the_usage_line_is_one_that_the_command_line_takes(command: Command) -> None:
    sample = docs.sample(command)
    call = parse(words(command, sample), REAL)
    assert call is not None
    assert command.input.model_validate(call.fields) == command.input.model_validate(sample)


@named
def test_the_command_stands_on_the_page_once(command: Command) -> None:
    assert len(re.findall(rf"^### {re.escape(command.name)}$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)) == 1
    assert command.noun in NOUNS


def test_every_effect_is_explained() -> None:
    assert set(docs.EFFECTS) == set(Effect)
