"""Every check of the project finds a violation planted for it, and passes what is right."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from checks import bundle, changelog, dependencies, docs, licences, sizes, words
from checks.__main__ import CHECKS
from checks.tree import ROOT
from tests.repository import Repository

Plant = Callable[[dict[str, str | bytes | None]], Path]


@pytest.fixture
def plant(workspace: Repository) -> Plant:
    """Writes files into a repository of their own, not committed, and returns its root."""

    def write(files: dict[str, str | bytes | None]) -> Path:
        workspace.write(files)
        return workspace.path

    return write


def body(lines: int) -> str:
    return "\n".join(f"    x{number} = {number}" for number in range(lines)) + "\n"


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.py", "x = 1\n" * 601, "601 lines in a file"),
        ("a.ts", "let x;\n" * 601, "601 lines in a file"),
        ("a.svelte", "<p>\n" * 601, "601 lines in a file"),
        ("a.py", "def f():\n" + body(80), "81 lines in a function"),
        ("a.py", "async def f():\n" + body(80), "81 lines in a function"),
        ("a.py", "class C:\n" + body(400), "401 lines in a class"),
        ("a.py", "def f(a, b, c, d, e, *f, g, h, i, **j): ...\n", "10 parameters"),
    ],
)
def test_what_has_grown_past_a_limit_is_found(plant: Plant, name: str, text: str, kind: str) -> None:
    (problem,) = sizes.problems(plant({name: text}))
    assert problem.startswith(name) and kind in problem


def test_what_is_just_within_the_limits_is_a_note(plant: Plant) -> None:
    method = "class C:\n    def f(self, a, b, c, d, e, f, g, h, i): ...\n" + body(398)
    root = plant({"a.py": "def f():\n" + body(79), "b.py": method, "c.ts": "let x;\n" * 600})
    assert sizes.problems(root) == []
    assert [note.split(":")[0] for note in sizes.notes(root)] == ["a.py", "b.py", "b.py", "c.ts", "b.py"]


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("a.py", "# TO" + "DO later\n", "open end"),
        ("web/a.ts", "// FIX" + "ME\n", "open end"),
        ("docs/a.md", "see /ho" + "me/somebody/project\n", "path of one machine"),
        ("a.py", 'x = "/ro' + 'ot/project/file"\n', "path of one machine"),
        ("web/package-lock.json", '{"resolved": "https://registry.example/a.tgz"}', "names a host"),
        ("requirements.lock", "--index-url https://mirror.example/simple\n", "names a host"),
        ("src/utils.py", "", "a name that says nothing"),
        ("src/helpers/a.py", "", "a name that says nothing"),
    ],
)
def test_an_unwanted_word_is_found(plant: Plant, name: str, text: str, what: str) -> None:
    problems = words.problems(plant({name: text}))
    assert len(problems) == 1
    assert problems[0].startswith(name) and what in problems[0]


def test_an_open_end_with_its_reason_passes(plant: Plant) -> None:
    assert words.problems(plant({"a.py": "# TO" + "DO(when Python 3.11 is gone): use sys.monitoring\n"})) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Undo.fixed.md", "Undo works."),
        ("undo.improved.md", "Undo works."),
        ("undo.fixed.txt", "Undo works."),
        ("undo.fixed.md", "undo works."),
        ("undo.fixed.md", "Undo works"),
        ("undo.fixed.md", ""),
        ("undo.fixed.md", "Undo " + "really " * 100 + "works."),
    ],
)
def test_a_malformed_changelog_fragment_is_found(plant: Plant, name: str, text: str) -> None:
    root = plant({f"changelog.d/{name}": text, "changelog.d/good.added.md": "`exosuit undo` takes back an apply.\n"})
    (problem,) = changelog.problems(root)
    assert name in problem


def project(*needs: str, dev: str = "") -> str:
    groups = json.dumps([dev] if dev else [])
    return f"[project]\ndependencies = {json.dumps(needs)}\n[dependency-groups]\ndev = {groups}\n"


def test_an_import_that_is_not_declared_is_found(plant: Plant) -> None:
    root = plant({"pyproject.toml": project(), "requirements.lock": "", "src/a.py": "import json\nimport rich.text\n"})
    assert dependencies.problems(root) == ["src/a.py:2: imports rich, which pyproject.toml does not declare"]


def test_a_declaration_that_nothing_imports_is_found(plant: Plant) -> None:
    root = plant({"pyproject.toml": project("rich>=15"), "requirements.lock": "rich==15.0.0\n", "src/a.py": ""})
    assert dependencies.problems(root) == ["pyproject.toml: declares rich, which nothing under src imports"]


def test_a_pin_outside_its_range_or_missing_is_found(plant: Plant) -> None:
    files = {"pyproject.toml": project("rich>=15,<16", dev="mypy>=2"), "src/a.py": "import rich\n"}
    problems = dependencies.problems(plant({**files, "requirements.lock": "rich==14.0.0\n"}))
    assert [problem.partition(": ")[2].split(" ")[0] for problem in problems] == ["rich<16,>=15", "mypy>=2"]
    assert dependencies.problems(plant({**files, "requirements.lock": "rich==15.1 \\\n    --hash\nmypy==2.4\n"})) == []


@pytest.mark.parametrize(
    "licence", ["MIT", "Apache-2.0 OR BSD-3-Clause", "GPL-3.0-only OR MIT", "MIT AND (ISC OR LGPL-3.0)"]
)
def test_a_permissive_licence_passes(licence: str) -> None:
    assert licences.is_permissive(licence)


@pytest.mark.parametrize(
    "licence", ["", "UNKNOWN", "GPL-3.0-only", "MIT AND GPL-3.0-only", "GPL-2.0-only WITH a-exception"]
)
def test_any_other_licence_does_not(licence: str) -> None:
    assert not licences.is_permissive(licence)


def test_a_web_package_without_a_permissive_licence_is_found(plant: Plant) -> None:
    packages = {
        "": {},
        "node_modules/good": {"license": "MIT"},
        "node_modules/@a/bad": {"license": "AGPL-3.0"},
        "node_modules/mute": {},
    }
    problems = licences.web_problems(plant({"web/package-lock.json": json.dumps({"packages": packages})}))
    assert [problem.split(":")[0] for problem in problems] == ["@a/bad", "mute"]


def test_a_python_package_is_allowed_by_its_licence_or_by_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    assert licences.problems(ROOT / "src") == []
    monkeypatch.setattr(licences, "EXCEPTIONS", {"no-such-package": "none"})
    assert [problem.split(":")[0] for problem in licences.problems(ROOT / "src")] == [
        "certifi",
        "pygit2",
        "no-such-package",
    ]


def test_the_licences_of_what_we_need_indirectly_are_looked_at_too() -> None:
    assert {"rich", "markdown-it-py", "mdurl"} <= licences.requirements("exosuit").keys()


def fenced(mark: str, *lines: str, note: str = "") -> str:
    return "\n".join([f"<!-- {note} -->"] * bool(note) + [f"```{mark}", *lines, "```", ""])


GOOD = [
    fenced("console", "$ cat README.md", "# Greetings", "", "Says hello."),
    fenced("console", "$ echo one two three", "one ... three", "$ seq 9", "1", "...", "9"),
    fenced("console", "$ git log --oneline | wc -l", "2", "$ git diff --quiet HEAD || echo edited", "edited"),
    fenced("console", "$ printf '%s' \\", "> a", "a"),
    fenced("console", "$ false", note="exits 1"),
    fenced("sh", "made=1", "test $made = 1"),
    fenced("python", "from greet import greet", "assert greet() == 'Hello you'"),
    fenced("json", '{"a": 1}'),
    fenced("toml", "a = 1"),
    fenced("text", "anything"),
    fenced("console", "$ exec sleep 1000", note="not run: it would wait for somebody"),
]

BAD = [
    (fenced("console", "$ false"), "exit code 1 where 0 is due"),
    (fenced("console", "$ true", note="exits 1"), "exit code 0 where 1 is due"),
    (fenced("console", "$ false", "$ true"), "exit code 1"),
    (fenced("console", "$ echo two", "one"), "prints something else"),
    (fenced("console", "$ echo one", "one", "two"), "prints something else"),
    (fenced("console", "echo one"), "without a line that starts"),
    (fenced("console", "$ sleep 1000", note="not run: no"), "still running"),
    (fenced("sh", "false", "true"), "exit code 1"),
    (fenced("python", "import no_such_module"), "No module named"),
    (fenced("json", "{"), "not json"),
    (fenced("toml", "a ="), "not toml"),
    (fenced("", "make test"), "nothing says"),
    (fenced("bash", "true"), "nothing says"),
]


@pytest.mark.parametrize("block", GOOD)
def test_a_block_that_does_what_it_shows_passes(plant: Plant, block: str) -> None:
    assert docs.problems(plant({"README.md": f"Words.\n\n{block}\nMore words.\n"})) == []


@pytest.mark.parametrize(("block", "what"), BAD)
def test_a_block_that_does_not_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch, block: str, what: str) -> None:
    monkeypatch.setattr(docs, "SECONDS", 1 if what == "still running" else docs.SECONDS)
    (problem,) = docs.problems(plant({"docs/how.md": f"Words.\n\n{block}"}))
    assert problem.startswith("docs/how.md:") and what in problem


def test_blocks_of_one_document_share_a_folder_and_those_of_another_do_not(plant: Plant) -> None:
    first = fenced("console", "$ echo kept > file") + "\n" + fenced("console", "$ cat file", "kept")
    second = fenced("console", "$ test ! -e file")
    assert docs.problems(plant({"README.md": first, "docs/other.md": second})) == []


def is_running(pid: int) -> bool:
    """Whether a process is there; one that has ended and waits to be reaped is not."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_nothing_that_a_block_starts_survives_it(plant: Plant) -> None:
    root = plant({"README.md": fenced("sh", "sleep 1000 & echo $! > $HOME/pid", "cp $HOME/pid /dev/fd/1; exit 3")})
    (problem,) = docs.problems(root)
    started = int(problem.rpartition(": ")[2])
    deadline = time.monotonic() + 10
    while is_running(started) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(started)


