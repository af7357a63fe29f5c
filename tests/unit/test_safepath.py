"""Which paths a change may write."""

from __future__ import annotations

import pytest

from exosuit.changes.safepath import check_path
from exosuit.core.errors import ExosuitError

REFUSED = [
    b"",
    b"/etc/passwd",
    b"a//b",
    b"a/",
    b"./a",
    b"a/./b",
    b"..",
    b"../a",
    b"a/../b",
    b"a\0b",
    b".git",
    b".git/config",
    b"sub/.git/hooks/post-checkout",
    b".GIT/config",
    b".Git",
    b"git~1/config",
    b"GIT~1",
    b"git~2",
    b".git /config",
    b".git./config",
    b".git. . ./config",
    b".git::$INDEX_ALLOCATION/config",
    b".git:stream",
    ".g\u200cit/config".encode(),
    "\ufeff.git/config".encode(),
    ".gi\u00adt".encode(),
    ".git\u206a".encode(),
    ".G\u200dI\u200eT\ufe0f".encode(),
    b"a\\.git\\config",
    b"a\\..\\b",
    b".exosuit-0123456789ab-0",
    b"a/.exosuit-anything/b",
]
ALLOWED = [
    b"a",
    b".gitignore",
    b".gitattributes",
    b".github/workflows/ci.yml",
    b"git",
    b"a.git/b",
    b".git2",
    b"agit~1",
    b"git~",
    b"-rf",
    b"a b\nc",
    b"\xff\xfe",
    b"...",
    b"a\\b",
    b"exosuit-1",
    "\u00fcn\u00efcode".encode(),
]


@pytest.mark.parametrize("path", REFUSED)
def test_a_path_that_leaves_the_workspace_or_reads_as_git_s_own_is_refused(path: bytes) -> None:
    with pytest.raises(ExosuitError) as caught:
        check_path(path)
    assert caught.value.code == "unsafe-path"
    assert caught.value.hint


@pytest.mark.parametrize("path", ALLOWED)
def test_odd_but_harmless_names_are_allowed(path: bytes) -> None:
    check_path(path)
