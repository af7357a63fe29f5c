"""Fragments of the changelog: one file for each thing that a user would notice; changelog.d/README.md says how."""

from __future__ import annotations

import re
from pathlib import Path

KINDS = ("added", "changed", "fixed", "removed", "security")
NAME = re.compile(rf"[a-z0-9]+(?:-[a-z0-9]+)*\.(?:{'|'.join(KINDS)})\.md")
LONGEST = 600


def problems(root: Path) -> list[str]:
    """What is wrong with each fragment: its name, its length, or its first and last character."""
    found = []
    for path in sorted((root / "changelog.d").iterdir()):
        if path.name == "README.md":
            continue
        place = f"changelog.d/{path.name}"
        if not NAME.fullmatch(path.name):
            found.append(f"{place}: the name is not words-with-hyphens.KIND.md, KIND one of {', '.join(KINDS)}")
            continue
        text = path.read_text("utf-8").strip()
        if not text or len(text) > LONGEST:
            found.append(f"{place}: {len(text)} characters; between 1 and {LONGEST} are wanted")
        elif not (text[0].isupper() or text[0] == "`") or not text.endswith("."):
            found.append(
                f"{place}: a fragment is whole sentences: it starts with a capital or code and ends with a full stop"
            )
    return found
