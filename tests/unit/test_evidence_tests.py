"""Tests that check less than they did are called out by name; tests that were only rewritten are left alone."""

from __future__ import annotations

import pytest

from tests.evidenced import edit, evidenced

KIND = "weakened test"
HEAD = "import math\nimport unittest\nimport pytest\nfrom pkg import f, g\n\n\n"


def file_of(body: str, name: str = "test_f", decorator: str = "") -> str:
    """A file with one test."""
    return HEAD + decorator + f"def {name}():\n" + "".join(f"    {line}\n" for line in body.splitlines())


WEAKENED = {
    "equality to membership": ("assert f(1) == 'abc'", "assert 'a' in f(1)"),
    "equality to being something": ("x = f(1)\nassert x == 3", "x = f(1)\nassert x is not None"),
    "equality to truth": ("assert f(1) == 3", "assert f(1)"),
    "equality to an order": ("assert len(f(1)) == 3", "assert len(f(1)) >= 1"),
    "equality to a type": ("x = f(1)\nassert x == {'a': 1}", "x = f(1)\nassert isinstance(x, dict)"),
    "a lower bound moved down": ("assert len(f(1)) >= 3", "assert len(f(1)) >= 2"),
    "an upper bound moved up": ("assert abs(f(1) - 2) < 0.01", "assert abs(f(1) - 2) < 0.5"),
    "a bound on the left": ("assert 3 <= len(f(1))", "assert 1 <= len(f(1))"),
    "exact to about": ("assert f(1) == 2.5", "assert f(1) == pytest.approx(2.5)"),
    "a wider tolerance": ("assert f(1) == pytest.approx(2.5, rel=1e-6)", "assert f(1) == pytest.approx(2.5, rel=0.1)"),
    "a tolerance that was the default": ("assert f(1) == pytest.approx(2)", "assert f(1) == pytest.approx(2, abs=1)"),
    "fewer places": (
        "self = unittest.TestCase()\nself.assertAlmostEqual(f(1), 2.5, places=7)",
        "self = unittest.TestCase()\nself.assertAlmostEqual(f(1), 2.5, places=2)",
    ),
    "isclose": ("assert math.isclose(f(1), 2)", "assert math.isclose(f(1), 2, rel_tol=0.2)"),
    "all to any": ("assert all(f(i) for i in (1, 2))", "assert any(f(i) for i in (1, 2))"),
    "one of two": ("assert f(1) == 1\nassert g(1) == 2", "assert f(1) == 1"),
    "half of a conjunction": ("assert f(1) == 1 and g(1) == 2", "assert f(1) == 1"),
    "nothing left": ("assert f(1) == 1", "f(1)"),
    "always true": ("assert f(1) == 1", "assert True"),
    "or true": ("assert f(1) == 1", "assert f(1) == 1 or True"),
    "a tuple": ("assert f(1) == 1, 'no'", "assert (f(1) == 1, 'no')"),
    "behind a return": ("assert f(1) == 1", "return\nassert f(1) == 1"),
    "caught": ("assert f(1) == 1", "try:\n    assert f(1) == 1\nexcept AssertionError:\n    pass"),
    "a wider exception": ("with pytest.raises(KeyError):\n    f(1)", "with pytest.raises(Exception):\n    f(1)"),
    "a base of the exception": (
        "with pytest.raises(KeyError):\n    f(1)",
        "with pytest.raises(LookupError):\n    f(1)",
    ),
    "more exceptions": (
        "with pytest.raises(KeyError):\n    f(1)",
        "with pytest.raises((KeyError, TypeError)):\n    f(1)",
    ),
    "any message": ("with pytest.raises(KeyError, match='no'):\n    f(1)", "with pytest.raises(KeyError):\n    f(1)"),
    "no exception asked for": ("with pytest.raises(KeyError):\n    f(1)", "try:\n    f(1)\nexcept KeyError:\n    pass"),
    "a mock that was called": ("m = f(1)\nm.assert_called_once_with(2)", "m = f(1)\nm.assert_called()"),
    "skipped inside": ("assert f(1) == 1", "pytest.skip('later')\nassert f(1) == 1"),
}


@pytest.mark.parametrize("case", WEAKENED)
def test_a_test_that_checks_less_is_against(case: str) -> None:
    old, new = WEAKENED[case]
    found = edit(file_of(old), file_of(new), "tests/test_f.py").of(KIND, "against")
    assert len(found) >= 1
    assert all("tests/test_f.py::test_f" in one for one in found)


