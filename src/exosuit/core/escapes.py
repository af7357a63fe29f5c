r"""Names as text that can be read, copied and given back: one notation on every face, in and out.

A path is bytes. What is readable stands for itself; a backslash is `\\`, a line feed, a tab and a carriage return are
`\n`, `\t` and `\r`, any other control character and every byte that is not UTF-8 is `\x` and two hex digits, and a
character that the eye cannot see is `\u202e` or `\U000e0020`. No two paths are written alike, and reading what was
written gives the path. The letters are Python's, so `\x1b` means to everybody what it means here.
"""

from __future__ import annotations

import os
import re
import shlex

# Controls, bidi controls and isolates, zero-width and tag characters: what the eye cannot see (CVE-2021-42574).
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_UNSEEN = re.compile(rf"[\t\n\\\udc80-\udcff]|{HIDDEN.pattern}")
_WRITTEN = re.compile(r"\\(?:([\\ntr])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_SHORT = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_LETTERS = {"\\": b"\\", "n": b"\n", "t": b"\t", "r": b"\r"}


def path_text(path: bytes) -> str:
    """A path for a screen or for JSON."""
    text = path.decode("utf-8", "surrogateescape")
    return _UNSEEN.sub(_written, text) if _UNSEEN.search(text) else text


def folder_text(path: str | os.PathLike[str]) -> str:
    """The same of a path that is no bytes."""
    return path_text(os.fsencode(path))


def _written(found: re.Match[str]) -> str:
    code = ord(found[0])
    if found[0] in _SHORT:
        return _SHORT[found[0]]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shell_word(path: bytes) -> str:
    """A path as one word of a command line; where it cannot be typed, in bash's quotes, whose escapes are these too."""
    text = path_text(path)
    if text.encode() == path:
        return shlex.quote(text)
    return "$'" + text.replace("'", "\\'") + "'"


def path_bytes(text: str) -> bytes:
    """The path that a text stands for. A backslash that begins nothing of the notation is itself."""
    parts, at = [], 0
    for found in _WRITTEN.finditer(text):
        if (meant := _meant(found)) is not None:
            parts += [raw_bytes(text[at : found.start()]), meant]
            at = found.end()
    return b"".join([*parts, raw_bytes(text[at:])])


def _meant(found: re.Match[str]) -> bytes | None:
    letter, byte, short, long = found.groups()
    if letter:
        return _LETTERS[letter]
    if byte:
        return bytes([int(byte, 16)])
    code = int(short or long, 16)
    return chr(code).encode() if code < 0xD800 or 0xE000 <= code < 0x110000 else None


def raw_bytes(text: str) -> bytes:
    """A word as the bytes that came in: from a command line, bytes that are not UTF-8 come as lone surrogates."""
    return spelled_out(text, but_bytes=True).encode("utf-8", "surrogateescape")


def named(text: str) -> tuple[bytes, ...]:
    r"""The paths that somebody may mean: what is written, then the same letters as they stand (a file named `a\nb`)."""
    written, raw = path_bytes(text), raw_bytes(text)
    return (written,) if written == raw else (written, raw)


def spelled_out(text: str, *, but_bytes: bool = False) -> str:
    """Text that can be encoded: lone surrogates, which no encoding has, written out (`but_bytes`: other than bytes)."""
    if text.isascii():
        return text
    return "".join(c if not _is_lone(c) or (but_bytes and "\udc80" <= c <= "\udcff") else _surrogate(c) for c in text)


def _is_lone(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def _surrogate(character: str) -> str:
    code = ord(character)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
