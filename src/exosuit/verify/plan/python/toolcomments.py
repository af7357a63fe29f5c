"""Comments that tools read: they are code, whoever reads them.

The rule errs on the side of "a tool reads it": a comment that looks like `# word: …` counts, whatever the word.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOOL = re.compile(
    rb"""\#[^\n]*?(?:
        \b(?i:noqa|nosec|pragma|pylint|flake8|mypy|pyright|pyre|pytype|ruff|isort|yapf|nopep8|noinspection|nosonar
            |nolint|nocover|no\ cover|doctest|codespell|cspell|cython|distutils|cov|coverage|lint|l10n|i18n
            |translators?|coding|argcomplete\w*)\b
        | \b(?:type|fmt)\s*:
        | SPDX- | -\*- | >>>
    )[^\n]*
    | \#+[ \t]*(?:[a-z][\w./-]*:(?!//) | [A-Z][A-Z0-9]*_[A-Z0-9_]+ | [!%:+] | -[ \t]*$ | //+)[^\n]*
    """,
    re.VERBOSE | re.MULTILINE,
)
_WORD_BEFORE = re.compile(rb"(\w+|[^\w\s])\s*$")


class ToolComment(NamedTuple):
    """A comment that a tool may read: its line (from 0), the token before it (empty: a line of its own), its text."""

    line: int
    after: bytes
    text: bytes


def tool_comments(data: bytes) -> list[ToolComment]:
    """All that may be read by a tool, in order. What looks like one inside a string counts too."""
    found, line, seen = [], 0, 0
    for match in _TOOL.finditer(data):
        line += data.count(b"\n", seen, match.start())
        seen = match.start()
        before = data[data.rfind(b"\n", 0, seen) + 1 : seen]
        word = _WORD_BEFORE.search(before)
        found.append(ToolComment(line, word[1] if word else b"", match[0].rstrip()))
    return found


_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)


def deceives(data: bytes) -> bool:
    """Whether a text holds characters that do not show, or turn the order of others; or is not UTF-8."""
    if data.isascii():
        return bool(_UNSEEN.search(data.decode("ascii")))
    try:
        return bool(_UNSEEN.search(data.decode("utf-8")))
    except UnicodeDecodeError:
        return True
