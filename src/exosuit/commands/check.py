"""Checks run on snapshots, in the sandbox: which there are, how they go, what is on its way, and an end to it."""

from __future__ import annotations

from exosuit.changes.workspace import Workspace
from exosuit.commands.check_models import (
    CheckAsk,
    CheckKnown,
    CheckListAsk,
    CheckRan,
    CheckResult,
    CheckRunning,
    ChecksKnown,
    ChecksRunning,
    CheckStopped,
)
from exosuit.commands.models import Nothing
from exosuit.commands.registry import command
from exosuit.commands.running import Running, remember, running_on, shown, untold
from exosuit.commands.session import Session
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.core.registry import Effect
from exosuit.verify.checks.check import Check, Result
from exosuit.verify.checks.checker import Checker
from exosuit.verify.checks.config import FILE

NOW = "now"
GUESS_SECONDS = 5.0
"""How long a check that was never run is taken to last."""


@command("check.run", effect=Effect.READ)
def run(session: Session, ask: CheckAsk) -> CheckRan:
    """Run the checks of a change (on its base and its head), of a revision, or of the workspace as it is now.

    Everything runs in the sandbox on a copy of the snapshot; a result that is known for the same tree, check and
    environment is not run again. A check that fails is run again: what then differs is flaky, and no evidence.
    """
    snapshots, trusted = snapshots_of(session.workspace, ask.what)
    checker = Checker(session.workspace, trusted)
    plan = [
        (name, tree, check)
        for name, tree in snapshots.items()
        for check in checker.checks(tree)
        if not ask.only or check.name in ask.only
    ]
    if missing := sorted(set(ask.only) - {check.name for _, _, check in plan}):
        raise UsageError("no-such-check", f"there is no check {', '.join(missing)}", "exosuit check list")
    results = []
    left = [checker.results.last_seconds(check.id) or GUESS_SECONDS for _, _, check in plan]
    with shown(session, Running(session.workspace.root, ask.what or NOW, left)) as running:
        for name, tree, check in plan:
            running.begin(f"{check.name} on {name}", running.done)
            stopped = running.stop.is_set()
            result = Result("cannot-tell", "it was stopped") if stopped else checker.check(tree, check, running.stop)
            remember(session.workspace.root, tree, check.id, result)
            results.append(_out(name, check, result))
            running.done += 1
    return CheckRan(snapshots=snapshots, results=results, note=note_on(session.workspace, snapshots, trusted))


@command("check.list", effect=Effect.READ)
def list_(session: Session, ask: CheckListAsk) -> ChecksKnown:
    """The checks that there are, what each lacks, how it went before, and the Python it is run with; nothing is run."""
    snapshots, trusted = snapshots_of(session.workspace, ask.what)
    checker = Checker(session.workspace, trusted)
    python = checker.environment
    known = [
        CheckKnown(
            name=check.name,
            command=list(check.command),
            timeout=check.timeout,
            network=check.network,
            found=check.found,
            lacking=check.lacking,
        )
        for check in checker.checks(list(snapshots.values())[-1])
    ]
    root = session.workspace.root
    results = [
        _out(name, check, result)
        for name, tree in snapshots.items()
        for check in checker.checks(tree)
        if not check.lacking and (result := checker.known(tree, check) or untold(root, tree, check.id)) is not None
    ]
    return ChecksKnown(
        checks=known,
        results=results,
        python=str(python.python) if python else "",
        python_found=python.how if python else "",
        note=note_on(session.workspace, snapshots, trusted),
    )


@command("check.status", effect=Effect.READ)
def status(session: Session, _ask: Nothing) -> ChecksRunning:
    """The checks that this process runs on the workspace now, with the time that is left."""
    return ChecksRunning(
        running=[
            CheckRunning(
                what=one.what, check=one.check, done=one.done, total=len(one.left), seconds_left=one.seconds_left
            )
            for one in running_on(session.workspace.root)
        ]
    )


@command("check.stop", effect=Effect.PROPOSE)
def stop(session: Session, _ask: Nothing) -> CheckStopped:
    """Stop the checks that this process runs on the workspace; what is not over by then cannot be told."""
    found = running_on(session.workspace.root)
    for one in found:
        one.stop.set()
    return CheckStopped(stopped=len(found))


def snapshots_of(workspace: Workspace, what: str | None) -> tuple[dict[str, str], str]:
    """The trees that are meant by name, and the tree whose `exosuit.toml` is trusted: one that nobody proposes."""
    repository = workspace.repository
    trusted = repository.tree("HEAD") if repository is not None and repository.has_commits() else ""
    if what is None:
        now = workspace.ground.now()
        return {NOW: now}, trusted or now
    try:
        change = workspace.change(what)
    except ExosuitError as error:
        if error.code != "no-such-change" or repository is None:
            raise
        return {what: repository.tree(what)}, trusted
    return {"base": change.base, "head": change.head}, change.base


def note_on(workspace: Workspace, snapshots: dict[str, str], trusted: str) -> str:
    """Says so where a snapshot has another `exosuit.toml` than the one that counts."""
    path = FILE.encode()
    counts = workspace.shadow.entry(trusted, path)
    others = [name for name, tree in snapshots.items() if workspace.shadow.entry(tree, path) != counts]
    where = "the base of the change" if "head" in snapshots else "HEAD"
    return f"{FILE} of {', '.join(others)} differs; the one of {where} counts." if others else ""


def _out(name: str, check: Check, result: Result) -> CheckResult:
    return CheckResult(
        name=check.name,
        snapshot=name,
        verdict=result.verdict,
        why=result.why,
        seconds=round(result.seconds, 3),
        cached=result.cached,
        flaky=list(result.flaky),
        tests=result.counts(),
        failing=list(result.failing),
        output="" if result.verdict == "pass" else result.output,
    )
