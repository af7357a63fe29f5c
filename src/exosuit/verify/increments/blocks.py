"""Parse closure of a Python file: whatever closed subset is taken, the file parses if both of its ends do.

Blocks of both sides are compared from the outside in. Statements whose extents on the braid meet are one *part* of the
block; parts do not overlap, so each can stand on its own in its old or its new form. A part made of one compound
statement on both sides is opened again clause by clause, if what it holds is indented the same; everything else goes as
a whole, and so does a function: a function that is half old and half new would run, and be neither.

This is enough: a block is then always a sequence of whole statements of one indentation, and is never empty.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from exosuit.verify.increments.braid import Braid, Interval, separate
from exosuit.verify.increments.shape import Clause, Shape
from exosuit.verify.increments.ties import Ties

_ALIKE: tuple[type, ...] = (ast.If, ast.With)
_OPENED: tuple[type, ...] = (ast.ClassDef, ast.If, ast.With, ast.Try, ast.For, ast.While, ast.Match)


class Blocks:
    """Finds what goes together in one file; `offset` is the number of the file's first atom in the change."""

    def __init__(self, braid: Braid, base: Shape, head: Shape, ties: Ties, offset: int) -> None:
        self._braid, self._base, self._head, self._ties, self._offset = braid, base, head, ties, offset

    def close(self) -> None:
        """Tie the whole file."""
        self._future()
        self._block(self._base.tops, self._head.tops, may_be_empty=True)

    def _future(self) -> None:
        """Imports from `__future__` stand first: what comes and goes before the last of them goes with it."""
        parts = separate(self._extents(self._base.tops, self._head.tops))
        forms = [
            [self._base.statements[i].node for i in olds] + [self._head.statements[i].node for i in news]
            for _, olds, news in parts
        ]
        last = max((at for at, nodes in enumerate(forms) if any(map(_is_future, nodes))), default=-1)
        before = [nodes for nodes in forms[: last + 1] if not all(map(_is_future, nodes))]
        if len(before) > 1 or not all(isinstance(node, ast.Expr) for nodes in before for node in nodes):
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
        stays = may_be_empty
        goes: list[int] = []
        comes: list[int] = []
        for where, before, after in separate(self._extents(olds, news)):
            stays |= bool(before and after)
            atoms = self._braid.atoms(where)
            if not atoms:
                continue
            if not (len(before) == len(after) == 1 and self._opened(before[0], after[0])):
                self._tie(where, "statement" if len(before) + len(after) <= 2 else "parse")
            if not (before and after):
                (comes if after else goes).append(self._offset + atoms[0])
        if not stays:
            self._never_empty(goes, comes)

    def _never_empty(self, goes: list[int], comes: list[int]) -> None:
        """Of a block whose statements all give way, the first old one stays until the first new one is there."""
        if goes and comes:
            self._ties.need(goes[0], comes[:1], "parse")

    def _opened(self, old: int, new: int) -> bool:
        """Whether the two forms of a compound statement could be taken apart; False: nothing was tied."""
        before, after = self._base.statements[old].node, self._head.statements[new].node
        kinds = (type(before), type(after))
        if not ((kinds[0] is kinds[1] and kinds[0] in _OPENED) or set(kinds) <= set(_ALIKE)):
            return False
        olds, news = self._base.clauses(old), self._head.clauses(new)
        if kinds[0] is not kinds[1] and len(olds) + len(news) > 2:
            return False
        matched = self._matched(olds, news, free=kinds == (ast.If, ast.If))
        if matched is None or not all(self._fit(*pair) for pair in matched[0]):
            return False
        for where in matched[1]:
            self._tie(where, "parse")
        for one, other in matched[0]:
            self._tie(self._header(one, other), "statement")
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
        """Whether what two clauses hold is apart from their headers, and indented the same."""
        if bool(old.held) != bool(new.held):
            return False
        if not old.held:
            return True
        header = self._header(old, new)
        first = self._braid.of_base(*self._base.extent(old.held[0]))
        other = self._braid.of_head(*self._head.extent(new.held[0]))
        apart = header.last < first.first and header.last < other.first
        return apart and self._base.indent(old.held[0]) == self._head.indent(new.held[0])


def _is_future(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
