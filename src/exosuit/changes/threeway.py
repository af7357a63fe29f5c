"""What a step means for the tree as it is now: pure, one three-way decision per file.

Steps that share a path, or of which one's path lies below another's, belong together (a rename chain, a file that
becomes a folder): they land together or not at all. All others stand on their own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from exosuit.changes.atoms import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK
from exosuit.changes.entries import Entry, Obstacle, Standing, ancestors
from exosuit.changes.merge import Region, is_binary, merge3
from exosuit.changes.safepath import check_path
from exosuit.core.errors import ExosuitError
from exosuit.core.escapes import path_text


@dataclass(frozen=True, slots=True)
class Step:
    """`before` becomes `after` at `path` (None: nothing stands there).

    With `source` it is a rename: `before` stood at `source`, `after` shall stand at `path`, `source` vanishes.
    """

    path: bytes
    before: Entry | None
    after: Entry | None
    source: bytes | None = None

    @property
    def origin(self) -> bytes:
        """Where `before` stands."""
        return self.path if self.source is None else self.source


@dataclass(frozen=True, slots=True)
class Move:
    """At `path`, exactly `was` becomes `then`; a new file takes permissions and owner from the one at `like`."""

    path: bytes
    was: Entry | None
    then: Entry | None
    like: bytes | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A step that cannot land: why, in one sentence; what stands there; for texts, the lines in question."""

    path: bytes
    why: str
    regions: tuple[Region, ...] = ()
    mine: Entry | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do for steps that belong together. `done`: what the moves amount to, as steps that can be inverted."""

    moves: tuple[Move, ...] = ()
    done: tuple[Step, ...] = ()
    converged: tuple[bytes, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def inverse(step: Step) -> Step:
    """The step that takes another one back."""
    if step.source is None:
        return Step(step.path, step.after, step.before)
    return Step(step.source, step.after, step.before, source=step.path)


def check_steps(steps: Sequence[Step]) -> None:
    """Raise `unsafe-path` or `steps-clash` unless the steps are safe to write and describe one result."""
    for step in steps:
        check_path(step.path)
        if step.source is not None:
            check_path(step.source)
            if step.before is None or step.after is None or step.source == step.path:
                raise _clash(step.path, "a rename needs a file on both sides and two different names")
        for entry in (step.before, step.after):
            if entry is not None and entry.mode not in (REGULAR, EXECUTABLE, SYMLINK, SUBMODULE):
                raise _clash(step.path, f"{entry.mode:o} is not a mode that git knows")
        if step.after is not None and step.after.mode == SYMLINK and (not step.after.data or b"\0" in step.after.data):
            raise _clash(step.path, "a link needs a target without NUL bytes")
    origins = Counter(step.origin for step in steps if step.before is not None)
    goals = Counter(step.path for step in steps if step.after is not None)
    for uses in (origins, goals):
        for path, count in uses.items():
            if count > 1:
                raise _clash(path, "two steps change it")
    for path in goals:
        if any(above in goals for above in ancestors(path)):
            raise _clash(path, "another step puts a file where its folder would be")


def _clash(path: bytes, why: str) -> ExosuitError:
    return ExosuitError("steps-clash", f"{path_text(path)}: {why}", "import the change again")


def together(steps: Iterable[Step]) -> list[tuple[Step, ...]]:
    """The steps, grouped with those that they cannot do without, in the order of each group's first step."""
    steps = list(steps)
    groups = _Groups()
    paths = {path for step in steps for path in (step.path, step.origin)}
    for step in steps:
        groups.join(step.path, step.origin)
        for path in (step.path, step.origin):
            for above in ancestors(path):
                if above in paths:
                    groups.join(path, above)
    found: defaultdict[bytes, list[Step]] = defaultdict(list)
    for step in steps:
        found[groups.of(step.path)].append(step)
    return [tuple(group) for group in found.values()]


class _Groups:
    """Disjoint sets of paths (union-find with halved paths)."""

    def __init__(self) -> None:
        self._above: dict[bytes, bytes] = {}

    def of(self, path: bytes) -> bytes:
        above = self._above
        while (up := above.setdefault(path, path)) != path:
            above[path] = above[up]
            path = up
        return path

    def join(self, one: bytes, other: bytes) -> None:
        self._above[self.of(one)] = self.of(other)


def plan_group(steps: Sequence[Step], now: Mapping[bytes, Standing]) -> Plan:
    """What to do for one group of steps, given what stands at each path that they name."""
    goal: dict[bytes, Entry | None] = {step.origin: None for step in steps}
    goal |= {step.path: step.after for step in steps if step.source is not None or step.after is not None}
    if all(_stands(now[path], entry, goal) for path, entry in goal.items()):
        return Plan(converged=tuple(step.path for step in steps))
    vacated = {step.origin for step in steps if step.before is not None and goal[step.origin] is None}
    moving = {step.origin for step in steps if step.before is not None and (step.source or step.after is None)}
    decided = [_Decision(step, now, vacated, moving) for step in steps]
    conflicts = [one.conflict for one in decided if one.conflict is not None]
    if conflicts:
        blocked = {conflict.path for conflict in conflicts}
        first = path_text(conflicts[0].path)
        conflicts += [
            Conflict(step.path, f"It belongs together with {first}, which cannot be applied.")
            for step in steps
            if step.path not in blocked
        ]
        return Plan(conflicts=tuple(conflicts))
    return _assemble([one.result for one in decided], now)


