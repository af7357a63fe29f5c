"""The order in which to look at a plan, decided once for each plan, and why each group stands where it does."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from exosuit.changes.change import Change
from exosuit.changes.workspace import Workspace
from exosuit.core.errors import ExosuitError
from exosuit.verify.evidence import dependency, executes, hidden, leftover, secret
from exosuit.verify.evidence.gathering import gathered
from exosuit.verify.order.history import History, commit_of, log_of, past
from exosuit.verify.order.placing import Place, places
from exosuit.verify.plan.listing import regular_files
from exosuit.verify.plan.model import Plan
from exosuit.verify.plan.reading import Reading

KEPT = 8
"""Orders kept per process."""
AT_ONCE = (hidden.KIND, secret.KIND, executes.KIND, dependency.KIND, leftover.KIND)
"""Kinds of evidence that the order looks at: those that parse nothing, so that the first group is not waited for."""

_made: OrderedDict[tuple[Path, str, tuple[str, ...]], list[Place]] = OrderedDict()
_lock = threading.Lock()


def in_order_of_risk(workspace: Workspace, change: Change, plan: Plan) -> Plan:
    """The plan with its groups in the order in which defects are expected soonest."""
    return replace(plan, order=tuple(place.group for place in kept_places(workspace, change, plan)))


def kept_places(workspace: Workspace, change: Change, plan: Plan) -> list[Place]:
    """The places of the groups of a plan, in order; the same for the same plan, whatever has become known since."""
    key = (workspace.root, change.id, tuple(sorted(plan.order)))
    with _lock:
        if key in _made:
            _made.move_to_end(key)
            return _made[key]
    found = _placed(workspace, change, plan)
    with _lock:
        _made[key] = found
        while len(_made) > KEPT:
            _made.popitem(last=False)
    return found


def _placed(workspace: Workspace, change: Change, plan: Plan) -> list[Place]:
    shadow = workspace.shadow
    reading = Reading(change, shadow.blob, lambda tree: regular_files(shadow, tree))
    evidence = list(gathered(reading, AT_ONCE))
    return places(reading, plan.groups, past_of(workspace, change), evidence)


def past_of(workspace: Workspace, change: Change) -> History:
    """What had happened to each file before the change; nothing where its base is no commit that can be found."""
    if workspace.repository is None:
        return {}
    git_dir = str(workspace.repository.git_dir)
    names = filter(None, (change.provenance.base_name, "HEAD"))
    commit = commit_of(git_dir, change.base, names)
    try:
        return past(log_of(git_dir, commit)) if commit else {}
    except ExosuitError:  # a shallow or partial clone: less is known, which is no reason not to show the change
        return {}
