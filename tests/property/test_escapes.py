"""The notation of paths: what is written can be read back, whatever the bytes; nothing in it steers or hides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exosuit.core.escapes import named, path_bytes, path_text, raw_bytes, spelled_out
from exosuit.faces.text import shown

ODD = [
    b"\\",
    b"\\n",
    b"\\x",
    b"\\x4",
    b"\\x41",
    b"\\u202e",
    b"\n",
    b"\r",
    b"\t",
    b"\x1b[2J",
    b"\xff",
    b"\xc2\x85",
    b"\x85",
]
ODD += [c.encode() for c in ("\u202e", "\u200b", "\U000e0041", "\ue000", "é", "a", "x41")] + [b"\xed\xb3\xbf"]
paths = st.one_of(st.binary(max_size=12), st.lists(st.sampled_from(ODD), max_size=6).map(b"".join))


@pytest.mark.parametrize("around", [b"%s", b"a%sb", b"%s%s", b"\\%s", b"\\x%s1", b"%s\\", b"\xc3%s", b"d/%s.txt"])
def test_every_byte_comes_back_from_what_is_printed(around: bytes) -> None:
    for byte in range(256):
        path = around.replace(b"%s", bytes([byte]))
        assert path_bytes(path_text(path)) == path
        assert path_bytes(shown(path_text(path))) == path
        assert named(path_text(path))[0] == path


@given(paths)
def test_what_is_written_reads_back_and_holds_nothing_that_hides(path: bytes) -> None:
    text = path_text(path)
    assert path_bytes(text) == path
    assert path_bytes(shown(text)) == path
    assert not set(text) & set(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0xAD, 0x202E, 0x200B]))
    text.encode()


@given(paths, paths)
def test_no_two_paths_are_written_alike(a: bytes, b: bytes) -> None:
    assert (path_text(a) == path_text(b)) == (a == b)


@given(st.text(st.characters(codec=None), max_size=8))
def test_any_word_is_some_path(text: str) -> None:
    for path in named(text):
        assert isinstance(path, bytes)


@given(paths)
def test_a_word_of_a_command_line_is_the_bytes_that_were_typed(path: bytes) -> None:
    assert raw_bytes(path.decode("utf-8", "surrogateescape")) == path
    assert path in named(path.decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (r"a\xffb", b"a\xffb"), (r"\x1b", b"\x1b"), (r"\n", b"\n"), (r"\\n", b"\\n"), (r"\\\n", b"\\\n"),
        (r"\u202e", b"\xe2\x80\xae"), (r"\U0001F600", b"\xf0\x9f\x98\x80"), (r"\d.txt", b"\\d.txt"), ("\\", b"\\"),
        (r"\x", b"\\x"), (r"\xf", b"\\xf"), (r"\ud800", b"\\ud800"), (r"\U00110000", b"\\U00110000"), ("", b""),
    ],
)  # fmt: skip
def test_the_notation(text: str, path: bytes) -> None:
    assert path_bytes(text) == path


def test_what_begins_nothing_may_also_be_meant_as_it_stands() -> None:
    assert named(r"a\nb") == (b"a\nb", b"a\\nb")
    assert named("plain") == (b"plain",)


def test_lone_surrogates_are_spelled_out() -> None:
    assert spelled_out("é\udcff\ud800") == "é\\xff\\ud800"
