"""Where the faces differ, and why: the whole list. The tests beside it hold that there are no others."""

from __future__ import annotations

NOT_ON_THE_COMMAND_LINE: dict[str, dict[str, str]] = {
    "change.import": {"patch_text": "a shell gives the patch as a file or by `--patch -`"},
    "change.edit": {"text": "a shell gives the text as a file or by `--with -`"},
}
"""Fields by command that only programs have, with the reason."""

NOT_ON_A_FACE: dict[str, dict[str, str]] = {}
"""Faces by command that do not offer it, with the reason: none today."""
