"""Parse closure of a file: whatever closed subset is taken, the file parses if both of its ends do.

Blocks of both sides are compared from the outside in. Statements whose extents on the braid meet are one *part* of the
block; parts do not overlap, so each can stand on its own in its old or its new form. A part made of one compound
statement on both sides is opened again clause by clause, if what it holds fits either form; everything else goes as
a whole, and so does a function: a function that is half old and half new would run, and be neither.

This is enough: a block is then always a sequence of whole statements (in Python of one indentation, and never empty)
within a frame that is wholly old or wholly new.
"""

from __future__ import annotations

from collections.abc import Sequence

from exosuit.verify.increments.braid import Braid, Interval, separate
from exosuit.verify.increments.outline import Clause, Outline
from exosuit.verify.increments.ties import Ties

Part = tuple[Interval, list[int], list[int]]
"""Where it stands, and the statements of the base and of the head that it is made of."""

_ALIKE = {"If", "With"}
"""Python's statements with one body that may replace each other: an `if` without an `else`, a `with`."""


class Blocks:
    """Finds what goes together in one file; `offset` is the number of the file's first atom in the change."""

    def __init__(self, braid: Braid, base: Outline, head: Outline, ties: Ties, offset: int) -> None:
        self._braid, self._base, self._head, self._ties, self._offset = braid, base, head, ties, offset
        self._sides = (base, head)

    def close(self) -> None:
        """Tie the whole file."""
        self._first()
        self._block(self._base.tops, self._head.tops, may_be_empty=True)

    def _first(self) -> None:
        """Statements that stand first, `from __future__`: what comes and goes before the last of them goes with it."""
        parts = separate(self._extents(self._base.tops, self._head.tops))
        forms = [[*map(self._base.place, olds), *map(self._head.place, news)] for _, olds, news in parts]
        last = max((at for at, places in enumerate(forms) if "first" in places), default=-1)
        before = [places for places in forms[: last + 1] if not set(places) <= {"first", "comment"}]
        if len(before) > 1 or not all(place == "docstring" for places in before for place in places):
            self._tie(parts[0][0].hull(parts[last][0]), "parse")

    def _extents(self, olds: Sequence[int], news: Sequence[int]) -> list[tuple[Interval, int, int]]:
        """Where statements of both sides stand, as `separate` takes them."""
        found = [(self._braid.of_base(*self._base.extent(old)), 0, old) for old in olds]
        return found + [(self._braid.of_head(*self._head.extent(new)), 1, new) for new in news]

    def _atoms(self, where: Interval) -> list[int]:
        return [self._offset + atom for atom in self._braid.atoms(where)]

    def _tie(self, where: Interval, kind: str) -> None:
        self._ties.tie(self._atoms(where), kind)

    def _block(self, olds: Sequence[int], news: Sequence[int], *, may_be_empty: bool) -> None:
        stays = may_be_empty or self._base.framed
        goes: list[int] = []
        comes: list[int] = []
        parts = separate(self._extents(olds, news))
        self._seams(parts)
        for where, before, after in parts:
            stays |= bool(before and after)
            atoms = self._braid.atoms(where)
            if not atoms:
                continue
            opened = self._framed(where, before, after) or self._alone(before, after)
            if not opened and not (len(before) == len(after) == 1 and self._opened(before[0], after[0])):
                self._tie(where, "statement" if len(before) + len(after) <= 2 else "parse")
            if not (before and after):
                (comes if after else goes).append(self._offset + atoms[0])
        if not stays:
            self._never_empty(goes, comes)

    def _seams(self, parts: list[Part]) -> None:
        """Statements that could be read as going on from those before them, with those, back to one that stays."""
        for at, (where, olds, news) in enumerate(parts):
            if not (any(map(self._base.leans, olds)) or any(map(self._head.leans, news))):
                continue
            back, is_open = at, False
            while back > 0:
                back -= 1
                _, before, after = parts[back]
                is_open |= not (all(map(self._base.is_closed, before)) and all(map(self._head.is_closed, after)))
                places = [*map(self._base.place, before), *map(self._head.place, after)]
                if before and after and "comment" not in places:
                    break
            if is_open:
                self._tie(parts[back][0].hull(where), "parse")

    def _never_empty(self, goes: list[int], comes: list[int]) -> None:
        """Of a block whose statements all give way, the first old one stays until the first new one is there."""
        if goes and comes:
            self._ties.need(goes[0], comes[:1], "parse")

    def _framed(self, where: Interval, olds: Sequence[int], news: Sequence[int]) -> bool:
        """Whether a part could be taken apart within one frame of each side; False: nothing was tied.

        The header and the end of the two, what stands before and behind them in the part, and what of their statements
        meets any of it, is wholly old or wholly new; the statements between may be either.
        """
        found = self._frames(olds, news)
        if found is None:
            return False
        (one, end), (other, last) = (shape.clauses(number) for shape, number in zip(self._sides, found, strict=True))
        extents = self._extents(one.held, other.held)
        top = Interval(where.first, self._header(one, other).last)
        for extent, _, _ in sorted(extents):
            top = top.hull(extent) if top.meets(extent) else top
        bottom = Interval(self._header(end, last).first, where.last)
        for extent, _, _ in sorted(extents, key=lambda one: -one[0].last):
            bottom = bottom.hull(extent) if bottom.meets(extent) else bottom
        if top.meets(bottom):
            return False
        self._ties.tie(self._atoms(top) + self._atoms(bottom), "statement")
        free = [(side, n) for extent, side, n in extents if not extent.meets(top) and not extent.meets(bottom)]
        self._block([n for side, n in free if not side], [n for side, n in free if side], may_be_empty=True)
        return True

    def _alone(self, olds: Sequence[int], news: Sequence[int]) -> bool:
        """Whether what only one side has could be parted from some that it holds; False: nothing was tied."""
        if len(olds) + len(news) != 1:
            return False
        shape, of, (number,) = (
            (self._head, self._braid.of_head, news) if news else (self._base, self._braid.of_base, olds)
        )
        late, clauses = shape.late(number), shape.clauses(number)
        if not late or len(clauses) != 1:
            return False
        early = [of(clauses[0].first, clauses[0].last)]
        early += [of(*shape.extent(one)) for one in clauses[0].held if one not in late]
        extents = [of(*shape.extent(one)) for one in late]
        if any(one.meets(other) for one in extents for other in early) or len(
            separate((one, 0, 0) for one in extents)
        ) < len(extents):
            return False
        frame = [atom for one in early for atom in self._atoms(one)]
        self._ties.tie(frame, "statement")
        for one in extents:
            atoms = self._atoms(one)
            self._ties.tie(atoms, "statement")
            self._ties.part(frame[0], atoms[0], "statement", comes=bool(news))
        return True

    def _frames(self, olds: Sequence[int], news: Sequence[int]) -> tuple[int, int] | None:
        """A statement of either side with one body between a header and an end, of one kind: those most in common."""
        best, found = -1, None
        for old in olds if self._base.framed else ():
            for new in news:
                if not (kind := self._base.kind(old)) or kind != self._head.kind(new):
                    continue
                if any(len(shape.clauses(n)) != 2 for shape, n in zip(self._sides, (old, new), strict=True)):
                    continue
                one, other = self._braid.of_base(*self._base.extent(old)), self._braid.of_head(*self._head.extent(new))
                shared = min(one.last, other.last) - max(one.first, other.first)
                if shared > best:
                    best, found = shared, (old, new)
        return found

    def _opened(self, old: int, new: int) -> bool:
        """Whether the two forms of a compound statement could be taken apart; False: nothing was tied."""
        kinds = (self._base.kind(old), self._head.kind(new))
        if not all(kinds) or (kinds[0] != kinds[1] and not set(kinds) <= _ALIKE):
            return False
        olds, news = self._base.clauses(old), self._head.clauses(new)
        if kinds[0] != kinds[1] and len(olds) + len(news) > 2:
            return False
        matched = self._matched(olds, news, free=kinds == ("If", "If"))
        if matched is None or not all(self._fit(*pair) for pair in matched[0]):
            return False
        for where in matched[1]:
            self._tie(where, "parse")
        headers = [self._atoms(self._header(*pair)) for pair in matched[0]]
        for frame in [[atom for header in headers for atom in header]] if self._base.framed else headers:
            self._ties.tie(frame, "statement")
        for one, other in matched[0]:
            self._block(one.held, other.held, may_be_empty=not one.held and not other.held)
        return True

    def _matched(
        self, olds: list[Clause], news: list[Clause], *, free: bool
    ) -> tuple[list[tuple[Clause, Clause]], list[Interval]] | None:
        """Clauses of both sides in pairs, and where those stand that only one side has (only `elif`, if `free`)."""
        extents = [(self._braid.of_base(*self._base.clause_extent(one)), 0, i) for i, one in enumerate(olds)]
        extents += [(self._braid.of_head(*self._head.clause_extent(one)), 1, i) for i, one in enumerate(news)]
        pairs, alone = [], []
        for where, before, after in separate(extents):
            kinds = {olds[i].kind for i in before} | {news[i].kind for i in after}
            if len(before) == len(after) == 1 and len(kinds) == 1:
                pairs.append((olds[before[0]], news[after[0]]))
            elif free and kinds == {"elif"} and not (before and after):
                alone.append(where)
            else:
                return None
        return pairs, alone

    def _header(self, old: Clause, new: Clause) -> Interval:
        return self._braid.of_base(old.first, old.last).hull(self._braid.of_head(new.first, new.last))

    def _fit(self, old: Clause, new: Clause) -> bool:
        """Whether what two clauses hold is apart from their headers, and in Python there and indented the same."""
        if bool(old.held) != bool(new.held) and not self._base.framed:
            return False
        header = self._header(old, new)
        firsts = [self._braid.of_base(*self._base.extent(held)) for held in old.held[:1]]
        firsts += [self._braid.of_head(*self._head.extent(held)) for held in new.held[:1]]
        indents = {*map(self._base.indent, old.held[:1]), *map(self._head.indent, new.held[:1])}
        return all(header.last < first.first for first in firsts) and len(indents) <= 1
