"""The registry: one entry a command, one gate for every call."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.registry import Argument, Effect, Face, Registry, arguments, as_json


class Ask(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    name: Annotated[str, Argument(positional=True, metavar="NAME")]
    with_file: Annotated[str | None, Argument(file=True)] = Field(None, alias="with")
    numbers: list[int] = Field(default_factory=list)


class Answer(BaseModel):
    said: str
    by: Any = Field(serialization_alias="from")


@pytest.fixture
def registry() -> Registry:
    made = Registry()

    @made.command("word.say", effect=Effect.READ)
    def say(session: str, ask: Ask) -> Answer:
        """Say a name.

        Loudly.
        """
        return Answer(said=f"{session} {ask.name} {ask.with_file or ''} {ask.numbers}", by=session)

    return made


def test_a_command_is_read_off_its_function(registry: Registry) -> None:
    command = registry.get("word.say")
    assert (command.noun, command.verb, command.tool, command.summary) == ("word", "say", "word_say", "Say a name.")
    assert command.doc == "Say a name.\n\nLoudly."
    assert (command.input, command.output, command.faces) == (Ask, Answer, frozenset(Face))
    assert list(registry) == [command]


def test_a_call_is_checked_and_answered_the_same_from_fields_or_a_model(registry: Registry) -> None:
    by_fields = registry.dispatch("word.say", "me", {"name": "x", "with": "f", "numbers": ["1", 2]})
    by_model = registry.dispatch(
        "word.say", "me", Ask.model_validate({"name": "x", "with_file": "f", "numbers": [1, 2]})
    )
    assert as_json(by_fields) == as_json(by_model) == {"said": "me x f [1, 2]", "from": "me"}


def test_wrong_fields_are_one_error_that_names_each_and_is_never_long(registry: Registry) -> None:
    with pytest.raises(UsageError) as raised:
        registry.dispatch("word.say", "me", {"nome": 1, "numbers": ["a"] * 50})
    assert raised.value.code == "bad-input"
    assert raised.value.message.startswith("name: Field required; numbers.0: Input should be a valid integer")
    assert raised.value.message.endswith("; and 47 more")
    assert raised.value.hint == "see exosuit word say --help"
    with pytest.raises(UsageError) as raised:
        registry.dispatch("word.say", "me", {"x" * 100_000: 1})
    assert len(raised.value.message) < 1000


def test_an_unknown_command_is_an_error_with_a_hint(registry: Registry) -> None:
    with pytest.raises(ExosuitError) as raised:
        registry.dispatch("word.shout", "me", {})
    assert (raised.value.code, raised.value.hint) == ("no-such-command", "exosuit --help lists them")


def test_a_name_twice_or_no_docstring_is_found_when_it_is_written(registry: Registry) -> None:
    def undocumented(session: str, ask: Ask) -> Answer:
        return Answer(said="", by="")

    with pytest.raises(ValueError, match="no docstring"):
        registry.command("word.new", effect=Effect.READ)(undocumented)
    undocumented.__doc__ = "Say."
    with pytest.raises(ValueError, match="twice"):
        registry.command("word.say", effect=Effect.READ)(undocumented)


def test_marks_say_where_a_field_stands_on_the_command_line() -> None:
    assert arguments(Ask) == {
        "name": Argument(positional=True, metavar="NAME"),
        "with_file": Argument(file=True),
        "numbers": Argument(),
    }
