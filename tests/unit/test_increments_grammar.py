"""Increments in languages that tree-sitter reads: what is taken one by one, and what is not."""

from __future__ import annotations

import sys

import pytest

from exosuit.changes.atoms import REGULAR
from exosuit.changes.shadow import Shadow
from exosuit.verify.increments import grammar
from exosuit.verify.plan import grammars
from tests.property.nasty import Tree
from tests.unit.test_increments import Case


@pytest.fixture(scope="module")
def shadow(tmp_path_factory: pytest.TempPathFactory) -> Shadow:
    return Shadow(tmp_path_factory.mktemp("increments") / "shadow.git")


def file(name: str, text: str) -> Tree:
    return {name.encode(): (REGULAR, text.encode())}


def edited(shadow: Shadow, name: str, base: str, *changes: tuple[str, str]) -> Case:
    """A file in which each text is replaced by another; each must be there."""
    head = base
    for old, new in changes:
        assert old in head
        head = head.replace(old, new)
    return Case(shadow, file(name, base), file(name, head))


APART = {
    "a.js": "function one() {\n  return 1;\n}\n\nconst two = () => {\n  return 2;\n};\n",
    "a.ts": "export function one(): number {\n  return 1\n}\nexport interface A {\n  a: string\n  b: 2\n}\n",
    "a.tsx": "export function One() {\n  return <b>{1}</b>;\n}\nexport const Two = () => <i>{2}</i>;\n",
    "a.go": "package a\n\nfunc one() int {\n\treturn 1\n}\n\nfunc two() int {\n\treturn 2\n}\n",
    "a.rs": "fn one() -> i32 {\n    1\n}\n\nfn two() -> i32 {\n    2\n}\n",
    "A.java": "class A {\n  int one() {\n    return 1;\n  }\n\n  int two() {\n    return 2;\n  }\n}\n",
    "a.c": "int one(void) {\n  return 1;\n}\n\nint two(void) {\n  return 2;\n}\n",
    "a.cpp": "namespace n {\nclass A {\n  int one() {\n    return 1;\n  }\n  int two() { return 2; }\n};\n}\n",
    "a.css": "a {\n  order: 1;\n}\n\nb {\n  order: 2;\n}\n",
    "a.sh": "one() {\n  echo 1\n}\n\ntwo() {\n  echo 2\n}\n",
}


@pytest.mark.parametrize("name", APART)
def test_edits_in_two_functions_are_two_increments(shadow: Shadow, name: str) -> None:
    case = edited(shadow, name, APART[name], ("1", "10"), ("2", "20"))
    assert [one.after for one in case.increments] == [(), ()]


@pytest.mark.parametrize("opening", ["class A {", "export default class extends B {", "exports.A = class {"])
def test_methods_of_a_class_are_taken_one_by_one(shadow: Shadow, opening: str) -> None:
    base = f"{opening}\n  one() {{\n    return 1;\n  }}\n\n  two() {{\n    return 2;\n  }}\n}}\n"
    assert len(edited(shadow, "a.js", base, ("1", "10"), ("2", "20")).increments) == 2


def test_a_function_is_never_half_old_and_half_new(shadow: Shadow) -> None:
    base = "function f(a) {\n  let x = 1;\n  if (a) {\n    x += a;\n  }\n  return x + 2;\n}\n"
    assert len(edited(shadow, "a.js", base, ("x = 1", "x = 10"), ("x + 2", "x - 2")).increments) == 1


def test_tests_of_a_suite_are_taken_one_by_one_and_each_is_whole(shadow: Shadow) -> None:
    one = "  it('a', () => {\n    run(1);\n    done(2);\n  });\n"
    base = "describe('x', () => {\n" + one + one.replace("'a'", "'b'").replace("1", "3").replace("2", "4") + "});\n"
    case = edited(shadow, "a.test.js", base, ("1", "10"), ("2", "20"), ("3", "30"), ("4", "40"))
    assert len(case.increments) == 2


def test_what_is_passed_to_any_other_function_is_whole(shadow: Shadow) -> None:
    base = "app.get('/', (req, res) => {\n  read(1, () => {});\n  res.send(2);\n});\n"
    assert len(edited(shadow, "a.js", base, ("1", "10"), ("2", "20")).increments) == 1


def test_a_module_in_an_expression_is_opened(shadow: Shadow) -> None:
    base = (
        ";(function () {\n  function f() {\n    return 1;\n  }\n  function g() {\n    return 2;\n  }\n}.call(this));\n"
    )
    assert len(edited(shadow, "a.js", base, ("1", "10"), ("2", "20")).increments) == 2


