"""What no operator explains is cut into decisions that a person can hold, with titles made from the code."""

from __future__ import annotations

from exosuit.verify.plan.decisions import MOST
from exosuit.verify.plan.rules import Rule, edits
from tests.counterexamples.planned import planned


def functions(name: str, count: int) -> str:
    return "".join(f"def {name}{i}(a):\n    b = a * {i}\n    return b + {i * i}\n\n\n" for i in range(count))


def test_no_decision_holds_more_lines_than_one_can_read() -> None:
    files = {f"src/p{i % 3}/m{i}.py": functions(f"f{i}_", 3 + 17 * i) for i in range(9)}
    found = planned({"src/a.py": ""}, {"src/a.py": "", **files})
    assert max(group.unproved_lines for group in found.plan.groups) <= MOST
    assert found.plan.stats.to_read == found.plan.stats.lines
    assert len(found.plan.groups) <= 1.6 * found.plan.stats.lines / MOST


def test_decisions_are_nearly_as_few_as_lines_allow() -> None:
    files = {f"src/p{i % 5}/m{i}.py": functions(f"f{i}_", 3 + 9 * i % 40) for i in range(25)}
    found = planned({"src/a.py": ""}, {"src/a.py": "", **files})
    assert len(found.plan.groups) <= 1.1 * found.plan.stats.to_read / MOST + 1


def test_a_file_that_fits_into_one_decision_is_not_cut() -> None:
    files = {f"src/m{i}.py": functions(f"f{i}_", 30) for i in range(2)}
    plan = planned({"src/a.py": ""}, {"src/a.py": "", **files}).plan
    assert sorted(group.title.rpartition(" in ")[2] for group in plan.groups if group.kind == "edit") == sorted(files)


def test_data_of_tests_is_one_decision_of_which_nothing_is_proved() -> None:
    rows = "".join(f'{{"a": {i}}}\n' for i in range(900))
    (group,) = planned({}, {"tests/data/a.json": rows}).plan.groups
    assert (group.kind, group.unproved_lines) == ("test data", 900)
    assert planned({}, {"src/data/a.json": rows}).plan.stats.decisions > 4


def test_kinds_of_edits_with_few_lines_each_share_a_decision() -> None:
    base, head = "# a\nx = f(1,2)\nb = 1\ny = g('a')\n", '# b\nx = f(1, 2)\nb = 1\ny = g("a")\n'
    (group,) = planned({"m.py": base}, {"m.py": head}).plan.groups
    assert (group.kind, group.title) == ("same program", "Only comments, formatting and whitespace")
    assert sorted(proof.by for proof in group.proofs) == ["comments", "formatting", "whitespace"]


def test_small_files_of_one_folder_are_one_decision() -> None:
    files = {f"src/m{i}.py": f"def f{i}():\n    return {i}\n" for i in range(20)}
    (group,) = planned({}, files).plan.groups
    assert group.title == "Add f0, f1, f10 and 17 more in 20 files of src"


def test_code_comes_before_tests_and_tests_before_prose() -> None:
    found = planned({}, {"README.md": "# A\n", "tests/test_a.py": "def test_a():\n    assert 1\n", "a.py": "x = 1\n"})
    titles = {group.id: group.title for group in found.plan.groups}
    kinds = {group.id: group.kind for group in found.plan.groups}
    assert [titles[name].rpartition(" in ")[2] for name in found.plan.order] == ["a.py", "tests/test_a.py", "README.md"]
    assert kinds[found.plan.order[1]] == "new tests"


def test_a_title_tells_what_was_added_changed_and_removed() -> None:
    base = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
    head = "class A:\n    def f(self):\n        return 3\n\n    def h(self, a):\n        yield a\n"
    (group,) = planned({"m.py": base}, {"m.py": head}).plan.groups
    assert group.title == "Add A.h; change A.f; remove A.g in m.py"


def test_other_languages_have_titles_too() -> None:
    base, head = "export function f(a) {\n  return 1;\n}\n", "export function g(a, b) {\n  return 2;\n}\n"
    (group,) = planned({"m.ts": base}, {"m.ts": head}).plan.groups
    assert group.title == "Add g; remove f in m.ts"


def test_lock_files_are_stated_apart_and_nothing_of_them_is_proved() -> None:
    found = planned({"uv.lock": "a = 1\n" * 300}, {"uv.lock": "a = 2\n" * 300})
    (group,) = found.plan.groups
    assert (group.kind, group.unproved_lines) == ("lock files", 600)


def test_a_first_line_that_the_change_itself_brings_makes_no_generated_file() -> None:
    found = planned({"a.js": "x = 1\n"}, {"a.js": "// @generated\nx = 2\n"})
    assert [group.kind for group in found.plan.groups] == ["edit"]


def test_binary_files_and_modes_are_decided_too() -> None:
    found = planned({"a.bin": b"\0a"}, {"a.bin": b"\0b"})
    assert found.plan.groups[0].title == "Whole: a.bin"


def test_a_rule_says_what_was_replaced_and_runs_on_whole_words_only() -> None:
    (edit,) = edits(b"x = old(a)\n", b"x = new(a)\n")
    rule = Rule(edit.old, edit.new)
    assert rule.run(b"old older cold old.x") == b"new older cold new.x"
    assert Rule(b"old", b"new", b"a.").run(b"a.old b.old ba.old") == b"a.new b.old ba.old"
