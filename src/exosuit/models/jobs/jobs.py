"""Jobs: questions to a route that are asked in the background, by whichever process works at them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from exosuit.core.database import Database
from exosuit.core.errors import ExosuitError
from exosuit.core.places import state_root
from exosuit.models.jobs.store import SCHEMA, Row, State, Store
from exosuit.models.meter.owners import Owner, is_dead

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.settings import ModelSettings


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is now; `error` has code, message and hint where it failed, or why it waits again."""

    id: str
    key: str | None
    route: str
    app: str
    state: State
    attempts: int
    answer: ModelResponse | None
    error: dict[str, Any]


class Jobs:
    """The jobs of this user, in the state folder: contents too, so its folder is the user's alone.

    What is promised: what `add` returned from is never lost, and has one answer. A job that was on its way when its
    process was killed is asked again, which no provider can tell from a new question: the meter has both. With
    `repeat=False` it ends as `unknown` instead.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._owners = folder / "owners"
        self._owner = Owner(self._owners)
        self._database = Database(folder / "jobs.db", SCHEMA)
        self.store = Store(self._database)
        self.bury()

    @classmethod
    def open(cls, folder: Path | None = None) -> Self:
        """Those of this user, unless `folder` is given."""
        return cls(folder or state_root() / "jobs")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go; what this process is at then waits again."""
        self._owner.close()
        self.bury()
        self._database.close()

    @property
    def owner(self) -> str:
        """This process, as its jobs name it."""
        return self._owner.name

    def add(
        self,
        route: str,
        messages: Sequence[ModelMessage],
        settings: ModelSettings | None = None,
        *,
        app: str = "",
        key: str | None = None,
        repeat: bool = True,
    ) -> str:
        """Write a question down; returns its id, once it is on the disk. A `key` that was used before adds nothing."""
        from pydantic_ai.messages import ModelMessagesTypeAdapter

        asked = ModelMessagesTypeAdapter.dump_json(list(messages))
        name, told = uuid.uuid4().hex, json.dumps(settings or {})
        return self.store.add(
            Row(name, key, route, app, name, "", asked, told, repeat, "waiting", 0, 0, False, None, "")
        )

    def get(self, name: str) -> Job:
        """A job by its id; raises `no-such-job`."""
        row = self.store.get(name)
        if row is None:
            raise ExosuitError("no-such-job", f"there is no job {name!r}", "it may have been forgotten")
        answer = None if row.answer is None else read(row.answer)[0]
        error = json.loads(row.error) if row.error else {}
        return Job(row.id, row.key, row.route, row.app, row.state, row.attempts, answer, error)  # type: ignore[arg-type]

    def cancel(self, name: str) -> bool:
        """It is not wanted any more; whoever is at it hangs up within a moment. False if it has ended before."""
        return self.store.cancel(name)

    def forget(self, name: str) -> bool:
        """Delete a job that has ended, with its question and its answer."""
        return self.store.forget(name)

    def bury(self) -> None:
        """Let what the dead were at wait again."""
        with self._database.transaction():
            self.store.bury(lambda owner: is_dead(self._owners, owner))


def read(text: bytes) -> list[ModelMessage]:
    """Messages from JSON."""
    from pydantic_ai.messages import ModelMessagesTypeAdapter

    return ModelMessagesTypeAdapter.validate_json(text)


def milliseconds() -> int:
    """Now, since 1970."""
    return int(time.time() * 1000)
