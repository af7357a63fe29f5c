"""Increments: what goes together, what needs what, and in which order it can be taken."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from exosuit.changes.atoms import REGULAR
from exosuit.changes.change import Change
from exosuit.changes.shadow import Shadow
from exosuit.verify.increments.closure import Closure
from exosuit.verify.increments.increments import edges, increments, price
from exosuit.verify.increments.model import Edge, Increment
from exosuit.verify.increments.order import condensed
from exosuit.verify.increments.signatures import accepts, signature
from exosuit.verify.plan.reading import Reading
from tests.property.nasty import Tree, taken_apart


@pytest.fixture(scope="module")
def shadow(tmp_path_factory: pytest.TempPathFactory) -> Shadow:
    return Shadow(tmp_path_factory.mktemp("increments") / "shadow.git")


def tree(**files: str) -> Tree:
    """Files by name; `__` stands for a slash, `_py` for the ending."""
    return {
        name.replace("__", "/").replace("_py", ".py").replace("_json", ".json").replace("_js", ".js").encode(): (
            REGULAR,
            text.encode(),
        )
        for name, text in files.items()
    }


class Case:
    """A change between two trees, its increments, and what must come with some text of it."""

    def __init__(self, shadow: Shadow, base: Tree, head: Tree) -> None:
        self.change: Change = taken_apart(shadow, base, head).change
        self.reading = Reading(self.change, shadow.blob)
        self.edges = edges(self.reading)
        self.increments = increments(self.change, shadow.blob)
        self.closure = Closure(self.increments)

    def with_(self, text: str) -> set[str]:
        """All lines (with their sign) that come along when the line that holds `text` is taken."""
        at = next(i for i, one in enumerate(self.increments) if any(text in line for line in self.lines([i])))
        return set(self.lines(sorted(self.closure.of([at]))))

    def lines(self, chosen: list[int]) -> list[str]:
        found = []
        for first, end in self.closure.atoms(chosen):
            for atom in range(first, end):
                file = self.reading.file_of(atom)
                if atom - file.first >= len(file.file.opaque):
                    found += ["-" + line.decode().strip() for line in file.removed(atom - file.first)]
                    found += ["+" + line.decode().strip() for line in file.added(atom - file.first)]
                else:
                    found.append(f"{file.file.opaque[atom - file.first]} {file.file.path.decode()}")
        return found


def test_a_statement_over_several_lines_is_taken_whole(shadow: Shadow) -> None:
    case = Case(shadow, tree(a_py="x = (\n    1,\n    2,\n)\n"), tree(a_py="x = [\n    1,\n    3,\n]\n"))
    assert len(case.increments) == 1


def test_two_functions_that_change_apart_are_two_increments(shadow: Shadow) -> None:
    base = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
    case = Case(shadow, tree(a_py=base), tree(a_py=base.replace(" 1", " 10").replace(" 2", " 20")))
    assert [one.after for one in case.increments] == [(), ()]


def test_methods_of_a_class_are_taken_one_by_one(shadow: Shadow) -> None:
    base = "class A:\n    def one(self):\n        return 1\n\n    def two(self):\n        return 2\n"
    case = Case(shadow, tree(a_py=base), tree(a_py=base.replace(" 1", " 10").replace(" 2", " 20")))
    assert len(case.increments) == 2


CLASS = """

class Fresh({0}):
    size = 3

    def __init__(self):
        self.told = 1

    def told_twice(self):
        return self.told * 2

    # what it is for
    @property
    def thrice(self):
        return self.told_twice() + 1
