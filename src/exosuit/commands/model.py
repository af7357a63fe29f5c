"""Models: which supplies and routes there are, new ones, and whether they answer."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from exosuit.commands.model_tables import (
    LocalModelShown,
    LocalServerShown,
    ModelAddAsk,
    ModelListAsk,
    ModelProbeAsk,
    ModelProbed,
    ModelRouteAsk,
    ModelsShown,
    ModelTestAsk,
    ModelTested,
    RouteShown,
    ServedShown,
    SkillShown,
    SupplyShown,
    TableAdded,
)
from exosuit.commands.registry import command
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.registry import Effect
from exosuit.models import local
from exosuit.models.config import Settings, SupplyTable
from exosuit.models.edit import Value, add_table
from exosuit.models.keys import KeyName
from exosuit.models.settings import FILE, exposed, load, nearest, user_file

QUESTION = "Answer with the one word: ready"
MOST_TOKENS = 200
T = TypeVar("T")
EXPOSED = "its key would go to an address that this file names"


@command("model.list", effect=Effect.READ)
def list_(session: Session, ask: ModelListAsk) -> ModelsShown:
    """The supplies and routes that are configured, and the model servers that answer on this machine.

    Ollama, LM Studio, llama.cpp and vLLM are looked for on the ports they are known for; no other port is touched.
    """
    settings = _settings(session)
    servers = [] if ask.no_local else local.found()
    return ModelsShown(
        supplies=[_supply(session, settings, name, table) for name, table in settings.supply.items()],
        routes=[
            RouteShown(
                name=name,
                supplies=list(table.supplies),
                strategy=table.strategy,
                source=settings.origin[f"route.{name}"],
            )
            for name, table in settings.route.items()
        ],
        local=[
            LocalServerShown(
                driver=server.driver,
                address=server.base_url,
                models=[LocalModelShown(name=one.name, context=one.context, tools=one.tools) for one in server.models],
            )
            for server in servers
        ],
    )


@command("model.add", effect=Effect.PROPOSE)
def add(session: Session, ask: ModelAddAsk) -> TableAdded:
    """Add a supply to your own file, for all workspaces; a key is named, never written down."""
    fields: dict[str, Value] = {"driver": ask.driver, "model": ask.model}
    if ask.base_url:
        fields["base_url"] = ask.base_url
    if ask.key:
        fields["key"] = ask.key
    if ask.context is not None:
        fields["context"] = ask.context
    if session.actor == "mcp" and ask.key and ask.base_url:
        raise ExosuitError(
            "not-by-tool", "a tool may not say where a key is sent", "type it yourself: exosuit model add …"
        )
    return TableAdded(file=str(user_file()), text=add_table(user_file(), "supply", ask.name, fields))


@command("model.route", effect=Effect.PROPOSE)
def route(session: Session, ask: ModelRouteAsk) -> TableAdded:
    """Add a route to your own file: supplies behind a name, first choice first."""
    if not ask.supplies:
        raise UsageError("no-supplies", "a route has one supply or more", f"exosuit model route {ask.name} SUPPLY …")
    known = _settings(session).supply
    for name in ask.supplies:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near!r}?" if near else "exosuit model list"
            raise ExosuitError("no-such-supply", f"there is no supply {name!r}", hint)
    fields: dict[str, Value] = {"supplies": ask.supplies, "strategy": ask.strategy}
    return TableAdded(file=str(user_file()), text=add_table(user_file(), "route", ask.name, fields))


@command("model.test", effect=Effect.EXTERNAL)
def test(session: Session, ask: ModelTestAsk) -> ModelTested:
    """Ask a route or a supply one short question, and show who answered, how fast and for how many tokens."""
    settings = _settings(session)
    if ask.name not in {**settings.route, **settings.supply}:
        near = nearest(ask.name, [*settings.route, *settings.supply])
        hint = f"did you mean {near!r}?" if near else "exosuit model list"
        raise ExosuitError("no-such-model", f"there is no route and no supply {ask.name!r}", hint)
    wanted = settings.route[ask.name].supplies if ask.name in settings.route else (ask.name,)
    for name in wanted:
        _check_trust(session, settings, name)
    return _in_a_thread(lambda: asyncio.run(_tested(settings, ask.name)))


@command("model.probe", effect=Effect.EXTERNAL)
def probe(session: Session, ask: ModelProbeAsk) -> ModelProbed:
    """Ask a supply questions that have exact answers: what it is good at today, and whether it is worse than it was.

    Sums, letters, instructions, JSON, tools, a line in a long text, edits: made anew each time, at the same
    difficulty. After ten probes each further one is held against the first ten.
    """
    settings = _settings(session)
    if ask.name not in settings.supply:
        near = nearest(ask.name, settings.supply)
        hint = f"did you mean {near!r}?" if near else "exosuit model list"
        raise ExosuitError("no-such-supply", f"there is no supply {ask.name!r}", hint)
    _check_trust(session, settings, ask.name)
    return _in_a_thread(lambda: asyncio.run(_probed(settings, ask)))


async def _tested(settings: Settings, name: str) -> ModelTested:
    from pydantic_ai.messages import ModelRequest
    from pydantic_ai.models import ModelRequestParameters

    from exosuit.models.receipt import KEY
    from exosuit.models.switch import Switch

    async with Switch.metered(settings) as switch:
        model = switch.route(name) if name in settings.route else switch.supply(name)
        began = time.monotonic()
        response = await model.request(
            [ModelRequest.user_text_prompt(QUESTION)],
            {"max_tokens": MOST_TOKENS},
            ModelRequestParameters(allow_text_output=True),
        )
    receipt: dict[str, Any] = (response.metadata or {})[KEY]
    return ModelTested(
        name=name,
        answer=response.text or "",
        seconds=round(time.monotonic() - began, 3),
        input_tokens=response.usage.input_tokens,
        output_tokens=response.usage.output_tokens,
        served=[
            ServedShown(
                supply=one["supply"],
                model=one["model"],
                outcome=one["outcome"],
                why=one["why"],
                first=None if one["first"] is None else round(one["first"] - one["began"], 3),
                seconds=round((one["ended"] or 0.0) - one["began"], 3),
            )
            for one in receipt["served"]
        ],
    )


async def _probed(settings: Settings, ask: ModelProbeAsk) -> ModelProbed:
    from exosuit.models.probe.card import Records, Share, asked, probes_folder
    from exosuit.models.probe.drift import THRESHOLD, drift
    from exosuit.models.switch import Switch

    table, seed, began = settings.supply[ask.name], secrets.randbits(32), time.monotonic()
    async with Switch.metered(settings) as switch:
        try:
            skills = await asked(switch.supply(ask.name), seed, ask.each, tools=table.tools)
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
    records = Records(probes_folder())
    try:
        before = records.of(table)
        records.add(table, seed, skills)
    finally:
        records.close()
    cards = [*before, skills]
    sums = [Share.of(card) for card in cards]
    found = drift([(one.right, one.asked) for one in sums])
    return ModelProbed(
        name=ask.name,
        model=table.model,
        skills=[
            SkillShown(skill=skill, right=right, asked=of, before=_before(before, skill))
            for skill, (right, of) in skills.items()
        ],
        right=sums[-1].right,
        asked=sums[-1].asked,
        probes=len(cards),
        record=None if found.record is None else round(found.record, 3),
        suspicion=round(found.sum / THRESHOLD, 3),
        is_worse=found.is_worse,
        seconds=round(time.monotonic() - began, 3),
    )


def _before(cards: list[dict[str, tuple[int, int]]], skill: str) -> float | None:
    """The share of a skill that was right so far."""
    seen = [card[skill] for card in cards if skill in card]
    return round(sum(right for right, _ in seen) / sum(of for _, of in seen), 3) if seen else None


def _check_trust(session: Session, settings: Settings, name: str) -> None:
    """Raises `not-trusted` for a supply that the workspace's own file would send a key with."""
    table = settings.supply.get(name)
    if table is not None and (note := _note(session, settings, name, table)):
        raise ExosuitError("not-trusted", f"[supply.{name}] of this workspace is not used: {note}", _trust(table))


