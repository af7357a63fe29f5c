"""Parameters of Python functions as far as calls can tell: their names and kinds, and which may be left out."""

from __future__ import annotations

import ast

MARK = "py "
"""What the text of a Python signature begins with; others are compared as they are."""


def signature(given: ast.arguments) -> str:
    """One word for each parameter, `=` behind those that may be left out; annotations and defaults are not told."""
    positional = [*given.posonlyargs, *given.args]
    optional = len(positional) - len(given.defaults)
    words = [arg.arg + ("=" if at >= optional else "") for at, arg in enumerate(positional)]
    if given.posonlyargs:
        words.insert(len(given.posonlyargs), "/")
    words.append("*" + (given.vararg.arg if given.vararg else ""))
    words += [
        arg.arg + ("=" if default is not None else "")
        for arg, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    return MARK + " ".join([*words, "**"] if given.kwarg else words)


def accepts(new: str, old: str) -> bool:
    """Whether every call that fits one signature fits another; False where that is not told."""
    if not (new.startswith(MARK) and old.startswith(MARK)):
        return False
    (places, gathers, names, takes_all), (before, gathered, named, took_all) = map(_parts, (new, old))
    more = places[len(before) :]
    return (
        all(_serves(here, there) for here, there in zip(places, before, strict=False))
        and len(places) >= len(before)
        and all(word.endswith("=") for word in more)
        and (gathers or not gathered)
        and not (gathered and more)
        and (takes_all or not took_all)
        and all(name in names and (names[name] or not named[name]) for name in named)
        and all(optional or name in named for name, optional in names.items())
    )


def _serves(new: str, old: str) -> bool:
    return new in (old, f"{old}=")


def _parts(text: str) -> tuple[list[str], bool, dict[str, bool], bool]:
    """Positional parameters, whether more are gathered, those by name and whether they may be left out, and `**`."""
    words = text.removeprefix(MARK).split(" ")
    star = next(at for at, word in enumerate(words) if word.startswith("*") and word != "**")
    by_name = [word for word in words[star + 1 :] if word != "**"]
    named = {word.removesuffix("="): word.endswith("=") for word in by_name}
    return words[:star], words[star] != "*", named, "**" in words
