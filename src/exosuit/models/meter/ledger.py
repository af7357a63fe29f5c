"""The ledger of calls: one row a call, and running totals that every reservation is checked against.

What counts against a budget is `spent` (calls that ended) plus `held` (calls on their way, at their worst). Every
function here runs inside one transaction of its caller's, and a refusal writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exosuit.core.database import Database
from exosuit.core.errors import ExosuitError
from exosuit.models.meter.budget import Budgets, Scope, budget_busy, over_budget, scopes
from exosuit.models.meter.call import CallInfo
from exosuit.models.meter.money import Money
from exosuit.models.meter.tokens import Tokens

SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
  id TEXT PRIMARY KEY,
  call TEXT NOT NULL,
  app TEXT NOT NULL,
  run TEXT NOT NULL,
  change TEXT NOT NULL,
  route TEXT NOT NULL,
  supply TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  operation TEXT NOT NULL,
  owner TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('held', 'settled', 'released', 'lost')),
  outcome TEXT NOT NULL,
  day TEXT NOT NULL,
  began INTEGER NOT NULL,
  first INTEGER,
  ended INTEGER,
  input INTEGER NOT NULL DEFAULT 0,
  cached INTEGER NOT NULL DEFAULT 0,
  written INTEGER NOT NULL DEFAULT 0,
  output INTEGER NOT NULL DEFAULT 0,
  reasoning INTEGER NOT NULL DEFAULT 0,
  worst INTEGER NOT NULL,
  cost INTEGER NOT NULL DEFAULT 0,
  price TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_by_day ON calls(day);
CREATE INDEX IF NOT EXISTS calls_held ON calls(owner) WHERE state = 'held';
CREATE TABLE IF NOT EXISTS totals (
  scope TEXT PRIMARY KEY,
  spent INTEGER NOT NULL,
  held INTEGER NOT NULL
) WITHOUT ROWID;
"""

OPEN = ("held", "lost")
"""States that can still be settled: a lost call may be, once its real cost is known."""


@dataclass(frozen=True, slots=True)
class Held:
    """A reservation as it is written: times in milliseconds since 1970 (UTC), `day` is the local date."""

    id: str
    info: CallInfo
    owner: str
    day: str
    began: int
    worst: Money
    price: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """There is no room now in a scope, but there may be once others have ended; `why` is for who cannot wait."""

    scope: str
    why: ExosuitError


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended: `tokens` and `cost` are None where nobody knows, and the worst case stays spent."""

    id: str
    state: str
    outcome: str
    ended: int
    first: int | None = None
    tokens: Tokens | None = None
    cost: Money | None = None


class CallLedger:
    """The rows and sums of one file."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def reserve(self, held: Held, budgets: Budgets) -> ExosuitError | Blocked | None:
        """Write a reservation; or say why not: refused for good, or blocked for now."""
        wanted = held.worst
        blocked: Blocked | None = None
        for scope in scopes(held.info, held.day):
            limit = budgets.limit(scope, held.info)
            if limit is None:
                continue
            spent, on_their_way = self.total(scope)
            if spent + wanted > limit:
                return over_budget(scope, limit, spent, wanted)
            if spent + on_their_way + wanted > limit and blocked is None:
                blocked = Blocked(scope.key, budget_busy(scope, limit, on_their_way, wanted))
        if blocked is not None:
            return blocked
        info = held.info
        self.database.execute(
            "INSERT INTO calls(id, call, app, run, change, route, supply, provider, model, operation, owner, state,"
            " outcome, day, began, worst, price) VALUES (?,?,?,?,?,?,?,?,?,?,?,'held','',?,?,?,?)",
            (
                held.id, info.call or held.id, info.app, info.run, info.change, info.route, info.supply, info.provider,
                info.model, info.operation, held.owner, held.day, held.began, wanted.pico, held.price,
            ),
        )  # fmt: skip
        self._add(scopes(info, held.day), Money(), wanted)
        return None

    def end(self, ending: Ending) -> ExosuitError | None:
        """Write how a call ended, in the place of what it held; or say why not."""
        found = self.database.query(
            "SELECT state, app, run, day, worst, cost, outcome FROM calls WHERE id = ?", (ending.id,)
        )
        if not found:
            return ExosuitError(
                "no-such-call", f"the ledger has no call {ending.id!r}", "exosuit usage show lists them"
            )
        state, app, run, day, worst, before, outcome = found[0]
        if state not in OPEN:
            return ExosuitError("settled-before", f"the call {ending.id} was {state} before", "a call ends once")
        cost = Money(worst) if ending.cost is None else ending.cost
        tokens = ending.tokens or Tokens()
        self.database.execute(
            "UPDATE calls SET state = ?, outcome = ?, ended = coalesce(ended, ?), first = coalesce(?, first),"
            " input = ?, cached = ?, written = ?, output = ?, reasoning = ?, cost = ? WHERE id = ?",
            (
                ending.state, ending.outcome or outcome, ending.ended, ending.first, tokens.input, tokens.cached,
                tokens.written, tokens.output, tokens.reasoning, cost.pico, ending.id,
            ),
        )  # fmt: skip
        was_held = state == "held"
        back = Money(0 if was_held else before)
        self._add(scopes(CallInfo(app=app, run=run), day), cost - back, Money(-worst if was_held else 0))
        return None

    def total(self, scope: Scope) -> tuple[Money, Money]:
        """What is spent, and what is held."""
        found = self.database.query("SELECT spent, held FROM totals WHERE scope = ?", (scope.key,))
        return (Money(found[0][0]), Money(found[0][1])) if found else (Money(), Money())

    def owners(self) -> list[str]:
        """All who hold something."""
        return [str(name) for (name,) in self.database.query("SELECT DISTINCT owner FROM calls WHERE state = 'held'")]

    def held_by(self, owner: str) -> list[str]:
        """The ids of the calls that someone holds."""
        found = self.database.query("SELECT id FROM calls WHERE owner = ? AND state = 'held'", (owner,))
        return [str(name) for (name,) in found]

    def version(self) -> int:
        """A number that changes when another process writes (sqlite.org/pragma.html#pragma_data_version)."""
        return int(self.database.query("PRAGMA data_version")[0][0])

    def _add(self, where: Iterable[Scope], spent: Money, held: Money) -> None:
        self.database.execute_many(
            "INSERT INTO totals(scope, spent, held) VALUES (?, ?, ?)"
            " ON CONFLICT(scope) DO UPDATE SET spent = spent + excluded.spent, held = held + excluded.held",
            [(scope.key, spent.pico, held.pico) for scope in where],
        )
