"""Edges that runs of checks show to be missing: found with few runs, kept for the workspace."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from exosuit.changes.decisions import Range
from exosuit.changes.shadow import Shadow
from exosuit.core.errors import ExosuitError
from exosuit.verify.increments.cdd import minimal, part_size
from exosuit.verify.increments.increments import edges, increments
from exosuit.verify.increments.learn import Question, learn
from exosuit.verify.increments.lessons import Lesson, Place, heeded, lessons, read_lessons, write_lessons
from exosuit.verify.increments.model import Edge
from exosuit.verify.plan.reading import Reading
from tests.property.nasty import taken_apart
from tests.unit.test_increments import tree


def taken(atoms: list[Range]) -> set[int]:
    return {atom for first, end in atoms for atom in range(first, end)}


def test_parts_to_leave_out_get_smaller_from_round_to_round() -> None:
    sizes = [part_size(counter) for counter in range(8)]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > sizes[1] > 1 and sizes[-1] == 1


def test_what_is_left_is_minimal_and_found_with_far_fewer_runs_than_there_are_elements() -> None:
    dice = random.Random(1)
    for _ in range(30):
        wanted = set(dice.sample(range(500), dice.randint(0, 4)))
        runs = 0

        def does(part: list[int], wanted: set[int] = wanted) -> bool:
            nonlocal runs
            runs += 1
            return wanted <= set(part)

        assert minimal(range(500), does) == sorted(wanted)
        assert runs < 250


def test_it_is_minimal_even_if_what_it_does_is_not_monotone() -> None:
    def does(part: list[int]) -> bool:
        return sum(part) % 7 == 0 and len(part) > 0

    left = minimal([7, 3, 4, 1, 6, 14], does)
    assert does(left) and not any(does([*left[:i], *left[i + 1 :]]) for i in range(len(left)))


def test_one_missing_edge_is_found_and_nothing_else_is_added() -> None:
    def green(atoms: list[Range]) -> bool:
        return 3 not in taken(atoms) or 17 in taken(atoms)

    told = learn(green, 30, [])
    assert told.edges == (Edge(3, 17, "learned"),) and not told.still_red and told.runs < 100
    assert [one.atoms for one in told.increments].index(((17, 18),)) < [one.atoms for one in told.increments].index(
        ((3, 4),)
    )


def test_two_that_break_only_together_are_held_back_by_the_later_one() -> None:
    def green(atoms: list[Range]) -> bool:
        return not {2, 5} <= taken(atoms) or 20 in taken(atoms)

    assert learn(green, 25, []).edges == (Edge(5, 20, "learned"),)


def test_several_missing_edges_are_found_one_after_the_other() -> None:
    wanted = {(1, 9), (4, 12), (12, 15)}

    def green(atoms: list[Range]) -> bool:
        return all(a not in taken(atoms) or b in taken(atoms) for a, b in wanted)

    told = learn(green, 20, [])
    assert not told.still_red and all(
        b in taken([part for one in told.increments[: at + 1] for part in one.atoms])
        for a, b in wanted
        for at, one in enumerate(told.increments)
        if a in taken(list(one.atoms))
    )


def test_what_no_prefix_shows_is_found_in_random_closed_sets() -> None:
    def green(atoms: list[Range]) -> bool:
        return 17 not in taken(atoms) or 3 in taken(atoms)

    assert learn(green, 30, []).edges == ()
    assert learn(green, 30, [], subsets=60).edges == (Edge(17, 3, "learned"),)


def test_nothing_is_learned_where_an_end_is_red_or_cannot_be_told() -> None:
    assert learn(lambda atoms: len(atoms) > 0, 10, []).edges == ()
    assert learn(lambda atoms: None, 10, []).edges == ()
    assert learn(lambda atoms: len(taken(atoms)) < 10, 10, []).edges == ()


def test_runs_are_counted_and_never_more_than_allowed() -> None:
    asked = []

    def green(atoms: list[Range]) -> bool:
        asked.append(atoms)
        return 3 not in taken(atoms) or 97 in taken(atoms)

    told = learn(green, 100, [], runs=12)
    assert told.runs == len(asked) == 12


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    base = tree(a_py="def one():\n    return 1\n\n\nclass A:\n    def two(self):\n        return 2\n", b_py="x = 1\n")
    head = tree(a_py="def one():\n    return 7\n\n\nclass A:\n    def two(self):\n        return 8\n", b_py="x = 9\n")
    shadow = Shadow(tmp_path / "shadow.git")
    return Reading(taken_apart(shadow, base, head).change, shadow.blob)


def test_a_lesson_names_definitions_and_is_recalled_in_a_change_that_touches_them(reading: Reading) -> None:
    known = lessons(reading, [Edge(0, 1, "learned"), Edge(2, 0, "learned")])
    assert known == [
        Lesson(Place("a.py", "one"), Place("a.py", "A.two")),
        Lesson(Place("b.py", ""), Place("a.py", "one")),
    ]
    assert heeded(reading, [], known) == [Edge(0, 1, "learned"), Edge(2, 0, "learned")]
    assert heeded(reading, [], [Lesson(Place("a.py", "gone"), Place("b.py", ""))]) == []


def test_learned_edges_count_like_others(reading: Reading) -> None:
    plain = increments(reading.change, reading.blob)
    assert [one.after for one in plain] == [(), (), ()]
    known = lessons(reading, [Edge(0, 2, "learned")])
    told = increments(reading.change, reading.blob, known)
    assert [one.atoms for one in told] == [((1, 2),), ((2, 3),), ((0, 1),)] and not edges(reading)


def test_lessons_are_kept_and_added_to(tmp_path: Path) -> None:
    one = Lesson(Place("a.py", "f"), Place("b\udcff.py", ""))
    other = Lesson(Place("a.py", "g"), Place("c.py", "A.m"))
    assert read_lessons(tmp_path) == []
    write_lessons(tmp_path, [one])
    write_lessons(tmp_path, [other, one])
    assert read_lessons(tmp_path) == [one, other]
    assert [path.name for path in tmp_path.iterdir()] == ["lessons.json"]


def test_damaged_lessons_are_one_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "lessons.json").write_text("{")
    with pytest.raises(ExosuitError, match=r"lessons\.json"):
        read_lessons(tmp_path)


def test_what_is_missing_is_searched_for_with_a_quicker_question_where_there_is_one() -> None:
    asked: dict[str, int] = {"all": 0, "one": 0}

    def green(name: str) -> Callable[[list[Range]], bool]:
        def ask(atoms: list[Range]) -> bool:
            asked[name] += 1
            return 3 not in taken(atoms) or 97 in taken(atoms)

        return ask

    told = learn(green("all"), 100, [], prefixes=4, focus=lambda _red: Question(green("one")))
    assert told.edges == (Edge(3, 97, "learned"),)
    assert asked["all"] < 12 < asked["one"] < told.runs == sum(asked.values())


def test_what_the_test_runs_is_looked_at_first_and_the_rest_only_where_that_does_not_suffice() -> None:
    def green(atoms: list[Range]) -> bool:
        return 3 not in taken(atoms) or 150 in taken(atoms)

    def runs(near: set[int]) -> int:
        far = [0 if atom in near else 2 for atom in range(200)]
        told = learn(green, 200, [], prefixes=4, focus=lambda _red: Question(green, far))
        assert told.edges == (Edge(3, 150, "learned"),)
        return told.runs

    assert runs({3, 150, 151}) < 20
    assert runs({3, 151}) < 10 + runs(set())


def test_a_quicker_question_that_is_not_red_there_is_not_asked_again() -> None:
    quick: list[list[Range]] = []

    def focus(_red: list[Range]) -> Question:
        def ask(atoms: list[Range]) -> bool:
            quick.append(atoms)
            return True

        return Question(ask)

    told = learn(lambda atoms: 3 not in taken(atoms) or 7 in taken(atoms), 10, [], focus=focus)
    assert told.edges == (Edge(3, 7, "learned"),)
    assert len(quick) == 1
