"""Carrying decisions over to a newer import of the same source: only where the bytes still match, never by guessing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from exosuit.changes.atoms import FileChange, Kind, split_lines
from exosuit.changes.change import Change
from exosuit.changes.decisions import ACCEPTED, EDITED, REJECTED, UNDECIDED, Decisions, Edit, Range, merged
from exosuit.changes.shadow import Shadow

AROUND = 3
"""Lines of the base before and after a run that must be the same too."""

Signature = tuple[bytes, bytes, bytes, bytes]


@dataclass
class Carried:
    """What came along, in atoms of the new change; `asked_again` counts decided atoms of the old one that did not."""

    accepted: list[Range] = field(default_factory=list)
    rejected: list[Range] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    asked_again: int = 0

    @property
    def atoms(self) -> int:
        """How many atoms of the new change are decided by it."""
        whole = [*self.accepted, *self.rejected, *((edit.first, edit.end) for edit in self.edits)]
        return sum(end - first for first, end in whole)

    def as_event(self) -> dict[str, object]:
        """The data of a `carry` event."""
        edits = [(edit.first, edit.end, edit.blob) for edit in self.edits]
        return {"accepted": self.accepted, "rejected": self.rejected, "edits": edits}


def carry(old: Change, decisions: Decisions, new: Change, shadow: Shadow) -> Carried:
    """Decisions on `old` that hold for `new` as well: same path, same removed and added bytes, same lines around."""
    result = Carried()
    decided = len(decisions.states) - decisions.states.count(UNDECIDED)
    if not decided:
        return result
    places = {(file.old_path, file.path): file for file in old.files}
    for file in new.files:
        before = places.get((file.old_path, file.path))
        if before is None:
            continue
        first, end = old.range_of(before)
        if decisions.states.count(UNDECIDED, first, end) < end - first:
            for theirs, ours, count in _matches(before, file, shadow):
                _bring(result, decisions, first + theirs, new.range_of(file)[0] + ours, count)
    result.accepted, result.rejected = merged(result.accepted), merged(result.rejected)
    result.asked_again = decided - result.atoms
    return result


def _bring(result: Carried, decisions: Decisions, theirs: int, ours: int, count: int) -> None:
    """Copy `count` states from atom `theirs` of the old change to atom `ours` of the new one."""
    for i in range(count):
        state = decisions.states[theirs + i]
        if state == ACCEPTED:
            result.accepted.append((ours + i, ours + i + 1))
        elif state == REJECTED:
            result.rejected.append((ours + i, ours + i + 1))
        elif state == EDITED:
            edit = next(edit for edit in decisions.edits if edit.first <= theirs + i < edit.end)
            if edit.first == theirs + i and edit.end <= theirs + count:
                result.edits.append(Edit(ours + i, ours + i + edit.end - edit.first, edit.blob))


def _matches(old: FileChange, new: FileChange, shadow: Shadow) -> list[tuple[int, int, int]]:
    """(atom in old, atom in new, count) of what is the same in both, numbered within the file."""
    if (old.old_blob, old.new_blob, old.old_mode, old.new_mode) == (
        new.old_blob,
        new.new_blob,
        new.old_mode,
        new.new_mode,
    ):
        return [(0, 0, old.atoms)] if old.atoms == new.atoms else []
    found = []
    for kind in (Kind.RENAME, Kind.MODE):
        same = kind is Kind.RENAME or (old.old_mode, old.new_mode) == (new.old_mode, new.new_mode)
        if same and kind in old.opaque and kind in new.opaque:
            found.append((old.opaque.index(kind), new.opaque.index(kind), 1))
    if not (old.is_text and new.is_text):
        return found
    olds, news = _signatures(old, shadow), _signatures(new, shadow)
    once = {signature for signature, n in Counter(s for s, _, _ in olds).items() if n == 1}
    twice = {signature for signature, n in Counter(s for s, _, _ in news).items() if n > 1}
    where = {signature: (atom, count) for signature, atom, count in olds if signature in once - twice}
    for signature, atom, count in news:
        if where.get(signature, (0, -1))[1] == count:
            found.append((where[signature][0], atom, count))
    return found


def _signatures(file: FileChange, shadow: Shadow) -> list[tuple[Signature, int, int]]:
    """For each run: what it says and where it stands, its first atom, how many atoms."""
    base, head = split_lines(shadow.blob(file.old_blob)), split_lines(shadow.blob(file.new_blob))
    result, atom = [], len(file.opaque)
    for run in file.runs:
        end = run.base_at + run.base_n
        signature = (
            b"".join(base[run.base_at : end]),
            b"".join(head[run.head_at : run.head_at + run.head_n]),
            b"".join(base[max(0, run.base_at - AROUND) : run.base_at]),
            b"".join(base[end : end + AROUND]),
        )
        result.append((signature, atom, run.atoms))
        atom += run.atoms
    return result
