"""The search for cyclic garbage, put off where it only costs time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_pauses() -> Iterator[None]:
    """Put the search for cycles off: for work that makes very many objects without any.

    Holds for the whole process, other threads included, until the block ends; nested blocks are fine.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def settled() -> None:
    """Leave what exists now out of every later search: a server's code and tables stay until it ends."""
    gc.collect()
    gc.freeze()
