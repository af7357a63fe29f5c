"""Increments put to the test: the checks run on parts of a change, and what they teach is kept."""

from __future__ import annotations

from dataclasses import replace

from exosuit.commands.check import GUESS_SECONDS, snapshots_of
from exosuit.commands.check_models import LessonOut, StandAsk, Stood
from exosuit.commands.registry import command
from exosuit.commands.running import Running, shown
from exosuit.commands.session import Session
from exosuit.core.errors import UsageError
from exosuit.core.registry import Effect
from exosuit.verify.checks.checker import Checker
from exosuit.verify.increments.increments import edges, price
from exosuit.verify.increments.learn import learn
from exosuit.verify.increments.lessons import Place, heeded, lessons, read_lessons, unlearned, write_lessons
from exosuit.verify.plan.reading import Reading
from exosuit.verify.standing import Standing, demanded


@command("check.increments", effect=Effect.PROPOSE)
def increments(session: Session, ask: StandAsk) -> Stood:
    """Run the checks on parts of a change, as its increments allow them, and learn where the increments are wrong.

    What passes on both ends of the change must pass on every part. Where it does not, the least that is missing is
    searched for by more runs and kept for this workspace: the plan heeds it from then on.
    """
    workspace = session.workspace
    change = workspace.change(ask.change)
    _, trusted = snapshots_of(workspace, change.id)
    checker = replace(Checker(workspace, trusted), reruns=1)
    checks = [check for check in checker.checks(change.head) if not ask.only or check.name in ask.only]
    if missing := sorted(set(ask.only) - {check.name for check in checks}):
        raise UsageError("no-such-check", f"there is no check {', '.join(missing)}", "exosuit check list")
    each = sum(checker.results.last_seconds(check.id) or GUESS_SECONDS for check in checks)
    reading = Reading(change, workspace.shadow.blob)
    with shown(session, Running(workspace.root, change.id, [each] * ask.runs)) as running:
        running.begin("both ends of the change", 0)
        demands, left_out = demanded(checker, change, checks, running.stop)
        looked_at = iter(range(1, ask.runs + 1))
        standing = Standing(
            checker, change, demands, running.stop,
            lambda: running.begin("a part of the change", next(looked_at, ask.runs)),
        )  # fmt: skip
        known = heeded(reading, edges(reading), read_lessons(workspace.state))
        refuted = {*standing.refuted(reading, known)}
        known = [edge for edge in known if edge not in refuted]
        told = learn(standing.green, change.atoms, known, ask.runs, ask.prefixes, ask.subsets, standing.focused)
    taught = lessons(reading, told.edges)
    if taught or refuted:
        write_lessons(workspace.state, [*taught, *unlearned(reading, refuted)])
    return Stood(
        change=change.id,
        checks=[demand.check.name for demand in demands],
        left_out=list(left_out),
        tests=standing.tests,
        runs=told.runs,
        spent=told.runs >= ask.runs,
        learned=[LessonOut(place=_place(one.place), needs=_place(one.needs)) for one in taught],
        still_red=len(told.still_red),
        increments=len(told.increments),
        largest=round(price(reading, told.increments).share, 4),
    )


def _place(place: Place) -> str:
    return f"{place.path}:{place.name}" if place.name else place.path
