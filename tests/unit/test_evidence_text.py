"""Secrets, characters that hide, files that run by themselves, packages, documents, and what was left behind."""

from __future__ import annotations

import json

import pytest

from tests.evidenced import Evidenced, edit, evidenced

DIGITS = "q8Zr2Lw9Xv4Tn7Kb3Jm6Hc1Gd5Fs0Pa"
"""A value that nobody chose; secrets in these tests are put together so that none stands in this file."""

SECRETS = {
    "aws": "AK" + "IA" + "Q3EGRT5HJ2LM7NPB",
    "github": "gh" + "p_" + DIGITS + "Yt4wQ",
    "gitlab": "glp" + "at-" + DIGITS[:20],
    "slack": "xo" + "xb-" + "2413456789-" + DIGITS,
    "stripe": "sk_" + "live_" + DIGITS,
    "google": "AI" + "za" + DIGITS + "_Yq",
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "address": "postgres://admin:" + DIGITS[:12] + "@db.internal/app",
    "npm": "np" + "m_" + (DIGITS + "Rz3k5v")[:36],
}  # fmt: skip


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_against_and_never_shown_whole(kind: str) -> None:
    value = SECRETS[kind].ljust(39, "x") if kind == "google" else SECRETS[kind]
    found = edit("x = 1\n", f'x = 1\ny = "{value}"\n')
    assert len(found.of("secret", "against")) == 1
    assert value not in json.dumps([one.title + one.detail + one.reproduce for one in found.evidence])


def test_a_value_that_looks_random_counts_where_it_is_named_as_a_secret() -> None:
    assert len(edit("", f'API_KEY = "{DIGITS}"\n').of("secret", "against")) == 1
    assert len(edit("", f"DB_PASSWORD={DIGITS}\n", "deploy/.env").of("secret", "against")) == 1
    assert edit("", f'BUILD = "{DIGITS}"\n').of("secret") == []


NO_SECRETS = {
    "a place to fill in": 'API_KEY = "your-api-key-goes-here-1"\n',
    "the example of a vendor": 'KEY = "AK' + 'IAIOSFODNN7EXAMPLE"\n',
    "from the environment": 'API_KEY = os.environ["SERVICE_API_KEY_V2"]\n',
    "the name of a setting": 'PASSWORD_FIELD = "user_password_2_field"\n',
    "a hash": 'password_hash = "5f4dcc3b5aa765d61d8327deb882cf99"\n',
    "a template": 'TOKEN = "{{ vault_token_value_1 }}"\n',
    "a dotted path": 'TOKEN_CLASS = "service.auth.tokens.Token2"\n',
    "zeros": 'SECRET_KEY = "00000000000000000000000000"\n',
    "an address to fill in": 'URL = "postgres://user:password@localhost/app"\n',
    "a commit": 'REV = "3f786850e387550fdab836ed7e6dc881de23001b"\n',
}


@pytest.mark.parametrize("case", NO_SECRETS)
def test_what_is_no_secret_is_left_alone(case: str) -> None:
    assert edit("", NO_SECRETS[case]).of("secret") == []


def test_secrets_of_tests_may_be_made_up_and_old_ones_are_not_new() -> None:
    line = f'TOKEN = "{SECRETS["github"]}"\n'
    (found,) = edit("", line, "tests/test_auth.py").of("secret")
    assert found.startswith("unknown:")
    assert evidenced({"a.py": line + "x = 1\n"}, {"a.py": "x = 1\n", "b.py": line}).of("secret") == []


HIDDEN = {
    "an override": "x = 'a\u202e b'\n",
    "an isolate in a comment": "x = 1  # \u2066 if admin\u2069 \n",
    "a zero width space in a name": "x = is\u200badmin\n",
    "tag characters": "x = 'hi\U000e0069\U000e0067'\n",
    "variation selectors": "x = 'a\U000e0101\U000e0102\U000e0103'\n",
    "a filler that is a letter": "\u3164 = 1\n",
    "a Cyrillic letter": "p\u0430ssword = 1\n",
    "a name in mathematical letters": "\U0001d41e\U0001d42f\U0001d41a\U0001d425('1')\n",
    "an escape": "x = 'a\x1b[2K'\n",
    "a backspace": "x = 'a\x08'\n",
}


@pytest.mark.parametrize("case", HIDDEN)
def test_what_hides_in_code_is_against(case: str) -> None:
    assert edit("y = 1\n", "y = 1\n" + HIDDEN[case]).of("hidden characters", "against") != []


