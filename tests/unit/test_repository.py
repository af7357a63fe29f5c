"""Which folders are repositories, what revisions mean, and what is refused with a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from exosuit.changes.repository import Repository as Found
from exosuit.core.errors import ExosuitError
from tests.repository import Repository, git


def refusal(folder: Path) -> ExosuitError:
    with pytest.raises(ExosuitError) as error:
        Found.at(folder)
    assert error.value.hint
    return error.value


def test_a_folder_inside_a_repository_belongs_to_it(workspace: Repository) -> None:
    (workspace.path / "deep" / "er").mkdir(parents=True)
    found = Found.at(workspace.path / "deep" / "er")
    assert found is not None
    assert (found.root, found.git_dir) == (workspace.path, workspace.path / ".git")


def test_a_plain_folder_is_none(tmp_path: Path) -> None:
    assert Found.at(tmp_path) is None


def test_a_bare_repository_is_refused(workspace: Repository, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", workspace.path, "bare.git")
    assert refusal(tmp_path / "bare.git").code == "no-work-tree"
    assert "git worktree add" in refusal(tmp_path / "bare.git").hint


def test_the_inside_of_a_git_folder_is_never_a_workspace(workspace: Repository) -> None:
    assert refusal(workspace.path / ".git").code == "no-work-tree"
    assert refusal(workspace.path / ".git" / "objects").code == "no-work-tree"


def test_a_repository_with_other_ids_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256", "other")
    assert refusal(tmp_path / "other").code == "unsupported-repository"


@pytest.mark.parametrize("damage", ["HEAD", "config"])
def test_a_damaged_repository_is_never_taken_for_a_plain_folder(workspace: Repository, damage: str) -> None:
    (workspace.path / "deep").mkdir()
    if damage == "HEAD":
        (workspace.path / ".git" / "HEAD").unlink()
    else:
        (workspace.path / ".git" / "config").write_text("[core\n")
    assert refusal(workspace.path).code == "damaged-repository"
    assert refusal(workspace.path / "deep").code == "damaged-repository"


def test_a_link_to_a_repository_that_is_gone_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere/at/all\n")
    assert refusal(tmp_path).code == "damaged-repository"


@pytest.mark.parametrize(
    "name", ["nothing", "", "--all", "-h", "HEAD\n", "HEAD:README.md", "@{upstream}", "main..main"]
)
def test_what_names_no_revision_is_said_with_a_hint(workspace: Repository, name: str) -> None:
    found = Found.at(workspace.path)
    assert found is not None
    for resolve in (found.commit, found.tree):
        with pytest.raises(ExosuitError) as error:
            resolve(name)
        assert error.value.code == "no-such-revision" and error.value.hint


def test_revisions_are_told_apart_from_files_of_the_same_name(workspace: Repository) -> None:
    workspace.commit("a file called main", {"main": "x\n"})
    found = Found.at(workspace.path)
    assert found is not None
    assert found.commit("main") == workspace.head == found.commit("HEAD")
    workspace.git("tag", "-m", "annotated", "v1")
    assert found.commit("v1") == workspace.head


def test_revisions_without_a_common_ancestor_have_no_merge_base(workspace: Repository) -> None:
    workspace.git("checkout", "-q", "--orphan", "alone")
    workspace.commit("alone", {"x": "y\n"})
    found = Found.at(workspace.path)
    assert found is not None
    with pytest.raises(ExosuitError) as error:
        found.merge_base("main", "alone")
    assert error.value.code == "no-merge-base"
