"""What goes into the commands of models and what comes out."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from exosuit.commands.models import Model
from exosuit.core.registry import Argument
from exosuit.models.config import Driver, Strategy

Name = Annotated[str, Argument(positional=True, metavar="NAME")]


class ModelListAsk(Model):
    """Whether to look for servers on this machine too."""

    no_local: bool = Field(False, description="Do not ask the known ports of this machine for model servers.")


class ModelAddAsk(Model):
    """A supply: one model at one provider."""

    name: Name = Field(description="What to call it.")
    driver: Driver = Field(description="The dialect that it speaks.")
    model: str = Field(description="The model's name, as the provider has it.")
    base_url: str = Field("", description="Where it is; the vendor's own address, or the local server's, if not given.")
    key: str = Field("", description="Where its key is: env:NAME or keyring:NAME; never the key itself.")
    context: int | None = Field(None, description="How many tokens it takes.")


class ModelRouteAsk(Model):
    """A route: supplies behind a name."""

    name: Name = Field(description="What to call it: smart, fast, apply …")
    supplies: Annotated[list[str], Argument(positional=True, metavar="SUPPLY")] = Field(
        [], description="Names of supplies, first choice first; at least one."
    )
    strategy: Strategy = Field("order", description="How to choose among those that are well.")


class ModelTestAsk(Model):
    """What to ask."""

    name: Name = Field(description="A route or a supply.")


class ModelProbeAsk(Model):
    """Which supply, and how thoroughly."""

    name: Name = Field(description="A supply.")
    each: int = Field(4, ge=1, le=20, description="Questions of each of the seven skills.")


class SupplyShown(Model):
    """A supply as it is configured."""

    name: str
    driver: str
    model: str
    address: str = Field(description="Empty for the vendor's own.")
    key: str = Field(description="Where its key is; empty if it needs none.")
    key_found: bool
    context: int | None
    tools: bool
    continues: bool = Field(description="Whether it can go on with an answer that another one began.")
    source: str = Field(description="The file that names it.")
    note: str = Field(description="Why it is not used as it is; empty if it is.")


class RouteShown(Model):
    """A route as it is configured."""

    name: str
    supplies: list[str]
    strategy: str
    source: str


class LocalModelShown(Model):
    """A model that a server on this machine has; null where it does not tell."""

    name: str
    context: int | None
    tools: bool | None


class LocalServerShown(Model):
    """A model server that answered on this machine."""

    driver: str
    address: str
    models: list[LocalModelShown]


class ModelsShown(Model):
    """All that is configured, and what is found on this machine."""

    supplies: list[SupplyShown]
    routes: list[RouteShown]
    local: list[LocalServerShown]


class TableAdded(Model):
    """What is now in the user's file."""

    file: str
    text: str


class ServedShown(Model):
    """One request to one supply."""

    supply: str
    model: str
    outcome: str = Field(description="whole, lost (another was faster), cancelled, or what went wrong.")
    why: str
    first: float | None = Field(description="Seconds to the first event.")
    seconds: float


class ModelTested(Model):
    """What came back."""

    name: str
    answer: str
    seconds: float
    input_tokens: int
    output_tokens: int
    served: list[ServedShown]


class SkillShown(Model):
    """One skill of a supply."""

    skill: str
    right: int
    asked: int
    before: float | None = Field(description="The share that was right in earlier probes; nothing if there were none.")


class ModelProbed(Model):
    """A supply's card, and how it stands against its own record."""

    name: str
    model: str
    skills: list[SkillShown]
    right: int
    asked: int
    probes: int = Field(description="How many there are of it, this one among them.")
    record: float | None = Field(
        description="The share that was right in its first ten probes, once there are so many."
    )
    suspicion: float = Field(description="How much speaks for worse: from 0; at 1 it is said to be worse.")
    is_worse: bool
    seconds: float
