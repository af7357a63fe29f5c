"""Laws of increments in languages that tree-sitter reads: whatever closed set is taken of generated files parses."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exosuit.changes.atoms import REGULAR
from exosuit.changes.shadow import Shadow
from exosuit.verify.increments import increments as module
from exosuit.verify.plan.grammars import grammars_of, parsed
from tests.property.nasty import taken_apart
from tests.property.test_increments import closed_sets, joined, with_


@pytest.fixture(scope="module")
def shadow(tmp_path_factory: pytest.TempPathFactory) -> Shadow:
    return Shadow(tmp_path_factory.mktemp("increments") / "shadow.git")


@dataclass(frozen=True)
class Language:
    """Pieces of a language: whole statements by where they may stand, and what opens and closes a block of some."""

    path: bytes
    tops: tuple[str, ...]
    members: tuple[str, ...]
    frames: tuple[tuple[str, str], ...]
    inner: tuple[str, ...] = ()


_JS = (
    "function f1() {\n  return 1;\n}",
    "const a = 1",
    "let b = [\n  1,\n];",
    "foo(1)",
    "bar(1, () => {\n  x1()\n})",
    "// note 1",
    "/* long\n   note 1 */",
    "",
    "(x1 || y1).z()",
    "[1, 2].map(f)",
    "`t${1}`.x()",
    "+a",
    "if (a) b = 1\nelse c = 1",
    "for (;;) {\n  break\n}",
    "var d = `\nclass {\n`",
    "a = 1; b = 1",
    ";[1].map(g)",
    "x1 = {\n  y: 1 }",
    "/re1/.test(x)",
    "import q1 from 'q'",
    "export const e1 = 1",
    "export default 1",
)
_JS_MEMBERS = (
    "m1() {\n  return 1\n}",
    "static s = 1;",
    "get g() { return 1 }",
    "a1 = 1",
    "b",
    "['c' + 1]() {}",
    "*gen() { yield 1 }",
    "// note 1",
    "/* long\n note */",
    "",
    "async n() {\n  await 1\n}",
    "static {\n  x = 1\n}",
    "d = 1;",
    "get",
)
LANGUAGES = [
    Language(
        b"a.js",
        _JS,
        _JS_MEMBERS,
        (("class A1 {", "}"), ("export class A extends B1 { // why", "}"), ("class A\n{", "};"), ("x = class {", "}")),
    ),
    Language(
        b"b.js",
        _JS,
        _JS,
        (
            ("describe('x1', () => {", "})"),
            ("describe('x1', async function () {", "});"),
            (";(function () {\n  function u() {}\n  function v() {}", "}.call(this))"),
            ("var w1 = (() => {\n  function u() {}\n  class V {}", "})()"),
        ),
    ),
    Language(
        b"a.ts",
        (
            "type T = 1 | 2",
            "const a: number = 1",
            "interface E {}",
            "enum F {\n  A1,\n  B\n}",
            "// note",
            "(x as any).y()",
        ),
        ("a: 1", "b?: 1;", "(x: 1): 2", "[k: string]: 1", "// note", "m<T>(x: T): 1", "readonly c: 1,", ""),
        (("interface I1 {", "}"), ("export interface I<T> extends J {", "}")),
    ),
    Language(
        b"b.ts",
        ("const a: number = 1", "declare const x: 1"),
        ("const b = 1", "function f(): 1", "export function g() {\n}"),
        (("namespace N1 {", "}"), ("declare module 'm1' {", "}"), ("export namespace O {", "}")),
    ),
    Language(
        b"a.go",
        (
            "func f1() {\n\tx()\n}",
            "var a = 1",
            "// note 1",
            "type T struct {\n\ta1 int\n}",
            "",
            "const (\n\tA = iota\n\tB\n)",
            'import "one1"',
            "func (t T) m1() int { return 1 }",
        ),
        ('"fmt1"', 'x "os"', "// note", "", '_ "net"'),
        (("import (", ")"), ("import ( // these", ")")),
    ),
    Language(
        b"a.rs",
        (
            "fn f1() {}",
            "use a::b1;",
            "#[test]\nfn g1() {\n    x()\n}",
            "/// said 1",
            "const A: i32 = 1;",
            "m!(1);",
            "",
            "struct S {\n    a1: i32,\n}",
            "#[cfg(x)]",
            "// note",
        ),
        (
            "fn m1(&self) {}",
            "#[inline]\nfn n() {}",
            "#[a1]",
            "/// said",
            "type X = i32;",
            "",
            "// note 1",
            "const B: i32 = 1;",
        ),
        (("impl A1 {", "}"), ("mod b1 {", "}"), ("impl T for A\nwhere\n    A: X1,\n{", "}"), ("trait T1 {", "}")),
    ),
    Language(
        b"A.java",
        ("import a.b1;", "class B {}", "// note 1", "", "enum E { A1, B }", "@Dec1\nclass C {\n}"),
        (
            "int f1() { return 1; }",
            "int a = 1;",
            '@Override\npublic String g() {\n  return "1";\n}',
            "// note",
            "",
            "static {\n}",
            ";",
        ),
        (("class A1 {", "}"), ("public interface I1 {", "}"), ("@Dec\nclass A\n{", "}")),
    ),
    Language(
        b"a.c",
        (
            "int f1(void) {\n  return 1;\n}",
            "int a = 1;",
            "#include <x1.h>",
            "#define M1(x) \\\n  (x + 1)",
            "/* note\n 1 */",
            "",
            "struct s {\n  int a1;\n};",
            "FOO(1)",
            "MACRO1",
            "typedef int t1;",
            "static int g(), h;",
        ),
        ("int f1(void);", "int a;", "#define N1", "// note", "", "MACRO1", "BAR(x1)", "void g(void) {\n}"),
        (("#ifdef A1", "#endif"), ("#if A1 > 2", "#else\nint z1;\n#endif"), ("#ifndef A1 /* why */", "#endif // A")),
    ),
    Language(
        b"a.cpp",
        ("int f1() {\n  return 1;\n}", "template <class T> T g1();", "using x = y1;", "MACRO(1)", "// note", ""),
        (
            "int f1() { return 1; }",
            "public:",
            "private:",
            "int a1;",
            "A1();",
            "~A() = default;",
            "// note",
            "MACRO1(x)",
            "",
        ),
        (("class A1 {", "};"), ("namespace n1 {\nint z;", "}"), ("template <class T>\nstruct B1 : C {", "};")),
    ),
    Language(
        b"a.css",
        ("a1 { b: c }", ".d1 {\n  e: 1;\n}", "/* note\n1 */", "", "@import 'x1';", '@charset "1";'),
        ("a1 { b: c }", ".d {\n  e: f1\n}", "/* note */", ""),
        (("@media x1 {", "}"), ("@supports (a: b1) {", "}")),
    ),
    Language(
        b"a.sh",
        (
            "f1() {\n  x 1\n}",
            "cat <<E\n1 {\nE",
            "a=1",
            "if x1; then\n  y\nfi",
            "# note 1",
            "",
            "x 1 \\\n  | y",
            "case $a in\n  1) x;;\nesac",
        ),
        ("y 1", "z <<'E'\n}\nE"),
        (("{", "}"), ("for i in 1; do", "done")),
    ),
]


Item = str | tuple[tuple[str, str], list["Item"]]
"""A piece, or a frame with what it holds."""


@st.composite
def items_of(draw: st.DrawFn, language: Language, depth: int = 0) -> list[Item]:
    """A file, or a block in it."""
    found: list[Item] = []
    for _ in range(draw(st.integers(0 if depth else 1, 6))):
        if depth < 2 and draw(st.integers(0, 2)) == 0:
            found.append((draw(st.sampled_from(language.frames)), draw(items_of(language, depth + 1))))
        else:
            found.append(draw(st.sampled_from(language.members if depth else language.tops)))
    return found


def edited(items: list[Item], language: Language, dice: random.Random, depth: int = 0) -> list[Item]:
    """Pieces put in, left out, doubled or changed, and frames put around what others held; not all of it parses."""
    items = list(items)
    for _ in range(dice.randint(0 if depth else 1, 3)):
        at = dice.randrange(len(items) + 1)
        kind = dice.randrange(4)
        if kind == 0 or at == len(items):
            items.insert(at, dice.choice(language.members if depth else language.tops))
        elif kind == 1:
            items[at : at + dice.randint(1, 2)] = items[at : at + 1] * dice.choice([0, 0, 2])
        else:
            items[at] = changed(items[at], language, dice, depth)
    return items


def changed(item: Item, language: Language, dice: random.Random, depth: int) -> Item:
    if isinstance(item, str):
        return item.replace("1", "7")
    frame = dice.choice(language.frames) if dice.randrange(2) else item[0]
    return frame, edited(item[1], language, dice, depth + 1)


def text_of(items: list[Item]) -> list[str]:
    lines: list[str] = []
    for item in items:
        lines += item.split("\n") if isinstance(item, str) else [item[0][0], *text_of(item[1]), item[0][1]]
    return "\n".join(lines).split("\n")


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, bytes, bytes]:
    """A path and two sides, both of which parse: a few edits apart, or with nothing but chance in common."""
    language = draw(st.sampled_from(LANGUAGES))
    base = draw(items_of(language))
    dice = random.Random(draw(st.integers(0, 2**32)))
    head = edited(base, language, dice) if draw(st.integers(0, 3)) else draw(items_of(language))
    sides = joined(text_of(base)), joined(text_of(head))
    assume(sides[0] != sides[1] and all(parses(language.path, side) for side in sides))
    return language.path, *sides


def parses(path: bytes, data: bytes) -> bool:
    return any(parsed(grammar, data) is not None for grammar in grammars_of(path))


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.path.decode())
def test_the_pieces_of_a_language_parse_by_themselves_or_in_a_frame(language: Language) -> None:
    assert any(parses(language.path, joined([*f"{a}\n{b}".split("\n")])) for a, b in language.frames)
    assert sum(parses(language.path, joined(piece.split("\n"))) for piece in language.tops) >= len(language.tops) / 2


@settings(max_examples=150, deadline=None)
@given(file=files(), seed=st.integers(0, 2**32))
def test_every_closed_set_of_a_file_parses_even_if_no_mixture_is_tried(
    shadow: Shadow, file: tuple[bytes, bytes, bytes], seed: int
) -> None:
    path, base, head = file
    taken = taken_apart(shadow, {path: (REGULAR, base)}, {path: (REGULAR, head)})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "stands_mixed", lambda *_: True)
        chosen = closed_sets(taken, shadow, seed)
    for one in chosen:
        data = with_(taken, shadow, one)[path]
        assert parses(path, data), data.decode()