STRONGER_OR_SAME = {
    "another layout": ("assert f(1) == [1, 2]", "assert f(1) == [\n    1,\n    2,\n]"),
    "more checks": ("assert f(1) == 1", "assert f(1) == 1\nassert g(1) == 2"),
    "a tighter bound": ("assert len(f(1)) >= 2", "assert len(f(1)) >= 3"),
    "a tighter tolerance": ("assert f(1) == pytest.approx(2, rel=0.1)", "assert f(1) == pytest.approx(2, rel=0.01)"),
    "about to exact": ("assert f(1) == pytest.approx(2)", "assert f(1) == 2"),
    "membership to equality": ("assert 'a' in f(1)", "assert f(1) == 'abc'"),
    "a narrower exception": ("with pytest.raises(Exception):\n    f(1)", "with pytest.raises(KeyError):\n    f(1)"),
    "a message as well": (
        "with pytest.raises(KeyError):\n    f(1)",
        "with pytest.raises(KeyError, match='n'):\n    f(1)",
    ),
    "unittest to pytest": ("self = g()\nself.assertEqual(f(1), 2)", "assert f(1) == 2"),
    "a local renamed": ("x = f(1)\nassert x == 2", "result = f(1)\nassert result == 2"),
    "sides swapped": ("assert 2 == f(1)", "assert f(1) == 2"),
    "a loop over cases": ("assert f(1) == 1\nassert f(2) == 2", "for i in (1, 2):\n    assert f(i) == i"),
    "a helper that checks": ("assert f(1) == 1\nassert g(1) == 2", "check_both(f, g)"),
    "cleaning up on failure": (
        "assert f(1) == 1",
        "try:\n    assert f(1) == 1\nexcept AssertionError:\n    g(1)\n    raise",
    ),
}


@pytest.mark.parametrize("case", STRONGER_OR_SAME)
def test_a_test_that_checks_as_much_is_left_alone(case: str) -> None:
    old, new = STRONGER_OR_SAME[case]
    assert edit(file_of(old), file_of(new), "tests/test_f.py").of(KIND, "against") == []


@pytest.mark.parametrize(
    ("decorator", "strength"),
    [
        ("@pytest.mark.skip(reason='flaky')\n", "against"),
        ("@pytest.mark.xfail\n", "against"),
        ("@pytest.mark.xfail(strict=True)\n", "against"),
        ("@pytest.mark.skipif(True, reason='x')\n", "against"),
        ("@pytest.mark.skipif(math.pi > 3, reason='x')\n", "unknown"),
        ("@unittest.skip('x')\n", "against"),
        ("@unittest.expectedFailure\n", "against"),
        ("@pytest.mark.slow\n", ""),
        ("@pytest.fixture\n", ""),
    ],
)
def test_marks_that_take_a_test_out_of_the_count(decorator: str, strength: str) -> None:
    found = edit(file_of("assert f(1) == 1"), file_of("assert f(1) == 1", decorator=decorator), "tests/test_f.py").of(
        KIND
    )
    assert [one.partition(":")[0] for one in found] == ([strength] if strength else [])


def test_marks_of_a_class_and_of_a_file_are_told_once() -> None:
    body = "    def test_b(self):\n        assert f() == 1\n\n    def test_c(self):\n        assert f() == 2\n"
    base = "import pytest\n\n\nclass TestA:\n" + body
    marked = base.replace("class TestA", "@pytest.mark.skip\nclass TestA")
    assert edit(base, marked, "tests/test_a.py").of(KIND) == [
        "against: tests/test_a.py::TestA is skipped, which is new."
    ]
    whole = base.replace("import pytest\n", "import pytest\n\npytestmark = pytest.mark.skip\n")
    assert edit(base, whole, "tests/test_a.py").of(KIND) == [
        "against: Every test of tests/test_a.py is skipped, which is new."
    ]


def test_a_deleted_test_is_named_and_one_that_moved_or_has_another_name_is_not() -> None:
    two = file_of("assert f(1) == 1") + "\n\ndef test_g():\n    x = g(4)\n    assert x == 4\n"
    gone = edit(two, file_of("assert f(1) == 1"), "tests/test_f.py").of(KIND)
    assert gone == ["against: tests/test_f.py::test_g is deleted; what it names is still there."]
    assert edit(two, two.replace("test_g", "test_of_g"), "tests/test_f.py").of(KIND) == []
    moved = evidenced(
        {"tests/test_f.py": two},
        {
            "tests/test_f.py": file_of("assert f(1) == 1"),
            "tests/test_g.py": HEAD + "def test_g():\n    x = g(4)\n    assert x == 4\n",
        },
    )
    assert moved.of(KIND) == []


