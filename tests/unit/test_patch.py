"""Patches: placed where they say or nowhere, never by guessing, and never written into the workspace."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from exosuit.changes.atoms import EXECUTABLE, REGULAR, SYMLINK
from exosuit.changes.change import Change
from exosuit.changes.decisions import ACCEPTED
from exosuit.changes.materialize import materialize
from exosuit.changes.patch import diff_as_patch, subject
from exosuit.changes.sources import Patch
from exosuit.changes.workspace import Workspace
from exosuit.core.errors import ExosuitError
from tests.repository import Repository, git

LINES = "".join(f"line {i}\n" for i in range(40))


@pytest.fixture
def author(make_workspace: Callable[[str], Repository]) -> Repository:
    """Somebody else's repository, with what the workspace has too."""
    repository = make_workspace("author")
    repository.commit("base", {"a": LINES, "crlf": b"one\r\ntwo\r\nthree\r\n", "bin": b"\0one", "gone": "bye\n"})
    return repository


@pytest.fixture
def here(author: Repository, tmp_path: Path) -> Repository:
    git(tmp_path, "clone", "-q", author.path, "here")
    return Repository(tmp_path / "here")


def imported(here: Repository, patch: bytes) -> Change:
    return Workspace.open(here.path).bring_in(Patch(patch, "x.patch"), "test")[0]


def refused(here: Repository, patch: bytes) -> ExosuitError:
    """The error; and nothing is stored, nothing is written."""
    before, top = here.files(), sorted(here.path.parent.rglob("*"))
    with pytest.raises(ExosuitError) as error:
        imported(here, patch)
    assert error.value.hint and "\n" not in error.value.message
    assert Workspace.open(here.path).store.ids() == []
    assert here.files() == before and sorted(here.path.parent.rglob("*")) == top
    return error.value


def patch_of(author: Repository, *options: str) -> bytes:
    """What the author's last commit did, as git prints it."""
    return git(author.path, "diff", *options, "HEAD~1", "HEAD")


NEW_LINK = "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n"


def new_file(path: str) -> str:
    header = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
    return f"{header}@@ -0,0 +1 @@\n+evil\n"


def diff(path: str, *hunks: str) -> bytes:
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{''.join(hunks)}".encode()


@pytest.mark.parametrize(
    "options",
    [("--binary",), ("--binary", "-M"), ("--binary", "-U30"), ("--binary", "--full-index", "-M")],
)
def test_what_git_prints_of_a_commit_becomes_that_commit_s_tree(
    author: Repository, here: Repository, options: tuple[str, ...]
) -> None:
    author.write({"a": None})
    (author.path / "link").symlink_to("moved")
    (author.path / "crlf").chmod(0o755)
    files: dict[str, str | bytes | None] = {
        "moved": LINES.replace("line 7\n", "line seven\n"),
        "crlf": b"one\r\n2\r\nthree", "bin": b"\0two\xff", "gone": None,
        "new bin": b"\0" * 3000, "empty": b"", "sp ace/caf\u00e9": "x\n", 'quo"te\\': "y\n", "tab\tnew\nline": "z\n",
    }  # fmt: skip
    author.commit("all kinds", files)
    change = imported(here, patch_of(author, *options))
    assert change.head == author.git("rev-parse", "HEAD^{tree}")
    assert here.git("status", "--porcelain") == ""


def test_a_patch_without_context_is_refused_as_nothing_says_where_it_belongs(
    author: Repository, here: Repository
) -> None:
    author.commit("edit", {"a": LINES.replace("line 7\n", "line seven\n")})
    error = refused(here, patch_of(author, "-U0"))
    assert error.code == "patch-does-not-fit" and "a:8" in error.message


def test_a_mailed_patch_gives_its_subject_as_the_title(author: Repository, here: Repository) -> None:
    author.commit("Größe: ein langer Betreff, der umbrochen wird, weil er so sehr lang ist, wirklich", {"a": "short\n"})
    mailed = git(author.path, "format-patch", "--stdout", "-1")
    change = imported(here, mailed)
    assert change.title == "Größe: ein langer Betreff, der umbrochen wird, weil er so sehr lang ist, wirklich"
    assert change.head == author.git("rev-parse", "HEAD^{tree}")
    assert subject(b"Subject: [PATCH v2 3/7] one\n two\n\ndiff --git") == "one two"
    assert subject(b"diff --git a/x b/x\n+Subject: no\n") == ""


def test_words_around_a_patch_are_passed_over(author: Repository, here: Repository) -> None:
    author.commit("edit", {"a": LINES.replace("line 7\n", "line seven\n")})
    change = imported(here, b"Hello,\n\nthis is my patch:\n\n" + patch_of(author) + b"-- \n2.39.5\n\nregards\n")
    assert change.head == author.git("rev-parse", "HEAD^{tree}")


