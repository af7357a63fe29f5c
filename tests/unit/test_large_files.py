"""Files of 100 MB, text and not: imported, decided in part, written, taken back."""

from __future__ import annotations

from exosuit.commands.catalogue import load
from exosuit.commands.session import Session
from tests.repository import Repository

LINES = 1_300_000
EDITS = range(7, LINES, 90_001)
MB = 1_000_000


def test_files_of_100_mb_go_through_the_whole_loop(workspace: Repository) -> None:
    lines = [b"%9d %s\n" % (n, b"x" * 68) for n in range(LINES)]
    text = b"".join(lines)
    for n in EDITS:
        lines[n] = lines[n].replace(b"x", b"y", 30)
    edited = b"".join(lines)
    binary = b"\0" * 100 * MB
    workspace.commit("old", {"a.txt": text, "b.bin": binary})
    workspace.git("branch", "old")
    workspace.commit("new", {"a.txt": edited, "b.bin": binary[:-1] + b"\1"})
    workspace.git("checkout", "--quiet", "old")
    assert min(len(text), len(edited), len(binary)) >= 100 * MB
    session, registry = Session(workspace.path, actor="test"), load()

    def call(name: str, **fields: object) -> dict[str, object]:
        return registry.dispatch(name, session, fields).model_dump()

    made = call("change.import", revisions="old..main")
    assert (made["atoms"], made["lines_added"]) == (len(EDITS) + 1, len(EDITS))
    change = made["change"]
    call("change.accept", change=change, all=True)
    call("change.reject", change=change, atoms=["1.1"])
    call("change.apply", change=change)
    start = EDITS[0] * 79
    assert workspace.read("a.txt") == edited[:start] + text[start : start + 79] + edited[start + 79 :]
    assert workspace.read("b.bin") == binary[:-1] + b"\1"
    call("change.undo", change=change)
    assert (workspace.read("a.txt"), workspace.read("b.bin")) == (text, binary)
