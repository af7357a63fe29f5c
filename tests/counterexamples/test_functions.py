"""Functions extracted and put back: what binds, sees or runs anything else than before is not proved."""

from __future__ import annotations

import pytest

from tests.counterexamples.planned import edit, planned

CLAIM = "same evaluations in a function of their own"
TOP = "import os\n\nLIMIT = 3\n\n\n"
REST = "\n\ndef rest(a):\n    return a\n"


def indented(text: str, by: str = "    ") -> str:
    return "".join(f"{by}{line}\n" if line else "\n" for line in text.split("\n"))


def module(caller: str, function: str = "", *, first: bool = True, header: str = "def g(x, y):") -> str:
    own = f"{header}\n{indented(caller)}"
    parts = [function, own] if first else [own, function]
    return TOP + "\n\n".join(part for part in parts if part) + REST


def proved(base: str, head: str) -> list[bool]:
    """Whether the change, and the change back, are one proved decision."""
    found = []
    for sides in ((base, head), (head, base)):
        plan = edit(*sides).plan
        found.append(plan.stats.proved == plan.stats.lines and len(plan.groups) == 1)
        assert all(proof.claim == CLAIM for group in plan.groups for proof in group.proofs) or not found[-1]
    return found


ALWAYS = {
    "statements that give nothing": (
        "start(x)\nos.remove(x)\nfor i in range(LIMIT):\n    if i:\n        break\nend(y)",
        "start(x)\nfresh(x)\nend(y)",
        "def fresh(path):\n    os.remove(path)\n    for i in range(LIMIT):\n        if i:\n            break\n",
    ),
    "what the counter-examples start from": (
        "y.a()\nn = x.size\nos.remove(n)\nreturn y",
        "y.a()\nfresh(x)\nreturn y",
        "def fresh(x):\n    n = x.size\n    os.remove(n)\n",
    ),
    "one value": (
        "n = x.size\nm = n + LIMIT\nreturn m * y",
        "m = fresh(x)\nreturn m * y",
        "def fresh(x):\n    n = x.size\n    m = n + LIMIT\n    return m\n",
    ),
    "a value under another name": (
        "n = x.size\ntotal = n + LIMIT\nreturn total * y",
        "total = fresh(x)\nreturn total * y",
        "def fresh(x):\n    n = x.size\n    m = n + LIMIT\n    return m\n",
    ),
    "two values": (
        "a = x.one()\nb = y.two(a)\nreturn a, b",
        "a, b = fresh(x, y)\nreturn a, b",
        'def fresh(x, y):\n    """Both."""\n    a = x.one()\n    b = y.two(a)\n    return a, b\n',
    ),
    "an expression, several times": (
        "if x.size() > LIMIT:\n    y = x.size() > LIMIT\nreturn y",
        "if fresh(x):\n    y = fresh(x)\nreturn y",
        "def fresh(a):\n    return a.size() > LIMIT\n",
    ),
    "a tail": (
        "y.begin()\nif x:\n    return os.sep\nraise ValueError(x)",
        "y.begin()\nreturn fresh(x)",
        "def fresh(x):\n    if x:\n        return os.sep\n    raise ValueError(x)\n",
    ),
    "by keyword, with a constant": (
        "os.chmod(x, 3)\nos.sync()\nreturn y",
        "fresh(mode=3, path=x)\nreturn y",
        "def fresh(path: str, mode: int) -> None:\n    os.chmod(path, mode)\n    os.sync()\n",
    ),
    "a local that is bound either way": (
        "if x:\n    n = 1\nelse:\n    n = os.sep\nos.remove(n)\nreturn y",
        "fresh(x)\nreturn y",
        "def fresh(x):\n    if x:\n        n = 1\n    else:\n        n = os.sep\n    os.remove(n)\n",
    ),
    "in a loop": (
        "for a in x:\n    b = a + 1\n    y.add(b)\nreturn y",
        "for a in x:\n    fresh(a, y)\nreturn y",
        "def fresh(a, y):\n    b = a + 1\n    y.add(b)\n",
    ),
}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("name", ALWAYS)
def test_a_function_that_holds_what_stood_in_the_place_of_its_calls_is_one_decision(name: str, first: bool) -> None:
    old, new, function = ALWAYS[name]
    assert proved(module(old), module(new, function, first=first)) == [True, True]


def test_a_method_that_was_extracted_is_told_with_its_calls() -> None:
    rest = "    def rest(self):\n        return 1\n"
    old = "class A:\n    def g(self, x):\n        self.n = x\n        self.save(x)\n        return x\n\n"
    new = "class A:\n    def g(self, x):\n        self._fresh(x)\n        return x\n\n"
    function = "    def _fresh(self, value):\n        self.n = value\n        self.save(value)\n\n"
    assert proved(old + rest, new + function + rest) == [True, True]
    (group,) = edit(old + rest, new + function + rest).plan.groups
    assert group.title == "Extract A._fresh: 1 call"


