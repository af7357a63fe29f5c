"""A small registry of real commands over a real ledger: what the faces are tried on apart from the real commands.

Run as a program it is the command line over that registry: `python -m tests.wire.notes serve --json`.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from exosuit.core.database import Database
from exosuit.core.errors import ExosuitError
from exosuit.core.ledger import SCHEMA, Ledger
from exosuit.core.places import workspace_state
from exosuit.core.progress import Progress
from exosuit.core.registry import Argument, Effect, Registry
from exosuit.faces import connections, guard
from exosuit.faces.cli import main
from exosuit.faces.suit import Suit

registry = Registry()


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WriteAsk(Model):
    subject: Annotated[str, Argument(positional=True, metavar="SUBJECT")]
    words: Annotated[list[str], Argument(positional=True, metavar="WORD…")] = Field(default_factory=list)
    with_file: Annotated[str | None, Argument(metavar="FILE", file=True)] = Field(None, alias="with")
    pair: tuple[str, str] | None = None
    tags: list[str] = Field(default_factory=list)
    tone: Literal["plain", "loud"] = "plain"
    times: int = Field(1, ge=1, le=5, description="How often.")
    dry_run: bool = False
    secret: Annotated[str | None, Argument(hidden=True)] = None


class Written(Model):
    subject: str
    text: str
    pair: tuple[str, str] | None
    tags: list[str]
    seq: int | None


class ListAsk(Model):
    subject: Annotated[str, Argument(positional=True)] = ""
    wide: bool = False
    tags: list[str] = Field(default_factory=list)


class Note(Model):
    seq: int
    text: str


class Notes(Model):
    notes: list[Note]


class FailAsk(Model):
    how: Annotated[str, Argument(positional=True)] = "error"
    seconds: float = 0.0
    filler: int = 0


class Done(Model):
    done: bool = True
    filler: str = ""


@dataclass
class Desk:
    state: Path

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(Database(self.state / "notes.db", SCHEMA))


@dataclass
class Caller:
    root: Path
    actor: str
    progress: Progress

    @cached_property
    def workspace(self) -> Desk:
        return Desk(workspace_state(self.root))


@registry.command("note.write", effect=Effect.PROPOSE)
def write(caller: Caller, ask: WriteAsk) -> Written:
    """Write a note.

    It is kept in the ledger.
    """
    text = Path(ask.with_file).read_text() if ask.with_file else " ".join(ask.words * ask.times)
    text = text.upper() if ask.tone == "loud" else text
    seq = None if ask.dry_run else caller.workspace.ledger.append(ask.subject, "note", caller.actor, {"text": text})
    return Written(subject=ask.subject, text=text, pair=ask.pair, tags=ask.tags, seq=seq)


@registry.command("note.list", effect=Effect.READ)
def list_(caller: Caller, ask: ListAsk) -> Notes:
    """The notes on a subject, oldest first."""
    events = caller.workspace.ledger.events(ask.subject)
    return Notes(notes=[Note(seq=event.seq, text=event.data["text"]) for event in events])


@registry.command("note.fail", effect=Effect.READ)
def fail(caller: Caller, ask: FailAsk) -> Done:
    """Fail in a way of your choice."""
    if ask.how == "defect":
        raise RuntimeError("a defect with a \x1b[31msecret\x1b[0m")
    if ask.how == "half":
        return Done(filler="half a character: \ud800")
    if ask.how == "busy":
        raise ExosuitError("busy", "somebody else is at it", "try again", retryable=True)
    if ask.how == "missing":
        raise ExosuitError("no-such-note", "there is no such note", "exosuit note list")
    if ask.how == "error":
        raise ExosuitError("cannot", "it cannot be done\nhere", "do it elsewhere")
    for step in range(100):
        caller.progress(step, 100, "waiting")
        time.sleep(ask.seconds / 100)
    return Done(filler="x" * ask.filler)


@registry.command("note.dwell", effect=Effect.PROPOSE)
def dwell(caller: Caller, ask: FailAsk) -> Done:
    """Take long, then write a note."""
    for step in range(10):
        caller.progress(step, 10, "writing")
        time.sleep(ask.seconds / 10)
    caller.workspace.ledger.append(ask.how, "note", caller.actor, {"text": "dwelt"})
    return Done()


NOUNS = {"note": "Write and list notes."}
SUIT = Suit(NOUNS, lambda: registry, Caller)

if __name__ == "__main__":
    if "NOTES_SECONDS" in os.environ:  # deadlines that a test can wait for
        connections.HEAD_SECONDS = guard.BODY_SECONDS = connections.STALL_SECONDS = float(os.environ["NOTES_SECONDS"])
    sys.exit(main(suit=SUIT))
