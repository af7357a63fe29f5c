"""Delivery: the accepted part of a change goes into the working tree, and comes back out of it, with an event for each.

The three-way base of an apply is what the last one left (or the change's base), so accepting more and applying again
adds just that. A change that was made in the working tree itself is there already: applying it takes the rejected part
out, and leaves alone what nobody has decided. Undo is the inverse of what was really done, merged with what the user
has edited since.
"""

from __future__ import annotations

import errno
import json
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from exosuit.changes.apply import Site, apply_steps, recover, steps_of, undo_steps
from exosuit.changes.atoms import SUBMODULE, FileChange, Span, line_offsets, split_lines
from exosuit.changes.decisions import ACCEPTED, EDITED, REJECTED, Decisions, Range, merged
from exosuit.changes.disk import Disk
from exosuit.changes.entries import Entry, Obstacle
from exosuit.changes.journal import Record, StepRef
from exosuit.changes.merge import Region, merge3
from exosuit.changes.review import Review
from exosuit.changes.threeway import Conflict, Step
from exosuit.changes.workspace import Workspace
from exosuit.changes.worktree import Worktree
from exosuit.core.errors import ExosuitError
from exosuit.core.escapes import path_text
from exosuit.core.ledger import Event
from exosuit.core.progress import tell

_STEPS: TypeAdapter[tuple[StepRef, ...]] = TypeAdapter(tuple[StepRef, ...])

PATIENCE = 8
"""How often an apply that another process overtook looks again before it gives up."""

SHOWN = 4000
"""Bytes of a place in conflict that are handed on for showing."""


@dataclass(frozen=True)
class Clash:
    """A path left alone: why, the atoms it holds up, and both texts at the first place in conflict."""

    path: bytes
    why: str
    atoms: list[Range] = field(default_factory=list)
    mine: bytes = b""
    theirs: bytes = b""


@dataclass(frozen=True)
class Delivery:
    """What an apply, an undo or a redo of one did. `event` is None when nothing was recorded."""

    event: int | None
    applied: list[bytes]
    unchanged: list[bytes]
    conflicts: list[Clash]
    skipped: list[tuple[bytes, str]]


def site(workspace: Workspace) -> Site:
    """The workspace as a place to apply to; what lands is written into the ledger, once."""
    return Site(workspace.root, workspace.state, workspace.shadow, on_commit=lambda record: _record(workspace, record))


def _record(workspace: Workspace, record: Record) -> None:
    """The event of an apply that has landed; the journal's id makes it one event, however often it is told.

    Raises `overtaken` where another process has applied or taken back since this one looked: then the tree goes back.
    """
    told = json.loads(record.label)
    data = {**told["data"], "steps": _STEPS.dump_python(record.done, mode="json")}
    since = data.pop("since")
    if told["kind"] == "apply":
        before, wanted = data.pop("before"), data.pop("wanted")
        landed = {path for step in record.done for path in (step.path, step.source) if path is not None}
        data["tree"] = workspace.shadow.replace(before, {path: workspace.shadow.entry(wanted, path) for path in landed})
    with workspace.ledger.transaction():
        if not workspace.ledger.has(record.id):
            _check_not_overtaken(workspace, told["change"], since)
        workspace.ledger.append(told["change"], told["kind"], told["actor"], data, key=record.id)


def _check_not_overtaken(workspace: Workspace, change: str, since: list[int]) -> None:
    if _since(workspace.decisions(change)) != since:
        raise _overtaken()


def _overtaken() -> ExosuitError:
    return ExosuitError(
        "overtaken",
        "another process has applied this change or taken it back in the meantime",
        "look at it again, then repeat; nothing was changed",
        retryable=True,
    )


def recover_workspace(workspace: Workspace) -> None:
    """Finish or take back what a crash has left in the working tree; nothing to do is quick."""
    journal = workspace.state / "journal"
    if journal.is_dir() and any(journal.iterdir()):
        recover(site(workspace))


