"""A defect of ours, met while answering a call: its trace for the log, an error without inner detail for the caller."""

from __future__ import annotations

import logging
import traceback

from exosuit.core.errors import ExosuitError
from exosuit.faces.text import shown

log = logging.getLogger("exosuit")


def defect(command: str, error: Exception) -> ExosuitError:
    """Log where it happened, as text that cannot steer a terminal, and return what the caller is told."""
    log.error("%s failed\n%s", command, shown("".join(traceback.format_exception(error)), lines=True))
    hint = "the server's standard error shows where; please report it"
    return ExosuitError("internal", f"{type(error).__name__} in {command}", hint)
