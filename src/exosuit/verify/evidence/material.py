"""What detectors look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from exosuit.verify.evidence.touch import Touch, touches
from exosuit.verify.plan.reading import Reading

Licences = Callable[[str], str]
"""The licence of a package by its name, from metadata that is at hand; empty where there is none."""


def no_licences(_package: str) -> str:
    """Where no metadata is at hand."""
    return ""


@dataclass(frozen=True)
class Material:
    """A change with the means to look into it, and what is known of packages."""

    reading: Reading
    licences: Licences = no_licences

    @cached_property
    def files(self) -> list[Touch]:
        """The files whose text can be looked into."""
        return touches(self.reading)

    @cached_property
    def python(self) -> list[Touch]:
        """Those of them that are Python by their name."""
        return [one for one in self.files if one.file.is_python]