def apply_change(review: Review, *, dry_run: bool = False) -> Delivery:
    """Put what is accepted into the working tree as it is now; where it raises, nothing changed."""
    for _ in range(PATIENCE):
        try:
            return _apply(review, review.decisions, dry_run=dry_run)
        except ExosuitError as error:
            if error.code != "overtaken":
                raise
    return _apply(review, review.decisions, dry_run=dry_run)


def _apply(review: Review, state: Decisions, *, dry_run: bool) -> Delivery:
    wanted = review.wanted_tree(state)
    start = review.change.head if review.is_in_place() else review.change.base
    before = str(state.applied[-1].data["tree"]) if state.applied else start
    steps = []
    for done, file in enumerate(review.change.files):
        tell(done, 2 * len(review.change.files), "files")
        steps += _steps(review, file, before, wanted)
    steps = [
        _settled(review.workspace, step) if state.resolved.get(path_text(step.path)) == "theirs" else step
        for step in steps
    ]
    label = _label(review, "apply", {"before": before, "wanted": wanted, "since": _since(state)})
    return _deliver(review, steps, label, dry_run=dry_run, from_base=before == review.change.base)


def undo_apply(review: Review, event: Event) -> Delivery:
    """Take an apply back: the bytes from before, merged where the user has edited since; what can't be is said."""
    steps = undo_steps(steps_of(_STEPS.validate_python(event.data["steps"]), review.workspace.shadow))
    return _back_or_again(review, event, "undo", steps)


def redo_apply(review: Review, event: Event) -> Delivery:
    """Do an apply again that was taken back."""
    steps = steps_of(_STEPS.validate_python(event.data["steps"]), review.workspace.shadow)
    return _back_or_again(review, event, "redo", steps)


def _back_or_again(review: Review, event: Event, kind: str, steps: Sequence[Step]) -> Delivery:
    data: dict[str, Any] = {"event": event.seq}
    state, ledger = review.decisions, review.workspace.ledger
    since = _since(state)
    if (event.seq in since) != (kind == "undo"):
        raise _overtaken()
    delivery = _deliver(review, steps, _label(review, kind, {**data, "since": since}), dry_run=False, from_base=False)
    if delivery.event is None and not delivery.conflicts:  # the tree is so already: only the ledger has to say it
        with ledger.transaction():
            _check_not_overtaken(review.workspace, review.change.id, since)
            seq = ledger.append(review.change.id, kind, review.actor, data)
        return Delivery(seq, [], delivery.unchanged, [], delivery.skipped)
    return delivery


def _since(state: Decisions) -> list[int]:
    """The applies in force, by which a later look tells whether somebody else came between."""
    return [event.seq for event in state.applied]


def _deliver(review: Review, steps: Sequence[Step], label: str, *, dry_run: bool, from_base: bool) -> Delivery:
    outcome = apply_steps(site(review.workspace), steps, label=label, dry_run=dry_run)
    event = None
    if outcome.id:
        ledger = review.workspace.ledger
        event = ledger.has(outcome.id)
    by_path = {step.path: step for step in steps}
    return Delivery(
        event,
        applied=sorted({step.path if step.after or not step.source else step.source for step in outcome.done}),
        unchanged=sorted(outcome.converged),
        conflicts=[_clash(review, conflict, by_path[conflict.path], from_base) for conflict in outcome.conflicts],
        skipped=[(skip.path, skip.why) for skip in outcome.skipped],
    )


def _steps(review: Review, file: FileChange, before: str, wanted: str) -> list[Step]:
    """How one file gets from one tree to the other: nothing, a step, or a rename."""
    old_path, old = _place(review, file, before)
    new_path, new = _place(review, file, wanted)
    if (old_path, old) == (new_path, new):
        return []
    if old is not None and new is not None and old_path != new_path:
        return [Step(new_path, _entry(review, old), _entry(review, new), source=old_path)]
    return [Step(new_path if new else old_path, _entry(review, old), _entry(review, new))]


