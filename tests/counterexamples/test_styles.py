"""Other spellings of literals, with something else said in one of them: that place is not proved."""

from __future__ import annotations

import pytest

from tests.counterexamples.planned import edit

PLACES = 7

# Each: the old spelling, the new one, and other texts for one place of the new one, which say something else.
STYLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "percent": (
        "'a%s b' % (x{i}.y, )", "f'a{{x{i}.y}} b'",
        ("f'a{x0.z} b'", "f'a{x0.y!r} b'", "f'a{x0.y:3} b'", "f'a{x0.y}b'", "f'a{x1.y} b'",
         "'a{x0.y} b'", "f'a{x0.y} {b}'"),
    ),
    "two values": (
        "'%s %r' % (x{i}, y)", "f'{{x{i}}} {{y!r}}'",
        ("f'{y} {x0!r}'", "f'{x0} {y}'", "f'{x0!r} {y!r}'", "f'{x0} {y!r}%'"),
    ),
    "format": (
        "'{{}} {{a!r:>3}}'.format(x{i}, a=y)", "f'{{x{i}}} {{y!r:>3}}'",
        ("f'{x0} {y!r:<3}'", "f'{x0} {y!s:>3}'", "f'{y} {x0!r:>3}'", "f'{x0} {y!r:>4}'", "f'{x0.z} {y!r:>3}'"),
    ),
    "set": ("set([x{i}, y])", "{{x{i}, y}}", ("{y, x0}", "{x0}", "[x0, y]", "{x0: y}", "{x0, *y}")),
    "dict": (
        "dict(a=x{i}, b=y)", "{{'a': x{i}, 'b': y}}",
        ("{'a': y, 'b': x0}", "{'a': x0}", "{a: x0, 'b': y}", "{'b': y, 'a': x0}"),
    ),
    "list": ("f(x{i}, list())", "f(x{i}, [])", ("f(x0, ())", "f(x0, [0])", "f([], x0)")),
}  # fmt: skip


def lines(expression: str) -> str:
    return "".join(f"a{i} = {expression.format(i=i)}\n\n" for i in range(PLACES))


@pytest.mark.parametrize("style", STYLES)
def test_one_spelling_for_another_is_one_decision(style: str) -> None:
    old, new, _others = STYLES[style]
    found = edit(lines(old), lines(new))
    assert found.plan.stats.proved == found.plan.stats.lines
    assert found.plan.stats.decisions == 1


@pytest.mark.parametrize(
    ("style", "said"), [(name, said) for name, (_o, _n, others) in STYLES.items() for said in others]
)
def test_what_says_something_else_is_not_proved(style: str, said: str) -> None:
    old, new, _others = STYLES[style]
    head = lines(new).replace(f"a0 = {new.format(i=0)}", f"a0 = {said}")
    assert not {line for line in edit(lines(old), head).proved_lines() if line.startswith(("-a0", "+a0"))}


NOT_CONVERTED = {
    "more values than fields": ("'%s' % (x{i}, y)", "f'{{x{i}}}'"),
    "a whole number": ("'%d' % x{i}", "f'{{x{i}}}'"),
    "a mapping": ("'%s' % {{x{i}: 1}}", "f'{{ {{x{i}: 1}} }}'"),
    "values that are unpacked": ("'%s' % (*x{i}, )", "f'{{*x{i},}}'"),
    "values in another order": ("'{{1}} {{0}}'.format(x{i}, y)", "f'{{y}} {{x{i}}}'"),
    "a value that is used twice": ("'{{0}} {{0}}'.format(x{i}())", "f'{{x{i}()}} {{x{i}()}}'"),
    "a value that is not used": ("'{{}}'.format(x{i}, y())", "f'{{x{i}}}'"),
    "an empty set": ("set([]), x{i}", "{{}}, x{i}"),
    "keys that are unpacked": ("dict(**x{i})", "{{**x{i}}}"),
}


@pytest.mark.parametrize("name", NOT_CONVERTED)
def test_no_converter_is_said_to_give_what_it_would_not(name: str) -> None:
    old, new = NOT_CONVERTED[name]
    groups = edit(lines(old), lines(new)).plan.groups
    assert not [group.title for group in groups if "…" in group.title]


def test_a_place_that_keeps_the_old_spelling_is_missed() -> None:
    old, new, _others = STYLES["format"]
    kept = "b = '{} {a!r:>3}'.format(z, a=1)\n"
    (group,) = [group for group in edit(lines(old) + kept, lines(new) + kept).plan.groups if group.missed]
    assert [place.new for place in group.missed] == [b"f'{z} {1!r:>3}'"]