def test_a_link_to_a_file_that_is_not_there_is_found(plant: Plant) -> None:
    prose = "[a](docs/a.md#part) ![b](b.png) [c](https://example.invalid/c) [d](#part)\n<img alt='' src=\"e.svg\">\n"
    problems = docs.problems(plant({"README.md": prose, "docs/a.md": "[back](../README.md)\n"}))
    assert problems == [f"README.md: links to {name}, which is not there" for name in ("b.png", "e.svg")]


def test_a_block_that_is_not_run_is_listed_with_its_reason(plant: Plant) -> None:
    root = plant({"README.md": fenced("console", "$ make run", note="not run: it opens a browser")})
    assert docs.notes(root) == ["README.md:3: not run: it opens a browser"]


def test_every_check_is_in_the_document_for_those_who_work_on_the_project() -> None:
    rows = (ROOT / "docs" / "contributing.md").read_text("utf-8").split("## Checks")[1].split("##")[0].splitlines()
    named = {name for row in rows if row.startswith("| ") for name in row.split("|")[1].strip().split(", ")}
    assert named - {"check"} == CHECKS.keys()


def test_a_bundle_that_is_not_what_a_rebuild_gives_is_found() -> None:
    committed = {"same.js": b"1", "other.js": b"1", "old.js": b"1"}
    built = {"same.js": b"1", "other.js": b"2", "new.js": b"1"}
    found = bundle.differences(committed, built)
    assert [line.partition(": ")[0].rpartition("/")[2] for line in found] == ["new.js", "old.js", "other.js"]


def test_a_planted_import_breaks_each_contract(tmp_path: Path) -> None:
    """One violation for each contract in pyproject.toml, in a copy of the tree; import-linter must name them all."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "web"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    package = tmp_path / "src" / "exosuit"
    (package / "core" / "planted.py").write_text("import exosuit.faces\n")
    (package / "changes" / "planted.py").write_text("import rich\nfrom exosuit.changes import planted_too\n")
    (package / "changes" / "planted_too.py").write_text("from exosuit.changes import planted\n")
    (package / "misplaced").mkdir()
    (package / "misplaced" / "__init__.py").write_text("")
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    for line in (
        "exosuit.core is not allowed to import exosuit.faces",
        "exosuit.changes is not allowed to import rich",
        "misplaced",
    ):
        assert line in done.stdout
    assert "planted_too" in done.stdout
