"""Plans made beside a server: in a process of its own that gives way to all others, so that no jump waits for one.

`python -m exosuit.commands.planner ROOT CHANGE` is that process; it writes the plan, pickled, to standard output.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from exosuit.changes.workspace import Workspace
from exosuit.commands.plans import kept_plan
from exosuit.verify.plan.model import Plan

KEPT = 4
"""Plans kept per process."""
GIVES_WAY = 10
"""The niceness of the process."""

_made: OrderedDict[tuple[Path, str], Making] = OrderedDict()
_lock = threading.Lock()


@dataclass
class Making:
    """A plan on its way: `plan` once `over` is set, or `why` there is none."""

    plan: Plan | None = None
    why: str = ""
    over: threading.Event = field(default_factory=threading.Event)


def making(workspace: Workspace, change: str) -> Making:
    """The plan of a change (a full id), begun if nobody has asked before or what was tried failed."""
    key = (workspace.root, change)
    with _lock:
        found = _made.get(key)
        if found is None or found.why:
            found = _made[key] = Making()
            threading.Thread(target=_make, args=(found, *key), daemon=True, name="plan").start()
        _made.move_to_end(key)
        while len(_made) > KEPT:
            _made.popitem(last=False)
    return found


def _make(made: Making, root: Path, change: str) -> None:
    """Run the process to its end. Its standard input ends with this process, and so does it."""
    command = [sys.executable, "-m", "exosuit.commands.planner", str(root), change]
    pipe = subprocess.PIPE
    try:
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            said = process.stdout.read()
            errors = process.stderr.read().decode("utf-8", "replace").strip()
        if process.returncode:
            made.why = errors.rpartition("\n")[2] or f"the process that made it ended with {process.returncode}"
        else:
            made.plan = pickle.loads(said)  # noqa: S301 - what our own process wrote, over a pipe that nobody else has
    except (OSError, EOFError, pickle.UnpicklingError) as error:
        made.why = f"the process that makes it cannot be run: {error}"
    finally:
        made.over.set()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    """Make one plan and write it."""
    os.nice(GIVES_WAY)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    workspace = Workspace.open(Path(sys.argv[1]))
    sys.stdout.buffer.write(pickle.dumps(kept_plan(workspace, workspace.change(sys.argv[2]))))
    sys.stdout.buffer.flush()
    workspace.close()
    os._exit(0)  # the thread above waits in a read that nothing ends


if __name__ == "__main__":
    main()