"""


@pytest.mark.parametrize("comes", [True, False])
def test_methods_of_a_class_that_comes_may_come_after_it_and_of_one_that_goes_go_before(
    shadow: Shadow, comes: bool
) -> None:
    sides = [tree(a_py="import os\n"), tree(a_py="import os\n" + CLASS.format("object"))]
    case = Case(shadow, *(sides if comes else sides[::-1]))
    assert len(case.increments) == 3
    if comes:
        assert {"+size = 3", "+def __init__(self):"} < case.with_("class Fresh")
        assert not any("thrice" in line or "twice" in line for line in case.with_("class Fresh"))
        assert {"+class Fresh(object):", "+def told_twice(self):", "+# what it is for"} < case.with_("def thrice")
    else:
        assert "-class Fresh(object):" not in case.with_("def told_twice")
        assert {"-def thrice(self):", "-def told_twice(self):"} < case.with_("class Fresh")


def test_what_a_new_class_overrides_comes_with_it_and_all_of_it_where_a_base_is_not_known(shadow: Shadow) -> None:
    known = "class Old:\n    def thrice(self):\n        return {0}\n"
    base, head = known.format(1), known.format(2) + CLASS.format("Old")
    assert "+def thrice(self):" in Case(shadow, tree(a_py=base), tree(a_py=head)).with_("class Fresh")
    strange = Case(shadow, tree(a_py=""), tree(a_py=CLASS.format("strange.Base")))
    assert len(strange.increments) == 1


def test_tests_of_a_new_class_of_tests_come_one_by_one(shadow: Shadow) -> None:
    text = "class TestIt(TestCase):\n    def setUp(self):\n        self.a = 1\n\n"
    text += "    def test_one(self):\n        assert self.a\n\n    def test_two(self):\n        assert self.a\n"
    case = Case(shadow, tree(test_a_py="import os\n"), tree(test_a_py="import os\n\n\n" + text))
    assert len(case.increments) == 3 and "+def setUp(self):" in case.with_("def test_two")


def test_a_method_that_moves_into_a_new_base_goes_after_it_came_there(shadow: Shadow) -> None:
    method = "    def told(self):\n        return 1\n"
    kept = "    def kept(self):\n        value = 1\n        return value\n\n"
    base = tree(a_py="import os\n\n\nclass A:\n" + kept + method)
    head = tree(a_py="import os\nfrom b import B\n\n\nclass A(B):\n" + kept, b_py="class B:\n    c = 2\n\n" + method)
    case = Case(shadow, base, head)
    assert {"+def told(self):", "+class A(B):", "+from b import B"} < case.with_("-def told")
    assert "-def told(self):" not in case.with_("+def told") | case.with_("class A(B)")


def test_a_new_name_comes_with_its_definition_and_not_the_other_way_round(shadow: Shadow) -> None:
    base = tree(a_py="def f():\n    return 1\n", b_py="import os\n")
    head = tree(a_py="def f():\n    return fresh()\n", b_py="import os\n\n\ndef fresh():\n    return 2\n")
    case = Case(shadow, base, head)
    assert "+def fresh():" in case.with_("return fresh()")
    assert "+return fresh()" not in case.with_("def fresh")


def test_a_definition_goes_only_after_its_last_use(shadow: Shadow) -> None:
    base = tree(a_py="def f():\n    return old()\n", b_py="import os\n\n\ndef old():\n    return 2\n")
    head = tree(a_py="def f():\n    return 1\n", b_py="import os\n")
    case = Case(shadow, base, head)
    assert "-return old()" in case.with_("def old")
    assert "-def old():" not in case.with_("return old()")


def test_an_import_goes_only_after_those_who_now_import_it_themselves(shadow: Shadow) -> None:
    base = tree(m_py="from random import Random\n\n\ndef f():\n    return Random(1)\n\n\ndef g():\n    return 2\n")
    head = tree(m_py="def f():\n    from random import Random\n    return Random(1)\n\n\ndef g():\n    return 2\n")
    case = Case(shadow, base, head)
    assert {"-from random import Random", "+from random import Random"} <= case.with_("-from random import Random")


def test_an_import_goes_only_after_those_who_now_say_it_as_an_attribute(shadow: Shadow) -> None:
    use = "def test_{0}():\n    assert {1}KEYS\n\n\n"
    both = ["from package import metadata\n\n\n", "from package.metadata import KEYS\n\n\n"]
    base = tree(t_py=both[1] + use.format("a", "") + use.format("b", "") + "def f():\n    pass\n")
    head = tree(t_py=both[0] + use.format("a", "metadata.") + use.format("b", "metadata.") + "def f():\n    pass\n")
    came = Case(shadow, base, head).with_("-from package.metadata import KEYS")
    assert "+assert metadata.KEYS" in came


def test_an_attribute_comes_with_the_class_that_has_it_though_all_know_the_word(shadow: Shadow) -> None:
    base = tree(m_py="def join(x):\n    return x\n\n\nclass A:\n    b = 1\n\n\ndef f(a):\n    return join(a)\n")
    new = base[b"m.py"][1].decode().replace("b = 1\n", "b = 1\n    join = ''.join\n").replace("join(a)", "a.join(a)")
    head = tree(m_py=new)
    case = Case(shadow, base, head)
    assert "+join = ''.join" in case.with_("+return a.join(a)")


def test_a_table_of_toml_goes_whole_and_once(shadow: Shadow) -> None:
    base = {b"p.toml": (REGULAR, b"[a]\nx = 1\nw = 1\n\n[b]\ny = 1\n\n[c]\nz = 1\n")}
    head = {b"p.toml": (REGULAR, b"[a]\nx = 2\nw = 1\n\n[c]\nz = 1\n\n[b]\ny = 2\n")}
    case = Case(shadow, base, head)
    assert {"-[b]", "-y = 1", "+[b]", "+y = 2"} <= case.with_("+y = 2")
    assert "-[b]" not in case.with_("+x = 2")


def test_an_import_comes_with_what_uses_it(shadow: Shadow) -> None:
    base = tree(a_py="import os\n\nx = os.sep\n\n\ndef f():\n    return 1\n")
    head = tree(a_py="import os\nimport re\n\nx = os.sep\n\n\ndef f():\n    return re.escape('a')\n")
    assert "+import re" in Case(shadow, base, head).with_("re.escape")


def test_a_name_that_moves_within_a_file_is_never_gone(shadow: Shadow) -> None:
    body = "def f():\n    return 1\n\n\n"
    rest = "".join(f"def g{i}():\n    return {i} + f()\n\n\n" for i in range(4))
    case = Case(shadow, tree(a_py=body + rest), tree(a_py=rest + body))
    assert {"-def f():", "+def f():"} <= case.with_("-def f")


def test_a_function_moves_to_another_module_with_its_import(shadow: Shadow) -> None:
    rest = "".join(f"def keep{i}():\n    return {i}\n\n\n" for i in range(3))
    moved = "def moved():\n    return 'moved'\n"
    base = tree(m__a_py=rest + moved, m__b_py=rest, m__c_py="from m.a import moved\n\nmoved()\n")
    head = tree(m__a_py=rest, m__b_py=rest + moved, m__c_py="from m.b import moved\n\nmoved()\n")
    case = Case(shadow, base, head)
    assert "+from m.b import moved" in case.with_("-def moved")
    assert "+def moved():" in case.with_("+from m.b import moved")


def test_a_signature_goes_with_its_calls(shadow: Shadow) -> None:
    base = tree(a_py="def area(w):\n    return w * w\n", b_py="from a import area\n\nprint(area(3))\n")
    head = tree(a_py="def area(w, h):\n    return w * h\n", b_py="from a import area\n\nprint(area(3, 4))\n")
    assert len(Case(shadow, base, head).increments) == 1


def test_a_signature_that_takes_more_does_not_wait_for_the_calls_it_takes_as_well(shadow: Shadow) -> None:
    call = "from a import f\n\n\ndef g():\n    return f({0})\n"
    base = tree(a_py="def f(x, *, y=1):\n    return x\n", b_py=call.format("1"))
    wider = tree(a_py="def f(x, z=2, *, y=1):\n    return x\n", b_py=call.format("2"))
    other = tree(a_py="def f(x, z, *, y=1):\n    return x\n", b_py=call.format("2"))
    assert "+return f(2)" not in Case(shadow, base, wider).with_("+def f")
    assert "+return f(2)" in Case(shadow, base, other).with_("+def f")


@pytest.mark.parametrize(
    ("old", "new", "fits"),
    [
        ("a", "a", True), ("a", "a, b=1", True), ("a", "a=1", True), ("a", "a, *b", True), ("a", "a, *, b=1", True),
        ("a, *b", "a, c=1, *b", False), ("a", "b", False), ("a", "a, b", False), ("a=1", "a", False),
        ("*, a=1", "*, a", False), ("*, a", "*, a=1", True), ("**k", "*, a=1", False), ("*, a=1", "**k", False),
        ("a, b", "b, a", False), ("*, a", "a", False), ("a: int", "a: str", True), ("a, /", "a", False),
    ],
)  # fmt: skip
def test_what_calls_a_signature_takes(old: str, new: str, *, fits: bool) -> None:
    one, other = (ast.parse(f"def f({text}): ...").body[0] for text in (old, new))
    assert isinstance(one, ast.FunctionDef) and isinstance(other, ast.FunctionDef)
    assert accepts(signature(other.args), signature(one.args)) is fits


def test_a_keyword_comes_with_the_parameter_of_what_is_called(shadow: Shadow) -> None:
    code = (
        "def f(x{0}):\n    return x\n\n\ndef g(x{1}):\n    size = 1\n    return x\n\n\ndef h():\n    return f(1{2})\n"
    )
    case = Case(shadow, tree(a_py=code.format("", "", "")), tree(a_py=code.format(", size=1", ", size=2", ", size=3")))
    came = case.with_("size=3")
    assert "+def f(x, size=1):" in came and "+def g(x, size=2):" not in came


def test_annotations_change_after_they_are_no_longer_evaluated_and_back_before(shadow: Shadow) -> None:
    code = "{0}import os\n\n\ndef f(x: {1}):\n    return os\n\n\nclass A:\n    pass\n"
    quoted, bare = code.format("", '"A"'), code.format("from __future__ import annotations\n\n", "A")
    assert "+from __future__ import annotations" in Case(shadow, tree(a_py=quoted), tree(a_py=bare)).with_("x: A)")
    assert '+def f(x: "A"):' in Case(shadow, tree(a_py=bare), tree(a_py=quoted)).with_("-from __future__")


def test_annotations_and_docstrings_tie_no_test_to_code(shadow: Shadow) -> None:
    code, test = "def f(x{0}):\n    return x + {1}\n", "from a import f\n\n\ndef test_f({0}):\n    assert f(1) == {1}\n"
    base = tree(a_py=code.format("", 1), test_a_py=test.format("", 2))
    typed = tree(a_py=code.format(": int", 1), test_a_py=test.format("", 2.0))
    done = tree(a_py=code.format(": int", 2), test_a_py=test.format("", 3))
    assert len(Case(shadow, base, typed).increments) == 2
    assert len(Case(shadow, base, done).increments) == 1


def test_prose_goes_by_paragraphs_and_messages_by_entries(shadow: Shadow) -> None:
    one, two = ("".join(f"{word} {i}\nsecond line\n\n" for i in range(6)) for word in ("old", "new"))
    assert len(Case(shadow, {b"a.md": (REGULAR, one.encode())}, {b"a.md": (REGULAR, two.encode())}).increments) == 6
    entry = '#: {2}\nmsgid ""\n"word {0}"\nmsgstr "{1}"\n\n'
    old = "".join(entry.format(i, "a", 1) for i in range(6))
    new = "".join(entry.format(i, "b", 2) for i in (3, 1, 5, 0, 2, 4))
    case = Case(shadow, {b"a.po": (REGULAR, old.encode())}, {b"a.po": (REGULAR, new.encode())})
    assert len(case.increments) > 1
    for at in range(len(case.increments)):
        lines = case.lines(sorted(case.closure.of([at])))
        for i in range(6):
            said = [line[0] for line in lines if line[1:] == f'"word {i}"']
            assert said in ([], ["-", "+"], ["+", "-"])


def test_a_subscript_comes_with_the_class_header_that_allows_it(shadow: Shadow) -> None:
    base = tree(a_py="class Box:\n    x = 1\n", b_py="from a import Box\n\nkind = Box\n")
    head = tree(a_py="class Box(list):\n    x = 1\n", b_py="from a import Box\n\nkind = Box[int]\n")
    assert "+class Box(list):" in Case(shadow, base, head).with_("Box[int]")


def test_a_test_that_changes_goes_with_the_code_it_is_about_and_a_new_one_only_needs_it(shadow: Shadow) -> None:
    code = "def area(w):\n    return {}\n"
    test = "from a import area\n\n\ndef test_area():\n    assert area(3) == {}\n"
    new = "\n\ndef test_zero():\n    assert area(0) == 0\n"
    base = tree(a_py=code.format("w * w"), tests__test_a_py=test.format(9))
    head = tree(a_py=code.format("w * w + 0"), tests__test_a_py=test.format(9) + new)
    assert "+return w * w + 0" in Case(shadow, base, head).with_("test_zero")
    assert "+def test_zero():" not in Case(shadow, base, head).with_("w * w + 0")
    head = tree(a_py=code.format("w * w * w"), tests__test_a_py=test.format(27))
    assert len(Case(shadow, base, head).increments) == 1


def test_a_data_file_is_there_before_its_reader(shadow: Shadow) -> None:
    base = tree(a_py="import json\n\n\ndef load():\n    return {}\n")
    head = tree(
        a_py="import json\n\n\ndef load():\n    return json.load(open('data/rates.json'))\n", data__rates_json="{}\n"
    )
    assert "+{}" in Case(shadow, base, head).with_("rates.json")


def test_a_renamed_module_goes_with_its_imports(shadow: Shadow) -> None:
    body = "".join(f"def keep{i}():\n    return {i}\n\n\n" for i in range(5))
    base = tree(pack__old_py=body, b_py="from pack import old\n\nold.keep1()\n")
    head = tree(pack__new_py=body, b_py="from pack import new\n\nnew.keep1()\n")
    case = Case(shadow, base, head)
    assert "rename pack/new.py" in case.with_("+from pack import new")
    assert "+from pack import new" in case.with_("rename")


def test_a_module_that_changes_folders_goes_with_the_imports_in_it_and_of_it(shadow: Shadow) -> None:
    body = "".join(f"def keep{i}():\n    return {i}\n\n\n" for i in range(5))
    base = tree(p__m_py="from . import x\n\n\n" + body, p__b_py="from .m import keep1\n\nkeep1()\n", p__x_py="")
    head = tree(
        p__sub__m_py="from .. import x\n\n\n" + body, p__b_py="from .sub.m import keep1\n\nkeep1()\n", p__x_py=""
    )
    case = Case(shadow, base, head)
    for text in ("rename", "+from .. import x", "+from .sub.m import keep1"):
        assert set(case.lines(list(range(len(case.increments))))) == case.with_(text)


def test_a_file_that_does_not_parse_is_one_set(shadow: Shadow) -> None:
    base, head = (
        "def f(:\n    a\n\n\n\nb = 1\nc = 2\nd = 3\ne = 4\n",
        "def f(:\n    b\n\n\n\nb = 1\nc = 2\nd = 3\ne = 5\n",
    )
    assert len(Case(shadow, tree(a_py=base), tree(a_py=head)).increments) == 1


def test_brackets_that_open_in_one_run_and_close_in_another_go_together(shadow: Shadow) -> None:
    base = "a();\nb();\nc();\nd();\n"
    head = "if (x) {\na();\nb();\n}\nc();\nd(1);\n"
    case = Case(shadow, tree(a_js=base), tree(a_js=head))
    assert case.with_("if (x)") == {"+if (x) {", "+}"}


def test_data_in_json_is_taken_whole(shadow: Shadow) -> None:
    rows = [f'  "{i}": {i}' for i in range(20)]
    base = "{\n" + ",\n".join(rows) + "\n}\n"
    head = base.replace(": 3", ": 33").replace(": 17", ": 71")
    assert len(Case(shadow, tree(a_json=base), tree(a_json=head)).increments) == 1


def test_a_block_whose_statements_all_give_way_is_never_empty(shadow: Shadow) -> None:
    case = Case(
        shadow, tree(a_py="class A:\n    pass\n"), tree(a_py="class A:\n\n\n    def f(self):\n        return 1\n")
    )
    assert "+def f(self):" in case.with_("-pass")


def test_an_import_from_the_future_is_never_behind_other_code(shadow: Shadow) -> None:
    base = tree(a_py="import b\nimport c\n\nx = b\n\ny = c\n\nz = 1\n")
    head = tree(a_py="import d\n\nx = d\n\ny = d\n\nz = 1\n")
    future = tree(a_py="from __future__ import annotations\n\nimport c\n\nx = 1\n\ny = c\n\nz = 1\n")
    assert "-import b" in Case(shadow, base, future).with_("__future__")
    assert "-from __future__ import annotations" in Case(shadow, future, head).with_("+import d")


def test_the_largest_set_is_told_as_a_share_of_the_lines(shadow: Shadow) -> None:
    grown = "a = 1\n\n\ndef f():\n    b = 1\n    return b\n"
    case = Case(shadow, tree(a_py="a = 1\n", b_py="c = 1\nd = 1\n"), tree(a_py=grown, b_py="c = 2\nd = 2\n"))
    told = price(case.reading, case.increments)
    assert (told.lines, told.increments, told.largest, told.share) == (9, 3, 5, 5 / 9)


def test_blank_lines_and_comments_go_with_the_code_that_they_are_written_for(shadow: Shadow) -> None:
    base = "a = 1\n\n\n# about f\ndef f():\n    return 1\n\n\nb = 2\n"
    head = (
        "a = 1\n\n\n# about g\n# at length\ndef g():\n    return 2\n\n\ndef h():\n    return 3\n\n\nb = 2\n# the end\n"
    )
    case = Case(shadow, tree(a_py=base), tree(a_py=head))
    for at in range(len(case.increments)):
        lines = case.lines([at])
        assert any(line[1:].strip() and not line[1:].startswith("#") for line in lines) or lines == ["+# the end"]
        assert ("+# at length" in lines) is ("+def g():" in lines)


def by_atoms(found: tuple[Increment, ...]) -> list[tuple[list[int], list[int]]]:
    """Increments as atoms, with the first atoms of those that they name."""
    first = {one.id: one.atoms[0][0] for one in found}
    return [([a for s, e in one.atoms for a in range(s, e)], [first[name] for name in one.after]) for one in found]


def test_circles_are_one_increment_and_needs_that_follow_are_not_told() -> None:
    found = condensed(5, [Edge(0, 1, ""), Edge(1, 0, ""), Edge(2, 0, ""), Edge(3, 2, ""), Edge(3, 1, "")])
    assert by_atoms(found) == [([0, 1], []), ([2], [0]), ([3], [2]), ([4], [])]


def test_what_is_needed_comes_first_even_if_it_stands_later() -> None:
    assert by_atoms(condensed(3, [Edge(0, 2, "")])) == [([1], []), ([2], []), ([0], [2])]


def test_a_circle_of_a_hundred_thousand_atoms_is_condensed_without_recursion() -> None:
    count = 100_000
    assert len(condensed(count, [Edge(i, (i + 1) % count, "") for i in range(count)])) == 1


def test_edges_stay_within_the_change(shadow: Shadow) -> None:
    case = Case(shadow, tree(a_py="a = 1\n"), tree(a_py="a = 2\nb = a\n", b_py="from a import b\n"))
    assert all(0 <= atom < case.change.atoms for edge in edges(case.reading) for atom in (edge.atom, edge.needs))


def test_an_empty_change_has_no_increments(shadow: Shadow, tmp_path: Path) -> None:
    assert Case(shadow, tree(a_py="a\n"), tree(a_py="a\n")).increments == ()