def _settings(session: Session) -> Settings:
    """The workspace's file over the user's; nothing configured is no error here."""
    try:
        return load(session.workspace.root / FILE, user=user_file())
    except ExosuitError as error:
        if error.code == "no-config":
            return Settings()
        raise


def _supply(session: Session, settings: Settings, name: str, table: SupplyTable) -> SupplyShown:
    return SupplyShown(
        name=name,
        driver=table.driver,
        model=table.model,
        address=table.address,
        key=table.key,
        key_found=not table.key or KeyName.parse(table.key).is_there(),
        context=table.context,
        tools=table.tools,
        continues=table.continues,
        source=settings.origin[f"supply.{name}"],
        note=_note(session, settings, name, table),
    )


def _note(session: Session, settings: Settings, name: str, table: SupplyTable) -> str:
    """A workspace may have been written by anyone: it does not say where keys are sent."""
    own = settings.origin[f"supply.{name}"] == str(session.workspace.root / FILE)
    return EXPOSED if own and exposed(table) else ""


def _trust(table: SupplyTable) -> str:
    address = f" --base-url {table.base_url}" if table.base_url else ""
    return f"exosuit model add NAME --driver {table.driver} --model {table.model}{address} --key {table.key}"


def _in_a_thread(work: Callable[[], T]) -> T:
    """Run where there is no event loop, as the server's threads may have one."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    thread = threading.Thread(target=run, name="model test")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
