"""A workspace: the folder that is worked on, and its state beside it (shadow repository, ledger, store, journal)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from exosuit.changes.carry import Carried, carry
from exosuit.changes.change import Change, Claim, Provenance, change_id
from exosuit.changes.decisions import Decisions
from exosuit.changes.diff import diff_trees
from exosuit.changes.folding import Folding
from exosuit.changes.repository import Repository
from exosuit.changes.shadow import Shadow
from exosuit.changes.sources import Ground, Source
from exosuit.changes.store import SCHEMA as STORE_SCHEMA
from exosuit.changes.store import Store
from exosuit.core.database import Database
from exosuit.core.errors import ExosuitError
from exosuit.core.ledger import SCHEMA as LEDGER_SCHEMA
from exosuit.core.ledger import Event, Ledger
from exosuit.core.pauses import no_pauses
from exosuit.core.places import workspace_state

CACHED = 8
"""Changes kept in memory per process."""


NOTHING_SAID = Claim()

MADE_BY = {"revisions": "revision", "worktree": "working tree", "patch": "patch", "dirs": "folder", "edit": "person"}
"""Who made a change, by its kind of source, where nobody said."""


class Workspace:
    """One folder and all that is known of it. Safe to share between threads; processes share it through its state."""

    def __init__(self, root: Path, repository: Repository | None, state: Path) -> None:
        self.root = root
        self.repository = repository
        self.state = state
        self._lock = threading.RLock()  # the database's as well
        self._shadow: Shadow | None = None
        self._database: Database | None = None
        self._changes: dict[str, Change] = {}
        self._histories: dict[str, _History] = {}

    @classmethod
    def open(cls, folder: Path) -> Workspace:
        """The workspace that holds `folder`: its repository's top level, or the plain folder itself."""
        if not folder.is_dir():
            raise ExosuitError("no-such-folder", f"{folder} is not a folder", "name an existing folder with -C")
        repository = Repository.at(folder)
        root = repository.root if repository else folder.resolve()
        try:
            return cls(root, repository, workspace_state(root))
        except OSError as error:
            raise ExosuitError(
                "read-only",
                f"cannot make the state folder ({error})",
                "check its permissions, or set EXOSUIT_STATE to a folder that you can write",
            ) from error

    @property
    def shadow(self) -> Shadow:
        """The shadow repository, opened on first use; it borrows from the workspace's own."""
        with self._lock:
            if self._shadow is None:
                shadow = Shadow(self.state / "shadow.git")
                if self.repository is not None:
                    shadow.borrow(self.repository.objects)
                self._shadow = shadow
            return self._shadow

    @property
    def database(self) -> Database:
        """The database, opened on first use."""
        with self._lock:
            if self._database is None:
                self._database = Database(self.state / "state.db", LEDGER_SCHEMA + STORE_SCHEMA, self._lock)
            return self._database

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.database)

    @property
    def store(self) -> Store:
        return Store(self.database)

    @property
    def ground(self) -> Ground:
        return Ground(self.root, self.repository, self.shadow)

    def bring_in(
        self,
        source: Source,
        actor: str,
        *,
        claim: Claim = NOTHING_SAID,
        progress: Callable[[int, int], None] | None = None,
    ) -> tuple[Change, bool, Carried]:
        """Import a source as a change; decisions on its last import come along where they still hold.

        Returns the change, whether it is new, and what was carried. Raises `nothing-changed` when both sides are equal.
        """
        pair = source.pair(self.ground)
        if pair.base == pair.head:
            raise ExosuitError(
                "nothing-changed", f"{source.label}: both sides are the same", "there is nothing to review"
            )
        name = change_id(pair.base, pair.head, source.key)
        if self.store.database.query("SELECT 1 FROM changes WHERE id = ?", (name,)):
            return self.change(name), False, Carried()
        generator = claim.generator or MADE_BY[source.key.partition(" ")[0]]
        provenance = Provenance(
            generator, source.label, source.key, pair.base_name, pair.head_name, claim.prompt, claim.command
        )
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with no_pauses():
            files = diff_trees(self.shadow.git_dir, pair.base, pair.head, progress)
            change = Change(name, claim.title or pair.title, created, pair.base, pair.head, provenance, tuple(files))
            return self._keep(change, actor)

    def _keep(self, change: Change, actor: str) -> tuple[Change, bool, Carried]:
        """Store a change with what is carried over to it, as one step: nobody can decide anything in between."""
        earlier = self.store.latest_of(change.provenance.key, change.id)
        carried = Carried()
        if earlier is not None:
            carried = carry(self.change(earlier), self.decisions(earlier), change, self.shadow)
        with self.database.transaction():
            if not self.store.save(change):
                return self.change(change.id), False, Carried()
            self.ledger.append(change.id, "import", actor, {"source": change.provenance.source})
            if carried.atoms:
                data = {**carried.as_event(), "from": earlier, "asked_again": carried.asked_again}
                self.ledger.append(change.id, "carry", actor, data, key=f"carry {earlier} {change.id}")
        # Not remembered: who asks for it again gets it packed, and a server is spared the many objects of this one.
        return change, True, carried

    def change(self, name: str) -> Change:
        """A change by id, by the beginning of one, or `last`; raises `no-such-change`."""
        with self._lock:
            if name in self._changes:
                return self._changes[name]
            change = self.store.load(self.store.find(name))
            return self._changes.get(change.id) or self._remember(change)

    def _remember(self, change: Change) -> Change:
        self._changes[change.id] = change
        while len(self._changes) > CACHED:
            self._changes.pop(next(iter(self._changes)))
        return change

    def decisions(self, name: str) -> Decisions:
        """The state of a change now, other processes' events included. Don't alter what you get."""
        change = self.change(name)
        with self._lock:
            history = self._histories.get(change.id) or self._histories.setdefault(change.id, _History(change.atoms))
            history.go_on(self.ledger.events(change.id, history.folding.seq))
            return history.decisions

    def events(self, name: str) -> list[Event]:
        """The history of a change, oldest first."""
        change = self.change(name)
        with self._lock:
            self.decisions(change.id)
            return list(self._histories[change.id].events)

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            if self._database is not None:
                self._database.close()


class _History:
    """The events of a change that this process has seen, and what they amount to."""

    def __init__(self, atoms: int) -> None:
        self.events: list[Event] = []
        self.folding = Folding(atoms)
        self.decisions = self.folding.decisions()

    def go_on(self, news: list[Event]) -> None:
        """Take further events in."""
        if news:
            self.events += news
            self.folding.take(news)
            self.decisions = self.folding.decisions()
