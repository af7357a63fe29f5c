"""Which paths of a change may be written at all: the rules that need no file system to check.

Paths are bytes with `/` between components, as git has them. What is refused here is refused whatever the platform, as
git does since CVE-2014-9390 and CVE-2019-1353: a workspace may be shared with, or mounted from, a file system that
reads `.git::$INDEX_ALLOCATION` or `.g<zero width joiner>it` as `.git`.
"""

from __future__ import annotations

import re
import unicodedata

from exosuit.core.errors import ExosuitError
from exosuit.core.escapes import path_text

RESERVED_PREFIX = b".exosuit-"
"""How the temporary files of an apply begin: `.exosuit-<12 hex digits>-<number>`, beside their targets."""

_SHORT_NAME = re.compile(r"git~[0-9]+", re.ASCII)
# Characters that one file system or another drops or ignores when it compares names, beyond Unicode's category Cf.
_IGNORED = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def check_path(path: bytes) -> None:
    """Raise `unsafe-path` unless `path` names a file below the workspace that a change may write."""
    reason = _reason(path)
    if reason:
        raise ExosuitError(
            "unsafe-path",
            f"'{path_text(path)}' is not a path that a change may write: {reason}",
            "reject this file; the rest of the change can still be applied",
        )


def _reason(path: bytes) -> str:
    """Why a path is refused, or nothing."""
    if not path:
        return "it is empty"
    if path.startswith(b"/"):
        return "it is absolute"
    if b"\0" in path:
        return "it holds a NUL byte"
    for component in path.split(b"/"):
        if component in (b"", b".", b".."):
            return "it has an empty, '.' or '..' component"
        if component.startswith(RESERVED_PREFIX):
            return "the name is reserved for Exosuit's own temporary files"
        # A file system that takes a backslash as a separator would see each part as a component of its own.
        for part in component.split(b"\\"):
            if part == b".." or is_git_directory(part):
                return "a component reads as '..' or '.git' on some file system"
    return ""


def is_git_directory(name: bytes) -> bool:
    """Whether some file system opens `.git` under this name: in any case, by an NTFS short name, with trailing dots,
    spaces or a stream (`.git::$INDEX_ALLOCATION`), or with characters that HFS+ and others ignore.
    """
    text = folded(name.partition(b":")[0]).rstrip(". ")
    return text == ".git" or _SHORT_NAME.fullmatch(text) is not None


def folded(name: bytes) -> str:
    """A key under which names are equal that a case-insensitive file system may take as one."""
    text = _IGNORED.sub("", name.decode("utf-8", "surrogateescape"))
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", visible).casefold())
