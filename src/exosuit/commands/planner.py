"""Plans made beside a server: in a process of its own that gives way to all others, so that no jump waits for one.

`python -m exosuit.commands.planner ROOT CHANGE` is that process. It writes a draft and then the plan, pickled, to
standard output: the draft has what costs little to find, so that there is something to read meanwhile.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from exosuit.changes.workspace import Workspace
from exosuit.commands.plans import kept_plan
from exosuit.verify.plan.model import Plan
from exosuit.verify.plan.planning import draft

KEPT = 4
"""Plans kept per process."""
GIVES_WAY = 5
"""The niceness of the process."""

_made: OrderedDict[tuple[Path, str], Making] = OrderedDict()
_lock = threading.Lock()


@dataclass
class Making:
    """A plan on its way: `draft` once `begun` is set; `plan` once `over` is, or `why` there is none."""

    draft: Plan | None = None
    plan: Plan | None = None
    why: str = ""
    begun: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


def making(workspace: Workspace, change: str) -> Making:
    """The plan of a change (a full id), begun if nobody has asked before."""
    key = (workspace.root, change)
    with _lock:
        found = _made.get(key)
        if found is None:
            found = _made[key] = Making()
            threading.Thread(target=_make, args=(found, *key), daemon=True, name="plan").start()
        _made.move_to_end(key)
        while len(_made) > KEPT:
            _made.popitem(last=False)
    return found


def forget(workspace: Workspace, change: str) -> None:
    """Begin anew when the plan is next asked for: for one that failed, once that is said."""
    with _lock:
        _made.pop((workspace.root, change), None)


def _make(made: Making, root: Path, change: str) -> None:
    """Run the process to its end. Its standard input ends with this process, and so does it."""
    command = [sys.executable, "-m", "exosuit.commands.planner", str(root), change]
    pipe = subprocess.PIPE
    try:
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            with suppress(EOFError):  # then it says why on its standard error
                made.draft = pickle.load(process.stdout)  # noqa: S301 - our own process, a pipe that nobody else has
                made.begun.set()
                made.plan = pickle.load(process.stdout)  # noqa: S301
            errors = process.stderr.read().decode("utf-8", "replace").strip()
        if made.plan is None:
            made.why = errors.rpartition("\n")[2] or f"the process that made it ended with {process.returncode}"
    except (OSError, pickle.UnpicklingError) as error:
        made.why = f"the process that makes it cannot be run: {error}"
    finally:
        made.begun.set()
        made.over.set()


def _write(made: Plan) -> None:
    sys.stdout.buffer.write(pickle.dumps(made))
    sys.stdout.buffer.flush()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    """Make one draft and one plan, and write them."""
    os.nice(GIVES_WAY)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    workspace = Workspace.open(Path(sys.argv[1]))
    change = workspace.change(sys.argv[2])
    _write(draft(change, workspace.shadow.blob))
    _write(kept_plan(workspace, change))
    workspace.close()
    os._exit(0)  # the thread above waits in a read that nothing ends


if __name__ == "__main__":
    main()
