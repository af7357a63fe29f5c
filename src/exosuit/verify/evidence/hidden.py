"""Characters in added lines that do not show, turn the order of others, or look like others; in any text file.

After "Trojan Source" (Boucher and Anderson, 2021), Unicode UTS #39 and #55. Scripts are told by names of characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from exosuit.verify.evidence.material import Material
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.touch import Touch, each
from exosuit.verify.plan.places import is_data, is_prose, is_vendored
from exosuit.verify.plan.python.scopes import own_parts
from exosuit.verify.plan.python.source import Source

KIND = "hidden characters"

LARGE_TABLE = 100
"""With more different odd signs than this, a line is a table of them."""

_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0000-\U000e007f]+")
_SELECTORS = re.compile("[\U000e0100-\U000e01ef]{2,}|[\ufe00-\ufe0f]{2,}")
_NOTHING = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\uffa0\ufff9-\ufffb]|(?<!^)\ufeff"
)
_JOINERS = re.compile("[\u200c\u200d\u200e\u200f]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\x80-\x84\x86-\x9f]|\x1b(?=[\\[\\]PX^_])|\r(?!\n|$)")
_WORD = re.compile(r"[^\W\d_][\w\u200b-\u200f\u2060\ufeff\u00ad]*")

LOOKALIKES = {
    chr(int(one[:4], 16)): one[4:] for one in (
        "0430a 0432b 0435e 043ak 043cm 043dh 043eo 0440p 0441c 0442t 0443y 0445x 0455s 0456i 0458j 04bbh 0501d 051bq "
        "051dw 04cfl 044cb 0433r 0410A 0412B 0415E 041aK 041cM 041dH 041eO 0420P 0421C 0422T 0423Y 0425X 0405S 0406I "
        "0408J 050cG 04c0I 0391A 0392B 0395E 0396Z 0397H 0399I 039aK 039cM 039dN 039fO 03a1P 03a4T 03a5Y 03a7X 03bfo "
        "03bdv 03c1p 03c5u 03b9i 03bak 03f2c 03f3j 0585o 057du 0578n 0570h 0581g 0566q 0475v 0261g 0251a 0269i 2113l "
    ).split()
}  # fmt: skip
"""Letters that stand for a Latin one to the eye: Cyrillic, Greek, Armenian and Latin's own doubles, by code point."""

_LOOKS = re.compile(f"[{''.join(LOOKALIKES)}]")


def hidden(material: Material) -> list[Evidence]:
    """Hidden, turning and lookalike characters that a change brings in."""
    return each(material.files, KIND, _of_file)


def _of_file(touch: Touch) -> Iterator[Evidence]:
    prose = (
        is_prose(touch.path)
        or is_vendored(touch.path)
        or touch.path.endswith((b".html", b".xml", b".ftl", b".strings", b".xliff"))
    )
    names: frozenset[str] | None = None
    for line, data in touch.new_lines():
        if data.isascii() and not _ascii_control(data):
            continue
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            if touch.file.is_python or touch.path.endswith((b".py", b".js", b".ts", b".toml", b".json")):
                title = f"{touch.name}:{line + 1} is not UTF-8."
                yield touch.evidence(KIND, "unknown", title, head=[line])
            continue
        table = len({sign for sign in text if not sign.isascii()}) > LARGE_TABLE
        for what, sign, against in _found(text, prose or table, line == 0, is_data(touch.path)):
            title = f"{touch.name}:{line + 1} holds {what}: {_named(sign)}."
            yield touch.evidence(KIND, "against" if against else "unknown", title, head=[line])
        if not prose:
            if names is None:
                names = _identifiers(touch.file.head_source)
            yield from _lookalikes(touch, line, text, names)


def _ascii_control(data: bytes) -> bool:
    return bool(_CONTROLS.search(data.decode("ascii").rstrip("\r\n")))