BODY = "def fresh(x):\n    n = x.size\n    os.remove(n)\n"
OLD = "y.a()\nn = x.size\nos.remove(n)\nreturn y"
NEW = "y.a()\nfresh(x)\nreturn y"
NEVER = {
    "an edit on the way": (OLD, NEW, BODY.replace("os.remove", "os.unlink")),
    "another value": (OLD, NEW.replace("(x)", "(y)"), BODY),
    "another order": (OLD, NEW, "def fresh(x):\n    os.remove(n)\n    n = x.size\n"),
    "a call before": (OLD, "fresh(x)\ny.a()\nreturn y", BODY),
    "a local that is used later": (OLD.replace("return y", "return n"), NEW.replace("return y", "return n"), BODY),
    "a local that was bound before": (f"n = 1\n{OLD}\n", f"n = 1\n{NEW}\n", BODY),
    "a name that is local to the caller": (f"os = y\n{OLD}", f"os = y\n{NEW}", BODY),
    "an argument that does something": (OLD, NEW.replace("(x)", "(x.copy())"), BODY.replace("x.size", "x.size")),
    "a parameter that is bound anew": (
        "x = x + 1\nos.remove(x)\nreturn x",
        "fresh(x)\nreturn x",
        "def fresh(x):\n    x = x + 1\n    os.remove(x)\n",
    ),
    "a return that leaves only the function": (
        "if x:\n    return\nos.remove(y)\nreturn y",
        "fresh(x, y)\nreturn y",
        "def fresh(x, y):\n    if x:\n        return\n    os.remove(y)\n",
    ),
    "a tail that may fall through": (
        "if x:\n    return 1\nos.remove(y)\nreturn y",
        "return fresh(x)\nos.remove(y)\nreturn y",
        "def fresh(x):\n    if x:\n        return 1\n",
    ),
    "a loop that is left": (
        "for a in x:\n    os.remove(a)\n    break\nreturn y",
        "for a in x:\n    fresh(a)\nreturn y",
        "def fresh(a):\n    os.remove(a)\n    break\n",
    ),
    "a local that outlives its turn": (
        "for a in x:\n    if a:\n        n = a\n    os.remove(n)\nreturn y",
        "for a in x:\n    fresh(a)\nreturn y",
        "def fresh(a):\n    if a:\n        n = a\n    os.remove(n)\n",
    ),
    "a value that may not be bound": (
        "m = 0\nif x:\n    m = 1\nreturn m",
        "m = 0\nm = fresh(x)\nreturn m",
        "def fresh(x):\n    if x:\n        m = 1\n    return m\n",
    ),
    "a look at the frame": (OLD.replace("os.remove(n)", "os.remove(locals())"), NEW, BODY.replace("(n)", "(locals())")),
    "a warning that tells where": (
        OLD.replace("os.remove(n)", "warnings.warn(n, stacklevel=2)"), NEW,
        BODY.replace("os.remove(n)", "warnings.warn(n, stacklevel=2)"),
    ),
    "a closure": (
        OLD.replace("os.remove(n)", "y.b(lambda: n)"), NEW, BODY.replace("os.remove(n)", "y.b(lambda: n)")
    ),
    "a decorated function": (OLD, NEW, "@cached\n" + BODY),
    "a default": (OLD, "y.a()\nfresh()\nreturn y", BODY.replace("(x)", "(x=LIMIT)").replace("x.size", "x.size")),
    "a generator": (OLD, NEW, BODY + "    yield\n"),
    "a coroutine": (OLD, NEW, "async " + BODY),
    "two functions of the name": (OLD, NEW, BODY + "\n\n" + BODY.replace("n)", "1)")),
    "a name that is bound again": (OLD, NEW, BODY + "\n\nfresh = print\n"),
    "a call elsewhere": (OLD, NEW, BODY + "\n\nfresh(1)\n"),
    "an unbound argument": (OLD.replace("x.size", "z.size"), NEW.replace("(x)", "(z)"), BODY),
    "an annotation that is not bound": (OLD, NEW, BODY.replace("(x)", "(x: Strange)")),
    "a lambda that binds the name": (
        "return lambda LIMIT: x.size + LIMIT", "return lambda LIMIT: fresh(x)",
        "def fresh(a):\n    return a.size + LIMIT\n",
    ),
    "a private name": (OLD.replace("x.size", "x.__size"), NEW, BODY.replace("x.size", "x.__size")),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
def test_what_may_do_something_else_is_not_proved(name: str) -> None:
    old, new, function = NEVER[name]
    for header in ("def g(x, y):", "async def g(x, y):"):
        assert proved(module(old, header=header), module(new, function, header=header)) == [False, False]


def test_a_caller_that_runs_before_the_function_is_there_is_not_proved() -> None:
    old, new, function = ALWAYS["one value"]
    for between in (
        "g(1, 2)\n",
        "@g\ndef h():\n    pass\n",
        "def h(a=g(1, 2)):\n    pass\n",
        "class H(g(1, 2)):\n    pass\n",
    ):
        base, head = module(old, between, first=False), module(new, f"{between}\n\n{function}", first=False)
        assert proved(base, head)[0] is False


def test_a_function_that_another_file_names_is_not_put_back() -> None:
    old, new, function = ALWAYS["one value"]
    base = {"a.py": module(new, function), "b.py": "from a import fresh\n"}
    assert not planned(base, {**base, "a.py": module(old)}).proved(CLAIM)


def test_an_edit_beside_the_call_keeps_its_caller_from_being_explained() -> None:
    old, new, function = ALWAYS["one value"]
    assert proved(module(old), module(new.replace("m * y", "m + y"), function))[0] is False
