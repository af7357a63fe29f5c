"""A git repository with a change of a given size: Python-like files, edits of all shapes, same seed same bytes."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

WORDS = (
    "request session cookie server name host match domain default config path value result index token "
    "field event change store window order queue worker batch cursor folder"
).split()
FOLDERS = ("src/depot", "src/depot/store", "src/depot/web", "src/depot/jobs", "tests", "tests/web", "docs")


def line(dice: random.Random, number: int) -> str:
    """One line of made-up code, its number in it so that lines differ."""
    a, b, c = (dice.choice(WORDS) for _ in range(3))
    indent = "    " * dice.choice((1, 1, 2, 2, 3))
    shapes = (
        f"if {a}.{b} is not None and {c} > {number}:",
        f"return self.{a}({b}, {c}={number})",
        f'{a} = {b}.get("{c}", {number})  # keep the {c}',
        f"# The {a} of the {b} is read once and kept for the {c} ({number}).",
        f"for {a} in {b}s[{number}:]:",
        f'raise ValueError("no {a} in {b} {number}")',
        f"{a}_{b} = self.{c}.{b}({number}, {a}={a}, default=None)",
    )
    return indent + dice.choice(shapes)


def body(dice: random.Random, length: int) -> list[str]:
    """Definitions of about a dozen lines each."""
    lines: list[str] = []
    while len(lines) < length:
        lines += ["", f"def {dice.choice(WORDS)}_{len(lines)}({dice.choice(WORDS)}, {dice.choice(WORDS)}=None):"]
        lines += [line(dice, len(lines) + k) for k in range(dice.randint(6, 16))]
    return lines[:length]


def edited(dice: random.Random, old: list[str], changed: int) -> list[str]:
    """The lines with about `changed` removed or added lines, in hunks of a few, unchanged lines between them."""
    new: list[str] = []
    at, left = 0, changed
    while at < len(old):
        keep = dice.randint(5, 14)
        new += old[at : at + keep]
        at += keep
        if left > 0 and at < len(old):
            removed, added = dice.choice(((1, 1), (2, 2), (0, 3), (3, 0), (2, 5), (4, 1), (6, 6)))
            replaced = old[at : at + removed]
            new += [text.replace("self", "this") + "  # now" for text in replaced[:added]]
            new += [line(dice, at + k) for k in range(max(0, added - len(replaced)))]
            at += removed
            left -= removed + added
    return new


def make(root: Path, lines: int, files: int, seed: int = 1) -> None:
    """Make the repository: branch `base` and branch `head`, `lines` changed lines in `files` files."""
    dice = random.Random(seed)
    share = max(4, lines // files)
    names = [f"{FOLDERS[i * len(FOLDERS) // files]}/{WORDS[i % len(WORDS)]}_{i}.py" for i in range(files)]
    run(root, "init", "-q", "-b", "base")
    texts = {name: body(dice, share * 2 + 30) for name in names}
    write(root, texts)
    commit(root, "Start of the depot")
    run(root, "checkout", "-q", "-b", "head")
    write(root, {name: edited(dice, old, share) for name, old in texts.items()})
    commit(root, "What the agent made")


def write(root: Path, texts: dict[str, list[str]]) -> None:
    """Write files, making their folders."""
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(text) + "\n", "utf-8")


def commit(root: Path, message: str) -> None:
    """Everything into one commit, by a made-up author."""
    run(root, "add", "--all")
    run(root, "commit", "-q", "-m", message)


def run(root: Path, *arguments: str) -> None:
    """Git, without the machine's configuration."""
    who = {"NAME": "Ada Byron", "EMAIL": "ada@example.org", "DATE": "2026-01-02T03:04:05Z"}
    identity = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *arguments], cwd=root, check=True, env={**os.environ, **identity, **quiet})