def _named(sign: str) -> str:
    return f"U+{ord(sign):04X} {unicodedata.name(sign, 'without a name')}".lower().replace("u+", "U+", 1)


def _found(text: str, prose: bool, first: bool, data: bool) -> Iterator[tuple[str, str, bool]]:
    """What a line holds: words for it, its first sign, and whether that is against it or only to be looked at."""
    if match := _TURNS.search(text):
        right_to_left = any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in text)
        isolates = not re.search("[\u202a-\u202e]", text)
        yield (
            "a character that turns the order in which text is shown",
            match[0],
            not (prose and (isolates or right_to_left)),
        )
    if match := _TAGS.search(text):
        yield "text in invisible tag characters", match[0][0], True
    if match := _SELECTORS.search(text):
        yield "a row of invisible variation selectors", match[0][0], True
    if match := _NOTHING.search(text.removeprefix("\ufeff") if first else text):
        soft = match[0] == "\u00ad" and prose
        yield "a character that does not show", match[0], not (prose or data) and not soft
    if sign := _joiner(text):
        yield "a character that does not show", sign, not (prose or data)
    if match := _CONTROLS.search(text.rstrip("\r\n")):
        yield "a control character", match[0][0], not (prose or data)


def _joiner(text: str) -> str:
    """A joiner or a direction mark where it joins nothing: not in an emoji, not beside a script that needs it."""
    for match in _JOINERS.finditer(text):
        near = text[max(0, match.start() - 2) : match.start()] + text[match.end() : match.end() + 2]
        if not any(ord(sign) > 0x2FF for sign in near):
            return match[0]
    return ""


def _identifiers(source: Source | None) -> frozenset[str]:
    """The names in a Python file that are not plain ASCII, as the compiler reads them; empty for other files."""
    found: set[str] = set()
    for statement in source.statements if source else ():
        for part in own_parts(statement.node):
            for field in part._fields:
                value: Any = getattr(part, field, None)
                if isinstance(value, str) and field in ("id", "attr", "arg", "name", "asname", "module"):
                    found.add(value)
    return frozenset(found)


def _lookalikes(touch: Touch, line: int, text: str, names: frozenset[str]) -> Iterator[Evidence]:
    """Words that are not what they look like: letters of two scripts, or all of another that spells a Latin name."""
    is_code = touch.file.head_source is not None
    for match in _WORD.finditer(text):
        word = match[0]
        if word.isascii():
            continue
        folded = unicodedata.normalize("NFKC", word)
        if is_code and folded != word and folded.isascii() and folded in names:
            title = f"{touch.name}:{line + 1} writes `{folded}` in letters that only look like it."
            yield touch.evidence(KIND, "against", title, head=[line])
        elif _LOOKS.search(word):
            yield from _spoofed(touch, line, word, folded, names, is_code)


def _spoofed(
    touch: Touch, line: int, word: str, folded: str, names: frozenset[str], is_code: bool
) -> Iterator[Evidence]:
    plain = "".join(LOOKALIKES.get(sign, sign) for sign in word)
    mixed = len(scripts(word)) > 1
    named = folded in names
    if named and plain.isascii() and (mixed or plain in names):
        title = f"{touch.name}:{line + 1}: a name that looks like `{plain}` is another one, with {_odd(word)} in it."
        yield touch.evidence(KIND, "against", title, head=[line])
    elif mixed and plain.isascii() and len(word) > 2:
        title = f"{touch.name}:{line + 1}: a word that looks like `{plain}` has {_odd(word)} in it."
        yield touch.evidence(KIND, "unknown" if is_code and not named else "against", title, head=[line])


def _odd(word: str) -> str:
    return _named(next(sign for sign in word if sign in LOOKALIKES))


def scripts(word: str) -> set[str]:
    """The scripts of a word's letters, by the first word of each letter's name."""
    return {unicodedata.name(sign, "unknown").split()[0] for sign in word if sign.isalpha()}
