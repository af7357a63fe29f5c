"""Edits that look as if they left the program the same, and do not: nothing of them may ever be proved."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from tests.counterexamples.planned import edit, planned

F = "def f(a, b):\n"

NEVER = {
    "swapped statements": ("x = 1\ny = x\nz = 3\n", "y = x\nx = 1\nz = 3\n"),
    "swapped arguments": (F + "    return g(a, b)\n", F + "    return g(b, a)\n"),
    "a dedent out of the loop": (
        F + "    for i in a:\n        b(i)\n        a.clear()\n", F + "    for i in a:\n        b(i)\n    a.clear()\n",
    ),
    "an indent into the if": (
        F + "    if a:\n        b()\n    a()\n", F + "    if a:\n        b()\n        a()\n",
    ),
    "else moved to another if": (
        F + "    if a:\n        if b:\n            x()\n        else:\n            y()\n",
        F + "    if a:\n        if b:\n            x()\n    else:\n        y()\n",
    ),
    "else became finally": (
        F + "    try:\n        a()\n    except E:\n        b()\n    else:\n        c()\n",
        F + "    try:\n        a()\n    except E:\n        b()\n    finally:\n        c()\n",
    ),
    "else became elif": (
        F + "    if a:\n        x()\n    else:\n        y()\n", F + "    if a:\n        x()\n    elif b:\n        y()\n",
    ),
    "the second line of a condition": (
        "if (a and\n    b): c()\n", "if (a and\n    d): c()\n",
    ),
    "a type comment": ("x = []  # type: list[int]\n", "x = []  # type: list[str]\n"),
    "a type ignore": ("x = f(1)\n", "x = f(1)  # type: ignore\n"),
    "noqa": ("import os  # noqa\n", "import os\n"),
    "noqa moved to another line": ("import os  # noqa\nimport re\n", "import os\nimport re  # noqa\n"),
    "noqa moved inside a statement": (
        "f(\n    a,  # noqa\n    b,\n)\n", "f(\n    a,\n    b,  # noqa\n)\n",
    ),
    "pragma": ("if a:  # pragma: no cover\n    b()\n", "if a:\n    b()\n"),
    "fmt off": ("# fmt: off\nx = [1,2]\n", "x = [1,2]\n"),
    "a linter switched off": ("x = 1\n", "# pylint: disable=all\nx = 1\n"),
    "an unknown tool's comment": ("x = 1\n", "# wily: ignore\nx = 1\n"),
    "a shebang": ("#!/usr/bin/python3\nx = 1\n", "#!/usr/bin/env python3 -O\nx = 1\n"),
    "a shebang pushed down": ("#!/usr/bin/python3\nx = 1\n", "# hi\n#!/usr/bin/python3\nx = 1\n"),
    "an encoding": ("# coding: utf-8\nx = 'a'\n", "# coding: latin-1\nx = 'a'\n"),
    "an encoding pushed into the first two lines": ("# a\n# b\n# coding: cp1252\nx = 'é'\n", "# a\n# coding: cp1252\nx = 'é'\n"),
    "a doctest": (
        'def f():\n    """Do.\n\n    >>> f()\n    1\n    """\n', 'def f():\n    """Do.\n\n    >>> f()\n    2\n    """\n',
    ),
    "the docstring of a decorated function": (
        '@command\ndef f():\n    """Do."""\n', '@command\ndef f():\n    """Undo."""\n',
    ),
    "the docstring of a function of a decorated class": (
        '@c\nclass A:\n    def f():\n        """Do."""\n', '@c\nclass A:\n    def f():\n        """Undo."""\n',
    ),
    "the docstring of a class that inherits": ('class A(Model):\n    """Do."""\n', 'class A(Model):\n    """Undo."""\n'),
    "the docstring of a module": ('"""Do."""\nx = 1\n', '"""Undo."""\nx = 1\n'),
    "a docstring that the file reads": (
        'def f():\n    """Do."""\nprint(f.__doc__)\n', 'def f():\n    """Undo."""\nprint(f.__doc__)\n',
    ),
    "a docstring that is a grammar": ('def p_sum(p):\n    """a : b"""\n', 'def p_sum(p):\n    """a : b c"""\n'),
    "a string that is no docstring": ('def f():\n    x = """a"""\n', 'def f():\n    x = """b"""\n'),
    "a string behind the docstring": ('def f():\n    "a"\n    return "b"\n', 'def f():\n    "a"\n    return "c"\n'),
    "a comment that is in a string": ('x = """\n# a\n"""\n', 'x = """\n# b\n"""\n'),
    "a blank line in a string": ('x = """\na\n"""\n', 'x = """\n\na\n"""\n'),
    "spaces at the end of a line in a string": ('x = """\na\n"""\n', 'x = """\na \n"""\n'),
    "a comma that makes a tuple": ("x = (1)\n", "x = (1,)\n"),
    "brackets that bind": ("x = a - (b - c)\n", "x = (a - b) - c\n"),
    "brackets in a comparison": ("x = a < b < c\n", "x = (a < b) < c\n"),
    "joined strings": ('x = ["a", "b"]\n', 'x = ["a" "b"]\n'),
    "a backslash": ("x = '\\n'\n", "x = r'\\n'\n"),
    "one and true": ("x = 1\n", "x = True\n"),
    "an integer and a float": ("x = 1\n", "x = 1.0\n"),
    "bytes and text": ("x = 'a'\n", "x = b'a'\n"),
    "a format string": ("x = 'a{b}'\n", "x = f'a{b}'\n"),
    "space inside a format with =": ("x = f'{a=}'\n", "x = f'{a =}'\n"),
    "an annotation in a class": ("class A:\n    x: int = 1\n", "class A:\n    x: str = 1\n"),
    "an annotation in a dataclass": ("@dataclass\nclass A:\n    x = 1\n", "@dataclass\nclass A:\n    x: int = 1\n"),
    "an annotation of a decorated function": ("@app.get\ndef f(a): ...\n", "@app.get\ndef f(a: int): ...\n"),
    "an annotation of a method of a class that inherits": (
        "class A(B):\n    def f(self, a): ...\n", "class A(B):\n    def f(self, a: int): ...\n",
    ),
    "an annotation that something reads": (
        "import inspect\ndef f(a): ...\n", "import inspect\ndef f(a: int): ...\n",
    ),
    "an annotation that is evaluated and fails": ("def f(a): ...\n", "def f(a: Later): ...\n"),
    "an annotation that is evaluated and cannot be": ("def f(a): ...\n", "def f(a: 'B' | None): ...\n"),
    "an annotation that calls": ("def f(a): ...\n", "def f(a: g()): ...\n"),
    "an annotation under a name that means something else": (
        "int = g\ndef f(a): ...\n", "int = g\ndef f(a: int): ...\n",
    ),
    "an annotation without a value makes a local": (
        "x = 1\ndef f():\n    return x\n", "x = 1\ndef f():\n    x: int\n    return x\n",
    ),
    "annotations made lazy": ("def f(a: b): ...\n", "from __future__ import annotations\ndef f(a: b): ...\n"),
    "imports of unknown origin": ("import b\nimport a\n", "import a\nimport b\n"),
    "an import moved over a patch": (
        "import gevent_patch\nimport socket\n", "import socket\nimport gevent_patch\n",
    ),
    "imports that bind one name": (
        "from os import path\nfrom sys import path\n", "from sys import path\nfrom os import path\n",
    ),
    "a star import": ("from os import *\nfrom re import *\n", "from re import *\nfrom os import *\n"),
    "an import with an effect": ("import re\nimport readline\n", "import readline\nimport re\n"),
    "a __future__ import that goes": ("from __future__ import annotations\nimport re\n", "import re\n"),
    "a local that takes another's place": (
        F + "    c = a\n    d = b\n    return c\n", F + "    c = a\n    d = b\n    return d\n",
    ),
    "a local renamed to a parameter": (F + "    c = 1\n    return c + a\n", F + "    a = 1\n    return a + a\n"),
    "a local that shadows a global": (
        F + "    c = 1\n    return len(b) + c\n", F + "    len = 1\n    return len(b) + len\n",
    ),
    "a local renamed to a global that is read": (
        "x = 1\n" + F + "    c = 2\n    return x + c\n", "x = 1\n" + F + "    x = 2\n    return x + x\n",
    ),
    "a local that is no longer one": ("x = 1\n" + F + "    y = 2\n    return y\n", "x = 1\n" + F + "    y = 2\n    return x\n"),
    "a parameter renamed": ("def f(a):\n    return a\n", "def f(b):\n    return b\n"),
    "a local of a function that looks at its locals": (
        F + "    c = 1\n    return locals()\n", F + "    d = 1\n    return locals()\n",
    ),
    "a local that a format string names": (F + "    c = 1\n    return f'{c=}'\n", F + "    d = 1\n    return f'{d=}'\n"),
    "a local that a query names": (
        F + "    c = 1\n    return a.where('x > @c')\n", F + "    d = 1\n    return a.where('x > @c')\n",
    ),
    "a local captured by a comprehension": (
        F + "    c = 1\n    return [d + c for d in a]\n", F + "    d = 1\n    return [d + d for d in a]\n",
    ),
    "a name of a class inside a function": (
        F + "    class C:\n        x = 1\n    return C.x\n", F + "    class C:\n        y = 1\n    return C.x\n",
    ),
    "a nonlocal": (
        F + "    c = 1\n    def g():\n        nonlocal c\n        c = 2\n    g()\n    return c\n",
        F + "    d = 1\n    def g():\n        nonlocal c\n        c = 2\n    g()\n    return d\n",
    ),
    "definitions of one name in another order": (
        "def f():\n    return 1\n\ndef f():\n    return 2\n", "def f():\n    return 2\n\ndef f():\n    return 1\n",
    ),
    "a definition moved over its use": (
        "def f():\n    return 1\n\nx = f()\n\ndef g():\n    return 2\n", "x = f()\n\ndef f():\n    return 1\n\ndef g():\n    return 2\n",
    ),
    "decorated definitions in another order": (
        "@app.step\ndef f():\n    return 1\n\n@app.step\ndef g():\n    return 2\n",
        "@app.step\ndef g():\n    return 2\n\n@app.step\ndef f():\n    return 1\n",
    ),
    "defaults that are computed in another order": (
        "def f(a=n()):\n    return 1\n\ndef g(a=n()):\n    return 2\n", "def g(a=n()):\n    return 2\n\ndef f(a=n()):\n    return 1\n",
    ),
    "methods of a class that inherits in another order": (
        "class A(Steps):\n    def f(self): return 1\n\n    def g(self): return 2\n",
        "class A(Steps):\n    def g(self): return 2\n\n    def f(self): return 1\n",
    ),
    "tests in another order": (
        "def test_f():\n    return 1\n\ndef test_g():\n    return 2\n", "def test_g():\n    return 2\n\ndef test_f():\n    return 1\n",
    ),
    "definitions whose order the file looks at": (
        "def f():\n    return 1\n\ndef g():\n    return 2\n\nx = list(globals())\n",
        "def g():\n    return 2\n\ndef f():\n    return 1\n\nx = list(globals())\n",
    ),
    "a class moved over the one that it inherits": (
        "class A:\n    x = 1\n\nclass B(A):\n    y = 1\n", "class B(A):\n    y = 1\n\nclass A:\n    x = 1\n",
    ),
    "characters that turn the text around": ("x = 1  # a\n", "x = 1  # a \u202e b\n"),
    "characters that do not show": ("# admin\nx = 1\n", "# ad\u200bmin\nx = 1\n"),
    "a letter that looks like another": ("x = a\n", "x = \u0430\n"),
    "a lone carriage return": ("# a\nx = 1\n", "# a\rx = 2\nx = 1\n"),
    "a form feed": ("if a:\n    b\n", "if a:\n\x0c    b\n    c\n"),
    "a line that goes on": ("x = 1\n+ y\n", "x = 1 \\\n+ y\n"),
    "a statement behind a semicolon": ("a(); b()\n", "a(); c()\n"),
    "a bare star moved": ("def f(a, *, b): ...\n", "def f(a, b): ...\n"),
    "a default made another": ("def f(a, b=1): ...\n", "def f(a=1, b=1): ...\n"),
    "async": ("def f():\n    return 1\n", "async def f():\n    return 1\n"),
    "global": ("x = 1\ndef f():\n    x = 2\n", "x = 1\ndef f():\n    global x\n    x = 2\n"),
    "except order": (
        "try:\n    a()\nexcept A:\n    b()\nexcept B:\n    c()\n", "try:\n    a()\nexcept B:\n    c()\nexcept A:\n    b()\n",
    ),
    "case order": (
        "match a:\n    case 1:\n        b()\n    case _:\n        c()\n", "match a:\n    case _:\n        c()\n    case 1:\n        b()\n",
    ),
    "a walrus": ("if (a := 1): b()\n", "if (c := 1): b()\n"),
    "augmented": ("a += b\n", "a = a + b\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
def test_an_edit_with_a_meaning_is_never_proved(name: str) -> None:
    base, head = NEVER[name]
    assert edit(base, head).proved_lines() == set()


@pytest.mark.parametrize("name", [name for name, (base, _head) in NEVER.items() if not base.startswith(("#!", "# "))])
def test_nor_is_it_when_comments_and_spacing_change_beside_it(name: str) -> None:
    base, head = NEVER[name]
    around = "# before\n\nfirst=1\n\n", "# Before\n\n\nfirst = 1\n\n"
    after = "\n\ndef last( ):\n    pass  # b\n", "\n\ndef last():\n    pass  # c\n"
    alone = edit(around[0] + after[0], around[1] + after[1]).proved_lines()
    found = edit(around[0] + base + after[0], around[1] + head + after[1]).proved_lines()
    assert found <= alone, name


def test_a_stub_file_proves_no_annotation() -> None:
    assert edit("def f(a): ...\n", "def f(a: int): ...\n", "pkg/mod.pyi").proved_lines() == set()


def test_a_comment_that_the_head_puts_into_a_string_is_not_proved() -> None:
    base = "x = 1\n# one\ny = 2\n"
    head = 'x = """\n# two\n"""\ny = 2\n'
    assert edit(base, head).proved_lines() == set()


def test_imports_are_not_sorted_over_a_module_of_the_workspace() -> None:
    base, head = "import re\nimport calendar\n", "import calendar\nimport re\n"
    files = {"calendar.py": "print(1)\n"}
    assert planned({**files, "a.py": base}, {**files, "a.py": head}).proved_lines() == set()
    assert edit(base, head).proved_lines()
