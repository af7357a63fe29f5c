"""All that can be read from the two sides of a change, detector by detector."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from exosuit.core.pauses import no_pauses
from exosuit.verify.evidence import (
    capability,
    dependency,
    document,
    executes,
    hidden,
    interface,
    leftover,
    secret,
    unread,
    weakened,
)  # fmt: skip
from exosuit.verify.evidence.material import Licences, Material, no_licences
from exosuit.verify.evidence.model import Evidence
from exosuit.verify.evidence.python.names import forget_names
from exosuit.verify.evidence.touch import REPRODUCE
from exosuit.verify.plan.reading import Reading

Detector = Callable[[Material], list[Evidence]]
"""Looks at a change; pure, and linear in the sizes of the files that the change touches."""

DETECTORS: dict[str, Detector] = {
    hidden.KIND: hidden.hidden,
    secret.KIND: secret.secret,
    executes.KIND: executes.executes,
    dependency.KIND: dependency.dependency,
    leftover.KIND: leftover.leftover,
    unread.KIND: unread.unread,
    weakened.KIND: weakened.weakened,
    capability.KIND: capability.capability,
    interface.KIND: interface.interface,
    document.KIND: document.document,
}
"""By the kind of evidence that each gives; those that parse nothing first."""


def gathered(
    reading: Reading,
    only: Iterable[str] = (),
    licences: Licences = no_licences,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Evidence]:
    """The evidence of a change, kind after kind, as it is found; of the kinds `only`, or of all."""
    wanted = set(only) or DETECTORS.keys()
    material = Material(reading, licences)
    with no_pauses():  # for the whole of it: what is parsed is kept, and searching it for garbage finds none
        for kind, detector in DETECTORS.items():
            if kind in wanted:
                began = clock()
                found = _looked(detector, material, kind)
                seconds = clock() - began
                yield from (one.lasting(seconds) for one in found)
        forget_names()
        reading.forget()


def _looked(detector: Detector, material: Material, kind: str) -> list[Evidence]:
    """What a detector finds. Should a file break it as a whole, that is said of the whole change, not passed over."""
    try:
        return detector(material)
    except (RecursionError, MemoryError):
        change = material.reading.change
        title = f"Something is nested so deep that nothing of the kind `{kind}` could be looked for."
        reproduce = REPRODUCE.format(change=change.id, kind=kind)
        return [Evidence(kind, "unknown", title, ((0, change.atoms),), (), reproduce, (change.base, change.head))]
