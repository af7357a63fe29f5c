"""Apply: put accepted bytes into the user's working tree, three-way and all or nothing, so that it can be taken back.

What is decided where the request leaves room:
- The tree as it is *now* counts. Text merges by lines; of links, modes and binary files only one side may have changed.
- A conflict blocks its own file (and what cannot do without it); all other files land together or not at all.
- A file is replaced by a new one, as git does: other hard links to the old file keep the old bytes, and nobody sees
  half a file. Owner, permissions, user attributes and access lists carry over. A link is never followed, only replaced.
- Folders are made as needed and removed when their last file goes; a folder that comes back has default permissions.
- A submodule is a commit of another repository: it is skipped, and said so.
- Temporary files are named `.exosuit-<12 hex digits>-<number>`, stand beside their targets and are gone at the end, or
  after the next start if a crash came between. Index, HEAD, refs, stash and hooks of git are never touched.
- A file that a program holds open for writing is waited for two seconds and is a conflict then. An edit in the instant
  of the swap is detected, put back and merged. Without leases (NFS, other systems than Linux) one window stays: a
  program that opened the old file before the swap and writes it after we looked is not noticed.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from exosuit.changes.atoms import SUBMODULE
from exosuit.changes.disk import Disk
from exosuit.changes.entries import Entry
from exosuit.changes.journal import Journal, Kept, Phase, Record, StepRef, Vault, lock, new_id, step_of
from exosuit.changes.landing import Landing
from exosuit.changes.safepath import RESERVED_PREFIX
from exosuit.changes.spelling import check_collisions, survey
from exosuit.changes.threeway import Conflict, Plan, Step, check_steps, inverse, plan_group, together
from exosuit.changes.worktree import Worktree
from exosuit.core.errors import ExosuitError
from exosuit.core.escapes import path_text
from exosuit.core.progress import stop_if_asked, to_the_end

_NO_MERGE = "A submodule is a commit of another repository; it cannot be applied to a working tree."
_AS_BEFORE = "the working tree is as before"
_ERRORS = {
    errno.ENOSPC: ("disk-full", "free some space, then repeat"),
    errno.EDQUOT: ("disk-full", "free some of your quota, then repeat"),
    errno.EFBIG: ("disk-full", "raise the limit on file sizes (ulimit -f), then repeat"),
    errno.EROFS: ("read-only", "make the file system writable, then repeat"),
    errno.EACCES: ("no-permission", "check the permissions of that file and its folder, then repeat"),
    errno.EPERM: ("no-permission", "check the permissions and attributes of that file (lsattr), then repeat"),
}


def _nothing(_record: Record) -> None:
    """Nobody keeps a record."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where to apply: the workspace, its state folder outside of it, the vault, and who is told.

    `on_commit(record)` runs when all is in place. It must be idempotent by `record.id`, as after a crash it may run
    again; if it raises, nothing may have been recorded, and the tree is taken back. `wait` is in seconds.
    """

    root: Path
    state: Path
    vault: Vault
    on_commit: Callable[[Record], None] = _nothing
    disk: Disk = field(default_factory=Disk)
    wait: float = 30.0


@dataclass(frozen=True, slots=True)
class Skipped:
    """A step that was left out, and why."""

    path: bytes
    why: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of an apply that had been cut off: `finished`, `taken-back`, or `discarded` before it began."""

    id: str
    label: str
    result: str
    conflicts: tuple[Conflict, ...] = ()
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an apply did. `done` has, as steps, what stood there and what stands there now: `undo_steps` inverts them.

    `id` is empty if nothing had to be written. `kept` are versions of the user's that are only in the vault.
    """

    id: str = ""
    done: tuple[Step, ...] = ()
    converged: tuple[bytes, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    kept: tuple[Kept, ...] = ()
    recovered: tuple[Recovered, ...] = ()
    warnings: tuple[str, ...] = ()


def undo_steps(done: Iterable[Step]) -> tuple[Step, ...]:
    """The steps that take back what an apply did: hand them to `apply_steps`, which merges or says what it cannot."""
    return tuple(inverse(step) for step in done)


def steps_of(refs: Iterable[StepRef], vault: Vault) -> tuple[Step, ...]:
    """A record's steps with their contents, for example to undo an apply that only the ledger remembers."""
    return tuple(step_of(ref, vault) for ref in refs)


def apply_steps(site: Site, steps: Iterable[Step], *, label: str = "", dry_run: bool = False) -> Outcome:
    """Put `steps` into the tree as it is now. First finishes or takes back what a crash has left.

    With `dry_run` the outcome says what would happen and no step is written. Raises `unsafe-path`, `steps-clash`,
    `names-collide`, `workspace-busy`, `journal-damaged`, and for a failing disk `disk-full`, `read-only`,
    `no-permission`, `disk-error` (the tree is as before) or `half-applied` (the next start finishes or takes back).
    """
    every = list(steps)
    skipped = tuple(Skipped(step.path, _NO_MERGE) for step in every if _is_submodule(step))
    wanted = [step for step in every if not _is_submodule(step)]
    check_steps(wanted)
    with _opened(site) as (tree, journal):
        recovered = _recover(site, tree, journal)
        groups = _planned(tree, wanted)
        plans = {index: plan for index, (_, plan) in enumerate(groups)}
        outcome = Outcome(skipped=skipped, recovered=recovered)
        to_do = [(group, plan) for group, plan in groups if plan.moves]
        if dry_run or not to_do:
            return _reported(outcome, plans.values())
        landing = Landing(tree, site.vault, journal, Record(new_id(), label, ()), Phase.PREPARING)
        warnings = _run(site, landing, to_do)
        idle = [plan for _, plan in groups if not plan.moves]
        done = _reported(outcome, [*idle, *landing.plans.values()])
        return replace(done, id=landing.record.id, kept=landing.record.kept, warnings=warnings)


