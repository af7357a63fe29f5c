"""Workspaces and changes for the crash bench, with the expected result known by construction rather than computed.

A text file is twenty lines of which four may be replaced: by the change, by the user before the apply, by the user
after it (so that undo has to merge), and by the user between a crash and the recovery.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from exosuit.changes.apply import Entry, Step, undo_steps

FILE, PROGRAM, LINK = 0o100644, 0o100755, 0o120000
Tree = dict[bytes, Entry]
CHANGED, EARLIER, LATER, MEANWHILE = 2, 8, 11, 15


@dataclass(frozen=True)
class Case:
    """`steps` on a tree that is `start` must give `goal`; `kinds` says what is in it."""

    start: Tree
    steps: tuple[Step, ...]
    goal: Tree
    kinds: tuple[str, ...]


@dataclass
class _Draft:
    """A change in the making: the tree it was made for and the user's before, after it, and after later edits."""

    dice: random.Random
    start: Tree = field(default_factory=dict)
    goal: Tree = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def put(self, step: Step, start: Iterable[tuple[bytes, Entry]], goal: Iterable[tuple[bytes, Entry]]) -> None:
        self.steps.append(step)
        self.start.update(start)
        self.goal.update(goal)

    def some(self) -> set[int]:
        """Maybe an edit of the user's."""
        return {EARLIER} if self.dice.random() < 0.5 else set()


def text(name: bytes, replaced: Iterable[int] = ()) -> Entry:
    """A text file of that name with some of its lines replaced."""
    lines = [b"%s line %d\n" % (name, number) for number in range(20)]
    for number in replaced:
        lines[number] = b"%s line %d replaced\n" % (name, number)
    return Entry(FILE, b"".join(lines))


def edited(draft: _Draft, name: bytes) -> None:
    mine = draft.some()
    path = b"src/" + name
    draft.put(
        Step(path, text(name), text(name, {CHANGED})),
        [(path, text(name, mine))],
        [(path, text(name, mine | {CHANGED}))],
    )


def created(draft: _Draft, name: bytes) -> None:
    path = b"new/" + name + b"/deep/file"
    draft.put(Step(path, None, text(name)), [], [(path, text(name))])


def deleted(draft: _Draft, name: bytes) -> None:
    path = b"old/" + name + b"/only"
    draft.put(Step(path, text(name), None), [(path, text(name))], [])


def renamed(draft: _Draft, name: bytes) -> None:
    mine, old, new = draft.some(), b"from/" + name, b"to/" + name + b".txt"
    draft.put(
        Step(new, text(name), text(name, {CHANGED}), source=old),
        [(old, text(name, mine))],
        [(new, text(name, mine | {CHANGED}))],
    )


def swapped(draft: _Draft, name: bytes) -> None:
    one, other = b"swap/" + name + b".1", b"swap/" + name + b".2"
    first, second = text(b"first " + name), text(b"second " + name)
    draft.steps.append(Step(other, first, first, source=one))
    draft.put(Step(one, second, second, source=other), [(one, first), (other, second)], [(one, second), (other, first)])


def made_executable(draft: _Draft, name: bytes) -> None:
    mine, path = draft.some(), b"bin/" + name
    before, after = text(name, mine), text(name, mine)
    draft.put(
        Step(path, text(name), Entry(PROGRAM, text(name).data)),
        [(path, before)],
        [(path, Entry(PROGRAM, after.data))],
    )


def linked(draft: _Draft, name: bytes) -> None:
    path, target = b"links/" + name, draft.dice.choice([b"../src", b"/nowhere/at/all", b"other"])
    before = draft.dice.choice([None, Entry(LINK, b"elsewhere"), text(name)])
    draft.put(
        Step(path, before, Entry(LINK, target)), [(path, before)] if before else [], [(path, Entry(LINK, target))]
    )


def unlinked(draft: _Draft, name: bytes) -> None:
    path = b"links/" + name
    draft.put(Step(path, Entry(LINK, b"old"), text(name)), [(path, Entry(LINK, b"old"))], [(path, text(name))])


def binary(draft: _Draft, name: bytes) -> None:
    path, before, after = b"data/" + name, Entry(FILE, bytes(range(256)) * 40), Entry(FILE, b"\0" + name)
    draft.put(Step(path, before, after), [(path, before)], [(path, after)])


