"""The plan of a change: operators look at it in a fixed order, each at what the ones before it left."""

from __future__ import annotations

from collections.abc import Sequence

from exosuit.changes.change import Change
from exosuit.core.pauses import no_pauses
from exosuit.core.progress import tell
from exosuit.verify.plan.assembly import assembled
from exosuit.verify.plan.claims import Free, Operator
from exosuit.verify.plan.model import Plan
from exosuit.verify.plan.operators.dead import dead
from exosuit.verify.plan.operators.files import apart, renamed
from exosuit.verify.plan.operators.functions import functions
from exosuit.verify.plan.operators.moved import moved
from exosuit.verify.plan.operators.patterns import patterns
from exosuit.verify.plan.operators.program import program
from exosuit.verify.plan.operators.prose import prose
from exosuit.verify.plan.operators.replay import replay
from exosuit.verify.plan.operators.reran import made_by_tools, reran
from exosuit.verify.plan.operators.shifted import shifted
from exosuit.verify.plan.operators.variables import variables
from exosuit.verify.plan.reading import Blobs, Listing, Output, Reading, no_listing

OPERATORS: tuple[Operator, ...] = (
    made_by_tools, renamed, moved, shifted, functions, dead, reran, program, apart, prose, variables, patterns, replay,
)  # fmt: skip
"""In the order in which they choose: what programs made, what needs whole definitions, then whose proof says most."""


DRAFT: tuple[Operator, ...] = (renamed, apart)
"""Those that only look at paths and first lines."""


def plan(change: Change, blobs: Blobs, listing: Listing = no_listing, outputs: Sequence[Output] = ()) -> Plan:
    """The plan of a change. Pure: the same change, and the same outputs of tools, give the same plan.

    `blobs` gives the bytes of a blob, `listing` the regular files of a tree; without it nothing is known of files that
    the change does not touch, so that no missed place is found there and fewer things are proved.
    """
    return _planned(Reading(change, blobs, listing, outputs), OPERATORS)


def draft(change: Change, blobs: Blobs) -> Plan:
    """A plan that costs little to find: few of its groups are explained. They partition the atoms as any plan's do."""
    return _planned(Reading(change, blobs), DRAFT)


def _planned(reading: Reading, operators: tuple[Operator, ...]) -> Plan:
    free = Free.all_of(reading)
    claims = []
    with no_pauses():
        for done, operator in enumerate(operators):
            tell(done, len(operators) + 1, "rules")
            found = [claim for claim in operator(reading, free) if claim.atoms]
            for claim in found:
                free.take(claim.atoms)
            claims += found
        tell(len(operators), len(operators) + 1, "rules")
        made = assembled(reading, claims, free)
        reading.forget()
        return made
