"""Units of an apply, put in place or taken out again: what runs between the plan and the report, and after a crash.

All or nothing across units, but for a conflict, which blocks its own unit only. A unit that finds the tree otherwise
than planned steps back, is planned anew on what stands there now, and tries again.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count

from exosuit.changes.atoms import SYMLINK
from exosuit.changes.crossing import Crossing, Side
from exosuit.changes.entries import Entry, ancestors, parent_of
from exosuit.changes.journal import (
    ConflictRef,
    Filing,
    Journal,
    Kept,
    MoveRef,
    Phase,
    Record,
    StepRef,
    Unit,
    Vault,
    entry_of,
    step_of,
)
from exosuit.changes.spelling import survey
from exosuit.changes.threeway import Conflict, Move, Plan, Step, plan_group
from exosuit.changes.worktree import Worktree
from exosuit.core.progress import tell

_TRIES = 12
_WAY_BACK = (Phase.BACK, Phase.RESTORED)
_RESTLESS = "The file keeps changing while the change is being applied."
_TWICE = "It was edited twice in the moment of applying; what could not stay in place is kept."


class Landing:
    """One apply on its way. `record` and `phase` are what the journal says; `plans` is the same in memory."""

    def __init__(self, tree: Worktree, vault: Vault, journal: Journal, record: Record, phase: Phase) -> None:
        self.record = record
        self.phase = phase
        self.plans: dict[int, Plan] = {}
        self._tree, self._vault, self._journal = tree, vault, journal
        self._filing = Filing(vault)
        self._crossing = Crossing(tree, self._rescue)
        self._numbers = count(sum(len(unit.moves) + len(unit.spare) for unit in record.units))

    def prepare(self, groups: Sequence[tuple[Sequence[Step], Plan]]) -> None:
        """Write and sync all that is needed; nothing stands in its place yet."""
        units: list[Unit] = []
        for index, (steps, plan) in enumerate(groups):
            self.plans[index] = plan
            units.append(self._unit(steps, plan))
        made = self._missing_folders(move for unit in units for move in unit.moves)
        self.record = replace(self.record, units=tuple(units), made=tuple(made))
        self._journal.write(self.record, Phase.PREPARING)
        for folder in self.record.made:  # now, so that a full disk shows before anything is in place
            if self._tree.is_free(folder):
                self._tree.make_folder(folder)
        for done, ((_, plan), unit) in enumerate(zip(groups, self.record.units, strict=True)):
            tell(len(groups) + done, 2 * len(groups), "files")
            self._stage(plan.moves, unit.moves)
        self._sync(self.record.units)
        self._go(Phase.PREPARED)

    def _unit(self, steps: Sequence[Step], plan: Plan) -> Unit:
        return Unit(
            asked=tuple(self._filing.step(step) for step in steps),
            done=tuple(self._filing.step(step) for step in plan.done),
            moves=self._slotted(plan.moves),
        )

    def _slotted(self, moves: Sequence[Move]) -> tuple[MoveRef, ...]:
        """Moves with a fresh slot each, in a folder that is there and stays there."""
        goals = {move.path for move in moves if move.then is not None}
        found = []
        for move in moves:
            slot = self.record.slot(self._slot_folder(move.path, goals), next(self._numbers))
            found.append(MoveRef(move.path, self._filing.ref(move.was), self._filing.ref(move.then), slot))
        return tuple(found)

    def _slot_folder(self, path: bytes, goals: set[bytes]) -> bytes:
        above = ancestors(path)
        replaced = [folder for folder in above if folder in goals]  # folders that become files
        folder = parent_of(replaced[-1]) if replaced else parent_of(path)
        while not self._tree.is_folder(folder):
            folder = parent_of(folder)
        return folder

    def _missing_folders(self, moves: Iterable[MoveRef]) -> list[bytes]:
        wanted = {above for move in moves if move.then is not None for above in ancestors(move.path)}
        return sorted(folder for folder in wanted - set(self.record.made) if not self._tree.is_folder(folder))

    def _stage(self, moves: Sequence[Move], slotted: Sequence[MoveRef]) -> None:
        for move, ref in zip(moves, slotted, strict=True):
            if move.then is not None:
                self._tree.stage(ref.slot, move.then, move.like)

    def _sync(self, units: Iterable[Unit]) -> None:
        self._sync_slots([move.slot for unit in units for move in unit.moves if move.then is not None])

    def _sync_slots(self, slots: Sequence[bytes]) -> None:
        for slot in slots:
            self._tree.sync_file(slot)
        for folder in sorted({parent_of(slot) for slot in slots}):
            self._tree.sync_folder(folder)

    def _go(self, phase: Phase) -> None:
        """To the next phase, from whatever the journal says: a failed sync may have left it a phase ahead of us."""
        self._journal.mark(self.record, self._journal.phase(self.record) or self.phase, phase)
        self.phase = phase

    def land(self) -> None:
        """Put every unit in place, or find its conflict; idempotent. Then sync what was touched."""
        for index in range(len(self.record.units)):
            self._land_unit(index)
        touched = {
            parent_of(path) for unit in self.record.units for move in unit.moves for path in (move.path, move.slot)
        }
        for folder in sorted(touched | {parent_of(folder) for folder in self.record.made}):
            self._tree.sync_folder(folder)

    def settle(self) -> None:
        """All is in place: from here on it is only recorded and tidied."""
        self._go(Phase.LANDED)

    def _land_unit(self, index: int) -> None:
        for _ in range(_TRIES):
            moves = _in_order(self.record.units[index].moves)
            for move in moves:
                self._crossing.mend(move)
                if self._crossing.side(move) is Side.MISSING:
                    self._stage_again(move)
            if all(self._crossing.side(move) is Side.AFTER or self._cross(move) for move in moves):
                return
            if not self._plan_anew(index):
                return
        self._retreat(index)
        self._block(index, [Conflict(step.path, _RESTLESS) for step in self.record.units[index].asked])

    def _stage_again(self, move: MoveRef) -> None:
        """Fill a slot that somebody has emptied from the vault; a folder out of reach is left to planning anew."""
        entry = entry_of(move.then, self._vault)
        if entry is not None and self._tree.is_folder(parent_of(move.slot)):
            found = self._tree.status(move.path)
            is_file = found is not None and stat.S_ISREG(found.st_mode) and entry.mode != SYMLINK
            self._tree.stage(move.slot, entry, move.path if is_file else None)
            self._sync_slots([move.slot])

    def _cross(self, move: MoveRef) -> bool:
        return self._crossing.side(move) is Side.BEFORE and self._crossing.cross(move)

    def _retreat(self, index: int) -> bool:
        """Take a unit that met something unexpected back to where it started; False if some of it has to stay."""
        stuck = []
        for move in reversed(_in_order(self.record.units[index].moves)):
            side = self._crossing.side(move)
            if side in (Side.AFTER, Side.FOREIGN) and not self._crossing.cross_back(move):
                stuck.append(move)
        if not stuck:
            return True
        for move in stuck:
            if self._crossing.side(move) is Side.FOREIGN:
                self._rescue(move.path, move.slot)
        done = tuple(StepRef(move.path, move.was, move.then) for move in stuck)
        conflicts = [Conflict(step.path, _TWICE) for step in self.record.units[index].asked]
        self._block(index, conflicts, done)
        return False

    def _plan_anew(self, index: int) -> bool:
        """Plan a unit on the tree as it is now; whether there is something to cross again."""
        if not self._retreat(index):
            return False
        unit = self.record.units[index]
        steps = [step_of(ref, self._vault) for ref in unit.asked]
        plan = plan_group(steps, survey(self._tree, steps))
        if plan.conflicts or not plan.moves:
            self._block(index, plan.conflicts)
            self.plans[index] = plan
            return False
        fresh = self._unit(steps, plan)
        spare = (*unit.spare, *(move.slot for move in unit.moves))
        new = tuple(move.slot for move in fresh.moves)
        self._save(index, replace(unit, moves=(), done=(), spare=(*spare, *new)))
        for slot in spare:
            self._tree.remove(slot)
        self._stage(plan.moves, fresh.moves)
        self._sync([fresh])
        self._save(index, replace(fresh, asked=unit.asked, spare=spare))
        self.plans[index] = plan
        return True

    def _block(self, index: int, conflicts: Sequence[Conflict], done: tuple[StepRef, ...] = ()) -> None:
        unit = self.record.units[index]
        refs = tuple(ConflictRef(conflict.path, conflict.why) for conflict in conflicts)
        spare = (*unit.spare, *(move.slot for move in unit.moves))
        self._save(index, replace(unit, moves=(), done=done, spare=spare, conflicts=refs))
        kept = tuple(step_of(ref, self._vault) for ref in done)
        self.plans[index] = Plan(conflicts=tuple(conflicts), done=kept)

    def _save(self, index: int, unit: Unit) -> None:
        units = list(self.record.units)
        units[index] = unit
        made = self._missing_folders(unit.moves)
        self._write(replace(self.record, units=tuple(units), made=(*self.record.made, *made)))

    def _write(self, record: Record) -> None:
        """Journal a changed record; on the way back the journal keeps the forward reading."""
        self.record = record
        self._journal.write(inverted(record) if self.phase in _WAY_BACK else record, self.phase)

    def _rescue(self, path: bytes, found_at: bytes) -> None:
        found = self._tree.read(found_at)
        ref = self._filing.ref(found) if isinstance(found, Entry) else None
        if ref is not None:
            self._write(replace(self.record, kept=(*self.record.kept, Kept(path, ref))))

    def take_back(self) -> None:
        """Take out what was put in place; what the user edited there meanwhile is merged, or stays and is reported."""
        if self.phase is not Phase.BACK:
            self._go(Phase.BACK)
        self.record = inverted(self.record)
        self.land()
        self._go(Phase.RESTORED)

    def tidy(self) -> None:
        """Remove all temporary files and empty folders of this apply, then its journal."""
        for unit in self.record.units:
            for move in unit.moves:
                self._crossing.mend(move)
                if self._crossing.side(move) is Side.FOREIGN:
                    self._rescue(move.path, move.slot)
                self._tree.remove(move.slot)
            for slot in unit.spare:
                self._tree.remove(slot)
        for folder in self._folders_to_remove():
            self._tree.remove_folder(folder)
        self._journal.close(self.record, self.phase)

    def _folders_to_remove(self) -> list[bytes]:
        """Folders that this apply made in vain, or from which it took the last file; the deepest first."""
        if self.phase is Phase.LANDED:
            gone = [move.path for unit in self.record.units for move in unit.moves if move.then is None]
            folders = {above for path in gone for above in ancestors(path)}
        else:
            folders = set(self.record.made)
        return sorted(folders, key=lambda folder: folder.count(b"/"), reverse=True)

    def discard(self) -> None:
        """Remove what `prepare` wrote; nothing was put in place."""
        if self._journal.phase(self.record) is Phase.PREPARED:
            self._go(Phase.PREPARING)
        for unit in self.record.units:
            for slot in (*(move.slot for move in unit.moves), *unit.spare):
                self._tree.remove(slot)
        for folder in self._folders_to_remove():
            self._tree.remove_folder(folder)
        self._journal.close(self.record, Phase.PREPARING)


def inverted(record: Record) -> Record:
    """The record of taking another one back."""
    return replace(record, units=tuple(_inverted(unit) for unit in record.units))


def _inverted(unit: Unit) -> Unit:
    done = tuple(
        StepRef(step.path, step.after, step.before)
        if step.source is None
        else StepRef(step.source, step.after, step.before, step.path)
        for step in unit.done
    )
    moves = tuple(MoveRef(move.path, move.then, move.was, move.slot) for move in unit.moves)
    return replace(unit, asked=done, done=done, moves=moves)


def _in_order(moves: Iterable[MoveRef]) -> list[MoveRef]:
    """Removals first, so that names and folders are free; then the rest from the top down."""
    return sorted(moves, key=lambda move: (move.then is not None, move.path.count(b"/")))
