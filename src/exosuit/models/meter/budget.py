"""Budgets: the most that a call, a run, an app a day and a day may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from exosuit.core.errors import ExosuitError
from exosuit.models.meter.call import CallInfo
from exosuit.models.meter.money import Money

Dollars = Decimal | str | int | float


@dataclass(frozen=True, slots=True)
class Scope:
    """What an amount is summed up over: `key` is its name in the ledger, `what` its name for people."""

    key: str
    what: str
    setting: str


@dataclass(frozen=True)
class Budgets:
    """Limits, none of them if None. `app` holds limits a day by app; days are those of the local clock."""

    call: Money | None = None
    run: Money | None = None
    day: Money | None = None
    app: Mapping[str, Money] = field(default_factory=dict)

    @classmethod
    def dollars(
        cls,
        *,
        call: Dollars | None = None,
        run: Dollars | None = None,
        day: Dollars | None = None,
        app: Mapping[str, Dollars] | None = None,
    ) -> Budgets:
        """The same from dollars, as configuration has them."""
        of = Money.dollars
        return cls(
            call=None if call is None else of(call),
            run=None if run is None else of(run),
            day=None if day is None else of(day),
            app={name: of(amount) for name, amount in (app or {}).items()},
        )

    def limit(self, scope: Scope, info: CallInfo) -> Money | None:
        """The limit on a scope of this call."""
        return {"day": self.day, "run": self.run}.get(scope.setting, self.app.get(info.app))

    def bind(self, info: CallInfo) -> bool:
        """Whether any limit applies to this call."""
        mine = (self.call, self.run if info.run else None, self.day, self.app.get(info.app))
        return any(limit is not None for limit in mine)


def scopes(info: CallInfo, day: str) -> list[Scope]:
    """All sums that a call counts in; `day` is a date like 2026-11-23."""
    found = [Scope(f"day {day}", f"the budget of the day {day}", "day")]
    if info.app:
        found.append(Scope(f"app {day} {info.app}", f"the budget of the app {info.app} for {day}", f"app.{info.app}"))
    if info.run:
        found.append(Scope(f"run {info.run}", f"the budget of the run {info.run}", "run"))
    return found


def over_call(limit: Money, worst: Money) -> ExosuitError:
    """The refusal of a call that may cost more than one call may."""
    return ExosuitError(
        "over-budget",
        f"this call may cost {worst}, and a call may cost {limit}",
        "ask for fewer tokens, choose a cheaper route, or raise call in [budget]",
    )


def over_budget(scope: Scope, limit: Money, spent: Money, worst: Money) -> ExosuitError:
    """The refusal of a call for which there is no room, whatever others give back."""
    left = max(limit - spent, Money())
    return ExosuitError(
        "over-budget",
        f"{scope.what} has {left} left of {limit}, and this call may cost {worst}",
        f"raise {scope.setting} in [budget], ask for fewer tokens, or choose a cheaper route",
    )


def budget_busy(scope: Scope, limit: Money, held: Money, worst: Money) -> ExosuitError:
    """The refusal of a call for which there may be room once others have ended."""
    return ExosuitError(
        "budget-busy",
        f"calls on their way hold {held} of {limit}, {scope.what}, and this one may cost {worst}",
        "try again when they have ended",
        retryable=True,
    )


def unknown_price(info: CallInfo) -> ExosuitError:
    """The refusal of a call that has a budget and no price."""
    name = info.supply or "NAME"
    return ExosuitError(
        "unknown-price",
        f"nobody says what {info.model or 'the model'} costs at supply {name}, and a budget applies",
        f"write its price: [supply.{name}.price] with input and output, in dollars per million tokens",
    )