SHOWN = {
    "an emoji of several": ("x = '\U0001f468\u200d\U0001f469\u200d\U0001f467'\n", "a.py"),
    "a flag": ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f\n", "a.md"),
    "an emoji that is told to be one": ("x = '\u2764\ufe0f'\n", "a.py"),
    "Greek in formulas": ("\u0394x = \u03bc * \u03c3\n", "a.py"),
    "a name in another language": ("na\u00efve = gr\u00f6\u00dfe = 1\n", "a.py"),
    "Russian": ("x = '\u043f\u0440\u0438\u0432\u0435\u0442'  # \u043c\u0438\u0440\n", "a.py"),
    "Persian with its joiner": ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645\n", "a.md"),
    "a mark at the beginning": ("\ufeffx = 1\n", "a.txt"),
    "an accent by itself": ("cafe\u0301\n", "a.md"),
}


@pytest.mark.parametrize("case", SHOWN)
def test_what_belongs_to_a_script_is_left_alone(case: str) -> None:
    text, path = SHOWN[case]
    assert edit("", text, path).of("hidden characters", "against") == []


CI = ".github/workflows/ci.yml"

RUNS = {
    "a workflow": (".github/workflows/ci.yml", "on: push\n", "on: push\njobs: {}\n", "unknown"),
    "a download that is run": (CI, "a:\n", "a:\n  run: curl https://x.sh | sudo bash\n", "against"),
    "a stranger's title": (CI, "a:\n", "a:\n  run: echo ${{ github.event.issue.title }}\n", "against"),
    "pull_request_target": (".github/workflows/ci.yml", "on: push\n", "on: pull_request_target\n", "against"),
    "a step that may fail": (CI, "a:\n  run: pytest\n", "a:\n  run: pytest || true\n", "differs"),
    "setup.py": ("setup.py", "from setuptools import setup\n", "from setuptools import setup\nprint(1)\n", "unknown"),
    "conftest.py": ("tests/conftest.py", "x = 1\n", "x = 2\n", "unknown"),
    "sitecustomize": ("sitecustomize.py", "", "import os\n", "unknown"),
    "a path file": ("x.pth", "", "import os; os.getpid()\n", "against"),
    "an install script": ("package.json", "{}\n", '{"scripts": {"postinstall": "node x.js"}}\n', "differs"),
    "a build hook": ("pyproject.toml", "", '[tool.hatch.build.hooks.custom]\npath = "x.py"\n', "unknown"),
    "a backend": ("pyproject.toml", "[build-system]\n", '[build-system]\nbuild-backend = "mine"\n', "unknown"),
    "an editor's task": (".vscode/tasks.json", "{}\n", '{"runOptions": {"runOn": "folderOpen"}}\n', "against"),
    "an agent's hook": (".claude/settings.json", "{}\n", '{"hooks": {}}\n', "unknown"),
    "another index": ("pip.conf", "[global]\n", "[global]\nextra-index-url = https://x.test\n", "differs"),
    "a git hook": (".githooks/pre-commit", "", "#!/bin/sh\ntrue\n", "unknown"),
}  # fmt: skip


@pytest.mark.parametrize("case", RUNS)
def test_what_runs_by_itself_is_told(case: str) -> None:
    path, base, head, strength = RUNS[case]
    assert edit(base, head, path).of("runs by itself", strength) != []


def test_what_only_states_facts_does_not_run() -> None:
    setup = "from setuptools import setup\n\nsetup(\n    name='a',\n    version='1',\n    install_requires=['b'],\n)\n"
    assert (
        edit(setup, setup.replace("'1'", "'2'").replace("['b']", "['b', 'c']"), "setup.py").of("runs by itself") == []
    )
    assert edit("[project]\nversion='1'\n", "[project]\nversion='2'\n", "pyproject.toml").of("runs by itself") == []
    assert edit('{"scripts": {"test": "a"}}', '{"scripts": {"test": "b"}}', "package.json").of("runs by itself") == []
    assert edit("a: 1\n", "# why\na: 1\n\n", CI).of("runs by itself") == []


def test_a_new_package_is_named_with_its_bound_and_its_licence_where_that_is_known() -> None:
    base = '[project]\ndependencies = ["a>=1"]\n'
    head = base.replace('"a>=1"', '"a>=1", "Left_Pad>=2,<3"')
    known = Evidenced({"pyproject.toml": base}, {"pyproject.toml": head}, {"left-pad": "MIT"}.__getitem__)
    assert known.of("dependency") == [
        "unknown: pyproject.toml asks for `left-pad` (>=2,<3), which nothing asked for; its licence is MIT."
    ]
    assert "its licence is not known here" in edit(base, head, "pyproject.toml").of("dependency")[0]


