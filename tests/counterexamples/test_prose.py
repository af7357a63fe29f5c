"""Prose that reads as before is proved; whatever a reader could notice, or a program could read, is not."""

# ruff: noqa: E501 (a line for each counter-example)

from __future__ import annotations

import pytest

from tests.counterexamples.planned import Planned, edit, planned

TEXT = "One thing that is said here is long\nenough to be wrapped in another way.\n"
OTHER = "Another thing that is said is also\nlong enough to be a paragraph of words.\n"


def proved(base: str, head: str, path: str = "docs/a.md") -> set[str]:
    return edit(base, head, path).proved_lines()


def went(old: str, new: str, *, left: str = "", before: str = "") -> Planned:
    """A text that goes from one file to another, which may have had a text `before`; `left` stays behind."""
    return planned({"a.rst": OTHER + "\n" + old, "b.md": before}, {"a.rst": OTHER + left, "b.md": before + new})


def test_a_paragraph_that_was_wrapped_anew_is_proved() -> None:
    found = edit(
        f"{TEXT}\n{OTHER}",
        "One thing that is\nsaid here is long enough to be wrapped in another way.\n\n" + OTHER,
        "a.rst",
    )
    assert found.plan.stats.proved == found.plan.stats.lines
    assert found.kinds() == {"prose": "Prose wrapped anew or in another markup"}


def test_paragraphs_that_went_to_another_file_in_another_markup_are_one_group() -> None:
    old = "Title of it\n-----------\n\n-   Fix :func:`run` with ``x``. :pr:`12`\n    It was wrong before this.\n-   See `the page <https://a.b/c>`_ for all that is new in it.\n"
    new = "## Title of it\n\n- Fix {func}`run` with `x`. {pr}`12` It was wrong\n  before this.\n- See [the page](https://a.b/c) for all that is new in it.\n"
    found = went(old, new)
    assert found.plan.stats.proved == found.plan.stats.lines
    assert found.kinds() == {"prose": "Move paragraphs from a.rst to b.md"}


NEVER = {
    "a word": (TEXT, TEXT.replace("long", "short")),
    "a sign": (TEXT, TEXT.replace("way.", "way?")),
    "a sign in code": ("Use it `if a == b and c` where it is long enough\n", "Use it `if a != b and c` where it is long\nenough\n"),
    "what becomes code": (TEXT, "```\n" + TEXT + "```\n"),
    "what becomes a block": (TEXT, "    " + TEXT.replace("\n", "\n    ").rstrip() + "\n"),
    "spaces in a fence": ("```\nif a and b:\n    c and d\n    e and f\n```\n", "```\nif a and b:\n    c and d\ne and f\n```\n"),
    "spaces in a block": ("Say::\n\n    if a and b:\n        c and d\n        e and f\n", "Say::\n\n    if a and b:\n        c and d\n    e and f\n"),
    "lines of a block": ("Say::\n\n    one two three\n    four five six\n", "Say::\n\n    one two three four\n    five six\n"),
    "the order of paragraphs": (f"{TEXT}\n{OTHER}", f"{OTHER}\n{TEXT}"),
    "a paragraph torn": (TEXT, TEXT.replace("\n", "\n\n", 1)),
    "paragraphs joined": (f"{TEXT}\n{OTHER}", TEXT + OTHER),
    "front matter": ("---\na: one two three\nb: four five six\n---\n", "---\na: one two three b: four\n  five six\n---\n"),
    "a directive": (".. image:: a b c d e f g\n   :alt: h i j\n", ".. image:: a b c d e f g :alt:\n   h i j\n"),
    "a table": ("| a b c | d e f |\n| g h i | j k l |\n", "| a b c | d e f | | g h i | j k l |\n"),
    "the number of a step": ("3. " + TEXT.replace("\n", " ", 1), "4. " + TEXT.replace("\n", " ", 1)),
    "a link's goal": ("See [the page of it all](https://a.b/c) for more of that\n", "See [the page of it all](https://a.b/d) for\nmore of that\n"),
    "characters that do not show": (TEXT, TEXT.replace("One", "O\u200bne").replace("\n", " ", 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
@pytest.mark.parametrize("path", ["docs/a.md", "docs/a.rst"])
def test_what_a_reader_could_notice_is_not_proved(name: str, path: str) -> None:
    base, head = NEVER[name]
    assert proved(base, head, path) == set()
    assert not {line for line in proved(f"Top\n\n{base}\nEnd\n", f"Top\n\n\n{head}\n\nEnd\n", path) if line[1:].strip()}


def test_lines_that_a_program_reads_are_no_prose() -> None:
    base = "first==1.0\nsecond==2.0\nthird==3.0\nfourth==4.0\nfifth==5.0\nsixth==6.0\nseventh==7.0\n"
    assert proved(base, base.replace("\n", " ", 3), "requirements.txt") == set()


def test_what_went_and_was_edited_is_to_be_read() -> None:
    assert not went(TEXT, TEXT.replace("long", "short")).proved_lines()
    assert went(TEXT, TEXT.replace("long", "long")).proved_lines()


def test_what_stayed_and_was_written_again_elsewhere_did_not_go() -> None:
    assert not went(TEXT, TEXT, left="\n" + TEXT).proved_lines()


def test_paragraphs_that_went_in_another_order_are_not_all_proved() -> None:
    third = "A third thing is said here too and it\nis also long enough for that.\n"
    found = went(f"{TEXT}\n{third}", f"{third}\n{TEXT}").proved_lines()
    assert not {f"+{TEXT.splitlines()[0]}", f"+{third.splitlines()[0]}"} <= found


def test_prose_that_went_into_a_fence_is_code() -> None:
    base = {"a.md": f"{OTHER}\n{TEXT}", "b.md": "```text\na\n```\n"}
    assert not planned(base, {"a.md": OTHER, "b.md": f"```text\n{TEXT}\n```\n"}).proved_lines()


def test_each_blank_line_goes_with_one_paragraph_only() -> None:
    third = "A third thing is said here too and it\nis also long enough for that.\n"
    found = planned(
        {"a.md": f"# A\n\n{TEXT}\n{OTHER}\n{third}"}, {"a.md": "# A\n", "b.md": TEXT, "c.md": OTHER, "d.md": third}
    )
    atoms = [atom for group in found.plan.groups for atom in found.reading.atoms_of(group.atoms)]
    assert sorted(atoms) == list(range(found.change.atoms))
    assert found.proved_lines()
