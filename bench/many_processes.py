"""What one process of bench/many does to a workspace, and how the workspace is judged afterwards."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from exosuit.changes.delivery import apply_change, redo_apply, undo_apply
from exosuit.changes.folding import fold
from exosuit.changes.git import git
from exosuit.changes.review import Review
from exosuit.changes.snapshot import snapshot_worktree
from exosuit.changes.sources import Revisions
from exosuit.changes.workspace import Workspace
from exosuit.core.errors import ExosuitError
from exosuit.core.ledger import Event

FILES, LINES = 24, 60
EXPECTED = {"overtaken", "nothing-to-undo", "nothing-to-redo"}
"""What an operation may answer when others were faster; anything else counts as a failure."""

KINDS = ("accept", "accept", "reject", "edit", "comment", "undo", "redo", "apply", "show")


def make(folder: Path, seed: int) -> str:
    """A repository with a change between two commits, imported; returns the change's id."""
    dice = random.Random(seed)
    folder.mkdir(parents=True)
    base = {f"d{i % 4}/f{i}.txt": [f"line {i} {n} {dice.random()}\n" for n in range(LINES)] for i in range(FILES)}
    head = {path: list(lines) for path, lines in base.items() if dice.random() > 0.1}
    for lines in head.values():
        for _ in range(6):
            at = dice.randrange(len(lines))
            lines[at : at + dice.randrange(3)] = [f"new {dice.random()}\n"] * dice.randrange(3)
    head |= {f"new/n{i}.txt": [f"added {i} {n}\n" for n in range(12)] for i in range(3)}
    commit(folder, base)
    shutil.rmtree(folder / "d0")
    commit(folder, head)
    checked = subprocess.run(["git", "checkout", "-q", "HEAD~1"], cwd=folder, capture_output=True, check=True)
    assert checked.returncode == 0
    opened = Workspace.open(folder)
    change, _, _ = opened.bring_in(Revisions("HEAD", "main"), "bench")
    opened.close()
    return change.id


def commit(folder: Path, files: dict[str, list[str]]) -> None:
    """Make the folder hold these files and commit them."""
    if not (folder / ".git").exists():
        subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
    for found in [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]:
        found.unlink()
    for name, lines in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("".join(lines))
    who = ["-c", "user.name=Bench", "-c", "user.email=bench@example.invalid", "-c", "commit.gpgSign=false"]
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    subprocess.run(["git", *who, "commit", "-q", "-m", "state"], cwd=folder, check=True)


def work(folder: Path, name: str, count: int, seed: int) -> Counter[str]:
    """`count` operations at random; counts by kind, with the code for `refused` ones, and errors as `failed …`."""
    dice = random.Random(seed)
    review = Review(Workspace.open(folder), name, f"process {seed}")
    tally: Counter[str] = Counter()
    for _ in range(count):
        kind = dice.choice(KINDS)
        try:
            operation(review, kind, dice)
            tally[kind] += 1
        except ExosuitError as error:
            tally[f"{kind} {error.code}" if error.code in EXPECTED else f"failed {kind}: {error.code} {error}"] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure to be counted and told
            tally[f"failed {kind}: {error!r}"] += 1
    review.workspace.close()
    return tally


def operation(review: Review, kind: str, dice: random.Random) -> None:
    """One operation of a kind, on atoms at random."""
    first = dice.randrange(review.change.atoms)
    file = review.change.file_of(first)
    end = min(first + dice.randrange(1, 12), review.change.range_of(file)[1])
    acts: dict[str, Callable[[], object]] = {
        "accept": lambda: review.decide("accept", [(first, end)]),
        "reject": lambda: review.decide("reject", [(first, end)]),
        "edit": lambda: review.edit([(first, end)], f"edited {dice.random()}\n".encode()),
        "comment": lambda: review.comment([(first, end)], "seen"),
        "undo": lambda: step(review, undo=True),
        "redo": lambda: step(review, undo=False),
        "apply": lambda: apply_change(review),
        "show": lambda: (review.decisions.counts(), review.region([(first, end)])),
    }
    acts[kind]()


def step(review: Review, *, undo: bool) -> None:
    """Undo or redo as the command does."""
    event = review.next_undo() if undo else review.next_redo()
    if event.kind == "apply":
        (undo_apply if undo else redo_apply)(review, event)
    elif undo:
        review.undo()
    else:
        review.redo()


def faults(folder: Path, name: str) -> list[str]:
    """What is wrong with the workspace now; nothing if all is well."""
    opened = Workspace.open(folder)
    assert opened.repository is not None
    found = (
        [] if opened.database.query("PRAGMA integrity_check") == [("ok",)] else ["sqlite says the ledger is corrupt"]
    )
    events = opened.events(name)
    change, state = opened.change(name), opened.decisions(name)
    if [event.seq for event in events] != sorted({event.seq for event in events}):
        found.append("events are out of order")
    if fold(events, change.atoms) != state or replayed(events, change.atoms) != state:
        found.append("the fold is not what a replay gives")
    wanted = str(state.applied[-1].data["tree"]) if state.applied else change.base
    there = snapshot_worktree(opened.shadow, opened.repository)
    if there != wanted:
        names = git(["diff-tree", "-r", "--name-only", wanted, there], env={"GIT_DIR": str(opened.shadow.git_dir)})
        found.append(f"the working tree is not what the ledger says: {names.decode().split()}")
    if any(folder.rglob(".exosuit-*")) or any((opened.state / "journal").glob("*")):
        found.append("an apply left something behind")
    fsck = subprocess.run(["git", "fsck", "--strict"], cwd=folder, capture_output=True)
    status = subprocess.run(["git", "diff", "--cached", "--quiet"], cwd=folder, capture_output=True)
    if fsck.returncode or status.returncode:
        found.append(f"the repository is not as it was: {fsck.stderr.decode().strip()}")
    opened.close()
    return found


def replayed(events: list[Event], atoms: int) -> object:
    """The decisions when each event is folded from the start, with nothing remembered: the slow way."""
    from exosuit.changes.folding import Folding

    folding = Folding(atoms)
    for event in events:
        folding.take([event])
    folding._start_over()
    return folding.decisions()
