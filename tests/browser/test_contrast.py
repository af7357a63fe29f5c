"""The colours of the bundle by the formula of WCAG 2: text 4.5 to 1, shapes 3 to 1, always on the worst background."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import exosuit.faces

BUNDLE = Path(exosuit.faces.__file__).parent / "web" / "assets"
PLAIN = ("bg", "bg2", "sel")
DIFF = ("addbg", "delbg", "addm", "delm")
TEXT = {
    "tx": (*PLAIN, *DIFF),
    "tx2": (*PLAIN, "addbg", "delbg"),
    "tx3": PLAIN,
    "against": PLAIN,
    "addt": ("bg", "addbg"),
    "delt": ("bg", "delbg"),
    "bg": ("tx",),
}
SHAPES = {"unk": PLAIN, "hatch": ("bg", "bg2"), "tx": PLAIN, "proved": PLAIN}


def tokens() -> dict[str, dict[str, str]]:
    """The colour tokens of both themes, read from the built style sheet."""
    sheet = "".join(path.read_text("utf-8") for path in sorted(BUNDLE.glob("*.css")))
    light = re.search(r":root\{([^}]*)\}", sheet)
    dark = re.search(r":root\[data-theme=.?dark.?\]\{([^}]*)\}", sheet)
    assert light
    assert dark
    return {
        name: dict(re.findall(r"--(\w+):(#[0-9a-f]+)", found[1])) for name, found in (("light", light), ("dark", dark))
    }


def luminance(colour: str) -> float:
    """Relative luminance of `#rgb` or `#rrggbb`."""
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """How much lighter the lighter of two colours is."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_shapes_stand_out_on_every_background_they_are_used_on(theme: str) -> None:
    colours = tokens()[theme]
    for uses, least in ((TEXT, 4.5), (SHAPES, 3.0)):
        for front, backs in uses.items():
            for back in backs:
                found = contrast(colours[front], colours[back])
                assert found >= least, f"{theme}: {front} on {back} is {found:.2f}, wanted {least}"


def test_the_dark_theme_of_the_system_is_the_one_of_the_command() -> None:
    sheet = "".join(path.read_text("utf-8") for path in sorted(BUNDLE.glob("*.css")))
    asked = re.search(r"prefers-color-scheme:\s*dark\)\{:root:not\([^{]*\{([^}]*)\}", sheet)
    assert asked
    assert dict(re.findall(r"--(\w+):(#[0-9a-f]+)", asked[1])) == tokens()["dark"]
