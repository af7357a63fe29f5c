"""Writing one line: a search, a reason, a comment. A pure line editor."""

from __future__ import annotations

from dataclasses import replace

from exosuit.faces.terminal.state import Prompt

ASKS = {"search": "search: ", "reason": "reject because: ", "comment": "comment: "}


def typed(prompt: Prompt, key: str) -> Prompt:
    """The line after a key that is neither Enter nor Escape."""
    text, at = prompt.text, prompt.at
    match key:
        case "Backspace":
            return replace(prompt, text=text[: max(0, at - 1)] + text[at:], at=max(0, at - 1))
        case "Delete":
            return replace(prompt, text=text[:at] + text[at + 1 :])
        case "ArrowLeft":
            return replace(prompt, at=max(0, at - 1))
        case "ArrowRight":
            return replace(prompt, at=min(len(text), at + 1))
        case "Home" | "Ctrl+A":
            return replace(prompt, at=0)
        case "End" | "Ctrl+E":
            return replace(prompt, at=len(text))
        case "Ctrl+U":
            return replace(prompt, text=text[at:], at=0)
        case "Ctrl+W":
            start = len(text[:at].rstrip().rpartition(" ")[0])
            start += 1 if start else 0
            return replace(prompt, text=text[:start] + text[at:], at=start)
    letter = " " if key == "Space" else key
    if len(letter) == 1 and letter.isprintable():
        return replace(prompt, text=text[:at] + letter + text[at:], at=at + 1)
    return prompt


def matching(paths: list[str], letters: str) -> list[int]:
    """Numbers (from 1) of the paths that hold the letters in order; close together and near the end first."""
    if not letters:
        return list(range(1, len(paths) + 1))
    found = [(score, number) for number, path in enumerate(paths, 1) if (score := _spread(path, letters)) is not None]
    return [number for _, number in sorted(found)]


def _spread(path: str, letters: str) -> tuple[int, int] | None:
    """(characters that the letters span, characters from the first on); None if they are not there in order."""
    text, wanted = path.lower(), letters.lower()
    whole = text.rfind(wanted)
    if whole >= 0:
        return len(wanted), len(text) - whole
    at = end = len(text)
    for i, letter in enumerate(reversed(wanted)):
        at = text.rfind(letter, 0, at)
        if at < 0:
            return None
        end = at + 1 if i == 0 else end
    return end - at, len(text) - at
