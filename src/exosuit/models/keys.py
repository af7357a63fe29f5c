"""Keys: named in the configuration, held by the environment or the system's keyring, shown nowhere."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib import import_module

from exosuit.core.errors import ExosuitError

WAYS = "env:NAME for a variable of the environment, or keyring:NAME for the system's keyring"
HIDDEN = "***"
_ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_KEYRING = re.compile(r"[\w.@/-]{1,200}\Z")
SERVICE = "exosuit"
"""The service under which the keyring holds our keys."""


@dataclass(frozen=True)
class KeyName:
    """Where a key is: never the key itself."""

    place: str
    name: str

    @classmethod
    def parse(cls, text: str) -> KeyName:
        """`env:NAME` or `keyring:NAME`; raises ValueError that does not repeat what was given: it may be a key."""
        place, colon, name = text.partition(":")
        rule = {"env": _ENVIRONMENT, "keyring": _KEYRING}.get(place)
        if not colon or rule is None or not rule.match(name):
            raise ValueError(f"is to say where the key is, never the key itself: {WAYS}")
        return cls(place, name)

    def __str__(self) -> str:
        return f"{self.place}:{self.name}"

    def is_there(self) -> bool:
        """Whether the key can be read now; the keyring is asked too."""
        try:
            return bool(self.read())
        except ExosuitError:
            return False

    def read(self) -> str:
        """The key; raises `no-key` or `no-keyring`, naming the place alone."""
        if self.place == "env":
            if found := os.environ.get(self.name, "").strip():
                return found
            raise ExosuitError("no-key", f"the environment has no {self.name}", f"export {self.name}=…")
        return _from_keyring(self.name)


def _from_keyring(name: str) -> str:
    try:  # an extra, so not among the imports
        keyring, errors = import_module("keyring"), import_module("keyring.errors")
    except ImportError:
        raise ExosuitError(
            "no-keyring", "keys in the keyring need the package keyring", "pip install 'exosuit[keyring]'"
        ) from None
    try:
        found = keyring.get_password(SERVICE, name)
    except errors.KeyringError as error:
        raise ExosuitError("no-keyring", f"the keyring cannot be read ({type(error).__name__})", "unlock it") from None
    if not found:
        raise ExosuitError("no-key", f"the keyring has no {name}", f"keyring set {SERVICE} {name}")
    return str(found)


def scrubbed(text: str, key: str) -> str:
    """A text of others without the key in it; providers repeat keys in their errors."""
    return text.replace(key, HIDDEN) if len(key) >= 4 else text