def recover(site: Site) -> tuple[Recovered, ...]:
    """Finish or take back what a crash has left; call it at each start. Raises as `apply_steps` does."""
    with _opened(site) as (tree, journal):
        return _recover(site, tree, journal)


def _is_submodule(step: Step) -> bool:
    return any(entry is not None and entry.mode == SUBMODULE for entry in (step.before, step.after))


@contextlib.contextmanager
def _opened(site: Site) -> Iterator[tuple[Worktree, Journal]]:
    with _disk_errors(_AS_BEFORE), lock(site.state, site.wait), site.disk.root(site.root) as root:
        yield Worktree(site.disk, root), Journal(site.disk, site.state)


@contextlib.contextmanager
def _disk_errors(state: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        code, hint = _ERRORS.get(error.errno or 0, ("disk-error", "check the disk and the system's log, then repeat"))
        raise ExosuitError(code, f"{error.strerror or error}{_where(error.filename)}; {state}", hint) from error


def _where(name: str | bytes | None) -> str:
    """What an error of the disk is about; our temporary files mean nothing to anybody, their folder does."""
    if not name:
        return ""
    folder, slash, last = os.fsencode(name).rpartition(b"/")
    if not last.startswith(RESERVED_PREFIX):
        return f" ({path_text(folder + slash + last)})"
    return f" (in the folder {path_text(folder)})" if folder else " (in the top folder of the workspace)"


def _planned(tree: Worktree, steps: Sequence[Step]) -> list[tuple[tuple[Step, ...], Plan]]:
    check_collisions(tree, steps)
    listed: dict[bytes, set[bytes]] = {}
    return [(group, plan_group(group, survey(tree, group, listed))) for group in together(steps)]


def _run(site: Site, landing: Landing, groups: Sequence[tuple[Sequence[Step], Plan]]) -> tuple[str, ...]:
    """One apply from plan to tidy; returns warnings. After any failure the tree is as before, or it says otherwise."""
    try:
        landing.prepare(groups)
        stop_if_asked()
    except BaseException:
        with contextlib.suppress(OSError, ExosuitError):  # what remains is removed at the next start
            landing.discard()
        raise
    with to_the_end():
        try:
            landing.land()
            landing.settle()
        except BaseException as error:
            _take_back(landing, error)
            raise
        try:
            site.on_commit(landing.record)
        except Exception as error:
            _take_back(landing, error)
            raise
        return _tidy(landing)


def _take_back(landing: Landing, reason: BaseException) -> None:
    try:
        landing.take_back()
    except (OSError, ExosuitError) as error:
        raise ExosuitError(
            "half-applied",
            f"applying failed ({reason}), and so did taking it back ({error})",
            "repair the disk, then run any command here: it finishes the change or takes it back",
        ) from reason
    _tidy(landing)


def _tidy(landing: Landing) -> tuple[str, ...]:
    """Remove temporary files and the journal. A failure here changes nothing that counts: the next start goes on."""
    try:
        landing.tidy()
    except (OSError, ExosuitError) as error:
        return (f"Temporary files could not all be removed ({error}); the next start tries again.",)
    return ()


def _recover(site: Site, tree: Worktree, journal: Journal) -> tuple[Recovered, ...]:
    with _disk_errors("what an earlier run left unfinished is still so"):
        return tuple(_recover_one(site, tree, journal, *found) for found in journal.open_records())


def _recover_one(site: Site, tree: Worktree, journal: Journal, record: Record, phase: Phase) -> Recovered:
    landing = Landing(tree, site.vault, journal, record, phase)
    if phase is Phase.PREPARING:
        landing.discard()
        return Recovered(record.id, record.label, "discarded")
    if phase is Phase.BACK:
        landing.take_back()
    elif phase is not Phase.RESTORED:
        if phase is Phase.PREPARED:
            landing.land()
            landing.settle()
        site.on_commit(landing.record)
    landing.tidy()
    conflicts = tuple(Conflict(conflict.path, conflict.why) for conflict in landing.record.conflicts)
    result = "taken-back" if phase in (Phase.BACK, Phase.RESTORED) else "finished"
    return Recovered(record.id, record.label, result, conflicts, landing.record.kept)


def _reported(outcome: Outcome, plans: Iterable[Plan]) -> Outcome:
    plans = list(plans)
    return replace(
        outcome,
        done=tuple(step for plan in plans for step in plan.done),
        converged=tuple(path for plan in plans for path in plan.converged),
        conflicts=tuple(conflict for plan in plans for conflict in plan.conflicts),
    )


__all__ = [
    "Conflict",
    "Entry",
    "Kept",
    "Outcome",
    "Record",
    "Recovered",
    "Site",
    "Skipped",
    "Step",
    "Vault",
    "apply_steps",
    "recover",
    "steps_of",
    "undo_steps",
]
