"""Licences of packages that are installed for a workspace, from their metadata; nothing is fetched or run."""

from __future__ import annotations

from collections.abc import Iterable
from email.parser import BytesHeaderParser
from pathlib import Path

from exosuit.verify.evidence.manifests import folded

_UNSAID = ("", "UNKNOWN", "Dual License")
LONGEST = 200_000
"""Bytes of metadata that are read; what is behind them is the description."""


class Installed:
    """The licences of what is installed in some folders, by name; metadata is read when it is asked for."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._places: dict[str, Path] = {}
        for folder in folders:
            for one in folder.glob("*.dist-info"):
                self._places.setdefault(folded(one.name.partition("-")[0]), one / "METADATA")

    def __call__(self, package: str) -> str:
        """The licence as its metadata says it: an expression, a classifier or free text; empty where it says none."""
        place = self._places.get(folded(package))
        try:
            data = place.read_bytes()[:LONGEST] if place else b""
        except OSError:
            return ""
        headers = BytesHeaderParser().parsebytes(data)
        named = headers.get("License-Expression", "").strip()
        classified = [
            one.rpartition("::")[2].strip() for one in headers.get_all("Classifier", []) if one.startswith("License ::")
        ]
        free = headers.get("License", "").strip().partition("\n")[0]
        return str(named or (free if len(free) < 60 and free not in _UNSAID else "") or ", ".join(classified))
