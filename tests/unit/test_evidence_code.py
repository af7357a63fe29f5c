"""What callers can no longer rely on, and what code can newly do to the world."""

from __future__ import annotations

import pytest

from tests.evidenced import edit, evidenced

INTERFACE, CAPABILITY = "interface", "capability"

BREAKING = {
    "a name gone": ("def f():\n    pass\n", "x = 1\n", "`f` is gone"),
    "a method gone": ("class A:\n    def f(self):\n        pass\n", "class A:\n    pass\n", "`A.f` is gone"),
    "a parameter gone": ("def f(a, b):\n    pass\n", "def f(a):\n    pass\n", "parameter `b` is gone"),
    "a parameter more": ("def f(a):\n    pass\n", "def f(a, b):\n    pass\n", "`b` is new and must be given"),
    "an order": ("def f(a, b):\n    pass\n", "def f(b, a):\n    pass\n", "was in place 1 and is in place 2"),
    "a default gone": ("def f(a=1):\n    pass\n", "def f(a):\n    pass\n", "`a` has lost its default"),
    "a default": ("def f(a=1):\n    pass\n", "def f(a=2):\n    pass\n", "the default of `a` was `1` and is `2`"),
    "by name only": ("def f(a):\n    pass\n", "def f(*, a):\n    pass\n", "can no longer be given by its place"),
    "by place only": ("def f(a):\n    pass\n", "def f(a, /):\n    pass\n", "can no longer be given by its name"),
    "options gone": ("def f(**o):\n    pass\n", "def f():\n    pass\n", "no longer takes any options"),
    "async": ("def f():\n    pass\n", "async def f():\n    pass\n", "was a function and is a async function"),
    "a property": (
        "class A:\n    def f(self):\n        pass\n", "class A:\n    @property\n    def f(self):\n        pass\n",
        "was a function and is a property",
    ),
    "a generator": ("def f():\n    return [1]\n", "def f():\n    yield 1\n", "is a generator now"),
    "a base": ("class A(ValueError):\n    pass\n", "class A(Exception):\n    pass\n", "no longer names `ValueError`"),
    "an exception": (
        "def f(a):\n    return a\n", "def f(a):\n    if a:\n        raise KeyError(a)\n    return a\n",
        "raises `KeyError`",
    ),
    "a warning": (
        "import warnings\ndef f(a):\n    return a\n",
        "import warnings\ndef f(a):\n    warnings.warn('old', DeprecationWarning)\n    return a\n", "is deprecated",
    ),
    "a constant": ("TIMEOUT = 5\n", "TIMEOUT = 50\n", "`TIMEOUT` of pkg/mod.py was `5` and is `50`"),
    "__all__": (
        "__all__ = ['f', 'g']\ndef f(): pass\ndef g(): pass\n", "__all__ = ['f']\ndef f(): pass\ndef g(): pass\n",
        "`g`",
    ),
    "a field": (
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n    y: int\n",
        "`y` is new and must be given",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BREAKING)
def test_what_may_break_callers_differs(case: str) -> None:
    base, head, words = BREAKING[case]
    found = edit(base, head).of(INTERFACE, "differs")
    assert any(words in one for one in found), found


ADDITIVE = {
    "a name": ("x = 1\n", "x = 1\ndef f():\n    pass\n"),
    "an option": ("def f(a):\n    pass\n", "def f(a, b=1):\n    pass\n"),
    "any options": ("def f(a):\n    pass\n", "def f(a, **o):\n    pass\n"),
    "by name as well": ("def f(a, /):\n    pass\n", "def f(a):\n    pass\n"),
    "a private name gone": ("def _f():\n    pass\n", "x = 1\n"),
    "a body": ("def f(a):\n    return 1\n", "def f(a):\n    return 2\n"),
    "annotations": ("def f(a):\n    pass\n", "def f(a: int) -> None:\n    pass\n"),
    "a name that is imported now": ("def f():\n    pass\n", "from pkg.other import f\n"),
    "nested": ("def f():\n    def g(a):\n        raise KeyError\n", "def f():\n    pass\n"),
    "the name of self": ("class A:\n    def f(self):\n        pass\n", "class A:\n    def f(this):\n        pass\n"),
}


@pytest.mark.parametrize("case", ADDITIVE)
def test_what_breaks_nobody_does_not_differ(case: str) -> None:
    base, head = ADDITIVE[case]
    assert edit(base, head).of(INTERFACE, "differs", "against") == []


def test_additions_are_unknown_until_tests_run_them() -> None:
    found = [one for one in edit("x = 1\n", "x = 1\ndef f():\n    pass\n").evidence if one.kind == INTERFACE]
    assert [(one.strength, one.settled_by) for one in found] == [("unknown", ("tests", "behaviour"))]


def test_tests_scripts_and_private_modules_have_no_callers_unless_a_package_offers_them() -> None:
    base, head = "def f(a):\n    pass\n", "def f():\n    pass\n"
    for path in ("tests/test_a.py", "docs/conf.py", "setup.py", "pkg/_mod.py"):
        assert edit(base, head, path).of(INTERFACE) == []
    offers = {"pkg/__init__.py": "from ._mod import f\n"}
    assert evidenced({**offers, "pkg/_mod.py": base}, {**offers, "pkg/_mod.py": head}).of(INTERFACE) != []


NEW_ABILITIES = {
    "network": ("import requests\ndef f(u):\n    return requests.get(u)\n", "the network"),
    "an alias": ("from urllib import request as r\ndef f(u):\n    return r.urlopen(u)\n", "the network"),
    "programs": ("from subprocess import run\ndef f():\n    run(['ls'])\n", "other programs"),
    "os.execv": ("import os\ndef f():\n    os.execv('/bin/ls', [])\n", "other programs"),
    "import by name": ("import importlib\ndef f(n):\n    return importlib.import_module(n)\n", "code from data"),
    "pickle": ("import pickle\ndef f(b):\n    return pickle.loads(b)\n", "objects from data"),
    "marshal": ("import marshal\ndef f(b):\n    return marshal.loads(b)\n", "objects from data"),
    "a file written": ("def f(p):\n    open(p, 'w').write('x')\n", "files"),
    "a path written": ("def f(p):\n    p.write_text('x')\n", "files"),
    "a tree removed": ("import shutil\ndef f(p):\n    shutil.rmtree(p)\n", "files"),
    "environment": ("import os\ndef f():\n    return os.environ['A']\n", "the environment"),
    "a function handed on": ("import os\ndef f(p):\n    return map(os.system, p)\n", "other programs"),
    "a permission": ("import os\ndef f(p):\n    os.chmod(p, 0o600)\n", "permissions"),
    "cryptography": ("import hashlib\ndef f(p):\n    return hashlib.md5(p)\n", "cryptography"),
}


@pytest.mark.parametrize("case", NEW_ABILITIES)
def test_what_a_module_could_not_do_before_differs(case: str) -> None:
    head, what = NEW_ABILITIES[case]
    (found,) = edit("x = 1\n", "x = 1\n" + head).of(CAPABILITY)
    assert found.startswith(f"differs: pkg/mod.py newly reaches {what}:")


DANGEROUS = {
    "eval": "def f(x):\n    return eval(x)\n",
    "exec": "def f(x):\n    exec(f'{x} = 1')\n",
    "shell": "import subprocess\ndef f(x):\n    subprocess.run(f'ls {x}', shell=True)\n",
    "os.system": "import os\ndef f(x):\n    os.system('ls ' + x)\n",
    "yaml": "import yaml\ndef f(x):\n    return yaml.load(x, Loader=yaml.Loader)\n",
    "verify": "import requests\ndef f(x):\n    return requests.get(x, verify=False)\n",
    "a session": "import requests\ndef f(s, x):\n    s.verify = False\n",
    "ssl": "import ssl\ndef f(c):\n    c.verify_mode = ssl.CERT_NONE\n",
    "sql by f-string": "def f(c, n):\n    c.execute(f'SELECT * FROM t WHERE n = {n}')\n",
    "sql by format": "def f(c, n):\n    c.execute('SELECT * FROM t WHERE n = {}'.format(n))\n",
    "sql by percent": "def f(c, n):\n    c.execute('SELECT * FROM t WHERE n = %s' % n)\n",
    "sql by plus": "def f(c, n):\n    c.execute('SELECT * FROM t WHERE n = ' + n)\n",
    "mktemp": "import tempfile\ndef f():\n    return tempfile.mktemp()\n",
    "open to all": "import os\ndef f(p):\n    os.chmod(p, 0o777)\n",
    "an unverified token": "import jwt\ndef f(t):\n    return jwt.decode(t, options={'verify_signature': False})\n",
}


@pytest.mark.parametrize("case", DANGEROUS)
def test_what_is_never_right_as_it_stands_is_against(case: str) -> None:
    assert edit("x = 1\n", "x = 1\n" + DANGEROUS[case]).of(CAPABILITY, "against") != []


HARMLESS = {
    "a local of that name": "def f(open):\n    open('x', 'w')\n",
    "another module of that name": "from pkg import pickle\ndef f(x):\n    return pickle.loads(x)\n",
    "a method": "class A:\n    def eval(self, x):\n        return self.eval(x)\n",
    "reading": "def f(p):\n    return open(p).read()\n",
    "yaml made safe": "import yaml\ndef f(x):\n    return yaml.load(x, Loader=yaml.SafeLoader)\n",
    "sql with parameters": "def f(c, n):\n    c.execute('SELECT * FROM t WHERE n = ?', (n,))\n",
    "a regular expression": "import re\ndef f(x):\n    return re.compile(x)\n",
    "an import alone": "import subprocess\n",
    "an exception": "import requests\ndef f(e):\n    raise requests.ConnectionError(e)\n",
    "words": "x = 'os.system(1)'  # eval(x)\n",
}


@pytest.mark.parametrize("case", HARMLESS)
def test_what_only_looks_like_it_is_left_alone(case: str) -> None:
    assert edit("x = 1\n", "x = 1\n" + HARMLESS[case]).of(CAPABILITY) == []


def test_a_call_that_moved_is_not_new() -> None:
    call = "import subprocess\n\n\ndef run(a):\n    subprocess.run(a)\n"
    rest = "def other():\n    return 1\n\n\nx = [1, 2, 3]\ny = {'a': 1}\n"
    moved = evidenced(
        {"pkg/a.py": call + rest, "pkg/b.py": "z = 1\n"}, {"pkg/a.py": rest, "pkg/b.py": "z = 1\n" + call}
    )
    assert moved.of(CAPABILITY) == []
    twice = evidenced({"pkg/a.py": call}, {"pkg/a.py": call + "\n\ndef again(a):\n    subprocess.run(a)\n"})
    assert twice.of(CAPABILITY) == [
        "unknown: pkg/mod.py reaches other programs: `subprocess.run(a)`.".replace("mod", "a")
    ]


def test_a_guard_that_is_gone_is_against_and_one_that_changed_is_unknown() -> None:
    view = "from auth import login_required\n\n\n@login_required\ndef page(request):\n    return 1\n"
    assert edit(view, view.replace("@login_required\n", "")).of(CAPABILITY) == [
        "against: `page` of pkg/mod.py has lost its guard `@login_required`."
    ]
    check = "def has_permission(user):\n    return user.is_admin\n"
    (found,) = edit(check, check.replace("user.is_admin", "True")).of(CAPABILITY)
    assert found.startswith("unknown: `has_permission`")
