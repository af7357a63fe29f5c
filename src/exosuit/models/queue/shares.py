"""Who is next: a virtual token counter for each app, and within an app for each run.

Whoever waits and has used least, in tokens over weight, is next. Who comes back after a rest is lifted to the least of
those who wait, so that nobody saves up; a flood only ever stands behind itself. The idea is Sheng et al., "Fairness in
Serving Large Language Models" (OSDI 2024); theirs counts tokens as they come, ours expects what an app's calls
usually take and corrects that at the end, since a provider's tokens are known only then.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

BACKGROUND_EVERY = 8
"""One turn in so many goes to background work where somebody else waits as well: it gives way, it does not starve."""
UNKNOWN = 500
"""Tokens that an app's first call is expected to answer with; too few, and a flood pays for its first calls late."""
NEW_WEIGHT = 0.2
"""How much the newest call says about what the next one takes."""


@dataclass(frozen=True, slots=True)
class Who:
    """For whom a call is; `background` gives way to whoever somebody waits for."""

    app: str = ""
    run: str = ""
    background: bool = False


@dataclass(eq=False, slots=True)
class Waiting:
    """One call in line; `expected` is what it is counted at until its end, in tokens."""

    who: Who
    tokens: int
    expected: float = 0.0
    gone: bool = False


@dataclass(eq=False, slots=True)
class Share:
    """An app's or a run's: what it has used so far is `used`, in tokens over its weight."""

    weight: float = 1.0
    used: float = 0.0
    last: int = 0
    waiting: int = 0
    running: int = 0
    members: dict[str, Share] = field(default_factory=dict)
    calls: deque[Waiting] = field(default_factory=deque)
    floor: float = 0.0
    """What the member that rested last had used: who comes when nobody waits is lifted to it."""

    def enter(self, member: Share) -> None:
        """One more call of a member waits."""
        if not member.waiting:
            least = min((one.used for one in self.members.values() if one.waiting), default=self.floor)
            member.used = max(member.used, least)
        member.waiting += 1

    def leave(self, member: Share) -> None:
        """One call of a member waits no more."""
        member.waiting -= 1
        if not member.waiting:
            self.floor = member.used

    def next(self) -> Share:
        """The member that has used least; of equals the one that was served longest ago."""
        return min((one for one in self.members.values() if one.waiting), key=lambda one: (one.used, one.last))


class Shares:
    """All calls that wait for one supply, and what each app and run has used of it. Pure: it knows no clock."""

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        self._weights = dict(weights or {})
        self._roots = {False: Share(), True: Share()}
        self._typical: dict[str, float] = {}
        self._turns = itertools.count(1)
        self._since_background = 0

    def __len__(self) -> int:
        """How many wait."""
        return sum(member.waiting for root in self._roots.values() for member in root.members.values())

    def put(self, call: Waiting) -> None:
        """At the end of its run's line."""
        share = self._roots[call.who.background]
        for member in self._members(call.who):
            share.enter(member)
            share = member
        share.calls.append(call)

    def take(self) -> Waiting:
        """The next call, counted at what it is expected to use; somebody must wait."""
        root = self._roots[self._background_is_next()]
        app = root.next()
        run = app.next()
        while (call := run.calls.popleft()).gone:
            pass
        root.leave(app)
        app.leave(run)
        call.expected = self._typical.get(call.who.app, float(call.tokens + UNKNOWN))
        turn = next(self._turns)
        for member in (app, run):
            member.running += 1
            member.last = turn
            member.used += call.expected / member.weight
        return call

    def give_up(self, call: Waiting) -> None:
        """A call does not wait any more."""
        call.gone = True
        share = self._roots[call.who.background]
        for member in self._members(call.who):
            share.leave(member)
            share = member
        self._forget(call.who)

    def end(self, call: Waiting, tokens: int | None) -> None:
        """A call that was taken has ended: it used so many tokens, or what was expected where nobody knows."""
        used = call.expected if tokens is None else float(tokens)
        for member in self._members(call.who):
            member.running -= 1
            member.used += (used - call.expected) / member.weight
        if tokens:
            before = self._typical.get(call.who.app, used)
            self._typical[call.who.app] = before + NEW_WEIGHT * (used - before)
        self._forget(call.who)

    def _members(self, who: Who) -> Iterator[Share]:
        """The shares of an app and of its run."""
        root = self._roots[who.background]
        app = root.members.setdefault(who.app, Share(self._weights.get(who.app, 1.0)))
        yield app
        yield app.members.setdefault(who.run, Share())

    def _forget(self, who: Who) -> None:
        """Runs come and go: keep none of which nothing waits or runs."""
        app = self._roots[who.background].members[who.app]
        run = app.members[who.run]
        if not run.waiting and not run.running:
            del app.members[who.run]

    def _background_is_next(self) -> bool:
        somebody, background = (any(one.waiting for one in root.members.values()) for root in self._roots.values())
        self._since_background = self._since_background + 1 if somebody and background else 0
        if somebody and self._since_background < BACKGROUND_EVERY:
            return False
        self._since_background = 0
        return background