def test_a_test_that_goes_with_what_it_tested_is_only_unknown() -> None:
    base = {
        "pkg/a.py": "def only_old():\n    return 1\n",
        "tests/test_a.py": "from pkg.a import only_old\n\n\ndef test_it():\n    assert only_old() == 1\n",
    }
    head = {"pkg/a.py": "x = 1\n", "tests/test_a.py": "import pkg.a\n"}
    assert evidenced(base, head).of(KIND) == [
        "unknown: tests/test_a.py::test_it is deleted, together with `only_old` that it names."
    ]


@pytest.mark.parametrize("name", ["_test_f", "check_f", "xtest_f"])
def test_a_test_under_a_name_that_is_not_collected_is_against(name: str) -> None:
    body = "x = f(1)\ny = f(2)\nassert x == 1\nassert y == 2"
    found = edit(file_of(body), file_of(body, name), "tests/test_f.py").of(KIND, "against")
    assert found == [f"against: tests/test_f.py::test_f is no longer collected: it is now called `{name}`."]


def test_a_file_that_is_no_longer_collected_takes_its_tests_with_it() -> None:
    text = file_of("x = f(1)\ny = f(2)\nassert x == 1\nassert y == 2")
    found = evidenced({"tests/test_f.py": text}, {"tests/old_f.py": text}).of(KIND, "against")
    assert len(found) == 1
    assert "test_f" in found[0]


def test_cases_taken_out_of_a_parametrization_are_counted() -> None:
    cases = "@pytest.mark.parametrize('x', [1, 2, 3])\n"
    old, new = (file_of("assert f(1) == 1", decorator=one) for one in (cases, cases.replace(", 3", "")))
    assert edit(old, new, "tests/test_f.py").of(KIND, "against") == [
        "against: tests/test_f.py::test_f runs 2 cases where it ran 3."
    ]
    assert edit(new, old, "tests/test_f.py").of(KIND) == []


def test_an_expected_value_that_changes_with_the_code_differs() -> None:
    tests = [file_of(f"assert f(1) == {value}") for value in (1, 2)]
    both = evidenced(
        {"tests/test_f.py": tests[0], "pkg/__init__.py": "def f(x):\n    return x\n"},
        {"tests/test_f.py": tests[1], "pkg/__init__.py": "def f(x):\n    return x + 1\n"},
    )
    (found,) = both.of(KIND)
    assert found == (
        "differs: tests/test_f.py::test_f expects another value: `assert f(1) == 1` became `assert f(1) == 2`. "
        "The code changed with it."
    )
    assert edit(tests[0], tests[1], "tests/test_f.py").of(KIND)[0].startswith("unknown")


def test_only_the_lines_of_the_check_are_named() -> None:
    old = file_of("x = f(1)\ny = 1\nassert x == 3\nz = 1")
    new = file_of("x = f(1)\ny = 2\nassert x\nz = 2")
    assert edit(old, new, "tests/test_f.py").lines(KIND) == {"-assert x == 3", "+assert x"}


def test_code_that_is_no_test_is_not_looked_at() -> None:
    assert edit(file_of("assert f(1) == 1"), file_of("assert f(1)"), "pkg/checks.py").of(KIND) == []


def test_a_new_test_that_cannot_fail_is_unknown() -> None:
    (found,) = edit("", file_of("assert f(1) == 1 or True"), "tests/test_f.py").of(KIND)
    assert found == "unknown: tests/test_f.py::test_f is new, and `assert f(1) == 1 or True` cannot fail."


def test_a_return_before_the_checks_is_named_by_its_line() -> None:
    found = edit(file_of("assert f(1) == 1"), file_of("return\nassert f(1) == 1"), "tests/test_f.py")
    assert found.of(KIND) == ["against: tests/test_f.py::test_f returns before its end, which is new."]
    assert found.lines(KIND) == {"+return"}


def test_among_very_many_tests_one_with_another_name_is_found_again() -> None:
    """With too many to compare each with each, those of the same file are still looked at."""
    bodies = [f"    x = f({i}, 'some words that fill a line')\n    assert x == {i}\n" for i in range(160)]
    old = HEAD + "\n\n".join(f"def test_{i}():\n{body}" for i, body in enumerate(bodies))
    new = HEAD + "\n\n".join(f"def test_{i}_of_f():\n{body}" for i, body in enumerate(bodies))
    assert edit(old, new, "tests/test_f.py").of(KIND, "against") == []
