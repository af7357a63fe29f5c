"""A plan as data. Atoms are numbered through the whole change from 0, as in `changes`; ranges are half open."""

from __future__ import annotations

from dataclasses import dataclass

from exosuit.changes.decisions import Range

Ranges = tuple[Range, ...]
"""Atoms in order, without overlaps: what `changes.decisions.merged` gives."""


CLAIMS = {
    "same program": "the same syntax tree, and the same comments for tools; line numbers and ordinary comments aside",
    "same program but for docstrings": "the same, but `__doc__` of plain functions and classes",
    "same program but for annotations": "the same, but `__annotations__` of plain functions",
    "same program but for evaluated annotations": "the same, but `__annotations__` of functions, what evaluating them "
    "does, and new imports for them; all that annotations name is bound above them",
    "same text elsewhere": "a whole definition, unchanged, in another place where its names mean the same",
    "same definition elsewhere": "the same, but for formatting and the names of locals",
    "same lines elsewhere": "these lines of a definition, in their order, in another place where their names mean the "
    "same; attributes, and what a class inherits, are not looked at",
    "same code elsewhere": "a whole definition of another language than Python, the same text but for its indentation, "
    "in another place where the same of its words are declared; what they mean, and when it is run, is not looked at",
    "same evaluations": "the same expressions, evaluated in the same order; a local that nothing else names holds a "
    "value in between and until the function ends, or no longer does",
    "same evaluations in a function of their own": "the same statements with the same values in the same order, some "
    "of them in a function that is called in their place; what the call costs, tracebacks, when its locals end, and "
    "that somebody could put another function under its name are not looked at",
    "named nowhere else": "what was removed is named nowhere in the base but in what was removed, nor in the change; "
    "names that are put together when the program runs, and code elsewhere, are not seen",
    "same text for a reader": "the same words and signs in the same paragraphs; line breaks and markup aside",
    "same words elsewhere": "the same paragraphs in the same order in another file; line breaks and markup aside",
    "same tool output": "exactly what the operator gives when it is run on the base; whether it should be is for you",
    "regenerated": "exactly what the generator writes when it is run on all other files of the head; whether "
    "that is right is for you",
    "same tool output but for layout": "the same syntax tree as what the operator gives when it is run on the base; "
    "whether it should be is for you",
}
"""What can be proved, and what it means."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a machine proved of some atoms, and no more.

    `claim` is one of `CLAIMS`: what is the same, and nothing beyond; `by` says how it was found (`comments`,
    `whitespace`, `formatting`, `rename of locals`, `move`, `replay`, …); `atoms` are those it covers.
    """

    claim: str
    by: str
    atoms: Ranges


@dataclass(frozen=True, slots=True)
class Missed:
    """A place where the operator fires on the base and the author did not act: base bytes, and what they would be."""

    path: bytes
    base_start: int
    base_len: int
    new: bytes


@dataclass(frozen=True, slots=True)
class Group:
    """Atoms that are one decision. `exemplar` shows it, `exceptions` are those that the operator does not explain.

    `kind` is the operator's word (`rename`, `move`, `formatting`, `comments`…) or `edit` for what is not collapsed.
    `lines` counts added and removed lines, `unproved_lines` those that no proof covers.
    """

    id: str
    kind: str
    title: str
    atoms: Ranges
    exemplar: Range | None
    exceptions: Ranges
    missed: tuple[Missed, ...]
    proofs: tuple[Proof, ...]
    lines: int
    unproved_lines: int
    reproduce: str


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of a plan. `to_read` counts lines that no proof covers, exemplars and exceptions included."""

    lines: int
    hunks: int
    files: int
    decisions: int
    to_read: int
    proved: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Groups partition the atoms, `order` is the order in which to look at them."""

    groups: tuple[Group, ...]
    order: tuple[str, ...]
    stats: Stats