PACKAGES = {
    "requirements": ("requirements.txt", "a==1\n", "a==1\nb==2\n", "unknown"),
    "setup.cfg": ("setup.cfg", "[options]\n", "[options]\ninstall_requires =\n    b>1\n", "unknown"),
    "setup.py": ("setup.py", "setup(install_requires=['a'])\n", "setup(install_requires=['a', 'b'])\n", "unknown"),
    "poetry": ("pyproject.toml", "", "[tool.poetry.dependencies]\na = '1'\n", "unknown"),
    "npm": ("package.json", '{"dependencies": {}}\n', '{"dependencies": {"left-pad": "^1.0.0"}}\n', "unknown"),
    "an address": ("requirements.txt", "a==1\n", "a==1\nb @ git+https://x.test/b\n", "differs"),
    "a pin gone": ("requirements.txt", "a==1\n", "a>=1\n", "unknown"),
}  # fmt: skip


@pytest.mark.parametrize("case", PACKAGES)
def test_packages_are_read_from_every_manifest(case: str) -> None:
    path, base, head, strength = PACKAGES[case]
    assert len(edit(base, head, path).of("dependency", strength)) == 1


def test_prose_with_the_name_of_a_manifest_asks_for_nothing() -> None:
    text = "Constraints\n===========\n\nA constraint is a rule.\nIt holds for every row of a table.\npostgresql\n"
    assert edit("Constraints\n", text, "docs/constraints.txt").of("dependency") == []


def test_newer_versions_and_tighter_bounds_are_nothing_new() -> None:
    assert edit("a==1\nb>1\n", "a==2\nb>1,<3\n", "requirements.txt").of("dependency") == []


def test_a_lock_is_held_against_its_manifest() -> None:
    base = {
        "pyproject.toml": '[project]\ndependencies = ["a"]\n',
        "uv.lock": '[[package]]\nname = "a"\nversion = "1"\n',
    }
    head = base | {"pyproject.toml": '[project]\ndependencies = ["a", "b"]\n'}
    assert "against: uv.lock does not hold `b`, which pyproject.toml asks for." in evidenced(base, head).of(
        "dependency"
    )
    both = head | {"uv.lock": base["uv.lock"] + '\n[[package]]\nname = "b"\nversion = "2"\n'}
    assert evidenced(base, both).of("dependency", "against") == []
    assert len(evidenced(base, both).of("dependency", "supports")) == 1


def test_another_hash_of_the_same_version_is_against() -> None:
    lock = {"packages": {"node_modules/a": {"version": "1.0.0", "integrity": "sha512-aaaa"}}}
    other = json.dumps(lock, indent=1).replace("aaaa", "bbbb")
    (found,) = edit(json.dumps(lock, indent=1), other, "package-lock.json").of("dependency")
    assert found == "against: package-lock.json has other hashes for `a` 1.0.0, the same version as before."


TREE = {
    "docs/a.md": "# One\n\nText.\n",
    "docs/b.md": "# Two words\n\n## Two words\n",
    "pkg/mod.py": "def f():\n    pass\n",
}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("See [b](b.md).", False),
        ("See [b](b.md#two-words).", False),
        ("See [b](b.md#two-words-1).", False),
        ("See [up](../pkg/mod.py) and [folder](../pkg).", False),
        ("See [here](#one).", False),
        ("See [web](https://x.test/none.md) and [mail](mailto:a@b.test).", False),
        ("See `[c](c.md)`.", False),
        ("See [c](c.md).", True),
        ("See [b](b.md#three).", True),
        ("See [here](#two).", True),
        ("![picture](pictures/c.png)", True),
        ("[c]: ../pkg/none.py", True),
    ],
)
def test_links_and_headings_resolve(line: str, found: bool) -> None:
    head = TREE | {"docs/a.md": TREE["docs/a.md"] + line + "\n", "docs/pictures/b.png": "x"}
    assert bool(evidenced(TREE | {"docs/pictures/b.png": "x"}, head).of("document", "against")) is found


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("python", "x = [1,\n", True), ("python", "x = 1\n", False), ("python", "await f()\n", False),
        ("python", ">>> f(\n", False), ("json", '{"a": 1,}', True), ("json", '{"a": 1}', False),
        ("json", '{"a": ...}', False), ("toml", "a = \n", True), ("toml", "a = 1\n", False), ("text", "x = [1,", False),
    ],
)  # fmt: skip
def test_code_blocks_parse(language: str, text: str, found: bool) -> None:
    block = f"Text.\n\n```{language}\n{text}\n```\n"
    assert bool(edit("Text.\n", block, "docs/a.md").of("document", "against")) is found


