"""Reading what is configured of models: the workspace's `exosuit.toml` over the user's own file."""

from __future__ import annotations

import difflib
import ipaddress
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from platformdirs import user_config_path
from pydantic import BaseModel, ValidationError

from exosuit.core.errors import ExosuitError
from exosuit.models.config import BudgetTable, Price, QueueTable, RouteTable, Settings, SupplyTable

FILE = "exosuit.toml"
HELP = "see docs/models.md"
TABLES = ("supply", "route", "budget", "queue")


def user_file() -> Path:
    """The user's own file, for all workspaces; `XDG_CONFIG_HOME` moves it on Linux."""
    return user_config_path("exosuit", appauthor=False) / FILE


def load(path: Path, *, user: Path | None = None) -> Settings:
    """What `path` says, over what `user` says where both name the same supply, route or budget.

    A file that is not there says nothing, but one of the two must be. Raises `bad-config` with the place and, for a
    name that is not known, the nearest one that is.
    """
    files = [file for file in (user, path) if file is not None and file.is_file()]
    if not files:
        raise ExosuitError("no-config", f"there is no {path}", "exosuit model add NAME --driver DRIVER --model MODEL")
    return merged({str(file): file.read_bytes() for file in files})


def merged(texts: Mapping[str, bytes]) -> Settings:
    """Files as one, the later over the earlier, name by name; each is checked by itself first."""
    supplies: dict[str, SupplyTable] = {}
    routes: dict[str, RouteTable] = {}
    budget: dict[str, Any] = {}
    weight: dict[str, float] = {}
    origin: dict[str, str] = {}
    for name, text in texts.items():
        told = parsed(text, name)
        supplies |= told.supply
        routes |= told.route
        budget |= told.budget.model_dump(exclude_unset=True)
        weight |= told.queue.weight
        origin |= {f"supply.{one}": name for one in told.supply} | {f"route.{one}": name for one in told.route}
    _check_routes(routes, supplies, origin)
    queue = QueueTable(weight=weight)
    return Settings(supply=supplies, route=routes, budget=BudgetTable(**budget), queue=queue, origin=origin)


def parsed(text: bytes, name: str = FILE) -> Settings:
    """One file; tables that are not about models are left to whom they belong."""
    try:
        data = tomllib.loads(text.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise bad(name, str(error)) from None
    for table in data.keys() - set(TABLES):
        if near := nearest(table, TABLES, sure=0.8):
            raise bad(name, f"there is no table [{table}]", f"did you mean [{near}]?")
    try:
        return Settings.model_validate({table: data[table] for table in TABLES if table in data})
    except ValidationError as error:
        raise bad(name, *_told(error)) from None


def nearest(name: str, known: Iterable[str], sure: float = 0.6) -> str:
    """The known name that is most like `name`; empty if none is."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=sure)
    return found[0] if found else ""


def exposed(supply: SupplyTable) -> bool:
    """Whether a key would leave this machine for an address that the file itself names.

    A repository that somebody else wrote could send any variable of the environment to itself that way.
    """
    if not supply.key or not supply.base_url:
        return False
    host = urlsplit(supply.base_url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def bad(name: str, what: str, hint: str = HELP) -> ExosuitError:
    """The one error for a file that cannot be taken as it is."""
    return ExosuitError("bad-config", f"{name}: {what}", hint)


def _check_routes(
    routes: Mapping[str, RouteTable], supplies: Mapping[str, SupplyTable], origin: dict[str, str]
) -> None:
    for route, table in routes.items():
        for supply in table.supplies:
            if supply not in supplies:
                near = nearest(supply, supplies)
                hint = f"did you mean {near!r}?" if near else f"[supply.{supply}] says what it is; {HELP}"
                raise bad(origin[f"route.{route}"], f"[route.{route}] names no supply that there is: {supply!r}", hint)


def _told(error: ValidationError) -> tuple[str, str]:
    """What is wrong, with its place, and what to do about it; never the value: it may be a key."""
    faults = error.errors(include_url=False, include_input=False, include_context=True)
    fault = min(faults, key=lambda one: one["type"] != "extra_forbidden")  # a misspelled name is a missing one too
    steps = [str(step) for step in fault["loc"]]
    place, field = _place(steps)
    if fault["type"] == "extra_forbidden":
        near = nearest(field, _fields(steps))
        return f"{place} has no {field!r}", f"did you mean {near!r}?" if near else HELP
    if fault["type"] == "literal_error":
        return f"{place} {field} is to be one of {fault['ctx']['expected']}", HELP
    if fault["type"] == "missing":
        return f"{place} lacks {field}", HELP
    what = str(fault["msg"]).removeprefix("Value error, ")
    return f"{place} {field}: {what[:1].lower()}{what[1:]}", HELP


def _place(steps: list[str]) -> tuple[str, str]:
    """The table in brackets, and the field in it."""
    depth = 1 if steps[0] in ("budget", "queue") else 2
    return f"[{'.'.join(steps[:depth])}]", ".".join(steps[depth:]) or "table"


def _fields(steps: list[str]) -> Iterable[str]:
    """The fields that the table of a fault may have."""
    models: dict[str, type[BaseModel]] = {
        "supply": SupplyTable,
        "route": RouteTable,
        "budget": BudgetTable,
        "queue": QueueTable,
    }
    model = Price if "price" in steps[:-1] else models[steps[0]]
    return model.model_fields
