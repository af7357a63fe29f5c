"""Paragraphs and methods that go elsewhere with an edit hidden in one of them: the edit is never under a proof."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from exosuit.verify.plan.paragraphs import paragraphs
from tests.counterexamples.planned import Planned, planned

WORDS = st.sampled_from(["alpha", "beta", "`x`", "gamma", "delta", "is", "not", "a == b", "than"])
PARAGRAPHS = st.lists(st.lists(WORDS, min_size=7, max_size=20).map(tuple), min_size=1, max_size=5, unique=True)
NOT_SLOW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def wrapped(words: tuple[str, ...], width: int) -> str:
    """A paragraph with so many words in a line."""
    return "\n".join(" ".join(words[at : at + width]) for at in range(0, len(words), width)) + "\n"


def keys(texts: list[bytes]) -> list[bytes]:
    return sorted(one.key for text in texts for one in paragraphs(text.split(b"\n")))


def is_the_same_alone(found: Planned) -> bool:
    """Whether the proved atoms alone leave a reader the same paragraphs over all files."""
    proved = found.proved()
    alone = [
        file.with_only(atom - file.first for atom in proved if file.first <= atom < file.first + file.file.atoms)
        for file in found.reading.files
    ]
    return keys(alone) == keys([file.base for file in found.reading.files])


@NOT_SLOW
@given(PARAGRAPHS, PARAGRAPHS, st.data())
def test_a_word_that_was_changed_in_prose_that_went_is_never_proved(
    some: list[tuple[str, ...]], others: list[tuple[str, ...]], data: st.DataObject
) -> None:
    went = data.draw(st.lists(st.sampled_from(range(len(some))), unique=True))
    hidden = data.draw(st.sampled_from(range(len(some))))
    widths = data.draw(st.tuples(st.integers(2, 9), st.integers(2, 9)))
    after = list(some)
    after[hidden] = (*some[hidden][:3], "changed", *some[hidden][4:])
    base = {
        "a.md": "\n".join(wrapped(one, widths[0]) for one in some),
        "b.rst": "\n".join(wrapped(one, widths[0]) for one in others),
    }
    moved = [wrapped(after[at], widths[1]) for at in went]
    head = {
        "a.md": "\n".join(wrapped(one, widths[1]) for at, one in enumerate(after) if at not in went),
        "b.rst": "\n".join([*moved, *(wrapped(one, widths[0]) for one in others)]),
    }
    assume(base != head and head["a.md"])
    found = planned(base, head)
    assert not [line for line in found.proved_lines() if line.startswith("+") and "changed" in line]
    assert is_the_same_alone(found)


STATEMENTS = st.lists(
    st.sampled_from(
        ["self.a = b + 1", "if self.a:", "    self.b()", "return self.a", "x = len(b)", "for y in b:", "    y.c(x)",
         "pass", "x = super().f()", "print(rate)", "z = [rate for rate in b]", "del x", "print([rate for b in rate])"]
    ),
    min_size=4, max_size=10,
)  # fmt: skip


@NOT_SLOW
@given(STATEMENTS, st.integers(0, 9), st.sampled_from(["x != 97", "pass  # 97", "rate = 97"]))
def test_a_line_that_was_changed_in_a_method_that_went_is_never_proved(body: list[str], at: int, new: str) -> None:
    rows = [f"        {row}" for row in body]
    after = list(rows)
    place = at % len(rows)
    after[place] = rows[place][: len(rows[place]) - len(rows[place].lstrip())] + new
    top = "class A:\n    k = 1\n"
    method = "\n    def went(self, b):\n"
    base = {"a.py": top + method + "\n".join(rows) + "\n", "b.py": "rate = 1\n\n\n" + top}
    head = {"a.py": top, "b.py": "rate = 1\n\n\n" + top + method + "\n".join(after) + "\n"}
    proved = planned(base, head).proved_lines()
    assert not [line for line in proved if "97" in line or "super" in line or "print(" in line]
    assert {line[1:] for line in proved if line[0] == "-"} == {line[1:] for line in proved if line[0] == "+"}
