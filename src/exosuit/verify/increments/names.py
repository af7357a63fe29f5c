"""Edges by names: what is used must be there, and what is taken away must not be used any more.

Without types an attribute is only a word, so words are followed by how much they tell: one that only one end of the
change knows ties all who say it, whatever it stands for; one that both know ties those who say it as the same thing (a
name of this module, of that one, an attribute, a parameter), in the same file, and in others only where few bind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import combinations

from exosuit.verify.increments.members import Classes
from exosuit.verify.increments.signatures import accepts
from exosuit.verify.increments.ties import Ties
from exosuit.verify.increments.units import Index, Unit

_LAST = re.compile(r"[^.#(]*$")
FEW = 3
"""A word that more units bind than this says little of where it is bound."""

By = dict[str, list[Unit]]


def tie_names(index: Index, ties: Ties, classes: Classes | None = None) -> None:
    """All edges by names of a change; `classes` are those of the head."""
    come, go = _by_word(index, lambda unit: unit.gained("binds")), _by_word(index, lambda unit: unit.lost("binds"))
    _rebound(come, go, ties)
    if classes:
        _inherited(index, classes, come, go, ties)
    says = _by_word(
        index, lambda unit: unit.gained("uses") | unit.lost("hides") | unit.gained("says") - index.base_words
    )
    said = _by_word(index, lambda unit: unit.lost("uses") | unit.gained("hides") | unit.lost("says") - index.head_words)
    for word, users in says.items():
        for user in users:
            definers = _meant(index, user, come.get(word, []), only_end=_single(word, index.base_words))
            ties.need(user.atom, (one.atom for one in definers), "def-use")
    for word, users in said.items():
        for user in users:
            for one in _meant(index, user, go.get(word, []), only_end=_single(word, index.head_words)):
                ties.need(one.atom, [user.atom], "def-use")
    _rare(index, _by_word(index, lambda unit: unit.gained("says") | unit.gained("uses")), come, index.base_words, ties)
    _rare(index, _by_word(index, lambda unit: unit.lost("says") | unit.lost("uses")), go, index.head_words, ties)
    _signatures(index, ties)
    _headers(index, ties)
    _futures(index, come, go, ties)


def _single(word: str, other_end: set[str]) -> bool:
    """Whether the other end does not know a word (of a dotted one: its last part)."""
    return _LAST.findall(word)[-1] not in other_end


def _by_word(index: Index, words: Callable[[Unit], Iterable[str]]) -> By:
    found: By = {}
    for unit in index.units:
        for word in words(unit):
            found.setdefault(word, []).append(unit)
    return found


def _meant(index: Index, user: Unit, definers: list[Unit], *, only_end: bool) -> list[Unit]:
    """Those that bind a word for one who uses it: of its own file, else of all if they are few or nobody else could."""
    own = [one for one in definers if one.file is user.file]
    if own:
        return own
    definers = [one for one in definers if index.sees(user.file, one.file)]
    return definers if only_end or len(definers) <= FEW else []


def _rebound(come: By, go: By, ties: Ties) -> None:
    """A name that is bound in another place of the same file: the old place goes with the new one."""
    for word in come.keys() & go.keys():
        for old in go[word]:
            for new in come[word]:
                if old.file is new.file and old is not new:
                    ties.tie([old.atom, new.atom], "rebound")


def _inherited(index: Index, classes: Classes, come: By, go: By, ties: Ties) -> None:
    """What a class no longer binds, since one above or below it does: it goes after that came, and after new bases."""
    headers = _by_word(index, lambda unit: {name for name, _ in unit.new.headers - unit.old.headers})
    getting: dict[str, list[tuple[str, Unit]]] = {}
    for word, units in come.items():
        owner, _, name = word.rpartition("(")
        if owner:
            getting.setdefault(name, []).extend((owner, unit) for unit in units)
    for word, units in go.items():
        owner, _, name = word.rpartition("(")
        for other, new in getting.get(name, []) if owner else ():
            if not classes.are_kin(owner, other):
                continue
            for old in units:
                if old is not new:
                    ties.need(old.atom, [new.atom], "inherited")
                    needed = [one.atom for one in headers.get(owner, []) if one.file is old.file and one.has_old]
                    ties.need(old.atom, needed, "inherited")


def _rare(index: Index, users: By, definers: By, other_end: set[str], ties: Ties) -> None:
    """A word that one end does not know, that nobody binds and two or three say: a key, an option, an agreement."""
    for word, units in users.items():
        if 1 < len(units) <= FEW and word not in definers and word.isidentifier() and word not in other_end:
            for one, other in combinations(units, 2):
                if index.sees(one.file, other.file):
                    ties.tie([one.atom, other.atom], "word")


def _signatures(index: Index, ties: Ties) -> None:
    """A function whose parameters change goes with the calls that change; new calls need it, old ones hold it back.

    Old calls hold nothing back that takes them too.
    """
    changed: By = {}
    wider: set[tuple[int, str]] = set()
    for unit in index.units:
        before, after = dict(unit.old.signatures), dict(unit.new.signatures)
        for name in before.keys() & after.keys():
            if before[name] != after[name]:
                changed.setdefault(name, []).append(unit)
                if accepts(after[name], before[name]):
                    wider.add((unit.atom, name))
    for unit in index.units:
        for name in (unit.old.calls | unit.new.calls) & changed.keys():
            for definer in _meant(index, unit, changed[name], only_end=False):
                if name in unit.new.calls:
                    ties.need(unit.atom, [definer.atom], "signature")
                if name in unit.old.calls and (definer.atom, name) not in wider:
                    ties.need(definer.atom, [unit.atom], "signature")


def _headers(index: Index, ties: Ties) -> None:
    """A class whose bases change goes with what is subscripted: `class A(Generic[T])` makes `A[int]` possible."""
    changed: By = {}
    for unit in index.units:
        for name, _ in unit.new.headers ^ unit.old.headers:
            changed.setdefault(name, []).append(unit)
    for unit in index.units:
        for name in unit.gained("subscripts") & changed.keys():
            ties.need(unit.atom, (one.atom for one in changed[name]), "class header")
        for name in unit.lost("subscripts") & changed.keys():
            for one in changed[name]:
                ties.need(one.atom, [unit.atom], "class header")


def _futures(index: Index, come: By, go: By, ties: Ties) -> None:
    """`from __future__ import annotations` comes before annotations of its file that change, and goes after them."""
    for number, units in index.of_file.items():
        changed = [unit for unit in units if unit.old.annotations != unit.new.annotations]
        word = f"{number}#annotations"
        for future in come.get(word, []):
            if "__future__" in future.new.modules:
                for unit in changed:
                    ties.need(unit.atom, [future.atom], "def-use")
        for future in go.get(word, []):
            if "__future__" in future.old.modules:
                ties.need(future.atom, (unit.atom for unit in changed), "def-use")