def test_documents_that_name_what_is_gone_are_told_with_their_place() -> None:
    base = {
        "pkg/mod.py": "def old_name(a):\n    return a\n\n\ndef kept():\n    pass\n",
        "docs/a.md": "Call `old_name(1)`.\n",
    }
    gone = base | {"pkg/mod.py": "def kept():\n    pass\n"}
    assert evidenced(base, gone).of("document") == [
        "against: docs/a.md:1 still names `old_name`, which is gone from pkg/mod.py."
    ]
    assert evidenced(base, gone | {"docs/a.md": "`old_name` was removed.\n"}).of("document") == []
    assert evidenced(base, gone | {"pkg/b.py": "def old_name(a):\n    return a\n"}).of("document") == []
    assert evidenced(base | {"c.py": "old_name = 1\n"}, gone | {"c.py": "old_name = 1\n"}).of("document") == []
    history = {"CHANGES.md": "Added `old_name`.\n"}
    plain = {"docs/a.md": "None.\n"}
    assert evidenced(base | plain | history, gone | plain | history).of("document") == []


def test_versions_that_agreed_must_agree() -> None:
    base = {"pyproject.toml": '[project]\nversion = "1.0"\n', "pkg/__init__.py": '__version__ = "1.0"\n'}
    one = base | {"pyproject.toml": '[project]\nversion = "1.1"\n'}
    assert evidenced(base, one).of("document") == [
        "against: pyproject.toml says version 1.1, pkg/__init__.py says 1.0; they agreed."
    ]
    assert evidenced(base, one | {"pkg/__init__.py": '__version__ = "1.1"\n'}).of("document") == []


def test_data_that_parsed_and_does_not_is_against() -> None:
    assert edit('{"a": 1}\n', '{"a": 1,\n', "config.json").of("document", "against") != []
    assert edit('{"a": 1, // why\n}\n', '{"a": 2, // why\n}\n', "tsconfig.json").of("document") == []


LEFT = {
    "a conflict": ("a.py", "<<<<<<< ours\nx = 2\n=======\nx = 3\n>>>>>>> theirs\n"),
    "a conflict in data": ("a.yml", "<<<<<<< HEAD\nx: 2\n=======\nx: 3\n>>>>>>> b\n"),
    "breakpoint": ("a.py", "def f():\n    breakpoint()\n"),
    "pdb": ("a.py", "def f():\n    import pdb; pdb.set_trace()\n"),
    "an alias": ("a.py", "from ipdb import set_trace as stop\nstop()\n"),
    "debugger": ("a.ts", "function f() {\n  debugger;\n}\n"),
    "one test only": ("a.test.ts", "it.only('a', () => {})\n"),
    "a definition twice": ("a.py", "def f():\n    return 1\n\n\ndef f():\n    return 2\n"),
    "a method twice": ("a.py", "class A:\n    def f(self):\n        return 1\n\n    def f(self):\n        return 2\n"),
    "a block twice": ("a.py", "if x:\n    y = 1\nif x:\n    y = 1\n"),
    "a return twice": ("a.py", "def f():\n    return 1\n    return 1\n"),
    "a key twice": ("a.py", "x = {\n    'a': 1,\n    'b': 2,\n    'a': 3,\n}\n"),
}


@pytest.mark.parametrize("case", LEFT)
def test_what_was_left_behind_is_against(case: str) -> None:
    path, text = LEFT[case]
    start = "z: 1\n" if path.endswith("yml") else ""
    assert edit(start, start + text, path).of("leftover", "against") != []


NOT_LEFT = {
    "a heading": ("a.rst", "Title\n=======\n\nText\n"),
    "a string": ("a.py", "x = 'breakpoint()'\n"),
    "another breakpoint": ("a.py", "def breakpoint():\n    pass\n\n\nbreakpoint()\n"),
    "overloads": ("a.py", "@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\ndef f(a):\n    pass\n"),
    "a property": ("a.py", "class A:\n    @property\n    def f(s): pass\n\n    @f.setter\n    def f(s, x): pass\n"),
    "one of two": ("a.py", "if x:\n    def f(): pass\nelse:\n    def f(): pass\n"),
    "the same twice over": ("a.py", "next(x)\ny = 1\nnext(x)\n"),
    "printing to a stream": ("a.py", "import sys\nprint('a', file=sys.stderr)\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_LEFT)
def test_what_stands_there_on_purpose_is_left_alone(case: str) -> None:
    path, text = NOT_LEFT[case]
    assert edit("", text, path).of("leftover") == []
