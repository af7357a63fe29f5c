"""The transfer switch: a route is a pydantic-ai model, and whoever uses it need not know that there are several."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import RunContext

from exosuit.core.errors import ExosuitError
from exosuit.models.attempt import Ask
from exosuit.models.call import Call
from exosuit.models.config import RouteTable, Settings
from exosuit.models.drivers import Supply
from exosuit.models.meter import CallInfo, Meter, Price
from exosuit.models.metering import Metering, budgets_of, price_to_compare
from exosuit.models.packing import Repack
from exosuit.models.probe.card import worse
from exosuit.models.queue import Who
from exosuit.models.settings import load, nearest
from exosuit.models.strategy import ordered
from exosuit.models.stream import SwitchedStream, answer

Watch = Callable[[Call], None]
"""Told of each call when it is over, whole or not."""


class Switch:
    """All supplies and routes of a configuration, with what is known of their health in this process.

    Use it from one thread at a time; every event loop gets connections of its own. With a meter every request is held
    at its worst case before it goes out, under the meter's budgets, and recorded; without one nothing is. Supplies that
    are named in `worse` come last in every route.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        meter: Meter | None = None,
        watch: Watch | None = None,
        worse: Collection[str] = (),
    ) -> None:
        self.settings = settings
        self.worse = worse
        self.meter = meter
        weights = settings.queue.weight
        self.supplies = {name: Supply(name, table, weights) for name, table in settings.supply.items()}
        self.prices: dict[str, Price | None] = {}
        self.watch = watch
        self.last: dict[str, str] = {}

    @classmethod
    def load(cls, path: str | Path, *, user: Path | None = None) -> Switch:
        """From a file, which is trusted to send keys where it says; raises `bad-config`. All calls are metered."""
        return cls.metered(load(Path(path), user=user))

    @classmethod
    def metered(cls, settings: Settings) -> Switch:
        """With the user's meter, under the budgets of the settings; what probes found worse than it was comes last."""
        return cls(settings, meter=Meter.open(budgets_of(settings.budget)), worse=worse(settings.supply))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections of the running event loop, and the meter."""
        for supply in self.supplies.values():
            await supply.aclose()
        self.close()

    def close(self) -> None:
        """Close the meter; connections are closed when their event loop ends."""
        if self.meter is not None:
            self.meter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def route(
        self,
        name: str,
        *,
        app: str = "",
        run: str = "",
        change: str = "",
        background: bool = False,
        repack: Repack | None = None,
    ) -> RouteModel:
        """The model behind a route's name; raises `no-such-route`.

        `app`, `run` and `change` are for the meter, and the first two for the line before a supply that takes so many
        calls at a time; `background` gives way there to whoever somebody waits for. `repack` makes messages shorter
        that no supply has room for; without it the call fails.
        """
        table = self.settings.route.get(name)
        if table is None:
            near = nearest(name, self.settings.route)
            hint = f"did you mean {near!r}?" if near else f'[route.{name}]\nsupplies = ["…"]'
            raise ExosuitError("no-such-route", f"there is no route {name!r}", hint)
        info = CallInfo(app=app, run=run, change=change, route=name)
        return RouteModel(self, name, table, info, background=background, repack=repack)

    def supply(self, name: str) -> RouteModel:
        """One supply alone as a model, with all that a route does but switching; raises `no-such-supply`."""
        if name not in self.supplies:
            near = nearest(name, self.supplies)
            hint = f"did you mean {near!r}?" if near else "exosuit model list"
            raise ExosuitError("no-such-supply", f"there is no supply {name!r}", hint)
        return RouteModel(self, name, RouteTable(supplies=(name,), wait=0.0), CallInfo())

    def order(self, name: str, table: RouteTable) -> list[Supply]:
        """The supplies of a route as they would be asked now."""
        members = [self.supplies[one] for one in table.supplies]
        found = ordered(members, table.strategy, self.last.get(name, ""), price_to_compare)
        return sorted(found, key=lambda one: one.name in self.worse)


class RouteModel(Model[Any]):
    """A route as a model. Each supply's own model prepares the request: messages and settings pass through as given."""

    _answers_requests_itself = False

    def __init__(
        self,
        switch: Switch,
        name: str,
        table: RouteTable,
        info: CallInfo,
        *,
        background: bool = False,
        repack: Repack | None = None,
    ) -> None:
        super().__init__()
        self.switch = switch
        self.route = name
        self.table = table
        self.info = info
        self.who = Who(info.app, info.run, background)
        self.repack = repack

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"RouteModel({self.route!r}, {list(self.table.supplies)})"

    @property
    def model_name(self) -> str:
        return f"route:{self.route}"

    @property
    def system(self) -> str:
        return "exosuit"

    @property
    def provider(self) -> None:
        return None

    @property
    def context_window(self) -> int | None:
        """The smallest context that is configured: what fits it fits them all."""
        known = [c for one in self.table.supplies if (c := self.switch.supplies[one].table.context)]
        return min(known, default=None)

    @property
    def profile(self) -> ModelProfile:
        """None of its own: each supply's applies when it is asked, as with pydantic-ai's FallbackModel."""
        raise NotImplementedError("a route has no profile: each of its supplies has one")

    def prepare_request(
        self, model_settings: ModelSettings | None, model_request_parameters: ModelRequestParameters
    ) -> tuple[ModelSettings | None, ModelRequestParameters]:
        return model_settings, model_request_parameters

    def prepare_messages(
        self,
        messages: list[ModelMessage],
        model_request_parameters: ModelRequestParameters | None = None,  # noqa: ARG002
    ) -> list[ModelMessage]:
        return messages

    def customize_request_parameters(self, model_request_parameters: ModelRequestParameters) -> ModelRequestParameters:
        return model_request_parameters

    def resolve_cache_retention(self, model_settings: ModelSettings | None) -> None:  # noqa: ARG002
        return None

    def _start_request_deadline(self, model_settings: ModelSettings | None, *, stream: bool) -> None:
        """The route has a deadline of its own."""

    def _caching_not_enabled(self, model_settings: ModelSettings | None) -> bool:  # noqa: ARG002
        return False

    def _warn_if_thinking_overridden(self, layers: Sequence[Any]) -> None:
        """Each supply's model warns for itself."""

    def _unified_effort(self, model_settings: ModelSettings | None) -> None:  # noqa: ARG002
        return None

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """One whole answer; raises NoAnswer. A stream is asked for below: only that shows that a supply is alive."""
        call = self._call(Ask(messages, model_settings, model_request_parameters), hold=True)
        try:
            async for _ in call.events():
                pass
        finally:
            self._over(call)
        return answer(call)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """The answer as it comes; its last events may come from another supply than the first."""
        call = self._call(Ask(messages, model_settings, model_request_parameters, run_context), hold=False)
        stream = SwitchedStream(model_request_parameters, call)
        try:
            yield stream
        finally:
            await call.close()
            self._over(call)

    def _call(self, ask: Ask, *, hold: bool) -> Call:
        switch = self.switch
        metering = None if switch.meter is None else Metering(switch.meter, self.info, switch.prices)
        supplies = switch.order(self.route, self.table)
        return Call(
            self.route,
            self.table,
            supplies,
            ask,
            hold=hold,
            metering=metering,
            who=self.who,
            repack=self.repack,
        )

    def _over(self, call: Call) -> None:
        if call.winner:
            self.switch.last[self.route] = call.winner
        if self.switch.watch is not None:
            self.switch.watch(call)
