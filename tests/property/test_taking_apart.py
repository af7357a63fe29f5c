"""Laws of the parts: pairing, packing, blocks, rows and carrying."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exosuit.apps.code.rows import FileRows, Row
from exosuit.apps.code.shown import shown
from exosuit.changes.atoms import REGULAR, FileChange, Run, line_offsets, split_lines
from exosuit.changes.blocks import block_starts
from exosuit.changes.carry import carry
from exosuit.changes.decisions import ACCEPTED, NAMES, REJECTED, UNDECIDED, Decisions
from exosuit.changes.materialize import sides
from exosuit.changes.packing import PackedRuns, pack_numbers, pack_runs, unpack_numbers, unpack_runs
from exosuit.changes.pairing import ALIKE, pair_lines
from exosuit.changes.shadow import Shadow
from tests.property.nasty import CONTENTS, LINES, TEXTS, Tree, edited, pairs, taken_apart


@pytest.fixture(scope="module")
def shadow(tmp_path_factory: pytest.TempPathFactory) -> Shadow:
    return Shadow(tmp_path_factory.mktemp("parts") / "shadow.git")


SOME = st.lists(LINES, min_size=1, max_size=12)


@given(CONTENTS)
def test_lines_joined_are_the_text_and_offsets_are_where_they_start(data: bytes) -> None:
    lines = split_lines(data)
    assert b"".join(lines) == data
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in lines[:-1])
    assert [data[a:b] for a, b in pairwise(line_offsets(lines))] == lines


@given(SOME, SOME)
def test_pairs_rise_on_both_sides_and_join_only_lines_that_are_alike(old: list[bytes], new: list[bytes]) -> None:
    found = pair_lines(old, new)
    assert all(0 <= a < len(old) and 0 <= b < len(new) for a, b in found)
    assert all(one[0] < other[0] and one[1] < other[1] for one, other in pairwise(found))
    if (len(old), len(new)) != (1, 1):
        for a, b in found:
            assert likeness(old[a].strip(), new[b].strip()) >= ALIKE / 100


def likeness(a: bytes, b: bytes) -> float:
    """Twice the longest common subsequence over the sum of lengths: an oracle, slow and plain."""
    a, b = a[:2000], b[:2000]
    if a == b:
        return 1.0
    if not a or not b or len(a) * len(b) > 250_000:
        return 0.0 if not (a and b) else 1.0
    row = [0] * (len(b) + 1)
    for x in a:
        last = 0
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], last + 1 if x == y else max(row[j], row[j - 1])
    return 2 * row[-1] / (len(a) + len(b))


@given(SOME)
def test_equal_lines_pair_with_themselves(lines: list[bytes]) -> None:
    assert pair_lines(lines, lines) == tuple((i, i) for i in range(len(lines)))


@given(st.lists(st.integers(0, 2**32 - 1)))
def test_packed_numbers_come_back(numbers: list[int]) -> None:
    assert list(unpack_numbers(pack_numbers(numbers))) == numbers


@st.composite
def runs(draw: st.DrawFn) -> Run:
    at, base_n, to, head_n = (draw(st.integers(0, 2**31)) for _ in range(4))
    if draw(st.booleans()):
        return Run(at, base_n, to, head_n, whole=True)
    count = draw(st.integers(0, 4))
    left, right = (sorted(draw(st.sets(st.integers(0, 99), min_size=count, max_size=count))) for _ in "lr")
    return Run(at, base_n, to, head_n, tuple(zip(left, right, strict=True)))


@given(st.lists(runs(), max_size=6))
def test_packed_runs_come_back_as_they_were(given_runs: list[Run]) -> None:
    packed = pack_runs(given_runs)
    assert unpack_runs(packed) == tuple(given_runs)
    lazy = PackedRuns(packed)
    assert (len(lazy), list(lazy), lazy[:2]) == (len(given_runs), given_runs, tuple(given_runs[:2]))
    assert lazy == tuple(given_runs) and hash(lazy) == hash(tuple(given_runs))


@given(st.lists(LINES, min_size=1, max_size=400), st.sampled_from([b"x.py", b"x.md", b"x"]), st.sampled_from(b"+-"))
def test_blocks_start_at_the_first_line_and_rise_and_none_is_long(lines: list[bytes], path: bytes, sign: int) -> None:
    signed = b"".join(bytes([sign]) + line for line in lines).removesuffix(b"\n")
    starts = block_starts(signed, len(lines), path)
    assert starts[0] == 0 and all(a < b for a, b in pairwise([*starts, len(lines)]))
    assert all(b - a <= 84 for a, b in pairwise([*starts, len(lines)]))


def test_a_new_file_is_split_where_its_definitions_begin() -> None:
    code = b"import os\nimport re\n\n\ndef one():\n    a = 1\n\n    return a\n\n\n"
    code += b"@deco\nclass Two:\n    x = 1\n\n    def m(self):\n        pass"
    signed = b"\n".join(b"+" + line for line in code.split(b"\n"))
    assert block_starts(signed, code.count(b"\n") + 1, b"x.py") == [0, 4, 10]
    prose = b"# One\ntext\n\nmore\n## Two\ntext\ntext\ntext\n"
    signed = b"\n".join(b"+" + line for line in prose.split(b"\n"))
    assert block_starts(signed, prose.count(b"\n"), b"x.md") == [0, 4]


def layouts(shadow: Shadow, pair: tuple[Tree, Tree]) -> list[tuple[FileChange, FileRows, bytes, bytes]]:
    files = taken_apart(shadow, *pair).change.files
    return [(file, FileRows(file, *sides(file, shadow)), *sides(file, shadow)) for file in files]


def texts(rows: list[Row], kinds: str) -> list[str]:
    return [row[4] for row in rows if row[0] in kinds]


@settings(max_examples=50)
@given(pair=pairs())
def test_every_atom_and_every_hunk_has_its_rows(shadow: Shadow, pair: tuple[Tree, Tree]) -> None:
    for file, layout, _, _ in layouts(shadow, pair):
        rows = layout.window(0, layout.total + 10)
        assert len(rows) == layout.total
        assert {row[3] for row in rows if row[0] in "+-!" and row[3]} == set(range(1, file.atoms + 1))
        for atom in range(file.atoms):
            assert rows[layout.row_of(atom)][3] == atom + 1 and rows[layout.row_of(atom)][0] in "+-!"
        assert len(layout.hunk_rows) == len(file.hunks)
        for hunk, at in enumerate(layout.hunk_rows):
            first, end = file.hunk_atoms(hunk)
            stop = layout.hunk_rows[hunk + 1] if hunk + 1 < len(file.hunks) else layout.total
            assert {row[3] for row in rows[at:stop] if row[0] in "+-!" and row[3]} == set(range(first + 1, end + 1))


@settings(max_examples=40)
@given(pair=pairs(), data=st.data())
def test_a_window_is_a_slice_of_the_whole(shadow: Shadow, pair: tuple[Tree, Tree], data: st.DataObject) -> None:
    for _, layout, _, _ in layouts(shadow, pair):
        whole = layout.window(0, layout.total)
        start = data.draw(st.integers(0, layout.total + 2))
        count = data.draw(st.integers(0, layout.total + 2))
        assert layout.window(start, count) == whole[start : start + count]


@settings(max_examples=50)
@given(base=TEXTS, data=st.data())
def test_rows_with_folds_opened_are_the_old_and_the_new_file(shadow: Shadow, base: bytes, data: st.DataObject) -> None:
    base = b"".join(b"same %d\n" % i for i in range(data.draw(st.integers(0, 20)))) + base
    head = data.draw(edited(base + b"tail\n" * data.draw(st.integers(0, 20))))
    for file, layout, old, new in layouts(shadow, ({b"a.py": (REGULAR, base)}, {b"a.py": (REGULAR, head)})):
        if not file.is_text:
            continue
        opened: list[Row] = []
        for row in layout.window(0, layout.total):
            opened += layout.context(row[1], row[2], row[3]) if row[0] == "#" else [row]
        assert texts(opened, " -") == [shown(line) for line in split_lines(old)]
        assert texts(opened, " +") == [shown(line) for line in split_lines(new)]
        assert [row[1] for row in opened if row[0] in " -"] == list(range(1, len(split_lines(old)) + 1))
        assert [row[2] for row in opened if row[0] in " +"] == list(range(1, len(split_lines(new)) + 1))
        for row in opened:
            edges = row[5]
            assert edges == sorted(edges) and all(0 <= edge <= len(row[4]) for edge in edges)


VERDICTS = st.sampled_from([UNDECIDED, ACCEPTED, ACCEPTED, REJECTED])


@settings(max_examples=50)
@given(pair=pairs(), data=st.data())
def test_a_decision_is_carried_only_where_it_says_the_same_bytes(
    shadow: Shadow, pair: tuple[Tree, Tree], data: st.DataObject
) -> None:
    base, head = pair
    later = dict(head)
    for path, (mode, text) in head.items():
        if mode == REGULAR and data.draw(st.booleans()):
            later[path] = (mode, data.draw(edited(text)))
    old, new = taken_apart(shadow, base, head).change, taken_apart(shadow, base, later).change
    states = bytearray(data.draw(st.lists(VERDICTS, min_size=old.atoms, max_size=old.atoms)))
    carried = carry(old, Decisions(states), new, shadow)
    for verdict, ranges in ((ACCEPTED, carried.accepted), (REJECTED, carried.rejected)):
        for first, end in ranges:
            for atom in range(first, end):
                says = meaning(new.file_of(atom), atom - new.range_of(new.file_of(atom))[0], shadow)
                same = [
                    i
                    for i in range(old.atoms)
                    if states[i] == verdict
                    and meaning(old.file_of(i), i - old.range_of(old.file_of(i))[0], shadow) == says
                ]
                assert same, f"{NAMES[verdict]} was never said of {says}"
    if later == head:
        assert carried.asked_again == 0
    assert carried.asked_again + carried.atoms == len(states) - states.count(UNDECIDED)


def meaning(file: FileChange, atom: int, shadow: Shadow) -> object:
    """What an atom does, in bytes: its place in names, what it takes away and what it puts there."""
    place = (file.old_path, file.path)
    if atom < len(file.opaque):
        kind = file.opaque[atom]
        content = () if kind in ("rename", "mode") else (file.old_blob, file.new_blob)
        return place, kind, content, (file.old_mode, file.new_mode) if kind == "mode" else ()
    span = file.spans[atom - len(file.opaque)]
    base, head = (split_lines(side) for side in sides(file, shadow))
    gone, come = base[span.base_at : span.base_at + span.base_n], head[span.head_at : span.head_at + span.head_n]
    return place, b"".join(gone), b"".join(come)
