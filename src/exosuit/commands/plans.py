"""Plans and increments of changes, kept in memory: a change is immutable, so what is made of it is made once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from exosuit.changes.change import Change
from exosuit.changes.decisions import Range
from exosuit.changes.workspace import Workspace
from exosuit.commands.ordering import in_order_of_risk
from exosuit.core.errors import UsageError
from exosuit.core.pauses import no_pauses
from exosuit.core.progress import TICK_SECONDS, stop_if_asked
from exosuit.verify.checks.checker import Checker
from exosuit.verify.increments.closure import Closure
from exosuit.verify.increments.increments import increments
from exosuit.verify.increments.lessons import read_lessons
from exosuit.verify.increments.model import Increment
from exosuit.verify.plan.listing import regular_files
from exosuit.verify.plan.model import Plan
from exosuit.verify.plan.planning import plan
from exosuit.verify.rerun.outputs import outputs

T = TypeVar("T")

KEPT = 8
"""Of each kind, per process."""


class _Kept(Generic[T]):
    """What was made last; two who ask for the same at once wait for one."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        while not self._lock.acquire(timeout=TICK_SECONDS):
            stop_if_asked()
        try:
            if key not in self._made:
                self._made[key] = make()
            self._made.move_to_end(key)
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
            return self._made[key]
        finally:
            self._lock.release()

    def clear(self) -> None:
        with self._lock:
            self._made.clear()


_plans: _Kept[Plan] = _Kept()
_increments: _Kept[tuple[Increment, ...]] = _Kept()


def kept_plan(workspace: Workspace, change: Change) -> Plan:
    """The groups of a change; without its increments, which nothing in them depends on."""
    shadow = workspace.shadow

    def make() -> Plan:
        told = outputs(Checker(workspace, change.base), change)
        made = plan(change, shadow.blob, lambda tree: regular_files(shadow, tree), told)
        return in_order_of_risk(workspace, change, made)

    return _plans.get(change.id, make)


def kept_increments(workspace: Workspace, change: Change) -> tuple[Increment, ...]:
    """The increments of a change, with what the workspace's checks have taught. Raises `bad-lessons`."""
    known = tuple(read_lessons(workspace.state))

    def make() -> tuple[Increment, ...]:
        with no_pauses():
            return increments(change, workspace.shadow.blob, known)

    return _increments.get((change.id, known), make)


def forget() -> None:
    """Make everything anew when it is next asked for."""
    _plans.clear()
    _increments.clear()


def group_atoms(workspace: Workspace, change: Change, name: str) -> tuple[Range, ...]:
    """The atoms of a group by its id; raises `no-such-group`."""
    for group in kept_plan(workspace, change).groups:
        if group.id == name:
            return group.atoms
    raise _no_such(change, "group", name)


def standing(workspace: Workspace, change: Change, names: Sequence[str]) -> tuple[list[str], list[Range]]:
    """Some increments with all that must come with them: their ids in order, and their atoms.

    Raises `no-such-increment`.
    """
    closure, chosen = _closure(workspace, change, names)
    return _told(closure, closure.of(chosen))


def fallen(workspace: Workspace, change: Change, names: Sequence[str]) -> tuple[list[str], list[Range]]:
    """Some increments with all that cannot be there without them: their ids in order, and their atoms.

    Raises `no-such-increment`.
    """
    closure, chosen = _closure(workspace, change, names)
    return _told(closure, closure.above(chosen))


def _closure(workspace: Workspace, change: Change, names: Sequence[str]) -> tuple[Closure, list[int]]:
    found = kept_increments(workspace, change)
    place = {one.id: at for at, one in enumerate(found)}
    for name in names:
        if name not in place:
            raise _no_such(change, "increment", name)
    return Closure(found), [place[name] for name in names]


def _told(closure: Closure, chosen: frozenset[int]) -> tuple[list[str], list[Range]]:
    order = sorted(chosen)
    return [closure.increments[at].id for at in order], closure.atoms(order)


def _no_such(change: Change, what: str, name: str) -> UsageError:
    return UsageError(
        f"no-such-{what}", f"the plan of change {change.id} has no {what} {name!r}", f"exosuit change plan {change.id}"
    )