def test_a_hunk_elsewhere_is_taken_where_there_is_one_such_place(author: Repository, here: Repository) -> None:
    author.commit("edit", {"a": LINES.replace("line 20\n", "line twenty\n")})
    here.write({"a": "top 1\ntop 2\n" + LINES})
    change = imported(here, patch_of(author))
    shadow = Workspace.open(here.path).shadow
    entry = shadow.entry(change.head, b"a")
    assert entry is not None
    assert shadow.blob(entry[1]) == ("top 1\ntop 2\n" + LINES.replace("line 20\n", "line twenty\n")).encode()
    assert here.read("a") == ("top 1\ntop 2\n" + LINES).encode()


@pytest.mark.parametrize("name", ["a", "a b", "caf\u00e9", 'q"\n\\', "a => b"])
@pytest.mark.parametrize("options", [(), ("--src-prefix=i/", "--dst-prefix=w/"), ("-c", "core.quotePath=false")])
def test_where_there_is_one_such_place_neither_name_nor_prefix_matters(
    author: Repository, here: Repository, name: str, options: tuple[str, ...]
) -> None:
    for repository in (author, here):
        repository.commit("more", {name: LINES, "other/z": LINES.removesuffix("\n")})
    twenty, last = LINES.replace("line 20\n", "line twenty\n"), LINES.replace("line 39\n", "line 39!")
    author.commit("edit", {name: twenty, "other/z": last, "mode": "", "bin": b"\0two"})
    here.write({name: "top\n" + LINES, "other/z": "top\n" + LINES.removesuffix("\n")})
    config = options if options[:1] == ("-c",) else ()
    patch = git(author.path, *config, "diff", "--binary", *(() if config else options), "HEAD~1", "HEAD")
    change, shadow = imported(here, patch), Workspace.open(here.path).shadow
    for path, text in ((name, twenty), ("other/z", last)):
        entry = shadow.entry(change.head, path.encode())
        assert entry is not None
        assert shadow.blob(entry[1]) == b"top\n" + text.encode()


def test_a_plain_diff_without_prefixes_is_placed_elsewhere_too(here: Repository) -> None:
    here.write({"a": "top\n" + LINES})
    change = imported(
        here, b"--- a\t2024-01-01 00:00:00\n+++ a\t2024-01-02\n@@ -3,3 +3,3 @@\n line 2\n-line 3\n+3\n line 4\n"
    )
    assert [file.path for file in change.files] == [b"a"]


def test_a_file_without_a_patch_is_said_to_have_none(here: Repository) -> None:
    error = refused(here, b"nothing of the kind\n")
    assert error.message == "there is no patch in it that git could read"
    assert "--allow-empty" not in error.message


def test_a_hunk_elsewhere_is_refused_where_there_are_two_such_places(here: Repository) -> None:
    here.write({"a": "x\n" * 5 + "one\ntwo\nthree\n" + "y\n" * 5 + "one\ntwo\nthree\n"})
    error = refused(here, diff("a", "@@ -9,3 +9,3 @@\n one\n-two\n+2\n three\n"))
    assert error.code == "ambiguous-patch"


def test_a_hunk_elsewhere_in_a_renamed_or_oddly_named_file_is_weighed_too(here: Repository) -> None:
    twice = "x\n" * 5 + "one\ntwo\nthree\n" + "y\n" * 5 + "one\ntwo\nthree\n"
    here.write({"a => b": twice, 'q"\t': twice, "caf\u00e9": twice})
    hunk = b"@@ -9,3 +9,3 @@\n one\n-two\n+2\n three\n"
    for name in (b"a => b", b'"a/q\\"\\t"', b"caf\xc3\xa9", b'"a/caf\\303\\251"'):
        old = name if name.startswith(b'"') else b"a/" + name + (b"\t" if b" " in name else b"")
        new = old.replace(b"a/", b"b/", 1)
        header = b"diff --git " + old.rstrip(b"\t") + b" " + new.rstrip(b"\t")
        assert refused(here, header + b"\n--- " + old + b"\n+++ " + new + b"\n" + hunk).code == "ambiguous-patch"
    moved = b"diff --git a/a => b b/n\nsimilarity index 90%\nrename from a => b\nrename to n\n--- a/a => b\t\n+++ b/n\n"
    assert refused(here, moved + hunk).code == "ambiguous-patch"


def test_a_patch_in_another_prefix_style_is_weighed_too(here: Repository) -> None:
    here.write({"a": "x\n" * 5 + "one\ntwo\nthree\n" + "y\n" * 5 + "one\ntwo\nthree\n"})
    hunk = b"@@ -9,3 +9,3 @@\n one\n-two\n+2\n three\n"
    assert refused(here, b"--- i/a\n+++ w/a\n" + hunk).code == "ambiguous-patch"
    assert (
        refused(here, b"--- a/a\t2024-01-01 00:00:00\n+++ b/a\t2024-01-01 00:00:00\n" + hunk).code == "ambiguous-patch"
    )


@pytest.mark.parametrize(
    "hunk",
    [
        "@@ -3,3 +3,3 @@\n line 2\n-line 3\n+3\n line 5\n",
        "@@ -3,3 +3,3 @@\n line 2 \n-line 3\n+3\n line 4\n",
        "@@ -3,3 +3,3 @@\n line 2\n-line three\n+3\n line 4\n",
        "@@ -3,2 +3,2 @@\n line 2\r\n-line 3\r\n+3\r\n",
        "@@ -1,3 +1,3 @@\n line 2\n-line 3\n+3\n line 4\n@@ -5,1 +5,1 @@\n-nothing like it\n+x\n",
    ],
)  # fmt: skip
def test_a_hunk_whose_lines_are_not_there_is_refused(here: Repository, hunk: str) -> None:
    assert refused(here, diff("a", hunk)).code == "patch-does-not-fit"