def test_both_ends_of_a_frame_are_old_or_new(shadow: Shadow) -> None:
    body = "  it('a', () => {\n    run(1);\n  });\n"
    base, head = f"describe('x', () => {{\n{body}}});\n", f"describe.only('x', () => {{\n{body}}})\n"
    assert len(Case(shadow, file("a.js", base), file("a.js", head)).increments) == 1


def test_members_of_an_empty_class_come_one_by_one(shadow: Shadow) -> None:
    case = edited(
        shadow, "A.java", "class A {\n}\n", ("{\n", "{\n  int one() { return 1; }\n  int two() { return 2; }\n")
    )
    assert len(case.increments) == 2


def test_an_attribute_or_a_documentation_goes_with_its_item(shadow: Shadow) -> None:
    base = "impl A {\n    fn g() {}\n}\n"
    case = edited(shadow, "a.rs", base, ("    fn g", "    /// Says.\n    #[inline]\n    fn f() {}\n\n    fn g"))
    assert len(case.increments) == 1


def test_declarations_within_a_header_guard_are_taken_one_by_one(shadow: Shadow) -> None:
    base = "#ifndef A_H\n#define A_H\n\nint one(void);\n\nint two(void);\n\n#endif\n"
    assert len(edited(shadow, "a.h", base, ("one", "uno"), ("two", "due")).increments) == 2


def test_a_statement_that_would_go_on_with_the_one_above_is_not_put_below_another(shadow: Shadow) -> None:
    base, head = "let a = b\nfoo()\nlet z = 1\n", "let a = b;\n(c || d).e()\nlet z = 2\n"
    case = Case(shadow, file("a.js", base), file("a.js", head))
    assert "+let a = b;" in case.with_("(c || d)")
    assert case.with_("+let z") == {"-let z = 1", "+let z = 2"}


def test_an_import_is_never_below_a_declaration_where_the_language_forbids_it(shadow: Shadow) -> None:
    base = 'package a\n\nimport "x"\n\nvar b = 1\n'
    head = "package a\n\nvar c = 1\n\nvar d = 2\n\nvar b = 3\n"
    case = Case(shadow, file("a.go", head), file("a.go", base))
    assert "-var c = 1" in case.with_('import "x"')


def test_a_comment_over_several_lines_is_taken_with_the_function_below_it(shadow: Shadow) -> None:
    new = "/**\n * What it is.\n */\nfunction g() {\n  return 2;\n}\n\n// Of h.\nfunction h() {\n  return 3;\n}\n\n"
    case = edited(shadow, "a.js", "function f() {\n  return 1;\n}\n", ("function f", f"{new}function f"))
    assert [("+/**" in case.lines([at]), "+function g() {" in case.lines([at])) for at in (0, 1)] == [
        (True, True), (False, False)
    ]  # fmt: skip


def test_where_an_end_does_not_parse_brackets_are_counted(shadow: Shadow) -> None:
    base = "f(\n1,\n\n2\n"
    case = edited(shadow, "a.js", base, ("1", "10"), ("2", "20)"))
    assert [edge.kind for edge in case.edges] == [] and len(case.increments) == 2


