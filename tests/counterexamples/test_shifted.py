"""Definitions of other languages that went elsewhere: what is proved, and what must not be."""

from __future__ import annotations

import pytest

from tests.counterexamples.planned import Planned, planned

CLAIM = "same code elsewhere"
REST = "export function rest() {\n  return 0;\n}\n"
FUNCTION = (
    "/** In cents. */\nexport function cents(value) {\n  const whole = Math.round(value * 100);\n  return whole;\n}\n"
)
GO = 'package a\n\nimport "fmt"\n\n'
SAMPLES = {
    "js": (FUNCTION, REST, REST),
    "ts": ("export interface Box<T> {\n  size: number;\n  value: T;\n}\n", REST, REST),
    "go": ('func Say(name string) {\n\tfmt.Println("hi", name)\n}\n', GO, GO),
    "rs": ("#[derive(Debug)]\npub struct Point {\n    x: i64,\n    y: i64,\n}\n", "fn f() {}\n", "fn g() {}\n"),
    "java": ("class Point {\n    int x;\n    int y;\n}\n", "class A {}\n", "class B {}\n"),
    "c": ("int twice(int x)\n{\n    return x + x;\n}\n", "int f(void);\n", "int g(void);\n"),
    "cpp": ("struct Point {\n    int x;\n    int y;\n};\n", "int f();\n", "int g();\n"),
    "sh": ("say() {\n    printf '%s' \"$1\"\n    return 0\n}\n", "true\n", "true\n"),
}


def went(piece: str, before: str, after: str, *, ending: str = "js", changed: str = "") -> Planned:
    """A piece that leaves one file and comes to another, perhaps changed on the way."""
    base = {f"a.{ending}": before + "\n" + piece, f"b.{ending}": after}
    return planned(base, {f"a.{ending}": before, f"b.{ending}": after + "\n" + (changed or piece)})


def lines(piece: str) -> set[str]:
    found = {line.strip() for line in piece.splitlines()} - {""}
    return {"-" + line for line in found} | {"+" + line for line in found}


@pytest.mark.parametrize("ending", SAMPLES)
def test_a_definition_that_went_to_another_file_as_it_was_is_proved(ending: str) -> None:
    piece, before, after = SAMPLES[ending]
    found = went(piece, before, after, ending=ending)
    assert found.proved(CLAIM) and found.proved_lines() == lines(piece)
    assert "from a." in found.kinds()["move"]


def test_a_method_goes_to_its_class_in_another_file() -> None:
    method = "  size() {\n    const two = 2;\n    return this.n * two;\n  }\n"
    base = {"a.js": f"class A {{\n  one() {{}}\n{method}}}\n", "b.js": REST}
    head = {"a.js": "class A {\n  one() {}\n}\n", "b.js": f"{REST}\nclass A {{\n{method}}}\n"}
    assert planned(base, head).proved(CLAIM)


@pytest.mark.parametrize(
    "changed",
    [
        FUNCTION.replace("100", "1000"),
        FUNCTION.replace("cents", "dollars"),
        FUNCTION.replace("return whole", "return  whole"),
        FUNCTION.replace("In cents", "In dollars"),
        FUNCTION.replace("function", "async function"),
        FUNCTION.replace("export ", ""),
        FUNCTION.replace("(value)", "(value = 1)"),
    ],
)
def test_one_edit_on_the_way_and_nothing_is_proved(changed: str) -> None:
    found = went(FUNCTION, REST, REST, changed=changed)
    assert not found.proved(CLAIM)


def test_a_word_that_only_the_old_file_imports_is_named_and_not_proved() -> None:
    piece = "export function total(items) {\n  const all = items.map(helper);\n  return all;\n}\n"
    found = went(piece, "import { helper } from './util.js';\n" + REST, REST)
    assert not found.proved(CLAIM) and "helper may mean something else" in found.kinds()["move"]
    both = "import { helper } from './util.js';\n" + REST
    assert went(piece, both, both).proved(CLAIM)


def test_a_word_that_only_the_new_file_declares_is_not_proved() -> None:
    piece = "export function total(items) {\n  const all = items.map(parseInt);\n  return all;\n}\n"
    assert went(piece, REST, REST).proved(CLAIM)
    for declared in ("const parseInt = 1;\n", "function parseInt() {}\n", "import parseInt from './x';\n"):
        assert not went(piece, REST, declared + REST).proved(CLAIM)


def test_what_is_there_twice_is_left_alone() -> None:
    base = {"a.js": REST + "\n" + FUNCTION, "b.js": REST, "c.js": REST}
    head = {"a.js": REST, "b.js": REST + "\n" + FUNCTION, "c.js": REST + "\n" + FUNCTION}
    assert not planned(base, head).proved(CLAIM)


def test_a_method_that_went_to_another_class_is_not_proved() -> None:
    method = "  size() {\n    const two = 2;\n    return this.n * two;\n  }\n"
    both = "class A {\n  one() {}\n%}\n\nclass B {\n  two() {}\n%}\n".split("%")
    classes = [both[0] + one + both[1] + two + both[2] for one, two in ((method, ""), ("", method))]
    assert not planned({"a.js": classes[0]}, {"a.js": classes[1]}).proved(CLAIM)


def test_text_over_lines_is_not_the_same_with_another_indentation() -> None:
    method = "  text() {\n    return `one\n  two`;\n  }\n"
    base = {"a.ts": f"class A {{\n  one() {{}}\n{method}}}\n", "b.ts": REST}
    deeper = "".join(f"  {line}\n" for line in method.splitlines())
    head = {"a.ts": "class A {\n  one() {}\n}\n", "b.ts": f"{REST}\nnamespace N {{\n  class A {{\n{deeper}  }}\n}}\n"}
    assert not planned(base, head).proved(CLAIM)
    plain = method.replace("`one\n  two`", "'one two'")
    base["a.ts"] = base["a.ts"].replace(method, plain)
    head["b.ts"] = head["b.ts"].replace(deeper, "".join(f"  {line}\n" for line in plain.splitlines()))
    assert planned(base, head).proved(CLAIM)


def test_rules_of_a_style_sheet_have_an_order_and_are_left_alone() -> None:
    rule = "a {\n  color: red;\n  margin: 0;\n}\n"
    assert not went(rule, "b { top: 0 }\n", "c { top: 0 }\n", ending="css").proved(CLAIM)


def test_statements_that_run_where_they_stand_are_left_alone() -> None:
    statement = "setUp({\n  one: 1,\n  two: 2,\n});\n"
    assert not went(statement, REST, REST).proved(CLAIM)
    assert not went("const made = build({\n  one: 1,\n  two: 2,\n});\n", REST, REST).proved(CLAIM)


def test_a_file_that_does_not_parse_gives_nothing() -> None:
    assert not went(FUNCTION, REST + "function (\n", REST).proved(CLAIM)