def folder_of_file(draft: _Draft, name: bytes) -> None:
    path = b"turn/" + name
    draft.steps.append(Step(path, text(name), None))
    inside = path + b"/inside"
    draft.put(Step(inside, None, text(name, {CHANGED})), [(path, text(name))], [(inside, text(name, {CHANGED}))])


def file_of_folder(draft: _Draft, name: bytes) -> None:
    path = b"turn/" + name
    inside = path + b"/deep/inside"
    draft.steps.append(Step(path, None, text(name, {CHANGED})))
    draft.put(Step(inside, text(name), None), [(inside, text(name))], [(path, text(name, {CHANGED}))])


def conflicting(draft: _Draft, name: bytes) -> None:
    path, mine = b"src/" + name, Entry(FILE, text(name).data.replace(b"line 2\n", b"line 2, mine\n"))
    draft.put(Step(path, text(name), text(name, {CHANGED})), [(path, mine)], [(path, mine)])


KINDS: tuple[Callable[[_Draft, bytes], None], ...] = (
    edited,
    created,
    deleted,
    renamed,
    swapped,
    made_executable,
    linked,
    unlinked,
    binary,
    folder_of_file,
    file_of_folder,
    conflicting,
)


def apply_case(seed: int) -> Case:
    """A change of three to seven kinds, and a file beside it that nobody touches."""
    dice = random.Random(seed)
    draft = _Draft(dice)
    kinds = [dice.choice(KINDS) for _ in range(dice.randint(3, 7))]
    for number, kind in enumerate(kinds):
        kind(draft, b"%s %d" % (kind.__name__.encode(), number))
    bystander = {b"bystander": text(b"bystander")}
    return Case(
        draft.start | bystander, tuple(draft.steps), draft.goal | bystander, tuple(kind.__name__ for kind in kinds)
    )


def undo_case(seed: int, done: Iterable[Step]) -> Case:
    """Taking back what an apply of the same seed has done, after the user has edited some of the files again."""
    forward, dice = apply_case(seed), random.Random(seed + 1)
    steps = undo_steps(done)
    after, before = dict(forward.goal), dict(forward.start)
    for step in steps:
        old, new = step.origin, step.path
        if old in after and new in before and _is_text(after[old]) and _is_text(before[new]) and dice.random() < 0.5:
            now, then = _with_line(after[old], LATER), _with_line(before[new], LATER)
            if step.path.startswith((b"src/", b"from/", b"bin/")):
                after[old], before[new] = now, then
    return Case(after, steps, before, forward.kinds)


def _is_text(entry: Entry) -> bool:
    return entry.mode in (FILE, PROGRAM) and entry.data.count(b"\n") == 20


def _with_line(entry: Entry, number: int) -> Entry:
    lines = entry.data.splitlines(keepends=True)
    lines[number] = lines[number].rstrip(b"\n") + b" replaced later\n"
    return Entry(entry.mode, b"".join(lines))


def build(root: Path, tree: Tree) -> None:
    """Write a tree into an empty folder."""
    for path, entry in tree.items():
        target = os.path.join(os.fsencode(root), path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        write(target, entry)


def write(target: bytes, entry: Entry) -> None:
    """Put one entry somewhere."""
    if entry.mode == LINK:
        os.symlink(entry.data, target)
        return
    with open(target, "wb") as file:
        file.write(entry.data)
    os.chmod(target, 0o755 if entry.mode == PROGRAM else 0o644)


def found_in(root: Path) -> tuple[Tree, set[bytes]]:
    """The tree that stands in a folder, and its folders."""
    tree: Tree = {}
    folders: set[bytes] = set()
    top = os.fsencode(root)
    for above, inside, names in os.walk(top):
        for name in (*inside, *names):
            full = os.path.join(above, name)
            path = os.path.relpath(full, top)
            if os.path.islink(full):
                tree[path] = Entry(LINK, os.readlink(full))
            elif os.path.isdir(full):
                folders.add(path)
            else:
                with open(full, "rb") as file:
                    data = file.read()
                tree[path] = Entry(PROGRAM if os.stat(full).st_mode & 0o100 else FILE, data)
    return tree, folders


def folders_of(tree: Tree) -> set[bytes]:
    """The folders that a tree needs."""
    found: set[bytes] = set()
    for path in tree:
        while path := path.rpartition(b"/")[0]:
            found.add(path)
    return found