@pytest.mark.parametrize(
    "patch",
    [
        b"", b"\n", b"nothing of the kind\n", b"\0\xff", b"diff --git a/a b/a\n", b"--- a/a\n+++ b/a\n",
        b"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,5 +1,5 @@\n line 0\n", b"--- a/a\n+++ b/a\n@@ what @@\n",
        b"diff --git a/bin b/bin\nindex 1..2 100644\nGIT binary patch\nliteral 5\ngarbage\n",
        b"diff --git a/bin b/bin\nBinary files a/bin and b/bin differ\n",
        b"diff --git a/a b/a\nold mode 100644\nnew mode 777777\n", b"@@ -1 +1 @@\n-line 0\n+x\n",
    ],
)  # fmt: skip
def test_what_is_no_patch_is_one_error_with_a_hint(here: Repository, patch: bytes) -> None:
    refused(here, patch)


@pytest.mark.parametrize(
    "path",
    ["../out", "../../out", "/etc/passwd", "x/../../out", ".git/config", "sub/.git/hooks/post-commit", ".GIT/config",
     ".git", ".git./x", "git~1/config", "./a", "a//b", "a/"],
)  # fmt: skip
def test_a_path_that_leads_out_of_the_tree_is_refused(here: Repository, path: str) -> None:
    refused(here, new_file(path).encode())


def test_nothing_is_written_through_a_link_that_the_patch_makes(here: Repository, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = f"{NEW_LINK}+{outside}\n\\ No newline at end of file\n"
    through = new_file("l/x")
    refused(here, (link + through).encode())
    refused(here, (through + link).encode())
    assert not any(outside.iterdir())
    (here.path / "l").symlink_to(outside)
    refused(here, through.encode())
    assert not any(outside.iterdir())


def test_a_name_that_looks_like_an_option_is_a_name(here: Repository) -> None:
    change = imported(here, new_file("--output=x").encode())
    assert [file.path for file in change.files] == [b"--output=x"]
    assert sorted(here.files()) == ["README.md", "a", "bin", "crlf", "gone"]


def test_the_patch_stands_on_the_working_tree_as_it_is_now(author: Repository, here: Repository) -> None:
    author.commit("edit", {"a": LINES.replace("line 7\n", "line seven\n")})
    here.write({"a": LINES.replace("line 30\n", "line thirty, mine\n"), "mine": "x\n"})
    change = imported(here, patch_of(author))
    assert [(file.path, file.added, file.removed) for file in change.files] == [(b"a", 1, 1)]
    shadow = Workspace.open(here.path).shadow
    assert shadow.entry(change.base, b"mine") is not None


def test_a_plain_folder_takes_patches_too(author: Repository, tmp_path: Path) -> None:
    author.commit("edit", {"a": LINES.replace("line 7\n", "line seven\n")})
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "a").write_text(LINES)
    change, _, _ = Workspace.open(tmp_path / "plain").bring_in(Patch(patch_of(author), "p"), "test")
    assert change.atoms == 1 and (tmp_path / "plain" / "a").read_text() == LINES


def test_what_is_written_as_a_patch_git_apply_takes(author: Repository, here: Repository) -> None:
    author.write({"a": None})
    (author.path / "link").symlink_to("moved")
    (author.path / "crlf").chmod(0o755)
    author.commit("all", {"moved": LINES + "end\n", "bin": b"\0two", "gone": None, "empty": b"", "new\nline": "x\r\n"})
    change = imported(here, patch_of(author, "--binary", "-M"))
    opened = Workspace.open(here.path)
    first, end = opened.change(change.id).firsts[1], opened.change(change.id).firsts[4]
    states = bytearray(change.atoms)
    states[first:end] = bytes([ACCEPTED]) * (end - first)
    for tree in (change.head, materialize(change, states, [], opened.shadow)):
        here.git("apply", "--index", given=diff_as_patch(opened.shadow, change.base, tree))
        assert here.git("write-tree") == tree
        here.git("reset", "-q", "--hard")
    assert diff_as_patch(opened.shadow, change.base, change.base) == b""


def test_modes_and_links_in_a_patch_are_opaque_atoms(here: Repository) -> None:
    patch = (
        b"diff --git a/a b/a\nold mode 100644\nnew mode 100755\n"
    ) + f"{NEW_LINK}+a\n\\ No newline at end of file\n".encode()
    change = imported(here, patch)
    assert [(file.path, file.new_mode, [str(kind) for kind in file.opaque]) for file in change.files] == [
        (b"a", EXECUTABLE, ["mode"]), (b"l", SYMLINK, ["symlink"]),
    ]  # fmt: skip
    assert not os.path.lexists(here.path / "l") and change.files[0].old_mode == REGULAR