def test_without_the_package_of_a_grammar_brackets_are_counted_and_the_edges_say_so(
    shadow: Shadow, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, change = "x({\n  a: 1,\n\n  b: 2,\n});\n", (("x({", "x([{"), ("});", "}]);"))
    assert {edge.kind for edge in edited(shadow, "a.js", base, *change).edges} == {"statement"}
    monkeypatch.setattr(grammar, "parsed", lambda *_: None)
    case = edited(shadow, "a.js", base, *change)
    assert len(case.increments) == 1 and {edge.kind for edge in case.edges} == {"brackets"}


def test_a_package_that_is_not_installed_is_no_grammar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tree_sitter_go", None)
    grammars.parser_of.cache_clear()
    try:
        assert grammars.parsed(grammars.GO, b"package a\n") is None
    finally:
        grammars.parser_of.cache_clear()


def test_a_mixture_that_does_not_parse_makes_the_file_one_increment(
    shadow: Shadow, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = {text.encode() for text in (APART["a.c"], APART["a.c"].replace("1", "10").replace("2", "20"))}
    real = grammars.parsed
    monkeypatch.setattr(grammar, "parsed", lambda one, data: real(one, data) if data in ends else None)
    assert len(edited(shadow, "a.c", APART["a.c"], ("1", "10"), ("2", "20")).increments) == 1


def both(shadow: Shadow, base: dict[str, str], head: dict[str, str]) -> Case:
    sides = [{name.encode(): (REGULAR, text.encode()) for name, text in side.items()} for side in (base, head)]
    return Case(shadow, *sides)


REST = "export function rest() {\n  return 0;\n}\n"


def test_a_call_comes_with_the_new_function_and_the_function_goes_after_its_last_call(shadow: Shadow) -> None:
    without = "function f(a) {\n  return a;\n}\n\nfunction keep() {}\n"
    with_it = "function f(a) {\n  return g(a);\n}\n\nfunction keep() {}\n\nfunction g(b) {\n  return b;\n}\n"
    comes, goes = (both(shadow, {"a.js": one}, {"a.js": two}) for one, two in ((without, with_it), (with_it, without)))
    assert "+function g(b) {" in comes.with_("return g(a)") and "+return g(a);" not in comes.with_("function g(b)")
    assert "-return g(a);" in goes.with_("function g(b)") and "-function g(b) {" not in goes.with_("return g(a)")


def test_a_name_that_is_local_needs_nobody_who_declares_it_elsewhere(shadow: Shadow) -> None:
    base = "function f(a) {\n  return a;\n}\n\nfunction keep() {}\n"
    head = "function f(g) {\n  return g;\n}\n\nfunction keep() {}\n\nfunction g(b) {\n  return b;\n}\n"
    assert "+function g(b) {" not in both(shadow, {"a.js": base}, {"a.js": head}).with_("return g;")


@pytest.mark.parametrize(
    ("exported", "imported"),
    [
        ("export function fresh() {\n  return 1;\n}\n", "import { fresh } from './m/a.js';\n"),
        ("export const fresh = 1;\n", "import { fresh as other } from './m/a';\n"),
        ("function fresh() {}\nexport { fresh };\n", "export { fresh } from './m/a';\n"),
        ("export default function fresh() {}\n", "import fresh from './m/a';\n"),
        ("exports.fresh = 1;\n", "const { fresh } = require('./m/a');\n"),
        ("module.exports = { fresh: 1 };\n", "const { fresh } = require('./m/a.js');\n"),
    ],
)
def test_an_import_comes_with_the_export_and_goes_before_it(shadow: Shadow, exported: str, imported: str) -> None:
    without, with_it = {"m/a.js": REST, "b.js": REST}, {"m/a.js": REST + exported, "b.js": imported + REST}
    last, line = exported.strip().split("\n")[-1], imported.strip()
    first = exported.split("\n", maxsplit=1)[0] if last == "}" else last
    assert f"+{first}" in both(shadow, without, with_it).with_(line)
    assert f"-{line}" in both(shadow, with_it, without).with_(first)


def test_an_import_of_a_new_file_comes_with_what_the_file_holds(shadow: Shadow) -> None:
    base = {"src/b.ts": "export const b = 1\n"}
    head = {"src/b.ts": "import './a/index.js'\nexport const b = 1\n", "src/a/index.ts": "run()\n"}
    assert "+run()" in both(shadow, base, head).with_("import './a")
    assert "-import './a/index.js'" in both(shadow, head, base).with_("run()")


def test_the_same_words_in_files_that_do_not_name_each_other_tie_nothing(shadow: Shadow) -> None:
    base = {"a.js": "one();\n\nfunction f() {}\n", "b.js": "one();\n\nfunction f() {}\n"}
    head = {name: text.replace("one()", "x.fresh()") + "\nx.fresh = 2;\n" for name, text in base.items()}
    case = both(shadow, base, head)
    assert len(case.increments) >= 2
    assert all(case.reading.file_of(edge.atom) is case.reading.file_of(edge.needs) for edge in case.edges)


def test_what_an_outer_function_is_given_comes_with_what_uses_it(shadow: Shadow) -> None:
    body = "\n\n".join(f"  function f{i}() {{\n    return {i};\n  }}" for i in range(4))
    base = f"(function (root) {{\n{body}\n}})(this);\n"
    head = base.replace("(root)", "(root, extra)").replace("return 3;", "return extra;")
    both_sides = both(shadow, {"a.js": base}, {"a.js": head})
    assert len(both_sides.increments) == 2
    assert "+(function (root, extra) {" in both_sides.with_("return extra;")
