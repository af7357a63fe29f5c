"""Environments made for what snapshots depend on: for real, by pip, from wheels that the test makes."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from exosuit.changes.workspace import Workspace
from exosuit.core.errors import ExosuitError
from exosuit.verify.checks.built import Built
from exosuit.verify.checks.check import Check, Result
from exosuit.verify.checks.checker import Checker
from exosuit.verify.checks.config import settings
from exosuit.verify.checks.dependencies import Dependencies, Project, Wanted, dependencies
from tests.repository import Repository

CONFIG = '[environment]\nbuild = true\nextras = ["test"]\n[check.says]\ncommand = ["python", "say.py"]\n'
SAY = """
import importlib.metadata as metadata
import greeting
print(greeting.VERSION, metadata.version("project"), [one.value for one in metadata.entry_points(group="plugs")])
"""
PROJECT = """
[project]
name = "project"
version = "{0}"
dependencies = ["greeting=={1}"]
[project.entry-points.plugs]
one = "say:it"
"""


def wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    """The smallest wheel that pip takes."""
    info = f"{name}-{version}.dist-info"
    texts = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    texts[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in texts) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in texts.items():
            archive.writestr(path, text)


@pytest.fixture
def project(workspace: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    escaped = tmp_path / "escaped"
    for version in ("1.0", "2.0"):
        hook = f"import pathlib; pathlib.Path({str(escaped)!r}).touch()\n"
        wheel(wheels, "greeting", version, {"greeting.py": f"VERSION = {version!r}\n", "greeting_hook.pth": hook})
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    workspace.commit("one", {"exosuit.toml": CONFIG, "say.py": SAY, "pyproject.toml": PROJECT.format("0.1", "1.0")})
    return workspace


def checked(project: Repository, revision: str = "HEAD") -> Result:
    workspace = Workspace.open(project.path)
    assert workspace.repository is not None
    tree = workspace.repository.tree(project.git("rev-parse", revision))
    checker = Checker(workspace, tree)
    (check,) = checker.checks(tree)
    return checker.check(tree, check)


def test_each_snapshot_is_run_with_what_it_depends_on_and_sets_are_made_once(
    project: Repository, tmp_path: Path
) -> None:
    project.commit("two", {"pyproject.toml": PROJECT.format("0.2", "2.0")})
    project.commit("three", {"pyproject.toml": PROJECT.format("0.3", "2.0")})
    said = [checked(project, revision).output.strip() for revision in ("HEAD~2", "HEAD~1", "HEAD")]
    assert said == ["1.0 0.1 ['say:it']", "2.0 0.2 ['say:it']", "2.0 0.3 ['say:it']"]
    state = Workspace.open(project.path).state.parents[1]
    assert len(list((state / "environments" / "sets").glob("*/exosuit-complete"))) == 2
    assert not (tmp_path / "escaped").exists(), "code of a package ran outside the sandbox"


def test_what_cannot_be_installed_is_said_in_words(project: Repository) -> None:
    project.commit("two", {"pyproject.toml": PROJECT.format("0.2", "3.0")})
    result = checked(project)
    assert result.verdict == "cannot-tell" and "greeting==3.0" in result.why
    project.commit("three", {"pyproject.toml": PROJECT.format("0.2", "1.0 @ https://example.org/x.whl")})
    result = checked(project)
    assert result.verdict == "cannot-tell" and "is not a name with versions" in result.why


def test_an_environment_that_was_not_finished_is_made_anew(tmp_path: Path) -> None:
    built, wanted = Built(tmp_path / "made"), Dependencies(())
    python = Path(sys.executable)
    made = built.environment(python, wanted)
    (made.prefix / "exosuit-complete").unlink()
    (made.prefix / "pyvenv.cfg").unlink()
    assert built.environment(python, wanted).is_venv


FILES = {
    "pyproject.toml": b"""
[project]
name = "My.Package"
dependencies = ["a>=1", 'b[x]==2 ; python_version < "4"']
[project.optional-dependencies]
Test = ["c~=3.0", "my-package[more]"]
more = ["d"]
[dependency-groups]
dev = ["e", {include-group = "lint"}]
lint = ["f"]
""",
    "requirements/all.txt": b"# all\n-r more.txt\ng==1 --hash=sha256:00\nh ; sys_platform == 'linux'  # why\n",
    "requirements/more.txt": b"i\n-r all.txt\n",
}


def test_a_set_is_read_from_the_project_its_extras_groups_and_lists() -> None:
    wanted = Wanted(("test",), ("dev",), ("requirements/all.txt",))
    found = dependencies(FILES.get, wanted)
    assert [one.split(" ")[0] for one in found.requirements] == [
        "a>=1", "b[x]==2", "c~=3.0", "d", "e", "f", "g==1", "h", "i",
    ]  # fmt: skip
    assert found.project == Project("My.Package", "0")
    assert dependencies(FILES.get, Wanted()).requirements == ("a>=1", 'b[x]==2 ; python_version < "4"')
    assert dependencies(lambda _path: None, Wanted()) == Dependencies(())


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        "--index-url https://example.org",
        "../x.whl",
        "a @ file:///x",
        "https://example.org/a.whl",
        "a; b\\",
        "-r ../no.txt",
    ],
)
def test_a_list_may_name_packages_and_nothing_else(line: str) -> None:
    with pytest.raises(ExosuitError) as caught:
        dependencies({"r.txt": line.encode()}.get, Wanted(requirements=("r.txt",)))
    assert caught.value.code == "unreadable-dependencies"


def test_what_includes_itself_ends() -> None:
    circle = b'[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "a"}]\n'
    with pytest.raises(ExosuitError, match="includes itself"):
        dependencies({"pyproject.toml": circle}.get, Wanted(groups=("a",)))


def test_the_config_says_what_environment_takes() -> None:
    told = settings(b'[environment]\nbuild = true\ngroups = ["dev"]\n')
    assert told.build and told.groups == ("dev",)
    with pytest.raises(ExosuitError, match="build = true or false"):
        settings(b"[environment]\nbuilt = true\n")


def test_a_check_is_never_told_by_an_environment_of_another_set(project: Repository) -> None:
    workspace = Workspace.open(project.path)
    assert workspace.repository is not None
    trees = [workspace.repository.tree(project.head)]
    project.commit("two", {"pyproject.toml": PROJECT.format("0.1", "2.0")})
    trees.append(workspace.repository.tree(project.head))
    checker = Checker(workspace, trees[0])
    assert len({checker.environment_id(tree) for tree in trees}) == 2
    assert checker.known(trees[0], Check("says", ("python", "say.py"))) is None
