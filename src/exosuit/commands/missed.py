"""Missed places of a group, added by replaying its operator there: a change of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exosuit.changes.change import Change, Claim
from exosuit.changes.shadow import Shadow
from exosuit.changes.sources import Ground, Pair
from exosuit.commands.change import bring_in
from exosuit.commands.group_models import MissedAsk
from exosuit.commands.groups import group_of
from exosuit.commands.models import Imported
from exosuit.commands.registry import command
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.escapes import path_text
from exosuit.core.registry import Effect
from exosuit.verify.plan.model import Group, Missed


@command("change.missed", effect=Effect.PROPOSE)
def missed(session: Session, ask: MissedAsk) -> Imported:
    """Make a change of the places that a group missed: the base of its change, with the operator replayed just there.

    It is reviewed, accepted and applied like any other; the change it came from stays as it is.
    """
    change = session.workspace.change(ask.change)
    group = group_of(session, change, ask.group)
    numbers = sorted(set(ask.places)) or list(range(1, len(group.missed) + 1))
    if not numbers:
        raise UsageError("nothing-missed", f"group {group.id} missed no place", "there is nothing to add")
    if numbers[0] < 1 or numbers[-1] > len(group.missed):
        raise UsageError("no-such-place", f"group {group.id} missed {len(group.missed)} places", "count them from 1")
    places = "1 place" if len(numbers) == 1 else f"{len(numbers)} places"
    claim = Claim(f"{places} left out: {group.title}", f"replay of {group.kind}", "")
    return bring_in(session, Replay(change, group, tuple(numbers)), claim)


@dataclass(frozen=True)
class Replay:
    """An operator run on some of the places that were missed, and nowhere else."""

    change: Change
    group: Group
    numbers: tuple[int, ...]

    @property
    def key(self) -> str:
        return f"missed {self.change.id} {self.group.id} {','.join(map(str, self.numbers))}"

    @property
    def label(self) -> str:
        return f"places that group {self.group.id} of change {self.change.id} left out"

    def pair(self, ground: Ground) -> Pair:
        """The base of the change, and the same with the places changed."""
        by_path: dict[bytes, list[Missed]] = {}
        for number in self.numbers:
            place = self.group.missed[number - 1]
            by_path.setdefault(place.path, []).append(place)
        base = self.change.base
        entries = {path: _entry(ground.shadow, base, path, places) for path, places in by_path.items()}
        head = ground.shadow.replace(base, dict(entries))
        return Pair(base, head, self.change.provenance.base_name, "", self.label)


def _entry(shadow: Shadow, tree: str, path: bytes, places: Iterable[Missed]) -> tuple[int, str]:
    """Mode and blob of a file with the places changed, from the last to the first so that none moves another."""
    found = shadow.entry(tree, path)
    if found is None:
        raise ExosuitError(
            "lost-place", f"{path_text(path)} is not in the base of the change", "import the change again"
        )
    mode, blob = found
    text = shadow.blob(blob)
    for place in sorted(places, key=lambda one: one.base_start, reverse=True):
        text = text[: place.base_start] + place.new + text[place.base_start + place.base_len :]
    return mode, shadow.put(text)