def _place(review: Review, file: FileChange, tree: str) -> tuple[bytes, tuple[int, str] | None]:
    """Where a file of the change stands in a tree, and what it is there."""
    shadow = review.workspace.shadow
    if file.is_renamed and (moved := shadow.entry(tree, file.path)) is not None:
        return file.path, moved
    return (file.old_path if file.is_renamed else file.path), shadow.entry(tree, file.old_path)


def _entry(review: Review, there: tuple[int, str] | None) -> Entry | None:
    if there is None:
        return None
    mode, name = there
    return Entry(mode, name.encode() if mode == SUBMODULE else review.workspace.shadow.blob(name))


def _settled(workspace: Workspace, step: Step) -> Step:
    """A step on which the change's text wins wherever the user's is in its way; the user's other lines stay."""
    now = standing(workspace, step.origin)
    if not isinstance(now, Entry) or step.after is None or step.before is None:
        return Step(step.path, now if isinstance(now, Entry) else None, step.after)
    data = merge3(step.before.data, now.data, step.after.data, theirs_win=True).data
    return Step(step.path, now, Entry(step.after.mode, step.after.data if data is None else data), step.source)


def standing(workspace: Workspace, path: bytes) -> Entry | Obstacle | None:
    """What stands at a path of the working tree now; links are not followed. Raises `unsafe-path`."""
    disk = Disk()
    try:
        with disk.root(workspace.root) as root:
            return Worktree(disk, root).read(path)
    except OSError as error:
        if error.errno == errno.EXDEV:  # what openat2 answers where a path leads out of the folder
            raise ExosuitError(
                "unsafe-path", f"{path_text(path)} leads out of the workspace", "name a file in it"
            ) from error
        raise ExosuitError(
            "unreadable-file", f"cannot read {path_text(path)} ({error.strerror})", "check its permissions"
        ) from error


def _clash(review: Review, conflict: Conflict, step: Step, from_base: bool) -> Clash:
    file = next(f for f in review.change.files if conflict.path in (f.path, f.old_path))
    atoms = _atoms_at(review, file, conflict.regions if from_base else ())
    if not conflict.regions:
        return Clash(conflict.path, conflict.why, atoms)
    mine = _lines(conflict.mine, conflict.regions[0].mine)
    return Clash(conflict.path, conflict.why, atoms, mine, _lines(step.after, conflict.regions[0].theirs))


def _lines(entry: Entry | None, span: tuple[int, int]) -> bytes:
    if entry is None:
        return b""
    offsets = line_offsets(split_lines(entry.data))
    return entry.data[offsets[span[0]] : offsets[span[1]]][:SHOWN]


def _atoms_at(review: Review, file: FileChange, regions: Sequence[Region]) -> list[Range]:
    """The atoms of a file that an apply moves and that lie in the regions; all it moves where lines say nothing."""
    first, end = review.change.range_of(file)
    states = review.decisions.states
    moving = (REJECTED, EDITED) if review.is_in_place() else (ACCEPTED, EDITED)
    taken = [atom for atom in range(first, end) if states[atom] in moving]
    if regions and file.is_text:
        offset = first + len(file.opaque)
        taken = [a for a in taken if a >= offset and _touches(file.spans[a - offset], regions)] or taken
    return merged((atom, atom + 1) for atom in taken)


def _touches(span: Span, regions: Sequence[Region]) -> bool:
    return any(span.base_at <= region.base[1] and region.base[0] <= span.base_at + span.base_n for region in regions)


def _label(review: Review, kind: str, data: dict[str, Any]) -> str:
    return json.dumps({"change": review.change.id, "kind": kind, "actor": review.actor, "data": data})


def read_now(workspace: Workspace, path: bytes) -> bytes | None:
    """The bytes of a file of the working tree, or None; raises `not-a-file` for links and folders."""
    found = standing(workspace, path)
    if found is None:
        return None
    if isinstance(found, Obstacle) or not stat.S_ISREG(found.mode):
        raise ExosuitError("not-a-file", f"{path_text(path)} is not a regular file", "open a file")
    return found.data