def _stands(found: Standing, entry: Entry | None, goal: Mapping[bytes, Entry | None]) -> bool:
    """Whether a path is as wanted already. Where no file shall be, a folder is none, nor is what lies below a file
    or below a link that the group itself wants.
    """
    if entry is None and isinstance(found, Obstacle):
        return found.kind in ("folder", "file") or (found.kind == "link" and goal.get(found.at) is not None)
    return found == entry


def _assemble(results: Sequence[Step], now: Mapping[bytes, Standing]) -> Plan:
    """The moves of steps whose `before` is what stands there and whose `after` is what shall."""
    then: dict[bytes, Entry | None] = {step.origin: None for step in results}
    like: dict[bytes, bytes] = {}
    for step in results:
        then[step.path] = step.after if step.after is not None else then.get(step.path)
        if step.before is not None and step.before.mode != SYMLINK:
            like[step.path] = step.origin
    moves = []
    for path, entry in then.items():
        found = now[path]
        was = found if isinstance(found, Entry) else None
        if was != entry:
            moves.append(Move(path, was, entry, like.get(path) if entry and entry.mode != SYMLINK else None))
    done = tuple(step for step in results if step.source is not None or step.before != step.after)
    same = tuple(step.path for step in results if step.source is None and step.before == step.after)
    return Plan(moves=tuple(moves), done=done, converged=same)


@dataclass(slots=True)
class _Decision:
    """One step against the tree: `result` has what stands there as `before`; or there is a conflict."""

    step: Step
    now: Mapping[bytes, Standing]
    vacated: set[bytes]
    moving: set[bytes]
    result: Step = field(init=False)
    conflict: Conflict | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        step = self._adopt_rename(self.step)
        self.result = step
        mine, goal = self._clear(step.origin), self._clear(step.path)
        if step.before is None and step.path in self.moving:
            mine = None  # what stands there now is moved away by a step of this group
        for found in (mine, goal):
            if isinstance(found, Obstacle):
                self.conflict = Conflict(self.step.path, describe(found))
                return
        assert not isinstance(mine, Obstacle)
        merged = _GONE if step.source and mine is None else three_way(step.before, mine, step.after)
        if isinstance(merged, Conflict):
            self.conflict = replace(merged, path=self.step.path, mine=mine)
        elif step.source is not None and goal is not None and step.path not in self.moving and goal != merged:
            entry = goal if isinstance(goal, Entry) else None
            self.conflict = Conflict(
                step.path, "The change renames a file to this name, but another file stands here.", mine=entry
            )
        elif step.source is not None and goal == merged and step.path not in self.moving:
            self.result = Step(step.source, mine, None)  # only the old name is left to remove
        else:
            self.result = Step(step.path, mine, merged, step.source)

    def _adopt_rename(self, step: Step) -> Step:
        """A rename that somebody has made by hand already is an edit under the new name."""
        alone = step.path not in self.moving
        if step.source and alone and self.now[step.source] is None and isinstance(self.now[step.path], Entry):
            return Step(step.path, step.before, step.after)
        return step

    def _clear(self, path: bytes) -> Standing:
        """What stands at `path`, not counting what this group itself takes out of the way."""
        found = self.now[path]
        if isinstance(found, Obstacle):
            if found.kind in ("file", "link") and found.at in self.vacated:
                return None
            if found.kind == "folder" and found.files <= self.vacated:
                emptied = {above for gone in self.vacated for above in ancestors(gone)}
                return None if found.folders <= emptied else found
        return found


_GONE = Conflict(b"", "The change renames this file, but it is not here any more.")


def describe(found: Obstacle) -> str:
    """An obstacle in one plain sentence."""
    at = path_text(found.at)
    return {
        "folder": "A folder stands here, with files that the change does not know."
        if found.files or found.folders
        else "A folder stands here.",
        "link": f"{at} is a link where a folder should be; nothing is written through links.",
        "file": f"{at} is a file where a folder should be.",
        "special": "What stands here is neither a file nor a link nor a folder.",
        "busy": "Another program is writing this file.",
        "spelling": f"{at} stands here, which this file system takes as the same name.",
        "owner": "The file belongs to another user or group, which a new version of it could not keep.",
        "name": "The file system refuses this name.",
    }[found.kind]


def three_way(base: Entry | None, mine: Entry | None, theirs: Entry | None) -> Entry | Conflict | None:
    """What shall stand at one path: `base` is what the change was made on, `theirs` what it wants.

    A conflict's path is left empty. Text merges line by line; of anything else at most one side may have changed.
    """
    if theirs in (mine, base):
        return mine
    if mine == base:
        return theirs
    if base is None or mine is None or theirs is None:
        return Conflict(b"", _absence(base, mine))
    entries = (base, mine, theirs)
    if any(entry.mode not in (REGULAR, EXECUTABLE) for entry in entries):
        return Conflict(b"", "Both you and the change replaced this, and one of them is not a plain file.")
    mode = theirs.mode if mine.mode == base.mode else mine.mode
    if mine.data != base.data != theirs.data != mine.data and any(is_binary(entry.data) for entry in entries):
        return Conflict(b"", "Both you and the change edited this binary file.")
    merged = merge3(base.data, mine.data, theirs.data)
    if merged.data is None:
        return Conflict(b"", "You and the change edited the same lines.", merged.conflicts)
    return Entry(mode, merged.data)


def _absence(base: Entry | None, mine: Entry | None) -> str:
    """Why a missing side is a conflict."""
    if base is None:
        return "The change adds this file, but a different one stands here already."
    if mine is None:
        return "The change edits this file, but it is not here any more."
    return "The change deletes this file, but it has been edited since."
